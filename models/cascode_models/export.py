"""Writing a model folder that :func:`cascode_models.load.load_model` reads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors.torch import save_file

if TYPE_CHECKING:
    from .modeling import CasCode
    from .tokenization import TextTokenizer


def export_model(
    network: CasCode, tokenizer: TextTokenizer, folder: Path, *, dtype: torch.dtype = torch.float16
) -> Path:
    """Write configuration, weights and tokenizer of a model.

    Args:
        network: The model.
        tokenizer: Its tokenizer.
        folder: Where to write; made where it is missing.
        dtype: Number format of the weights; float16 halves the file and changes no ranking.

    Returns:
        The folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: value.detach().to("cpu", dtype).contiguous() for name, value in network.state_dict().items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    network.config.architectures = ["CasCode"]
    network.config.to_json_file(folder / "config.json", use_diff=False)
    (folder / "tokenizer.json").write_text(tokenizer.to_json(), encoding="utf-8")
    return folder
