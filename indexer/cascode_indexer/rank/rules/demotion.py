"""Tests, examples, documentation and shims rank below the code that they are about, unless asked for."""

from __future__ import annotations

import re

from cascode_indexer.query import Query
from cascode_indexer.rank.types import Candidate, Pool, Rule

_TEST = re.compile(
    r"(^|/)(tests?|testing|spec|specs|__tests__|e2e|fixtures?|mocks?)/"
    r"|(^|/)(test_[^/]*|[^/]*(_test|_spec|\.test|\.spec)|conftest)\.\w+$|(^|/)[^/]*Tests?\.(java|cs|php)$"
)
_EXAMPLE = re.compile(r"(^|/)(examples?|samples?|demos?|docs?|documentation|tutorials?|benchmarks?)/")
_SHIM = re.compile(r"(^|/)(_?compat|compatibility|legacy|deprecated|vendor(ed)?|_vendor|third_party|generated)(/|\.)")
_STUB = re.compile(r"\.(pyi|d\.ts)$")

#: Words of a query that ask for the demoted code itself.
_ASKS_FOR = {
    "test": frozenset({"test", "tests", "testing", "spec", "mock", "mocks", "fixture", "fixtures", "assert"}),
    "example": frozenset({"example", "examples", "sample", "demo", "docs", "tutorial", "benchmark", "benchmarks"}),
    "shim": frozenset({"compat", "compatibility", "legacy", "deprecated", "vendored"}),
}


def demotion(query: Query, candidate: Candidate, _pool: Pool) -> float:
    """Return how much of a candidate's standing its place costs it: 0 (none) to 1."""
    path = candidate.definition.path
    asked = query.asked_words
    if _TEST.search(path) and not asked & _ASKS_FOR["test"]:
        return 1.0
    if _EXAMPLE.search(path) and not asked & _ASKS_FOR["example"]:
        return 0.7
    if _SHIM.search(path) and not asked & _ASKS_FOR["shim"]:
        return 0.5
    return 0.5 if _STUB.search(path) else 0.0


RULE = Rule("demotion", "tests, examples and shims repeat the words of the code that is meant", demotion)
