"""Descriptions of held-out functions, judged by sacreBLEU beside a copy of the name."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cascode_lab.training.data import TrainingPair, plain_texts, read_pairs
from cascode_models.describing import Describer
from cascode_models.errors import ModelError
from cascode_models.randomness import seeded_random
from cascode_models.text import split_identifiers

from .results import Score

#: Parts of the functions that are left out in turn: each costs a corpus score.
PARTS = 20
#: Functions shown with all that was said of them.
SAMPLES = 12

_WORDS = re.compile(r"[A-Za-z]+|\d+")


@dataclass(frozen=True, slots=True)
class Described:
    """What a model said of functions."""

    scores: list[Score]
    samples: list[dict[str, str]]
    #: Functions a second.
    speed: float


def load_describer(model: str) -> Describer:
    """A model with a decoder from a folder or cached hub name."""
    return Describer.load(model)


def measure_descriptions(
    describer: Describer, pairs: Sequence[TrainingPair], *, beams: int, progress: Callable[[str], None]
) -> Described:
    """Describe functions whose docstrings were taken out, and compare with the docstrings' first paragraphs.

    Args:
        describer: The model.
        pairs: Held-out pairs.
        beams: Beams of the search.
        progress: Called with lines for a person.

    Returns:
        sacreBLEU of the model and of the copy baseline, both in lower case as an uncased tokenizer writes it.
    """
    begun = time.perf_counter()
    said = describer.describe([plain_texts(pair)[1] for pair in pairs], beams=beams)
    seconds = time.perf_counter() - begun
    progress(f"{len(pairs):,} functions described in {seconds:.0f} s")
    wanted = [pair.query for pair in pairs]
    copied = [words_of_name(pair.name) for pair in pairs]
    samples = [
        {"name": pair.name, "docstring": pair.query, "model": ours}
        for pair, ours in list(zip(pairs, said, strict=True))[:SAMPLES]
    ]
    scores = [bleu_score("model", said, wanted), bleu_score("the name split into words", copied, wanted)]
    return Described(scores, samples, len(pairs) / seconds)


def held_out_pairs(folder: Path, language: str, count: int) -> list[TrainingPair]:
    """Held-out pairs of one language, the same ones for a count.

    Raises:
        ModelError: There are none.
    """
    pairs = [pair for pair in read_pairs(folder, "test") if pair.language == language]
    if not pairs:
        raise ModelError(f"no test pairs of {language} in {folder}: mine some with 'cascode train mine'")
    return seeded_random(f"descriptions/{language}").sample(pairs, min(count, len(pairs)))


def words_of_name(name: str) -> str:
    """A definition's own name as words: what can be said without reading it."""
    return " ".join(_WORDS.findall(split_identifiers(name.rpartition(".")[2]).replace("_", " "))).lower()


def bleu_score(name: str, said: Sequence[str], wanted: Sequence[str]) -> Score:
    """Corpus BLEU of sacrebleu, 0 to 1, with its 95 % interval over functions.

    Raises:
        ModelError: sacrebleu is not installed.
    """
    try:
        from sacrebleu.metrics.bleu import BLEU
    except ImportError as error:
        raise ModelError('BLEU needs the library sacrebleu: pip install "cascode[train]"') from error
    metric = BLEU(lowercase=True)

    def of(rows: Sequence[int]) -> float:
        """BLEU of some of the functions."""
        score = metric.corpus_score([said[row] for row in rows], [[wanted[row] for row in rows]]).score
        return float(score) / 100

    count = len(said)
    mean = of(range(count))
    # The score is no mean over functions: its spread is that of the scores without a part of them (jackknife). Without
    # the only part nothing is left to score.
    parts, spread = min(PARTS, count), 0.0
    if parts > 1:
        without = np.array([of([row for row in range(count) if row % parts != part]) for part in range(parts)])
        spread = 1.96 * float(np.sqrt((parts - 1) / parts * ((without - without.mean()) ** 2).sum()))
    low, high = max(0.0, mean - spread), mean + spread
    return Score(name=name, metric="sacreBLEU", count=count, mean=mean, low=low, high=high)
