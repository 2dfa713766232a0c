"""Examples, shims and stubs stand beside the code that is meant."""

from __future__ import annotations

import re

from cascode_indexer.extract import is_example_path
from cascode_indexer.query import Query
from cascode_indexer.rank.types import Candidate, Pool, Rule

_SHIM = re.compile(r"(^|/)(_?compat|compatibility|legacy|deprecated|vendor(ed)?|_vendor|third_party|generated)(/|\.)")
_STUB = re.compile(r"\.(pyi|d\.ts)$")

#: Words of a query that ask for them.
_ASKS_FOR_EXAMPLES = frozenset({"example", "examples", "sample", "demo", "docs", "tutorial", "benchmark", "benchmarks"})
_ASKS_FOR_SHIMS = frozenset({"compat", "compatibility", "legacy", "deprecated", "vendored"})


def aside(query: Query, candidate: Candidate, _pool: Pool) -> float:
    """Return 1 for an example, a shim or a stub that is not asked for; else 0."""
    path = candidate.definition.path
    if is_example_path(path):
        return float(not query.asked_words & _ASKS_FOR_EXAMPLES)
    if _SHIM.search(path):
        return float(not query.asked_words & _ASKS_FOR_SHIMS)
    return float(_STUB.search(path) is not None)


RULE = Rule(
    "aside", "example, shim or stub", "examples, shims and stubs repeat or forward the code that is meant", aside
)
