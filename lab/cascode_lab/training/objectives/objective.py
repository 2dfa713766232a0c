"""The one signature of all objectives: scores of a step in, a loss out."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

import torch

from cascode_models.errors import ModelError

#: What is computed of the encoder's vectors and of nothing that is trained beside it.
ENCODER_SCORES = frozenset({"cosines", "right", "taught"})
#: A score whose exponential is 0 beside any other, finite so that nothing times nothing stays nothing.
NEVER = -1e4


class Scores(Protocol):
    """What the model says about the texts of a step; each property is computed when an objective first reads it.

    The definitions are the answers of the queries, in order, then further negatives.
    """

    @property
    def right(self) -> torch.Tensor:
        """``[queries, definitions]``, true where a definition answers a query: its own answer and any other."""

    @property
    def cosines(self) -> torch.Tensor:
        """``[queries, definitions]`` cosines of the vectors."""

    @property
    def late(self) -> torch.Tensor:
        """``[queries, definitions]`` late interaction, in the units of a cosine."""

    @property
    def poly(self) -> torch.Tensor:
        """``[queries, definitions]`` scores of the poly-encoder, in the units of a cosine."""

    @property
    def described(self) -> torch.Tensor:
        """``[tokens]`` log-probability of each token of the queries, their ends included, given their answers."""

    @property
    def taught(self) -> torch.Tensor:
        """``[queries, definitions]`` fused scores of the teachers, in the units of a cosine."""

    @property
    def groups(self) -> torch.Tensor:
        """``[groups, definitions a group]`` logits of the classifier, the right definition first."""


class Objective(Protocol):
    """What a stage minimises, as one term of a weighted sum."""

    @property
    def name(self) -> str:
        """As presets and logs name it."""

    @property
    def reads(self) -> frozenset[str]:
        """Properties of :class:`Scores` that it reads: what a stage must draw, and what head and teachers it needs."""

    @property
    def weight(self) -> float:
        """Its factor in the sum."""

    def loss(self, scores: Scores) -> torch.Tensor:
        """The mean loss of a step, a scalar."""


#: Objectives by name; each registers itself. They are dataclasses whose fields are their settings, all of them numbers.
OBJECTIVES: dict[str, type[Objective]] = {}
K = TypeVar("K", bound=type[Objective])


def objective(kind: K) -> K:
    """Register an objective under its name."""
    OBJECTIVES[str(kind.name)] = kind
    return kind


def make_objectives(settings: Mapping[str, Mapping[str, float]]) -> Sequence[Objective]:
    """Make the objectives of a stage.

    Args:
        settings: For the name of each objective the fields that differ from their defaults.

    Raises:
        ModelError: There is no such objective or no such field.
    """
    made = []
    for name, fields in settings.items():
        kind = OBJECTIVES.get(name)
        if kind is None:
            raise ModelError(f"training settings: no objective {name!r}, known are {', '.join(sorted(OBJECTIVES))}")
        known = [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type]
        unknown = sorted(set(fields) - set(known))
        if unknown:
            raise ModelError(
                f"training settings: objective {name} has no setting {unknown[0]!r}, known are {', '.join(known)}"
            )
        made.append(kind(**fields))
    return made


def without_other_answers(scores: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Scores ``[queries, definitions]`` with every further right answer of a query far below all others."""
    own = torch.eye(*scores.shape, dtype=torch.bool, device=scores.device)
    return scores.masked_fill(right & ~own, NEVER)
