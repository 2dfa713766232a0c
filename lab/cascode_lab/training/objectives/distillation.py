"""Learning what teachers say of a step's definitions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import nn

from .objective import Scores, objective, without_other_answers


@objective
@dataclass(frozen=True, slots=True)
class Distillation:
    """Kullback-Leibler divergence from the teachers' softmax over the definitions of a step, both ways.

    The soft targets of Hinton, Vinyals and Dean (2015, section 2), one temperature on both sides. Their factor of its
    square is left out: the loss beside it has the same temperature. Right answers other than the query's own are left
    out of both softmaxes.

    Reads ``cosines``, ``late``, ``taught`` and ``right``, all ``[queries, definitions]``.
    """

    name: ClassVar[str] = "distillation"
    reads: ClassVar[frozenset[str]] = frozenset({"cosines", "late", "taught", "right"})
    weight: float = 1.0
    #: Fused scores of student and teachers, in the units of a cosine, are divided by it.
    temperature: float = 0.09

    def loss(self, scores: Scores) -> torch.Tensor:
        """See the class."""
        student = without_other_answers((scores.cosines + scores.late) / self.temperature, scores.right)
        teacher = without_other_answers(scores.taught / self.temperature, scores.right)
        count = len(student)
        return (divergence(student, teacher) + divergence(student[:, :count].T, teacher[:, :count].T)) / 2


def divergence(student: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    """Mean over rows of the divergence of ``student`` from ``teacher``, both scores before the softmax."""
    return nn.functional.kl_div(student.log_softmax(1), teacher.log_softmax(1), reduction="batchmean", log_target=True)
