"""A real Neovim, a real server and a copy of a real package's sources for the tests of the Neovim client."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[2]
PLUGIN = REPOSITORY / "neovim"
BIN = Path(sys.executable).parent

#: Longer than any wait inside a scenario, so that the scenario itself says what it waited for.
SCENARIO_LIMIT_S = 240


def _program(name: str) -> Path:
    """A program of the environment that runs the tests."""
    path = BIN / name
    if not path.exists():
        pytest.fail(f"{path} is missing: run `make setup-editors`")
    return path


@pytest.fixture(scope="session")
def nvim() -> Path:
    """The Neovim of the environment."""
    return _program("nvim")


def _copy_package(name: str, target: Path) -> Path:
    """Copy an installed package's sources into a folder that is a project."""
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    shutil.copytree(Path(spec.origin).parent, target, ignore=shutil.ignore_patterns("__pycache__"))
    (target / "pyproject.toml").write_text(f'[project]\nname = "{name}"\n', encoding="utf-8")
    return target


@pytest.fixture(scope="session")
def index_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index directory that knows the vectors of the package: copies of it are indexed without encoding."""
    directory = tmp_path_factory.mktemp("index")
    workspace = _copy_package("click", tmp_path_factory.mktemp("first") / "click")
    environment = {**os.environ, "CASCODE_INDEX_DIR": str(directory)}
    subprocess.run([_program("cascode"), "index", workspace], env=environment, check=True, capture_output=True)
    return directory


@pytest.fixture(scope="session")
def plugin(nvim: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plugin as a person has it: a folder of its own, with the tags of its help file."""
    target = tmp_path_factory.mktemp("plugin") / "neovim"
    shutil.copytree(PLUGIN, target, ignore=shutil.ignore_patterns("tags"))
    made = subprocess.run(
        [nvim, "--headless", "--clean", f"+helptags {target / 'doc'}", "+qall"], check=True, capture_output=True
    )
    # A tag that stands twice is only a message.
    assert made.stderr == b""
    return target


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A project of one's own: the sources of click."""
    return _copy_package("click", tmp_path / "click")


@pytest.fixture
def environment(tmp_path: Path, index_directory: Path, plugin: Path, workspace: Path) -> dict[str, str]:
    """An environment in which neither Neovim nor the server touches files of the user."""
    home = tmp_path / "home"
    home.mkdir()
    folders = {f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("CONFIG", "DATA", "STATE", "CACHE")}
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("NVIM", "VIM", "CASCODE"))},
        **folders,
        "HOME": str(home),
        "CASCODE_INDEX_DIR": str(index_directory),
        "CASCODE_TEST_PLUGIN": str(plugin),
        "CASCODE_TEST_WORKSPACE": str(workspace),
        "CASCODE_TEST_SERVER": str(_program("cascode")),
    }


@pytest.fixture
def scenario(nvim: Path, environment: dict[str, str]) -> Callable[[str], None]:
    """Run a scenario of `scenarios/` by its name; what it finds wrong fails the test."""

    def run(name: str) -> None:
        result = subprocess.run(
            [nvim, "--headless", "--clean", "-l", HERE / "run.lua", name],
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=SCENARIO_LIMIT_S,
            check=False,
        )
        if result.returncode != 0:
            pytest.fail(f"scenario {name}:\n{result.stderr}{result.stdout}", pytrace=False)

    return run
