"""Training what packs token states: so that the few that an index keeps order functions as the full ones do.

The encoder stays as it is. Its states of drawn examples are computed once; two projections and the weights of the views
learn from them what late interaction says of the full states, as the search has it, beside the cosine of the vectors.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from cascode_models.errors import ModelError
from cascode_models.heads import LateHead, Texts, inner_tokens
from cascode_models.late import BEGINNING, NO_MATCH
from cascode_models.randomness import seeded_random
from cascode_models.token_states import LEVELS, SPAN, StateCodec
from cascode_models.tokenization import TextTokenizer
from cascode_models.torch_load import read_folder
from cascode_models.torch_network import model_of
from cascode_models.types import FloatArray, StateArray

from .context import Progress
from .mixture import Mixture, other_answers, shown_definitions
from .objectives.distillation import Distillation
from .objectives.late_infonce import LateInfoNCE
from .sources import Corpora, Draws, make_sources

#: As the search meets them: half of the examples are commits, the rest documentation, key words and web queries.
SHARES = {"docstrings": 0.3, "history": 0.5, "short": 0.1, "cosqa": 0.1}
#: Dimensions of a state, batches drawn, and times that each is learnt from.
DIMENSION, BATCHES, PASSES = 48, 160, 3
#: Examples a step, those of one repository side by side.
EXAMPLES, NEIGHBOURS = 64, 24
#: The learnt numbers are few and the states fixed: Adam's rate may be a hundred times that of the encoder.
LEARNING_RATE = 2e-3
#: Share of the loss that the right answers have beside the full states: they are right, the full states know more.
ANSWER_WEIGHT = 0.5
#: Marks of tokenizers for where a word begins or goes on.
_MARKS = "#Ġ▁"
#: Steps over which the rate rises.
_WARMUP = 30
#: Smallest second moment that is believed, of unit states.
_LEAST_MOMENT = 1e-7


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """The examples of a step, encoded."""

    queries: Texts
    functions: Texts
    #: ``[functions, tokens]``, 1 for a token that is kept.
    kept: torch.Tensor
    #: ``[queries, functions]``: see :class:`cascode_lab.training.objectives.objective.Scores`.
    cosines: torch.Tensor
    taught: torch.Tensor
    right: torch.Tensor


@dataclass(frozen=True, slots=True, eq=False)
class _StepScores:
    """What objectives read of a step."""

    right: torch.Tensor
    cosines: torch.Tensor
    late: torch.Tensor
    taught: torch.Tensor
    groups: torch.Tensor


class StateProjections(nn.Module):
    """A codec in training, with the rounding that it will do.

    Args:
        query: ``[width, dimension]``, where the projection of queries begins.
        function: The same of functions.
    """

    def __init__(self, query: torch.Tensor, function: torch.Tensor) -> None:
        super().__init__()
        self.query = nn.Parameter(query.clone())
        self.function = nn.Parameter(function.clone())
        #: Weights of the whole function and of its beginning: the head's, whose phrases fall to the whole.
        self.views = nn.Parameter(torch.tensor([1.2, 0.4]))

    def forward(self, batch: Batch) -> torch.Tensor:
        """``[queries, functions]`` late interaction as :meth:`StateCodec.scores` gives it."""
        asked_mask = inner_tokens(batch.queries.mask)
        asked = nn.functional.normalize(batch.queries.states.float() @ self.query, dim=-1)
        kept = nn.functional.normalize(
            rounded(nn.functional.normalize(batch.functions.states.float() @ self.function, dim=-1)), dim=-1
        )
        # [queries, query tokens, functions, tokens]
        cosines = torch.einsum("qid,fjd->qifj", asked, kept)
        beginning = batch.kept * (batch.kept.cumsum(1) <= BEGINNING)
        shares = asked_mask / asked_mask.sum(1, keepdim=True)
        scores = torch.zeros(len(asked), len(kept))
        for weight, allowed in zip(self.views, (batch.kept, beginning), strict=True):
            nearest = cosines.masked_fill(allowed == 0, NO_MATCH).amax(-1)
            scores = scores + weight * (nearest * shares[..., None]).sum(1)
        return scores


def rounded(states: torch.Tensor) -> torch.Tensor:
    """Unit states with the values that four bits hold; gradients pass as if nothing was rounded."""
    step = 2 * SPAN / LEVELS / states.shape[-1] ** 0.5
    codes = (states / step).floor().clamp(-LEVELS // 2, LEVELS // 2 - 1)
    return states + ((codes + 0.5) * step - states).detach()


def best_projections(queries: FloatArray, functions: FloatArray, dimension: int) -> tuple[FloatArray, FloatArray]:
    """The projections whose products come nearest to those of the states themselves, by their second moments.

    With second moments Q and F, and U S V the singular values of the product of their square roots, cut to the
    dimension: the roots of the moments' inverses times U and V, each with the root of S. No projection of both sides by
    one matrix (PCA) is nearer, on average over pairs of a query's and a function's state.

    Args:
        queries: ``[states, width]`` unit states.
        functions: The same.
        dimension: Dimensions kept.

    Returns:
        ``[width, dimension]`` of queries and of functions.
    """
    first, second = (_moment(states) for states in (queries, functions))
    left, values, right = np.linalg.svd(_power(first, 0.5) @ _power(second, 0.5))
    roots = np.sqrt(values[:dimension])
    return (
        (_power(first, -0.5) @ left[:, :dimension] * roots).astype(np.float32),
        (_power(second, -0.5) @ right[:dimension].T * roots).astype(np.float32),
    )


def silent_tokens(tokenizer: TextTokenizer) -> list[int]:
    """Ids of the tokens without a letter or a digit."""
    return sorted(
        number for token, number in tokenizer.vocabulary().items() if not any(map(str.isalnum, token.lstrip(_MARKS)))
    )


def train_states(
    model: Path,
    corpora: Corpora,
    *,
    dimension: int,
    batches: int,
    passes: int,
    seed: int,
    progress: Progress,
) -> StateCodec:
    """Train the codec of a model.

    Args:
        model: Its folder; its classifier is a late head behind closed gates.
        corpora: What examples are drawn from.
        dimension: Dimensions of a kept state.
        batches: Batches of examples that are drawn and encoded, the tenth of them to look at only.
        passes: Times that each is learnt from.
        seed: Draws the examples.
        progress: Given one line now and then.
    """
    network, settings, tokenizer = read_folder(model)
    head = network.head
    if not isinstance(head, LateHead) or not head.reads_alone:
        raise ModelError(f"{model} has no late head behind closed gates: its index cannot keep token states")
    encoder = model_of(network, settings, tokenizer, dimension=network.dimension, fingerprint="training")
    silent = silent_tokens(tokenizer)
    sources = make_sources(SHARES, corpora, Draws(f"{seed}/states", NEIGHBOURS))
    filled = {name: source for name, source in sources.items() if len(source)}
    mixture = Mixture(filled, SHARES, EXAMPLES, f"{seed}/states", mixed=True)
    drawn = []
    for number in range(batches):
        examples = mixture.draw(number, seeded_random(f"{seed}/states/{number}"))
        definitions = [definition.text for definition in shown_definitions(examples)]
        rows = [
            tokenizer.ids([example.query for example in examples], settings.max_query_tokens),
            tokenizer.ids(definitions, settings.max_text_tokens),
        ]
        states = [encoder.network.states(ids) for ids in rows]
        drawn.append(_batch(head, rows, states, other_answers(examples), silent))
        progress(f"encoded {number + 1}/{batches} batches of examples")
    learnt, looked_at = drawn[batches // 10 :], drawn[: batches // 10]
    projections = StateProjections(*map(torch.from_numpy, best_projections(*_samples(learnt), dimension)))
    _learn(projections, learnt, looked_at, passes=passes, seed=seed, progress=progress)
    first, second = projections.views.detach().tolist()
    return StateCodec(
        projections.query.detach().numpy(), projections.function.detach().numpy(), (first, second), np.array(silent)
    )


def write(codec: StateCodec, model: Path, output: Path) -> None:
    """Write a model folder with a codec; the rest of it stays as it is."""
    output.mkdir(parents=True, exist_ok=True)
    for path in sorted(model.iterdir()):
        if path.is_file() and path.resolve() != (output / path.name).resolve():
            shutil.copyfile(path, output / path.name)
    codec.save(output)


def loss_of(scores: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Divergence from what the full states say, and beside it the right answers."""
    step = _StepScores(batch.right, batch.cosines, scores, batch.taught, torch.empty(0))
    return Distillation().loss(step) + ANSWER_WEIGHT * LateInfoNCE().loss(step)


