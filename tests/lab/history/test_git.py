"""Repositories that nobody vouches for: nothing of theirs is run."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cascode_lab.history.blobs import BlobReader
from cascode_lab.history.checkout import checkout
from cascode_lab.history.errors import HistoryError
from cascode_lab.history.git import GitRepository
from cascode_lab.history.log import commits
from cascode_lab.history.mine import mine
from cascode_lab.history.questions import questions_of
from git_history import History

from .conftest import CLIENT


@pytest.mark.skipif(sys.platform == "win32", reason="the trap is a shell script")
def test_programs_named_by_a_repository_are_not_run(
    history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Monitors, external diffs, converters, filters, hooks, signature checkers and transports stay untouched."""
    witness = tmp_path / "ran"
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\necho \"$0 $@\" >> '{witness}'\ncat\n", encoding="utf-8")
    trap.chmod(trap.stat().st_mode | stat.S_IXUSR)
    attributes = "*.py diff=evil filter=evil\n"
    for number in range(3):
        changed = CLIENT.replace("socket.close()", f"socket.close({number})")
        history.commit(f"Wait {number} seconds before hanging up", {"client.py": changed, ".gitattributes": attributes})
    signed = history.git("cat-file", "commit", "HEAD").replace(
        "\n\n", "\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ==\n -----END PGP SIGNATURE-----\n\n", 1
    )
    (tmp_path / "signed").write_text(signed + "\n", encoding="utf-8")
    name = history.git("hash-object", "-t", "commit", "-w", str(tmp_path / "signed"))
    history.git("update-ref", "refs/heads/main", name)
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for hook in ("post-checkout", "post-index-change", "pre-auto-gc", "reference-transaction"):
        (hooks / hook).symlink_to(trap)
    for key, value in {
        "core.fsmonitor": str(trap),
        "core.hooksPath": str(hooks),
        "core.pager": str(trap),
        "pager.log": str(trap),
        "core.sshCommand": str(trap),
        "core.alternateRefsCommand": str(trap),
        "diff.external": str(trap),
        "diff.evil.command": str(trap),
        "diff.evil.textconv": str(trap),
        "filter.evil.smudge": str(trap),
        "filter.evil.process": str(trap),
        "filter.evil.required": "true",
        "log.showSignature": "true",
        "gpg.program": str(trap),
        "tar.tar.command": str(trap),
        "credential.helper": str(trap),
        "remote.origin.url": "ssh://git@github.com/own/clone",
        "remote.origin.promisor": "true",
        "remote.origin.uploadpack": str(trap),
        "protocol.allow": "always",
        "extensions.partialClone": "origin",
    }.items():
        history.git("config", key, value)
    # The trap itself works: git as a person would call it falls into it.
    monkeypatch.chdir(history.folder)
    assert "Wait 2 seconds" in history.git("log", "-1", "--show-signature")
    assert witness.exists()
    witness.unlink()
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(trap))
    monkeypatch.setenv("GIT_SSH_COMMAND", str(trap))
    repository = GitRepository.open(history.folder)
    assert len(mine(repository).pairs) == 3
    assert len(questions_of(repository, revision="HEAD~2").questions) == 2
    assert checkout(repository, "HEAD", tmp_path / "tree")["written"] == 2
    with BlobReader(repository) as blobs:
        assert blobs.read("1" * 40) is None  # would be fetched from the remote
    assert not witness.exists(), witness.read_text(encoding="utf-8")


def test_bare_repositories_and_worktrees_are_read(history: History, tmp_path: Path) -> None:
    """A clone, its bare copy and a linked worktree give one log."""
    history.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare.git"))
    history.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
    logs = [
        [commit.sha for commit in commits(GitRepository.open(folder))]
        for folder in (history.folder, tmp_path / "bare.git", tmp_path / "linked")
    ]
    assert logs[0] == [history.git("rev-parse", "HEAD")]
    assert logs[0] == logs[1] == logs[2]


