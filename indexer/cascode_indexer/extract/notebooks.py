"""Jupyter notebooks: the cells as they are shown, where their lines stand in the file, and the language of their code.

A notebook is a file of JSON (nbformat 3 and 4) that holds code of one language. What follows the reading of a file sees
the code of all cells, one below the other, as if it were a source file; places are put back into cells and into lines
of the file when an answer is given. Outputs are passed over without being decoded.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

NOTEBOOK_SUFFIX = ".ipynb"
#: How many times the size of a source file a notebook may have: most of a large one is images.
NOTEBOOK_TIMES = 32
#: Values nest eight deep in a notebook, and a little deeper in its outputs.
_MAX_DEPTH = 200
#: Where the cells lie: the names of the open containers. The second one is that of nbformat 3.
_CELLS = (["", "cells"], ["", "worksheets", "", "cells"])
_SOURCES = frozenset({"source", "input"})
#: Brackets and strings that are read one by one; notebooks with large figures in them have a hundred thousand.
_MAX_TOKENS = 1_000_000
_TOKEN = re.compile(r'["{}\[\]]')
#: What is passed over at once; the bound is one of memory, since the expression remembers each step.
_PLAIN = re.compile(r'(?:[^"{}\[\]]+|"[^"\\]*"){0,10000}')
_INSIDE = re.compile(r'(?:[^"\\]+|\\.){0,10000}', re.DOTALL)
_KEY = re.compile(r"\s*:")
_LINE_END = re.compile(r"\r\n|\n|\r")
#: Between two cells, so that no comment at the end of one documents what the next one defines.
_BETWEEN = "\n\n"
#: Of a notebook that does not name its kernel: most are Python, and tools that strip metadata leave the cells.
_USUAL_LANGUAGE = "python"
_METADATA = re.compile(rb'(?<!\\)"(kernelspec|language_info)"\s*:\s*(?=\{)')
#: Bytes that hold either of them.
_METADATA_BYTES = 1 << 14
_VERSION = re.compile(r"[-_ ]?[\d.]+$")

#: Cells in which these stand first hold text of another language.
_FOREIGN = re.compile(
    r"\s*%%(?:bash|sh|script|system|sx|cmd|!|html|svg|latex|markdown|javascript|js|css|perl|ruby|R|sql|bigquery|file"
    r"|writefile(?![^\r\n]*\.py[ \t]*(?:[\r\n]|\Z))|cython|julia|mermaid)(?!\w)",
    re.IGNORECASE,
)
#: What IPython reads and Python does not: magics, shell commands, questions; alone or bound to a name.
_MAGIC = re.compile(
    rb"^((?:[\w.,\[\] \t]*=)?[ \t]*)"
    rb"(?:%{1,2}[A-Za-z_]\w*(?![\w(\[.,)\]])|!{1,2}[^=\r\n]|\?{1,2}[\w.]|[\w.]+\?{1,2}[ \t]*$)"
    rb"(?:[^\r\n\\]|\\(?:\r\n|[\s\S]))*",
    re.MULTILINE,
)
_NOT_A_BREAK = re.compile(rb"[^\r\n]")


@dataclass(frozen=True, slots=True)
class Cell:
    """A code cell."""

    #: Its place among all cells, those that hold no code included; the first is 1.
    number: int
    source: str
    #: For each of its lines the line of the file, 1-based, and the column there, in code points, 0 where not known.
    places: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Notebook:
    """What is read of a notebook."""

    #: Those with code in the language of the notebook.
    cells: tuple[Cell, ...]
    #: For each cell the first line of its code in :attr:`code`, 1-based.
    _starts: list[int] = field(init=False)

    def __post_init__(self) -> None:
        starts, line = [], 1
        for cell in self.cells:
            starts.append(line)
            line += len(cell.places) - 1 + len(_LINE_END.findall(_BETWEEN))
        object.__setattr__(self, "_starts", starts)

    @property
    def code(self) -> str:
        """The code of all cells, one below the other."""
        return _BETWEEN.join(cell.source for cell in self.cells)

    def cell_at(self, line: int) -> tuple[Cell, int] | None:
        """Return the cell that holds a line of :attr:`code`, and the line in it, 1-based."""
        at = bisect_right(self._starts, line) - 1
        if at < 0:
            return None
        cell = self.cells[at]
        return cell, min(line - self._starts[at] + 1, len(cell.places))

    def line_of_cell(self, number: int, line: int) -> int | None:
        """Return the line of :attr:`code` of a line of a cell; None where that cell holds no code."""
        for cell, start in zip(self.cells, self._starts, strict=True):
            if cell.number == number:
                return start + min(max(line, 1), len(cell.places)) - 1
        return None

    def line_of_file(self, file_line: int) -> int | None:
        """Return the line of :attr:`code` that stands in a line of the file; None where there is none at or above."""
        best: tuple[int, int] | None = None
        for cell, start in zip(self.cells, self._starts, strict=True):
            for at, (line, _) in enumerate(cell.places):
                if line <= file_line and (best is None or line > best[0]):
                    best = (line, start + at)
        return None if best is None else best[1]


def is_notebook(path: str) -> bool:
    """Whether a path names a notebook."""
    # Asked of every file several times: the end is compared first.
    return path[-len(NOTEBOOK_SUFFIX) :].lower() == NOTEBOOK_SUFFIX and PurePosixPath(path).suffix != ""


def most_bytes(path: str, max_bytes: int) -> int:
    """Return the size above which a file is not read, given that of source files."""
    return max_bytes * NOTEBOOK_TIMES if is_notebook(path) else max_bytes


def kernel_language(content: bytes) -> str:
    """Return what a notebook calls the language of its code, in lower case and without a version.

    Args:
        content: The file; the metadata stand at its end.
    """
    named: dict[bytes, object] = {}
    for match in _METADATA.finditer(content):
        text = content[match.end() : match.end() + _METADATA_BYTES].decode("utf-8", "replace")
        try:
            named[match[1]], _ = json.JSONDecoder().raw_decode(text)
        except (ValueError, RecursionError):
            continue
    for key, field_name in ((b"kernelspec", "language"), (b"language_info", "name"), (b"kernelspec", "name")):
        found = named.get(key)
        name = found.get(field_name) if isinstance(found, dict) else None
        if isinstance(name, str) and name:
            return _VERSION.sub("", name.lower())
    return _USUAL_LANGUAGE


def read_notebook(text: str) -> Notebook | None:
    """Read the cells of a notebook; a damaged one as far as it can be read.

    Args:
        text: The file.

    Returns:
        None where it is no notebook: no object, or nested as none is.
    """
    return _Reader(text).notebook()


def write_notebook(cells: Sequence[tuple[bool, str]], language: str) -> str:
    """Return a notebook that holds what an editor shows.

    Args:
        cells: Of each cell whether it holds code, and its text.
        language: Of the code, as the editor calls it.
    """
    content = {
        "cells": [
            {"cell_type": "code" if is_code else "markdown", "source": _LINE_KEPT.findall(source)}
            for is_code, source in cells
        ],
        "metadata": {"language_info": {"name": language}},
    }
    return json.dumps(content, ensure_ascii=True, indent=1)


_LINE_KEPT = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+\Z")


def without_magics(code: bytes) -> bytes:
    """Return code of cells as the parser can read it, every byte that was kept in its place."""

    def numbered(match: re.Match[bytes]) -> bytes:
        """A number in place of a magic: a block may hold nothing else."""
        rest = match[0][len(match[1]) :]
        return match[1] + b"0" + _NOT_A_BREAK.sub(b" ", rest[1:])

    return _MAGIC.sub(numbered, code)


@dataclass(slots=True)
class _Open:
    """The cell that is being read."""

    kind: str = ""
    #: Of each piece of its source: where it begins in the file's text, and what it holds.
    pieces: list[tuple[int, str]] = field(default_factory=list)


class _Reader:
    """Goes through the tokens of a file of JSON once; numbers and what stands in strings of outputs are passed over."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._cells: list[Cell] = []
        self._number = 0
        self._tokens = 0
        self._line = 1
        self._line_at = 0

    def notebook(self) -> Notebook | None:
        """Return what the file holds."""
        text = self._text
        #: The name under which each open container stands in the one around it; "" in a list.
        path: list[str] = []
        objects: list[bool] = []
        key = ""
        cell: _Open | None = None
        depth = 0
        at = 0
        while self._tokens < _MAX_TOKENS and (token := _TOKEN.search(text, at)) is not None:
            sign, start, at = token[0], token.start(), token.end()
            self._tokens += 1
            if sign == '"':
                end = self._end_of_string(at)
                if end < 0:
                    break
                at = end
                if objects and objects[-1] and (colon := _KEY.match(text, end)):
                    key, at = text[start + 1 : end - 1], colon.end()
                elif cell is not None:
                    self._take(cell, path[depth:], key if objects[-1] else "", start, end)
            elif sign in "{[":
                if not path and sign == "[":
                    return None
                if len(path) >= _MAX_DEPTH:
                    return None
                if sign == "{" and cell is None and path in _CELLS:
                    cell, depth = _Open(), len(path) + 1
                name = key if objects and objects[-1] else ""
                key = ""
                if cell is not None and len(path) == depth and name not in _SOURCES:
                    at = self._behind(at)
                    continue
                path.append(name)
                objects.append(sign == "{")
            elif path:
                path.pop()
                objects.pop()
                if cell is not None and len(path) < depth:
                    self._close(cell)
                    cell = None
            if not path and sign == "}":
                break
        if cell is not None:
            self._close(cell)
        is_read = self._tokens < _MAX_TOKENS and text.lstrip().startswith("{")
        return Notebook(tuple(self._cells)) if is_read else None

    def _behind(self, at: int) -> int:
        """Return the place behind a container that was opened in front of ``at``, without reading what it holds."""
        text = self._text
        depth = 1
        while depth and self._tokens < _MAX_TOKENS:
            self._tokens += 1
            plain = _PLAIN.match(text, at)
            at = at if plain is None else plain.end()
            sign = text[at : at + 1]
            if not sign:
                break
            if sign == '"':  # with an escape in it, or left open
                at = self._end_of_string(at + 1)
                if at < 0:
                    return len(text)
                continue
            depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(sign, 0)
            at += sign in "{[]}"
        return at

    def _end_of_string(self, at: int) -> int:
        """Return the place behind a string whose first character stands at ``at``; -1 where it does not end."""
        text = self._text
        while (inside := _INSIDE.match(text, at)) is not None and inside.end() > at:
            at = inside.end()
        return at + 1 if text.startswith('"', at) else -1

    def _take(self, cell: _Open, inside: list[str], key: str, start: int, end: int) -> None:
        """Note a string of a cell that is its kind or a piece of its source."""
        if not inside and key == "cell_type":
            cell.kind = self._text[start + 1 : end - 1]
        elif (not inside and key in _SOURCES) or (len(inside) == 1 and inside[0] in _SOURCES and not key):
            cell.pieces.append((start, self._decoded(start, end)))

    def _decoded(self, start: int, end: int) -> str:
        """Return what a string of JSON means, without what no file can hold."""
        raw = self._text[start:end]
        try:
            decoded = json.loads(raw, strict=False)
        except ValueError:
            decoded = raw[1:-1]
        return str(decoded).replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")

    def _close(self, cell: _Open) -> None:
        """Keep a cell that holds code."""
        self._number += 1
        source = "".join(piece for _, piece in cell.pieces)
        if cell.kind != "code" or not source.strip() or _FOREIGN.match(source):
            return
        begins: list[int] = []
        length = 0
        for _, piece in cell.pieces:
            begins.append(length)
            length += len(piece)
        lines = [self._place(start) for start, _ in cell.pieces]
        places = []
        for line_start in (0, *(match.end() for match in _LINE_END.finditer(source))):
            at = bisect_right(begins, line_start) - 1
            if line_start == length and line_start > 0:  # behind the last line end
                at = len(begins) - 1
            file_line, column = lines[at]
            places.append((file_line, column + 1 if begins[at] == line_start else 0))
        self._cells.append(Cell(self._number, source, tuple(places)))

    def _place(self, offset: int) -> tuple[int, int]:
        """Return the line of the file, 1-based, and the column of an offset; offsets come in order."""
        self._line += self._text.count("\n", self._line_at, offset)
        self._line_at = offset
        return self._line, offset - (self._text.rfind("\n", 0, offset) + 1)
