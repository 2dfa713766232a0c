"""Texts of a step as the network reads them: in chunks of similar length, for the vectors and for late interaction."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import torch

from cascode_models.heads import LateHead, Texts
from cascode_models.modeling import CasCode
from cascode_models.tensors import pad

from .precision import WIDTH_MULTIPLES


class Encoded:
    """Texts of one kind, encoded.

    Args:
        network: The model.
        rows: Token ids of each text.
        pad_id: Id of the padding token.
        chunk: Texts encoded together.
        cache_gradients: Keep no activations: :meth:`backward` encodes a second time, chunk by chunk. The gradients are
            the same, for dropout is off.
    """

    def __init__(
        self,
        network: CasCode,
        rows: Sequence[Sequence[int]],
        pad_id: int,
        chunk: int,
        *,
        cache_gradients: bool = False,
    ) -> None:
        self._network = network
        self._cached = cache_gradients
        order = by_length(rows)
        pieces = [order[start : start + chunk] for start in range(0, len(order), chunk)]
        width = WIDTH_MULTIPLES[network.dtype]
        tensors = [pad([rows[row] for row in piece], pad_id, width) for piece in pieces]
        #: Ids and mask of each chunk.
        self.tensors = [(ids.to(network.device), mask.to(network.device)) for ids, mask in tensors]
        self.order = order
        learns = any(parameter.requires_grad for parameter in network.backbone.parameters())
        with torch.set_grad_enabled(torch.is_grad_enabled() and learns and not cache_gradients):
            states = [network.token_states(ids, mask) for ids, mask in self.tensors]
        if cache_gradients:
            states = [part.requires_grad_() for part in states]
        #: Chunks of states, the longest texts first.
        self.parts = [Texts(part, mask) for part, (_, mask) in zip(states, self.tensors, strict=True)]

    @cached_property
    def vectors(self) -> torch.Tensor:
        """``[texts, width]`` unit vectors in the order given."""
        return restore_order(torch.cat([self._network.pool(*part) for part in self.parts]), self.order)

    def backward(self) -> None:
        """Carry gradients on from the states to the weights, where they are cached; else nothing is left to do."""
        if not self._cached:
            return
        for (ids, mask), part in zip(self.tensors, self.parts, strict=True):
            # A chunk of negatives alone is described by nobody.
            if part.states.grad is not None:
                self._network.token_states(ids, mask).backward(part.states.grad)  # type: ignore[no-untyped-call]


def late_matrix(network: CasCode, queries: Encoded, definitions: Encoded) -> torch.Tensor:
    """Late interaction ``[queries, definitions]`` in the units of a cosine."""
    head = network.head
    assert isinstance(head, LateHead)
    late = torch.cat(
        [torch.cat([head.late_scores(some, others) for others in definitions.parts], 1) for some in queries.parts]
    )
    return restore_order(restore_order(late, queries.order).T, definitions.order).T


def by_length(rows: Sequence[Sequence[int]]) -> list[int]:
    """Positions of texts, the longest first."""
    return sorted(range(len(rows)), key=lambda row: -len(rows[row]))


def restore_order(values: torch.Tensor, order: list[int]) -> torch.Tensor:
    """Undo a sorting: ``values[i]`` belongs to position ``order[i]``."""
    back = torch.empty(len(order), dtype=torch.long)
    back[torch.tensor(order)] = torch.arange(len(order))
    return values[back.to(values.device)]
