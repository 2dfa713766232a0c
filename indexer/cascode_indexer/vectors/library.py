"""Imports FAISS when it is first needed, and says how to install it where it is missing."""

from __future__ import annotations

from typing import Any

from cascode_indexer.errors import CascodeError


def load_faiss() -> Any:
    """Return the ``faiss`` module.

    Raises:
        CascodeError: FAISS is not installed, or two of its wheels have overwritten each other.
    """
    try:
        import faiss
    except ImportError as error:
        raise CascodeError(
            f"FAISS cannot be loaded ({error}); install exactly one of: pip install faiss-cpu "
            "or, for an NVIDIA GPU, pip install faiss-gpu-cu12"
        ) from error
    return faiss


def has_gpu() -> bool:
    """Say whether FAISS can use a GPU here: the GPU wheel and a device, not the wheel alone."""
    faiss = load_faiss()
    return hasattr(faiss, "StandardGpuResources") and faiss.get_num_gpus() > 0
