"""A workspace of thousands of files under git, made fast of real functions that repeat.

Vectors belong to a function's text. A few hundred texts in thousands of files cost a few seconds of encoding, and
everything else (walking, parsing, storing, watching) what it costs anywhere.
"""

from __future__ import annotations

import ast
import functools
import random
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path

#: Parts of Python's library: every machine has them. Together they hold more functions than are taken.
_PARTS = ("*.py", "asyncio/*.py", "email/*.py", "importlib/*.py", "json/*.py", "logging/*.py", "urllib/*.py")
#: Texts to choose from: a dozen copies of each in 5,000 files, and few enough to be encoded in seconds.
_TEXTS = 800
#: Longer functions take longer to encode and say nothing new.
_MAX_CHARACTERS = 1_200
_FILES_IN_FOLDER = 50
#: Files that another branch changes: what a day's work on a team is apart from the next.
_BRANCH_SHARE = 0.1


@functools.cache
def real_functions() -> list[str]:
    """Return sources of real functions, the same on every call."""
    library = Path(sysconfig.get_path("stdlib"))
    found: dict[str, str] = {}
    for path in sorted(path for part in _PARTS for path in library.glob(part)):
        source = path.read_text(encoding="utf-8")
        lines = source.split("\n")
        for node in ast.parse(source).body:
            if isinstance(node, ast.FunctionDef):
                text = "\n".join(lines[node.lineno - 1 : node.end_lineno])
                if len(text) <= _MAX_CHARACTERS:
                    found.setdefault(node.name, text)
    names = sorted(found)
    random.Random(0).shuffle(names)
    return [found[name] for name in names[:_TEXTS]]


def words_of(function: str) -> str:
    """Return a function's name as a question."""
    return function.partition("(")[0].removeprefix("def ").replace("_", " ").strip()


def file_text(chooser: random.Random, functions: list[str]) -> str:
    """Return a file of one to three functions."""
    parts = [chooser.choice(functions) for _ in range(chooser.randint(1, 3))]
    return f'"""Number {chooser.randrange(10**6)}."""\n\n\n' + "\n\n\n".join(parts) + "\n"


def make_workspace(root: Path, files: int, chooser: random.Random) -> Path:
    """Write a workspace with the branches ``main`` and ``other``; ``main`` is checked out."""
    functions = real_functions()
    for number in range(files):
        folder = root / f"area{number // _FILES_IN_FOLDER // 10}" / f"part{number // _FILES_IN_FOLDER}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"file{number}.py").write_text(file_text(chooser, functions), encoding="utf-8")
    git(root, "init", "--quiet", "--initial-branch", "main")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "main")
    git(root, "checkout", "--quiet", "-b", "other")
    for path in chooser.sample(sorted(sources(root)), int(files * _BRANCH_SHARE)):
        what = chooser.randrange(4)
        if what == 0:
            path.unlink()
        elif what == 1:
            path.rename(path.with_name(f"moved_{path.name}"))
        else:
            path.write_text(file_text(chooser, functions), encoding="utf-8")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "other")
    git(root, "checkout", "--quiet", "main")
    return root


def sources(root: Path) -> Iterator[Path]:
    """Give the source files of a workspace."""
    return root.rglob("*.py")


def git(root: Path, *arguments: str) -> None:
    """Run git without the configuration of whoever runs the tests."""
    quiet = ("-c", "user.name=Soak", "-c", "user.email=soak@localhost", "-c", "gc.auto=0", "-c", "core.fsync=none")
    subprocess.run(["git", *quiet, *arguments], cwd=root, check=True, capture_output=True)
