"""Which pairs a step sees: a pure function of seed and step, so that a resumed run repeats nothing."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Generic, Protocol, TypeVar

from cascode_models.randomness import seeded_random

from .data import TrainingPair

#: Pool of the pairs that come from searches; a language id otherwise.
SEARCHES = "searches"
#: Sources that pools are made of: pairs of the others are not each a query with one definition.
POOLED = ("docstrings", "cosqa")
#: A language with n pairs is drawn as often as n to this power: small ones are seen above their share.
BALANCE = 0.5


def pools(pairs: Sequence[TrainingPair]) -> dict[str, list[TrainingPair]]:
    """Group pairs that have a query by language, searches apart."""
    grouped: dict[str, list[TrainingPair]] = {}
    for pair in pairs:
        if not pair.query:
            continue
        grouped.setdefault(SEARCHES if pair.is_search else pair.language, []).append(pair)
    return dict(sorted(grouped.items()))


class HasOrigin(Protocol):
    """A pair, as far as drawing must know it."""

    @property
    def language(self) -> str:
        """Language id."""

    @property
    def package(self) -> str:
        """Package or repository that it comes from."""


P = TypeVar("P", bound=HasOrigin)


class Passes:
    """Endless passes over a list, each in another order, none twice in a pass; what fills no draw waits for the next.

    Args:
        origins: Package of each row.
        seed: Seed of the orders.
        neighbours: Rows of one package that stay together.
    """

    def __init__(self, origins: Sequence[str], seed: str, neighbours: int = 1) -> None:
        self._origins = origins
        self._seed = seed
        self._neighbours = neighbours
        self._orders: dict[int, list[int]] = {}

    def rows(self, turn: int, count: int) -> list[int]:
        """The rows of a draw; ``turn`` counts the draws of as many rows before it."""
        turns = max(1, len(self._origins) // count)
        order = self._order(turn // turns)
        start = (turn % turns) * count
        return order[start : start + count]

    def _order(self, number: int) -> list[int]:
        """The order of one pass."""
        if number not in self._orders:
            rng = seeded_random(f"{self._seed}/{number}")
            order = list(range(len(self._origins)))
            rng.shuffle(order)
            if self._neighbours > 1:
                order.sort(key=lambda row: self._origins[row])
                blocks = [order[start : start + self._neighbours] for start in range(0, len(order), self._neighbours)]
                rng.shuffle(blocks)
                order = [row for block in blocks for row in block]
            self._orders = {number: order}
        return self._orders[number]


class LanguagePools(Generic[P]):
    """Draws pairs of one language at a time, so that the negatives of a step are those of a real search.

    Args:
        pairs: What is drawn from; pairs without a query are left out by the caller.
        seed: Seed of the run, the stage and the source.
        neighbours: Pairs of one package that stay together.
    """

    def __init__(self, pairs: Sequence[P], seed: str, neighbours: int = 1) -> None:
        grouped: dict[str, list[P]] = {}
        for pair in pairs:
            grouped.setdefault(pair.language, []).append(pair)
        self._seed = seed
        self._grouped = dict(sorted(grouped.items()))
        self._passes = {
            name: Passes([pair.package for pair in pool], f"{seed}/{name}", neighbours)
            for name, pool in self._grouped.items()
        }
        self._count = len(pairs)
        #: Language of each turn, and how many turns drew from it before.
        self._plan: list[tuple[str, int]] = []
        self._seen: dict[str, int] = dict.fromkeys(self._grouped, 0)

    def __len__(self) -> int:
        return self._count

    def draw(self, turn: int, count: int) -> list[P]:
        """The pairs of a draw, fewer where the language has fewer; ``turn`` counts the draws before it."""
        names = list(self._grouped)
        weights = [len(pool) ** BALANCE for pool in self._grouped.values()]
        while len(self._plan) <= turn:
            name = seeded_random(f"{self._seed}/language/{len(self._plan)}").choices(names, weights)[0]
            self._plan.append((name, self._seen[name]))
            self._seen[name] += 1
        name, before = self._plan[turn]
        return [self._grouped[name][row] for row in self._passes[name].rows(before, count)]


def draw_packages(pairs: Sequence[TrainingPair], count: int, rng: random.Random) -> list[TrainingPair]:
    """Draw whole packages until there are ``count`` pairs, the last one cut.

    What a search confuses lies in one workspace: of 2,600 pairs drawn singly from all Go packages a trained encoder
    put 94 % of the right functions first, which leaves little to learn; of 13,300 in whole packages 85 %.
    """
    packages: dict[str, list[TrainingPair]] = {}
    for pair in pairs:
        packages.setdefault(pair.package, []).append(pair)
    drawn: list[TrainingPair] = []
    for name in rng.sample(sorted(packages), len(packages)):
        if len(drawn) >= count:
            break
        drawn += rng.sample(packages[name], min(len(packages[name]), count - len(drawn)))
    return drawn


def search_share(shares: Mapping[str, float]) -> float:
    """Share of the searches among what pools hold, docstring pairs and searches; shares need not add up to 1.

    Args:
        shares: Share of each source, one of the two above 0.
    """
    docstrings, searches = (shares.get(name, 0.0) for name in POOLED)
    return searches / (docstrings + searches)


def draw_pool(sizes: Mapping[str, float], search_share: float, rng: random.Random) -> str:
    """Draw a pool: searches by their share, languages by their size."""
    return rng.choices(list(sizes), _weights(sizes, search_share))[0]


def _weights(sizes: Mapping[str, float], search_share: float) -> list[float]:
    """How often each pool is drawn: searches by their share, languages by their sizes in what is left."""
    mined = sum(size for name, size in sizes.items() if name != SEARCHES)
    if not mined:
        return [1.0] * len(sizes)
    left = 1 - search_share if SEARCHES in sizes else 1.0
    return [search_share if name == SEARCHES else left * size / mined for name, size in sizes.items()]
