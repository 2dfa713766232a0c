"""Searches of a real index, with a model that costs nothing."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from cascode_indexer.engine import Engine
from cascode_indexer.errors import IndexStoreError, QueryError
from cascode_indexer.location import vector_cache_path
from cascode_indexer.open_index import OpenIndex
from cascode_indexer.query import Frame, Query
from cascode_indexer.rank.types import Candidate
from cascode_indexer.search.sources import BufferSource, IndexSource, _definitions_at_frames
from cascode_indexer.search.types import Answer, SearchRequest
from cascode_indexer.store.connection import DamagedFileError
from cascode_indexer.team.types import TeamDefinition, TeamQuestion
from cascode_indexer.vectors.types import Vectors
from cascode_indexer.workspace import Workspace
from fake_encoder import FakeEncoder, FakeModelHandle
from shop_workspace import MAIL, names

if TYPE_CHECKING:
    from cascode_models.inference import CasCodeModel


def test_an_answer_says_how_complete_it_is(engine: Engine) -> None:
    """Functions, none pending, every step with its time, the hits with place and reason."""
    answer = engine.search(SearchRequest("send a mail", limit=2))
    assert (answer.query, answer.state, answer.functions, answer.pending) == ("send a mail", "ready", 5, 0)
    assert (answer.model_ready, answer.model_error, answer.dropped) == (True, None, 0)
    assert set(answer.timings_ms) == {"model", "encode", "fast", "rerank", "total"}
    assert all(0 <= took <= answer.timings_ms["total"] for took in answer.timings_ms.values())
    first = answer.hits[0]
    assert len(answer.hits) == 2
    assert (first.name, first.path, first.start_line, first.end_line) == ("send_mail", "mail.py", 1, 3)
    assert (first.name_line, first.name_column, first.kind, first.language) == (1, 4, "function", "python")
    assert next(iter(first.why)) == "meaning"
    assert sum(first.why.values()) == pytest.approx(first.score)
    assert [abs(part) for part in first.why.values()] == sorted(map(abs, first.why.values()), reverse=True)


def test_a_path_from_the_root_of_the_disk_is_no_empty_answer(engine: Engine) -> None:
    """A glob that begins with the workspace's own folder says what to write instead."""
    (root,) = engine.roots
    with pytest.raises(QueryError, match=r"matches no file: write it from the workspace on, 'mail\.py'$"):
        engine.search(SearchRequest("send a mail", paths=(f"{root.as_posix()}/mail.py",)))
    assert engine.search(SearchRequest("send a mail", paths=("/mail.py",))).hits


def test_the_fast_answer_comes_first_where_a_stage_follows(engine: Engine, encoder: FakeEncoder) -> None:
    """Only there: an answer that is the last one is not given twice."""
    fast: list[Answer] = []
    answer = engine.search(SearchRequest("send a mail", rerank_top=2), on_fast=fast.append)
    assert [hit.stage for hit in fast[0].hits] == ["fast"] * 5
    assert [hit.stage for hit in answer.hits].count("cascade") == 2
    ((query, texts),) = encoder.classified
    assert (query, len(texts)) == ("send a mail", 2)
    engine.search(SearchRequest("send a mail", rerank=False), on_fast=fast.append)
    engine.search(SearchRequest("send a mail", languages=("go",)), on_fast=fast.append)
    assert len(fast) == 1


@dataclass
class SlowTeam:
    """A team's index that has nothing, and says so when it is let."""

    label: str = "team"
    seconds: float = 10.0
    asked: int = 0
    let: threading.Event = field(default_factory=threading.Event)

    def search(self, _question: TeamQuestion) -> list[TeamDefinition]:
        """Wait."""
        self.asked += 1
        self.let.wait()
        return []


def test_what_lies_here_is_shown_while_the_team_is_asked(root: Path) -> None:
    """Only to whoever wants a first answer, and only where the request wants the team."""
    team = SlowTeam()
    with Engine([root], model=FakeModelHandle(), team=team) as engine:  # type: ignore[arg-type]
        team.vectors = lambda *_given, **_named: ([], np.zeros((0, 64), dtype=np.float32), None)  # type: ignore[attr-defined]
        engine.update()
        fast: list[Answer] = []

        def shown(answer: Answer) -> None:
            fast.append(answer)
            team.let.set()

        assert names(engine.search(SearchRequest("send a mail", rerank=False)))[0] == "send_mail"
        assert team.asked == 0
        answer = engine.search(SearchRequest("send a mail", rerank=False, team=True), on_fast=shown)
        assert [names(shown) for shown in fast] == [names(answer)]
        assert {"team", "fast"} <= set(answer.timings_ms)
        assert "team" not in fast[0].timings_ms
        # Whoever wants no first answer waits for the one there is.
        team.let.clear()
        threading.Timer(0.2, team.let.set).start()
        engine.search(SearchRequest("send a mail", rerank=False, team=True))
        assert (team.asked, len(fast)) == (2, 1)


