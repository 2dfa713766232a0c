"""Questions about one revision, asked by the commits after it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cascode_lab.history.git import GitRepository
from cascode_lab.history.questions import HistoryQuestions, questions_of
from git_history import History

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
    """The newest commit stands for the revision."""
    found = asked(history)
    assert (found.questions, found.revision) == ((), history.git("rev-parse", "HEAD"))
