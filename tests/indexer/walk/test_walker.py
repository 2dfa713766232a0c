"""The walk over real files: order, links, special files, and what cannot be read."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cascode_indexer.errors import WorkspaceError
from cascode_indexer.types import SkipCounts, SkipReason, SourceFile
from cascode_indexer.walk import IgnoreRules, explain, read_source, relative_path, walk

from .conftest import Found, Tree


def test_files_come_in_a_fixed_order_with_what_is_known_of_them(tree: Tree) -> None:
    """A folder's files by name, then its folders; paths are posix, size and time are the file's."""
    root = tree(
        "b.py=x = 1\n",
        "a.go=package a\n",
        "z/deep/c.rs=fn c() {}\n",
        "z/a.rb=def a; end\n",
        "README.md=hello",
    )
    skipped = SkipCounts()
    files = list(walk(root, language_of=lambda path, _head: path.rpartition(".")[2], skipped=skipped))
    assert [file.path for file in files] == ["README.md", "a.go", "b.py", "z/a.rb", "z/deep/c.rs"]
    status = (root / "b.py").stat()
    assert files[2] == SourceFile("b.py", root / "b.py", "py", status.st_size, status.st_mtime_ns)


def test_other_files_are_counted(tree: Tree, found: Found) -> None:
    """A file in no language of ours is skipped by that reason."""
    assert found(tree("a.py", "README.md", "data.json")) == (["a.py"], {"unsupported_language": 2})


def test_an_empty_workspace_has_no_files(tree: Tree, found: Found) -> None:
    """Nothing is found and nothing skipped."""
    assert found(tree()) == ([], {})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, r"workspace .*ws does not exist: name an existing folder"),
        (lambda path: path.write_text("x"), r"workspace .*ws is a file: name the folder that holds it"),
        (lambda path: path.symlink_to(path), r"workspace .*ws cannot be read .*: name another folder"),
    ],
    ids=["missing", "file", "loop"],
)
def test_a_root_that_cannot_be_walked_is_one_clear_error(tmp_path: Path, make: object, message: str) -> None:
    """It is raised at once, not when the first file is asked for, and names the fix in one line."""
    make(tmp_path / "ws")  # type: ignore[operator]
    with pytest.raises(WorkspaceError, match=message) as error:
        walk(tmp_path / "ws", language_of=lambda _path, _head: None, skipped=SkipCounts())
    assert "\n" not in str(error.value)


@pytest.fixture
def without_rights() -> Iterator[Path]:
    """A folder in which root's right to read everything is given up."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
        if os.geteuid() != os.getuid():
            os.seteuid(os.getuid())


def _give_up_rights() -> None:
    if os.getuid() == 0:
        os.seteuid(65534)  # nobody


def test_what_may_not_be_read_is_one_clear_error_or_counted(without_rights: Path, found: Found) -> None:
    """An unreadable root is an error with the fix; an unreadable folder or script is counted."""
    (without_rights / "closed").mkdir()
    for name in ("open.py", "script", "closed/a.py"):
        (without_rights / name).write_text("#!/usr/bin/env python\n")
    (without_rights / "closed").chmod(0)
    (without_rights / "script").chmod(0)
    _give_up_rights()
    assert found(without_rights) == (["open.py"], {"unreadable": 2})
    with pytest.raises(WorkspaceError, match=r"workspace .*closed cannot be read: give yourself read access to it"):
        found(without_rights / "closed")


def test_a_file_without_the_right_to_read_it_is_unreadable(without_rights: Path) -> None:
    """It is found by the walk, as its name gives the language, and skipped when it is read."""
    (without_rights / "a.py").write_text("x")
    (without_rights / "a.py").chmod(0)
    _give_up_rights()
    files = list(walk(without_rights, language_of=lambda _path, _head: "python", skipped=SkipCounts()))
    assert [read_source(file) for file in files] == [SkipReason.UNREADABLE]


