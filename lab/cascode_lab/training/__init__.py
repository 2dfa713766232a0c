"""Training: from mined pairs and a preset to a model folder."""

from __future__ import annotations

from .config import TrainingConfig, load_preset
from .run import run, train

__all__ = ["TrainingConfig", "load_preset", "run", "train"]
