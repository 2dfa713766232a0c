"""Hits in notebooks: from lines of all cells' code to lines of the file and to the cell, and back."""

from __future__ import annotations

import dataclasses
import re

from cascode_indexer.errors import QueryError
from cascode_indexer.extract import Notebook, read_notebook
from cascode_indexer.search.types import CellPlace, Hit

_LINE_END = re.compile(r"\r\n|\n|\r")


def with_cell(hit: Hit, text: str) -> Hit:
    """Return a hit whose lines are those of all cells' code as one whose lines are those of the file.

    Args:
        hit: In a notebook.
        text: The notebook's file, or what an editor has of it.
    """
    notebook = read_notebook(text)
    first, last, name = (
        (notebook.cell_at(line) if notebook is not None else None)
        for line in (hit.start_line, hit.end_line, hit.name_line)
    )
    if first is None or last is None or name is None:
        return hit
    (cell, start), (last_cell, end), (_, name_line) = first, last, name
    # A definition that ends in a later cell has lost its closing bracket: it is shown as far as its own cell goes.
    end = end if last_cell is cell else len(cell.places)
    place = CellPlace(cell.number, start, end, name_line, hit.name_column)
    line, column = cell.places[name_line - 1]
    return dataclasses.replace(
        hit,
        start_line=cell.places[start - 1][0],
        end_line=cell.places[end - 1][0],
        name_line=line,
        name_column=column + hit.name_column if column else 0,
        cell=place,
    )


def cell_lines(hit: Hit, text: str) -> str:
    """Return the lines of a hit in a notebook; empty where its cell is gone."""
    assert hit.cell is not None
    notebook = read_notebook(text)
    cells = () if notebook is None else notebook.cells
    source = next((cell.source for cell in cells if cell.number == hit.cell.number), "")
    return "\n".join(_LINE_END.split(source)[hit.cell.start_line - 1 : hit.cell.end_line])


def line_of_code(text: str, path: str, line: int, cell: int | None) -> int:
    """Return the line of all cells' code that a place in a notebook means.

    Args:
        text: The notebook's file.
        path: Its path, for messages.
        line: A line of the file, or of a cell; 1-based.
        cell: Number of the cell; None for a line of the file.

    Raises:
        QueryError: No code is there.
    """
    notebook = read_notebook(text) or Notebook(())
    found = notebook.line_of_file(line) if cell is None else notebook.line_of_cell(cell, line)
    if found is None:
        place = f"line {line}" if cell is None else f"cell {cell}"
        raise QueryError(f"no code at {place} of {path}: name a line of a code cell")
    return found
