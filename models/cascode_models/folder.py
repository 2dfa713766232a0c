"""A model folder: where it is, its settings, its tokenizer, its weights by name, and what it is known by."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import os
import re
from contextlib import ExitStack
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from .errors import ModelError
from .settings import ModelSettings, unusual_parts
from .text import TEXT_VERSION
from .tokenization import LibraryTokenizer, TextTokenizer, WordPieceTokenizer
from .types import FloatArray
from .wordpiece import read_wordpiece

logger = logging.getLogger(__name__)

#: Environment variable that names another default model.
MODEL_VARIABLE = "CASCODE_MODEL"
WEIGHTS_FILE = "model.safetensors"
#: Says how fingerprints are made: those that are kept of another way are worked out again. Raise the hundreds with
#: :func:`fingerprint`.
FINGERPRINT_VERSION = 100 + TEXT_VERSION
#: What installs the engine of every model.
INSTALL_TORCH = 'pip install "cascode[torch]"'
#: Holds what packs token states: see :mod:`cascode_models.token_states`. A folder without it keeps none.
STATES_FILE = "token_states.safetensors"
#: A model's name on the hub: an owner, mostly, and a name. Two dots or dashes in a row stand in neither.
_HUB_NAME = re.compile(r"(?!.*(?:--|\.\.))(?:[\w][\w.-]*/)?[\w][\w.-]*", re.ASCII)
_REVISION = re.compile(r"[0-9a-f]{40}")
_PICKLED_WEIGHTS = ("pytorch_model.bin", "pytorch_model.pt", "model.pt", "model.bin")


def bundled_folder() -> Path:
    """Folder of the weights that come with the package."""
    return Path(str(files("cascode_models") / "weights"))


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


def read_settings(folder: Path) -> ModelSettings:
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


def read_tokenizer(folder: Path, settings: ModelSettings) -> TextTokenizer:
    """The tokenizer of a folder: BERT's is computed here, others by their library, converted from older files.

    Which of the two depends on the folder alone, so that a fingerprint does not depend on what is installed.
    """
    pad_id = int(settings.backbone.get("pad_token_id") or 0)
    path = folder / "tokenizer.json"
    if path.is_file():
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            found = read_wordpiece(content)
            if found is not None:
                return WordPieceTokenizer(*found, content, pad_id)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise _damaged_tokenizer(path, error) from error
    try:
        from tokenizers import Tokenizer
    except ImportError:
        raise ModelError(f"the tokenizer of {folder} is not BERT's and needs a library: {INSTALL_TORCH}") from None
    if path.is_file():
        try:
            return LibraryTokenizer(Tokenizer.from_file(str(path)), pad_id)
        except Exception as error:  # the library raises bare Exception
            raise _damaged_tokenizer(path, error) from error
    try:
        from transformers import AutoTokenizer
    except ImportError:
        raise ModelError(
            f"{folder} has no tokenizer.json, and converting its older files needs torch: {INSTALL_TORCH}"
        ) from None
    try:
        converted = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        return LibraryTokenizer(Tokenizer.from_str(converted.backend_tokenizer.to_str()), pad_id)
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise ModelError(f"{folder} has no readable tokenizer: add its tokenizer.json") from error


def _damaged_tokenizer(path: Path, error: Exception) -> ModelError:
    """The error of a tokenizer file that cannot be read."""
    return ModelError(f"{path} is damaged ({error}): fetch or export the model again")


def fingerprint(folder: Path, settings: ModelSettings, tokenizer: TextTokenizer) -> str:
    """Name everything that decides a function's vector: weights, tokenizer, shape and text preparation.

    Of the backbone's configuration what is usual is left out, as from the first fingerprints: indexes made by them
    stay valid.
    """
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.safetensors")):
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    digest.update(tokenizer.to_json().encode())
    shape = [settings.pooling, settings.max_query_tokens, settings.max_text_tokens, TEXT_VERSION]
    digest.update(json.dumps(shape).encode())
    unusual = unusual_parts(settings.backbone)
    if unusual:
        digest.update(json.dumps(unusual, sort_keys=True).encode())
    return digest.hexdigest()[:16]


def weight_files(folder: Path) -> list[Path]:
    """The files of a model's weights; what keeps its token states stands beside them."""
    return sorted(path for path in folder.glob("*.safetensors") if path.name != STATES_FILE)


