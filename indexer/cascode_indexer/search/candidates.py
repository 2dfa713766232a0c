"""Candidates of one workspace: the dense top N and the lexical top N, each with both pieces of evidence."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

import numpy as np
import pathspec

from cascode_indexer.errors import QueryError
from cascode_indexer.extract import LANGUAGES, canonical_language
from cascode_indexer.lexical.terms import match_expression, query_terms
from cascode_indexer.search.types import Ranked, SearchRequest
from cascode_indexer.store.store import Store, StoredDefinition
from cascode_indexer.types import Kind
from cascode_indexer.vectors import VectorIndex
from cascode_indexer.vectors.types import Vectors

#: Candidates from each half of the fast stage: recall@100 of the encoder is above 0.96 on held-out packages, and
#: rows beyond cost look-ups without ever being shown.
CANDIDATES = 100
#: Terms of a query that are looked up; a pasted page of text has its subject in the first ones.
_MOST_TERMS = 32
#: Functions of an open buffer's file that may sit among the best: few files have more that answer one query.
_HIDDEN_A_FILE = 20
#: And in all: a hundred open buffers must not make every search read the whole index.
_MOST_HIDDEN = 400
#: Copies of one function that are ranked: one is shown, and the place of a copy is told apart by its path's words. Code
#: that was copied a thousand times must not make every search a thousand times longer.
_MOST_COPIES = 20
#: BM25 weights of the columns name, path, doc, body: a word in the name says more than one in the body.
COLUMN_WEIGHTS = (4.0, 1.0, 2.0, 1.0)


@dataclass(frozen=True, slots=True)
class Filter:
    """What may answer: function ids and text ids; None for all."""

    functions: frozenset[int] | None
    texts: np.ndarray | None


def checked_request(request: SearchRequest) -> SearchRequest:
    """Return the request with languages in their own names and globs as they are matched.

    Raises:
        QueryError: An empty query, an unknown language or kind, a glob that matches nothing, or a senseless number.
    """
    if not request.query.strip():
        raise QueryError("the query is empty: ask in plain words, for instance 'where do we retry a failed upload'")
    if request.limit < 1:
        raise QueryError(f"limit must be 1 or more, not {request.limit}")
    if request.rerank_top is not None and request.rerank_top < 0:
        raise QueryError(f"rerank-top must be 0 or more, not {request.rerank_top}")
    languages = []
    for name in request.languages:
        language = canonical_language(name)
        if language is None:
            raise QueryError(f"unknown language {name!r}; known: {', '.join(LANGUAGES)}")
        languages.append(language)
    kinds = [kind.value for kind in Kind]
    for name in request.kinds:
        if name not in kinds:
            raise QueryError(f"unknown kind {name!r}; known: {', '.join(kinds)}")
    # Half of a character, as editors may send it, is nothing that SQLite or the model can take.
    query = request.query.encode("utf-8", "replace").decode("utf-8")
    paths = tuple(_checked_glob(glob) for glob in request.paths)
    if paths and all(glob.startswith("!") for glob in paths):
        paths = ("**", *paths)  # all but what is named
    return dataclasses.replace(request, query=query, languages=tuple(languages), paths=paths)


def _checked_glob(glob: str) -> str:
    """A glob as files are matched with it: relative to the workspace, without the './' of a shell's completion."""
    sign, rest = ("!", glob[1:]) if glob.startswith("!") else ("", glob)
    cleaned = sign + ("**" if rest in (".", "./") else rest.removeprefix("./"))
    try:
        patterns = list(pathspec.GitIgnoreSpec.from_lines([cleaned]).patterns)
    except ValueError:
        patterns = []
    if not patterns or patterns[0].include is None or rest.startswith("../"):
        raise QueryError(f"path {glob!r} matches no file: write it as in .gitignore, for instance 'src/**' or '*.py'")
    # In an ignore file '!tests/' would not reach the files in the folder; here it can mean nothing else.
    return f"{cleaned}**" if cleaned.startswith("!") and cleaned.endswith("/") else cleaned


def admission(request: SearchRequest) -> Callable[[str, str, str], bool] | None:
    """Return what says whether the request's filters admit a function of this path, language and kind.

    Returns:
        None where there is no filter.
    """
    if not (request.languages or request.kinds or request.paths):
        return None
    globs = pathspec.GitIgnoreSpec.from_lines(request.paths) if request.paths else None
    matches: dict[str, bool] = {}

    def admits(path: str, language: str, kind: str) -> bool:
        if request.languages and language not in request.languages:
            return False
        if request.kinds and kind not in request.kinds:
            return False
        if globs is None:
            return True
        if path not in matches:
            matches[path] = globs.match_file(path)
        return matches[path]

    return admits


