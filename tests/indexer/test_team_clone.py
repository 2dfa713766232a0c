"""Which repository a folder is a clone of, and where in it the folder lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from cascode_indexer.team.clone import Clone, clone_of

CONFIG = """[core]
	bare = false
[remote "origin"]
	url = git@git.example.org:ana/api.git
[remote "upstream"]
	url = https://git.example.org/acme/api.git
[branch "main"]
	remote = origin
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A clone with a second remote."""
    (tmp_path / "api" / ".git").mkdir(parents=True)
    (tmp_path / "api" / ".git" / "config").write_text(CONFIG)
    (tmp_path / "api" / "services" / "pay").mkdir(parents=True)
    return tmp_path / "api"


ORIGINS = frozenset({"git.example.org/ana/api", "git.example.org/acme/api"})


def test_a_fork_is_a_clone_of_both(tree: Path) -> None:
    """All remotes count, of the whole working tree and of a folder in it, whose paths are shorter."""
    assert clone_of(tree) == Clone("", ORIGINS)
    part = clone_of(tree / "services" / "pay")
    assert part == Clone("services/pay", ORIGINS)
    assert part is not None
    assert part.path_here("services/pay/src/main.go") == "src/main.go"
    assert part.path_here("services/payment/main.go") is None
    assert Clone("", ORIGINS).path_here("src/main.go") == "src/main.go"


def test_linked_trees_and_submodules_are_clones_too(tree: Path, tmp_path: Path) -> None:
    """Their ``.git`` is a file that names the folder; a linked tree shares the configuration of the first."""
    own = tree / ".git" / "worktrees" / "linked"
    own.mkdir(parents=True)
    (own / "commondir").write_text("../..\n")
    linked, module = tmp_path / "linked", tree / "module"
    for folder, pointer in ((linked, own), (module, "../.git/modules/module")):
        folder.mkdir()
        (folder / ".git").write_text(f"gitdir: {pointer}\n")
    inner = tree / ".git" / "modules" / "module"
    inner.mkdir(parents=True)
    (inner / "config").write_text('[remote "origin"]\n\turl = https://git.example.org/acme/module\n')
    assert clone_of(linked) == Clone("", ORIGINS)
    assert clone_of(module) == Clone("", frozenset({"git.example.org/acme/module"}))


@pytest.mark.parametrize(
    "config", [None, "", "[core]\n\tbare = false\n", '[remote "origin"]\n\turl = ../api\n', "\0[["]
)
def test_what_has_no_remote_on_a_host_is_no_clone(tmp_path: Path, config: str | None) -> None:
    """No configuration, one without a remote, one of a folder, and one that is none."""
    (tmp_path / ".git").mkdir()
    if config is not None:
        (tmp_path / ".git" / "config").write_text(config)
    assert clone_of(tmp_path) is None


def test_a_configuration_that_is_a_folder_is_none(tmp_path: Path) -> None:
    """Whatever stands in its place is not read."""
    (tmp_path / ".git" / "config").mkdir(parents=True)
    assert clone_of(tmp_path) is None
