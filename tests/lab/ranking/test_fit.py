"""Weights that put right answers first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cascode_indexer.rank.weights import FAST
from cascode_lab.ranking.compare import cascade_scores, functions_of, score_left_out, table
from cascode_lab.ranking.fit import file_ndcg, fit, reciprocal_rank, scores_of
from cascode_lab.ranking.types import Asked, Files

RULES = ["similarity", "words", "types"]


def asked(
    rows: list[tuple[float, float, float]],
    right: list[int],
    *,
    name: str = "a",
    group: str = "history",
    copies: list[int] | None = None,
    files: list[int] | None = None,
    right_files: list[int] | None = None,
) -> Asked:
    """A question with the evidence of its candidates."""
    count = len(rows)
    return Asked(
        set_name=name,
        group=group,
        sort="",
        judged_as="sentence",
        evidence=np.array(rows, dtype=np.float32),
        right=np.isin(np.arange(count), right),
        copies=np.array(copies or range(count), dtype=np.int32),
        files=Files(
            numbers=np.array(files or range(count), dtype=np.int32),
            right=np.isin(files or range(count), right_files or right),
            answers=len(right_files or right),
        ),
    )


def questions(name: str, *, decisive: int, count: int = 30) -> list[Asked]:
    """Questions whose answer has more of one piece of evidence, the other being noise."""
    rng = np.random.default_rng(int(name, 36))
    found = []
    for _ in range(count):
        rows = rng.random((8, 3))
        rows[:, 2] = 0.0
        rows[3, decisive] = 1.2
        found.append(asked([tuple(row) for row in rows.tolist()], [3], name=name))
    return found


def test_what_tells_answers_apart_gets_the_weight() -> None:
    """The evidence that the answers have counts; noise counts nearly nothing, and constants nothing."""
    weights = fit(questions("a", decisive=1), RULES).weights
    assert weights["words"] > 3 * abs(weights["similarity"])
    assert weights["types"] == 0.0


def test_a_fit_is_the_same_every_time() -> None:
    """Bit for bit, as it is rounded."""
    some = questions("b", decisive=0)
    assert fit(some, RULES) == fit(some, RULES)


def test_a_workspace_with_many_questions_counts_as_one() -> None:
    """A hundred questions of one repository do not outvote three repositories."""
    many = questions("big", decisive=0, count=120)
    few = [question for name in ("s1", "s2", "s3") for question in questions(name, decisive=1, count=10)]
    weights = fit([*many, *few], RULES).weights
    assert weights["words"] > weights["similarity"] > 0


def test_unanswerable_questions_teach_nothing() -> None:
    """A question whose answer is no candidate is left out."""
    some = questions("c", decisive=1)
    lost = asked([(0.0, 9.0, 0.0), (9.0, 0.0, 0.0)], [])
    assert fit([*some, lost], RULES) == fit(some, RULES)


@pytest.mark.parametrize(
    ("scores", "copies", "expected"),
    [
        ([3.0, 2.0, 1.0], [0, 1, 2], 1 / 3),
        ([1.0, 2.0, 3.0], [0, 1, 2], 1.0),
        ([3.0, 2.0, 1.0], [0, 0, 2], 1 / 2),
        ([3.0, 2.0, 1.0], [2, 1, 2], 1.0),
    ],
)
def test_reciprocal_rank(scores: list[float], copies: list[int], expected: float) -> None:
    """The third candidate answers; copies are one hit, and a copy of the answer answers."""
    question = asked([(0.0, 0.0, 0.0)] * 3, [2], copies=copies)
    assert reciprocal_rank(question, np.array(scores)) == pytest.approx(expected)


def test_beyond_the_depth_is_not_found() -> None:
    """The eleventh hit counts nothing."""
    question = asked([(float(-at), 0.0, 0.0) for at in range(12)], [10])
    assert reciprocal_rank(question, scores_of(question, RULES, {"similarity": 1.0})) == 0.0
    assert reciprocal_rank(question, scores_of(question, RULES, {"similarity": 1.0}), depth=11) == pytest.approx(1 / 11)


def test_files_are_judged_in_the_order_that_they_are_opened() -> None:
    """A file counts at its best definition; what two files of an ideal list would gain is 1."""
    rows = [(0.9, 0.0, 0.0), (0.8, 0.0, 0.0), (0.7, 0.0, 0.0), (0.6, 0.0, 0.0)]
    question = asked(rows, [2], files=[0, 0, 1, 2], right_files=[1, 7])
    gain, ideal = 1 / np.log2(3), 1 + 1 / np.log2(3)
    scores = scores_of(question, RULES, {"similarity": 1.0})
    assert file_ndcg(question, scores) == pytest.approx(gain / ideal)
    assert file_ndcg(question, scores, depth=1) == 0.0
    assert file_ndcg(question, -scores) == pytest.approx(gain / ideal)
    missed = replace(question, files=replace(question.files, right=np.array([False] * 4)))
    assert file_ndcg(missed, scores) == 0.0


def test_types_answer_what_was_written_by_hand() -> None:
    """They stay among its candidates, and its files are judged beside its definitions."""
    written = asked([(0.5, 0.1, 1.0), (0.4, 0.2, 0.0)], [0], group="written")
    (kept,) = functions_of([written], RULES)
    assert kept.right.tolist() == [True, False]
    head, *_ = table([written], RULES).splitlines()
    assert head == "| ranking | written | files, NDCG@10 | over before |"


def test_types_are_left_out() -> None:
    """A type is no answer of a mined question, and no rival either."""
    (kept,) = functions_of([asked([(0.5, 0.1, 1.0), (0.4, 0.2, 0.0)], [1])], RULES)
    assert kept.evidence.tolist() == [pytest.approx([0.4, 0.2, 0.0])]
    assert kept.right.tolist() == [True]


def test_the_fast_stage_has_seen_nothing_of_late_interaction() -> None:
    """Else weights fitted to it would weigh what only the slow classifier reads."""
    rules = [*RULES, "late"]
    rows = np.array([[0.5, 0.1, 0.0, 0.3], [0.4, 0.2, 0.0, -0.3]], dtype=np.float32)
    for group in ("written", "history"):
        question = replace(asked([(0, 0, 0)] * 2, [1], group=group), evidence=rows, mean_late=0.4)
        (kept,) = functions_of([question], rules)
        assert kept.evidence.tolist() == [pytest.approx([0.5, 0.1, 0, 0]), pytest.approx([0.4, 0.2, 0, 0])]
        assert not kept.is_read


def test_workspaces_are_ranked_with_weights_of_the_others() -> None:
    """What only one workspace teaches does not help itself."""
    alike = [question for name in ("p", "q", "r", "s") for question in questions(name, decisive=1, count=8)]
    odd = questions("zz", decisive=0, count=8)
    scored = score_left_out([*alike, *odd], RULES, FAST, lambda _line: None)
    found = [reciprocal_rank(*pair) for pair in scored]
    assert np.mean(found[: len(alike)]) > 0.9
    assert np.mean(found[len(alike) :]) < 0.7


def test_the_cascade_orders_what_was_read_above_the_rest() -> None:
    """The classifier's favourite among those it read comes first, and nothing that it did not read comes between."""
    rows = [(0.9, 0.0, 0.0), (0.8, 0.0, 0.0), (0.7, 0.0, 0.0), (0.6, 0.0, 0.0)]
    logits = np.array([-9.0, 9.0, np.nan, np.nan], dtype=np.float32)
    ranks = [
        reciprocal_rank(question, cascade_scores(question, RULES))
        for question in (replace(asked(rows, [right]), logits=logits) for right in range(4))
    ]
    assert ranks == [pytest.approx(1 / place) for place in (2, 1, 3, 4)]
    unread = replace(asked(rows, [2]), logits=np.full(4, np.nan, dtype=np.float32))
    assert reciprocal_rank(unread, cascade_scores(unread, RULES)) == pytest.approx(1 / 3)


def test_the_table_compares_every_ranking() -> None:
    """A group a column, and the gain over the hand-set weights with its interval."""
    some = [question for name in ("p", "q", "r") for question in questions(name, decisive=1, count=8)]
    lines = table(some, RULES).splitlines()
    assert lines[0] == "| ranking | history | over before |"
    rows = {line.split(" | ")[0].strip("| "): line for line in lines[2:]}
    assert rows["words alone (BM25)"].split(" | ")[1] == "1.000"
    assert rows["weights set by hand, before"].endswith("| +0.000 [+0.000, +0.000] |")
    assert len(rows) == 6
    read = [replace(question, logits=np.zeros(len(question.right), dtype=np.float32)) for question in some]
    assert "| the cascade, types among the candidates | " in table(read, RULES)
    assert "| the cascade, fitted to" not in table(read, RULES)
    kept = [replace(question, mean_late=0.1) for question in some]
    assert "| the cascade, fitted to the other workspaces | 1.000 | " in table(kept, RULES)