def make_filter(store: Store, request: SearchRequest) -> Filter:
    """Find what the request's languages, kinds and globs allow."""
    admits = admission(request)
    if admits is None:
        return Filter(None, None)
    functions, texts = set(), set()
    for function_id, text_id, path, language, kind in store.function_facets():
        if admits(path, language, kind):
            functions.add(function_id)
            texts.add(text_id)
    return Filter(frozenset(functions), np.array(sorted(texts), dtype=np.int64))


def gather(
    store: Store,
    index: VectorIndex | None,
    query: str,
    query_vector: Vectors | None,
    allowed: Filter,
    hidden: Collection[str] = (),
) -> tuple[list[Ranked], dict[int, StoredDefinition]]:
    """Gather the candidates of one workspace.

    Args:
        store: Its store.
        index: Its vectors; None while there is no model.
        query: The words.
        query_vector: ``[dimension]``; None while there is no model.
        allowed: What may answer.
        hidden: Files that open buffers stand in for.

    Returns:
        Candidates with similarity and raw BM25 (the caller normalises over all workspaces), and their rows.
    """
    similarity: dict[int, float] = {}
    if index is not None and query_vector is not None and len(index):
        # Hidden functions take places of the top N.
        most = min(CANDIDATES + min(len(hidden) * _HIDDEN_A_FILE, _MOST_HIDDEN), len(index))
        ids, scores = index.search(query_vector[None, :], most, allowed.texts)
        similarity = {int(one): float(score) for one, score in zip(ids[0], scores[0], strict=True) if one >= 0}
    bm25 = _lexical(store, query, allowed, min(len(hidden) * _HIDDEN_A_FILE, _MOST_HIDDEN))
    rows = {row.id: row for row in store.functions_of_texts(list(similarity))}
    rows.update((row.id, row) for row in store.functions([one for one in bm25 if one not in rows]))
    if allowed.functions is not None:
        rows = {one: row for one, row in rows.items() if one in allowed.functions}
    if hidden:
        rows = {one: row for one, row in rows.items() if row.path not in hidden}
    rows = _few_copies(rows, bm25)
    if index is not None and query_vector is not None:
        similarity.update(_missing_similarities(index, query_vector, rows.values(), similarity))
    candidates = [as_ranked(row, similarity.get(row.text_id), bm25.get(row.id, 0.0)) for row in rows.values()]
    return candidates, rows


def _few_copies(rows: dict[int, StoredDefinition], bm25: dict[int, float]) -> dict[int, StoredDefinition]:
    """Leave out surplus copies of a function, first those that words did not find."""
    copies: Counter[int] = Counter()
    kept = {}
    for one, row in sorted(rows.items(), key=lambda item: (-bm25.get(item[0], 0.0), item[0])):
        copies[row.text_id] += 1
        if copies[row.text_id] <= _MOST_COPIES:
            kept[one] = row
    return kept


def as_ranked(row: StoredDefinition, similarity: float | None, lexical: float = 0.0) -> Ranked:
    """Describe a row as a candidate, scored by its similarity until evidence is added up."""
    return Ranked(
        function_id=row.id,
        text_id=row.text_id,
        path=row.path,
        name=row.name,
        qualified_name=row.qualified_name,
        kind=row.kind,
        similarity=similarity,
        lexical=lexical,
        score=similarity or 0.0,
    )


def looked_up_terms(query: str) -> list[str]:
    """Return the terms of a query that are looked up."""
    return query_terms(query)[:_MOST_TERMS]


def _lexical(store: Store, query: str, allowed: Filter, hidden: int) -> dict[int, float]:
    """Return BM25 of the lexical top N by function id; ``hidden`` more, for those that will be left out."""
    terms = looked_up_terms(query)
    if not terms:
        return {}
    # A filter is applied to a longer list: full-text search knows nothing of languages and globs.
    limit = (CANDIDATES if allowed.functions is None else CANDIDATES * 20) + hidden
    ranked = store.match(match_expression(terms), COLUMN_WEIGHTS, limit)
    if allowed.functions is not None:
        ranked = [(one, score) for one, score in ranked if one in allowed.functions][:CANDIDATES]
    return dict(ranked)


def _missing_similarities(
    index: VectorIndex, query_vector: Vectors, rows: Iterable[StoredDefinition], known: dict[int, float]
) -> dict[int, float]:
    """Compute the similarity of lexical candidates that are not in the dense top N."""
    wanted = sorted({row.text_id for row in rows if row.text_id not in known})
    if not wanted or not len(index):
        return {}
    held = index.ids()
    present = np.array(wanted, dtype=np.int64)
    present = present[np.isin(present, held, assume_unique=True)]
    if not len(present):
        return {}
    scores = index.vectors(present) @ query_vector
    return {int(one): float(score) for one, score in zip(present, scores, strict=True)}
