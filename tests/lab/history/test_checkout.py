"""The files of a revision in a folder."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from cascode_lab.history.checkout import checkout
from cascode_lab.history.errors import HistoryError
from cascode_lab.history.git import GitRepository
from git_history import History

from .conftest import CLIENT


def test_files_come_as_they_are_stored(history: History, tmp_path: Path) -> None:
    """Attributes neither convert nor leave out; the newest content is not that of the revision asked for."""
    files: dict[str, str | bytes | None] = {
        "lib/tool.py": "x = 1\n",
        "lib/data.bin": b"\0\1\r\n",
        ".gitattributes": "*.py text eol=crlf\nlib/tool.py export-ignore\n* ident\n",
        "lib/ident.py": "v = '$Id$'\n",
    }
    history.commit("Add a library with its data", files)
    history.commit("Count from another number on", {"lib/tool.py": "x = 2\n"})
    folder = tmp_path / "tree"
    counts = checkout(GitRepository.open(history.folder), "HEAD~1", folder)
    assert counts == {"written": 5}
    assert (folder / "client.py").read_bytes() == CLIENT.encode()
    for name, content in files.items():
        assert (folder / name).read_bytes() == (content.encode() if isinstance(content, str) else content)


@pytest.mark.skipif(sys.platform == "win32", reason="needs links")
def test_links_are_left_out(history: History, tmp_path: Path) -> None:
    """A link out of the tree cannot lead a writer or a reader out of it."""
    (history.folder / "out").symlink_to(tmp_path)
    history.git("add", "--all")
    history.git("commit", "--quiet", "--message", "Point out of the tree")
    counts = checkout(GitRepository.open(history.folder), "HEAD", tmp_path / "tree")
    assert counts == {"written": 1, "link or submodule": 1}
    assert not (tmp_path / "tree" / "out").exists()


@pytest.mark.parametrize("name", [".git", "..", ".GIT", "git~1"])
def test_names_that_lead_elsewhere_are_left_out(history: History, tmp_path: Path, name: str) -> None:
    """A tree made by hand can climb out of a folder or write git's own files."""
    blob = history.git("rev-parse", "HEAD:client.py")

    def tree(entry: bytes) -> str:
        made = subprocess.run(["git", "mktree", "-z"], cwd=history.folder, input=entry, capture_output=True, check=True)
        return made.stdout.decode().strip()

    inner = tree(f"100644 blob {blob}\tconfig\x00".encode())
    outer = tree(f"040000 tree {inner}\t{name}\x00100644 blob {blob}\tfine.py\x00".encode())
    commit = history.git("commit-tree", outer, "-m", "Climb")
    counts = checkout(GitRepository.open(history.folder), commit, tmp_path / "a" / "tree")
    assert counts == {"written": 1, "unsafe name": 1}
    assert [path.name for path in (tmp_path / "a").rglob("*")] == ["tree", "fine.py"]


def test_a_folder_in_use_is_refused(history: History) -> None:
    """Files of the person stay as they are."""
    with pytest.raises(HistoryError, match="is not empty"):
        checkout(GitRepository.open(history.folder), "HEAD", history.folder)


def _commit_tree(history: History, *entries: bytes) -> str:
    """Commit a tree of entries as ``git mktree -z`` reads them."""
    made = subprocess.run(
        ["git", "mktree", "-z"], cwd=history.folder, input=b"".join(entries), capture_output=True, check=True
    )
    return history.git("commit-tree", made.stdout.decode().strip(), "-m", "Odd names")


def test_a_name_that_the_file_system_refuses_is_left_out(history: History, tmp_path: Path) -> None:
    """Too long a name, and a file beside a folder of the same name: the other files come."""
    blob = history.git("rev-parse", "HEAD:client.py")
    tree = history.git("rev-parse", "HEAD^{tree}")
    files = (f"100644 blob {blob}\t{name}\0".encode() for name in ("both", "n" * 300, "fine.py"))
    commit = _commit_tree(history, *files, f"040000 tree {tree}\tboth\0".encode())
    counts = checkout(GitRepository.open(history.folder), commit, tmp_path / "tree")
    assert counts["written"] == 2
    assert counts["name refused by the file system"] + counts["name taken"] == 2
    assert (tmp_path / "tree" / "fine.py").read_text(encoding="utf-8") == CLIENT


def test_a_full_disk_says_how_much_is_needed(history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the variable that names another place."""
    history.commit("Add a table of two megabytes", {"table.bin": b"x" * 2_000_000})

    def full(*_arguments: object, **_options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(HistoryError, match=r"No space is left .* they take 2 MB: .*TMPDIR"):
        checkout(GitRepository.open(history.folder), "HEAD", tmp_path / "tree")
