"""Where a repository comes from, whatever address it is fetched by."""

from __future__ import annotations

from pathlib import Path

import pytest

from cascode_indexer.team.origin import normalised_origin, origin_of_folder


@pytest.mark.parametrize(
    "address",
    [
        "https://git.example.org/group/team/api.git",
        "https://oauth2:glpat-SECRET@git.example.org/group/team/api",
        "https://u:p@ss@GIT.example.org:443/group/team/api.git/?private_token=SECRET",
        "ssh://git@git.example.org:2222/group/team/api.git",
        "git@git.example.org:group/team/api.git",
        "git.example.org:/group//team/api/",
    ],
)
def test_addresses_of_a_repository_are_the_same_origin(address: str) -> None:
    """Scheme, user, password, query, the usual port and the ending make no difference."""
    assert normalised_origin(address) == "git.example.org/group/team/api"


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("http://localhost:3000/a/b", "localhost:3000/a/b"),
        ("git@[::1]:a/b.git", "[::1]/a/b"),
        ("ssh://git@[::1]:22/a/b.git", "[::1]/a/b"),
        ("file:///srv/git/a.git", None),
        ("../a/b", None),
        ("/srv/a:b/c", None),
        (r"C:\Users\ana\api", None),
        ("https://git.example.org/", None),
        ("", None),
    ],
)
def test_other_servers_are_other_origins_and_folders_have_none(address: str, origin: str | None) -> None:
    """Two servers of one host differ by their port; a folder is on no host."""
    assert normalised_origin(address) == origin


def test_a_folder_comes_from_its_remote(tmp_path: Path) -> None:
    """The remote called origin, of a working tree, a linked one or a bare repository; other sections are not it."""
    (tmp_path / "config").write_text(
        '[remote "upstream"]\n url = https://a.example.org/x/y\n[Remote "origin"]\n  fetch = +refs/heads/*\n'
        '  URL = "https://ana:geheim@b.example.org/x/y.git" ; ours\n  url = https://c.example.org/x/y\n'
    )
    assert origin_of_folder(tmp_path) == "b.example.org/x/y"
    tree, linked = tmp_path / "tree", tmp_path / "linked"
    own = tree / ".git" / "worktrees" / "linked"
    own.mkdir(parents=True)
    linked.mkdir()
    config = '[core]\n\tbare = false\n[remote "origin"]\n\turl = git@b.example.org:x/z.git\n'
    (tree / ".git" / "config").write_text(config)
    (own / "commondir").write_text("../..\n")
    (linked / ".git").write_text(f"gitdir: {own}\n")
    assert origin_of_folder(tree) == origin_of_folder(linked) == "b.example.org/x/z"
    assert origin_of_folder(own) is None
