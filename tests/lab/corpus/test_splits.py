"""Which packages may be trained on."""

from __future__ import annotations

from pathlib import Path

import pytest

from cascode_lab.corpus.splits import HeldOut, is_reserved, repositories_in, split_of
from cascode_lab.corpus.types import Package, Split


def package(name: str, source: str = "pypi", repository: str = "") -> Package:
    """A manifest entry."""
    return Package(source, name, "1.0", "MIT", ("python",), "a test", repository)


@pytest.fixture
def held_out(tmp_path: Path) -> HeldOut:
    """A short held-out list."""
    path = tmp_path / "held.txt"
    path.write_text("Owner/Widget\nrack/rack\napache/commons-lang\n\n", encoding="utf-8")
    return HeldOut.read(path)


def test_package_is_matched_by_the_repository_it_names(held_out: HeldOut) -> None:
    """The repository decides, in any case of letters, and another owner's repository is another."""
    assert held_out.holds(package("other"), ["owner/widget"]) == "owner/widget"
    assert held_out.holds(package("widget"), ["someone/widget"]) is None


@pytest.mark.parametrize("name", ["Widget", "ruby-rack", "libcommons-lang-java", "@scope/widget"])
def test_package_without_a_repository_is_matched_by_its_name(held_out: HeldOut, name: str) -> None:
    """A package that names no repository is left out when its upstream name is a held-out one."""
    assert held_out.holds(package(name), [])


def test_repository_of_the_manifest_counts_as_named(held_out: HeldOut) -> None:
    """The manifest can name the repository where the metadata is silent, in both directions."""
    assert held_out.holds(package("libx-java", "debian", "apache/commons-lang"), []) == "apache/commons-lang"
    assert held_out.holds(package("widget", "debian", "else/widget"), []) is None


def test_repositories_are_found_in_all_sorts_of_addresses() -> None:
    """Pages inside a repository, ssh addresses and .git endings name the same repository."""
    urls = [
        "Source, https://github.com/Owner/Widget/tree/main/sub",
        "git@github.com:Owner/Widget.git",
        "git+https://gitlab.com/a/b.git",
        "https://github.com/sponsors/owner",
        "https://example.org/x/y",
    ]
    assert repositories_in(urls) == ["a/b", "owner/widget"]


def test_reserved_tenth_follows_its_published_rule() -> None:
    """Known names fall where sha256 puts them, whatever their case."""
    assert is_reserved("xarray")
    assert is_reserved("XArray")
    assert not is_reserved("scipy")
    assert sum(is_reserved(f"package-{number}") for number in range(2000)) == pytest.approx(200, abs=50)


def test_reserved_packages_are_halved_into_dev_and_test() -> None:
    """Only reserved packages evaluate, and both halves get their share."""
    splits = [split_of(f"package-{number}") for number in range(4000)]
    assert splits.count(Split.DEV) == pytest.approx(splits.count(Split.TEST), rel=0.3)
    assert split_of("scipy") is Split.TRAIN
