"""The search measured on a workspace by the documentation of its own functions."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path

import pytest

from cascode_indexer.errors import WorkspaceError
from cascode_indexer.indexing.parse import parse_content
from cascode_indexer.indexing.types import IndexProgress
from cascode_indexer.location import vector_cache_path
from cascode_indexer.model import ModelHandle
from cascode_indexer.store.types import ParsedFile
from cascode_indexer.types import SourceFile
from cascode_lab.own_code.asking import FEWEST_QUESTIONS, mean_reciprocal_rank, misses, recall
from cascode_lab.own_code.measure import OwnCodeReport, measure_own_code
from cascode_lab.own_code.questions import Unusable, questions_of, without_docs
from cascode_models.inference import CasCodeModel

TASKS = {
    "read_settings": "Read the settings from a JSON file.",
    "send_mail": "Send an electronic mail to a list of people.",
    "retry_upload": "Try a failed upload again after a pause.",
    "sum_prices": "Add up the prices of a shopping cart.",
    "sort_by_age": "Sort persons by their age, oldest first.",
    "open_socket": "Open a network socket to a host and port.",
    "parse_date": "Turn a text such as 3 May 2020 into a date.",
    "draw_circle": "Draw a circle with a centre and a radius.",
    "hash_password": "Hash a password with a random salt.",
    "resize_image": "Shrink an image to a width and a height.",
    "count_words": "Count how often each word stands in a text.",
    "kill_process": "End a process by its number.",
}


def python_source(name: str, doc: str) -> str:
    """A documented function whose name says what it does."""
    words = name.split("_")
    return f'def {name}({words[1]}):\n    """{doc}"""\n    return {words[0]}({words[1]})\n'


def parsed(source: str, path: str = "a.py", language: str = "python") -> ParsedFile:
    """Parse a source text as indexing does."""
    content = source.encode()
    return parse_content(SourceFile(path, Path(path), language, len(content), 0), content)


@pytest.fixture
def documented(tmp_path: Path) -> Path:
    """A workspace of twelve documented functions, and some that give no question."""
    root = tmp_path / "tools"
    root.mkdir()
    for number, (name, doc) in enumerate(TASKS.items()):
        (root / f"f{number}.py").write_text(python_source(name, doc))
    (root / "more.js").write_text(
        "/** Tell whether a number is prime. */\nfunction isPrime(n) {\n  return check(n);\n}\n\n"
        "function plain(a) {\n  return a;\n}\n"
    )
    return root


@pytest.fixture
def loaded(model: ModelHandle) -> CasCodeModel:
    """The bundled model."""
    return model.get()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("return a", Unusable.NO_DOC),
        ('"""Helper."""\n    return a', Unusable.POOR_DOC),
        ('"""Liest die Datei und gibt der Reihe nach ihre Zeilen aus."""\n    return a', Unusable.POOR_DOC),
        ('"""Read a file of settings."""', Unusable.NOTHING_ELSE),
        ('"""Read a file of settings."""\n    # Read a file of settings\n    return a', Unusable.GIVEN_AWAY),
    ],
)  # fmt: skip
def test_a_function_without_a_question_says_why(body: str, reason: Unusable) -> None:
    """Each reason is counted apart."""
    found = questions_of([parsed(f"def f(a):\n    {body}\n")])
    assert found.questions == ()
    assert found.unusable == Counter({reason: 1})


def test_the_same_documentation_asks_for_no_single_function() -> None:
    """Two functions with one docstring are both left out; a third keeps its own."""
    files = [
        parsed(python_source("read_settings", "Read the value of it.")),
        parsed(python_source("read_options", "read the value of it"), "b.py"),
        parsed(python_source("send_mail", "Send a mail to someone."), "c.py"),
    ]
    found = questions_of(files)
    assert [question.name for question in found.questions] == ["send_mail"]
    assert found.unusable == Counter({Unusable.REPEATED: 2})


def test_a_nested_function_is_not_asked_for() -> None:
    """Its documentation stands in the outer one's code, which would be found instead."""
    inner = 'def inner(b):\n        """Double a number twice."""\n        return 4 * b'
    source = f"def outer(a):\n    {inner}\n    return inner(a)\n"
    assert questions_of([parsed(source)]).unusable == Counter({Unusable.NO_DOC: 1, Unusable.NESTED: 1})


