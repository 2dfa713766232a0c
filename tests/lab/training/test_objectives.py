"""Objectives by numbers worked out by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp, log

import pytest
import torch

from cascode_lab.training.objectives import OBJECTIVES, make_objectives
from cascode_models.errors import ModelError

# By the names of presets: the package finds the files of its objectives by itself.
InfoNCE, LateInfoNCE = OBJECTIVES["infonce"], OBJECTIVES["late"]
Distillation, GroupSoftmaxBinary = OBJECTIVES["distillation"], OBJECTIVES["classifier"]
PolyInfoNCE, Description = OBJECTIVES["poly"], OBJECTIVES["description"]

NOTHING = torch.empty(0)


@dataclass
class Given:
    """Scores written down."""

    cosines: torch.Tensor = field(default_factory=lambda: NOTHING)
    right: torch.Tensor = field(default_factory=lambda: NOTHING)
    late: torch.Tensor = field(default_factory=lambda: NOTHING)
    taught: torch.Tensor = field(default_factory=lambda: NOTHING)
    groups: torch.Tensor = field(default_factory=lambda: NOTHING)
    poly: torch.Tensor = field(default_factory=lambda: NOTHING)
    described: torch.Tensor = field(default_factory=lambda: NOTHING)


# Two pairs and a further definition.
COSINES = torch.tensor([[0.8, 0.2, 0.5], [0.1, 0.6, 0.4]])
LATE = torch.tensor([[0.4, 0.0, 0.1], [0.3, 0.2, 0.2]])
NONE = torch.tensor([[True, False, False], [False, True, False]])
#: The further definition also answers the first query.
FURTHER = torch.tensor([[True, False, True], [False, True, False]])
#: The second answer is right for the first query as well, but not the other way round.
SHARED = torch.tensor([[True, True, False], [False, True, False]])


def cross_entropy(right: float, *wrong: float) -> float:
    """- log of the softmax at the right one."""
    return -log(exp(right) / (exp(right) + sum(map(exp, wrong))))


def test_infonce_is_equation_1_both_ways() -> None:
    """The mean over queries of the softmax over all definitions, and over answers of that over queries, halved."""
    # Cosines by a temperature of 0.5.
    there = (cross_entropy(1.6, 0.4, 1.0) + cross_entropy(1.2, 0.2, 0.8)) / 2
    # Of an answer over the queries; the further definition asks nothing.
    back = (cross_entropy(1.6, 0.2) + cross_entropy(1.2, 0.4)) / 2
    assert float(InfoNCE(temperature=0.5).loss(Given(COSINES, NONE))) == pytest.approx((there + back) / 2, rel=1e-6)
    assert there != pytest.approx(back, rel=0.1)


def test_further_answers_of_a_query_are_no_negatives_of_it() -> None:
    """A right further definition leaves its query's softmax; a right answer of another pair leaves it both ways."""
    back = (cross_entropy(1.6, 0.2) + cross_entropy(1.2, 0.4)) / 2
    there = (cross_entropy(1.6, 0.4) + cross_entropy(1.2, 0.2, 0.8)) / 2
    assert float(InfoNCE(temperature=0.5).loss(Given(COSINES, FURTHER))) == pytest.approx((there + back) / 2, rel=1e-6)
    there = (cross_entropy(1.6, 1.0) + cross_entropy(1.2, 0.2, 0.8)) / 2
    # The second answer is right for the first query: there is nothing to distinguish it from.
    back = (cross_entropy(1.6, 0.2) + cross_entropy(1.2)) / 2
    assert float(InfoNCE(temperature=0.5).loss(Given(COSINES, SHARED))) == pytest.approx((there + back) / 2, rel=1e-6)


def test_late_infonce_is_infonce_of_the_fused_scores() -> None:
    """Cosine and late interaction count the same, by a temperature of their own."""
    there = (cross_entropy(6.0, 1.0, 3.0) + cross_entropy(4.0, 2.0, 3.0)) / 2
    back = (cross_entropy(6.0, 2.0) + cross_entropy(4.0, 1.0)) / 2
    found = LateInfoNCE(temperature=0.2).loss(Given(COSINES, NONE, LATE))
    assert float(found) == pytest.approx((there + back) / 2, rel=1e-6)
    without = (cross_entropy(6.0, 1.0) + cross_entropy(4.0, 2.0, 3.0)) / 2
    found = LateInfoNCE(temperature=0.2).loss(Given(COSINES, FURTHER, LATE))
    assert float(found) == pytest.approx((without + back) / 2, rel=1e-6)


def test_poly_infonce_is_infonce_of_the_poly_scores() -> None:
    """Nothing but the poly-encoder's scores counts, by a temperature of their own, both ways."""
    there = (cross_entropy(4.0, 1.0, 2.5) + cross_entropy(3.0, 0.5, 2.0)) / 2
    back = (cross_entropy(4.0, 0.5) + cross_entropy(3.0, 1.0)) / 2
    found = PolyInfoNCE(temperature=0.2).loss(Given(right=NONE, poly=COSINES))
    assert float(found) == pytest.approx((there + back) / 2, rel=1e-6)


