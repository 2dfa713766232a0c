"""What packs token states, fitted to a model: few dimensions whose products are nearest to those of the full states.

The encoder stays as it is. Its states of drawn examples are computed once, and the projections of both sides follow
from their second moments, in closed form. Learning them by gradients from there, what the full states say and which
answers are right being the targets, was tried: 450 steps in 64 dimensions gain .015 MRR on commit subjects of dev and
lose .02 on questions written by hand.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cascode_models.errors import ModelError
from cascode_models.export import CONFIGURATION, forget_model
from cascode_models.folder import STATES_FILE
from cascode_models.heads import LateHead
from cascode_models.late import unit
from cascode_models.randomness import seeded_random
from cascode_models.token_states import StateCodec
from cascode_models.tokenization import TextTokenizer
from cascode_models.torch_load import read_folder
from cascode_models.torch_network import model_of
from cascode_models.types import FloatArray, StateArray

from .context import Progress
from .mixture import Mixture, shown_definitions
from .sources import Corpora, Draws, make_sources

#: Dimensions of a state: on dev 48 say as much as 64 and as all 384, to .005 MRR.
DIMENSION = 48
#: Batches of examples drawn, a quarter of a million states: the moments of half of them give the same order.
BATCHES = 40
#: As the search meets them: half of the examples are about whole repositories, in most languages that are indexed, the
#: rest documentation, key words and web queries.
SHARES = {"docstrings": 0.3, "history": 0.25, "written": 0.25, "short": 0.1, "cosqa": 0.1}
#: Examples of a batch.
EXAMPLES = 64
#: Weights of the whole function and of its beginning: those of the late head, whose phrases fall to the whole. Without
#: phrases dev loses nothing, and they would need the tokens that are left out.
VIEWS = (1.2, 0.4)
#: Marks of tokenizers for where a word begins or goes on.
_MARKS = "#Ġ▁"
#: Smallest second moment that is believed, of unit states.
_LEAST_MOMENT = 1e-7


def fit_states(
    model: Path, corpora: Corpora, *, dimension: int, batches: int, seed: int, progress: Progress
) -> StateCodec:
    """Fit the codec of a model.

    Args:
        model: Its folder; its classifier is a late head behind closed gates.
        corpora: What examples are drawn from.
        dimension: Dimensions of a kept state, an even number.
        batches: Batches of examples that are drawn.
        seed: Draws the examples.
        progress: Given one line now and then.

    Raises:
        ModelError: The model's classifier needs more than the states of texts by themselves, or there are no pairs.
    """
    network, settings, tokenizer = read_folder(model)
    if not isinstance(network.head, LateHead) or not network.head.reads_alone:
        raise ModelError(f"{model} has no late head behind closed gates: its index cannot keep token states")
    encoder = model_of(network, settings, tokenizer, dimension=network.dimension, fingerprint="fitting")
    silent = silent_tokens(tokenizer)
    sources = make_sources(SHARES, corpora, Draws(f"{seed}/states"))
    filled = {name: source for name, source in sources.items() if len(source)}
    if not filled:
        raise ModelError(f"no training pairs in {corpora.data}: mine some with 'cascode train mine'")
    mixture = Mixture(filled, SHARES, EXAMPLES, f"{seed}/states", mixed=True)
    asked: list[FloatArray] = []
    kept: list[FloatArray] = []
    for number in range(batches):
        examples = mixture.draw(number, seeded_random(f"{seed}/states/{number}"))
        queries = tokenizer.ids([example.query for example in examples], settings.max_query_tokens)
        definitions = [definition.text for definition in shown_definitions(examples)]
        functions = tokenizer.ids(definitions, settings.max_text_tokens)
        asked += [_inner(states) for states in encoder.network.states(queries)]
        for ids, states in zip(functions, encoder.network.states(functions), strict=True):
            kept.append(_inner(states)[~np.isin(ids[1:-1], silent)])
        progress(f"encoded {number + 1}/{batches} batches of examples")
    query, function = best_projections(unit(np.concatenate(asked)), unit(np.concatenate(kept)), dimension)
    return StateCodec(query, function, VIEWS, np.array(silent))


def best_projections(queries: FloatArray, functions: FloatArray, dimension: int) -> tuple[FloatArray, FloatArray]:
    """The projections whose products come nearest to those of the states themselves, on average over all pairs.

    With second moments Q and F of both sides, and U S V the singular values of the product of their square roots, cut
    to the dimension: the inverse square roots of the moments times U and V, each with the square root of S (a low-rank
    approximation in the norm that the moments weigh; Eckart and Young, 1936). One matrix for both sides, which PCA
    gives, keeps directions that only one of them has.

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


def write(codec: StateCodec, model: Path, output: Path) -> None:
    """Write a model folder with a codec; the rest of it stays as it is.

    Raises:
        ModelError: The codec cannot be written: the disk is full, for example.
    """
    output.mkdir(parents=True, exist_ok=True)
    if output.resolve() != model.resolve():
        forget_model(output)
        found = [path for path in sorted(model.iterdir()) if path.is_file() and path.name != STATES_FILE]
        # The configuration last: without it a kill leaves no model, in place of one with other states or weights.
        for path in sorted(found, key=lambda path: path.name == CONFIGURATION):
            if path.resolve() != (output / path.name).resolve():
                shutil.copyfile(path, output / path.name)
    codec.save(output)


def _inner(states: StateArray) -> FloatArray:
    """The states without those of the special tokens around a text."""
    return states[1:-1].astype(np.float32)


def _moment(states: FloatArray) -> npt.NDArray[np.float64]:
    """Second moment ``[width, width]`` of states."""
    moment: npt.NDArray[np.float64] = states.T.astype(np.float64) @ states / len(states)
    return moment


def _power(moment: npt.NDArray[np.float64], power: float) -> npt.NDArray[np.float64]:
    """A power of a symmetric matrix; directions without spread keep a little."""
    values, vectors = np.linalg.eigh(moment)
    raised: npt.NDArray[np.float64] = (vectors * np.maximum(values, _LEAST_MOMENT) ** power) @ vectors.T
    return raised
