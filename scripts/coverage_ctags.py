"""Compares extraction with universal-ctags on the sources of real packages, language by language.

Usage: python scripts/coverage_ctags.py [--details N] [--language L]... [FOLDER]...

Without folders it reads the packages of ``pinned_packages``. ctags is no oracle (its JavaScript parser misses most
arrow functions, its C parser takes macros for functions), so what differs is listed with ``--details`` for reading; the
counts are for comparing two states of ours.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pinned_packages import fetched, sources
from tree_sitter import Node

from cascode_indexer.errors import CascodeError
from cascode_indexer.extract import SPECS, extract_definitions
from cascode_indexer.extract.parsing import read
from cascode_indexer.types import FUNCTION_KINDS, Definition, SkipReason
from cascode_indexer.walk import source_text
from cascode_lab.corpus.errors import ArchiveError, FetchError

#: Language id to ctags' name and the letters of its kinds of functions.
CTAGS = {
    "python": ("Python", "fm"),
    "javascript": ("JavaScript", "fmg"),
    "typescript": ("TypeScript", "fm"),
    "go": ("Go", "f"),
    "java": ("Java", "m"),
    "php": ("PHP", "f"),
    "ruby": ("Ruby", "fS"),
    "rust": ("Rust", "fP"),
    "c": ("C", "f"),
    "cpp": ("C++", "f"),
    "c_sharp": ("C#", "m"),
    "kotlin": ("Kotlin", "m"),
    "lua": ("Lua", "f"),
    "bash": ("Sh", "f"),
    "elixir": ("Elixir", "fago"),
    "haskell": ("Haskell", "f"),
    "julia": ("Julia", "fm"),
    "objective_c": ("ObjectiveC", "mcf"),
    "ocaml": ("OCaml", "fm"),
    "perl": ("Perl", "s"),
    "powershell": ("PowerShell", "f"),
}
#: Languages whose functions have a brace somewhere between their first and last line.
_BRACES = frozenset(
    {
        "objective_c",
        "perl",
        "powershell",
        "javascript",
        "typescript",
        "go",
        "java",
        "php",
        "rust",
        "c",
        "cpp",
        "c_sharp",
    }
)
_ANONYMOUS = re.compile(r"<?anonymous|__anon|<?lambda\b", re.IGNORECASE)
#: What our names leave out: everything in a module is exported by its name.
_EXPORTS = re.compile(r"^(?:module\.)?(?:exports|module)(?:\.|$)")
#: Nodes of grammars in which there are no definitions.
_NO_DEFINITION = re.compile(r"string|heredoc|sigil|charlist|(?:function|method|construct|call)_signature")
#: Lines that hold the head of a function.
_HEAD_LINES = 20
#: Languages whose functions can be without a body, and what a line shows that begins a function with one.
_HEADS = {
    "kotlin": re.compile(r"\A(?:[^\n={}]*\s)?fun\b[^({=]*\((?:[^()]|\([^()]*\))*\)[^\n{=]*\s[{=]"),
    "lua": re.compile(r"\A[^\n]*?(?:\bfunction\s+[\w.:]+\s*\(|=\s*function\b)"),
    "haskell": re.compile(r"\A(?!(?:data|newtype|class|deriv\w+|instance|type|infix[lr]?)\b)[a-z_(]"),
    "elixir": re.compile(
        r"\A\s*def(?:guardp?\s.*?\bwhen\b|(?:p|macrop?)?\s(?!\s*unquote\b).*?(?:\bdo\b|\bdo:))", re.DOTALL
    ),
    "ocaml": re.compile(r"(?:let|and|method)[^\n=]*[\w')]\s*[^()\s=]|\bfun(?:ction)?\b"),
    "bash": re.compile(r"\A[^\n]*?[^\s=]\s*\(\)|\A\s*function\s"),
}
_MACRO_NAME = re.compile(r"[A-Z][A-Z0-9_]*_[A-Z0-9_]+\Z")
#: Lines between the two names of one function: ctags gives the line of the type where the name stands below it.
_SLACK = 3


@dataclass(frozen=True, slots=True)
class Tag:
    """A function as ctags has it."""

    name: str
    line: int
    #: Last line; 0 where ctags does not say (PHP).
    end: int
    scope: str


@dataclass(slots=True)
class Count:
    """What was counted in one language, and the places behind each count."""

    files: int = 0
    tags: int = 0
    ours: int = 0
    places: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


#: The columns, in order.
COLUMNS = ("missed", "wrong name", "wrong container", "keyword or macro", "duplicate", "ours only")


def main() -> None:
    """Print the table, and with ``--details`` what is behind it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--details", type=int, default=0, metavar="N", help="places shown of each count")
    parser.add_argument("--language", action="append", default=[], help="only this language; may be repeated")
    arguments = parser.parse_args()
    if shutil.which("ctags") is None:
        sys.exit("coverage_ctags: no ctags on PATH: make setup-ctags installs it")
    try:
        folders = arguments.folders or list(fetched(set(arguments.language)))
    except (FetchError, ArchiveError) as error:
        sys.exit(f"coverage_ctags: {error}")
    counts = {language: Count() for language in CTAGS if language in SPECS}
    for folder in folders:
        for language, paths in sources(folder).items():
            if language in counts and (not arguments.language or language in arguments.language):
                _compare(counts[language], language, paths, folder)
    _print(counts, arguments.details)


