"""Descriptions judged: BLEU is sacrebleu's, the copy baseline is the name, a gist is of the innermost definition."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from sacrebleu import corpus_bleu

from cascode_lab.literature.descriptions import bleu_score, held_out_pairs, measure_descriptions, words_of_name
from cascode_lab.literature.gist import gist_of
from cascode_lab.training.data import TrainingPair
from cascode_models.describing import Describer
from cascode_models.errors import ModelError
from cascode_models.modeling import CasCode
from cascode_models.tokenization import TextTokenizer

SAID = ["return the name of the file", "read a file", "sort the list of names by date"]
WANTED = ["Return the name of a file", "Read one file", "Sort the list of the names by date"]


def test_bleu_is_that_of_sacrebleu() -> None:
    """The corpus score in lower case, as a share, inside its interval."""
    score = bleu_score("model", SAID, WANTED)
    assert score["mean"] == pytest.approx(corpus_bleu(SAID, [WANTED], lowercase=True).score / 100)
    assert score["low"] < score["mean"] < score["high"]
    assert bleu_score("model", WANTED, WANTED)["mean"] == pytest.approx(1.0)


def test_the_copy_baseline_is_the_name_in_words() -> None:
    """Without containers, in any style."""
    assert words_of_name("Session.sendHTTPRequest2") == "send http request 2"
    assert words_of_name("_is_not_prime") == "is not prime"


@pytest.fixture
def describer(make_network: Callable[..., CasCode], tokenizer: TextTokenizer) -> Describer:
    """A random decoder."""
    return Describer(make_network("none", decoder_layers=1), tokenizer)


def test_descriptions_are_measured_beside_the_name(describer: Describer) -> None:
    """Model and copy are judged on the same functions, with samples of both."""
    pairs = [TrainingPair("Read a file", "def read_file(x): pass", "read_file", "python"),
             TrainingPair("Sort the list", "def f(x): return x", "sort_the_list", "python")]  # fmt: skip
    found = measure_descriptions(describer, pairs, beams=2, progress=lambda _line: None)
    assert [score["name"] for score in found.scores] == ["model", "the name split into words"]
    assert all(score["count"] == 2 for score in found.scores)
    assert [sample["docstring"] for sample in found.samples] == ["Read a file", "Sort the list"]


def test_held_out_functions_are_of_the_test_split(tmp_path: Path) -> None:
    """Nothing that was trained on is described; a language without any says what to mine."""
    rows = [f'{{"query": "q{n}", "code": "c", "language": "python", "split": "{split}"}}'
            for n, split in enumerate(["train", "test", "dev", "test"])]  # fmt: skip
    (tmp_path / "python.jsonl").write_text("\n".join(rows))
    assert {pair.query for pair in held_out_pairs(tmp_path, "python", 5)} == {"q1", "q3"}
    with pytest.raises(ModelError, match="no test pairs of go"):
        held_out_pairs(tmp_path, "go", 5)


def test_a_gist_is_of_the_innermost_definition(describer: Describer, tmp_path: Path) -> None:
    """A line inside a method means the method, and its docstring is not read."""
    path = tmp_path / "a.py"
    path.write_text('class A:\n    def read(self):\n        """Secret."""\n        return open(self.path)\n\n\nx = 1\n')
    gist = gist_of(describer, path, 4)
    assert (gist.name, gist.start_line, gist.end_line) == ("A.read", 2, 4)
    bare = "A.read\ndef read(self):\n    return open(self.path)"
    with torch.no_grad():
        assert gist.text == describer.describe([bare])[0]
    with pytest.raises(ModelError, match=r"no definition at line 7 of .*a\.py"):
        gist_of(describer, path, 7)
    other = tmp_path / "a.unknown"
    other.write_text("x")
    with pytest.raises(ModelError, match="in no language that is known"):
        gist_of(describer, other, 1)
