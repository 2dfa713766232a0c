"""From cached archives to files of pairs."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from cascode_lab.corpus import assemble
from cascode_lab.corpus.build import build_corpus, mine
from cascode_lab.corpus.errors import CorpusError
from cascode_lab.corpus.splits import HeldOut, split_of
from cascode_lab.corpus.types import Package, Split
from cascode_lab.history.manifest import asked_about

NOBODY = HeldOut(frozenset())
TRAIN = next(name for name in (f"train{n}" for n in range(99)) if split_of(name) is Split.TRAIN)
DEV = next(name for name in (f"dev{n}" for n in range(999)) if split_of(name) is Split.DEV)
TEST = next(name for name in (f"test{n}" for n in range(999)) if split_of(name) is Split.TEST)


def function(name: str, doc: str = "", salt: str = "") -> str:
    """Source of a function that is like no other of another name and salt."""
    words = [f"{name}_{salt}_{number}" for number in range(12)]
    body = "".join(f"    {word} = make_{word}(from_{word})\n" for word in words)
    head = f'    """{doc}"""\n' if doc else ""
    return f"def {name}(value):\n{head}{body}    return value\n\n"


def package(cache: Path, name: str, source: str, *, url: str = "", path: str = "") -> Package:
    """A package whose wheel lies in the cache."""
    entry = Package("pypi", name, "1.0", "MIT", ("python",), "a test")
    folder = cache / "pypi" / entry.folder
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(path or f"{name}/core.py", source)
        wheel.writestr(f"{name}-1.0.dist-info/METADATA", f"Name: {name}\nHome-page: {url}\n")
    return entry


def rows(path: Path) -> list[dict[str, Any]]:
    """Rows of a JSON lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def build(packages: list[Package], tmp_path: Path, held_out: HeldOut = NOBODY, output: str = "out") -> dict[str, Any]:
    """Build into ``tmp_path``."""
    return build_corpus(packages, cache=tmp_path / "cache", output=tmp_path / output, held_out=held_out)


def test_pairs_carry_query_code_and_provenance(tmp_path: Path) -> None:
    """A documented function becomes a row that records where it came from, its docstring taken out."""
    source = function("open_door", "Open the front door.\n\n    Slowly.") + function("bare")
    summary = build([package(tmp_path / "cache", TRAIN, source)], tmp_path)
    [row] = rows(tmp_path / "out" / "python.jsonl")
    assert row["query"] == "Open the front door."
    assert row["doc"].endswith("Slowly.")
    assert "front door" not in row["code"]
    expected = {"name": "open_door", "language": "python", "package": TRAIN, "version": "1.0", "line": 1}
    expected |= {"source": "pypi", "licence": "MIT", "split": "train", "path": f"{TRAIN}/core.py"}
    assert expected.items() <= row.items()
    assert summary["languages"]["python"]["pairs"] == {"train": 1, "dev": 0, "test": 0}
    assert summary["languages"]["python"]["dropped"] == {"no doc": 1}


def test_pools_hold_undocumented_functions_too(tmp_path: Path) -> None:
    """All functions of evaluation packages are candidates, only documented ones are queried."""
    source = function("open_door", "Open the front door.") + function("bare")
    build([package(tmp_path / "cache", TEST, source)], tmp_path)
    assert [row["name"] for row in rows(tmp_path / "out" / "pool-python-test.jsonl")] == ["open_door", "bare"]
    assert [row["name"] for row in rows(tmp_path / "out" / "python.jsonl")] == ["open_door"]
    assert rows(tmp_path / "out" / "pool-python-dev.jsonl") == []


def documented_type(name: str, doc: str) -> str:
    """Source of a class with enough members for an outline."""
    members = "".join(f"    {name.lower()}_{number}: int = {number}\n" for number in range(6))
    return f'class {name}:\n    """{doc}"""\n\n{members}\n\n'


def test_types_join_the_training_pairs_and_have_pools_of_their_own(tmp_path: Path) -> None:
    """A documented type is trained on; one of a reserved package is asked for apart from the functions."""
    cache = tmp_path / "cache"
    entries = [
        package(cache, TRAIN, documented_type("Hinge", "What a door turns on.") + function("own", "Keep this thing.")),
        package(cache, TEST, documented_type("Latch", "What holds a door shut.") + documented_type("Bolt", "")),
    ]
    summary = build(entries, tmp_path)
    out = tmp_path / "out"
    assert [(row["name"], row["kind"]) for row in rows(out / "python.jsonl")] == [
        ("Hinge", "class"),
        ("own", "function"),
    ]
    latch, bolt = rows(out / "pool-types-python-test.jsonl")
    assert (latch["name"], latch["query"]) == ("Latch", "What holds a door shut.")
    assert "holds a door" not in latch["code"]
    assert (bolt["name"], bolt["query"]) == ("Bolt", "")
    assert rows(out / "pool-python-test.jsonl") == []
    assert summary["languages"]["python"]["types"] == {"train": 1, "test": 2}


def test_held_out_repository_gives_nothing(tmp_path: Path) -> None:
    """A package is left out by the repository its metadata names."""
    source = function("open_door", "Open the front door.")
    entries = [
        package(tmp_path / "cache", TRAIN, source, url="https://github.com/Own/Kept"),
        package(tmp_path / "cache", DEV, function("close_door", "Close the back door.")),
    ]
    summary = build(entries, tmp_path, HeldOut(frozenset({"own/kept"})))
    assert [row["package"] for row in rows(tmp_path / "out" / "python.jsonl")] == [DEV]
    assert summary["languages"]["python"]["dropped"]["held-out package"] == 1


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("pypi", "urllib3"),
        ("npm", "yargs"),
        ("debian", "ruby-thor"),
        ("debian", "librust-hyper-dev"),
        ("debian", "php-league-flysystem"),
        ("debian", "golang-github-spf13-viper-dev"),
        ("debian", "ninja-build"),
    ],
)
def test_packages_of_what_questions_are_about_are_held_out(source: str, name: str) -> None:
    """Also where their metadata name no repository: published code is that of the repository."""
    entry = Package(source, name, "1.0", "MIT", ("python",), "a test")
    assert NOBODY.holds(entry, ()) is None
    assert NOBODY.including(asked_about()).holds(entry, ()) is not None