def _learn(
    projections: StateProjections,
    learnt: Sequence[Batch],
    looked_at: Sequence[Batch],
    *,
    passes: int,
    seed: int,
    progress: Progress,
) -> None:
    """Take a step on each batch in turn, several times, at a rate that falls to nothing."""
    optimizer = torch.optim.Adam(projections.parameters(), lr=LEARNING_RATE)
    steps = passes * len(learnt)
    for number in range(passes):
        order = list(range(len(learnt)))
        seeded_random(f"{seed}/pass/{number}").shuffle(order)
        for place, at in enumerate(order):
            step = number * len(learnt) + place
            for group in optimizer.param_groups:
                group["lr"] = LEARNING_RATE * min(1.0, (step + 1) / _WARMUP) * (1 - step / steps)
            optimizer.zero_grad()
            loss_of(projections(learnt[at]), learnt[at]).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        with torch.no_grad():
            losses = [float(loss_of(projections(batch), batch)) for batch in looked_at]
        progress(f"pass {number + 1}/{passes}: loss {np.mean(losses):.4f} on batches that are not learnt from")


def _batch(
    head: LateHead,
    rows: Sequence[Sequence[Sequence[int]]],
    states: Sequence[Sequence[StateArray]],
    right: Sequence[Sequence[bool]],
    silent: Sequence[int],
) -> Batch:
    """Put a step together: texts padded, scores of the full states."""
    queries, functions = (_padded(texts) for texts in states)
    kept = torch.zeros_like(functions.mask)
    for number, ids in enumerate(rows[1]):
        kept[number, : len(ids)] = torch.from_numpy(~np.isin(ids, silent)).to(kept.dtype)
    kept = kept * inner_tokens(functions.mask)
    # A function of silent tokens alone keeps them, as the codec does.
    kept = torch.where(kept.sum(1, keepdim=True) > 0, kept, inner_tokens(functions.mask))
    with torch.no_grad():
        vectors = [
            nn.functional.normalize(
                torch.stack([torch.from_numpy(text.astype(np.float32)).mean(0) for text in texts]), dim=-1
            )
            for texts in states
        ]
        cosines = vectors[0] @ vectors[1].T
        taught = cosines + head.late_scores(_floats(queries), _floats(functions))
    return Batch(queries, functions, kept, cosines, taught, torch.tensor(right))


