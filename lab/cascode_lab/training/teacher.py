"""Models whose scores of a step's definitions are learnt beside the right answers (distillation)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch

from cascode_models.errors import ModelError
from cascode_models.folder import fingerprint, resolve_folder
from cascode_models.torch_load import read_folder

from .encoded import Encoded, late_matrix
from .limits import check_length


class Teacher(Protocol):
    """Scores every definition of a step for every query."""

    @property
    def fingerprint(self) -> str:
        """Names its weights and texts."""

    def scores(self, queries: Sequence[str], definitions: Sequence[str], chunk: int) -> torch.Tensor:
        """Score every pair.

        Args:
            queries: Texts of queries.
            definitions: Texts of definitions.
            chunk: Texts encoded together.

        Returns:
            ``[queries, definitions]`` in float32, in the units of a cosine.
        """


class LateTeacher:
    """A model with a late head, which scores pairs by the fused score that it ranks with itself.

    Args:
        name: Model folder or cached hub name; with a late head whose gates are closed.
        device: Device of the run.
        dtype: Number format of the run.
        limits: Tokens of a query and of a definition that are read.

    Raises:
        ModelError: There is no such model, its head is another, or it reads fewer tokens.
    """

    def __init__(self, name: str, device: str, dtype: torch.dtype, limits: tuple[int, int]) -> None:
        folder = resolve_folder(name)
        network, settings, self._tokenizer = read_folder(folder)
        if not network.reads_alone:
            raise ModelError(f"{name} cannot teach: it needs a late head whose gates are closed (preset cascade)")
        check_length(max(limits), network.places, f"the teacher {name}")
        self.fingerprint = fingerprint(folder, settings, self._tokenizer)
        network.to(device=torch.device(device), dtype=dtype)  # type: ignore[call-arg]
        network.train(False)
        self._network = network
        self._limits = limits

    @torch.no_grad()
    def scores(self, queries: Sequence[str], definitions: Sequence[str], chunk: int) -> torch.Tensor:
        """See :meth:`Teacher.scores`: cosine and late interaction."""
        asked, read = (
            Encoded(self._network, self._tokenizer.ids(list(texts), limit), self._tokenizer.pad_id, chunk)
            for texts, limit in zip((queries, definitions), self._limits, strict=True)
        )
        return asked.vectors @ read.vectors.T + late_matrix(self._network, asked, read)


def mean_scores(
    teachers: Sequence[Teacher], queries: Sequence[str], definitions: Sequence[str], chunk: int
) -> torch.Tensor:
    """Mean of what teachers say: see :meth:`Teacher.scores`."""
    return torch.stack([teacher.scores(queries, definitions, chunk) for teacher in teachers]).mean(0)
