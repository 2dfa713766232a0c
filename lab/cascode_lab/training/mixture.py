"""What each step sees: its examples, drawn from the sources by their shares."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from cascode_models.randomness import seeded_random

from .sources import DefinitionText, Example, Source


class Mixture:
    """Draws the examples of each step: a pure function of seed and step, so that a resumed run repeats nothing.

    Args:
        sources: Sources by name, those with something to draw from.
        shares: Their shares; they need not add up to 1.
        count: Examples a step.
        seed: Seed of the run and the stage.
        mixed: Every step draws from every source; otherwise each draws from one, chosen by the shares.
    """

    def __init__(
        self, sources: Mapping[str, Source], shares: Mapping[str, float], count: int, seed: str, *, mixed: bool
    ) -> None:
        self._sources = dict(sources)
        self._shares = {name: shares[name] for name in sources}
        self._count = count
        self._seed = seed
        self._mixed = mixed
        #: Source of each step, and how many steps drew from it before.
        self._plan: list[tuple[str, int]] = []

    def draw(self, step: int, rng: random.Random) -> list[Example]:
        """The examples of a step; ``rng`` draws their forms."""
        examples: list[Example] = []
        for name, turn, count in self._parts(step):
            examples += self._sources[name].draw(turn, count, rng)
        return examples

    def _parts(self, step: int) -> list[tuple[str, int, int]]:
        """Source, turn and count of each part of a step."""
        if self._mixed:
            return [(name, step, count) for name, count in apportion(self._shares, self._count).items()]
        names, weights = list(self._shares), list(self._shares.values())
        while len(self._plan) <= step:
            name = seeded_random(f"{self._seed}/source/{len(self._plan)}").choices(names, weights)[0]
            self._plan.append((name, sum(before == name for before, _ in self._plan)))
        return [(*self._plan[step], self._count)]


def apportion(shares: Mapping[str, float], count: int) -> dict[str, int]:
    """Split a count by shares, the largest remainders rounded up; every share above 0 gets 1 or more.

    Args:
        shares: Share of each name; they need not add up to 1.
        count: What is split.

    Returns:
        Count of each name, which add up to ``count`` unless that is less than the number of names.
    """
    total = sum(shares.values())
    exact = {name: count * share / total for name, share in shares.items()}
    counts = {name: int(value) for name, value in exact.items()}
    by_remainder = sorted(exact, key=lambda name: counts[name] - exact[name])
    for name in by_remainder[: count - sum(counts.values())]:
        counts[name] += 1
    while lacking := [name for name in counts if not counts[name]]:
        most = max(counts, key=lambda name: counts[name])
        if counts[most] < 2:
            return dict.fromkeys(counts, 1)
        counts[most] -= 1
        counts[lacking[0]] += 1
    return counts


def shown_definitions(examples: Sequence[Example]) -> list[DefinitionText]:
    """Definitions that a step shows: the answers in the order of their queries, then all negatives."""
    answers = [example.answer for example in examples]
    return answers + [negative for example in examples for negative in example.negatives]


def other_answers(examples: Sequence[Example]) -> list[list[bool]]:
    """Which definitions of a step answer which query.

    Args:
        examples: The examples of the step.

    Returns:
        ``[queries, definitions]``, those of :func:`shown_definitions`. True where one is the query's answer, or another
        form of a right answer, or the same text, or was mined with the same query.
    """
    shown = shown_definitions(examples)
    return [
        [
            definition.identity in example.right
            or definition.text == example.answer.text
            or (bool(definition.asked) and definition.asked == example.answer.asked)
            for definition in shown
        ]
        for example in examples
    ]