def test_description_loss_is_the_mean_over_tokens() -> None:
    """Each token weighs the same, whichever description it is of."""
    found = Description().loss(Given(described=torch.tensor([-1.0, -2.0, -6.0])))
    assert float(found) == pytest.approx(3.0)


def divergence(teacher: list[float], student: list[float]) -> float:
    """Kullback-Leibler divergence of the softmaxes of two rows of scores."""
    p = [exp(score) / sum(map(exp, teacher)) for score in teacher]
    q = [exp(score) / sum(map(exp, student)) for score in student]
    return sum(a * log(a / b) for a, b in zip(p, q, strict=True))


def test_distillation_is_the_divergence_from_the_teacher_both_ways() -> None:
    """The teacher's softmax is what the student's is measured by, over definitions and over queries."""
    taught = torch.tensor([[0.6, 0.4, 0.2], [0.0, 1.0, 0.4]])
    there = (divergence([3, 2, 1], [6, 1, 3]) + divergence([0, 5, 2], [2, 4, 3])) / 2
    back = (divergence([3, 0], [6, 2]) + divergence([2, 5], [1, 4])) / 2
    found = Distillation(temperature=0.2).loss(Given(COSINES, NONE, LATE, taught))
    assert float(found) == pytest.approx((there + back) / 2, rel=1e-5)
    there = (divergence([3, 2], [6, 1]) + divergence([0, 5, 2], [2, 4, 3])) / 2
    found = Distillation(temperature=0.2).loss(Given(COSINES, FURTHER, LATE, taught))
    assert float(found) == pytest.approx((there + back) / 2, rel=1e-5)
    # A constant says nothing: 0 where both agree up to one.
    agreed = Distillation(temperature=0.2).loss(Given(COSINES, NONE, LATE, COSINES + LATE + 3))
    assert float(agreed) == pytest.approx(0.0, abs=1e-6)


def softplus(value: float) -> float:
    """log(1 + exp(value)): the binary cross-entropy of a wrong one with this logit."""
    return log(1 + exp(value))


def test_group_loss_is_a_softmax_and_equation_2() -> None:
    """Softmax over each group, and the binary term in which a right one weighs as much as its two wrong ones."""
    groups = torch.tensor([[2.0, 1.0, -1.0], [0.5, 1.5, 0.0]])
    softmax = (cross_entropy(2.0, 1.0, -1.0) + cross_entropy(0.5, 1.5, 0.0)) / 2
    right, wrong = softplus(-2.0) + softplus(-0.5), softplus(1.0) + softplus(-1.0) + softplus(1.5) + softplus(0.0)
    binary = (2 * right + wrong) / 6
    assert float(GroupSoftmaxBinary(binary_weight=0.0).loss(Given(groups=groups))) == pytest.approx(softmax, rel=1e-6)
    for weight in (0.1, 1.0):
        found = GroupSoftmaxBinary(binary_weight=weight).loss(Given(groups=groups))
        assert float(found) == pytest.approx(softmax + weight * binary, rel=1e-6)


def test_defaults_are_those_that_the_weights_were_trained_with() -> None:
    """What a preset does not say is part of the recipe of the bundled weights."""
    assert InfoNCE() == InfoNCE(weight=1.0, temperature=0.05)
    assert LateInfoNCE() == LateInfoNCE(weight=1.0, temperature=0.09)
    assert Distillation() == Distillation(weight=1.0, temperature=0.09)
    assert GroupSoftmaxBinary() == GroupSoftmaxBinary(weight=1.0, binary_weight=0.1)
    assert PolyInfoNCE() == PolyInfoNCE(weight=1.0, temperature=0.05)
    assert Description() == Description(weight=1.0)


def test_objectives_say_what_they_read() -> None:
    """What a stage must draw, and what head and teachers it needs, follows from the scores that are read."""
    assert [kind.reads for kind in (InfoNCE, LateInfoNCE, Distillation, GroupSoftmaxBinary)] == [
        {"cosines", "right"},
        {"cosines", "late", "right"},
        {"cosines", "late", "taught", "right"},
        {"groups"},
    ]


def test_wrong_objectives_are_named() -> None:
    """A name or a setting that there is none of lists those there are."""
    assert make_objectives({"infonce": {"temperature": 0.1}, "late": {}}) == [InfoNCE(1.0, 0.1), LateInfoNCE()]
    with pytest.raises(ModelError, match=r"^training settings: no objective 'x', known are classifier, descr"):
        make_objectives({"x": {}})
    with pytest.raises(ModelError, match=r"objective infonce has no setting 'margin', known are weight, temperature$"):
        make_objectives({"infonce": {"temperature": 0.1, "power": 2.0, "margin": 1.0}})
