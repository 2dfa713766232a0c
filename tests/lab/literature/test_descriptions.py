"""Descriptions judged: BLEU is sacrebleu's, and the copy baseline is the name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sacrebleu import corpus_bleu

from cascode_lab.literature.descriptions import bleu_score, held_out_pairs, measure_descriptions, words_of_name
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


def test_one_description_has_a_score_without_an_interval() -> None:
    """A spread needs more than one function."""
    score = bleu_score("model", SAID[:1], WANTED[:1])
    assert score["count"] == 1
    assert 0 < score["low"] == score["mean"] == score["high"]


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
