"""Many repositories into one folder, and the manifest that names them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cascode_lab.corpus.errors import CorpusError, ManifestError
from cascode_lab.corpus.splits import HeldOut
from cascode_lab.corpus.types import LANGUAGES, Split
from cascode_lab.history.clones import find_clone, held_out_as, repository_name
from cascode_lab.history.errors import HistoryError
from cascode_lab.history.git import GitRepository
from cascode_lab.history.manifest import HistoryEntry, check_held_out, load_manifest
from cascode_lab.history.workflow import mine_clones, mine_manifest, summary_table
from git_history import History

from .conftest import CLIENT

NOBODY = HeldOut(frozenset())


def busy(folder: Path) -> History:
    """A repository with two commits that ask."""
    history = History(folder)
    history.commit("Initial import of the client", {"client.py": CLIENT})
    for number in (1, 2):
        changed = CLIENT.replace("socket.close()", f"socket.close({number})")
        history.commit(f"Wait {number} seconds before hanging up", {"client.py": changed})
    return history


def test_clones_are_mined_one_by_one_and_none_twice(tmp_path: Path) -> None:
    """Each gives a file named after its repository; a second run reads only what is new."""
    first, second = busy(tmp_path / "own+first"), busy(tmp_path / "second")
    second.git("remote", "add", "origin", "git@github.com:Own/Second.git")
    output = tmp_path / "out"
    lines: list[str] = []
    mine_clones([first.folder], output, held_out=NOBODY)
    written = (output / "pairs" / "own__first.jsonl").stat().st_mtime_ns
    summary = mine_clones([first.folder, second.folder], output, held_out=NOBODY, progress=lines.append)
    assert lines == ["[1/2] own/first: 2 pairs", "[2/2] own/second: 2 pairs"]
    assert (output / "pairs" / "own__first.jsonl").stat().st_mtime_ns == written
    assert summary == json.loads((output / "summary.json").read_text(encoding="utf-8"))
    assert summary["languages"] == {"python": {"train": 4}}
    assert summary["dropped"] == {"first commit": 2}
    rows = [
        json.loads(line) for line in (output / "pairs" / "own__second.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert [row["query"] for row in rows] == ["Wait 2 seconds before hanging up", "Wait 1 seconds before hanging up"]
    assert {row["repository"] for row in rows} == {"own/second"}
    table = summary_table(summary).splitlines()
    assert table[1].split() == ["python", "4", "0", "0"]
    first.commit("Wait a second time before hanging up", {"client.py": CLIENT.replace("close()", "close(3)")})
    assert mine_clones([first.folder], output, held_out=NOBODY)["repositories"]["own/first"]["count"] == 3


@pytest.mark.parametrize("held", ["Own/Clone", "else/CLONE"])
def test_held_out_clones_are_left_out(tmp_path: Path, held: str) -> None:
    """By the owner and name of a remote, or by the name alone where nothing names the owner."""
    history = busy(tmp_path / "clone")
    if held.startswith("Own"):
        history.git("remote", "add", "origin", "https://github.com/own/clone")
    lines: list[str] = []
    with pytest.raises(CorpusError, match="all are held out"):
        mine_clones(
            [history.folder], tmp_path / "out", held_out=HeldOut(frozenset({held.lower()})), progress=lines.append
        )
    assert f"it is the held-out repository {held.lower()}" in lines[0]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("asked", ["urllib3/urllib3", "tqdm/tqdm"])
def test_what_questions_are_about_is_left_out(history: History, tmp_path: Path, asked: str) -> None:
    """Of the manifest and of the questions written by hand, whatever the lists say."""
    history.git("remote", "add", "origin", f"https://github.com/{asked}")
    with pytest.raises(CorpusError, match="all are held out"):
        mine_clones([history.folder], tmp_path / "out", held_out=NOBODY)


def test_a_named_owner_is_not_judged_by_the_name_alone(history: History) -> None:
    """Another owner's repository of the same name is another one."""
    history.git("remote", "add", "origin", "https://gitlab.com/own/clone.git")
    name = repository_name(GitRepository.open(history.folder))
    assert name == "own/clone"
    assert held_out_as(name, HeldOut(frozenset({"else/clone"}))) is None