def _compare(count: Count, language: str, paths: list[Path], folder: Path) -> None:
    """Add one folder's files of one language to a count."""
    tags = _tags(language, paths)
    for path in paths:
        text = source_text(path.read_bytes(), language)
        if isinstance(text, SkipReason):
            continue
        place = f"{folder.name}/{path.relative_to(folder)}"
        try:
            found = extract_definitions(text, language, path=path.name).definitions
        except CascodeError as error:
            count.places["missed"].append(f"{place}: {error}")
            continue
        functions = [function for function in found if function.kind in FUNCTION_KINDS]
        lines = text.split("\n")
        root = read(language, path.name, text.encode("utf-8", "surrogatepass")).tree.root_node
        theirs = [
            tag for tag in tags.get(path, ()) if _has_body(tag, lines, language) and _is_definition(tag, root, lines)
        ]
        count.files += 1
        count.tags += len(theirs)
        count.ours += len(functions)
        for column, line, what in _differences(functions, theirs, language, lines):
            count.places[column].append(f"{place}:{line}: {what}")


def _differences(
    functions: list[Definition], tags: list[Tag], language: str, lines: list[str]
) -> Iterator[tuple[str, int, str]]:
    """What differs in one file: column, line, words."""
    by_line: defaultdict[int, list[Definition]] = defaultdict(list)
    by_name: defaultdict[str, list[Definition]] = defaultdict(list)
    for function in functions:
        by_line[function.name_line].append(function)
        by_name[_plain(function.name)].append(function)
    matched: set[int] = set()
    # Clauses have a tag each; a selector's is at the brace.
    is_long = SPECS[language].has_clauses or SPECS[language].spread_name is not None
    for tag in tags:
        same = [
            function
            for function in by_name[_plain(tag.name)]
            if abs(function.name_line - tag.line) <= _SLACK
            or (is_long and function.start_line <= tag.line <= function.end_line)
        ]
        if not same:
            at = by_line[tag.line]
            if tag.name == "exports" or any(function.name.startswith("[") for function in at):
                matched.update(id(function) for function in at)  # ctags has no name for these but the owner's
                continue
            names = ", ".join(function.qualified_name for function in at)
            column = "wrong name" if at else "missed"
            matched.update(id(function) for function in at)
            yield column, tag.line, f"{tag.scope}.{tag.name} {names} | {lines[tag.line - 1].strip()[:100]}"
            continue
        matched.update(id(function) for function in same)
        # Empty where the scope has no name, as Kotlin's companions.
        scope = re.split(r"::|\.|\\", tag.scope)[-1]
        if scope and not _ANONYMOUS.search(scope) and all(not _within(function, scope) for function in same):
            yield "wrong container", tag.line, f"{tag.scope} {same[0].qualified_name}"
    keywords, keywords_may = SPECS[language].keywords, SPECS[language].keywords_name_members
    for function in functions:
        name = function.name
        head = function.signature.lstrip()
        is_made = head.startswith("#") or f", {name})" in head or language not in ("c", "cpp")
        is_keyword = not keywords_may and name in keywords and name != "this"  # C#'s indexers have no other name
        is_ours = id(function) not in matched
        if is_keyword or (is_ours and not is_made and _MACRO_NAME.match(name)):
            yield "keyword or macro", function.name_line, f"{function.qualified_name} | {head[:80]}"
        if is_ours:
            yield "ours only", function.name_line, f"{function.qualified_name} | {function.signature[:80]}"
    for (line, name), times in Counter((function.name_line, function.qualified_name) for function in functions).items():
        if times > 1:
            yield "duplicate", line, name


