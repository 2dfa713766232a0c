"""Loading a model, with the engine that suits it.

OpenVINO computes BERT and RoBERTa shapes whose texts are read by themselves, which the bundled model is; torch computes
every model, and on a GPU. Where both could, OpenVINO does: it encodes as fast, is imported in a tenth of the time and
holds less memory (ARCHITECTURE.md has the figures).
"""

from __future__ import annotations

import ctypes
import logging
import os
import sys
from importlib.util import find_spec
from pathlib import Path

from .errors import ModelError
from .folder import (
    FINGERPRINT_VERSION,
    INSTALL_TORCH,
    MODEL_VARIABLE,
    WeightFiles,
    bundled_folder,
    fingerprint,
    read_settings,
    read_tokenizer,
    resolve_folder,
)
from .inference import CasCodeModel, Network
from .late import CLOSED_GATE
from .prepared import Prepared
from .settings import ModelSettings, has_common_shape
from .token_states import read_codec

__all__ = ["ENGINE_VARIABLE", "INSTALL_TORCH", "MODEL_VARIABLE", "bundled_folder", "load_model", "resolve_folder"]

logger = logging.getLogger(__name__)

#: Environment variable that names the engine: ``openvino`` or ``torch``; ``auto``, or nothing, chooses.
ENGINE_VARIABLE = "CASCODE_ENGINE"
_ENGINES = ("auto", "openvino", "torch")
_DEVICES = ("cpu", "cuda")
#: Number formats of weights that NumPy reads.
_READABLE = {"F16", "F32", "F64"}


def load_model(
    name_or_path: str | None = None, *, device: str | None = None, prepared: Path | None = None
) -> CasCodeModel:
    """Load a model for inference; nothing is downloaded and nothing is unpickled.

    Args:
        name_or_path: A folder, or a name in the local Hugging Face cache; None is the model that the
            environment variable ``CASCODE_MODEL`` names, else the bundled one.
        device: ``cpu`` or ``cuda``; None takes a GPU where there is one.
        prepared: A folder that this user alone can write; what is worked out of the model is kept there, and the next
            call loads it in a fraction of the time. None keeps nothing.

    Returns:
        The model, in bfloat16 where the hardware computes in it.

    Raises:
        ModelError: There is no such model, or it cannot be used, or not without torch, which is missing.
    """
    if device is not None and device not in _DEVICES:
        raise ModelError(f"unknown device {device!r}: use cpu or cuda")
    folder = resolve_folder(name_or_path)
    settings = read_settings(folder)
    engine, reason = _choose(folder, settings, device)
    tokenizer = read_tokenizer(folder, settings)
    kept = None if prepared is None else Prepared(prepared)

    def work_out() -> str:
        return fingerprint(folder, settings, tokenizer)

    known_as = work_out() if kept is None else kept.fingerprint(folder, FINGERPRINT_VERSION, work_out)
    network: Network
    if engine == "openvino":
        from .openvino_network import load_network as load_light

        network, dimension = load_light(folder, settings, tokenizer.pad_id, known_as, kept)
    else:
        from .torch_load import checked_device, load_network

        network, dimension = load_network(folder, settings, tokenizer.pad_id, checked_device(device))
    model = CasCodeModel(
        network,
        settings,
        tokenizer,
        dimension=dimension,
        fingerprint=known_as,
        codec=read_codec(folder, dimension),
        engine_reason=reason,
    )
    logger.info("the model in %s is computed by %s", folder, model.engine)
    return model


def needs_torch(folder: Path, settings: ModelSettings) -> str | None:
    """Say why a model cannot be computed without torch; None where it can."""
    backbone = settings.backbone
    if not has_common_shape(backbone):
        return f"its backbone is a {backbone.get('model_type')} with parts of its own"
    if not (folder / "tokenizer.json").is_file():
        return "its tokenizer must be converted first"
    with WeightFiles(folder) as weights:
        others = sorted(weights.formats() - _READABLE)
        if others:
            return f"its weights are in {', '.join(others)}"
        if settings.head not in ("none", "late"):
            return f"its classifier reads pairs (head {settings.head!r})"
        if settings.head == "late" and "head.gates" in weights:
            layers, heads = (int(backbone[name]) for name in ("num_hidden_layers", "num_attention_heads"))
            if (weights.read("head.gates", layers, heads) > CLOSED_GATE).any():
                return "its classifier reads pairs (open gates)"
    return None


def _choose(folder: Path, settings: ModelSettings, device: str | None) -> tuple[str, str]:
    """The engine that computes a model, and why.

    Raises:
        ModelError: None that is installed can, or the one asked for cannot.
    """
    asked = os.environ.get(ENGINE_VARIABLE) or "auto"
    if asked not in _ENGINES:
        raise ModelError(f"{ENGINE_VARIABLE} is {asked!r}: use {', '.join(_ENGINES)}")
    if asked == "torch":
        return _torch(f"{ENGINE_VARIABLE} asks for it", folder)
    if device == "cuda":
        return _torch("device 'cuda' was asked for", folder)
    reason = needs_torch(folder, settings)
    if asked == "openvino":
        if reason:
            raise ModelError(f"{folder} cannot be computed without torch ({reason}): unset {ENGINE_VARIABLE}")
        if not find_spec("openvino"):
            raise ModelError(
                f"{ENGINE_VARIABLE} asks for OpenVINO, which is not installed: pip install openvino, or unset it"
            )
        return asked, f"{ENGINE_VARIABLE} asks for it"
    if reason:
        return _torch(reason, folder)
    if device is None and _may_have_gpu() and find_spec("torch"):
        import torch

        if torch.cuda.is_available():
            return "torch", "there is a GPU"
    if not find_spec("openvino"):
        return _torch("OpenVINO is not installed", folder)
    return "openvino", "it computes this model without torch"


def _torch(reason: str, folder: Path) -> tuple[str, str]:
    """Choose torch, which must be there."""
    missing = [name for name in ("torch", "transformers") if not find_spec(name)]
    if missing:
        raise ModelError(f"{folder} needs torch ({reason}): {INSTALL_TORCH}")
    return "torch", reason


def _may_have_gpu() -> bool:
    """Whether NVIDIA's driver is installed: torch, which takes a second to import, is asked only then."""
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True