def test_messages_come_as_text_whatever_they_hold(history: History) -> None:
    """Marks, blank lines and other encodings in a message do not confuse the log."""
    odd = "Keep \x01odd: marks\n\n:100644 100644 not a change\n\x01end"
    history.commit(odd, {"client.py": CLIENT + "\n", "a b\tc.py": "x = 1\n"})
    history.git("config", "i18n.commitEncoding", "ISO-8859-1")
    (history.folder / "latin").write_bytes("Größe\n".encode("latin-1"))
    history.git("commit", "--quiet", "--allow-empty", "--file", "latin")
    latest, before, _ = commits(GitRepository.open(history.folder))
    assert latest.subject == "Größe"
    assert latest.changes == ()
    assert before.message == odd
    assert {(change.status, change.path) for change in before.changes} == {("M", "client.py"), ("A", "a b\tc.py")}
    assert before.author == "Ada Person"


@pytest.mark.parametrize("kind", ["missing", "plain", "empty"])
def test_what_is_no_repository_is_named(tmp_path: Path, kind: str) -> None:
    """One line with the folder and the way out."""
    folder = tmp_path / kind
    if kind != "missing":
        folder.mkdir()
    if kind == "empty":
        History(folder)
    with pytest.raises(HistoryError, match=f"{kind} is not a git repository"):
        GitRepository.open(folder)


def test_an_unknown_revision_is_named(history: History) -> None:
    """A name that begins with a dash is no option either."""
    repository = GitRepository.open(history.folder)
    for revision in ("nothing", "--all"):
        with pytest.raises(HistoryError, match=f"has no revision '{revision}'"):
            repository.commit(revision)
    assert repository.commit("HEAD") == history.git("rev-parse", "HEAD")