def _plain(name: str) -> str:
    """A name without what the two write differently."""
    return re.sub(r"[\s~\"'@`]|\boperator\b|^\[|\]$", "", name.replace("#", "").replace(":", ".")).rpartition(".")[2]


def _within(function: Definition, scope: str) -> bool:
    """Whether the qualified name has the scope's last part."""
    return _plain(scope) in [_plain(part) for part in function.qualified_name.split(".")]


def _has_body(tag: Tag, lines: list[str], language: str) -> bool:
    """Whether a tag is a definition that has a name and a body."""
    if _ANONYMOUS.match(tag.name) or tag.line > len(lines):
        return False
    text = "\n".join(lines[tag.line - 1 : tag.end or tag.line + _HEAD_LINES])
    if not tag.end:
        text = text[: text.find(";") % (len(text) + 1)]
    if language in ("c", "cpp") and tag.name.isupper() and lines[tag.line - 1].lstrip().startswith(f"{tag.name}("):
        return False  # a macro's call, which ctags takes for a function of that name
    if language == "python":
        return not re.search(r":\s*\.\.\.\s*(?:#.*)?\Z", text.rstrip())
    if language in _HEADS:
        return _HEADS[language].search(text) is not None
    return language not in _BRACES or "{" in text


def _is_definition(tag: Tag, root: Node, lines: list[str]) -> bool:
    """Whether a tag is no signature without a body, and no code in a string, as for ``class_eval``."""
    row, column = tag.line - 1, len(lines[tag.line - 1].partition(tag.name)[0].encode())
    node = root.descendant_for_point_range((row, column), (row, column))
    while node is not None and "interpolation" not in node.type:
        if _NO_DEFINITION.search(node.type):
            return False
        node = None if node.child_by_field_name("body") else node.parent
    return True


def _tags(language: str, paths: Iterable[Path]) -> Mapping[Path, list[Tag]]:
    """Run ctags over files of one language."""
    name, kinds = CTAGS[language]
    command = (
        *("ctags", "--output-format=json", "--fields=+neKsZ", "--sort=no", "-L", "-", "-f", "-"),
        *(f"--language-force={name}", f"--kinds-{name}={kinds}"),
    )
    listed = "\n".join(map(str, paths))
    done = subprocess.run(command, input=listed, capture_output=True, text=True, check=True, errors="replace")
    found: defaultdict[Path, list[Tag]] = defaultdict(list)
    for line in done.stdout.splitlines():
        tag = json.loads(line)
        if tag.get("_type") == "tag":
            scope = _EXPORTS.sub("", tag.get("scope", ""))
            found[Path(tag["path"])].append(
                Tag(
                    *(tag["name"], tag["line"], tag.get("end", 0)),
                    # Packages are no part of our names; a companion has none of its own.
                    "" if tag.get("scopeKind") in ("package", "module") else scope.removesuffix("Companion"),
                )
            )
    return found


def _print(counts: Mapping[str, Count], details: int) -> None:
    """Write the table and the places."""
    sys.stdout.write(
        f"{'language':12}{'files':>7}{'ctags':>8}{'ours':>8}" + "".join(f"{c:>18}" for c in COLUMNS) + "\n"
    )
    for language, count in counts.items():
        if not count.files:
            continue
        cells = []
        for column in COLUMNS:
            number = len(count.places[column])
            of = count.tags if column in COLUMNS[:3] else count.ours
            cells.append(f"{number:>9} {100 * number / max(1, of):>6.2f} %")
        sys.stdout.write(f"{language:12}{count.files:>7}{count.tags:>8}{count.ours:>8}" + "".join(cells) + "\n")
    for language, count in counts.items():
        for column in COLUMNS:
            places = count.places[column]
            step = max(1, len(places) // details) if details else 1
            for place in places[::step][:details]:
                sys.stdout.write(f"{language}: {column}: {place}\n")


if __name__ == "__main__":
    main()
