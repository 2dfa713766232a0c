"""A workspace of thousands of files under git, made fast of real functions that repeat.

Vectors belong to a function's text. A few hundred texts in thousands of files cost a few seconds of encoding, and
everything else (walking, parsing, storing, watching) what it costs anywhere.
"""

from __future__ import annotations

import ast
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pluggy

#: Packages that every environment of the tests holds.
_PACKAGES = (click, pluggy)
#: Texts to choose from: enough for answers that differ, few enough to be encoded at once.
_TEXTS = 200
_FILES_IN_FOLDER = 50
#: Files that another branch changes: what a day's work on a team is apart from the next.
_BRANCH_SHARE = 0.1


def real_functions() -> list[str]:
    """Return sources of real functions, the same on every call."""
    found: dict[str, str] = {}
    for package in _PACKAGES:
        assert package.__file__ is not None
        for path in sorted(Path(package.__file__).parent.rglob("*.py")):
            source = path.read_text(encoding="utf-8")
            for node in ast.parse(source).body:
                text = ast.get_source_segment(source, node) if isinstance(node, ast.FunctionDef) else None
                if text is not None and len(text) < 3_000:
                    found.setdefault(node.name, text)  # type: ignore[attr-defined]
    return [found[name] for name in sorted(found)][:_TEXTS]


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
