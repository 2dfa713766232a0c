"""Probabilities that fall with the rank, and when nothing matches well."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from candidates import candidate
from cascode_indexer.rank.types import Ranked
from cascode_indexer.search.confidence import Confidence, confidence_of
from cascode_indexer.search.stages import FUSED
from cascode_models.settings import ModelSettings
from fake_encoder import FakeEncoder


def model(*, weight: float = 1.0, threshold: float = 0.5) -> FakeEncoder:
    """A model whose scores of 0 mean even odds, shared out among rivals."""
    return FakeEncoder(
        classifier=True,
        settings=ModelSettings(
            head="late", fusion_weight=weight, temperature=2.0, share_temperature=1.5, no_match_threshold=threshold
        ),
    )


def judge(model: FakeEncoder | None, ranked: list[Ranked]) -> Confidence:
    """Judge what a sentence found."""
    return confidence_of(model, ranked, "sentence")  # type: ignore[arg-type]


def read(score: float, similarity: float, fused: float | None, *, encoded: bool = True) -> Ranked:
    """A candidate after the classifier: its order's score, the similarity in it, and the fused score."""
    evidence = {"similarity": similarity} | ({} if fused is None else {FUSED: fused})
    return Ranked(candidate(similarity=similarity if encoded else None), evidence, score, "cascade")


def test_probabilities_fall_with_the_rank_whatever_the_fused_scores_say() -> None:
    """Words lifted the first above the second, which the classifier likes more: its probability stands above too."""
    ranked = [read(0.62, 0.50, 1.0), read(0.60, 0.60, 2.0), read(0.30, 0.30, -1.0)]
    first, second, third = judge(model(), ranked).probabilities
    assert first is not None
    assert second is not None
    assert third is not None
    assert first > second > third


def test_without_other_evidence_the_fused_scores_are_judged_as_they_are() -> None:
    """The probability is the calibrated one where nothing but the model ordered the list."""
    fused = np.array([2.0, 1.0, -1.0], dtype=np.float32)
    ranked = [read(s, s, float(f)) for s, f in zip((0.6, 0.5, 0.3), fused, strict=True)]
    some = model()
    assert judge(some, ranked).probabilities == pytest.approx(some.probability.of(fused).tolist(), abs=1e-6)


def test_equal_similarities_are_no_division_by_nothing() -> None:
    """One candidate alone, or several that resemble the query alike, have probabilities too."""
    (alone,) = judge(model(), [read(0.9, 0.5, 1.0)]).probabilities
    assert alone is not None
    assert 0.5 < alone <= 1.0


def test_what_was_not_encoded_or_not_read_has_no_probability() -> None:
    """A guess is not judged; the others are, in their places."""
    ranked = [read(0.6, 0.6, 2.0), read(0.5, 0.5, 1.0, encoded=False), replace(read(0.4, 0.4, None), stage="fast")]
    first, second, third = judge(model(), ranked).probabilities
    assert first is not None
    assert second is None
    assert third is None


def test_probabilities_stand_at_what_was_read_wherever_that_is() -> None:
    """A candidate that nobody read may stand between two that were."""
    ranked = [read(0.6, 0.6, 2.0), replace(read(0.5, 0.5, None), stage="fast"), read(0.4, 0.4, -1.0)]
    first, second, third = judge(model(), ranked).probabilities
    assert first is not None
    assert second is None
    assert third is not None
    assert first > third


def test_before_the_classifier_has_read_nothing_is_judged() -> None:
    """A classifier that will read is waited for; without a model there is nothing to judge with."""
    ranked = [replace(read(0.6, 0.6, None), stage="fast")]
    assert judge(model(), ranked) == judge(None, ranked)
    assert judge(None, ranked).probabilities == (None,)
    assert judge(None, ranked).confident
    assert judge(model(), []).probabilities == ()


def test_a_model_without_classifier_weight_is_judged_by_similarity() -> None:
    """Its probabilities were fitted to the similarity alone."""
    ranked = [read(0.6, 0.6, None), read(0.2, 0.2, None)]
    first, second = judge(model(weight=0.0), ranked).probabilities
    assert first is not None
    assert second is not None
    assert first > second


@pytest.mark.parametrize(("fused", "confident"), [(1.0, True), (-1.0, False)])
def test_nothing_matches_well(fused: float, confident: bool) -> None:
    """The best score decides whether there is an answer at all."""
    ranked = [read(0.6, 0.6, fused), read(0.5, 0.5, fused - 3)]
    assert judge(model(), ranked).confident is confident


def test_a_list_of_guesses_is_not_called_bad() -> None:
    """Where nothing is encoded yet, nobody knows."""
    assert judge(model(), [read(0.6, 0.6, -9.0, encoded=False)]).confident


def test_a_kind_of_query_has_a_calibration_of_its_own() -> None:
    """Each kind is ranked by other weights: the same scores mean another probability, and another threshold."""
    ranked = [read(0.6, 0.6, 1.0), read(0.5, 0.5, 0.5)]
    some = model()
    some.settings.calibration_by_kind["sentence"] = [2.0, -3.0, 1.5, 0.9]
    strict, usual = (confidence_of(some, ranked, kind) for kind in ("sentence", "general"))  # type: ignore[arg-type]
    assert usual.confident
    assert not strict.confident
    assert usual.probabilities[0] is not None
    assert strict.probabilities[0] is not None
    assert usual.probabilities[0] > 2 * strict.probabilities[0] > 0
