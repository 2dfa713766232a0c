"""Assembling the corpus: split, cap and de-duplicate what was mined."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from cascode_indexer.extract.doc_prose import clean_doc
from cascode_indexer.types import TYPE_KINDS
from cascode_lab.corpus.duplicates import NearDuplicates, query_key
from cascode_lab.corpus.mine import Mined
from cascode_lab.corpus.splits import split_of
from cascode_lab.corpus.types import Candidate, Split

#: Pairs taken from one package at most, so that no giant sets the style of the whole corpus.
MAX_PER_PACKAGE = 6_000
#: Pairs of one query at most: "Return the name" would otherwise have hundreds of right answers.
MAX_PER_QUERY = 3


@dataclass(slots=True)
class Corpus:
    """What was mined for one language."""

    pairs: list[dict[str, Any]] = field(default_factory=list)
    #: Functions of the reserved packages, documented or not.
    pools: dict[Split, list[dict[str, Any]]] = field(default_factory=dict)
    #: Types of the reserved packages, each with its query where it has one.
    types: dict[Split, list[dict[str, Any]]] = field(default_factory=dict)
    #: Definitions or files left out, by reason.
    dropped: Counter[str] = field(default_factory=Counter)


#: Where evaluation packages come before training ones: what both hold is dropped from training.
_ORDER = (Split.TEST, Split.DEV, Split.TRAIN)


class _Assembly:
    """One language on its way: what was kept, and what it is compared with."""

    def __init__(self) -> None:
        self.corpus = Corpus()
        self._seen = NearDuplicates()
        self._queries: Counter[str] = Counter()
        self._evaluated: set[str] = set()
        self._taken: Counter[str] = Counter()

    def add(self, candidate: Candidate, split: Split) -> None:
        """Keep a candidate as a pair, a pool function or both, or count why it is dropped."""
        reason = self._train(candidate) if split is Split.TRAIN else self._evaluate(candidate, split)
        if reason:
            self.corpus.dropped[reason] += 1

    def _train(self, candidate: Candidate) -> str | None:
        """Add a training pair; definitions without a query are of no use here."""
        if not candidate.query:
            return None
        key = query_key(candidate.query)
        if key in self._evaluated:
            return "train query is an evaluation query"
        return self._pair(candidate, Split.TRAIN, key)

    def _evaluate(self, candidate: Candidate, split: Split) -> str | None:
        """Add a function to its pool, and as a pair where it has a query.

        Types go apart, so that the sets of functions stay what the literature's are.
        """
        copy = self._seen.add(candidate.definition.code)
        if copy:
            return copy
        if candidate.definition.kind in TYPE_KINDS:
            if candidate.query:
                self._evaluated.add(query_key(candidate.query))
            self.corpus.types.setdefault(split, []).append(_pair_row(candidate, split))
            return None
        self.corpus.pools.setdefault(split, []).append(_pool_row(candidate))
        if not candidate.query:
            return None
        key = query_key(candidate.query)
        self._evaluated.add(key)
        return self._pair(candidate, split, key)

    def _pair(self, candidate: Candidate, split: Split, key: str) -> str | None:
        """Add a pair within the caps."""
        if self._queries[key] >= MAX_PER_QUERY:
            return "query repeated"
        if self._taken[candidate.package.name] >= MAX_PER_PACKAGE:
            return "package over its cap"
        if split is Split.TRAIN:
            copy = self._seen.add(candidate.definition.code)
            if copy:
                return copy
        self._queries[key] += 1
        self._taken[candidate.package.name] += 1
        self.corpus.pairs.append(_pair_row(candidate, split))
        return None


def assemble(mined: Iterable[Mined]) -> dict[str, Corpus]:
    """Split, cap and de-duplicate what was mined.

    Evaluation packages go first, documented or not, so that whatever training holds of them is dropped
    from training and never the other way round.

    Args:
        mined: Packages in any order.

    Returns:
        Corpus of each language.
    """
    languages: dict[str, _Assembly] = {}
    for item in sorted(mined, key=lambda found: (_ORDER.index(split_of(found.package.name)), found.package.name)):
        for language, counts in item.dropped.items():
            languages.setdefault(language, _Assembly()).corpus.dropped.update(counts)
        for candidate in _spread(item.candidates):
            languages[candidate.definition.language].add(candidate, split_of(item.package.name))
    corpora = {language: assembly.corpus for language, assembly in languages.items()}
    for corpus in corpora.values():
        corpus.pairs.sort(key=_row_key)
        for rows in (*corpus.pools.values(), *corpus.types.values()):
            rows.sort(key=_row_key)
    return corpora


def _row_key(row: dict[str, Any]) -> tuple[str, str, int]:
    """Order of the rows of a file."""
    return (row["package"], row["path"], row["line"])


def _spread(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Candidates in an order that is random but fixed, so that a cap takes from the whole package."""
    return sorted(
        candidates,
        key=lambda candidate: hashlib.sha256("\0".join(map(str, _place(candidate))).encode()).digest(),
    )


def _place(candidate: Candidate) -> tuple[str, int, str]:
    """Path, line and name of a candidate."""
    return candidate.path, candidate.definition.start_line, candidate.definition.name


def _pool_row(candidate: Candidate) -> dict[str, Any]:
    """A definition of an evaluation pool."""
    definition = candidate.definition
    return {
        "name": definition.name,
        "code": definition.code,
        "doc": clean_doc(definition.doc).strip(),
        "package": candidate.package.name,
        "language": definition.language,
        "path": candidate.path,
        "line": definition.start_line,
        "kind": definition.kind.value,
    }


def _pair_row(candidate: Candidate, split: Split) -> dict[str, Any]:
    """A query-function pair with its provenance."""
    package = candidate.package
    return {
        "query": candidate.query,
        **_pool_row(candidate),
        "source": package.source,
        "version": package.version,
        "licence": package.licence,
        "split": split.value,
    }
