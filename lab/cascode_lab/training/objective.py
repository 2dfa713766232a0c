"""The losses of training, each on one step's texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import nn

from cascode_models.heads import LateHead, Texts
from cascode_models.modeling import CasCode
from cascode_models.tokenization import PairLayout, padded, paired

from .precision import WIDTH_MULTIPLES

#: A score whose exponential is 0 beside any other, finite so that nothing times nothing stays nothing.
_NEVER = -1e4


class Interaction(NamedTuple):
    """A second InfoNCE on the fused score of weight 1, the late head's gates closed."""

    weight: float
    #: Fused scores, in the units of a cosine, are divided by it; a teacher's too.
    temperature: float
    #: ``[queries, functions]`` fused scores of a teacher; None learns from the right answers alone.
    taught: torch.Tensor | None = None
    #: Share of the teacher's word in the loss.
    share: float = 0.0


def contrastive_step_loss(
    network: CasCode,
    queries: Sequence[Sequence[int]],
    functions: Sequence[Sequence[int]],
    same: torch.Tensor,
    *,
    pad_id: int,
    temperature: float,
    chunk: int,
    weight: float = 1.0,
    interaction: Interaction | None = None,
    cache_gradients: bool = False,
) -> dict[str, float]:
    """Add the gradients of InfoNCE, both ways (CasCode, section 3.1, equation 1).

    Args:
        network: The model.
        queries: Token ids of each pair's query.
        functions: Token ids of each pair's function, then of further negatives.
        same: ``[queries, functions]``, true where a function answers a query: beside a query's own function such
            functions are no negatives.
        pad_id: Id of the padding token.
        temperature: Cosines are divided by it.
        chunk: Texts encoded together.
        weight: Factor of the gradients.
        interaction: Second loss, on the scores of the late head; None leaves it out.
        cache_gradients: Encode a second time, chunk by chunk, instead of keeping every chunk's activations. The
            gradients are the same, for dropout is off.

    Returns:
        The mean losses by name.
    """
    pieces = [*chunks(queries, chunk), *chunks(functions, chunk)]
    texts = [queries] * len(chunks(queries, chunk)) + [functions] * len(chunks(functions, chunk))
    width = WIDTH_MULTIPLES[network.dtype]
    tensors = [
        tuple(tensor.to(network.device) for tensor in padded([rows[row] for row in piece], pad_id, width))
        for piece, rows in zip(pieces, texts, strict=True)
    ]
    if cache_gradients:
        with torch.no_grad():
            parts = [network.token_states(ids, mask) for ids, mask in tensors]
        parts = [part.requires_grad_() for part in parts]
    else:
        parts = [network.token_states(ids, mask) for ids, mask in tensors]
    split = len(chunks(queries, chunk))
    vectors = [network.pooled(part, mask) for part, (_, mask) in zip(parts, tensors, strict=True)]
    orders = [[row for piece in some for row in piece] for some in (pieces[:split], pieces[split:])]
    u, v = unsorted(torch.cat(vectors[:split]), orders[0]), unsorted(torch.cat(vectors[split:]), orders[1])
    cosines = u @ v.T
    losses = {"infonce": infonce(cosines / temperature, same)}
    total = weight * losses["infonce"]
    if interaction:
        head = network.head
        assert isinstance(head, LateHead)
        read = [Texts(part, mask) for part, (_, mask) in zip(parts, tensors, strict=True)]
        late = late_matrix(head, (read[:split], orders[0]), (read[split:], orders[1]))
        scores = (cosines + late) / interaction.temperature
        losses["late"] = infonce(scores, same)
        second = losses["late"]
        if interaction.taught is not None:
            taught = interaction.taught.to(scores.device) / interaction.temperature
            losses["taught"] = distillation(scores, taught, same)
            second = torch.lerp(second, losses["taught"], interaction.share)
        total = total + weight * interaction.weight * second
    total.backward()  # type: ignore[no-untyped-call]
    if cache_gradients:
        for (ids, mask), part in zip(tensors, parts, strict=True):
            network.token_states(ids, mask).backward(part.grad)  # type: ignore[no-untyped-call]
    return {name: float(loss.detach()) for name, loss in losses.items()}


def late_matrix(
    head: LateHead, queries: tuple[Sequence[Texts], list[int]], functions: tuple[Sequence[Texts], list[int]]
) -> torch.Tensor:
    """Late interaction ``[queries, functions]`` of texts encoded in :func:`chunks`.

    Args:
        head: The late head.
        queries: Chunks of the queries, and the positions that their rows have among the queries.
        functions: The same of the functions.
    """
    (asked, rows), (read, columns) = queries, functions
    late = torch.cat([torch.cat([head.late_scores(some, others) for others in read], 1) for some in asked])
    return unsorted(unsorted(late, rows).T, columns).T


