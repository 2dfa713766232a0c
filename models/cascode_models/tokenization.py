"""Texts to token ids, and token ids to the padded batches a network reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from .types import IntArray
from .wordpiece import WordPiece, canonical

if TYPE_CHECKING:
    from tokenizers import Tokenizer


@dataclass(frozen=True, slots=True)
class PairLayout:
    """How a query and a function become one sequence.

    Attributes:
        repeat_first_token: ``[CLS] query [SEP] [CLS] function [SEP]``, as the bi-encoder reads the two, instead of
            the paper's ``[CLS] query [SEP] function [SEP]``.
    """

    repeat_first_token: bool

    @classmethod
    def of_head(cls, head: str) -> PairLayout:
        """The layout that a head reads: the plain one the paper's, those that begin as the bi-encoder its own."""
        return cls(repeat_first_token=head != "plain")


class TextTokenizer(Protocol):
    """The tokenizer of a model: texts to ids, cut as this model cuts them; used from any thread."""

    @property
    def pad_id(self) -> int:
        """Id of the padding token."""

    def ids(self, texts: Sequence[str], max_tokens: int) -> list[list[int]]:
        """Tokenize texts, first and last special token included, cut to ``max_tokens``."""

    def vocabulary(self) -> dict[str, int]:
        """Every token with its id."""

    def text(self, ids: Sequence[int]) -> str:
        """Text of token ids, special tokens left out; an uncased tokenizer gives lower case."""

    def to_json(self) -> str:
        """The tokenizer file's content, without truncation."""


class LibraryTokenizer:
    """A tokenizer of any kind, computed by the ``tokenizers`` library: see :class:`TextTokenizer`.

    Args:
        tokenizer: A tokenizer of the library with its special tokens set up.
        pad_id: Id of the padding token.
    """

    def __init__(self, tokenizer: Tokenizer, pad_id: int) -> None:
        self._tokenizer = tokenizer
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self.pad_id = pad_id

    def ids(self, texts: Sequence[str], max_tokens: int) -> list[list[int]]:
        """See :meth:`TextTokenizer.ids`.

        The library's own truncation is a setting of the tokenizer: a query of another thread would cut the
        functions that are encoded at the same time.
        """
        rows = []
        for encoding in self._tokenizer.encode_batch(list(texts)):
            ids: list[int] = encoding.ids
            rows.append(cut(ids, max_tokens, ends=bool(ids) and bool(encoding.special_tokens_mask[-1])))
        return rows

    def vocabulary(self) -> dict[str, int]:
        """Every token with its id."""
        return dict(self._tokenizer.get_vocab())

    def text(self, ids: Sequence[int]) -> str:
        """Text of token ids, special tokens left out."""
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=True))

    def to_json(self) -> str:
        """The tokenizer file's content, without truncation."""
        return str(self._tokenizer.to_str(pretty=False))


class WordPieceTokenizer:
    """BERT's tokenizer without a library: see :class:`TextTokenizer`.

    Args:
        pieces: Cuts words into ids.
        before: Ids before each text.
        after: Ids after each text.
        content: The content of its ``tokenizer.json``.
        pad_id: Id of the padding token.
    """

    def __init__(
        self,
        pieces: WordPiece,
        before: Sequence[int],
        after: Sequence[int],
        content: Mapping[str, Any],
        pad_id: int,
    ) -> None:
        self._pieces = pieces
        self._before = list(before)
        self._after = list(after)
        self._content = content
        self.pad_id = pad_id

    def ids(self, texts: Sequence[str], max_tokens: int) -> list[list[int]]:
        """See :meth:`TextTokenizer.ids`."""
        return [
            cut([*self._before, *self._pieces.ids(text, max_tokens), *self._after], max_tokens, ends=bool(self._after))
            for text in texts
        ]

    def vocabulary(self) -> dict[str, int]:
        """Every token with its id."""
        added = {str(token["content"]): int(token["id"]) for token in self._content["added_tokens"]}
        return {**self._content["model"]["vocab"], **added}

    def text(self, ids: Sequence[int]) -> str:
        """Text of token ids; written by the library, as models that write come with it."""
        from tokenizers import Tokenizer

        return str(Tokenizer.from_str(self.to_json()).decode(list(ids), skip_special_tokens=True))

    def to_json(self) -> str:
        """The tokenizer file's content, without truncation."""
        return canonical(self._content)


