"""Questions about one revision, asked by the commits after it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cascode_lab.history.git import GitRepository
from cascode_lab.history.questions import HistoryQuestions, _steps, questions_of
from git_history import History

from .conftest import CLIENT

VERBS = ("read", "write", "open", "close", "lock", "send", "fetch", "parse", "print", "count", "merge", "split")


def doors(widths: dict[str, int]) -> str:
    """A file with a function for each verb."""
    return "".join(f"def {verb}_door(door):\n    return door.{verb}({widths[verb]})\n\n\n" for verb in VERBS)


@pytest.fixture
def changing(tmp_path: Path) -> History:
    """A repository whose commits change one function after another."""
    history = History(tmp_path / "doors")
    widths = dict.fromkeys(VERBS, 0)
    history.commit("Initial doors of all sorts", {"doors.py": doors(widths)})
    for number, verb in enumerate(VERBS, start=1):
        widths[verb] = number
        history.commit(f"Let people {verb} it {number} times at most", {"doors.py": doors(widths)})
    return history


def asked(history: History, **options: object) -> HistoryQuestions:
    """What a repository is asked."""
    return questions_of(GitRepository.open(history.folder), **options)  # type: ignore[arg-type]


def test_commits_after_a_revision_ask(changing: History) -> None:
    """Newest first, with their answers by path and name; those before the revision do not ask."""
    found = asked(changing, revision="HEAD~3")
    assert found.revision == changing.git("rev-parse", "HEAD~3")
    assert found.language == "python"
    assert [question.answers for question in found.questions] == [
        (("doors.py", f"{verb}_door", "function"),) for verb in ("split", "merge", "count")
    ]
    content = found.content("own/doors", "dev")
    assert content.keys() == {"repository", "revision", "split", "language", "questions"}
    assert content["questions"][0] == {
        "query": "Let people split it 12 times at most",
        "body": "",
        "named": False,
        "commit": changing.git("rev-parse", "HEAD"),
        "answers": [{"path": "doors.py", "name": "split_door", "kind": "function"}],
    }


def test_a_revision_is_chosen_before_the_commits_that_ask(changing: History) -> None:
    """Where there are few commits, the first one is searched; none that asks is its ancestor."""
    found = asked(changing)
    assert found.revision == changing.git("rev-list", "--max-parents=0", "HEAD")
    assert len(found.questions) == len(VERBS)


def test_what_did_not_stand_then_is_not_asked(changing: History) -> None:
    """A function made after the revision cannot be found there."""
    new = "def bolt_door(door):\n    return door.bolt()\n"
    changing.commit(
        "Add a bolt to the doors of all sorts", {"bolt.py": new, "vendor/lib.py": new, ".gitignore": "gone.py\n"}
    )
    changing.commit("Turn the bolt twice as far as before", {"bolt.py": new.replace("bolt()", "bolt(2)")})
    found = asked(changing, revision="HEAD~3")
    assert [question.answers[0][1] for question in found.questions] == ["split_door"]
    assert found.dropped["answer not in the revision"] == 1


def test_files_that_the_index_leaves_out_give_no_question(changing: History) -> None:
    """What .gitignore names is tracked at times, but never searched."""
    code = "def hide(door):\n    return door.hide()\n"
    changing.commit("Add what hides the doors of all sorts", {"hidden.py": code})
    changing.commit("Keep local files out of the way", {".gitignore": "hidden.py\n"})
    changing.git("add", "--force", "hidden.py")
    changing.commit("Hide twice as many of them at once", {"hidden.py": code.replace("hide()", "hide(2)")})
    found = asked(changing, revision="HEAD~1")
    assert found.questions == ()
    assert found.dropped["answer not in the revision"] == 1


def test_the_same_questions_are_drawn_each_time(changing: History) -> None:
    """At most as many as asked for, spread over the commits."""
    first, second = asked(changing, limit=5), asked(changing, limit=5)
    assert first == second
    assert len(first.questions) == 5
    everything = [question.commit for question in asked(changing).questions]
    places = [everything.index(question.commit) for question in first.questions]
    assert places == sorted(places)
    assert places != list(range(5))


def test_a_repository_without_usable_commits_asks_nothing(history: History) -> None:
    """The newest commit stands for the revision, and what became of each commit is said."""
    history.commit("Verbessert das Auflegen der Verbindung für alle", {"client.py": CLIENT.replace("close()", "end()")})
    found = asked(history)
    assert (found.questions, found.revision) == ((), history.git("rev-parse", "HEAD"))
    assert found.dropped == {"first commit": 1, "not English prose": 1}


def test_questions_that_do_not_stand_say_so(history: History) -> None:
    """Where no revision has an answer, the rules of the nearest are given, not none."""
    history.commit("Ignore the client from now on", {".gitignore": "client.py\n"})
    history.commit("Wait a while before hanging up", {"client.py": CLIENT.replace("close()", "close(1)")})
    found = asked(history)
    assert found.questions == ()
    assert found.dropped["answer not in the revision"] == 1


@pytest.mark.parametrize("seconds", [1_000_000_000, 4_000_000_000])
def test_a_wrong_clock_changes_no_revision(tmp_path: Path, seconds: int) -> None:
    """A commit dated long ago, or years ahead, is as good as the others."""
    history = History(tmp_path / "doors")
    widths = dict.fromkeys(VERBS, 0)
    history.commit("Initial doors of all sorts", {"doors.py": doors(widths)})
    for number, verb in enumerate(VERBS, start=1):
        widths[verb] = number
        time = seconds if number == 6 else None
        history.commit(f"Let people {verb} it {number} times at most", {"doors.py": doors(widths)}, time=time)
    found = asked(history)
    assert found.revision == history.git("rev-list", "--max-parents=0", "HEAD")
    assert len(found.questions) == len(VERBS)


def test_a_revision_lies_on_the_main_line_before_merged_branches(changing: History) -> None:
    """Commits of a branch ask about the tree that the main line had before them."""
    base = changing.git("rev-parse", "HEAD")
    changing.git("checkout", "--quiet", "-b", "wide")
    widths = {verb: number for number, verb in enumerate(VERBS, start=1)} | {"read": 70}
    changing.commit("Let people look into it ever so often", {"doors.py": doors(widths)})
    changing.git("checkout", "--quiet", "main")
    widths |= {"read": 1, "split": 80}
    changing.commit("Let people take it apart a little more", {"doors.py": doors(widths)})
    changing.merge("wide", "Merge the wide doors")
    found = asked(changing, revision=base)
    assert [question.answers[0][1] for question in found.questions] == ["split_door", "read_door"]
    everything = asked(changing)
    assert everything.revision == changing.git("rev-list", "--max-parents=0", "HEAD")
    assert everything.questions[:2] == found.questions


def test_more_questions_are_looked_for_further_back(changing: History, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as are wanted are enough, and what there is beside a limit is counted."""
    monkeypatch.setattr("cascode_lab.history.questions.ENOUGH_QUESTIONS", 2)
    monkeypatch.setattr("cascode_lab.history.questions._STEPS", (3, 6))
    assert asked(changing, enough=2).available == 3
    many = asked(changing, enough=5, limit=5)
    assert (len(many.questions), many.available, many.is_cut) == (5, 6, False)
    monkeypatch.setattr("cascode_lab.history.questions._MOST_CANDIDATES", 4)
    cut = asked(changing, revision="HEAD~9", enough=2)
    assert (len(cut.questions), cut.is_cut) == (4, True)
    assert len(asked(changing, revision="HEAD~9", enough=4).questions) == 8


