"""Repositories that nobody vouches for: nothing of theirs is run."""

from __future__ import annotations

import stat
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
