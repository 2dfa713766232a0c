"""What a step is made of, and the seam behind which it comes from somewhere."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from cascode_models.errors import ModelError

from .corpora import Corpora


@dataclass(frozen=True, slots=True)
class DefinitionText:
    """A definition in the form in which a step shows it."""

    #: Made by :func:`cascode_models.text.function_text`.
    text: str
    #: The same for every form of a definition: its code, or its repository, path and name.
    identity: str
    #: The query that it was mined with, before any variation; empty for a definition that only serves as a negative.
    asked: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    """A query, a right answer, and definitions that are wrong."""

    #: Made by :func:`cascode_models.text.query_text`.
    query: str
    answer: DefinitionText
    #: Identities of all right answers; those other than ``answer`` are neither targets nor negatives.
    right: frozenset[str]
    #: Wrong definitions that a search would confuse with the answer.
    negatives: tuple[DefinitionText, ...] = ()


@dataclass(frozen=True, slots=True)
class Draws:
    """How the sources of a stage draw."""

    #: Seed of the run and the stage.
    seed: str
    #: Pairs of one package or repository that stay together, so that they are each other's negatives.
    neighbours: int = 1
    #: Share of a source's draws on Python pairs whose functions lose their names.
    renamed_share: float = 0.0


class Source(Protocol):
    """Gives examples of one kind.

    What it draws depends on the seed, the turn and the count alone, so that a resumed run repeats nothing.
    """

    #: As presets name it.
    name: str
    #: Whether its pairs lie in a folder of their own, which the setting ``folders`` names; else in the data of the run.
    has_folder: bool

    def __init__(self, corpora: Corpora, draws: Draws) -> None:
        """Read what is drawn from; ``corpora`` keeps what several sources share."""

    def __len__(self) -> int:
        """Pairs to draw from; 0 where their folder was not given."""

    def draw(self, turn: int, count: int, rng: random.Random) -> list[Example]:
        """Draw examples.

        Args:
            turn: Draws of the stage before this one, each of as many examples.
            count: Examples wanted; fewer come from a smaller source.
            rng: Source of randomness for their forms.
        """


#: Sources by name; each registers itself.
SOURCES: dict[str, type[Source]] = {}
S = TypeVar("S", bound=type[Source])


def source(kind: S) -> S:
    """Register a source under its name."""
    SOURCES[kind.name] = kind
    return kind


def make_sources(shares: Mapping[str, float], corpora: Corpora, draws: Draws) -> dict[str, Source]:
    """Make the sources that a preset names with a share above 0.

    Raises:
        ModelError: There is no source of a name, or none with a folder of its own.
    """
    unknown = sorted(set(shares) - set(SOURCES))
    if unknown:
        raise ModelError(f"training settings: no source {unknown[0]!r}, known are {', '.join(sorted(SOURCES))}")
    with_folder = sorted(name for name, kind in SOURCES.items() if kind.has_folder)
    misplaced = sorted(corpora.named - set(with_folder))
    if misplaced:
        raise ModelError(
            f"training settings: folders.{misplaced[0]} is of no source, "
            f"those with a folder are {', '.join(with_folder)}"
        )
    return {name: SOURCES[name](corpora, draws) for name, share in shares.items() if share > 0}
