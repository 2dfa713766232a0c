"""Loading a model: the bundled weights, a folder, or a name in the local Hugging Face cache."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import os
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from .errors import ModelError
from .inference import CasCodeModel
from .serving import ServingNetwork, can_serve
from .settings import ModelSettings
from .text import TEXT_VERSION
from .tokenization import TextTokenizer, pad

if TYPE_CHECKING:
    from .modeling import CasCode

logger = logging.getLogger(__name__)

#: Environment variable that names another default model.
MODEL_VARIABLE = "CASCODE_MODEL"
WEIGHTS_FILE = "model.safetensors"
#: Tokens of the two texts that try a backbone, and what its vectors may differ by: rounding leaves 1e-6, a wrong place
#: or mask 0.1 and more.
_SHORT, _LONG, _SAME = 5, 9, 1e-3
_PICKLED_WEIGHTS = ("pytorch_model.bin", "pytorch_model.pt", "model.pt", "model.bin")


def bundled_folder() -> Path:
    """Folder of the weights that come with the package."""
    return Path(str(files("cascode_models") / "weights"))


def load_model(name_or_path: str | None = None, *, device: str | None = None) -> CasCodeModel:
    """Load a model for inference; nothing is downloaded and nothing is unpickled.

    Args:
        name_or_path: A folder, or a name in the local Hugging Face cache; None is the model that the
            environment variable ``CASCODE_MODEL`` names, else the bundled one.
        device: ``cpu`` or ``cuda``; None takes a GPU where there is one.

    Returns:
        The model, in bfloat16 where the hardware computes in it.

    Raises:
        ModelError: There is no such model, or it cannot be used.
    """
    folder = resolve_folder(name_or_path)
    device = _resolve_device(device)
    settings = _read_settings(folder)
    tokenizer = _read_tokenizer(folder, settings)
    network = _serving_network(settings, folder) if can_serve(settings.backbone) else _network(settings, folder)
    network.train(False).to(device=torch.device(device), dtype=fast_dtype(device))
    return CasCodeModel(
        network,
        settings,
        tokenizer,
        dimension=network.dimension,
        fingerprint=fingerprint(folder, settings, tokenizer),
        device=device,
    )


def resolve_folder(name_or_path: str | None) -> Path:
    """Return the folder of a model.

    Raises:
        ModelError: There is no such folder and no such name in the local cache.
    """
    name = name_or_path or os.environ.get(MODEL_VARIABLE)
    if not name:
        folder = bundled_folder()
        if not (folder / WEIGHTS_FILE).is_file():
            raise ModelError(
                f"the bundled weights are missing from {folder}: reinstall cascode, "
                f"or name a model folder with --model or {MODEL_VARIABLE}"
            )
        return folder
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder
    if folder.exists():
        raise ModelError(f"model {name!r} is a file: name the folder that holds its config.json")
    return _cached_folder(name)


def read_folder(folder: Path, *, head: bool = True) -> tuple[CasCode, ModelSettings, TextTokenizer]:
    """Read configuration, weights and tokenizer of a model folder into a float32 network on the CPU.

    Args:
        folder: The folder.
        head: Whether its classifier is read; without, whatever version made it does not matter.

    Raises:
        ModelError: The folder holds no model of this kind.
    """
    settings = _read_settings(folder)
    if not head:
        settings.head = "none"
    return _network(settings, folder), settings, _read_tokenizer(folder, settings)


def fast_dtype(device: str) -> torch.dtype:
    """Number format for inference: bfloat16 where the hardware computes in it, else float32."""
    if device == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    checks: list[Callable[[], bool] | None] = [
        getattr(torch.cpu, name, None) for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    ]
    if any(check is not None and check() for check in checks):
        return torch.bfloat16
    logger.info("encoding in float32: this processor does not compute in bfloat16")
    return torch.float32


def fingerprint(folder: Path, settings: ModelSettings, tokenizer: TextTokenizer) -> str:
    """Name everything that decides a function's vector: weights, tokenizer, shape and text preparation."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.safetensors")):
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    digest.update(tokenizer.to_json().encode())
    shape = [settings.pooling, settings.max_query_tokens, settings.max_text_tokens, TEXT_VERSION]
    digest.update(json.dumps(shape).encode())
    return digest.hexdigest()[:16]


def _resolve_device(device: str | None) -> str:
    """The device asked for, or the best there is."""
    available = torch.cuda.is_available()
    if device is None:
        return "cuda" if available else "cpu"
    if device not in ("cpu", "cuda"):
        raise ModelError(f"unknown device {device!r}: use cpu or cuda")
    if device == "cuda" and not available:
        raise ModelError("device 'cuda' was asked for but torch finds no CUDA device: use --device cpu")
    return device


