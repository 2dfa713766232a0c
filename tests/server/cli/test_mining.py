"""Mining with the indexer's extractor."""

from __future__ import annotations

import os
import zipfile
from importlib import import_module
from pathlib import Path

import pytest

from cascode_indexer.extract import language_of
from cascode_indexer.types import FUNCTION_KINDS
from cascode_lab.corpus.build import mine, summary_table
from cascode_lab.corpus.errors import CorpusError
from cascode_lab.corpus.mine import mined_definitions
from cascode_lab.corpus.query_text import query_of
from cascode_lab.corpus.types import MINED, MinedDefinition
from cascode_lab.training.release import POOL, QUERIES
from cascode_server.cli.main import main

SOURCE = '''
class Door:
    def open(self, width):
        """Open the door as wide as asked."""
        angle = self.hinge.angle_for(width)
        self.hinge.turn(angle)
        return angle
'''


def mined_functions(source: str, path: str) -> list[MinedDefinition]:
    """What mining finds, without the types."""
    return [definition for definition in mined_definitions(source, path) if definition.kind in FUNCTION_KINDS]


def test_extractor_takes_the_docstring_out_of_the_code() -> None:
    """Name, doc and code are what the corpus expects."""
    [function] = mined_functions(SOURCE, "pkg/door.py")
    assert function.name == "Door.open"
    assert function.doc == "Open the door as wide as asked."
    assert "as wide as" not in function.code
    assert "hinge.turn" in function.code
    assert function.start_line == 3


@pytest.mark.parametrize(
    ("path", "source", "language"),
    [
        ("src/door.rs", "/// Open the door.\npub fn open(d: Door) -> u8 {\n    d.turn();\n    d.angle\n}\n", "rust"),
        ("src/door.c", "/* Open the door. */\nint open_door(int d)\n{\n    turn(d);\n    return d;\n}\n", "c"),
        ("src/door.cc", "/// \\brief Open the door.\nint A::open(int d) {\n  turn(d);\n  return d;\n}\n", "cpp"),
        (
            "src/Door.cs",
            "class A {\n  /// <summary>Open the door.</summary>\n  int Open() {\n    T();\n    return 1;\n  }\n}",
            "c_sharp",
        ),
    ],
)
def test_doc_comments_of_each_style_become_queries(path: str, source: str, language: str) -> None:
    """Rustdoc, C block comments, Doxygen and C#'s XML comments give the sentence, and the code without it."""
    [function] = mined_functions(source, path)
    assert function.language == language
    assert query_of(function.doc) == ("Open the door.", None)
    assert "Open the door" not in function.code


def test_suffixes_are_those_of_the_indexer() -> None:
    """A file that is read for a language is of that language to the extractor as well."""
    told_by_content = {".h", ".inc", ".m", ".pl"}
    for language, suffixes in ((language, mining.suffixes) for language, mining in MINED.items()):
        for suffix in set(suffixes) - told_by_content:
            found = {language_of(f"a{suffix}", b"")}
            assert found == {language}, suffix


def test_unknown_suffix_gives_no_functions() -> None:
    """A file in no known language is passed over."""
    assert list(mined_definitions("whatever", "notes.xyz")) == []


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
    summary = mine(
        manifest, tmp_path / "out", packages=tmp_path / "packages", held_out=[held_out], languages=["python"]
    )
    assert summary["languages"].keys() == {"python"}
    assert (tmp_path / "out" / "python.jsonl").read_text(encoding="utf-8").count("\n") == 1
    table = summary_table(summary).splitlines()
    assert table[0].split()[:4] == ["language", "train", "dev", "test"]
    assert table[1].split()[:4] == ["python", "0", "0", "1"]


def test_unknown_language_and_missing_list_are_named(tmp_path: Path) -> None:
    """The messages name the value at fault."""
    with pytest.raises(CorpusError, match="cobol"):
        mine(None, tmp_path, packages=tmp_path, held_out=[tmp_path], languages=["cobol"])
    with pytest.raises(CorpusError, match=r"nothing\.txt"):
        mine(None, tmp_path, packages=tmp_path, held_out=[tmp_path / "nothing.txt"])


def test_a_release_measures_as_much_as_was_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Queries and pool reach the measurement, each as itself; without them it is as large as the test sets."""
    given: list[dict[str, object]] = []

    def measured(*_arguments: object, **options: object) -> None:
        given.append(options)
        raise KeyboardInterrupt

    monkeypatch.setattr("cascode_lab.training.release.release", measured)
    for options in ([], ["--queries", "20", "--pool", "300"]):
        with pytest.raises(SystemExit):
            main(["train", "release", str(tmp_path), "--data", str(tmp_path), "-o", str(tmp_path), *options])
    assert [(options["queries"], options["pool"]) for options in given] == [(QUERIES, POOL), (20, 300)]


@pytest.mark.parametrize(
    ("arguments", "works", "remains"),
    [
        (
            ["train", "mine", "-o", "o", "--packages", "p", "--held-out", "h"],
            "cascode_lab.corpus.build.mine",
            "run it again to make pairs of them",
        ),
        (
            ["train", "mine", "--history", "r", "-o", "o", "--held-out", os.devnull],
            "cascode_lab.history.workflow.mine_clones",
            "run it again to continue with the others",
        ),
        (
            ["train", "run", "first", "--data", "d", "-o", "o"],
            "cascode_lab.training.run.run",
            "run it again with --resume",
        ),
        (
            ["train", "reproduce", "--data", "d", "-o", "o"],
            "cascode_lab.training.recipe.reproduce",
            "run it again to continue",
        ),
        (
            ["train", "release", "m", "--data", "d", "-o", "o"],
            "cascode_lab.training.release.release",
            "no model was written: run it again",
        ),
        (["eval", "model", "--pairs", "d"], "cascode_lab.evaluation.suite.measure", "no results were written"),
    ],
)
def test_stopped_training_says_what_remains(
    arguments: list[str], works: str, remains: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C in a long command names its way on, and not the index."""

    def stopped(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    module, _, function = works.rpartition(".")
    monkeypatch.setattr(import_module(module), function, stopped)
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 130
    # Before it a measurement says where the untouched encoder is not installed.
    *_, last = capsys.readouterr().err.splitlines()
    assert last.startswith("cascode: interrupted; ")
    assert remains in last


def test_packages_that_could_not_be_had_are_counted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With where the reasons stand, and status 1."""
    summary = {"languages": {}, "failed": {"npm/gates": "no client"}}
    monkeypatch.setattr("cascode_lab.corpus.build.mine", lambda *_arguments, **_options: summary)
    with pytest.raises(SystemExit) as ended:
        main(
            [
                "train",
                "mine",
                "--packages",
                str(tmp_path),
                "-o",
                str(tmp_path),
                "--held-out",
                str(tmp_path / "held.txt"),
            ]
        )
    assert ended.value.code == 1
    assert f"1 package left out; see the reasons in {tmp_path / 'summary.json'}" in capsys.readouterr().err
