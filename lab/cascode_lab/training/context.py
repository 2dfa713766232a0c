"""What every part of a run shares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cascode_models.inference import CasCodeModel
from cascode_models.modeling import CasCode
from cascode_models.tokenization import TextTokenizer
from cascode_models.torch_network import model_of

from .config import TrainingConfig
from .sources import Corpora

#: Takes one line for a person to read.
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class RunContext:
    """A run: settings, data, and the network in training."""

    config: TrainingConfig
    corpora: Corpora
    network: CasCode
    tokenizer: TextTokenizer
    #: Folder of the run.
    output: Path
    #: Names settings, data and the weights that it began with.
    digest: str
    progress: Progress

    def encoder(self) -> CasCodeModel:
        """The network as it stands, as a fast encoder and classifier."""
        network = self.network
        return model_of(
            network,
            network.config.settings(),
            self.tokenizer,
            dimension=network.dimension,
            fingerprint="training",
            device=network.device.type,
        )