def _cached_folder(name: str) -> Path:
    """Folder of a hub name in the local cache; the network is never asked."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, local_files_only=True))
    except (HFValidationError, LocalEntryNotFoundError, OSError, ValueError) as error:
        logger.debug("no cached model %s: %s", name, error)
        # A path is not a name that could be fetched.
        fix = (
            "check the path" if isinstance(error, HFValidationError) else f"check it, or run 'hf download {name}' first"
        )
        raise ModelError(f"model {name!r} is neither a folder nor in the local Hugging Face cache: {fix}") from None


def _require_files(folder: Path) -> None:
    """Refuse a folder without a configuration or with pickled weights only."""
    if not (folder / "config.json").is_file():
        raise ModelError(f"{folder} holds no config.json: name a folder written by save_pretrained")
    if not any(folder.glob("*.safetensors")):
        pickled = next((name for name in _PICKLED_WEIGHTS if (folder / name).is_file()), None)
        if pickled:
            raise ModelError(
                f"{folder} holds pickled weights only ({pickled}), which are never loaded: "
                f"convert them with save_pretrained of a recent transformers"
            )
        raise ModelError(f"{folder} holds no {WEIGHTS_FILE}: name a folder written by save_pretrained")


def _read_settings(folder: Path) -> ModelSettings:
    """Settings of our own export, or those that make a plain encoder a fast encoder."""
    _require_files(folder)
    path = folder / "config.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if "model_type" not in content:
            raise ModelError(f"{path} has no model_type: it is not a transformers model")
        if content["model_type"] == "cascode":
            known = {field.name for field in dataclasses.fields(ModelSettings)}
            return ModelSettings(**{name: value for name, value in content.items() if name in known})
        limit = int(content.get("max_position_embeddings", 512)) - 2
        settings = ModelSettings(backbone=content, pooling=_pooling(folder), head="none")
        settings.max_text_tokens = min(settings.max_text_tokens, limit)
        settings.max_query_tokens = min(settings.max_query_tokens, limit)
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise ModelError(f"{path} cannot be read as a model configuration: {error}") from error
    return settings


#: Front of the flags in the pooling's settings.
_FLAG = "pooling_mode_"


def _pooling(folder: Path) -> str:
    """Pooling of a sentence-transformers folder; the mean where it says nothing.

    Raises:
        ModelError: It is neither the mean nor the first token.
    """
    path = folder / "1_Pooling" / "config.json"
    if not path.is_file():
        return "mean"
    content = json.loads(path.read_text(encoding="utf-8"))
    # Earlier versions write a flag for each mode, those from 6 on one name.
    modes = [name.removeprefix(_FLAG) for name, on in content.items() if name.startswith(_FLAG) and on is True]
    mode = content.get("pooling_mode") or "+".join(modes) or "mean"
    known = {"cls": "first", "cls_token": "first", "mean": "mean", "mean_tokens": "mean"}
    if mode not in known:
        raise ModelError(f"{path} pools by {mode}: only mean pooling and the first token (CLS) are supported")
    return known[mode]


def _serving_network(settings: ModelSettings, folder: Path) -> ServingNetwork:
    """The network that inference runs for the common shapes."""
    tensors = _read_weights(folder)
    try:
        network = ServingNetwork(settings)
        network.load_backbone(tensors)
    except KeyError as error:
        raise _missing_weight(folder, str(error.args[0])) from error
    except (RuntimeError, ValueError, TypeError) as error:
        raise _unfit(folder, " ".join(str(error).split())) from error
    return network


def _network(settings: ModelSettings, folder: Path) -> CasCode:
    """The network of any backbone, as training needs it."""
    from .configuration import CasCodeConfig
    from .modeling import CasCode

    try:
        network = CasCode(CasCodeConfig(**dataclasses.asdict(settings)))
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise _unusable(folder, " ".join(str(error).split()) or type(error).__name__) from error
    tensors = _read_weights(folder)
    wanted = network.state_dict()
    missing = [name for name in wanted if name not in tensors]
    if missing:
        raise _missing_weight(folder, missing[0])
    try:
        network.load_state_dict({name: tensors[name] for name in wanted})
    except RuntimeError as error:
        raise _unfit(folder, " ".join(str(error).split())) from error
    if not _encodes_alike(network):
        raise _unusable(
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


def _unusable(folder: Path, reason: str) -> ModelError:
    """The error of a model that is not an encoder of the kind computed here."""
    return ModelError(f"{folder} is not an encoder that can be used ({reason}): name a BERT- or RoBERTa-like model")


def _unfit(folder: Path, reason: str) -> ModelError:
    """The error of weights that do not belong to their configuration."""
    return ModelError(f"the weights in {folder} do not fit its config.json ({reason}): fetch or export the model again")


def _missing_weight(folder: Path, name: str) -> ModelError:
    """The error of a missing weight: that of a head, where the classifier was made by another version."""
    if name.startswith("head."):
        return ModelError(
            f"the classifier in {folder} is of another version ({name} is missing): train a new head (new_head: true)"
        )
    return _unfit(folder, f"{name} is missing")


def _read_weights(folder: Path) -> dict[str, torch.Tensor]:
    """The weights of a folder by the names of :class:`cascode_models.modeling.CasCode`."""
    tensors: dict[str, torch.Tensor] = {}
    try:
        for path in sorted(folder.glob("*.safetensors")):
            tensors.update(load_file(path))
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{folder} holds damaged weights ({error}): fetch or export the model again") from error
    if any(name.startswith("backbone.") for name in tensors):
        return tensors
    return {f"backbone.{_bare(name)}": value for name, value in tensors.items()}


def _bare(name: str) -> str:
    """A weight's name without the prefix that models with a task head carry."""
    for prefix in ("bert.", "roberta.", "model."):
        if name.startswith(prefix):
            return name[len(prefix) :]
    return name


def _read_tokenizer(folder: Path, settings: ModelSettings) -> TextTokenizer:
    """The fast tokenizer of a folder, converted from older files where it has no tokenizer.json."""
    from tokenizers import Tokenizer

    pad_id = int(settings.backbone.get("pad_token_id") or 0)
    path = folder / "tokenizer.json"
    if path.is_file():
        try:
            return TextTokenizer(Tokenizer.from_file(str(path)), pad_id)
        except Exception as error:  # the library raises bare Exception
            raise ModelError(f"{path} is damaged ({error}): fetch or export the model again") from error
    from transformers import AutoTokenizer

    try:
        converted = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        return TextTokenizer(Tokenizer.from_str(converted.backend_tokenizer.to_str()), pad_id)
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise ModelError(f"{folder} has no readable tokenizer: add its tokenizer.json") from error