def test_a_missing_git_is_reported(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fix is to install it."""
    monkeypatch.setattr("cascode_lab.history.git.shutil.which", lambda _name: None)
    with pytest.raises(HistoryError, match="git is not installed"):
        GitRepository.open(history.folder)


_INTERRUPTED = """
import os, signal, sys, time
from pathlib import Path
from cascode_lab.history.blobs import BlobReader
from cascode_lab.history.git import GitRepository

signal.signal(signal.SIGINT, lambda *_: None)
repository = GitRepository.open(Path(sys.argv[1]))
blob = repository.read("rev-parse", "HEAD:client.py").decode().strip()
with BlobReader(repository) as blobs, repository.reading("cat-file", "--batch", lines=[blob] * 5_000) as stream:
    os.killpg(0, signal.SIGINT)
    time.sleep(0.3)
    print(len(blobs.read(blob)), len(stream.read()) // 5_000)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs process groups of POSIX")
def test_an_interrupt_in_the_terminal_leaves_git_alone(history: History) -> None:
    """Ctrl-C reaches all of a terminal's processes: what the command reads at that moment is still read to its end."""
    done = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED, str(history.folder)],
        capture_output=True,
        check=False,
        start_new_session=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    length, whole = (int(number) for number in done.stdout.split())
    assert length == len(CLIENT)
    assert whole > len(CLIENT)


class _Dying(GitRepository):
    """A repository whose git ends at once."""

    def conversation(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start git and end it."""
        process = super().conversation(*arguments)
        process.kill()
        process.wait()
        return process


def test_a_git_that_has_ended_is_named(history: History) -> None:
    """The pipe that breaks with it does not hide the error."""
    repository = _Dying.open(history.folder)
    with pytest.raises(HistoryError, match=r"git cat-file ended .*check the clone with 'git fsck'"):
        _read_in(repository, "1" * 40)


def _read_in(repository: GitRepository, blob: str) -> bytes | None:
    """Read a blob with a reader of its own."""
    with BlobReader(repository) as blobs:
        return blobs.read(blob)


@pytest.mark.parametrize("place", ["current folder", "clone", "info"])
def test_attributes_do_not_hide_changes(
    history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Neither those of the folder where the command is run nor the clone's own."""
    history.commit("Wait a while before hanging up", {"client.py": CLIENT.replace("close()", "close(1)")})
    folder = {"current folder": tmp_path, "clone": history.folder, "info": history.folder / ".git" / "info"}[place]
    folder.mkdir(exist_ok=True)
    (folder / ("attributes" if place == "info" else ".gitattributes")).write_text("*.py -diff\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path if place == "current folder" else history.folder)
    assert len(mine(GitRepository.open(history.folder)).pairs) == 1


@pytest.fixture
def partial(history: History, tmp_path: Path) -> Path:
    """A clone of five commits that lacks what was larger than a kilobyte at the time: the third version of a file."""
    for number in range(1, 6):
        filler = "# long\n" * 300 if number == 3 else ""
        history.commit(
            f"Wait {number} seconds before hanging up",
            {"client.py": CLIENT.replace("close()", f"close({number})") + filler},
        )
    history.git("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "partial"
    source = history.folder.as_uri()
    history.git("clone", "--quiet", "--no-local", "--filter=blob:limit=1k", "--no-checkout", source, str(clone))
    return clone


def test_partial_clones_are_read_as_far_as_they_go(partial: Path, tmp_path: Path) -> None:
    """Commits to a file that was not fetched give no pair, those beside them do."""
    repository = GitRepository.open(partial)
    mined = mine(repository)
    assert [pair.query for pair in mined.pairs] == [f"Wait {number} seconds before hanging up" for number in (5, 2, 1)]
    assert mined.dropped["object missing"] == 2
    assert checkout(repository, "HEAD~2", tmp_path / "tree") == {"object missing": 1}
    assert checkout(repository, "HEAD", tmp_path / "whole") == {"written": 1}


def test_a_partial_clone_that_lacks_too_much_says_how_to_fetch_it(
    partial: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command that is named helps."""
    monkeypatch.setattr("cascode_lab.history.patches.MOST_INCOMPLETE", 1)
    monkeypatch.setattr("cascode_lab.history.blobs.MOST_MISSING", 0)
    repository = GitRepository.open(partial)
    advice = "it is a partial clone, fetch the rest with 'git fetch --refetch --no-filter'"
    with pytest.raises(HistoryError, match=advice):
        mine(repository)
    with pytest.raises(HistoryError, match=advice):
        _read_in(repository, repository.read("rev-parse", "HEAD~2:client.py").decode().strip())
    History.git_in(partial, *advice.split("'")[1].split()[1:])
    assert len(mine(repository).pairs) == 5


def test_a_partial_clone_may_lack_as_much_as_is_allowed(partial: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the next object that is one too many, of files as of commits."""
    repository = GitRepository.open(partial)
    missing = repository.read("rev-parse", "HEAD~2:client.py").decode().strip()
    monkeypatch.setattr("cascode_lab.history.blobs.MOST_MISSING", 2)
    with BlobReader(repository) as blobs:
        assert [blobs.read(missing), blobs.read(missing)] == [None, None]
        with pytest.raises(HistoryError, match="fetch the rest"):
            blobs.read(missing)
    monkeypatch.setattr("cascode_lab.history.patches.MOST_INCOMPLETE", 2)
    assert mine(repository).dropped["object missing"] == 2


def test_pointers_of_linked_worktrees_are_followed_on_this_machine_alone(history: History, tmp_path: Path) -> None:
    """One to another machine is refused, one to a folder that has gone is no repository."""
    linked = tmp_path / "linked"
    history.git("worktree", "add", "--quiet", str(linked))
    (linked / ".git").write_text("gitdir: //host/share/repo\n", encoding="utf-8")
    with pytest.raises(HistoryError, match="leads to another machine"):
        GitRepository.open(linked)
    (linked / ".git").write_text(f"gitdir: {tmp_path / 'gone'}\n", encoding="utf-8")
    with pytest.raises(HistoryError, match="linked is not a git repository"):
        GitRepository.open(linked)
