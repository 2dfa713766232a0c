"""Lists of repositories and clones of them: what is named after an address, and what a failed clone says."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cascode_team.errors import TeamSetupError
from cascode_team.loading.checkout import checked_out, read_places
from cascode_team.loading.read import read_repository
from cascode_team.loading.types import Place
from team_loading import write_repository

pytestmark = pytest.mark.team

TOKEN = "glpat-abcdefghijklmnop"


def names(tmp_path: Path, text: str) -> list[str]:
    """Names of the repositories of a list."""
    (tmp_path / "list").write_text(text)
    return [place.name for place in read_places(tmp_path / "list")]


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (f"https://oauth2:{TOKEN}@git.example.org/billing.git", "git.example.org/billing"),
        (f"https://{TOKEN}@git.example.org:8443/billing.git?private_token={TOKEN}", "git.example.org/billing"),
        ("https://u:p@ss@git.example.org/acme/billing.git", "acme/billing"),
        ("git@git.example.org:billing.git", "git.example.org/billing"),
        ("ssh://git@git.example.org:2222/group/team/api/", "team/api"),
        ("https://git.example.org/acme/shop", "acme/shop"),
        ("../mirror/acme+shop", "acme/shop"),
        ("file:///srv/git/acme/shop.git", "acme/shop"),
    ],
)
def test_a_name_holds_nothing_of_what_stands_before_the_host(tmp_path: Path, address: str, name: str) -> None:
    """Everybody who may read the repository sees its name; owner and name, or host and name, make it."""
    assert names(tmp_path, address + "\n") == [name]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f"https://u:{TOKEN}@git.example.org/a/b billing", "line 2: a name stands before its address"),
        ("git@git.example.org:a/b billing", "line 2: a name stands before its address"),
        (f"ftp://u:{TOKEN}@git.example.org/a/b", "line 2: write an address with https"),
        (f"billing svn+ssh://u:{TOKEN}@git.example.org/a/b", "line 2: write an address with https"),
        (f"https://u:{TOKEN}/x@git.example.org/a/b", "line 2: the address names no host and path"),
        (f"https://u:{TOKEN}@git.example.org/", "line 2: the address names no host and path"),
    ],
)
def test_a_line_that_is_none_is_named_by_its_number(tmp_path: Path, line: str, said: str) -> None:
    """It may hold a password, so it is not repeated."""
    with pytest.raises(TeamSetupError) as raised:
        names(tmp_path, f"# ours\n{line}\n")
    assert said in str(raised.value)
    assert TOKEN not in str(raised.value)


_SSH = "Please make sure you have the correct access rights\nand the repository exists.\n"
_FAILED = "fatal: Could not read from remote repository.\n"


@pytest.mark.parametrize(
    ("address", "said", "reason"),
    [
        (
            "git@git.example.org:a/b",
            f"Warning: Added it.\r\ngit@git.example.org: Permission denied (publickey).\r\n{_FAILED}\n{_SSH}",
            "git@git.example.org: Permission denied (publickey).",
        ),
        (
            "git@git.example.org:a/b",
            f"remote: \nremote: ====\nremote: \nremote: ERROR: The project could not be found.\nremote: \n"
            f"remote: ====\nremote: \n{_FAILED}\n{_SSH}",
            "ERROR: The project could not be found.",
        ),
        (
            "https://git.example.org/a/b",
            "error: RPC failed; curl 56\nfatal: early EOF\nfatal: fetch-pack: invalid index-pack output\n",
            "fatal: early EOF",
        ),
        (
            "https://u:p@ss@h.example.org/a/b",
            "fatal: unable to access 'https://u:p@ss@h.example.org/a/b/': URL rejected\n",
            "fatal: unable to access 'https://h.example.org/a/b/': URL rejected",
        ),
        (
            "https://u:gehe%40im@h.example.org/a/b",
            "fatal: could not read with gehe@im, and gehe%40im\n",
            "fatal: could not read with ***, and ***",
        ),
        (
            f"https://{TOKEN}@h.example.org/a/b",
            f"fatal: could not read Password for '{TOKEN}': terminal prompts disabled\n",
            "fatal: could not read Password for '***': terminal prompts disabled",
        ),
        ("https://h.example.org/a/b", "", "it gave no reason"),
    ],
)
def test_a_failed_clone_says_why_and_no_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, said: str, reason: str
) -> None:
    """The line with the reason, which is seldom the last one, without what stands before the host."""
    (tmp_path / "said").write_text(said, newline="")
    program = tmp_path / "git"
    program.write_text(f"#!/bin/sh\n/bin/cat '{tmp_path / 'said'}' >&2\nexit 128\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TeamSetupError) as raised, checked_out(Place("a/b", address)):
        pass
    assert str(raised.value) == f"a/b: git cannot clone it: {reason}"


def test_objects_of_git_that_are_read_only_are_in_nobody_s_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows removes no file that is read-only, as git's objects are, unless whoever removes it makes it writable."""
    origin = write_repository(tmp_path / "shop", {"shop.py": "def buy():\n    return 1\n"})
    git = ["git", "-C", str(origin), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *arguments], check=True)
    removed = shutil.rmtree

    def as_on_windows(path: Any, *arguments: Any, **handlers: Any) -> None:
        if not arguments and not handlers:
            raise PermissionError(13, "Access is denied", str(path))
        removed(path, *arguments, **handlers)

    monkeypatch.setattr(shutil, "rmtree", as_on_windows)
    with checked_out(Place("shop", str(origin))) as checkout:
        extracted, _ = read_repository(checkout.root, sources=False)
    assert [row.path for row in extracted.rows] == ["shop.py"]
    assert not checkout.root.exists()