@pytest.mark.parametrize("place", ["own+doors", "own__doors", "own/doors", "doors", "own+doors/repo", "own+doors.git"])
def test_a_clone_is_found_by_its_folder(tmp_path: Path, place: str) -> None:
    """The layouts in which people keep clones."""
    busy(tmp_path / place)
    assert find_clone(tmp_path, "own/doors").folder == tmp_path / place
    with pytest.raises(HistoryError, match=r"no clone of own/gates: run 'git clone"):
        find_clone(tmp_path, "own/gates")


def entry(name: str, split: str, revision: str = "a" * 40, **fields: str) -> str:
    """An entry of a manifest."""
    values = {
        "url": f"https://github.com/{name}",
        "revision": revision,
        "licence": "MIT",
        "language": "python",
        "split": split,
        **fields,
    }
    return "- {" + ", ".join(f"{key}: {value}" for key, value in values.items()) + "}\n"


def test_a_manifest_gives_pairs_and_questions(tmp_path: Path) -> None:
    """Training repositories give pairs, the others questions, each at its revision; a missing clone is named."""
    clones = tmp_path / "clones"
    train, dev = busy(clones / "own+train"), busy(clones / "own" / "dev")
    revision = train.git("rev-parse", "HEAD~1")
    manifest = tmp_path / "manifest.yaml"
    manifest.write_text(
        entry("own/train", "train", revision)
        + entry("own/dev", "dev", dev.git("rev-parse", "HEAD"))
        + entry("own/gone", "test")
        + entry("own/other", "test", "b" * 40),
        encoding="utf-8",
    )
    busy(clones / "own+other")
    summary = mine_manifest(manifest, clones, tmp_path / "out", held_out=NOBODY)
    [pair] = (tmp_path / "out" / "pairs" / "own__train.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(pair)["commit"] == revision
    questions = json.loads((tmp_path / "out" / "questions" / "own__dev.json").read_text(encoding="utf-8"))
    assert (questions["repository"], questions["split"], len(questions["questions"])) == ("own/dev", "dev", 2)
    assert summary["languages"] == {"python": {"train": 1, "dev": 2}}
    assert "no clone of own/gone" in summary["failed"]["own/gone"]
    assert "has no revision 'bbbb" in summary["failed"]["own/other"]


def test_a_held_out_repository_in_a_manifest_stops_everything(tmp_path: Path) -> None:
    """Whatever its letter case, and before anything is read."""
    manifest = tmp_path / "manifest.yaml"
    manifest.write_text(entry("Own/Train", "train"), encoding="utf-8")
    with pytest.raises(ManifestError, match="Own/Train, which is held out"):
        mine_manifest(manifest, tmp_path, tmp_path / "out", held_out=HeldOut(frozenset({"own/train"})))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "is not YAML"),
        ("{}", "must be a list of repositories"),
        ("[x]", "must be a mapping"),
        ("- {url: https://github.com/own/a}", "lacks revision, licence, language, split"),
        (entry("own/a", "train", why="it"), "unknown field why"),
        (entry("own/a", "train", url="ssh://github.com/own/a"), "is not the https URL"),
        (entry("own/a", "train", "a" * 12), "give the full name of a commit"),
        (entry("own/a", "train", licence="GPL-3.0-only"), "is not permissive"),
        (entry("own/a", "train", licence="MIT AND AGPL-3.0"), "is not permissive"),
        (entry("own/a", "train", language="cobol"), "unknown language 'cobol'"),
        (entry("own/a", "learn"), "unknown split 'learn'"),
        (entry("own/a", "train") + entry("Own/A", "dev"), "names Own/A twice"),
    ],
)
def test_a_manifest_at_fault_is_one_clear_line(tmp_path: Path, text: str, message: str) -> None:
    """The value and what to do."""
    manifest = tmp_path / "manifest.yaml"
    manifest.write_text(text, encoding="utf-8")
    with pytest.raises(ManifestError, match=message) as raised:
        load_manifest(manifest)
    assert "\n" not in str(raised.value)
    with pytest.raises(ManifestError, match="Cannot read"):
        load_manifest(tmp_path / "none.yaml")


