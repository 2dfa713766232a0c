"""Descriptions sampled for functions, written as training pairs: augmentation, and a student's lessons."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from cascode_lab.training.data import TrainingPair, read_rows
from cascode_models.describing import Describer
from cascode_models.errors import ModelError
from cascode_models.randomness import seeded_random
from cascode_models.text import function_text
from cascode_models.types import FunctionSource
from cascode_models.writing import replacing

#: Functions described between two lines of progress.
_CHUNK = 256


def sample_descriptions(
    model: str,
    data: Path,
    output: Path,
    *,
    language: str,
    count: int,
    beams: int = 0,
    seed: int = 0,
    progress: Callable[[str], None],
) -> int:
    """Describe training functions and write them as pairs.

    Sampled, they are further queries for contrastive training (Clement et al., 2021). By beam search they are what a
    student learns in place of the docstrings (Kim and Rush, 2016, sequence-level distillation).

    Args:
        model: A model with a decoder.
        data: Folder of mined pairs; only training packages are described.
        output: Folder to write to, another one than ``data``; made where it is missing.
        language: Language of the functions.
        count: How many are described.
        beams: Beams of the search; 0 samples.
        seed: The same seed draws the same functions and descriptions.
        progress: Called with lines for a person.

    Returns:
        Pairs written: functions of which the model said nothing are left out.

    Raises:
        ModelError: There are no such functions, the model has no decoder, or ``output`` is ``data``.
    """
    if output.resolve() == data.resolve():
        raise ModelError(f"{output} holds the mined pairs, which would be lost: name another folder with --output")
    describer = Describer.load(model)
    rows = [(row, pair) for row, pair in read_rows(data, "train") if pair.language == language]
    if not rows:
        raise ModelError(f"no training functions of {language} in {data}: mine some with 'cascode train mine'")
    rows = seeded_random(f"{seed}/{language}").sample(rows, min(count, len(rows)))
    output.mkdir(parents=True, exist_ok=True)
    written = 0
    # Under its name only once it is whole: training would take a shorter file for all there is.
    with replacing(output, f"{language}.jsonl") as (partial,), partial.open("w", encoding="utf-8") as file:
        for row in _described(describer, rows, language, beams, seed, progress):
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            written += 1
    return written


def _described(
    describer: Describer,
    rows: Sequence[tuple[Mapping[str, str], TrainingPair]],
    language: str,
    beams: int,
    seed: int,
    progress: Callable[[str], None],
) -> Iterator[Mapping[str, str]]:
    """Yield pairs, each with a description in place of its query and without its doc comment."""
    for start in range(0, len(rows), _CHUNK):
        some = rows[start : start + _CHUNK]
        texts = [function_text(FunctionSource(pair.name, pair.code, "", language)) for _, pair in some]
        said = describer.describe(texts, beams=beams) if beams else describer.sample(texts, seed=seed + start)
        for (row, _), description in zip(some, said, strict=True):
            if description.strip():
                yield {**row, "query": description, "doc": ""}
        progress(f"{start + len(some):,} of {len(rows):,} functions described")
