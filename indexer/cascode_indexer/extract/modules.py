"""Files that document themselves as a whole: Python's module docstring, Rust's inner comments."""

from __future__ import annotations

import dataclasses
import re
from pathlib import PurePosixPath

from tree_sitter import Node

from cascode_indexer.types import Definition, Kind

from .lines import Lines
from .outline import MAX_CHARACTERS
from .spec import LanguageSpec

#: A single short sentence repeats the file's name.
_LEAST_WORDS = 8
#: Files that stand for their folder.
_FOLDER_FILES = frozenset({"__init__", "mod", "lib", "index"})
#: Heads of constants that only say how a file gives them.
_NAMELESS = frozenset({"module.exports", "export default", "return"})
_WORD = re.compile(r"\w+")


def module_definition(spec: LanguageSpec, root: Node, data: bytes, path: str) -> Definition | None:
    """Make a definition of a file's own documentation.

    Args:
        spec: Its language.
        root: Its tree.
        data: Its source.
        path: Names the module; without one there is none.

    Returns:
        The module, whose span is its documentation; None where it says too little.
    """
    found = spec.module_doc(root, data) if spec.module_doc is not None and path else None
    if found is None or len(_WORD.findall(found[2])) < _LEAST_WORDS:
        return None
    start, end, doc = found
    lines = Lines(data)
    name = _name(path)
    return Definition(
        name=name,
        qualified_name=name,
        kind=Kind.MODULE,
        language=spec.id,
        signature=f"module {name}",
        doc=doc,
        start_line=lines.number(start),
        end_line=lines.number(max(start, end - 1)),
        name_line=lines.number(start),
        name_column=0,
        code=data[start:end].decode("utf-8", "surrogatepass")[:MAX_CHARACTERS],
    )


def named_by_file(definitions: list[Definition], path: str) -> list[Definition]:
    """Name what a file consists of by the file: a table that it returns or exports under no name of its own.

    Args:
        definitions: The file's.
        path: The file; without one nothing is changed.
    """
    if not path:
        return definitions
    name = _name(path)
    return [
        dataclasses.replace(found, name=name, qualified_name=found.qualified_name.removesuffix(found.name) + name)
        if found.kind is Kind.CONSTANT and found.signature in _NAMELESS
        else found
        for found in definitions
    ]


def _name(path: str) -> str:
    """What a file is called, or the folder that it stands for."""
    pure = PurePosixPath(path)
    folder = pure.parent
    if pure.stem == "lib" and folder.name == "src":  # a crate's root, which is called by the crate's folder
        folder = folder.parent
    return folder.name if pure.stem in _FOLDER_FILES and folder.name else pure.stem
