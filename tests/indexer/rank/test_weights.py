"""What the rules are worth beside each other, with the weights that are in force."""

from __future__ import annotations

from typing import Any

import pytest

from candidates import candidate
from cascode_indexer.query import Query, QueryKind
from cascode_indexer.rank.pipeline import rank
from cascode_indexer.rank.types import Table
from cascode_indexer.rank.weights import FAST, LATE, READ_AFTER_LATE, WORDS_ALONE

SENTENCE = "where do we retry a failed upload"
DESCRIPTION = "Retries a failed upload with backoff."
GENERAL = "python retry a failed upload"
WITH_NAME = "why does retry_upload hang in the client"
REPORT = 'File "/x/shop/cart.py", line 1, in add\nValueError: no item'
REPORT_WITH_NAME = f"retry_upload fails\n{REPORT}"
CODE = Query.of_code("def retry(upload): send(upload)")

#: What speaks for nothing: a usual function in a usual file.
PLAIN = {"name": "a", "path": "src/a.py", "lines": 10}
EXAMPLE = PLAIN | {"path": "examples/a.py"}
TEST = PLAIN | {"path": "tests/a.py"}
IN_ITS_FILE = PLAIN | {"path": "src/upload.py"}
NAMED = PLAIN | {"name": "retry_upload"}
SPELLED = PLAIN | {"name": "upload"}
MEMBER = PLAIN | {"name": "Client.a"}
WORDED = PLAIN | {"bm25": 8.0}
SHORT, LONG = PLAIN | {"lines": 1}, PLAIN | {"lines": 100}
TYPE = PLAIN | {"kind": "class"}
ADD = PLAIN | {"name": "add", "path": "shop/cart.py"}
INSTALL = PLAIN | {"name": "App.install"}
#: The best by words, which the others are measured beside.
BEST = candidate("best", "src/best.py", similarity=-1.0, bm25=8.0, lines=10)


def leads(
    query: str | Query, better: dict[str, Any], worse: dict[str, Any], ahead: dict[str, float], table: Table
) -> bool:
    """Whether a candidate is ranked above another one that is ahead in something."""
    asked = Query.of(query) if isinstance(query, str) else query
    base = {"similarity": None if table is WORDS_ALONE else 0.0}
    first = candidate(**{**base, **better}, number=1)
    second = candidate(**{**base, **worse, **ahead}, number=2)
    order = [found.candidate for found in rank(asked, [second, first, BEST], table)]
    return order.index(first) < order.index(second)