def infonce(scores: torch.Tensor, same: torch.Tensor) -> torch.Tensor:
    """InfoNCE of scores ``[pairs, pairs + further]`` of queries and functions, both ways."""
    scores = _without_other_answers(scores, same)
    target = torch.arange(len(scores), device=scores.device)
    back = scores[:, : len(scores)].T
    return (nn.functional.cross_entropy(scores, target) + nn.functional.cross_entropy(back, target)) / 2


def distillation(scores: torch.Tensor, taught: torch.Tensor, same: torch.Tensor) -> torch.Tensor:
    """Kullback-Leibler divergence from a teacher's softmax over the functions of a step, both ways.

    The soft targets of Hinton, Vinyals and Dean (2015, section 2), one temperature on both sides. Their factor of its
    square is left out: the loss beside it has the same temperature.

    Args:
        scores: ``[queries, functions]`` of the student, divided by the temperature.
        taught: Those of the teacher.
        same: See :func:`contrastive_step_loss`.
    """
    scores, taught = _without_other_answers(scores, same), _without_other_answers(taught, same)
    count = len(scores)

    def one_way(student: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
        return nn.functional.kl_div(
            student.log_softmax(1), teacher.log_softmax(1), reduction="batchmean", log_target=True
        )

    return (one_way(scores, taught) + one_way(scores[:, :count].T, taught[:, :count].T)) / 2


def _without_other_answers(scores: torch.Tensor, same: torch.Tensor) -> torch.Tensor:
    """Scores with every further answer of a query far below all others."""
    own = torch.eye(*scores.shape, dtype=torch.bool, device=scores.device)
    return scores.masked_fill(same.to(scores.device) & ~own, _NEVER)


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
    layout = PairLayout.of_head(network.config.head)
    width = WIDTH_MULTIPLES[network.dtype]
    size = len(groups[0])
    pairs = [(query, function) for query, group in zip(queries, groups, strict=True) for function in group]
    order = sorted(range(len(pairs)), key=lambda row: -len(pairs[row][0]) - len(pairs[row][1]))
    parts = []
    for start in range(0, len(order), chunk):
        rows = order[start : start + chunk]
        tensors = paired([pairs[row][0] for row in rows], [pairs[row][1] for row in rows], pad_id, layout, width)
        parts.append(network.classify(*(tensor.to(network.device) for tensor in tensors)))
    # [groups, functions a group]
    logits = unsorted(torch.cat(parts), order).view(-1, size)
    target = torch.zeros(len(groups), dtype=torch.long, device=logits.device)
    labels = torch.zeros_like(logits)
    labels[:, 0] = 1.0
    # Every positive weighs as much as its negatives together.
    weight = torch.tensor(float(size - 1), device=logits.device)
    binary = nn.functional.binary_cross_entropy_with_logits(logits, labels, pos_weight=weight)
    loss = nn.functional.cross_entropy(logits, target) + binary_weight * binary
    return loss, float((logits.argmax(1) == 0).float().mean())


def same_answers(queries: Sequence[str], functions: Sequence[str], owners: Sequence[str] | None = None) -> torch.Tensor:
    """Find the functions of a step that answer a query.

    Args:
        queries: Each pair's query.
        functions: Each pair's function, then further ones.
        owners: The query of each function; None where there are no further ones.

    Returns:
        ``[queries, functions]``, true where a function is the query's own or the same text, or where its own query
        is the same.
    """
    numbers: dict[str, int] = {}
    owned = torch.tensor([numbers.setdefault(text, len(numbers)) for text in (owners or queries)])
    texts = torch.tensor([numbers.setdefault(text, len(numbers)) for text in functions])
    count = len(queries)
    return (owned[:count, None] == owned[None]) | (texts[:count, None] == texts[None])


def chunks(rows: Sequence[Sequence[int]], chunk: int) -> list[list[int]]:
    """Positions of texts of similar length, the longest first."""
    order = sorted(range(len(rows)), key=lambda row: -len(rows[row]))
    return [order[start : start + chunk] for start in range(0, len(order), chunk)]


def unsorted(values: torch.Tensor, order: list[int]) -> torch.Tensor:
    """Undo a sorting: ``values[i]`` belongs to position ``order[i]``."""
    back = torch.empty(len(order), dtype=torch.long)
    back[torch.tensor(order)] = torch.arange(len(order))
    return values[back.to(values.device)]
