"""Which paths hold tests and examples: conventions that all languages share, and each language's own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from .facts import FACTS

#: Paths of a workspace that a search asks about again and again.
_REMEMBERED = 1 << 14

_TESTS = (
    # a folder: tests/, unit_tests/, src/integration-test/, Product.Tests/, __tests__/, test_utils/
    r"(?:^|/)(?:[\w.-]*[._-])?"
    r"(?:tests?(?:[_-]?(?:data|utils?|helpers?|support|fixtures?|resources|cases?|suites?))?"
    r"|testing|unittests?|specs?|e2e|fixtures?|mocks?)_*/",
    r"(?:^|/)(?:android|integration|functional|unit)tests?/",
    # a file: test_parse.py, parse_test.go, parse-unittest.cc, parse.spec.ts
    r"(?:^|/)test_[^/]*\.\w+$",
    r"[_.-](?:unit_?)?tests?\.\w+$|\.specs?\.\w+$",
)
_EXAMPLES = (
    r"(?:^|/)(?:[\w.-]*[._-])?(?:examples?|samples?|demos?|docs?|documentation|tutorials?|benchmarks?)/",
    r"(?:^|/)(?:docs?_src)/",
)


def _any_of(shared: tuple[str, ...], own: Iterable[tuple[str, ...]]) -> re.Pattern[str]:
    """One expression for all; a language's own may turn case on by ``(?-i:...)``."""
    return re.compile("|".join([*shared, *(pattern for some in own for pattern in some)]), re.IGNORECASE)


_TEST = _any_of(_TESTS, (facts.tests for facts in FACTS.values()))
_EXAMPLE = _any_of(_EXAMPLES, (facts.examples for facts in FACTS.values()))


@lru_cache(maxsize=_REMEMBERED)
def is_test_path(path: str) -> bool:
    """Whether a file holds tests or what only tests use, by its path inside the workspace (posix separators)."""
    return _TEST.search(path) is not None


@lru_cache(maxsize=_REMEMBERED)
def is_example_path(path: str) -> bool:
    """Whether a file holds examples, documentation or benchmarks, by its path inside the workspace."""
    return _EXAMPLE.search(path) is not None