@pytest.mark.parametrize(
    ("query", "better", "worse", "outweighed", "too_much"),
    [
        (SENTENCE, WORDED, PLAIN, 0.1, 0.2),
        (SENTENCE, IN_ITS_FILE, PLAIN, 0.02, 0.07),
        (SENTENCE, LONG, SHORT, 0.2, 0.3),
        (SENTENCE, PLAIN, EXAMPLE, 0.05, 0.12),
        (SENTENCE, PLAIN, TEST, 0.2, 0.3),
        ("the class of a session", TYPE, PLAIN, 0.06, 0.12),
        (DESCRIPTION, WORDED, PLAIN, 0.05, 0.12),
        (DESCRIPTION, IN_ITS_FILE, PLAIN, 0.02, 0.08),
        (DESCRIPTION, NAMED, PLAIN, 0.02, 0.07),
        (DESCRIPTION, PLAIN, EXAMPLE, 0.06, 0.13),
        (DESCRIPTION, PLAIN, TEST, 0.08, 0.18),
        ("Returns the class of a session.", TYPE, PLAIN, 0.09, 0.16),
        (GENERAL, WORDED, PLAIN, 0.02, 0.06),
        (GENERAL, IN_ITS_FILE, PLAIN, 0.03, 0.09),
        (GENERAL, PLAIN, EXAMPLE, 0.04, 0.1),
        (GENERAL, PLAIN, TEST, 0.15, 0.25),
        (GENERAL, PLAIN, TYPE, 0.03, 0.08),
        (WITH_NAME, WORDED, PLAIN, 0.2, 0.4),
        (WITH_NAME, NAMED, PLAIN, 0.2, 0.3),
        (WITH_NAME, MEMBER, PLAIN, 0.03, 0.09),
        (WITH_NAME, IN_ITS_FILE, PLAIN, 0.02, 0.09),
        (WITH_NAME, LONG, SHORT, 0.07, 0.14),
        (WITH_NAME, PLAIN, EXAMPLE, 0.06, 0.15),
        (WITH_NAME, PLAIN, TEST, 0.2, 0.3),
        (WITH_NAME, PLAIN, TYPE, 0.03, 0.08),
        (REPORT, ADD, PLAIN, 0.9, 1.3),
        (REPORT_WITH_NAME, WORDED, PLAIN, 0.2, 0.4),
        (REPORT_WITH_NAME, NAMED, PLAIN, 0.2, 0.3),
        (REPORT, PLAIN, TYPE, 0.03, 0.08),
        ("retry_upload", NAMED, PLAIN, 1.5, 1.7),
        ("retry_uplod", NAMED, PLAIN, 0.3, 0.4),
        ("retry_upload", WORDED, PLAIN, 0.1, 0.3),
        ("upload", IN_ITS_FILE, PLAIN, 0.02, 0.09),
        ("retry_upload", PLAIN, EXAMPLE, 0.03, 0.09),
        ("retry_upload", PLAIN, TEST, 0.05, 0.15),
        ("src/upload.py", IN_ITS_FILE, PLAIN, 1.05, 1.4),
        ("App.install", INSTALL, PLAIN, 1.05, 1.4),
        ("src/upload.py", WORDED, PLAIN, 0.1, 0.3),
        ("shop/cart.py:1", ADD, PLAIN, 1.1, 1.3),
        (CODE, PLAIN, EXAMPLE, 0.03, 0.07),
        (CODE, PLAIN, TEST, 0.05, 0.11),
    ],
)
def test_what_a_rule_outweighs(
    query: str | Query, better: dict[str, Any], worse: dict[str, Any], outweighed: float, too_much: float
) -> None:
    """Evidence stands against so much more similarity, and not against much more than that."""
    assert leads(query, better, worse, {"similarity": outweighed}, FAST)
    assert not leads(query, better, worse, {"similarity": too_much}, FAST)


#: Its tokens are found in the candidate, half a cosine above the others'.
FOUND = PLAIN | {"late": 0.5}


@pytest.mark.parametrize(
    ("query", "better", "worse", "outweighed", "too_much"),
    [
        (SENTENCE, FOUND, PLAIN, 0.4, 0.48),
        (SENTENCE, LONG, SHORT, 0.2, 0.28),
        (DESCRIPTION, FOUND, PLAIN, 0.25, 0.35),
        (DESCRIPTION, WORDED, PLAIN, 0.1, 0.16),
        (GENERAL, FOUND, PLAIN, 0.09, 0.14),
        (WITH_NAME, FOUND, PLAIN, 0.22, 0.28),
        (WITH_NAME, WORDED, PLAIN, 0.3, 0.45),
        (WITH_NAME, LONG, SHORT, 0.08, 0.17),
        (REPORT_WITH_NAME, FOUND, PLAIN, 0.22, 0.28),
        ("retry_upload", FOUND, PLAIN, 0.08, 0.12),
        ("src/upload.py", FOUND, PLAIN, 0.08, 0.12),
        (REPORT, ADD, PLAIN, 1.1, 1.6),
    ],
)
def test_what_kept_states_outweigh(
    query: str, better: dict[str, Any], worse: dict[str, Any], outweighed: float, too_much: float
) -> None:
    """Late interaction stands against so much more similarity, and not against much more than that."""
    assert leads(query, better, worse, {"similarity": outweighed}, LATE)
    assert not leads(query, better, worse, {"similarity": too_much}, LATE)


def test_tokens_of_code_say_nothing() -> None:
    """What does the same work is asked for: late interaction neither lifts a candidate nor lowers it."""
    assert leads(CODE, FOUND, PLAIN, {"similarity": -0.01}, LATE)
    assert leads(CODE, PLAIN, FOUND, {"similarity": -0.01}, LATE)


