"""Numbers among the arguments of commands, whose mistakes are explained in words of every day."""

from __future__ import annotations

import click


class WholeNumber(click.IntRange):
    """A whole number, within bounds where they are given; click would call it an integer range."""

    name = "whole number"


class Number(click.FloatRange):
    """A number, within bounds where they are given; click would call it a float range."""

    name = "number"
