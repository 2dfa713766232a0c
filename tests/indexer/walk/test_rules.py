"""What the rules take in and leave out, beyond what git's own answer covers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cascode_indexer.types import SkipReason
from cascode_indexer.walk import IgnoreRules, explain
from cascode_indexer.walk.git import global_excludes_file, info_exclude_file

from .conftest import Found, Tree


def test_a_forced_folder_comes_back_whole(tree: Tree, found: Found) -> None:
    """``!vendor/`` beats every rule above it; those inside, and the built-in ones, still apply there."""
    root = tree(
        "go.mod",
        ".gitignore=vendor/\nb.go\n",
        ".cascodeignore=!vendor/\n",
        "vendor/a/b.go",
        "vendor/.gitignore=c.go\n",
        "vendor/c.go",
        "vendor/node_modules/d.js",
    )
    assert found(root)[0] == ["vendor/a/b.go"]


def test_a_path_below_an_excluded_folder_can_be_forced(tree: Tree, found: Found) -> None:
    """Unlike in git; only the named part comes in, and the folder counts as skipped once."""
    root = tree(
        ".gitignore=deps/\n",
        ".cascodeignore=!deps/ours/\n!node_modules/@us/*/index.js\n!third_party/**/own.py\n",
        "deps/ours/a.py",
        "deps/ours/b/c.py",
        "deps/theirs/d.py",
        "deps/e.py",
        "node_modules/@us/f/index.js",
        "node_modules/@us/f/other.js",
        "node_modules/g/index.js",
        "third_party/h/i/own.py",
        "third_party/h/i/j.py",
    )
    paths, skipped = found(root)
    assert paths == [
        "deps/ours/a.py",
        "deps/ours/b/c.py",
        "node_modules/@us/f/index.js",
        "third_party/h/i/own.py",
    ]
    assert skipped["ignored"] == 1
    assert skipped["vendored"] == 2
    rules = IgnoreRules(root)
    assert all(rules.reason(path) is None for path in paths)
    assert rules.reason("deps/theirs/d.py") is SkipReason.IGNORED
    assert rules.reason("node_modules/g/index.js") is SkipReason.VENDORED


def test_a_bare_name_does_not_reach_into_excluded_folders(tree: Tree, found: Found) -> None:
    """It takes back in what is met on the way only."""
    root = tree(".gitignore=own.py\n", ".cascodeignore=!own.py\n", "own.py", "node_modules/a/own.py")
    assert found(root)[0] == ["own.py"]


def test_cascodeignore_excludes_what_git_keeps(tree: Tree, found: Found) -> None:
    """At every level, and even where git's file says ``!``."""
    root = tree(
        ".gitignore=!a.py\n",
        ".cascodeignore=a.py\n/docs/\n",
        "a.py",
        "b.py",
        "docs/c.py",
        "s/.cascodeignore=*\n",
        "s/d.py",
    )
    assert found(root)[0] == ["b.py"]


def test_version_control_is_never_forced_in(tree: Tree, found: Found) -> None:
    """No line reaches into ``.git``: its hooks are nobody's functions."""
    root = tree(".cascodeignore=!.git/\n!.git/**\n!*\n", ".git/hooks/pre-commit.py", "a.py")
    assert found(root)[0] == ["a.py"]


def test_the_parents_ignore_files_apply_up_to_the_repository(tree: Tree, found: Found) -> None:
    """A subfolder sees the same files as the whole repository; what lies above that does not count."""
    tree(".gitignore=kept.py\n", root=".")
    tree(
        ".git/HEAD=ref: refs/heads/main\n",
        ".git/info/exclude=local.py\n",
        ".gitignore=*.gen.py\n/svc/skip.py\nskip.go\n",
        "svc/.gitignore=!a.gen.py\n",
        root="repo",
    )
    root = tree("api/a.gen.py", "skip.py", "kept.py", "local.py", "c.gen.py", "a.gen.py", "skip.go", root="repo/svc")
    assert found(root)[0] == ["a.gen.py", "kept.py", "api/a.gen.py"]
    assert found(root / "api")[0] == ["a.gen.py"]


