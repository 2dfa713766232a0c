"""The network of a model in torch: any backbone, any head, on a CPU or a GPU."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import torch

from .heads import LateHead
from .inference import WIDTH_MULTIPLE, CasCodeModel, Keep
from .late import LateWeights
from .poly import PolyWeights
from .settings import ModelSettings
from .tensors import pad, pair
from .tokenization import PairLayout, TextTokenizer, batches_by_length
from .two_stage import TwoStage
from .types import FloatArray, StateArray

#: Tokens a batch on a CPU: larger batches leave the cache and gain nothing.
CPU_TOKEN_BUDGET = 4_096
#: The same where functions are classified: a search has ten, of mixed lengths, and padding all to the longest costs
#: more than small batches do. Functions of up to 256 tokens, ten a search: 120 ms; 190 ms in one batch.
CPU_PAIR_BUDGET = 1_024
#: Tokens a batch on a GPU: fills a small one, fits its memory at 110M parameters.
CUDA_TOKEN_BUDGET = 65_536


class TorchNetwork:
    """A network in evaluation mode: see :class:`cascode_models.inference.Network`.

    Args:
        module: It, on ``device``.
        pad_id: Id of the padding token.
        head: Name of its classifier head.
        device: ``cpu`` or ``cuda``.
    """

    def __init__(self, module: TwoStage, *, pad_id: int, head: str, device: str) -> None:
        default_threads()
        self.module = module
        self._pad_id = pad_id
        self._layout = PairLayout.of_head(head)
        self._device = device
        self._token_budget = CPU_TOKEN_BUDGET if device == "cpu" else CUDA_TOKEN_BUDGET
        self._pair_budget = CPU_PAIR_BUDGET if device == "cpu" else CUDA_TOKEN_BUDGET

    @property
    def engine(self) -> str:
        """The library that computes, with its number format."""
        return f"torch {torch.__version__}, {str(self.module.compute_dtype).removeprefix('torch.')}"

    @property
    def device(self) -> str:
        """``cpu`` or ``cuda``."""
        return self._device

    @property
    def late(self) -> LateWeights | None:
        """The head where its gates are closed."""
        head = self.module.head
        if not isinstance(head, LateHead) or not head.reads_alone:
            return None
        first, second, third = head.views.detach().float().tolist()
        return LateWeights((first, second, third), float(head.bias.detach()))

    @property
    def poly(self) -> PolyWeights | None:
        """The poly-encoder's weights; None where the model has none."""
        return None if self.module.poly is None else self.module.poly.weights()

    @property
    def all_threads(self) -> int:
        """CPU threads where nothing caps them."""
        return default_threads()

    @property
    def threads(self) -> int:
        """CPU threads of the calling thread's OpenMP team."""
        return torch.get_num_threads()

    @threads.setter
    def threads(self, count: int) -> None:
        torch.set_num_threads(count)

    def vectors(self, rows: Sequence[Sequence[int]], keep: Keep | None = None) -> FloatArray:
        """See :meth:`cascode_models.inference.Network.vectors`."""
        found: list[FloatArray] = [np.empty(0, dtype=np.float32)] * len(rows)
        for batch in batches_by_length([len(row) for row in rows], self._token_budget):
            ids, mask = self._padded(rows, batch)
            with torch.inference_mode():
                states = self.module.token_states(ids, mask)
                vectors = self.module.pool(states, mask).cpu().numpy()
            for row, vector in zip(batch, vectors, strict=True):
                found[row] = vector
            if keep is not None:
                for row, lent in zip(batch, states.float().cpu().numpy(), strict=True):
                    keep(row, lent[: len(rows[row])])
        return np.stack(found) if found else np.empty((0, 0), dtype=np.float32)

    def states(self, rows: Sequence[Sequence[int]]) -> list[StateArray]:
        """``[tokens, dimension]`` states of each text by itself."""
        states: list[StateArray] = [np.empty(0, dtype=np.float16)] * len(rows)
        for batch in batches_by_length([len(row) for row in rows], self._pair_budget):
            ids, mask = self._padded(rows, batch)
            with torch.inference_mode():
                found = self.module.token_states(ids, mask).to(torch.float16).cpu().numpy()
            for row, state in zip(batch, found, strict=True):
                # A copy: a part of the batch would keep the whole of it in memory.
                states[row] = state[: len(rows[row])].copy()
        return states

    def pair_logits(self, query: Sequence[int], functions: Sequence[Sequence[int]]) -> FloatArray:
        """``[functions]`` logits of pairs read as one sequence each."""
        logits = np.empty(len(functions), dtype=np.float32)
        lengths = [len(query) + len(ids) for ids in functions]
        for batch in batches_by_length(lengths, self._pair_budget):
            tensors = pair(
                [query] * len(batch), [functions[row] for row in batch], self._pad_id, self._layout, WIDTH_MULTIPLE
            )
            with torch.inference_mode():
                scores = self.module.classify(*(tensor.to(self._device) for tensor in tensors))
            logits[batch] = scores.float().cpu().numpy()
        return logits

    def _padded(self, rows: Sequence[Sequence[int]], batch: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Ids and mask of a batch, on the device."""
        ids, mask = pad([rows[row] for row in batch], self._pad_id, WIDTH_MULTIPLE)
        return ids.to(self._device), mask.to(self._device)


@functools.cache
def default_threads() -> int:
    """CPU threads that torch takes by itself; asked first before anything sets another count."""
    return torch.get_num_threads()


def model_of(
    module: TwoStage,
    settings: ModelSettings,
    tokenizer: TextTokenizer,
    *,
    dimension: int,
    fingerprint: str,
    device: str = "cpu",
    engine_reason: str = "",
) -> CasCodeModel:
    """Wrap a network of torch that is at hand, in training for instance.

    Args:
        module: The network, on ``device``.
        settings: Its settings.
        tokenizer: Its tokenizer.
        dimension: Width of a vector.
        fingerprint: What its vectors are known by.
        device: ``cpu`` or ``cuda``.
        engine_reason: Why torch computes it.
    """
    network = TorchNetwork(module, pad_id=tokenizer.pad_id, head=settings.head, device=device)
    return CasCodeModel(
        network, settings, tokenizer, dimension=dimension, fingerprint=fingerprint, engine_reason=engine_reason
    )
