"""Notebooks in a workspace: found with their cell, shown as the cell shows them, not read again for their outputs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cascode_indexer.engine import Engine
from cascode_indexer.errors import QueryError
from cascode_indexer.extract import write_notebook
from cascode_indexer.search.types import Hit, SearchRequest
from cascode_indexer.types import SkipReason

OpenEngine = Callable[..., Engine]

RESIZE = 'def resize_pictures(folder):\n    """Make \\"small\\" pictures of large ones."""\n    return folder\n'
QUESTION = "make small pictures of large ones"


def write(path: Path, *cells: tuple[bool, str], output: str = "") -> None:
    """Write a notebook whose cells all have the same output."""
    content = json.loads(write_notebook(cells, "python"))
    for cell in content["cells"]:
        if output and cell["cell_type"] == "code":
            cell["outputs"] = [{"output_type": "display_data", "data": {"image/png": output}}]
    path.write_text(json.dumps(content, indent=1, sort_keys=True), encoding="utf-8")


@pytest.fixture
def engine(open_engine: OpenEngine, workspace: Path) -> Engine:
    """An indexed workspace with a notebook of three cells."""
    write(workspace / "work.ipynb", (False, "# Work"), (True, "%matplotlib inline\nimport os\n"), (True, "\n" + RESIZE))
    engine = open_engine(workspace)
    engine.update()
    return engine


def best(engine: Engine, query: str = QUESTION) -> Hit:
    """The first hit."""
    return engine.search(SearchRequest(query)).hits[0]


def test_a_hit_names_its_cell_and_lines_of_the_file(engine: Engine, workspace: Path) -> None:
    """The lines of the file are those that an editor without notebooks opens; the snippet is what the cell shows."""
    hit = best(engine)
    assert (hit.path, hit.name, hit.language) == ("work.ipynb", "resize_pictures", "python")
    assert hit.cell is not None
    assert (hit.cell.number, hit.cell.start_line, hit.cell.end_line, hit.cell.name_line) == (3, 2, 4, 2)
    lines = (workspace / "work.ipynb").read_text().split("\n")
    assert lines[hit.name_line - 1][hit.name_column :].startswith("resize_pictures")
    assert "return folder" in lines[hit.end_line - 1]
    assert engine.snippet(hit) == RESIZE.rstrip()


def test_code_like_that_of_a_cell(engine: Engine) -> None:
    """By a line of the file or of the cell; where no code is, the message names the cell."""
    hit = best(engine)
    for place in ({"line": hit.start_line}, {"line": 3, "cell": 3}):
        names = [found.name for found in engine.similar(hit.root / hit.path, **place).hits]
        assert names
        assert "resize_pictures" not in names
    with pytest.raises(QueryError, match=r"cell 1 of work\.ipynb"):
        engine.similar(hit.root / hit.path, 1, cell=1)


def test_what_is_typed_into_a_cell_is_found(engine: Engine, workspace: Path) -> None:
    """With the cell's lines; a cell that was put in front moves those behind it."""
    notebook = workspace / "work.ipynb"
    engine.set_overlay(notebook, write_notebook([(True, "x = 1"), (False, "# Work"), (True, RESIZE)], "python"))
    hit = best(engine)
    assert hit.cell is not None
    assert (hit.cell.number, hit.cell.start_line) == (3, 1)
    assert engine.snippet(hit) == RESIZE.rstrip()
    engine.clear_overlay(notebook)
    moved = best(engine).cell
    assert moved is not None
    assert moved.start_line == 2


def test_running_a_notebook_changes_nothing_that_is_indexed(engine: Engine, workspace: Path) -> None:
    """New outputs move the lines of the file, and the hit's with them; nothing is stored or encoded again."""
    before = best(engine)
    write(workspace / "work.ipynb", (False, "# Work"), (True, "%matplotlib inline\nimport os\n"), (True, "\n" + RESIZE),
          output="iVBOR")  # fmt: skip
    (report,) = engine.update()
    assert report.files_changed == 0
    after = best(engine)
    assert after.cell == before.cell
    assert after.start_line > before.start_line
    assert engine.holds(workspace / "work.ipynb", (workspace / "work.ipynb").read_text())


def test_a_notebook_may_be_large_where_its_code_is_not(engine: Engine, workspace: Path) -> None:
    """Images count for nothing; code above the limit of source files does."""
    write(workspace / "large.ipynb", (True, RESIZE.replace("pictures", "photographs")), output="A" * 3_000_000)
    write(workspace / "code.ipynb", (True, "x = 1\n" * 200_000))
    (workspace / "broken.ipynb").write_text("[1, 2]")
    (workspace / "empty.ipynb").write_text("")
    engine.update()
    assert "resize_photographs" in [hit.name for hit in engine.search(SearchRequest("resize_photographs")).hits]
    skipped = dict(engine.skipped_paths(workspace))
    assert skipped["code.ipynb"] is SkipReason.TOO_LARGE
    assert skipped["broken.ipynb"] is SkipReason.PARSE_FAILURE
    assert not skipped.keys() & {"large.ipynb", "empty.ipynb"}