class WeightFiles:
    """The weights of a folder by the names of :class:`cascode_models.modeling.CasCode`, each read when asked for.

    Args:
        folder: The folder; a context manager, since its files are open meanwhile.

    Raises:
        ModelError: The weights are damaged.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open = ExitStack()
        self._found: dict[str, tuple[Any, str]] = {}
        try:
            for path in weight_files(folder):
                file = self._open.enter_context(safe_open(path, "np"))
                self._found |= {name: (file, name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        except (SafetensorError, OSError) as error:
            self._open.close()
            raise damaged(folder, error) from error
        self._found = renamed(self._found)

    def __contains__(self, name: str) -> bool:
        return name in self._found

    def read(self, name: str, *shape: int, dtype: type[np.floating[Any]] | None = np.float32) -> FloatArray:
        """A weight.

        Args:
            name: Its name.
            shape: What the configuration says it is.
            dtype: Number format it is wanted in; None for its own.

        Raises:
            ModelError: It is missing, or has another shape.
        """
        if name not in self._found:
            raise missing_weight(self._folder, name)
        file, own_name = self._found[name]
        try:
            values = file.get_tensor(own_name)
        except (SafetensorError, TypeError) as error:  # a number format that NumPy has not
            raise unfit(self._folder, f"{name} cannot be read: {error}") from error
        if values.shape != shape:
            raise unfit(self._folder, f"{name} is {list(values.shape)}, not {list(shape)}")
        converted: FloatArray = values if dtype is None else values.astype(dtype)
        return converted

    def formats(self) -> set[str]:
        """Number formats of the weights, as safetensors names them."""
        return {str(file.get_slice(name).get_dtype()) for file, name in self._found.values()}

    def __enter__(self) -> WeightFiles:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._found.clear()
        self._open.close()


def renamed(weights: dict[str, Any]) -> dict[str, Any]:
    """Weights by the names of our own export, whoever wrote them."""
    if any(name.startswith("backbone.") for name in weights):
        return weights
    return {f"backbone.{_bare(name)}": value for name, value in weights.items()}


def _bare(name: str) -> str:
    """A weight's name without the prefix that models with a task head carry."""
    for prefix in ("bert.", "roberta.", "model."):
        if name.startswith(prefix):
            return name[len(prefix) :]
    return name


def unusable(folder: Path, reason: str) -> ModelError:
    """The error of a model that is not an encoder of the kind computed here."""
    return ModelError(f"{folder} is not an encoder that can be used ({reason}): name a BERT- or RoBERTa-like model")


def unfit(folder: Path, reason: str) -> ModelError:
    """The error of weights that do not belong to their configuration."""
    return ModelError(f"the weights in {folder} do not fit its config.json ({reason}): fetch or export the model again")


def missing_weight(folder: Path, name: str) -> ModelError:
    """The error of a missing weight: that of a head, where the classifier was made by another version."""
    if name.startswith("head."):
        return ModelError(
            f"the classifier in {folder} is of another version ({name} is missing): train a new head (new_head: true)"
        )
    return unfit(folder, f"{name} is missing")


def damaged(folder: Path, error: Exception) -> ModelError:
    """The error of weights that cannot be read."""
    return ModelError(f"{folder} holds damaged weights ({error}): fetch or export the model again")


def _cached_folder(name: str) -> Path:
    """Folder of a hub name in the local cache, as the hub's client lays it out; the network is never asked."""
    fix = "check the path"
    if _HUB_NAME.fullmatch(name):
        fix = f"check it, or run 'hf download {name}' first"
        repository = _hub_cache() / f"models--{name.replace('/', '--')}"
        try:
            revision = (repository / "refs" / "main").read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            logger.debug("no cached model %s: %s", name, error)
        else:
            folder = repository / "snapshots" / revision
            if _REVISION.fullmatch(revision) and folder.is_dir():
                return folder
    raise ModelError(f"model {name!r} is neither a folder nor in the local Hugging Face cache: {fix}")


def _hub_cache() -> Path:
    """Where the hub's client keeps what it fetched."""
    cache = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE")
    if cache:
        return Path(cache).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(os.environ.get("HF_HOME") or Path(base) / "huggingface").expanduser() / "hub"


def _require_files(folder: Path) -> None:
    """Refuse a folder without a configuration or with pickled weights only."""
    if not (folder / "config.json").is_file():
        raise ModelError(f"{folder} holds no config.json: name a folder written by save_pretrained")
    if not weight_files(folder):
        pickled = next((name for name in _PICKLED_WEIGHTS if (folder / name).is_file()), None)
        if pickled:
            raise ModelError(
                f"{folder} holds pickled weights only ({pickled}), which are never loaded: "
                f"convert them with save_pretrained of a recent transformers"
            )
        raise ModelError(f"{folder} holds no {WEIGHTS_FILE}: name a folder written by save_pretrained")


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