@pytest.mark.parametrize("lines", ["/local/", "local", "/local/**", "/local/*", "*"])
def test_a_workspace_that_the_parents_exclude_is_still_indexed(tree: Tree, found: Found, lines: str) -> None:
    """Whoever opens an ignored folder wants it; the repository's rules then say nothing about it."""
    tree(".git/HEAD=x", f".gitignore={lines}\n", root="repo")
    assert found(tree("a.py", "pkg/b.py", root="repo/local"))[0] == ["a.py", "pkg/b.py"]
    assert found(tree("c.py", root="repo/local/inner"))[0] == ["c.py"]


@pytest.mark.parametrize(
    "place",
    [
        ".venv/lib/python3.11/site-packages/django",
        "node_modules/left-pad",
        ".cache/checkout",
        "vendor/lib",
        "build",
        ".git/x",
    ],
)
def test_a_root_inside_a_left_out_folder_is_indexed(tree: Tree, found: Found, place: str) -> None:
    """Built-in rules look below the root only: a hidden or vendored parent must not empty the index."""
    tree(
        "package.json={}",
        "go.mod",
        ".venv/pyvenv.cfg=home",
        ".venv/.gitignore=*\n",
        "build/lib/x.py",
        root="home",
    )
    root = tree("a.py", "sub/b.py", root=f"home/{place}")
    assert {"a.py", "sub/b.py"} <= set(found(root)[0])


def test_an_installed_npm_package_keeps_its_dist(tree: Tree, found: Found) -> None:
    """``dist`` may be all there is; beside its sources it is a copy."""
    package = tree("package.json={}", "dist/index.js", root="node_modules/p")
    assert found(package)[0] == ["dist/index.js"]
    assert found(tree("package.json={}", "src/index.ts", "dist/index.js", root="project"))[0] == ["src/index.ts"]


@pytest.mark.parametrize(
    "path",
    [
        "node_modules/a/i.js",
        "src/node_modules/a/i.js",
        "third_party/a.c",
        ".venv/lib/a.py",
        ".tox/py/a.py",
        ".idea/a.py",
        "__pycache__/a.py",
        "Pods/a.c",
        "bower_components/a.js",
        ".git/a.py",
        ".hg/a.py",
        ".svn/a.py",
        "pip/_vendor/a.py",
        "x.egg-info/a.py",
    ],
)
def test_folders_with_one_meaning_are_vendored(tree: Tree, found: Found, path: str) -> None:
    """Wherever they are met below the root."""
    assert found(tree(path, "kept.py")) == (["kept.py"], {"vendored": 1})


@pytest.mark.parametrize(
    ("path", "evidence"),
    [
        ("env/lib/a.py", "env/pyvenv.cfg"),
        ("conda/lib/a.py", "conda/conda-meta/history"),
        ("anything/a.rs", "anything/CACHEDIR.TAG"),
        ("vendor/a.go", "go.mod"),
        ("vendor/a.php", "composer.json"),
        ("assets/vendor/a.js", "other.txt"),
        ("build/lib/a.py", "setup.py=#"),
        ("build/a.java", "build.gradle"),
        ("target/a.java", "pom.xml"),
        ("target/a.rs", "Cargo.toml"),
        ("obj/a.cs", "app.csproj"),
        ("bin/a.cs", "app.csproj"),
        ("dist/a.py", "pyproject.toml"),
        ("coverage/a.js", "coverage/lcov.info"),
    ],
)
def test_ambiguous_folders_are_left_out_on_evidence(tree: Tree, found: Found, path: str, evidence: str) -> None:
    """And kept without it."""
    assert path in found(tree(path, root="without"))[0] or path == "build/lib/a.py" or "assets" in path
    paths, skipped = found(tree(path, evidence, root="with"))
    assert path not in paths
    assert skipped["vendored"] == 1


@pytest.mark.parametrize(
    "path",
    [
        "build/__init__.py",
        "env.py",
        "env/a.py",
        "venv/__init__.py",
        "src/main/java/com/shop/vendor/Vendor.java",
        "out/a.py",
        "bin/tool.py",
        "target/a.py",
        "dist/a.py",
        ".github/scripts/a.py",
        ".storybook/main.js",
        ".eslintrc.js",
        "coverage/a.py",
        "packages/core/a.ts",
        "lib/a.js",
        "deps/a.c",
        "external/a.c",
        "generated/a.py",
        "Debug/a.cs",
    ],
)
def test_ordinary_names_are_kept(tree: Tree, found: Found, path: str) -> None:
    """Names that are outputs elsewhere are source where nothing proves otherwise."""
    assert path in found(tree(path, "package.json={}", "README.md"))[0]


