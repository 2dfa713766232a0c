"""The losses of training, each on one step's texts."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from cascode_models.modeling import CasCode
from cascode_models.tokenization import PairLayout, padded, paired

#: Widths are rounded up to it: the CPU's matrix kernels are slow on odd ones.
WIDTH_MULTIPLE = 32


def contrastive_loss(
    network: CasCode,
    queries: Sequence[Sequence[int]],
    functions: Sequence[Sequence[int]],
    same: torch.Tensor,
    *,
    pad_id: int,
    temperature: float,
    chunk: int,
) -> torch.Tensor:
    """InfoNCE over in-batch negatives, both ways (CasCode, section 3.1, equation 1).

    Args:
        network: The model.
        queries: Token ids of each pair's query.
        functions: Token ids of each pair's function.
        same: ``[pairs, pairs]``, true where query and function of two pairs answer each other as well: such
            functions are no negatives.
        pad_id: Id of the padding token.
        temperature: Cosines are divided by it.
        chunk: Texts encoded together.

    Returns:
        The mean loss.
    """
    u = _encode(network, queries, pad_id, chunk)
    v = _encode(network, functions, pad_id, chunk)
    # [queries, functions]
    scores = u @ v.T / temperature
    others = same.to(scores.device) & ~torch.eye(len(queries), dtype=torch.bool, device=scores.device)
    scores = scores.masked_fill(others, float("-inf"))
    target = torch.arange(len(queries), device=scores.device)
    return (nn.functional.cross_entropy(scores, target) + nn.functional.cross_entropy(scores.T, target)) / 2


def classifier_loss(
    network: CasCode,
    queries: Sequence[Sequence[int]],
    groups: Sequence[Sequence[Sequence[int]]],
    *,
    pad_id: int,
    binary_weight: float,
    chunk: int,
) -> tuple[torch.Tensor, float]:
    """Softmax over each query's group, plus binary cross-entropy (section 3.2, equation 2).

    Args:
        network: The model, with a classifier head.
        queries: Token ids of each query.
        groups: For each query the token ids of its functions, the right one first.
        pad_id: Id of the padding token.
        binary_weight: Weight of the binary cross-entropy.
        chunk: Pairs classified together.

    Returns:
        The mean loss, and the share of groups whose right function scores highest.
    """
    layout = PairLayout(repeat_first_token=network.config.head == "warm")
    size = len(groups[0])
    pairs = [(query, function) for query, group in zip(queries, groups, strict=True) for function in group]
    order = sorted(range(len(pairs)), key=lambda row: -len(pairs[row][0]) - len(pairs[row][1]))
    parts = []
    for start in range(0, len(order), chunk):
        rows = order[start : start + chunk]
        tensors = paired(
            [pairs[row][0] for row in rows], [pairs[row][1] for row in rows], pad_id, layout, WIDTH_MULTIPLE
        )
        parts.append(network.classify(*(tensor.to(network.device) for tensor in tensors)))
    # [groups, functions a group]
    logits = _unsorted(torch.cat(parts), order).view(-1, size)
    target = torch.zeros(len(groups), dtype=torch.long, device=logits.device)
    labels = torch.zeros_like(logits)
    labels[:, 0] = 1.0
    # Every positive weighs as much as its negatives together.
    weight = torch.tensor(float(size - 1), device=logits.device)
    binary = nn.functional.binary_cross_entropy_with_logits(logits, labels, pos_weight=weight)
    loss = nn.functional.cross_entropy(logits, target) + binary_weight * binary
    return loss, float((logits.argmax(1) == 0).float().mean())


def same_answers(queries: Sequence[str], functions: Sequence[str]) -> torch.Tensor:
    """``[pairs, pairs]``: true where two pairs share their query or their function."""
    by_query = {text: number for number, text in enumerate(queries)}
    by_function = {text: number for number, text in enumerate(functions)}
    first = torch.tensor([by_query[text] for text in queries])
    second = torch.tensor([by_function[text] for text in functions])
    return (first[:, None] == first[None]) | (second[:, None] == second[None])


def _encode(network: CasCode, rows: Sequence[Sequence[int]], pad_id: int, chunk: int) -> torch.Tensor:
    """Encode texts in chunks of similar length and return them in their own order."""
    order = sorted(range(len(rows)), key=lambda row: -len(rows[row]))
    parts = []
    for start in range(0, len(order), chunk):
        ids, mask = padded([rows[row] for row in order[start : start + chunk]], pad_id, WIDTH_MULTIPLE)
        parts.append(network.encode(ids.to(network.device), mask.to(network.device)))
    return _unsorted(torch.cat(parts), order)


def _unsorted(values: torch.Tensor, order: list[int]) -> torch.Tensor:
    """Undo a sorting: ``values[i]`` belongs to position ``order[i]``."""
    back = torch.empty(len(order), dtype=torch.long)
    back[torch.tensor(order)] = torch.arange(len(order))
    return values[back.to(values.device)]