def cut(ids: list[int], most: int, *, ends: bool) -> list[int]:
    """Cut a text's ids.

    Args:
        ids: The ids.
        most: How many may be left.
        ends: Whether the last one ends the text and stays.
    """
    if len(ids) <= most:
        return ids
    return [*ids[: most - 1], ids[-1]] if ends else ids[:most]


def pad(rows: Sequence[Sequence[int]], pad_id: int, multiple: int = 1) -> tuple[IntArray, IntArray]:
    """Pad rows of token ids on the right.

    Args:
        rows: Token ids of each text.
        pad_id: Id of the padding token.
        multiple: The width is rounded up to a multiple of it.

    Returns:
        Ids and attention mask, both ``[rows, tokens]``.
    """
    width = -(-max(len(row) for row in rows) // multiple) * multiple
    ids = np.full((len(rows), width), pad_id, dtype=np.int64)
    mask = np.zeros((len(rows), width), dtype=np.int64)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = row
        mask[number, : len(row)] = 1
    return ids, mask


def pair(
    queries: Sequence[Sequence[int]],
    functions: Sequence[Sequence[int]],
    pad_id: int,
    layout: PairLayout,
    multiple: int = 1,
) -> tuple[IntArray, IntArray, IntArray]:
    """Lay out pairs of a query and a function as one sequence each.

    Args:
        queries: Token ids of each pair's query, special tokens included.
        functions: Token ids of each pair's function, special tokens included.
        pad_id: Id of the padding token.
        layout: Which special tokens stand between the two.
        multiple: The width is rounded up to a multiple of it.

    Returns:
        Ids, attention mask and segments (1 for the function's tokens), each ``[pairs, tokens]``.
    """
    start = 0 if layout.repeat_first_token else 1
    rows = [[*query, *function[start:]] for query, function in zip(queries, functions, strict=True)]
    ids, mask = pad(rows, pad_id, multiple)
    starts = np.array([len(query) for query in queries])
    segments = (np.arange(ids.shape[1])[None] >= starts[:, None]).astype(np.int64)
    return ids, mask, segments


def batches_by_length(lengths: Sequence[int], token_budget: int) -> Iterator[list[int]]:
    """Group texts of similar length so that little is spent on padding, in batches of few sizes.

    A CPU backend keeps memory for each shape that it ever met (:data:`cascode_models.inference.WIDTH_MULTIPLE`). With
    every size that a budget allows there are a hundred more shapes than with 1, 2, 3, 4, 6, 8, 12, 16 and so on: 600
    batches of mixed sizes grew a process by 27 MB, and by 3 MB with these. Ten equal texts for two threads become 4, 4
    and 2 in place of 5 and 5.

    Args:
        lengths: Tokens of each text.
        token_budget: Most tokens in a batch, padding included; one longer text makes a batch of its own.

    Yields:
        Positions in ``lengths``, longest texts first.
    """
    order = sorted(range(len(lengths)), key=lambda position: -lengths[position])
    start = 0
    while start < len(order):
        fitting = max(1, token_budget // max(1, lengths[order[start]]))
        count = _batch_size(min(fitting, len(order) - start))
        yield order[start : start + count]
        start += count


def _batch_size(count: int) -> int:
    """The greatest of 1, 2, 3, 4, 6, 8, 12, 16 and so on up to ``count``."""
    power = 1 << count.bit_length() - 1
    return power + power // 2 if count >= power + power // 2 else power
