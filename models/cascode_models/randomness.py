"""Seeded randomness for sampling and training."""

from __future__ import annotations

import random


def seeded_random(seed: str) -> random.Random:
    """A generator that draws the same for the same seed on every machine; nothing secret comes from it."""
    return random.Random(seed)  # noqa: S311 - reproducible draws, no secrets
