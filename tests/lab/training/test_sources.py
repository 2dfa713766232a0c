"""Where the examples of a step come from: shares, short queries, and commits with several right answers."""

from __future__ import annotations

import json
import random
import shutil
from collections import Counter
from pathlib import Path

import pytest

from cascode_lab.training import load_preset, run
from cascode_lab.training.data import TrainingPair
from cascode_lab.training.mixture import Mixture, apportion, other_answers
from cascode_lab.training.precision import compute_dtype
from cascode_lab.training.sources import SOURCES, Corpora, DefinitionText, Draws, Example, make_sources
from cascode_lab.training.sources.short import base_form, short_query
from cascode_models.errors import ModelError
from cascode_models.export import export_model
from cascode_models.tokenization import TextTokenizer


def definition(path: str, name: str, code: str = "", doc: str = "") -> dict[str, object]:
    """A definition as mining writes it."""
    return {"path": path, "name": name, "kind": "function", "language": "python", "start_line": 1, "end_line": 2,
            "code": code or f"def {name}(): pass", "doc": doc}  # fmt: skip


def commit(number: int, answers: list[str], neighbours: list[str] = (), body: str = "") -> dict[str, object]:  # type: ignore[assignment]
    """A commit as mining writes it."""
    return {
        "query": f"make it better {number}",
        "body": body,
        "named": False,
        "repository": "a/b",
        "commit": str(number),
        "parent": "0",
        "answers": [definition("x.py", name) for name in answers],
        "neighbours": [definition("x.py", name) for name in neighbours],
    }


