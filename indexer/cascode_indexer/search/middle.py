"""The poly-encoder as a middle stage: it reads a thousand candidates by stored codes and leaves the best to the others.

Its score takes the place of the similarity, in the spread that the similarities have, as the slow classifier's does.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from cascode_indexer.query import Query
from cascode_indexer.rank.types import Ranked
from cascode_indexer.rank.weights import FAST
from cascode_indexer.search.pipeline import with_texts
from cascode_indexer.search.stages import Stage, in_the_spread_of, similarities_of
from cascode_indexer.store.vector_cache import text_key

if TYPE_CHECKING:
    from cascode_models.inference import CasCodeModel
    from cascode_models.types import StateArray

logger = logging.getLogger(__name__)

#: Texts whose codes a search computes itself where they are not stored: about a second of two cores.
_MOST_MISSING = 64


class Codes(Protocol):
    """Where code vectors are kept by the keys of texts: :class:`cascode_indexer.store.code_store.CodeStore`."""

    def get(self, keys: Sequence[bytes]) -> dict[bytes, StateArray]:
        """Look code vectors up; keys without any are missing from the answer."""

    def put(self, vectors: Mapping[bytes, StateArray]) -> None:
        """Keep code vectors."""


def poly_stage(model: CasCodeModel, codes: Codes, depth: int) -> Stage:
    """Return the middle stage of a search.

    Args:
        model: A model with codes.
        codes: Where they are kept; what is missing of the best candidates is computed and kept.
        depth: Candidates read.
    """

    def read(query: Query, ranked: Sequence[Ranked]) -> list[Ranked]:
        ranked = ranked if all(candidate.text for candidate in ranked) else with_texts(ranked)
        keys = [text_key(candidate.text) for candidate in ranked]
        found = codes.get(list(dict.fromkeys(keys)))
        missing = {key: candidate.text for key, candidate in zip(keys, ranked, strict=True) if key not in found}
        wanted = dict(list(missing.items())[:_MOST_MISSING])
        if wanted:
            fresh = dict(zip(wanted, model.code_vectors(list(wanted.values())), strict=True))
            codes.put(fresh)
            found |= fresh
        if len(missing) > len(wanted):
            # They keep the fast stage's score; the next searches compute the others.
            logger.info("%d of %d candidates have no codes yet", len(missing) - len(wanted), len(ranked))
        places = [place for place, key in enumerate(keys) if key in found]
        similarities = similarities_of(ranked)
        scores = model.poly_scores(query.pieces[0], [found[keys[place]] for place in places])
        if places:
            similarities[places] = in_the_spread_of(similarities[places], np.asarray(scores, dtype=np.float32))
        return [
            replace(candidate, evidence={**candidate.evidence, "similarity": float(instead)})
            for candidate, instead in zip(ranked, similarities, strict=True)
        ]

    # Nobody waits for it: the lines of a thousand candidates are not checked, only those of the best after it.
    return Stage("poly", depth, read, FAST, reads_text=False)