def test_links_are_never_followed(tree: Tree, tmp_path: Path, found: Found) -> None:
    """A link inside is found where it leads, once; one that leads out, nowhere or in a circle is counted."""
    root = tree("pkg/a.py")
    outside = tree("secret.py", root="outside")
    (root / "alias.py").symlink_to(root / "pkg" / "a.py")
    (root / "same").symlink_to(root / "pkg", target_is_directory=True)
    (root / "pkg" / "up").symlink_to(root, target_is_directory=True)
    (root / "out.py").symlink_to(outside / "secret.py")
    (root / "out").symlink_to(outside, target_is_directory=True)
    (root / "dangling.py").symlink_to(tmp_path / "nothing.py")
    (root / "circle.py").symlink_to(root / "circle.py")
    assert found(root) == (["pkg/a.py"], {"outside_workspace": 2, "unreadable": 2})


def test_a_root_that_is_a_link_is_walked(tree: Tree, tmp_path: Path, found: Found) -> None:
    """The caller named it; links inside are judged by where it leads."""
    root = tree("a.py")
    (root / "alias.py").symlink_to(root / "a.py")
    (tmp_path / "link").symlink_to(root, target_is_directory=True)
    assert found(tmp_path / "link") == (["a.py"], {})


def test_special_files_are_never_opened(found: Found) -> None:
    """A pipe would hang the walk; it and a socket are skipped, whatever their names."""
    with tempfile.TemporaryDirectory(prefix="cc") as folder, socket.socket(socket.AF_UNIX) as listener:
        root = Path(folder)
        os.mkfifo(root / "pipe.py")
        os.mkfifo(root / "script")
        listener.bind(str(root / "socket.py"))  # a short path: the system allows 107 bytes
        assert found(root) == ([], {"unsupported_language": 3})


def test_large_files_are_skipped_by_their_size_alone(tree: Tree, found: Found) -> None:
    """50 MB cost nothing: the file is not opened."""
    root = tree("a.py")
    with (root / "huge.py").open("wb") as stream:
        stream.truncate(50 * 1024 * 1024)
    os.utime(root / "huge.py", (1, 1))
    assert found(root) == (["a.py"], {"too_large": 1})
    assert (root / "huge.py").stat().st_atime == 1
    assert found(root, max_bytes=100 * 1024 * 1024) == (["a.py", "huge.py"], {})


def test_a_name_that_is_not_utf8_is_counted(tree: Tree, found: Found) -> None:
    """It can be neither stored nor shown; the rest is found."""
    root = tree("a.py", "b/c.py")
    (root / os.fsdecode(b"caf\xe9.py")).write_text("x")
    (root / "b" / os.fsdecode(b"d\xff")).mkdir()
    assert found(root) == (["a.py", "b/c.py"], {"unreadable": 2})


def test_odd_names_survive(tree: Tree, found: Found) -> None:
    """Spaces, quotes, line ends and other scripts are part of a name."""
    names = ["a b.py", "l\nf.py", "q'\".py", "ünï.py", "\u6f22\u5b57/\u95a2\u6570.py"]
    assert sorted(found(tree(*names))[0]) == sorted(names)


def test_a_name_without_a_suffix_is_detected_by_the_first_bytes(tree: Tree, found: Found) -> None:
    """A script is found by its shebang, a header is separated from C++ by a look inside."""
    root = tree("run=#!/usr/bin/env python3\nprint()\n", "LICENSE=free", "a.h=class A { public: int f(); };\n")
    assert found(root) == (["a.h", "run"], {"unsupported_language": 1})


def test_a_known_file_is_not_opened_to_tell_its_language(tree: Tree) -> None:
    """An unchanged header keeps the language it had; a changed one is looked at again."""
    root = tree("a.h=int f();\n", "b.h=int g();\n")
    heads: list[bytes] = []

    def language_of(path: str, head: bytes) -> str:
        heads.append(head)
        return "c"

    first = {file.path: file for file in walk(root, language_of=language_of, skipped=SkipCounts())}
    assert heads == [b"int f();\n", b"int g();\n"]
    (root / "b.h").write_text("int changed();\n")
    heads.clear()
    again = list(walk(root, language_of=language_of, skipped=SkipCounts(), known=first))
    assert heads == [b"int changed();\n"]
    assert [file.language for file in again] == ["c", "c"]