def write(path: Path, rows: list[dict[str, object]]) -> None:
    """Write JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """Docstrings of two languages, searches, and commits of two repositories."""
    for language in ("python", "go"):
        rows = [
            {"query": f"Parses the {word} configuration of a session.", "code": f"def {word}(): pass", "name": word,
             "language": language, "package": word, "split": "train"}
            for word in ("first", "second", "third", "fourth", "fifth", "sixth")
        ]  # fmt: skip
        write(tmp_path / "pairs" / f"{language}.jsonl", rows)
    write(tmp_path / "cosqa" / "codes.jsonl", [{"id": n, "code": f"def c{n}(): 1"} for n in range(8)])
    write(tmp_path / "cosqa" / "train.jsonl", [{"query": f"how to {n}", "code_id": n, "label": 1} for n in range(8)])
    for repository in ("a__b", "c__d"):
        rows = [commit(n, ["f", "g"], ["h", "i"], body="At length.") for n in range(10)]
        write(tmp_path / "history" / "pairs" / f"{repository}.jsonl", rows)
    return tmp_path / "pairs", {"cosqa": str(tmp_path / "cosqa"), "history": str(tmp_path / "history")}


SHARES = {"docstrings": 0.5, "history": 0.35, "short": 0.1, "cosqa": 0.05}


def test_every_step_holds_the_shares_of_its_sources(folders: tuple[Path, dict[str, str]]) -> None:
    """The counts of a mixed step are the shares, each source at least once; a repeated step is the same."""
    assert apportion(SHARES, 96) == {"docstrings": 48, "history": 33, "short": 10, "cosqa": 5}
    assert apportion(SHARES, 8) == {"docstrings": 3, "history": 3, "short": 1, "cosqa": 1}
    assert apportion({"a": 2.0, "b": 1.0}, 2) == {"a": 1, "b": 1}
    assert apportion(SHARES, 2) == dict.fromkeys(SHARES, 1)
    data, given = folders

    def steps() -> list[list[Example]]:
        sources = make_sources(SHARES, Corpora(data, given, 0), Draws("s", 4))
        mixture = Mixture(sources, SHARES, 8, "s", mixed=True)
        return [mixture.draw(step, random.Random(step)) for step in range(5)]

    drawn = steps()
    for examples in drawn:
        kinds = Counter(
            "cosqa" if "how to" in example.query else "history" if "better" in example.query else "docstrings"
            for example in examples
        )
        assert kinds == {"docstrings": 4, "history": 3, "cosqa": 1}
    assert steps() == drawn


def test_unmixed_steps_are_drawn_from_one_source_each(folders: tuple[Path, dict[str, str]]) -> None:
    """Over many steps a source gets its share of them, and a step has one source."""
    shares = {"docstrings": 0.75, "cosqa": 0.25}
    sources = make_sources(shares, Corpora(*folders, 0), Draws("s"))
    mixture = Mixture(sources, shares, 4, "s", mixed=False)
    kinds = [{"how to" in example.query for example in mixture.draw(step, random.Random(0))} for step in range(200)]
    assert all(len(kind) == 1 for kind in kinds)
    assert 30 < sum(True in kind for kind in kinds) < 70


def test_written_questions_are_a_source_of_their_own(folders: tuple[Path, dict[str, str]]) -> None:
    """Read from their folder in the form of commits, all of them: none is kept for looking at."""
    corpora = Corpora(folders[0], {"written": folders[1]["history"]}, 1)
    written = SOURCES["written"](corpora, Draws("s"))
    assert (len(written), len(SOURCES["history"](corpora, Draws("s")))) == (20, 0)
    assert all(example.query.startswith("make it better") for example in written.draw(0, 8, random.Random(0)))


def test_sources_without_a_folder_are_empty_and_unknown_ones_named(folders: tuple[Path, dict[str, str]]) -> None:
    """Nothing is read where no folder is given; a name that is no source lists those there are."""
    sources = make_sources(SHARES, Corpora(folders[0], {}, 0), Draws("s"))
    assert {name: len(source) for name, source in sources.items()} == {
        "docstrings": 12,
        "history": 0,
        "short": 12,
        "cosqa": 0,
    }
    known = "cosqa, docstrings, documented, history, sampled, short, written"
    with pytest.raises(ModelError, match=f"no source 'docs', known are {known}"):
        make_sources({"docs": 1.0}, Corpora(*folders, 0), Draws("s"))
    with pytest.raises(ModelError, match=r"folders\.history is '/nowhere', which is not a folder"):
        make_sources({"history": 1.0}, Corpora(folders[0], {"history": "/nowhere"}, 0), Draws("s"))
    assert set(load_preset("mixture").sources) <= set(SOURCES)
    for name in ("histroy", "docstrings"):
        with pytest.raises(ModelError, match=rf"folders\.{name} is of no source, .* cosqa, history, sampled, written"):
            make_sources(SHARES, Corpora(folders[0], {name: str(folders[0])}, 0), Draws("s"))


def test_what_a_source_lacks_is_said_of_each(
    folders: tuple[Path, dict[str, str]], tmp_path: Path, model_folder: Path
) -> None:
    """Those with a folder of their own want it set, the others want pairs in the data."""
    for path in folders[0].iterdir():
        path.unlink()
    settings = {"start_from": str(model_folder), "head": "none", "contrastive.steps": 1, "contrastive.batch_pairs": 4}
    settings |= {"sources": {"docstrings": 0.2, "short": 0.2, "cosqa": 0.2, "written": 0.2, "history": 0.2}}
    lines: list[str] = []
    given = {"folders.history": folders[1]["history"], "dev_repositories": 0, "max_text_tokens": 32}
    run("control", data=folders[0], output=tmp_path / "run", overrides=settings | given, progress=lines.append)
    fix = f"set folders.cosqa, set folders.written, mine pairs into {folders[0]}"
    assert lines[1] == f"left out: docstrings, short, cosqa, written (nothing to draw from: {fix})"


def test_all_answers_of_a_commit_are_right_and_its_neighbours_wrong(folders: tuple[Path, dict[str, str]]) -> None:
    """Any answer may be shown, none of the others is a negative, and what the commit left alone is one."""
    source = SOURCES["history"](Corpora(*folders, 0), Draws("s", 8))
    drawn = [example for turn in range(20) for example in source.draw(turn, 8, random.Random(turn))]
    assert {example.answer.identity for example in drawn} == {"a/b/x.py:f", "a/b/x.py:g"}
    assert all(example.right == {"a/b/x.py:f", "a/b/x.py:g"} for example in drawn)
    shown = {negative.identity for example in drawn for negative in example.negatives}
    assert shown == {"a/b/x.py:h", "a/b/x.py:i"}
    assert {len(example.negatives) for example in drawn} == {0, 1}
    assert any("At length" in example.query for example in drawn)
    assert any("At length" not in example.query for example in drawn)


def test_repositories_kept_for_dev_are_not_trained_on(folders: tuple[Path, dict[str, str]]) -> None:
    """Those chosen by the hash of their names are apart, whole; a broken line is named."""
    corpora = Corpora(*folders, 1)
    assert (len(corpora.history), len(corpora.history_dev)) == (10, 10)
    broken = Path(folders[1]["history"]) / "pairs" / "a__b.jsonl"
    broken.write_text("{}\n")
    with pytest.raises(ModelError, match=r"a__b\.jsonl:1 is not a history pair"):
        _ = Corpora(*folders, 0).history


def test_right_definitions_are_no_negatives() -> None:
    """Other answers of a commit, other forms of them, the same text and answers to the same query are masked."""

    def shown(text: str, identity: str, asked: str = "") -> DefinitionText:
        return DefinitionText(text, identity, asked)

    examples = [
        Example("fix f", shown("f1", "f", "fix f"), frozenset("fg"), (shown("n1", "n"), shown("f0", "f"))),
        Example("g", shown("g1", "g", "make g"), frozenset("g")),
        Example("h, again", shown("h1", "h", "do h"), frozenset("h")),
        Example("h", shown("k1", "k", "do h"), frozenset("k"), (shown("k1", "copy"), shown("l", "l", "do h"))),
        Example("m", shown("m1", "m", "m"), frozenset("mn")),
    ]
    assert [[int(answer) for answer in row] for row in other_answers(examples)] == [
        # f1 g1 h1 k1 m1 | n1 f0 k1' l
        [1, 1, 0, 0, 0, 0, 1, 0, 0],
        [0, 1, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 1, 1, 0, 0, 0, 0, 1],
        [0, 0, 1, 1, 0, 0, 0, 1, 1],
        [0, 0, 0, 0, 1, 1, 0, 0, 0],
    ]


def test_a_mixed_run_is_killed_and_goes_on(
    folders: tuple[Path, dict[str, str]], tmp_path: Path, make_network, tokenizer: TextTokenizer
) -> None:
    """All four sources train a late-headed model; a resumed run ends with the same bytes."""
    start = export_model(make_network("late", gate_bias=-1e4), tokenizer, tmp_path / "start")
    settings = {
        "start_from": str(start),
        **{f"folders.{name}": folder for name, folder in folders[1].items()},
        "contrastive.steps": 3,
        "contrastive.batch_pairs": 8,
        "contrastive.neighbours": 4,
        "dev_repositories": 1,
        "log_steps": 1,
        "evaluate_steps": 2,
        "checkpoint_minutes": 0.0,
        "max_text_tokens": 32,
    }

    class Killed(BaseException):
        """Stands for the kill."""

    def kill(line: str) -> None:
        if line.startswith("contrastive 3/3"):
            raise Killed

    lines: list[str] = []
    whole = run("mixture", data=folders[0], output=tmp_path / "whole", overrides=settings, progress=lines.append)
    assert any("history MRR" in line for line in lines)
    assert lines[0].startswith("training pairs: docstrings 12, history 10, short 12, cosqa 8; 10 held-out pairs; cpu, ")
    with pytest.raises(Killed):
        run("mixture", data=folders[0], output=tmp_path / "cut", overrides=settings, progress=kill)
    resumed = run("mixture", data=folders[0], output=tmp_path / "cut", overrides=settings, resume=True)
    assert (whole / "model.safetensors").read_bytes() == (resumed / "model.safetensors").read_bytes()


#: A file that each source reads.
FILES = {
    "docstrings": "pairs/go.jsonl",
    "short": "pairs/go.jsonl",
    "documented": "pairs/go.jsonl",
    "sampled": "sampled/go.jsonl",
    "cosqa": "cosqa/train.jsonl",
    "history": "history/pairs/a__b.jsonl",
    "written": "written/a__b.jsonl",
}


def test_every_source_has_a_file_here() -> None:
    """So that the next test covers a source that comes."""
    assert set(FILES) == set(SOURCES)


@pytest.mark.parametrize("name", sorted(FILES))
def test_other_data_are_another_run(
    name: str, folders: tuple[Path, dict[str, str]], tmp_path: Path, model_folder: Path
) -> None:
    """A run is not taken up with other pairs than it began with, whichever source they come from."""
    shutil.copytree(tmp_path / "pairs", tmp_path / "sampled")
    shutil.copytree(tmp_path / "history" / "pairs", tmp_path / "written")
    settings = {
        "start_from": str(model_folder),
        **{f"folders.{other}": str(tmp_path / other) for other in ("cosqa", "history", "sampled", "written")},
        "sources": {name: 1.0},
        "head": "none",
        "dev_repositories": 0,
        "max_text_tokens": 32,
        "contrastive.steps": 1,
        "contrastive.batch_pairs": 4,
    }
    run("control", data=folders[0], output=tmp_path / "run", overrides=settings)
    run("control", data=folders[0], output=tmp_path / "run", overrides=settings, resume=True)
    path = tmp_path / FILES[name]
    first, rest = path.read_text().split("\n", 1)
    path.write_text(json.dumps(json.loads(first) | {"query": "something else"}) + f"\n{rest}")
    with pytest.raises(ModelError, match="other settings or data"):
        run("control", data=folders[0], output=tmp_path / "run", overrides=settings, resume=True)


@pytest.mark.parametrize("precision", ["bfloat16", "float32"])
def test_precision_is_what_is_asked_for_and_part_of_a_run(
    precision: str, folders: tuple[Path, dict[str, str]], tmp_path: Path, model_folder: Path
) -> None:
    """A run computes in the format set and says so; another format is another run, ``auto`` what it resolves to."""
    settings = {"start_from": str(model_folder), "head": "none", "contrastive.steps": 1, "contrastive.batch_pairs": 4}
    settings |= {"max_text_tokens": 32, "precision": precision}
    lines: list[str] = []
    output = tmp_path / "run"
    run("control", data=folders[0], output=output, overrides=settings, progress=lines.append)
    assert f"cpu, {precision}" in lines[0]
    assert lines[1] == "left out: cosqa (nothing to draw from: set folders.cosqa)"
    other = "float32" if precision == "bfloat16" else "bfloat16"
    with pytest.raises(ModelError, match="other settings or data"):
        run("control", data=folders[0], output=output, overrides=settings | {"precision": other}, resume=True)
    if compute_dtype("auto", "cpu") == compute_dtype(precision, "cpu"):
        run("control", data=folders[0], output=output, overrides=settings | {"precision": "auto"}, resume=True)


def test_short_queries_are_a_few_content_words() -> None:
    """Two to five words in lower case without articles, the same for the same draw, and more than one form."""
    pair = TrainingPair(
        "Parses the configuration directory of the given session, which may be cached.",
        "def load(self): ...",
        "Session.loadSettings",
        "python",
    )
    forms = {short_query(pair, random.Random(seed)) for seed in range(200)}
    assert all(2 <= len(form.split()) <= 5 for form in forms)
    assert not {"the", "of", "a"} & {word for form in forms for word in form.split()}
    assert {form.split()[0] for form in forms} == {"parse", "load"}
    assert {"parse config dir session", "parse configuration directory"} & forms
    assert len(forms) > 8
    assert short_query(pair, random.Random(3)) == short_query(pair, random.Random(3))
    assert short_query(TrainingPair("Return it.", ""), random.Random(0)) == "Return it"


@pytest.mark.parametrize(
    ("word", "base"),
    [("parses", "parse"), ("copies", "copy"), ("fetches", "fetch"), ("process", "process"), ("status", "status")],
)
def test_verbs_lose_the_third_person(word: str, base: str) -> None:
    """People ask for what they want done, where a docstring says what a function does."""
    assert base_form(word) == base