def test_the_classifier_stands_for_what_it_reads_after() -> None:
    """Its score is in the place of vector and tokens, and counts 1; everything else counts what it did."""
    for kind, weights in LATE.items():
        others = {name: weight for name, weight in weights.items() if name not in {"similarity", "late"}}
        assert READ_AFTER_LATE[kind] == {"similarity": 1.0, **others}


@pytest.mark.parametrize(
    ("query", "better", "worse", "outweighed", "too_much"),
    [
        (SENTENCE, NAMED, PLAIN, 0.1, 0.3),
        (SENTENCE, IN_ITS_FILE, PLAIN, 0.03, 0.2),
        (SENTENCE, PLAIN, EXAMPLE, 0.1, 0.25),
        (SENTENCE, PLAIN, TEST, 0.2, 0.4),
        (WITH_NAME, IN_ITS_FILE, PLAIN, 0.03, 0.2),
        (WITH_NAME, PLAIN, EXAMPLE, 0.1, 0.25),
        (WITH_NAME, PLAIN, TEST, 0.2, 0.4),
        ("upload", IN_ITS_FILE, PLAIN, 0.1, 0.3),
        ("retry_upload", PLAIN, EXAMPLE, 0.3, 0.5),
        ("retry_upload", PLAIN, TEST, 0.4, 0.8),
        (REPORT, PLAIN, TEST, 0.2, 0.4),
        (REPORT_WITH_NAME, IN_ITS_FILE, PLAIN, 0.03, 0.2),
        ("retry_upload", PLAIN | {"name": "upload_later"}, PLAIN, 0.4, 0.5),
        ("retryuplod", NAMED, PLAIN, 0.55, 0.7),
        ("upload.py", SPELLED, PLAIN, 0.3, 0.6),
        (CODE, PLAIN, EXAMPLE, 0.1, 0.25),
        (CODE, PLAIN, TEST, 0.2, 0.4),
    ],
)
def test_what_a_rule_outweighs_without_a_model(
    query: str | Query, better: dict[str, Any], worse: dict[str, Any], outweighed: float, too_much: float
) -> None:
    """Evidence stands against so much of the best BM25, and not against much more than that."""
    assert leads(query, better, worse, {"bm25": outweighed * BEST.bm25}, WORDS_ALONE)
    assert not leads(query, better, worse, {"bm25": too_much * BEST.bm25}, WORDS_ALONE)


@pytest.mark.parametrize(
    ("query", "exact"),
    [
        (WITH_NAME, NAMED),
        ("retry_upload", NAMED),
        ("src/upload.py", PLAIN | {"path": "lib/upload.js"}),
        ("src/upload.py", IN_ITS_FILE),
        ("App.install", INSTALL),
        (REPORT, ADD),
        (REPORT_WITH_NAME, NAMED),
    ],
)
def test_what_is_named_exactly_comes_before_the_best_match_by_words(query: str, exact: dict[str, Any]) -> None:
    """A name, a path or a frame says what is meant; without a model, too."""
    assert leads(query, exact, PLAIN, {"bm25": 0.95 * BEST.bm25}, WORDS_ALONE)


def test_a_file_whose_other_definitions_are_close_is_about_the_question() -> None:
    """Half of a cosine beside it lifts a definition by some hundredths."""
    beside, alone, neighbour = (
        candidate("a", "src/b.py", similarity=0.30, lines=10, number=1),
        candidate("a", "src/c.py", similarity=0.31, lines=10, number=2),
        candidate("b", "src/b.py", similarity=0.50, lines=10, number=3),
    )
    for query in (SENTENCE, GENERAL):
        order = [found.candidate for found in rank(Query.of(query), [alone, beside, neighbour])]
        assert order == [neighbour, beside, alone]


#: What says exactly which definition is meant.
EXACT = {"definition", "path", "frame"}


@pytest.mark.parametrize("kind", list(QueryKind))
def test_nothing_inexact_outweighs_what_was_fitted(kind: QueryKind) -> None:
    """Beside vectors hints stay below half of a cosine; without them below the words, in which all is measured."""
    assert all(abs(weight) < 0.5 for rule, weight in FAST[kind].items() if rule not in {"similarity", *EXACT})
    assert all(
        abs(weight) <= WORDS_ALONE[kind]["words"] for rule, weight in WORDS_ALONE[kind].items() if rule not in EXACT
    )
