"""Passages by number: each text has a vector for its beginning, and a long one a vector for each further passage.

A passage's id is made of its text's id and its place in the text, so that from either the other is known without a
look-up: a search that finds a passage knows whose it is.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from cascode_indexer.extract import is_test_path
from cascode_models.text import MAX_PASSAGES, passages


def read_passages(text: str, path: str) -> list[str]:
    """Return the passages of a text that get a vector: of a test the beginning alone.

    A test says at its beginning what it tests, and is seldom asked for. The tails of tests are half of all further
    passages (40 repositories: 1.53 vectors a definition with them, 1.27 without), and nothing that was asked on dev is
    found worse without them.

    Args:
        text: What is encoded of a definition (:func:`cascode_models.text.function_text`).
        path: Its file, relative to the workspace.
    """
    found = passages(text)
    return found if len(found) == 1 or not is_test_path(path) else found[:1]


def passage_id(text_id: int, place: int) -> int:
    """Return the id of a passage; ``place`` 0 is the beginning of the text."""
    return text_id * MAX_PASSAGES + place


def text_of(passage: int) -> int:
    """Return the id of the text that a passage belongs to."""
    return passage // MAX_PASSAGES


def place_of(passage: int) -> int:
    """Return which passage of its text it is; 0 is the beginning."""
    return passage % MAX_PASSAGES


def passages_of(text_ids: Iterable[int]) -> npt.NDArray[np.int64]:
    """Return the ids ``[texts * MAX_PASSAGES]`` that passages of some texts can have, those of a text side by side."""
    texts = np.fromiter(text_ids, dtype=np.int64)
    return (texts[:, None] * MAX_PASSAGES + np.arange(MAX_PASSAGES)).ravel()
