"""What a definition does, in a line: its documentation where it has one, else a model's words."""

from __future__ import annotations

import builtins
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cascode_indexer.errors import QueryError
from cascode_indexer.extract.doc_prose import first_sentence
from cascode_indexer.gist import GistModel
from cascode_models.describing import Describer
from cascode_models.errors import ModelError
from cascode_models.export import export_model
from cascode_models.modeling import CasCode
from cascode_models.tokenization import TextTokenizer

PATH = Path("a.py")
SOURCE = '''class A:
    def read(self):
        """Open the file. It stays open.

        More of it.
        """
        return open(self.path)

    def bare(self):
        return 1


x = 1
'''


@pytest.fixture
def folder(make_network: Callable[..., CasCode], tokenizer: TextTokenizer, tmp_path: Path) -> Path:
    """A random decoder, exported."""
    return export_model(make_network("none", decoder_layers=1), tokenizer, tmp_path / "describes")


def test_what_is_documented_is_taken_from_there() -> None:
    """The first sentence, without any model."""
    found = GistModel("nowhere").gist(PATH, SOURCE, 7)
    assert (found.name, found.start_line, found.end_line) == ("A.read", 2, 7)
    assert (found.text, found.documented) == ("Open the file.", True)


def test_a_model_describes_what_is_not(folder: Path) -> None:
    """Of the innermost definition at the line; asked for its own words, of any, whose documentation it never reads."""
    model = GistModel(str(folder))
    found = model.gist(PATH, SOURCE, 10)
    describer = Describer.load(str(folder))
    assert (found.name, found.documented) == ("A.bare", False)
    assert found.text == describer.describe(["A.bare\ndef bare(self):\n    return 1"])[0]
    own = model.gist(PATH, SOURCE, 7, own_words=True, beams=1)
    assert own.text == describer.describe(["A.read\ndef read(self):\n    return open(self.path)"], beams=1)[0]
    assert not own.documented


def test_what_cannot_be_described_is_said() -> None:
    """One line each, before a model is loaded."""
    model = GistModel("nowhere")
    for path, line, said in (
        (PATH, 13, r"no definition at line 13 of a\.py"),
        (Path("a.unknown"), 1, "in no language that is known"),
        (Path("a.ipynb"), 1, "is a notebook"),
    ):
        with pytest.raises(QueryError, match=said):
            model.gist(path, SOURCE, line)
    with pytest.raises(ModelError, match="nowhere"):
        model.gist(PATH, SOURCE, 10)


def test_a_model_without_a_decoder_is_refused(model_folder: Path) -> None:
    """The bundled kind of model cannot describe."""
    with pytest.raises(ModelError, match="has no decoder"):
        GistModel(str(model_folder)).gist(PATH, SOURCE, 10)


def test_without_torch_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The light runtime has none."""
    whole = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name == "cascode_models.describing":
            raise ImportError(name)
        return whole(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ModelError, match=r"needs torch.*cascode\[torch\]"):
        GistModel("folder").gist(PATH, SOURCE, 10)


def test_the_model_goes_when_nobody_asks(folder: Path) -> None:
    """And comes back."""
    gone: list[bool] = []
    model = GistModel(str(folder), on_release=lambda: gone.append(True))
    model.idle_seconds = 0.05
    model.gist(PATH, SOURCE, 10)
    patience = time.monotonic() + 10
    while not gone and time.monotonic() < patience:
        time.sleep(0.01)
    assert gone
    assert not model.loaded
    assert model.gist(PATH, SOURCE, 10).name == "A.bare"


@pytest.mark.parametrize(
    ("doc", "sentence"),
    [
        ("", ""),
        ("  \n", ""),
        ("Reads a file", "Reads a file"),
        ("Reads a\n  file. Then more.\n\nAnd more.", "Reads a file."),
        ("Version 1.2 of it.", "Version 1.2 of it."),
        ("Opens a file, e.g. a log. It may fail.", "Opens a file, e.g. a log."),
        ("Adds <b>two</b> numbers.\n@param a one", "Adds two numbers."),
        ("Returns the {@link Foo} of it.", "Returns the Foo of it."),
        ("\\brief Adds things.", "Adds things."),
    ],
)
def test_the_first_sentence_of_a_documentation(doc: str, sentence: str) -> None:
    """On one line without markup, to the first full stop that a capital follows."""
    assert first_sentence(doc) == sentence