def _padded(texts: Sequence[StateArray]) -> Texts:
    """Texts side by side, in half precision."""
    longest = max(map(len, texts))
    states = torch.zeros(len(texts), longest, texts[0].shape[1], dtype=torch.float16)
    mask = torch.zeros(len(texts), longest)
    for number, text in enumerate(texts):
        states[number, : len(text)] = torch.from_numpy(text)
        mask[number, : len(text)] = 1
    return Texts(states, mask)


def _floats(texts: Texts) -> Texts:
    """The same in single precision."""
    return Texts(texts.states.float(), texts.mask)


def _samples(batches: Sequence[Batch]) -> tuple[FloatArray, FloatArray]:
    """Unit states ``[states, width]`` of queries and of functions."""
    found: tuple[list[FloatArray], list[FloatArray]] = ([], [])
    for batch in batches:
        for texts, mask, into in (
            (batch.queries, inner_tokens(batch.queries.mask), found[0]),
            (batch.functions, batch.kept, found[1]),
        ):
            into.append(nn.functional.normalize(texts.states[mask > 0].float(), dim=-1).numpy())
    return np.concatenate(found[0]), np.concatenate(found[1])


def _moment(states: FloatArray) -> FloatArray:
    """Second moment ``[width, width]`` of states."""
    moment: FloatArray = (states.T.astype(np.float64) @ states) / len(states)
    return moment


def _power(moment: FloatArray, power: float) -> FloatArray:
    """A power of a symmetric matrix; directions without spread keep a little."""
    values, vectors = np.linalg.eigh(moment)
    raised: FloatArray = (vectors * np.maximum(values, _LEAST_MOMENT) ** power) @ vectors.T
    return raised