class Loading(FakeModelHandle):
    """A model that is not there yet."""

    def ready(self) -> None:
        """Nothing so far."""


def test_words_answer_while_the_model_is_loading(root: Path) -> None:
    """The answer says so, and has no probabilities."""
    with Engine([root], model=Loading()) as engine:
        engine.update()
        answer = engine.search(SearchRequest("send a mail", wait_for_model=False))
        assert names(answer)[0] == "send_mail"
        assert (answer.model_ready, answer.state) == (False, "indexing")
        assert {hit.probability for hit in answer.hits} == {None}
        assert not {"meaning"} & {reason for hit in answer.hits for reason in hit.why}


class SlowToLoad(FakeModelHandle):
    """A model that takes a while."""

    def _load(self) -> CasCodeModel:
        time.sleep(0.3)
        return super()._load()


def test_a_search_waits_for_the_model_until_it_is_cancelled(root: Path) -> None:
    """Whoever does not wait is answered by words."""
    with Engine([root], model=FakeModelHandle()) as engine:
        engine.update()
    with Engine([root], model=SlowToLoad()) as engine:
        assert not engine.search(SearchRequest("send a mail"), cancelled=lambda: True).model_ready
        assert engine.search(SearchRequest("send a mail")).model_ready


def test_a_cancelled_search_reads_no_further(engine: Engine, encoder: FakeEncoder) -> None:
    """What the fast stage found is the answer."""
    answer = engine.search(SearchRequest("send a mail"), cancelled=lambda: True)
    assert {hit.stage for hit in answer.hits} == {"fast"}
    assert encoder.classified == []


def test_what_is_not_encoded_yet_is_counted_as_pending(root: Path) -> None:
    """An index that was made by another model has no vector of this one."""
    with Engine([root], model=FakeModelHandle()) as engine:
        assert engine.search(SearchRequest("send a mail")).state == "indexing"
        engine.update()
    with Engine([root], model=FakeModelHandle(FakeEncoder("another"))) as engine:
        answer = engine.search(SearchRequest("send a mail"))
        assert (answer.state, answer.functions, answer.pending) == ("indexing", 5, 5)
        assert names(answer)[0] == "send_mail"
        assert {hit.probability for hit in answer.hits} == {None}


def test_what_meaning_alone_found_has_no_words_to_its_credit(engine: Engine, root: Path) -> None:
    """In the index and in a buffer: its BM25 is 0."""
    engine.set_overlay(root / "mail.py", f"{MAIL}\n\ndef wait():\n    return 1\n")
    engine.refresh_overlays()
    (workspace,), overlays, query = engine.workspaces, engine._overlays, Query.of("add an address")
    stems = overlays.stems(query.looked_up)
    buffers = BufferSource(root, overlays.of(root), stems, workspace.store.word_statistics(stems))
    vector = engine.model.get().encode_queries([query.text])[0]
    with workspace.index:
        index = IndexSource(root, workspace.store, workspace.vectors().reading, frozenset({"mail.py"}))
        found = [*index.candidates(query, vector), *buffers.candidates(query, vector)]
    assert {candidate.definition.qualified_name: candidate.bm25 > 0 for candidate in found} == {
        "Cart": True,
        "Cart.add": True,
        "Cart.remove": False,
        "send_mail": True,
        "queue_mail": True,
        "wait": False,
    }
    assert min(candidate.bm25 for candidate in found) == 0


def test_a_traceback_brings_what_stands_at_its_frames(engine: Engine) -> None:
    """Though it shares no word with them."""
    (workspace,) = engine.workspaces
    query = Query.of('Traceback (most recent call last):\n  File "cart.py", line 10, in zzz\nValueError: qqq')
    with workspace.index:
        found = IndexSource(workspace.root, workspace.store, None).candidates(query, None)
    assert {"Cart", "Cart.remove"} <= {candidate.definition.qualified_name for candidate in found}


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (Frame("cart.py", 6), {"Cart", "Cart.add"}),
        (Frame("cart.py", 4), {"Cart", "Cart.add"}),
        (Frame("cart.py", 3), {"Cart"}),
        (Frame("cart.py", 11), set()),
        (Frame("cart.py", 99, "remove"), {"Cart.remove"}),
        (Frame("other.py", 6), set()),
    ],
)
def test_what_a_traceback_names_may_answer_whatever_its_words(engine: Engine, frame: Frame, expected: set[str]) -> None:
    """What stands at the line, from its first to its last, or has the name, in the file."""
    (workspace,) = engine.workspaces
    found = _definitions_at_frames(workspace.store, [frame])
    assert {definition.qualified_name for definition in found} == expected


