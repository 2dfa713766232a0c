"""Tests repeat the words of the code that they test."""

from __future__ import annotations

from cascode_indexer.extract import is_test_path
from cascode_indexer.query import Query
from cascode_indexer.rank.types import Candidate, Pool, Rule

#: Words of a query that ask for tests.
_ASKS_FOR_TESTS = frozenset({"test", "tests", "testing", "spec", "mock", "mocks", "fixture", "fixtures", "assert"})


def tests(query: Query, candidate: Candidate, _pool: Pool) -> float:
    """Return 1 for a definition in a test where none is asked for; else 0."""
    return float(is_test_path(candidate.definition.path) and not query.asked_words & _ASKS_FOR_TESTS)


RULE = Rule("tests", "test", "tests repeat the words of the code that is meant", tests)
