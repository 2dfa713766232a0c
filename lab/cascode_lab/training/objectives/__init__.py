"""Objectives of training, one class in a file of its own: a new file here is an objective that a stage can name."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from .objective import ENCODER_SCORES, OBJECTIVES, Objective, Scores, make_objectives

for _module in pkgutil.iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["ENCODER_SCORES", "OBJECTIVES", "Objective", "Scores", "make_objectives"]
