"""MBXP: one problem solved in many languages (Athiwaratkun et al., 2023), as functions without their comments."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from cascode_models.errors import ModelError
from cascode_models.randomness import seeded_random
from cascode_models.text import function_text
from cascode_models.types import FunctionSource

#: What a problem's name becomes where names are hidden: a word that is in every solution.
HIDDEN_NAME = "solve"

#: Doc comments of prompts: of C's kind, Python's, and lines of C#'s and Ruby's.
_DOC = re.compile(r'/\*\*.*?\*/|"""[\s\S]*?"""|\'\'\'[\s\S]*?\'\'\'', re.DOTALL)
_DOC_LINE = re.compile(r"^[ \t]*(?:///.*|#.*)\n?", re.MULTILINE)
#: What stands above the function in some languages: imports, and the class that wraps it.
_PREAMBLE = re.compile(
    r"^[ \t]*(?:import|from|using|#include|namespace|public class|class|<\?php).*\n(?:[ \t]*\{[ \t]*\n)?", re.MULTILINE
)
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
_PYTHON_NAME = re.compile(r"def\s+(\w+)")


@dataclass(frozen=True, slots=True)
class Solution:
    """One problem in one language."""

    problem: int
    language: str
    #: Made by :func:`cascode_models.text.function_text`.
    text: str


def read_solutions(folder: Path, *, hide_names: bool, problems: int | None = None) -> list[Solution]:
    """Read the solutions, without imports, wrapping classes and doc comments.

    Args:
        folder: Folder of ``mbxp.jsonl``.
        problems: Only so many of them, the same ones for a number; fewer rivals make an easier task.
        hide_names: Whether the problem's name, which is the same in all languages, is replaced in every solution.

    Raises:
        ModelError: The file is missing or something else.
    """
    path = folder / "mbxp.jsonl"
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        codes = [(int(row["problem"]), str(row["language"]), code_of(row["prompt"], row["solution"])) for row in rows]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"MBXP cannot be read from {folder} ({error!r}): name the folder of mbxp.jsonl") from error
    if problems is not None:
        every = sorted({problem for problem, _, _ in codes})
        kept = set(seeded_random("mbxp").sample(every, min(problems, len(every))))
        codes = [row for row in codes if row[0] in kept]
    names = {problem: found[1] for problem, language, code in codes
             if language == "python" and (found := _PYTHON_NAME.search(code))}  # fmt: skip
    solutions = []
    for problem, language, code in codes:
        shown = hide_name(code, names[problem]) if hide_names and problem in names else code
        solutions.append(Solution(problem, language, function_text(FunctionSource("", shown, "", language))))
    return solutions


def code_of(prompt: str, solution: str) -> str:
    """The function of a problem: its signature out of the prompt, without doc comment and preamble, and its body."""
    bare = _DOC_LINE.sub("", _PREAMBLE.sub("", _DOC.sub("", prompt)))
    return f"{bare.strip()}\n{solution.rstrip()}"


def hide_name(code: str, name: str) -> str:
    """Replace a name in whatever style a language spells it: ``is_not_prime``, ``isNotPrime``, ``IsNotPrime``."""
    wanted = name.replace("_", "").lower()
    return _IDENTIFIER.sub(lambda match: HIDDEN_NAME if match[0].replace("_", "").lower() == wanted else match[0], code)
