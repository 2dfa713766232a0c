"""Fetching through package clients."""

from __future__ import annotations

from pathlib import Path

import pytest

from cascode_lab.corpus.errors import FetchError
from cascode_lab.corpus.fetch import fetch
from cascode_lab.corpus.types import Package

GATES = Package("npm", "@own/gates", "1.2.0", "MIT", ("javascript",), "a test")


def client(folder: Path, name: str, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a client of that name first on the path."""
    folder.mkdir()
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_client_is_asked_once_and_then_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The archive lands in the package's own folder, and a second call asks nobody."""
    client(tmp_path / "bin", "npm", 'echo "$@" >> ../../../asked; touch own-gates-1.2.0.tgz', monkeypatch)
    cache = tmp_path / "cache"
    first = fetch(GATES, cache)
    assert [path.relative_to(cache).as_posix() for path in first] == ["npm/own__gates-1.2.0/own-gates-1.2.0.tgz"]
    assert fetch(GATES, cache) == first
    asked = (tmp_path / "asked").read_text(encoding="utf-8").splitlines()
    assert asked == ["pack --silent --ignore-scripts @own/gates@1.2.0"]


def test_compiled_languages_are_fetched_as_source_others_as_binary_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Binary packages of Java and C libraries have no sources in them, those of Ruby and Rust libraries have."""
    client(tmp_path / "bin", "apt-get", 'echo "$1" >> ../../../asked; touch a.tar.xz', monkeypatch)
    for name, *languages in (
        ("libgates-java", "java"),
        ("ruby-gates", "ruby"),
        ("gates", "c", "cpp"),
        ("gates-sharp", "c_sharp"),
        ("librust-gates-dev", "rust"),
    ):
        fetch(Package("debian", name, "1:2-3", "MIT", tuple(languages), "a test"), tmp_path / "cache")
    asked = (tmp_path / "asked").read_text(encoding="utf-8").split()
    assert asked == ["source", "download", "source", "source", "download"]
    assert (tmp_path / "cache" / "debian" / "ruby-gates-1_2-3").is_dir()


def test_refusal_of_the_registry_is_reported_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client's last words, the package and the version are named."""
    client(tmp_path / "bin", "npm", "echo first >&2; echo 404 not found >&2; exit 1", monkeypatch)
    with pytest.raises(FetchError, match=r"no @own/gates 1\.2\.0 \(404 not found\)"):
        fetch(GATES, tmp_path / "cache")


def test_missing_client_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without the client learns which one it lacks."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FetchError, match="npm could not fetch @own/gates"):
        fetch(GATES, tmp_path / "cache")


def test_half_a_download_is_not_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a client left when it failed is fetched again."""
    client(tmp_path / "bin", "npm", "echo half > gates.tgz; test -e ../../../again", monkeypatch)
    with pytest.raises(FetchError):
        fetch(GATES, tmp_path / "cache")
    with pytest.raises(FetchError):
        fetch(GATES, tmp_path / "cache")
    (tmp_path / "again").touch()
    (archive,) = fetch(GATES, tmp_path / "cache")
    assert archive.parent.name == "own__gates-1.2.0"
