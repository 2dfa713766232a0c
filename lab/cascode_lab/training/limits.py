"""What settings of training may be: each check refuses a value with a line that names it."""

from __future__ import annotations

from cascode_models.errors import ModelError


def check_share(name: str, share: float) -> None:
    """Refuse a setting that is not a share."""
    if not 0 <= share <= 1:
        raise ModelError(f"training settings: {name} is {share}, it must be 0 to 1")


def check_least(name: str, value: float, least: int) -> None:
    """Refuse a setting below the least that means something, or that is no number."""
    if not value >= least:
        raise ModelError(f"training settings: {name} is {value}, it must be {least} or more")


def check_above(name: str, value: float, least: int) -> None:
    """Refuse a setting that is not more than that, or that is no number."""
    if not value > least:
        raise ModelError(f"training settings: {name} is {value}, it must be above {least}")


def check_length(tokens: int, places: int | None, what: str) -> None:
    """Refuse settings whose texts of so many tokens a model has no places for; ``what`` names it in the error."""
    if places is not None and tokens > places:
        raise ModelError(f"training settings: texts of {tokens} tokens do not fit {what}, which reads {places}")
