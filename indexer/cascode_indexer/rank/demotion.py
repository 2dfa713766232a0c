"""Tests, examples, documentation and shims rank below the code that they are about, unless asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cascode_indexer.search.types import Ranked

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


def demotion(candidate: Ranked, terms: Sequence[str]) -> float:
    """Return how much of a candidate's standing its place costs it: 0 (none) to 1."""
    asked = set(terms)
    if _TEST.search(candidate.path) and not asked & _ASKS_FOR["test"]:
        return 1.0
    if _EXAMPLE.search(candidate.path) and not asked & _ASKS_FOR["example"]:
        return 0.7
    if _SHIM.search(candidate.path) and not asked & _ASKS_FOR["shim"]:
        return 0.5
    return 0.5 if _STUB.search(candidate.path) else 0.0