def test_a_folder_that_vanishes_during_the_walk_is_counted(tree: Tree) -> None:
    """The walk goes on with what is left."""
    root = tree("a.py", "b/c.py", "d/e.py")
    skipped = SkipCounts()
    files = walk(root, language_of=lambda _path, _head: "python", skipped=skipped)
    assert next(files).path == "a.py"
    (root / "d" / "e.py").unlink()
    (root / "d").rmdir()
    assert [file.path for file in files] == ["b/c.py"]
    assert skipped.total <= 1  # the folder may have been listed before it went


@pytest.mark.skipif(shutil.which("rm") is None, reason="Python's own removal of folders is recursive")
def test_very_deep_folders_are_survived(found: Found) -> None:
    """No recursion: a thousand levels are as good as one."""
    folder = Path(tempfile.mkdtemp())
    try:
        _nest(folder, 1000)
        assert found(folder) == (["d/" * 1000 + "a.py"], {})
    finally:
        subprocess.run(["rm", "-rf", str(folder)], check=True)


def _nest(folder: Path, levels: int) -> None:
    here = os.open(folder, os.O_RDONLY)
    try:
        for _ in range(levels):
            os.mkdir("d", dir_fd=here)
            inner = os.open("d", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = inner
        os.close(os.open("a.py", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    finally:
        os.close(here)


def test_three_thousand_files_are_walked_in_half_a_second(tree: Tree, found: Found) -> None:
    """The no-change re-index has 1.5 s in all; measured at 0.1 s of the processor, whatever else it does."""
    root = tree(
        *(f"p{number // 50}/q/f{number}.py" for number in range(3000)),
        ".gitignore=*.log\nbuild/\n/x/**/y\n" * 10,
    )
    began = time.process_time()
    paths, _ = found(root)
    assert len(paths) == 3000
    assert time.process_time() - began < 0.5


def test_explain_tells_the_reason_for_one_path(tree: Tree, tmp_path: Path) -> None:
    """Absolute or relative, existing or not, file or folder."""
    root = tree(".gitignore=*.log\n", "a.py", "node_modules/x/index.js")
    assert explain(root, "a.py") is None
    assert explain(root, root / "debug.log") is SkipReason.IGNORED
    assert explain(root, "node_modules") is SkipReason.VENDORED
    assert explain(root, root / "node_modules" / "x" / "index.js") is SkipReason.VENDORED
    assert explain(root, "api_pb2.py") is SkipReason.GENERATED
    assert explain(root, tmp_path / "else.py") is SkipReason.OUTSIDE_WORKSPACE
    assert explain(root, root) is None


def test_paths_are_named_relative_to_the_root() -> None:
    """Normalised, posix, and None outside; a sibling with the same beginning is outside."""
    assert relative_path(Path("/a/b"), "/a/b/c/../d.py") == "d.py"
    assert relative_path(Path("/a/b"), "c/d.py") == "c/d.py"
    assert relative_path(Path("/a/b"), "/a/b") == ""
    assert relative_path(Path("/a/b"), "/a/bc/d.py") is None
    assert relative_path(Path("/"), "/a.py") == "a.py"


def test_every_file_found_is_taken_in_by_the_rules(tree: Tree, found: Found) -> None:
    """The walk and the single-path answer agree on each path of a mixed workspace."""
    root = tree(
        ".gitignore=out/\n*.gen.py\n!keep.gen.py\n",
        ".cascodeignore=!out/api/\nlegacy/\n",
        "a.py",
        "x.gen.py",
        "keep.gen.py",
        "out/api/b.py",
        "out/c.py",
        "legacy/d.py",
        "node_modules/e.js",
        "sub/.gitignore=f.py\n",
        "sub/f.py",
        "sub/g.py",
        "venv/pyvenv.cfg=home",
        "venv/lib/h.py",
        "vendor/i.go",
        "go.mod",
        ".hidden/j.py",
        ".github/k.py",
        "l.min.js",
    )
    rules = IgnoreRules(root)
    everything = sorted(
        path.relative_to(root).as_posix() for path in root.rglob("*") if path.suffix in (".py", ".js", ".go")
    )
    taken = [path for path in everything if rules.reason(path) is None]
    assert taken == sorted(found(root)[0])
    assert taken == [".github/k.py", "a.py", "keep.gen.py", "out/api/b.py", "sub/g.py"]
