"""Notebooks: cells as they are shown, their lines in the file and in the cell, and nothing of the outputs."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascode_indexer.extract import extract_definitions, language_of, read_notebook, write_notebook
from cascode_indexer.extract.notebooks import Notebook, kernel_language, without_magics

TRAIN = (
    '%%time\ndef train(model, path):\n    """Fit \\"it\\"."""\n    files = !ls {path}\n    return model.fit(files)\n'
)


def code(source: str | list[str], **more: Any) -> dict[str, Any]:
    """A code cell."""
    return {"cell_type": "code", "metadata": {}, "execution_count": 1, "outputs": [], "source": source, **more}


def text(source: str) -> dict[str, Any]:
    """A cell of prose."""
    return {"cell_type": "markdown", "metadata": {}, "source": source.splitlines(keepends=True)}


def notebook(*cells: dict[str, Any], **metadata: Any) -> str:
    """A notebook as Jupyter writes it."""
    named = metadata or {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return json.dumps({"cells": cells, "metadata": named, "nbformat": 4, "nbformat_minor": 5}, indent=1)


def read(content: str) -> Notebook:
    """The notebook in a file."""
    found = read_notebook(content)
    assert found is not None
    return found


def test_lines_are_known_in_the_file_and_in_the_cell() -> None:
    """Of a definition in the third cell: every line of the cell stands in a line of the file that holds it."""
    content = notebook(text("# Title\nprose\n"), code("x = 1\n"), code(TRAIN.splitlines(keepends=True)))
    found = read(content)
    (train,) = extract_definitions(found.code, "python", path="a.ipynb").definitions
    place = found.cell_at(train.start_line)
    assert place is not None
    cell, line = place
    assert (cell.number, line) == (3, 2)
    lines = content.split("\n")
    for source, (file_line, column) in zip(cell.source.splitlines(), cell.places, strict=False):
        assert (
            json.dumps(source)[1:-1]
            == lines[file_line - 1][column:].removesuffix(",").removesuffix('"')[: len(json.dumps(source)) - 2]
        )
    assert found.line_of_file(cell.places[line - 1][0]) == train.start_line
    assert found.line_of_cell(3, 2) == train.start_line
    assert found.line_of_cell(1, 1) is None


def test_a_source_in_one_string_has_the_line_of_that_string() -> None:
    """As some tools write it: all lines of the cell stand in one line of the file."""
    content = notebook(code("def a():\n    return 1\n\ndef b():\n    return 2\n"))
    (cell,) = read(content).cells
    (line,) = {place[0] for place in cell.places}
    assert '"source": "def a' in content.split("\n")[line - 1]
    names = [found.name for found in extract_definitions(read(content).code, "python", path="a.ipynb").definitions]
    assert names == ["a", "b"]


@pytest.mark.parametrize(
    ("magic", "kept"),
    [
        ("%matplotlib inline", True),
        ("!pip install \\\n  numpy", True),
        ("%%capture out", True),
        ("x = %timeit -o f()", True),
        ("os.path?", True),
        ("?print", True),
        ("%%writefile tools.py", True),
        ("%%bash", False),
        ("%%html", False),
        ("%%writefile notes.txt", False),
    ],
)
def test_what_ipython_reads_and_python_does_not(magic: str, kept: bool) -> None:
    """A magic hides nothing of its cell, and a cell of another language gives nothing."""
    found = read(notebook(code(f"{magic}\ndef work():\n    %time step()\n    !ls\n    return 1\n")))
    extraction = extract_definitions(found.code, "python", path="a.ipynb")
    assert not extraction.has_errors
    assert [definition.name for definition in extraction.definitions] == (["work"] if kept else [])
    if kept:
        assert "%time step()" in extraction.definitions[0].code


def test_operators_at_the_start_of_a_line_are_no_magics() -> None:
    """Only what cannot be Python is replaced, each byte in its place."""
    source = b'x = (a\n     % b)\ny = ("%s"\n     %name)\nif a != b: pass\nz = a == b\n'
    assert without_magics(source) == source
    assert len(without_magics(b"%time f()\n!ls \\\n  x\n")) == len(b"%time f()\n!ls \\\n  x\n")


def test_outputs_attachments_and_prose_are_no_code() -> None:
    """Whatever they hold: names like a cell's, text like a definition, images."""
    sly = [{"output_type": "stream", "source": ["def sly():\n", "    return 1\n"], "text": ['"\\" [ {'], "cells": [1]}]
    content = notebook(code("def real():\n    return 1\n", outputs=sly), text("def prose():\n    pass\n"))
    assert read(content).code == "def real():\n    return 1\n"