def test_the_shipped_manifest_covers_eleven_languages() -> None:
    """At least sixty repositories; each of their languages has some to train on, to tune on and to test on."""
    entries = load_manifest()
    count = {split: sum(item.split is split for item in entries) for split in Split}
    assert len(entries) >= 60
    assert count[Split.TRAIN] >= 30
    assert (count[Split.DEV], count[Split.TEST]) == (15, 15)
    languages = {item.language for item in entries}
    assert len(languages) == 11
    assert languages <= set(LANGUAGES)
    for language in languages:
        assert {item.split for item in entries if item.language == language} == set(Split), language


def test_the_loader_tells_held_out_repositories() -> None:
    """The check reads lists of any number of files."""
    item = HistoryEntry("Own/Doors", "https://github.com/Own/Doors", "a" * 40, "MIT", "python", Split.TRAIN)
    check_held_out([item], HeldOut(frozenset({"own/gates"})))
    with pytest.raises(ManifestError, match="Own/Doors"):
        check_held_out([item], HeldOut(frozenset({"own/doors"})))


def test_pairs_that_may_no_longer_be_trained_on_are_removed(tmp_path: Path) -> None:
    """Training reads what lies in the folder: a clone that is held out now, or asks questions now, leaves it."""
    output, clones = tmp_path / "out", tmp_path / "clones"
    names = ("first", "second", "third", "asked")
    folders = [busy(clones / f"own+{name}").folder for name in names]
    mine_clones(folders, output, held_out=NOBODY)
    lines: list[str] = []
    held = HeldOut(frozenset({"own/second", "own/third"}))
    summary = mine_clones(folders[:2], output, held_out=held, progress=lines.append)
    assert {path.stem for path in (output / "pairs").iterdir()} == {"own__first", "own__asked"}
    assert summary["repositories"].keys() == {"own/first", "own/asked"}
    assert sum("is removed: it is the held-out repository" in line for line in lines) == 2
    manifest = tmp_path / "manifest.yaml"
    head = History.git_in(folders[3], "rev-parse", "HEAD")
    manifest.write_text(entry("own/asked", "dev", head), encoding="utf-8")
    lines.clear()
    summary = mine_manifest(manifest, clones, output, held_out=NOBODY, progress=lines.append)
    assert {path.stem for path in (output / "pairs").iterdir()} == {"own__first"}
    assert (output / "questions" / "own__asked.json").exists()
    assert summary["repositories"]["own/asked"]["split"] == "dev"
    assert lines[0].endswith("has pairs beside those of the manifest, which training reads too: own__first.jsonl")


def test_sources_of_packages_kept_for_evaluation_are_left_out(history: History, tmp_path: Path) -> None:
    """Clones by their name, entries of a manifest that would be trained on; questions may be about them."""
    history.git("remote", "add", "origin", "https://github.com/somebody/postcss")
    lines: list[str] = []
    with pytest.raises(CorpusError, match="all are held out"):
        mine_clones([history.folder], tmp_path / "other", held_out=NOBODY, progress=lines.append)
    assert "it holds the sources of postcss, a package kept for evaluation" in lines[0]
    manifest = tmp_path / "manifest.yaml"
    manifest.write_text(entry("somebody/postcss", "train"), encoding="utf-8")
    with pytest.raises(ManifestError, match="trains on somebody/postcss, the sources of postcss"):
        mine_manifest(manifest, tmp_path, tmp_path / "other", held_out=NOBODY)
    manifest.write_text(entry("somebody/postcss", "dev"), encoding="utf-8")
    check_held_out(load_manifest(manifest), NOBODY)
