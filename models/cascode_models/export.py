"""Writing a model folder that :func:`cascode_models.load.load_model` reads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors.torch import save_file

from .folder import STATES_FILE, WEIGHTS_FILE
from .writing import replacing, write_tensors

if TYPE_CHECKING:
    from .modeling import CasCode
    from .tokenization import TextTokenizer

#: Without it a folder is no model's.
CONFIGURATION = "config.json"


def export_model(
    network: CasCode, tokenizer: TextTokenizer, folder: Path, *, dtype: torch.dtype = torch.float16
) -> Path:
    """Write configuration, weights and tokenizer of a model, in place of one that is there.

    Token states that are kept there go: they belong to the weights before.

    Args:
        network: The model.
        tokenizer: Its tokenizer.
        folder: Where to write; made where it is missing.
        dtype: Number format of the weights; float16 halves the file and changes no ranking.

    Returns:
        The folder.

    Raises:
        ModelError: The weights cannot be written: the disk is full, for example.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: value.detach().to("cpu", dtype).contiguous() for name, value in network.state_dict().items()}
    network.config.architectures = ["CasCode"]
    with replacing(folder, WEIGHTS_FILE, "tokenizer.json", CONFIGURATION) as (weights, vocabulary, configuration):
        write_tensors(weights, lambda path: save_file(tensors, path, metadata={"format": "pt"}))
        vocabulary.write_text(tokenizer.to_json(), encoding="utf-8")
        network.config.to_json_file(configuration, use_diff=False)
        forget_model(folder)
    return folder


def forget_model(folder: Path) -> None:
    """Make a folder none of a model until its configuration is written: a kill leaves no mixture of two models."""
    for name in (CONFIGURATION, STATES_FILE):
        (folder / name).unlink(missing_ok=True)