def test_older_notebooks_are_read() -> None:
    """Format 3 has worksheets, and calls a source input."""
    cells = [{"cell_type": "code", "language": "python", "input": ["def old():\n", "    return 1"], "outputs": []}]
    content = json.dumps({"worksheets": [{"cells": cells}], "nbformat": 3})
    assert read(content).code == "def old():\n    return 1"


@pytest.mark.parametrize(
    ("metadata", "language"),
    [
        ({"kernelspec": {"language": "R", "name": "ir"}}, "r"),
        ({"language_info": {"codemirror_mode": {"name": "ipython"}, "name": "python"}}, "python"),
        ({"kernelspec": {"name": "julia-1.9"}}, "julia"),
        ({"kernelspec": {"language": "C++17", "name": "xcpp17"}}, "c++"),
        ({"kernelspec": {"name": 3}, "language_info": []}, "python"),
        ({"colab": {}}, "python"),
    ],
)
def test_the_language_is_that_of_the_kernel(metadata: dict[str, Any], language: str) -> None:
    """Python where a notebook does not say; words about it in a cell say nothing."""
    talk = text('"kernelspec": {"language": "ruby"}')
    assert kernel_language(notebook(talk, code("x"), **metadata).encode()) == language


def test_a_notebook_in_a_language_that_is_not_read_is_none_of_ours() -> None:
    """Its suffix alone does not make it a source file."""
    assert language_of("a.ipynb", notebook(kernelspec={"language": "mathematica"}).encode()) is None
    assert language_of("A.IPYNB", notebook(kernelspec={"language": "julia"}).encode()) == "julia"


@pytest.mark.parametrize("content", ["", "[]", "null", "x", '"cells"', "{" * 100_000, "[" * 100_000])
def test_what_is_no_notebook_is_none(content: str) -> None:
    """It takes no time, and no recursion."""
    assert read_notebook(content) is None or not read(content).cells


def test_a_notebook_is_read_as_far_as_it_goes() -> None:
    """Conflict marks, a cut end: the cells before are there."""
    content = notebook(code("def a():\n    return 1\n"), code("def b():\n    return 1\n"))
    assert "def b" in read(content.replace('"nbformat"', "<<<<<<< HEAD\n=======\n>>>>>>> x\n")).code
    assert "def a" in read(content[: content.index("def b")]).code


@pytest.mark.parametrize(
    "output",
    ['["a"' + ', "a"' * 2_000_000 + "]", '"' + '\\"' * 4_000_000 + '"', "[" + "[1]," * 2_000_000 + "1]"],
    ids=["strings", "escapes", "lists"],
)
def test_large_outputs_take_little_time(output: str) -> None:
    """Megabytes of them are passed over; what asks for more than any notebook needs is refused."""
    content = f'{{"cells": [{{"cell_type": "code", "outputs": [{output}], "source": "def f(): return 1"}}]}}'
    begun = time.process_time()
    found = read_notebook(content)
    assert time.process_time() - begun < 3
    assert found is None or found.code == "def f(): return 1"


@given(st.lists(st.tuples(st.booleans(), st.text(st.characters(exclude_characters="\0", codec="utf-8")))))
def test_what_an_editor_shows_is_read_back(cells: list[tuple[bool, str]]) -> None:
    """Each code cell by its number, whatever it holds, where it is no other language's."""
    found = read(write_notebook(cells, "python"))
    assert {cell.number: cell.source for cell in found.cells} == {
        at: source
        for at, (is_code, source) in enumerate(cells, 1)
        if is_code and source.strip() and not source.lstrip().startswith("%%")
    }
    for cell in found.cells:
        for line in range(1, len(cell.places) + 1):
            at = found.line_of_cell(cell.number, line)
            assert at is not None
            assert found.cell_at(at) == (cell, line)


@given(st.text())
def test_no_text_is_too_strange(content: str) -> None:
    """It is a notebook or it is none."""
    read_notebook(content)
    read_notebook('{"cells": [{"source": [' + content)
    kernel_language(content.encode())