def test_a_feature_of_an_application_may_be_called_vendor(tree: Tree, found: Found) -> None:
    """Its files are called by it, in the way of NestJS and Angular; other folders of that name in src are copies."""
    kept, _ = found(
        tree("src/vendor/vendor.service.ts", "src/vendor/dto.ts", "other/src/vendor/jquery.js", "README.md")
    )[:2]
    assert {"src/vendor/vendor.service.ts", "src/vendor/dto.ts"} <= set(kept)
    assert "other/src/vendor/jquery.js" not in kept


@pytest.mark.parametrize("name", ["build", "vendor", "dist"])
def test_a_python_package_with_an_output_name_is_kept(tree: Tree, found: Found, name: str) -> None:
    """``__init__.py`` inside outweighs a project file beside it."""
    assert f"{name}/__init__.py" in found(tree("pyproject.toml", f"{name}/__init__.py", f"{name}/lib/a.py"))[0]


@pytest.mark.parametrize(
    "name",
    [
        "jquery.min.js",
        "app.bundle.js",
        "api_pb2.py",
        "api.pb.go",
        "Form.Designer.cs",
        "x.g.cs",
        "store.freezed.dart",
        "moc_window.cpp",
        ".pnp.cjs",
    ],
)
def test_generated_names_are_counted(tree: Tree, found: Found, name: str) -> None:
    """They are recognised by name, without a look inside, and can be forced in."""
    assert found(tree(name)) == ([], {"generated": 1})
    assert found(tree(name, f".cascodeignore=!{name}\n"))[0] == [name]


@pytest.mark.parametrize(
    "name", ["webpack.prod.js", "arg-min.js", "ui_button.h", "json_wrap.c", "bindata.go", "a.tab.c"]
)
def test_names_that_people_give_are_kept(tree: Tree, found: Found, name: str) -> None:
    """What a program writes under such a name says so in its first lines."""
    assert found(tree(name))[0] == [name]


def test_a_nested_repository_has_its_own_rules(tree: Tree, found: Found) -> None:
    """The outer ignore file has no say inside; a submodule's exclude file lies in the outer ``.git``."""
    root = tree(
        ".git/HEAD=x",
        ".gitignore=a.py\n",
        "sub/.git=gitdir: ../.git/modules/sub\n",
        ".git/modules/sub/info/exclude=b.py\n",
        "sub/a.py",
        "sub/b.py",
        "sub/c.py",
        "a.py",
    )
    assert found(root)[0] == ["sub/a.py", "sub/c.py"]


def test_a_linked_working_tree_shares_the_exclude_file(tree: Tree, found: Found, tmp_path: Path) -> None:
    """``commondir`` leads from its own folder to the repository's."""
    tree(".git/HEAD=x", ".git/info/exclude=local.py\n", ".git/worktrees/w/commondir=../..\n", root="main")
    root = tree(f".git=gitdir: {tmp_path}/main/.git/worktrees/w\n", "local.py", "a.py", root="w")
    assert found(root)[0] == ["a.py"]


def test_a_pointer_to_another_machine_is_not_followed(
    tree: Tree, found: Found, caplog: pytest.LogCaptureFixture
) -> None:
    """A cloned repository makes nobody connect to a server."""
    share = "//server.invalid/share"
    root = tree(".git/HEAD=x", f".git/commondir={share}\n", f"sub/.git=gitdir: {share}\n", "sub/a.py", "b.py")
    assert found(root)[0] == ["b.py", "sub/a.py"]
    assert caplog.text.count("is not followed to another machine") == 2
    assert info_exclude_file(root) == root / ".git" / "info" / "exclude"


