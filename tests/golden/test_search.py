"""What the search answers to real questions about pinned packages equals the reviewed text beside it.

``make golden`` rewrites the text. ``make setup-golden`` fetches the packages; without them these tests skip.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
import torch

from cascode_indexer.engine import Engine
from cascode_indexer.model import ModelHandle
from cascode_indexer.search.types import SearchRequest
from cascode_lab.corpus.archives import read_members
from cascode_models.errors import ModelError
from golden_search import (
    KINDS,
    SHOWN,
    PinnedPackage,
    Place,
    Question,
    cache_folder,
    rank_of_answer,
    read_questions,
    recorded_hits,
    render,
    settle,
)

GOLDEN = Path(__file__).parent
#: Hits looked at beyond those recorded: one that changed places with the last one recorded is among them.
LOOKED_AT = 2 * SHOWN


@pytest.fixture(scope="module")
def workspaces(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The sources of every package, unpacked."""
    folder = tmp_path_factory.mktemp("packages")
    roots = {}
    for pinned in read_questions():
        archives = sorted((cache_folder() / pinned.package.source / pinned.package.folder).glob("*"))
        if not archives:
            pytest.skip(f"{pinned.package.name} is not in {cache_folder()}: run make setup-golden")
        assert hashlib.sha256(archives[0].read_bytes()).hexdigest() == pinned.sha256
        roots[pinned.package.name] = root = folder / pinned.package.name
        for member in read_members(archives[0], frozenset(pinned.suffixes)):
            path = root / member.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(member.content)
    return roots


def ask(
    workspaces: Mapping[str, Path], index: Callable[[Path], Engine], *, wait_for_model: bool
) -> dict[str, dict[str, list[Place]]]:
    """Ask every question in the workspace of its package."""
    hits: dict[str, dict[str, list[Place]]] = {}
    for pinned in read_questions():
        with index(workspaces[pinned.package.name]) as engine:
            hits[pinned.package.name] = {
                question.ask: [
                    Place(hit.name, f"{hit.path}:{hit.start_line}", hit.score)
                    for hit in engine.search(
                        SearchRequest(question.ask, limit=LOOKED_AT, wait_for_model=wait_for_model)
                    ).hits
                ]
                for question in pinned.questions
            }
    return hits


def compare(hits: Mapping[str, Mapping[str, Sequence[Place]]], title: str, golden: Path, *, update: bool) -> None:
    """Compare the hits with the reviewed text, near ties as it has them."""
    recorded = recorded_hits(golden.read_text(encoding="utf-8")) if golden.exists() else {}
    settled = {
        package: {
            question: settle(places, recorded.get((package, question), ())) for question, places in questions.items()
        }
        for package, questions in hits.items()
    }
    text = render(read_questions(), settled, title)
    if update:
        golden.write_text(text, encoding="utf-8")
    reviewed = golden.read_text(encoding="utf-8")
    difference = difflib.unified_diff(reviewed.splitlines(), text.splitlines(), "reviewed", "now", lineterm="")
    assert text == reviewed, "\n".join(difference)