def test_documentation_is_taken_out_of_what_is_searched() -> None:
    """Neither a docstring nor a comment above is left, and an empty function goes with it."""
    python = without_docs(
        parsed('def f(a):\n    """Secret words here."""\n    return a\n\n\ndef g():\n    """Only words."""\n')
    )
    assert [function.name for function in python.definitions] == ["f"]
    script = without_docs(parsed("/** Secret words here. */\nfunction f(a) {\n  return a;\n}\n", "a.js", "javascript"))
    for file in (python, script):
        assert len(file.texts) == 1
        assert "ecret" not in file.texts[0]
        assert file.definitions[0].doc == ""


def test_functions_are_found_by_their_documentation(documented: Path, loaded: CasCodeModel) -> None:
    """Clear names lead to the right functions; what cannot be asked for is counted."""
    steps: list[IndexProgress] = []
    asked: list[tuple[int, int]] = []
    report = measure_own_code(
        documented, loaded, on_progress=steps.append, on_question=lambda done, total: asked.append((done, total))
    )
    assert (report.files, report.definitions, report.questions) == (13, 14, 13)
    assert report.unusable == {"without documentation": 1}
    assert len(report.outcomes) == 13
    assert report.mrr > 0.9
    assert recall(report.outcomes, 10) == 1.0
    assert asked[-1] == (13, 13)
    assert {step.phase for step in steps} == {"scan", "encode"}
    assert not report.cancelled


def test_the_workspace_and_its_index_stay_as_they_are(
    documented: Path, loaded: CasCodeModel, index_folder: Path
) -> None:
    """Only the shared vector cache remembers, and a second run encodes nothing."""
    before = {path: path.read_bytes() for path in documented.iterdir()}
    first = measure_own_code(documented, loaded)
    assert {path: path.read_bytes() for path in documented.iterdir()} == before
    kept = {path.name for path in index_folder.rglob("*") if path.is_file() and path.suffix != ".note"}
    assert all(name.startswith(vector_cache_path().name) for name in kept), kept
    steps: list[IndexProgress] = []
    again = measure_own_code(documented, loaded, on_progress=steps.append)
    assert [step for step in steps if step.functions_done] == []
    assert again == first


def test_a_limit_asks_the_same_questions_every_time(documented: Path, loaded: CasCodeModel) -> None:
    """Fewer questions are drawn, and all functions are still searched."""
    reports = [measure_own_code(documented, loaded, limit=10) for _ in range(2)]
    assert reports[0].outcomes == reports[1].outcomes
    assert len(reports[0].outcomes) == 10
    assert (reports[0].questions, reports[0].definitions) == (13, 14)


def test_a_classifier_with_weight_reads_the_best(documented: Path, loaded: CasCodeModel) -> None:
    """Its K is shown, and nothing below K moves."""
    other = CasCodeModel(
        loaded.network,
        dataclasses.replace(loaded.settings, fusion_weight=1.0),
        loaded.tokenizer,
        dimension=loaded.dimension,
        fingerprint=loaded.fingerprint,
    )
    report = measure_own_code(documented, other)
    assert report.rerank_top == 10
    assert recall(report.outcomes, 10) == 1.0


def test_too_few_questions_measure_nothing(tmp_path: Path, loaded: CasCodeModel) -> None:
    """A handful of documented functions gives a report without outcomes, and nothing is encoded."""
    root = tmp_path / "small"
    root.mkdir()
    (root / "a.py").write_text(python_source("read_settings", TASKS["read_settings"]))
    report = measure_own_code(root, loaded)
    assert report.questions == 1 < FEWEST_QUESTIONS
    assert report.outcomes == ()
    assert not vector_cache_path().exists()


def test_a_cancelled_measurement_says_so(documented: Path, loaded: CasCodeModel) -> None:
    """It ends between two questions, with the outcomes until then."""
    asked: list[int] = []
    report = measure_own_code(
        documented, loaded, on_question=lambda done, _total: asked.append(done), cancelled=lambda: len(asked) >= 3
    )
    assert report.cancelled
    assert len(report.outcomes) == 3


def test_a_missing_workspace_is_named(tmp_path: Path, loaded: CasCodeModel) -> None:
    """The error is the walk's."""
    with pytest.raises(WorkspaceError, match="nowhere"):
        measure_own_code(tmp_path / "nowhere", loaded)


