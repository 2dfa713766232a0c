"""Numbers among the arguments of commands, whose mistakes are explained in everyday words."""

from __future__ import annotations

import math
from typing import Any

import click


class WholeNumber(click.IntRange):
    """A whole number, within bounds where they are given; click would call it an integer range."""

    name = "whole number"


class Number(click.FloatRange):
    """A number, within bounds where they are given; click would call it a float range."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refuse also what is no number or has no end, which no bound refuses."""
        found = super().convert(value, param, ctx)
        if not math.isfinite(found):
            self.fail(f"{value!r} is not a valid {self.name}.", param, ctx)
        return found
