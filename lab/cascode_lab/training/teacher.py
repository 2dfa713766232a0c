"""A model whose scores of a step's functions are learnt beside the right answers (distillation)."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from cascode_models.errors import ModelError
from cascode_models.heads import LateHead, Texts
from cascode_models.load import fingerprint, read_folder, resolve_folder
from cascode_models.tokenization import padded

from .config import check_length
from .objective import chunks, late_matrix, unsorted
from .precision import WIDTH_MULTIPLES


class Teacher:
    """Scores every function of a step for every query, by the fused score that it ranks with itself.

    Args:
        name: Model folder or cached hub name; with a late head whose gates are closed.
        device: Device of the run.
        dtype: Number format of the run.
        limits: Tokens of a query and of a function that are read.

    Raises:
        ModelError: There is no such model, its head is another, or it reads fewer tokens.
    """

    def __init__(self, name: str, device: str, dtype: torch.dtype, limits: tuple[int, int]) -> None:
        folder = resolve_folder(name)
        network, settings, self._tokenizer = read_folder(folder)
        if not network.reads_alone:
            raise ModelError(f"{name} cannot teach: it needs a late head whose gates are closed (preset cascade)")
        check_length(max(limits), network.places, f"the teacher {name}")
        #: Names its weights and texts.
        self.fingerprint = fingerprint(folder, settings, self._tokenizer)
        network.to(device=torch.device(device), dtype=dtype)  # type: ignore[call-arg]
        network.train(False)
        self._network = network
        self._limits = limits

    @torch.no_grad()
    def scores(self, queries: Sequence[str], functions: Sequence[str], chunk: int) -> torch.Tensor:
        """Score every pair.

        Args:
            queries: Texts of queries.
            functions: Texts of functions.
            chunk: Texts encoded together.

        Returns:
            ``[queries, functions]`` in float32: cosine and late interaction, in the units of a cosine.
        """
        (asked, u, rows), (read, v, columns) = (
            self._encoded(texts, limit, chunk) for texts, limit in zip((queries, functions), self._limits, strict=True)
        )
        head = self._network.head
        assert isinstance(head, LateHead)
        late = late_matrix(head, (asked, rows), (read, columns))
        return unsorted(u, rows) @ unsorted(v, columns).T + late

    def _encoded(self, texts: Sequence[str], limit: int, chunk: int) -> tuple[list[Texts], torch.Tensor, list[int]]:
        """States of texts in chunks, the longest first, their vectors, and the order of both."""
        ids = self._tokenizer.ids(list(texts), limit)
        pieces = chunks(ids, chunk)
        width = WIDTH_MULTIPLES[self._network.dtype]
        read = []
        for piece in pieces:
            tokens, mask = padded([ids[row] for row in piece], self._tokenizer.pad_id, width)
            mask = mask.to(self._network.device)
            read.append(Texts(self._network.token_states(tokens.to(self._network.device), mask), mask))
        vectors = torch.cat([self._network.pooled(part.states, part.mask) for part in read])
        return read, vectors, [row for piece in pieces for row in piece]