def test_the_history_is_read_once_however_many_revisions_are_tried(
    changing: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A further revision goes on where the one before it ended, and finds what a reading of its own would."""
    monkeypatch.setattr("cascode_lab.history.questions.ENOUGH_QUESTIONS", 2)
    monkeypatch.setattr("cascode_lab.history.questions._STEPS", (3, 6))
    progress: list[tuple[int, int | None]] = []
    found = asked(changing, enough=5, limit=5, on_commit=lambda done, total: progress.append((done, total)))
    examined = [done for done, total in progress if total is not None]
    assert examined == list(range(1, 7))
    monkeypatch.setattr("cascode_lab.history.questions._STEPS", (6,))
    assert asked(changing, enough=2, limit=5).questions == found.questions


def test_the_first_revisions_tried_are_the_same_however_many_questions_are_wanted() -> None:
    """The last one has as many times more commits behind it as questions are wanted."""
    assert list(_steps(1.0)) == [80, 120, 180, 270, 400]
    assert list(_steps(1.25)) == [80, 120, 180, 270, 400, 500]
    assert list(_steps(2.5)) == [80, 120, 180, 270, 400, 600, 900, 1000]


def test_a_repository_that_was_moved_about_is_asked_near_its_newest_code(
    changing: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many questions are wanted: what is asked after the move does not stand before it."""
    monkeypatch.setattr("cascode_lab.history.questions._STEPS", (6, 12))
    widths = dict.fromkeys(VERBS, 0)
    changing.commit("Move the doors to another house", {"doors.py": "", "house.py": doors(widths)})
    for number, verb in enumerate(VERBS, start=20):
        widths[verb] = number
        changing.commit(f"Let guests {verb} it {number} times at most", {"house.py": doors(widths)})
    found = asked(changing, enough=100, limit=100)
    assert len(found.questions) == len(VERBS)
    assert {question.answers[0][0] for question in found.questions} == {"house.py"}


def test_files_that_are_too_large_to_be_searched_give_no_question(changing: History) -> None:
    """The limit of the search counts, not the usual one."""
    assert asked(changing, revision="HEAD~3", max_file_bytes=100).questions == ()


@pytest.mark.parametrize("options", [{}, {"revision": "HEAD~5"}])
def test_questions_can_be_cancelled_at_any_time(changing: History, options: dict[str, object]) -> None:
    """While the log is read already, and while files are written."""
    asked_for: list[int | None] = []
    found = asked(
        changing,
        on_commit=lambda _done, total: asked_for.append(total),
        cancelled=lambda: len(asked_for) >= 3,
        **options,
    )
    assert found.questions == ()
    assert asked_for == [None] * 3
