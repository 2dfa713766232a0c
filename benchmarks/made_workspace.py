"""The workspace of the benchmarks: sources of installed packages, the same on every run, and questions about them."""

from __future__ import annotations

import ast
import hashlib
import itertools
import random
import shutil
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from cascode_indexer.indexing.parse import parse_content
from cascode_indexer.types import SourceFile

#: Large packages of the environment; the first that are installed are taken.
PACKAGES = ("sympy", "torch", "transformers", "networkx", "scipy", "sklearn", "matplotlib", "numpy", "pygls", "rich")
#: The same files on every run and machine that holds the same packages.
SEED = 20


def make_workspace(target: Path, *, functions: int, files: int, seed: int = SEED) -> Path:
    """Copy sources of installed packages until ``functions`` are reached, then files without any up to ``files``."""
    installed = Path(sysconfig.get_path("purelib"))
    found = [path for name in PACKAGES for path in sorted((installed / name).rglob("*.py"))]
    random.Random(seed).shuffle(found)
    count = copied = 0
    for path in found:
        if count >= functions and copied >= files:
            break
        relative, content = path.relative_to(installed).as_posix(), path.read_bytes()
        status = path.stat()
        source = SourceFile(relative, path, "python", status.st_size, status.st_mtime_ns)
        parsed = parse_content(source, content)
        held = len(parsed.definitions)
        if parsed.skip_reason is not None or (held and count >= functions):
            continue
        (target / relative).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target / relative)
        count, copied = count + held, copied + 1
    if count < functions:
        sys.exit(
            f"the installed packages hold {count:,} functions of {functions:,}: install sympy, torch, transformers"
        )
    say(f"{count:,} functions in {copied:,} files")
    return target


def source_files(workspace: Path) -> list[Path]:
    """Source files of a workspace with something in them, in an order that mixes folders."""
    files = [path for path in workspace.rglob("*.py") if path.stat().st_size > 500]
    return sorted(files, key=lambda path: hashlib.sha256(path.relative_to(workspace).as_posix().encode()).digest())


def first_sentences(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the first line of each docstring of a file with its function's name: what its author says that it does."""
    try:
        tree = ast.parse(path.read_bytes())
    except SyntaxError:  # written for a newer Python than this one
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            yield (ast.get_docstring(node) or "").partition("\n")[0].strip(), node.name


def docstring_queries(workspace: Path, count: int) -> list[str]:
    """Return first sentences of docstrings, one a file."""
    queries: list[str] = []
    for path in source_files(workspace):
        if len(queries) >= count:
            break
        sentences = (sentence for sentence, _ in first_sentences(path) if len(sentence.split()) >= 4)
        queries.extend(itertools.islice(sentences, 1))
    return queries


def say(what: str) -> None:
    """Report on standard error what is going on."""
    print(f"-- {what}", file=sys.stderr, flush=True)
