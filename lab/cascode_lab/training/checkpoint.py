"""Checkpoints: everything that a killed run needs to continue as if nothing had happened."""

from __future__ import annotations

import json
import os
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

from cascode_models.errors import ModelError
from cascode_models.writing import replacing, write_tensors

CHECKPOINT = "checkpoint.safetensors"


def save_checkpoint(folder: Path, stage: str, step: int, run: str, tensors: dict[str, torch.Tensor]) -> None:
    """Write a checkpoint whole or not at all.

    Args:
        folder: Folder of the run.
        stage: Stage in progress.
        step: Steps of that stage already taken.
        run: Digest of settings and data; a checkpoint of another run is refused.
        tensors: Weights and optimiser state.

    Raises:
        ModelError: It cannot be written: the disk is full, for example.
    """
    about = {"run": json.dumps({"stage": stage, "step": step, "digest": run})}
    with replacing(folder, CHECKPOINT) as (partial,):
        write_tensors(partial, lambda path: save_file(tensors, path, metadata=about))
        # Open for writing: Windows writes no file through that is open for reading alone.
        with partial.open("r+b") as file:
            os.fsync(file.fileno())


def load_checkpoint(folder: Path, run: str) -> tuple[str, int, dict[str, torch.Tensor]] | None:
    """Read the checkpoint of a run.

    Args:
        folder: Folder of the run.
        run: Digest of settings and data.

    Returns:
        Stage, steps taken and tensors, or None where there is no checkpoint yet.

    Raises:
        ModelError: It is damaged or belongs to other settings or data.
    """
    path = folder / CHECKPOINT
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            state = json.loads((file.metadata() or {})["run"])
        tensors = load_file(path)
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise ModelError(f"{path} is damaged ({error}): delete it to begin again") from error
    if state["digest"] != run:
        raise ModelError(f"{path} was made with other settings or data: use the same ones, or another output folder")
    return str(state["stage"]), int(state["step"]), tensors
