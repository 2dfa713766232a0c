"""Mining with the indexer's extractor."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from cascode_models.corpus.errors import CorpusError
from cascode_server.cli.mining import extract, mine, summary_table

SOURCE = '''
class Door:
    def open(self, width):
        """Open the door as wide as asked."""
        angle = self.hinge.angle_for(width)
        self.hinge.turn(angle)
        return angle
'''


def test_extractor_takes_the_docstring_out_of_the_code() -> None:
    """Name, doc and code are what the corpus expects."""
    [function] = extract(SOURCE, "pkg/door.py")
    assert function.name == "Door.open"
    assert function.doc == "Open the door as wide as asked."
    assert "as wide as" not in function.code
    assert "hinge.turn" in function.code
    assert function.start_line == 3


def test_unknown_suffix_gives_no_functions() -> None:
    """A file in no known language is passed over."""
    assert list(extract("whatever", "notes.xyz")) == []


def test_only_the_languages_asked_for_are_mined(tmp_path: Path) -> None:
    """The rest of the manifest is neither fetched nor written."""
    manifest = tmp_path / "manifest.yaml"
    manifest.write_text(
        "pypi: [{name: doors, version: '1.0', licence: MIT, languages: [python], why: a test}]\n"
        "npm: [{name: gates, version: '1.0', licence: MIT, languages: [javascript], why: a test}]\n",
        encoding="utf-8",
    )
    folder = tmp_path / "packages" / "pypi" / "doors-1.0"
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / "doors-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("doors/door.py", SOURCE)
    held_out = tmp_path / "held.txt"
    held_out.write_text("own/other\n", encoding="utf-8")
    summary = mine(manifest, tmp_path / "out", packages=tmp_path / "packages", held_out=held_out, languages=["python"])
    assert summary["languages"].keys() == {"python"}
    assert (tmp_path / "out" / "python.jsonl").read_text(encoding="utf-8").count("\n") == 1
    table = summary_table(summary).splitlines()
    assert table[0].split()[:4] == ["language", "train", "dev", "test"]
    assert table[1].split()[:4] == ["python", "0", "0", "1"]


def test_unknown_language_and_missing_list_are_named(tmp_path: Path) -> None:
    """The messages name the value at fault."""
    with pytest.raises(CorpusError, match="cobol"):
        mine(None, tmp_path, packages=tmp_path, held_out=tmp_path, languages=["cobol"])
    with pytest.raises(CorpusError, match=r"nothing\.txt"):
        mine(None, tmp_path, packages=tmp_path, held_out=tmp_path / "nothing.txt")