def test_global_excludes_apply(tree: Tree, found: Found, no_configuration_of_the_user: Path) -> None:
    """From git's default place, or where the user's configuration says, includes and ``~`` resolved."""
    home = no_configuration_of_the_user
    root = tree("a.py", "b.py", "c.py")
    (home / ".config" / "git").mkdir(parents=True)
    (home / ".config" / "git" / "ignore").write_text("a.py\n")
    assert found(root)[0] == ["b.py", "c.py"]
    (home / ".gitconfig").write_text("[include]\n\tpath = more.inc\n")
    (home / "more.inc").write_text('[core]\n\texcludesFile = "~/mine"\n')
    (home / "mine").write_text("b.py\n")
    assert found(root)[0] == ["a.py", "c.py"]
    assert global_excludes_file(root) == home / "mine"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps a directory that a process is in")
def test_the_current_folder_may_be_the_root_or_gone(
    tree: Tree, no_configuration_of_the_user: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The user's configuration of git is read wherever the process is, and where it is nowhere any more."""
    root, gone = tree("a.py"), tmp_path / "gone"
    (no_configuration_of_the_user / ".gitconfig").write_text('[core]\n\texcludesFile = "~/mine"\n')
    gone.mkdir()
    for folder in (Path(root.anchor), gone):
        monkeypatch.chdir(folder)
        if folder == gone:
            gone.rmdir()
        assert global_excludes_file(root) == no_configuration_of_the_user / "mine"


def test_nothing_of_the_workspace_is_executed(tree: Tree, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither a ``git`` in it, found through PATH, nor a program its configuration names."""
    proof = tmp_path / "executed"
    root = tree(
        f"git=#!/bin/sh\ntouch {proof}\n",
        f".git/config=[core]\n\tfsmonitor = touch {proof}\n\texcludesFile = mine\n",
        ".git/HEAD=ref: refs/heads/main\n",
        "mine=a.py\n",
        "a.py",
    )
    (root / "git").chmod(0o755)
    monkeypatch.chdir(root)
    monkeypatch.setenv("PATH", f"{root}{os.pathsep}{os.environ['PATH']}")
    assert IgnoreRules(root).reason("a.py") is None
    monkeypatch.setenv("PATH", f"{os.environ['PATH'].partition(os.pathsep)[2]}")
    assert IgnoreRules(root).reason("a.py") is None
    assert not proof.exists()


def test_odd_ignore_files_do_no_harm(tree: Tree, found: Found, tmp_path: Path) -> None:
    """A folder, a link, binary noise, a byte order mark, half a bracket, Windows line ends."""
    root = tree("a.py", "b.py", "d1/c.py", "d2/c.py", "d3/c.py", "d4/c.py", "d5/c.py")
    (root / "d1" / ".gitignore").mkdir()
    (tmp_path / "lines").write_text("*\n")
    (root / "d2" / ".gitignore").symlink_to(tmp_path / "lines")
    (root / "d3" / ".gitignore").write_bytes(bytes(range(256)) * 4)
    (root / "d4" / ".gitignore").write_bytes(b"[z-a]\n[\n\\\n//\n[[:digit:]]\n[[a]\n")
    (root / "d5" / ".gitignore").write_bytes(b"x\n" * 400_000)
    (root / ".gitignore").write_bytes(b"\xef\xbb\xbfa.py\r\n# b.py\r\n")
    assert found(root)[0] == ["b.py", "d1/c.py", "d2/c.py", "d3/c.py", "d4/c.py", "d5/c.py"]


def test_rules_can_be_read_again(tree: Tree) -> None:
    """After ``forget`` an edited ignore file counts."""
    root = tree("a.py", ".gitignore=b.py\n")
    rules = IgnoreRules(root)
    assert rules.reason("a.py") is None
    (root / ".gitignore").write_text("a.py\n")
    rules.forget()
    assert rules.reason("a.py") is SkipReason.IGNORED


def test_a_real_repository_agrees_with_git(tree: Tree, found: Found) -> None:
    """On a workspace made with git itself, what is found is what ``git ls-files`` lists."""
    root = tree(
        ".gitignore=*.tmp.py\n/gen\n!/gen/keep.py\nlogs/\n",
        "a.py",
        "b.tmp.py",
        "gen/keep.py",
        "logs/l.py",
        "s/.gitignore=!b.tmp.py\n",
        "s/b.tmp.py",
        "s/c.py",
    )
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.py"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert sorted(found(root)[0]) == sorted(listed)
    assert explain(root, "gen/keep.py") is SkipReason.IGNORED