def test_answers_by_words_are_those_reviewed(
    workspaces: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """Without a model, as in the first seconds of a new workspace; the same on every machine."""
    monkeypatch.setenv("CASCODE_INDEX_DIR", str(tmp_path))

    def index(root: Path) -> Engine:
        engine = Engine([root], model=ModelHandle("/no/such/model"))
        with pytest.raises(ModelError):
            engine.update()
        return engine

    hits = ask(workspaces, index, wait_for_model=False)
    compare(
        hits,
        "The first five hits by words alone, as long as no model is loaded",
        GOLDEN / "search_by_words.txt",
        update=request.config.getoption("--update-golden"),
    )


@pytest.mark.slow
@pytest.mark.timeout(1200)  # 400 functions and 84 reranked searches: a minute on two idle cores
def test_answers_of_the_model_are_those_reviewed(
    workspaces: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """With the bundled model and its classifier, in float32 on the CPU wherever this runs."""
    monkeypatch.setenv("CASCODE_INDEX_DIR", str(tmp_path))
    monkeypatch.setenv("CASCODE_ENGINE", "torch")
    monkeypatch.setattr("cascode_models.torch_load.fast_dtype", lambda _: torch.float32)
    model = ModelHandle(None, device="cpu")

    def index(root: Path) -> Engine:
        engine = Engine([root], model=model)
        engine.update()
        return engine

    hits = ask(workspaces, index, wait_for_model=True)
    compare(
        hits,
        "The first five hits of the bundled model, reranked, in float32",
        GOLDEN / "search.txt",
        update=request.config.getoption("--update-golden"),
    )


def test_the_questions_are_of_every_kind_and_of_each_language() -> None:
    """Sixty or more, each asked once, each with an answer."""
    packages = read_questions()
    questions = [question for pinned in packages for question in pinned.questions]
    assert len(questions) >= 60
    assert len({(pinned.package.name, pair.ask) for pinned in packages for pair in pinned.questions}) == len(questions)
    assert {question.kind for question in questions} == set(KINDS)
    assert all(question.answers for question in questions)
    assert len({language for pinned in packages for language in pinned.package.languages}) >= 2


def test_a_type_stands_for_its_members_where_the_answer_says_so() -> None:
    """And for nothing that only begins with the same letters."""
    question = Question("?", "type", ("Job.*", "Queue.close"))
    assert [name for name in ("Job", "Job.save", "Jobs", "Jobs.save", "Queue.close", "Queue.close.drain")
            if question.answered_by(name)] == ["Job", "Job.save", "Queue.close"]  # fmt: skip


def places(*scored: tuple[str, float]) -> list[Place]:
    """Hits of these names and scores, each in a file of its own."""
    return [Place(name, f"{name}.py:1", score) for name, score in scored]


def test_near_ties_keep_the_order_that_was_reviewed() -> None:
    """Two hits whose scores differ in the last digits may have changed places; others may not."""
    now = places(("a", 1.0), ("b", 0.5), ("c", 0.4996), ("d", 0.3), ("e", 0.2), ("f", 0.1999), ("g", 0.1))
    assert settle(now, places(*[(name, 0) for name in "acbde"])) == places(*[(name, 0) for name in "acbde"])
    assert settle(now, places(*[(name, 0) for name in "abcdf"])) == places(*[(name, 0) for name in "abcdf"])
    for moved in ("bacde", "abdce", "abcdg", "abcd", "abcdx"):
        assert settle(now, places(*[(name, 0) for name in moved])) == now[:SHOWN]


def test_the_text_can_be_read_back_and_counts_what_it_shows() -> None:
    """Marks, ranks and the summary follow from the hits that stand in it."""
    (pinned, *_) = read_questions()
    first, second, third = (
        Question("how", "task", ("right",)),
        Question("why", "task", ("right",)),
        Question("which", "type", ("right",)),
    )
    package = PinnedPackage(pinned.package, "", (), (first, second, third))
    hits = {
        "how": places(("right", 2.0), ("wrong", 1.0)),
        "why": places(("wrong", 2.0), ("right", 1.0)),
        "which": places(*[(f"wrong{at}", 1.0) for at in range(SHOWN)], ("right", 0.5)),
    }
    text = render([package], {"tenacity": hits}, "A title")
    assert "  + right  right.py:1\n    wrong  wrong.py:1\n" in text
    assert "  task, answer at 2: right\n" in text
    assert "  type, answer at -: right\n" in text
    assert text.endswith("all                3 questions   0.333   0.667   0.500\n")
    assert "task               2 questions   0.500   1.000   0.750\n" in text
    assert rank_of_answer(third, hits["which"]) is None
    back = recorded_hits(text)
    assert [place.name for place in back["tenacity", "why"]] == ["wrong", "right"]
    assert [place.where for place in back["tenacity", "how"]] == ["right.py:1", "wrong.py:1"]
    assert len(back["tenacity", "which"]) == SHOWN
