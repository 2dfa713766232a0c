"""Loading a model with torch: any backbone, any head, CPU or GPU, and for training."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from .errors import ModelError
from .folder import damaged, missing_weight, read_settings, read_tokenizer, renamed, unfit, unusable, weight_files
from .serving import ServingNetwork
from .settings import ModelSettings, has_common_shape
from .tensors import pad
from .tokenization import TextTokenizer
from .torch_network import TorchNetwork

if TYPE_CHECKING:
    from .modeling import CasCode

logger = logging.getLogger(__name__)

#: Tokens of the two texts that try a backbone, and what its vectors may differ by: rounding leaves 1e-6, a wrong place
#: or mask 0.1 and more.
_SHORT, _LONG, _SAME = 5, 9, 1e-3


def load_network(folder: Path, settings: ModelSettings, pad_id: int, device: str) -> tuple[TorchNetwork, int]:
    """Load a network for inference, in bfloat16 where the hardware computes in it.

    Args:
        folder: The model's folder.
        settings: Its settings.
        pad_id: Id of the padding token.
        device: ``cpu`` or ``cuda``, which exists: :func:`checked_device`.

    Returns:
        The network, and the width of a vector.

    Raises:
        ModelError: The folder holds no model of this kind.
    """
    common = has_common_shape(settings.backbone)
    module = _serving_network(settings, folder) if common else _network(settings, folder)
    module.train(False).to(device=torch.device(device), dtype=fast_dtype(device))
    return TorchNetwork(module, pad_id=pad_id, head=settings.head, device=device), int(module.dimension)


def read_folder(folder: Path, *, head: bool = True) -> tuple[CasCode, ModelSettings, TextTokenizer]:
    """Read configuration, weights and tokenizer of a model folder into a float32 network on the CPU.

    Args:
        folder: The folder.
        head: Whether its classifier is read; without, whatever version made it does not matter.

    Raises:
        ModelError: The folder holds no model of this kind.
    """
    settings = read_settings(folder)
    if not head:
        settings.head = "none"
    return _network(settings, folder), settings, read_tokenizer(folder, settings)


def fast_dtype(device: str) -> torch.dtype:
    """Number format for inference: bfloat16 where the hardware computes in it; else float32, or float16 on a GPU."""
    if device == "cuda":
        # GPUs before Ampere emulate it, slower than they compute in float32; torch counts them unless asked not to.
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    checks: list[Callable[[], bool] | None] = [
        getattr(torch.cpu, name, None) for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    ]
    if any(check is not None and check() for check in checks):
        return torch.bfloat16
    logger.info("encoding in float32: this processor does not compute in bfloat16")
    return torch.float32


def checked_device(device: str | None) -> str:
    """The device asked for, or the best there is.

    Raises:
        ModelError: torch finds no such device.
    """
    available = torch.cuda.is_available()
    if device is None:
        return "cuda" if available else "cpu"
    if device == "cuda" and not available:
        raise ModelError("device 'cuda' was asked for but torch finds no CUDA device: use --device cpu")
    return device


def _serving_network(settings: ModelSettings, folder: Path) -> ServingNetwork:
    """The network that inference runs for the common shapes."""
    tensors = _read_weights(folder)
    try:
        network = ServingNetwork(settings)
        network.load_backbone(tensors)
    except KeyError as error:
        raise missing_weight(folder, str(error.args[0])) from error
    except (RuntimeError, ValueError, TypeError) as error:
        raise unfit(folder, " ".join(str(error).split())) from error
    return network


def _network(settings: ModelSettings, folder: Path) -> CasCode:
    """The network of any backbone, as training needs it."""
    from .configuration import CasCodeConfig
    from .modeling import CasCode

    try:
        network = CasCode(CasCodeConfig(**dataclasses.asdict(settings)))
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise unusable(folder, " ".join(str(error).split()) or type(error).__name__) from error
    tensors = _read_weights(folder)
    wanted = network.state_dict()
    missing = [name for name in wanted if name not in tensors]
    if missing:
        raise missing_weight(folder, missing[0])
    try:
        network.load_state_dict({name: tensors[name] for name in wanted})
    except RuntimeError as error:
        raise unfit(folder, " ".join(str(error).split())) from error
    if not _encodes_alike(network):
        raise unusable(
            folder, f"a {settings.backbone['model_type']} model handles padding and positions in its own way"
        )
    return network


def _encodes_alike(network: CasCode) -> bool:
    """Whether a text's vector beside a longer one is what the backbone, called by itself, gives for it alone.

    Backbones that number places or take masks in a way of their own would give vectors that look like any others.
    """
    backbone, padding = network.backbone, network.backbone.config.pad_token_id or 0
    # From 2 on: 0 and 1 are what models take for padding, whatever their configuration says.
    tokens = [token for token in range(2, _LONG + 3) if token != padding]
    rows = [tokens[:_SHORT], tokens[:_LONG]]
    was_training = network.training
    network.train(False)
    try:
        with torch.inference_mode():
            beside = network.encode(*pad(rows, padding))[0]
            states = backbone(input_ids=torch.tensor(rows[:1])).last_hidden_state
            alone = network.pool(states, torch.ones(1, _SHORT))[0]
    except (RuntimeError, ValueError, TypeError, LookupError, AttributeError) as error:
        logger.debug("the backbone cannot be called as an encoder: %s", error)
        return False
    finally:
        network.train(was_training)
    return bool(torch.allclose(beside, alone, atol=_SAME))


def _read_weights(folder: Path) -> dict[str, torch.Tensor]:
    """The weights of a folder by the names of :class:`cascode_models.modeling.CasCode`."""
    tensors: dict[str, torch.Tensor] = {}
    try:
        for path in weight_files(folder):
            tensors.update(load_file(path))
    except (SafetensorError, OSError) as error:
        raise damaged(folder, error) from error
    return renamed(tensors)
