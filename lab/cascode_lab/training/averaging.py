"""Weights between two models of one family: what one has learned for a task, and what the other knew before."""

from __future__ import annotations

from pathlib import Path

import torch

from cascode_models.errors import ModelError
from cascode_models.export import export_model
from cascode_models.torch_load import read_folder

#: Of one vocabulary, two tokenizers may still differ in what they do with letter case, accents and marks.
_SAMPLE = "def retry_failed_upload(path, attempts=3): raise ConnectionError('gave up') # naïve"
_ENCODER = "backbone."


def average(model: Path, other: Path, share: float, output: Path) -> Path:
    """Average the encoders of two models, weight by weight (model soups: Wortsman et al., 2022; WiSE-FT).

    That works between a model and one that it was trained from: there is a way between them on which the loss is low.

    Args:
        model: Folder of the model whose head, settings and calibrations are kept.
        other: Folder of the other model, or of a plain encoder.
        share: Of the other one, from 0 to 1.
        output: Folder to write. Token states are not among it: they belong to the weights and are fitted again.

    Returns:
        The folder written.

    Raises:
        ModelError: One of them is no model, or they differ in architecture or vocabulary.
    """
    network, settings, tokenizer = read_folder(model)
    theirs, their_settings, their_tokenizer = read_folder(other, head=False)
    found = {name: value for name, value in theirs.state_dict().items() if name.startswith(_ENCODER)}
    state = network.state_dict()
    wanted = {name for name in state if name.startswith(_ENCODER)}
    if wanted != found.keys() or any(state[name].shape != found[name].shape for name in wanted):
        raise ModelError(f"{other} has another architecture than {model}: only models of one family are averaged")
    limit = min(settings.max_text_tokens, their_settings.max_text_tokens)
    read = [each.ids([_SAMPLE], limit) for each in (tokenizer, their_tokenizer)]
    if tokenizer.vocabulary() != their_tokenizer.vocabulary() or read[0] != read[1]:
        raise ModelError(f"{other} has another vocabulary than {model}: only models of one family are averaged")
    for name in wanted:
        state[name] = torch.lerp(state[name], found[name], share)
    network.load_state_dict(state)
    return export_model(network, tokenizer, output)
