"""Weights between two models."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer

from cascode_lab.training.averaging import average
from cascode_models.errors import ModelError
from cascode_models.export import export_model
from cascode_models.modeling import CasCode
from cascode_models.tokenization import LibraryTokenizer, TextTokenizer
from cascode_models.torch_load import read_folder
from tiny_model import make_network, make_tokenizer


def tokens() -> TextTokenizer:
    """The tokenizer of the small models."""
    return LibraryTokenizer(make_tokenizer(), pad_id=0)


@pytest.fixture
def trained(tmp_path: Path) -> tuple[CasCode, Path]:
    """A model whose weights lie apart from those of ``plain_folder``, with a calibration of its own."""
    network = make_network("late")
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(1.0)
    network.config.temperature = 3.5
    return network, export_model(network, tokens(), tmp_path / "trained")


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_encoders_are_averaged_and_the_head_is_kept(
    share: float, trained: tuple[CasCode, Path], plain_folder: Path, network: CasCode, tmp_path: Path
) -> None:
    """A quarter of the other one moves each weight by a quarter of the way; what is no encoder stays."""
    before, folder = trained
    found, settings, _ = read_folder(average(folder, plain_folder, share, tmp_path / "between"))
    theirs = network.backbone.state_dict()
    assert settings.temperature == 3.5
    for name, value in before.state_dict().items():
        expected = value
        if name.startswith("backbone."):
            expected = (1 - share) * value + share * theirs[name.removeprefix("backbone.")]
        # Weights are written in float16.
        torch.testing.assert_close(found.state_dict()[name], expected, rtol=2e-3, atol=2e-3)


def test_other_families_are_refused(trained: tuple[CasCode, Path], tmp_path: Path) -> None:
    """Another shape or another vocabulary is one line, and nothing is written."""
    _, folder = trained
    deeper = make_network("late")
    deeper.config.backbone["num_hidden_layers"] = 1
    other = export_model(CasCode(deeper.config), tokens(), tmp_path / "other")
    with pytest.raises(ModelError, match="another architecture"):
        average(folder, other, 0.5, tmp_path / "out")
    words = make_tokenizer()
    words.normalizer = None
    cased = export_model(make_network("late"), LibraryTokenizer(words, pad_id=0), tmp_path / "cased")
    with pytest.raises(ModelError, match="another vocabulary"):
        average(folder, cased, 0.5, tmp_path / "out")
    # A piece that no sample would hold.
    swapped = json.loads(make_tokenizer().to_str())
    vocabulary = swapped["model"]["vocab"]
    vocabulary["q"], vocabulary["##q"] = vocabulary["##q"], vocabulary["q"]
    other_pieces = LibraryTokenizer(Tokenizer.from_str(json.dumps(swapped)), pad_id=0)
    swapped_folder = export_model(make_network("late"), other_pieces, tmp_path / "swapped")
    with pytest.raises(ModelError, match="another vocabulary"):
        average(folder, swapped_folder, 0.5, tmp_path / "out")
    assert not (tmp_path / "out").exists()
