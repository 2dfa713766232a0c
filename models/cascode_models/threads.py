"""CPU threads of torch."""

from __future__ import annotations

import functools


@functools.cache
def default_threads() -> int:
    """Return how many CPU threads torch takes by itself; asked first before anything sets another count."""
    import torch

    return torch.get_num_threads()
