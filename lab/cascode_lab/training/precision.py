"""The number format that a run computes in: bfloat16 where the hardware does, float32 elsewhere."""

from __future__ import annotations

import torch

from cascode_models.torch_load import fast_dtype

#: As settings name them. ``auto`` asks the hardware: where bfloat16 is only emulated a product takes 90 times as long.
PRECISIONS = ("auto", "bfloat16", "float32")
#: Widths of batches are rounded up to it: bfloat16's kernels work on tiles of 32 and are slow on odd widths; those of
#: float32 work on vectors of 8, and padding is wasted.
WIDTH_MULTIPLES = {torch.bfloat16: 32, torch.float32: 8}
#: Texts encoded together where settings do not say: 64 fill a processor with bfloat16 tiles, and a GPU. In float32, 16
#: of similar length need three quarters of the time that 64 do: less padding, and layers that fit the cache.
CHUNKS = {torch.bfloat16: 64, torch.float32: 16}


def compute_dtype(precision: str, device: str) -> torch.dtype:
    """The number format of a run; the optimiser keeps the weights in float32 whatever it is.

    Args:
        precision: One of :data:`PRECISIONS`.
        device: ``cpu`` or ``cuda``.
    """
    if precision == "auto":
        # float16, which older GPUs would serve in, has too little range for gradients.
        return torch.bfloat16 if fast_dtype(device) == torch.bfloat16 else torch.float32
    return torch.bfloat16 if precision == "bfloat16" else torch.float32


def name_of(dtype: torch.dtype) -> str:
    """How progress and errors name a format."""
    return str(dtype).removeprefix("torch.")
