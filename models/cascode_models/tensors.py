"""Padded batches as tensors of torch: :mod:`cascode_models.tokenization` lays them out."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from . import tokenization
from .tokenization import PairLayout


def pad(rows: Sequence[Sequence[int]], pad_id: int, multiple: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and attention mask of :func:`cascode_models.tokenization.pad`."""
    ids, mask = tokenization.pad(rows, pad_id, multiple)
    return torch.from_numpy(ids), torch.from_numpy(mask)


def pair(
    queries: Sequence[Sequence[int]],
    functions: Sequence[Sequence[int]],
    pad_id: int,
    layout: PairLayout,
    multiple: int = 1,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Ids, attention mask and segments of :func:`cascode_models.tokenization.pair`."""
    ids, mask, segments = tokenization.pair(queries, functions, pad_id, layout, multiple)
    return torch.from_numpy(ids), torch.from_numpy(mask), torch.from_numpy(segments)