JAVA_FRAMES = "".join(f"\tat org.hibernate.Session.run(Session{at}.java:{at + 1})\n" for at in range(20))


@pytest.mark.parametrize(
    "trace",
    [
        f"Error\n{JAVA_FRAMES}\tat com.acme.Cart.remove(cart.py:10)\n\tat com.acme.Mail.queue_mail(mail.py:8)\n",
        f"E\n{JAVA_FRAMES}\tat a.B.queue_mail(mail.py:8)\nCaused by: E\n{JAVA_FRAMES}\tat a.B.remove(cart.py:10)\n",
    ],
    ids=["called", "caused"],
)
def test_frames_of_libraries_take_no_places(engine: Engine, trace: str) -> None:
    """Of twenty on top of a person's own none is looked for, and the own ones count in full."""
    answer = engine.search(SearchRequest(trace, rerank=False))
    assert names(answer)[:1] == ["Cart.remove"]
    assert "queue_mail" in names(answer)[:3]
    assert answer.hits[0].why["traceback"] == 1.0


def test_the_innermost_frames_of_a_workspace_are_looked_for(engine: Engine) -> None:
    """Twelve of them, whether anything stands there or not."""
    (workspace,) = engine.workspaces
    frames = [*(Frame("mail.py", 900 + at) for at in range(12)), Frame("cart.py", 6)]
    assert _definitions_at_frames(workspace.store, frames) == []
    assert _definitions_at_frames(workspace.store, frames[1:])


def test_an_index_that_was_replaced_meanwhile_is_opened_again(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between looking it up and reading it another search may have put its damaged file aside."""
    (workspace,) = engine.workspaces
    closed = OpenIndex(workspace.location, engine.model)
    closed.retire()
    indexes = [closed, workspace.index]
    monkeypatch.setattr(
        type(workspace), "index", property(lambda _: indexes.pop(0) if len(indexes) > 1 else indexes[0])
    )
    assert names(engine.search(SearchRequest("send a mail")))[0] == "send_mail"
    assert len(indexes) == 1


class CountedThreads(FakeModelHandle):
    """A model of four threads that notes how many of them each step is left."""

    all_threads = 4  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.left: list[int | None] = []

    def use_threads(self, count: int | None) -> None:
        """Note it."""
        self.left.append(count)


@pytest.mark.parametrize(("indexing", "left"), [(1, 3), (3, 1), (4, 1), (None, 1)])
def test_a_search_takes_the_threads_that_indexing_leaves(root: Path, indexing: int | None, left: int) -> None:
    """All where nothing is being encoded; at least one."""
    model = CountedThreads()
    with Engine([root], model=model, threads=indexing) as engine:
        engine.update()
        model.left.clear()
        engine.search(SearchRequest("send a mail"))
        assert set(model.left) == {None}
        model.left.clear()
        with engine._gate.computing():
            engine.search(SearchRequest("send a mail"))
        assert set(model.left) == {left}


def test_times_are_shown_in_hundredths_of_a_millisecond(engine: Engine) -> None:
    """Further digits are noise."""
    took = engine.search(SearchRequest("send a mail")).timings_ms
    assert list(took.values()) == [round(milliseconds, 2) for milliseconds in took.values()]
    assert any(milliseconds != round(milliseconds, 1) for milliseconds in took.values())


@pytest.mark.parametrize("folders", [1, 2])
def test_a_damaged_file_is_put_aside_and_the_search_answers(
    tmp_path: Path, root: Path, index_folder: Path, folders: int
) -> None:
    """One file of all workspaces, so once; what was in it is encoded again."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mail.py").write_text(MAIL, encoding="utf-8")
    roots = [root, tmp_path / "other"][:folders]
    with Engine(roots, model=FakeModelHandle()) as engine:
        engine.update()
    cache = vector_cache_path()
    cache.write_bytes(b"no database" * 1000)
    for beside in cache.parent.glob(f"{cache.name}-*"):
        beside.unlink()
    with Engine(roots, model=FakeModelHandle()) as engine:
        assert names(engine.search(SearchRequest("send a mail")))[:1] == ["send_mail"]
        assert len([path for path in cache.parent.iterdir() if "damaged" in path.name]) == 1
        engine.update()
        assert engine.search(SearchRequest("send a mail")).pending == 0


