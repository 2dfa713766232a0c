"""CoSQA by its official protocol: 500 web queries against 6,267 Python functions (Huang et al., 2021)."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import numpy as np

from cascode_models.errors import ModelError
from cascode_models.text import function_text
from cascode_models.types import FunctionSource

from .sets import RetrievalSet


def cosqa_set(folder: Path, split: str = "dev", *, docstrings: bool = True) -> RetrievalSet:
    """Read CoSQA's retrieval task.

    Args:
        folder: Folder of ``codes.jsonl``, ``dev.jsonl`` and ``test.jsonl``.
        split: ``dev`` to tune on, ``test`` to report.
        docstrings: Codes as published; false removes their docstrings.

    Returns:
        The set.

    Raises:
        ModelError: The files are missing or not CoSQA's.
    """
    try:
        codes = [json.loads(line) for line in (folder / "codes.jsonl").read_text(encoding="utf-8").splitlines()]
        rows = [json.loads(line) for line in (folder / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()]
        place = {row["id"]: position for position, row in enumerate(codes)}
        answers = np.array([place[row["code_id"]] for row in rows], dtype=np.int64)
        queries = [row["query"] for row in rows]
        sources = [row["code"] if docstrings else without_docstring(row["code"]) for row in codes]
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"CoSQA's {split} set cannot be read from {folder} ({error}): name its folder") from error
    texts = [function_text(FunctionSource(name="", code=code, language="python")) for code in sources]
    return RetrievalSet(f"cosqa-{split}{'' if docstrings else '-no-docstrings'}", queries, texts, answers)


def without_docstring(code: str) -> str:
    """Remove the docstring of a Python function; code that Python cannot parse stays as it is."""
    try:
        function = ast.parse(code).body[0]
    except (SyntaxError, ValueError, IndexError):
        return code
    if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) or ast.get_docstring(function) is None:
        return code
    docstring = function.body[0]
    lines = code.splitlines()
    if docstring.lineno == function.lineno or docstring.end_lineno is None:
        return code
    return "\n".join(lines[: docstring.lineno - 1] + lines[docstring.end_lineno :])