def test_mining_leaves_out_what_questions_are_about(tmp_path: Path) -> None:
    """Whatever the lists of held-out repositories say."""
    package(tmp_path / "cache", "urllib3", function("open_door", "Open the front door."))
    package(tmp_path / "cache", DEV, function("close_door", "Close the back door."))
    manifest = tmp_path / "manifest.yaml"
    manifest.write_text(
        "pypi:\n"
        + "".join(
            f"- {{name: {name}, version: '1.0', licence: MIT, languages: [python], why: a test}}\n"
            for name in ("urllib3", DEV)
        )
    )
    mine(manifest, tmp_path / "out", packages=tmp_path / "cache", held_out=[])
    assert [row["package"] for row in rows(tmp_path / "out" / "python.jsonl")] == [DEV]


def test_what_leaks_is_dropped_from_training(tmp_path: Path) -> None:
    """Copies of evaluated code, documented there or not, and evaluated queries leave the training rows."""
    cache = tmp_path / "cache"
    shared, bare = function("shared_one", "Share one thing."), function("copied", salt="s")
    copied = function("copied", "Copy another thing.", salt="s")
    same_query = function("other_name", "Evaluate this very thing.", salt="t")
    evaluated = function("evaluated", "Evaluate this very thing.", salt="e")
    own = function("own", "Keep this for training.")
    entries = [
        package(cache, TRAIN, shared + copied + same_query + own),
        package(cache, TEST, shared + bare + evaluated),
    ]
    summary = build(entries, tmp_path)
    kept = {(row["split"], row["name"]) for row in rows(tmp_path / "out" / "python.jsonl")}
    assert kept == {("train", "own"), ("test", "shared_one"), ("test", "evaluated")}
    dropped = summary["languages"]["python"]["dropped"]
    assert dropped["train query is an evaluation query"] == 2
    assert dropped["exact duplicate"] == 1


def test_caps_hold_for_queries_and_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No query and no package gives more than its share."""
    monkeypatch.setattr(assemble, "MAX_PER_PACKAGE", 5)
    repeated = "".join(function(f"same{n}", "Do the same thing.", salt=f"r{n}") for n in range(5))
    different = "".join(function(f"unlike{n}", f"Do thing number {n} now.", salt=f"d{n}") for n in range(9))
    summary = build([package(tmp_path / "cache", TRAIN, repeated + different)], tmp_path)
    counts = summary["languages"]["python"]
    assert counts["pairs"]["train"] == 5
    assert sum(row["query"] == "Do the same thing." for row in rows(tmp_path / "out" / "python.jsonl")) <= 3


def test_two_builds_agree_byte_for_byte(tmp_path: Path) -> None:
    """The order in which packages are named does not matter."""
    cache = tmp_path / "cache"
    entries = [
        package(cache, name, "".join(function(f"f{n}", f"Make the {name} number {n}.", name) for n in range(20)))
        for name in (TRAIN, DEV, TEST)
    ]
    build(entries, tmp_path, output="first")
    build(entries[::-1], tmp_path, output="second")
    names = sorted(path.name for path in (tmp_path / "first").iterdir())
    assert names == [
        *(f"pool-python-{split}.jsonl" for split in ("dev", "test")),
        *(f"pool-types-python-{split}.jsonl" for split in ("dev", "test")),
        "python.jsonl",
        "summary.json",
    ]
    for name in names:
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


def test_damaged_package_is_reported_and_the_rest_goes_on(tmp_path: Path) -> None:
    """One bad archive costs one package."""
    good = package(tmp_path / "cache", TRAIN, function("open_door", "Open the front door."))
    bad = Package("pypi", "bad", "1.0", "MIT", ("python",), "a test")
    folder = tmp_path / "cache" / "pypi" / bad.folder
    folder.mkdir(parents=True)
    (folder / "bad-1.0.whl").write_bytes(b"no zip")
    summary = build([good, bad], tmp_path)
    assert list(summary["failed"]) == ["pypi/bad"]
    assert summary["languages"]["python"]["pairs"]["train"] == 1
    with pytest.raises(CorpusError, match="None of the 1 packages"):
        build([bad], tmp_path)


def test_a_failure_is_forgotten_once_the_package_is_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of packages that this run does not ask for stay."""
    monkeypatch.setenv("PATH", str(tmp_path))  # without package clients
    had = package(tmp_path / "cache", TRAIN, function("open_door", "Open the front door."))
    lost, other = (Package("npm", name, "1.0", "MIT", ("javascript",), "a test") for name in ("lost", "other"))
    assert build([had, lost, other], tmp_path)["failed"].keys() == {"npm/lost", "npm/other"}
    folder = tmp_path / "cache" / "npm" / lost.folder
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / "lost.zip", "w") as archive:
        archive.writestr("lost.js", "")
    assert build([had, lost], tmp_path)["failed"] == {}, "this run got all that it asked for"
    written = next(tmp_path.rglob("summary.json")).read_text(encoding="utf-8")
    assert json.loads(written)["failed"].keys() == {"npm/other"}