@pytest.mark.parametrize("folders", [1, 2])
def test_a_file_that_turns_out_damaged_while_it_is_read_is_put_aside_once(
    tmp_path: Path, root: Path, index_folder: Path, folders: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever shares it opens the new one; a file of nobody here is not touched."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mail.py").write_text(MAIL, encoding="utf-8")
    damage = [DamagedFileError(vector_cache_path(), "torn")]
    read = IndexSource.candidates

    def candidates(source: IndexSource, query: Query, vector: Vectors | None) -> list[Candidate]:
        if damage:
            raise damage.pop()
        return read(source, query, vector)

    moved: list[bool] = []
    repair = Workspace.repair

    def repaired(workspace: Workspace, error: DamagedFileError, index: OpenIndex, *, move: bool) -> None:
        moved.append(move)
        repair(workspace, error, index, move=move)

    with Engine([root, tmp_path / "other"][:folders], model=FakeModelHandle()) as engine:
        engine.update()
        monkeypatch.setattr(IndexSource, "candidates", candidates)
        monkeypatch.setattr(Workspace, "repair", repaired)
        assert names(engine.search(SearchRequest("send a mail")))[0] == "send_mail"
        aside = vector_cache_path().with_name(f"{vector_cache_path().name}.damaged")
        assert aside.is_file()
        assert moved == [True, False][:folders]
        damage.extend([DamagedFileError(vector_cache_path(), "torn")] * 2)
        with pytest.raises(IndexStoreError, match=r"is damaged again right after it was rebuilt \(torn\)"):
            engine.search(SearchRequest("send a mail"))
        damage.append(DamagedFileError(tmp_path / "another.sqlite3", "torn"))
        with pytest.raises(DamagedFileError):
            engine.search(SearchRequest("send a mail"))


def test_a_hit_of_a_folder_that_was_closed_shows_its_lines(engine: Engine, root: Path, tmp_path: Path) -> None:
    """Up to the size that holds for all; a folder may have a larger one of its own."""
    (tmp_path / "zoo").mkdir()
    (tmp_path / "zoo" / "big.py").write_text(
        "def big():\n    return 1\n\n\ntext = '''" + "words\n" * 200_000 + "'''", "utf-8"
    )
    engine.add_root(tmp_path / "zoo", max_file_bytes=1 << 22)
    engine.update()
    (big,) = engine.search(SearchRequest("big", limit=1)).hits
    (small,) = engine.search(SearchRequest("queue_mail", limit=1)).hits
    assert engine.snippet(big) == "def big():\n    return 1"
    assert engine.snippet(replace(big, root=Path(str(big.root)))) == "def big():\n    return 1"
    engine.remove_root(tmp_path / "zoo")
    engine.remove_root(root)
    assert engine.snippet(big) == ""
    assert engine.snippet(small) == "\n".join(MAIL.splitlines()[5:8])


def test_lines_of_a_hit_are_those_of_its_file(engine: Engine, root: Path) -> None:
    """In whatever way they end; a file that is gone has none."""
    (hit,) = engine.search(SearchRequest("queue_mail", limit=1, rerank=False)).hits
    lines = MAIL.splitlines()[5:8]
    (root / "mail.py").write_bytes(MAIL.replace("\n", "\r\n").encode())
    assert engine.snippet(hit).split("\n") == lines
    (root / "mail.py").write_bytes(MAIL.replace("\n", "\r").encode())
    assert engine.snippet(hit).split("\n") == lines
    (root / "mail.py").unlink()
    assert engine.snippet(hit) == ""


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (SearchRequest(" "), "the query is empty"),
        (SearchRequest("x", limit=0), "limit must be 1 or more, not 0"),
        (SearchRequest("x", rerank_top=-1), "rerank-top must be 0 or more, not -1"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(engine: Engine, request_: SearchRequest, message: str) -> None:
    """With the value and what it has to be."""
    with pytest.raises(QueryError, match=message):
        engine.search(request_)


def test_the_least_that_can_be_asked_for_is_answered(engine: Engine) -> None:
    """One hit, nothing reranked, half of a character."""
    answer = engine.search(SearchRequest("send a mail \ud83d", limit=1, rerank_top=0))
    assert [(hit.name, hit.stage) for hit in answer.hits] == [("send_mail", "fast")]
