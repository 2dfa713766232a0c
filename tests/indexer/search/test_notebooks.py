"""From lines of all cells' code to lines of the file and of a cell, and back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from cascode_indexer.errors import QueryError
from cascode_indexer.search.notebooks import cell_lines, line_of_code, with_cell
from cascode_indexer.search.types import CellPlace, Hit

#: A cell of prose and two of code, which are lines 1 to 3 and 5 to 6 of the code of all.
TEXT = json.dumps(
    {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": {"language": "python", "name": "python3"}},
        "cells": [
            {"cell_type": "markdown", "metadata": {}, "source": ["# prose\n"]},
            {"cell_type": "code", "metadata": {}, "outputs": [], "source": ["first = 1\n", "def one():\n", "    pass"]},
            {"cell_type": "code", "metadata": {}, "outputs": [], "source": ["def two():\n", "    return 2\n"]},
        ],
    },
    indent=1,
)
LINES = TEXT.split("\n")


def hit(start: int, end: int, name: int) -> Hit:
    """A hit whose lines are those of the code of all cells."""
    return Hit(Path(), "a.ipynb", "f", "function", "python", "", start, end, name, 4, 0.5, None, "fast")


def line_with(text: str) -> int:
    """The line of the file that holds a text, 1-based."""
    (found,) = [number for number, line in enumerate(LINES, 1) if text in line]
    return found


def test_a_hit_has_the_lines_of_the_file_and_names_its_cell() -> None:
    """The cell is counted with those of prose; the column is that of the text inside the file's line."""
    found = with_cell(hit(2, 3, 2), TEXT)
    assert (found.start_line, found.end_line) == (line_with("def one"), line_with("pass"))
    assert found.name_line == line_with("def one")
    assert LINES[found.name_line - 1][found.name_column :].startswith("one")
    assert found.cell is not None
    assert (found.cell.start_line, found.cell.end_line) == (2, 3)
    assert (found.cell.name_line, found.cell.name_column) == (2, 4)
    assert cell_lines(found, TEXT) == "def one():\n    pass"


def test_a_column_that_is_not_known_is_the_first() -> None:
    """Lines of a cell that stand in one line of the file: only the first of them has a column there."""
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "source": "first = 1\ndef two():\n    return 2\n"}
    text = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}, indent=1)
    found = with_cell(hit(2, 3, 2), text)
    assert (found.name_line, found.name_column) == (text[: text.index("def two")].count("\n") + 1, 0)
    assert found.cell is not None
    assert (found.cell.name_line, found.cell.name_column) == (2, 4)


def test_a_hit_that_runs_into_another_cell_ends_with_its_own() -> None:
    """What lost its closing bracket is shown as far as the cell goes."""
    found = with_cell(hit(2, 5, 2), TEXT)
    assert found.end_line == line_with("pass")
    assert found.cell is not None
    assert found.cell.end_line == 3


def test_a_notebook_without_code_leaves_a_hit_as_it_is() -> None:
    """Its cells were deleted since, or it is no notebook any more."""
    empty = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []})
    for text in (empty, "no notebook"):
        assert with_cell(hit(2, 3, 2), text) == hit(2, 3, 2)


def test_a_cell_that_is_gone_has_no_lines() -> None:
    """Nor has one of a file that is no notebook any more."""
    found = with_cell(hit(5, 6, 5), TEXT)
    assert cell_lines(found, TEXT) == "def two():\n    return 2"
    assert cell_lines(found, "no notebook") == ""
    assert found.cell is not None
    for gone in (1, 99):
        assert cell_lines(replace(found, cell=CellPlace(gone, 1, 2, 1, 0)), TEXT) == ""


def test_a_long_notebook_has_cells_of_any_number() -> None:
    """As long as people make them."""
    cells = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": f"x{at} = 1\n"} for at in range(400)]
    text = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}, indent=1)
    found = replace(hit(1, 1, 1), cell=CellPlace(int("350"), 1, 1, 1, 0))
    assert cell_lines(found, text) == "x349 = 1"


def test_a_place_in_the_file_or_in_a_cell_means_a_line_of_code() -> None:
    """Both ways of naming it give the same; where no code is, one line says so."""
    found = with_cell(hit(5, 6, 5), TEXT)
    assert found.cell is not None
    assert line_of_code(TEXT, "a.ipynb", line_with("return 2"), None) == 6
    assert line_of_code(TEXT, "a.ipynb", 2, found.cell.number) == 6
    with pytest.raises(QueryError, match=r"no code at line 1 of a.ipynb: name a line of a code cell"):
        line_of_code(TEXT, "a.ipynb", 1, None)
    with pytest.raises(QueryError, match=r"no code at cell 99 of a.ipynb"):
        line_of_code(TEXT, "a.ipynb", 1, 99)
    with pytest.raises(QueryError, match=r"no code at line 1 of a.ipynb"):
        line_of_code("no notebook", "a.ipynb", 1, None)
