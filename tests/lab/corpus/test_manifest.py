"""The manifest, the one shipped and those a user writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from cascode_lab.corpus.errors import ManifestError
from cascode_lab.corpus.manifest import load_manifest
from cascode_lab.corpus.splits import split_of
from cascode_lab.corpus.types import MINED, Split

COPYLEFT = ("GPL", "AGPL", "LGPL", "MPL", "EPL", "CECILL-2")


def test_shipped_manifest_names_known_languages_and_permissive_licences() -> None:
    """Every entry can be mined and offers at least one permissive licence."""
    packages = load_manifest()
    assert len(packages) > 200
    for package in packages:
        assert set(package.languages) <= set(MINED), package
        choices = package.licence.replace("(", "").replace(")", "").split(" OR ")
        assert any(not choice.startswith(COPYLEFT) for choice in choices), package


def test_shipped_manifest_has_packages_for_every_split() -> None:
    """Python packages are there to train on, to tune on and to report on."""
    splits = [split_of(package.name) for package in load_manifest() if "python" in package.languages]
    assert min(splits.count(split) for split in Split) >= 10


#: Mined from manifests of one's own: the registries that are fetched from have no documented packages of them, or none
#: that hashes into the reserved tenth.
ELSEWHERE = {"dart", "julia", "objective_c", "perl"}
NONE_RESERVED = ELSEWHERE | {"elixir", "scala"}


def test_every_mined_language_has_packages_to_train_on_and_reserved_ones() -> None:
    """No language is mined for nothing; whether the reserved ones hold enough to measure, mining shows."""
    packages = load_manifest()
    for language in MINED:
        splits = {split_of(package.name) for package in packages if language in package.languages}
        assert (Split.TRAIN in splits) != (language in ELSEWHERE), language
        assert bool(splits & {Split.DEV, Split.TEST}) != (language in NONE_RESERVED), language


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pypi: [", "is not YAML"),
        ("cran: []", "must map the sources"),
        ("pypi: [scipy]", "must be a mapping"),
        ("pypi: [{name: scipy, version: '1'}]", "lacks licence, languages, why"),
        ("pypi: [{name: -r, version: '1', licence: MIT, languages: [python], why: x}]", "'-r' '1'"),
        ("npm: [{name: ../up, version: '1', licence: MIT, languages: [javascript], why: x}]", "'../up'"),
        ("pypi: [{name: a, version: '--x', licence: MIT, languages: [python], why: x}]", "'--x'"),
        ("pypi: [{name: a, version: '1', licence: MIT, languages: [python], why: x, url: y}]", "url"),
        ("pypi: [{name: a, version: '1', licence: MIT, languages: [cobol], why: x}]", "cobol"),
    ],
)
def test_malformed_manifest_is_refused_by_name(tmp_path: Path, text: str, said: str) -> None:
    """What is wrong is said in one line."""
    path = tmp_path / "manifest.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ManifestError, match=r".") as caught:
        load_manifest(path)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_package_named_twice_is_refused(tmp_path: Path) -> None:
    """Two versions of one package would be near-duplicates of each other."""
    entry = "{name: a, version: '%s', licence: MIT, languages: [python], why: x}"
    path = tmp_path / "manifest.yaml"
    path.write_text(f"pypi: [{entry % 1}, {entry % 2}]", encoding="utf-8")
    with pytest.raises(ManifestError, match="twice"):
        load_manifest(path)


def test_missing_manifest_is_named(tmp_path: Path) -> None:
    """The message names the file."""
    with pytest.raises(ManifestError, match=r"nowhere\.yaml"):
        load_manifest(tmp_path / "nowhere.yaml")
