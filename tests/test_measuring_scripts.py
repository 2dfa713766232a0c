"""What benchmarks and scripts fetch and touch: never a person's files, and never half of something."""

from __future__ import annotations

import importlib.util
import os
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from cascode_lab.corpus.archives import Member

ROOT = Path(__file__).parents[1]


def load(path: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Import a script, as running it would, under the name of its file."""
    monkeypatch.syspath_prepend(str((ROOT / path).parent))
    name = Path(path).stem
    spec = importlib.util.spec_from_file_location(name, ROOT / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


def test_a_workspace_that_arrives_damaged_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The benchmark goes on without it."""
    workspaces = load("benchmarks/workspaces.py", monkeypatch)

    def unpack(archive: Path, target: Path) -> None:
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(target)

    source = workspaces.Source("click", (sys.executable, "-c", "open('a.whl', 'w').write('half')"), unpack, "?")
    with pytest.raises(workspaces.UnavailableError, match="click: "):
        workspaces.obtain(source, tmp_path)


def test_a_package_that_was_half_unpacked_is_unpacked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a stopped run left is not taken for the whole."""
    packages = load("scripts/pinned_packages.py", monkeypatch)
    monkeypatch.setattr(packages, "PACKAGES", (("pypi", "doors", "1.0", "python"),))
    monkeypatch.setattr(packages, "fetch", lambda *_arguments: [tmp_path / "doors.whl"])
    monkeypatch.setattr(packages.platformdirs, "user_cache_dir", lambda *_arguments: str(tmp_path / "cache"))
    is_stopped = True

    def members(*_arguments: object) -> Iterator[Member]:
        yield Member("doors/a.py", b"a = 1\n")
        if is_stopped:
            raise KeyboardInterrupt
        yield Member("doors/b.py", b"b = 1\n")

    monkeypatch.setattr(packages, "read_members", members)
    with pytest.raises(KeyboardInterrupt):
        list(packages.fetched(set()))
    is_stopped = False
    (folder,) = packages.fetched(set())
    assert sorted(path.name for path in folder.rglob("*.py")) == ["a.py", "b.py"]


def test_the_curve_is_measured_on_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the times of a person's files change, nor the index of their workspace."""
    curve = load("benchmarks/curve.py", monkeypatch)
    (tmp_path / "workspace").mkdir()
    own = tmp_path / "workspace" / "a.py"
    own.write_text("a = 1\n", encoding="utf-8")
    before = own.stat().st_mtime_ns
    monkeypatch.setenv("CASCODE_INDEX_DIR", str(tmp_path / "index"))
    asked: list[Path] = []

    class Stopped:
        def __init__(self, roots: list[Path]) -> None:
            asked.extend(roots)
            asked.append(Path(curve.os.environ["CASCODE_INDEX_DIR"]))
            raise KeyboardInterrupt

    monkeypatch.setattr(curve, "Engine", Stopped)
    monkeypatch.setattr(sys, "argv", ["curve.py", "--workspace", str(own.parent)])
    with pytest.raises(KeyboardInterrupt):
        curve.main()
    assert own.stat().st_mtime_ns == before
    assert own.parent not in asked
    assert tmp_path / "index" not in asked


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="needs the repository's history")
def test_another_commit_is_taken_out_of_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its packages lie where a process of their own finds them; a name that is none ends the measurement."""
    packages = load("scripts/commit_packages.py", monkeypatch)
    tree = packages.extract_packages("HEAD", tmp_path)
    found = [Path(folder) for folder in packages.python_path(tree).split(os.pathsep)]
    assert [folder.parent for folder in found] == [tmp_path] * 2
    assert (found[0] / "cascode_indexer" / "__init__.py").is_file()
    assert (found[1] / "cascode_models" / "__init__.py").is_file()
    with pytest.raises(SystemExit, match="no-such-commit"):
        packages.extract_packages("no-such-commit", tmp_path)