def test_metrics_count_functions_beyond_the_candidates_as_lost(documented: Path, loaded: CasCodeModel) -> None:
    """Such a function adds nothing to the MRR, and leads the list of misses."""
    report = measure_own_code(documented, loaded, limit=10)
    lost, second, *rest = report.outcomes
    changed: OwnCodeReport = dataclasses.replace(
        report,
        outcomes=(
            dataclasses.replace(lost, rank=None),
            dataclasses.replace(second, rank=2),
            *(dataclasses.replace(outcome, rank=1) for outcome in rest),
        ),
    )
    assert changed.mrr == pytest.approx((8 + 0.5) / 10)
    assert mean_reciprocal_rank(changed.outcomes, 1) == pytest.approx(0.8)
    assert (recall(changed.outcomes, 1), recall(changed.outcomes, 2)) == (0.8, 0.9)
    assert [miss.rank for miss in misses(changed.outcomes)] == [None, 2]


@pytest.mark.parametrize(
    ("language", "name", "doc", "query"),
    [
        ("go", "DrainRing", "DrainRing empties the ring of all events.", "empties the ring of all events."),
        ("go", "Close", "Close closes the file and its lock.", "closes the file and its lock."),
        ("go", "Ring", "A Ring is a buffer of many events.", "a buffer of many events."),
        ("c", "drain_ring", "drain_ring() - empty the ring of all events", "empty the ring of all events"),
        ("python", "drain_ring", "drain_ring: empty the ring of it", "empty the ring of it"),
        ("javascript", "drain", "`drain()` empties the ring of it", "empties the ring of it"),
        ("python", "drain_ring", "Ring.drain_ring: empty the ring of it", "empty the ring of it"),
        ("go", "Events", "The Events are kept in a ring.", "kept in a ring."),
        ("go", "DrainRing", "DrainRing as seen from outside.", "DrainRing as seen from outside."),
        ("go", "Ring", "Ring pass over all events.", "Ring pass over all events."),
        # No name before the sentence, but its verb, a noun in it, or part of a word.
        ("python", "drain", "drain rings of all events", "drain rings of all events"),
        ("python", "read", "read-only view of a file", "read-only view of a file"),
        ("python", "HttpClient", "HttpClient for this server alone", "HttpClient for this server alone"),
        ("python", "drain_ring", "drain_ring this time for good", "drain_ring this time for good"),
    ],
)
def test_a_sentence_is_asked_without_the_name_before_it(language: str, name: str, doc: str, query: str) -> None:
    """Go's convention, kernel-doc and calls: with its own name a definition would be found by that."""
    start, end = {
        "go": (f"// {doc}\nfunc {name}(r *R) {{", "}"),
        "c": (f"/** {doc} */\nint {name}(int r)\n{{", "}"),
        "javascript": (f"/** {doc} */\nfunction {name}(r) {{", "}"),
        "python": (f'def {name}(r):\n    """{doc}"""', ""),
    }[language]
    source = f"package a\n\n{start}" if language == "go" else start
    path = {"go": "a.go", "c": "a.c", "javascript": "a.js", "python": "a.py"}[language]
    found = questions_of([parsed(f"{source}\n    return one(r)\n{end}\n", path, language)])
    assert [question.query for question in found.questions] == [query]


def test_a_name_that_hardly_anything_follows_asks_nothing() -> None:
    """Too few words remain."""
    found = questions_of([parsed("package a\n\n// DrainRing drains it.\nfunc DrainRing() { r() }\n", "a.go", "go")])
    assert found.unusable == Counter({Unusable.POOR_DOC: 1})


def test_questions_that_name_the_definition_are_marked() -> None:
    """By the rule that commits are judged by."""
    files = [
        parsed(python_source("read_settings", "Do what read_settings does, in a thread.")),
        parsed(python_source("send_mail", "Write to someone in a thread."), "b.py"),
    ]
    assert [question.named for question in questions_of(files).questions] == [True, False]


def test_files_that_are_not_read_are_counted(documented: Path, loaded: CasCodeModel) -> None:
    """By the walk, and by what their content turns out to be."""
    (documented / "large.py").write_text("x = 1\n" * 200)
    (documented / "binary.py").write_bytes(b"\0\1\2" * 20)
    (documented / ".gitignore").write_text("f1.py\n")
    report = measure_own_code(documented, loaded, max_file_bytes=1_000)
    assert report.questions == 12
    # .gitignore itself is of no language.
    assert report.skipped.as_dict() == {"ignored": 1, "too_large": 1, "binary": 1, "unsupported_language": 1}
