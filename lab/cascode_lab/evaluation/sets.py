"""A retrieval set: queries, a pool of functions, and which function answers which query."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class RetrievalSet:
    """What every protocol comes down to."""

    name: str
    queries: list[str]
    #: Definition texts of the pool, made by :func:`cascode_models.text.function_text`.
    texts: list[str]
    #: ``[queries]`` position in ``texts`` of each query's answer.
    answers: npt.NDArray[np.int64]
