"""The classifier's loss on groups of one right definition and several wrong ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import nn

from .objective import Scores, objective


@objective
@dataclass(frozen=True, slots=True)
class GroupSoftmaxBinary:
    """Softmax over each query's group, plus the paper's binary cross-entropy (CasCode, section 3.2, equation 2).

    The paper trains the binary term alone, one negative a query. Here a group has several, and the softmax teaches
    their order; the binary term keeps the logits where a probability is read from them. In it the right definition
    weighs as much as the wrong ones of its group together.

    Reads ``groups``: ``[groups, definitions a group]``, the right definition first.
    """

    name: ClassVar[str] = "classifier"
    reads: ClassVar[frozenset[str]] = frozenset({"groups"})
    weight: float = 1.0
    #: Factor of the binary term beside the softmax.
    binary_weight: float = 0.1

    def loss(self, scores: Scores) -> torch.Tensor:
        """See the class."""
        logits = scores.groups
        labels = torch.zeros_like(logits)
        labels[:, 0] = 1.0
        balance = torch.tensor(logits.size(1) - 1.0, device=logits.device)
        binary = nn.functional.binary_cross_entropy_with_logits(logits, labels, pos_weight=balance)
        target = torch.zeros(len(logits), dtype=torch.long, device=logits.device)
        return nn.functional.cross_entropy(logits, target) + self.binary_weight * binary
