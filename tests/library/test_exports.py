"""The public library: what it exports, and what importing it costs."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import cascode

SOURCE = Path(cascode.__file__)


def test_the_exports_are_those_reviewed() -> None:
    """A name that comes or goes changes the public interface: exports.txt and docs/library.md name it too."""
    assert "\n".join(cascode.__all__) + "\n" == (Path(__file__).parent / "exports.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", cascode.__all__)
def test_every_export_is_there_and_documented(name: str) -> None:
    """It can be imported, ``dir`` names it, and the page of the library does."""
    assert getattr(cascode, name) is not None
    assert name in dir(cascode)
    page = (Path(__file__).parents[2] / "docs" / "library.md").read_text(encoding="utf-8")
    assert re.search(rf"(`|cascode\.){name}\b", page)


def test_type_checkers_see_what_is_loaded() -> None:
    """The imports that a type checker reads name the same modules as those that run."""
    tree = ast.parse(SOURCE.read_text(encoding="utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {
        node.module: tuple(alias.name for alias in node.names)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
    }
    assert {module: set(names) for module, names in seen.items()} == {
        module: set(names) for module, names in cascode._NAMES_OF.items()
    }
    assert sorted(cascode._MODULE_OF) == sorted(cascode.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    """As with any module, so that ``hasattr`` and star imports work."""
    assert not hasattr(cascode, "Cascade")
    with pytest.raises(AttributeError, match="'cascode' has no attribute 'Cascade'"):
        _ = cascode.Cascade


def loaded_by(code: str) -> set[str]:
    """Return the modules that a fresh interpreter has loaded after some code."""
    shown = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; before = set(sys.modules); {code}; "
         "print(*sorted(set(sys.modules) - before))"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(shown.stdout.split())


def test_importing_the_library_loads_nothing() -> None:
    """Not even our own packages: a name costs what it needs when it is used."""
    loaded = loaded_by("import cascode")
    assert "cascode" in loaded
    assert not {name.split(".")[0] for name in loaded} & {
        *("torch", "transformers", "faiss", "numpy", "sqlite_utils", "tree_sitter"),
        *("cascode_indexer", "cascode_models", "cascode_lab", "cascode_server"),
    }


def test_an_engine_is_there_without_torch() -> None:
    """Opening an index, asking for its state and naming the errors do not wait for the model."""
    loaded = loaded_by("from cascode import Engine, SearchRequest, CascodeError, ModelError; Engine([]).close()")
    assert "cascode_indexer.engine" in loaded
    assert not {name.split(".")[0] for name in loaded} & {"torch", "transformers", "faiss", "cascode_lab"}
