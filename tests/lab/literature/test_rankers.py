"""Rankers by hand: cascades, nested ones, ranks at smaller K; a result from model to table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from cascode_lab.evaluation.metrics import ranks_of
from cascode_lab.evaluation.sets import RetrievalSet
from cascode_lab.literature.build import build, count_weights
from cascode_lab.literature.measure import measure_set
from cascode_lab.literature.plots import plot_depths
from cascode_lab.literature.rankers import Cascade, Classifier
from cascode_lab.literature.results import Score, new_result, read_results, write_result
from cascode_lab.literature.systems import OTHERS, SYSTEMS
from cascode_lab.literature.table import BEGIN, END, NOT_RUN, tables, write_document
from cascode_models.errors import ModelError
from cascode_models.export import export_model
from cascode_models.function_states import FunctionStates
from cascode_models.load import load_model
from cascode_models.modeling import CasCode
from cascode_models.tokenization import TextTokenizer
from cascode_models.types import StateArray


class Saying:
    """A ranker whose scores are written down."""

    bytes_a_function = 3

    def __init__(self, said: Sequence[float]) -> None:
        self.said = np.array(said, dtype=np.float32)
        self.asked: list[list[int]] = []

    def prepare(self, texts: Sequence[str]) -> None:
        """Nothing to encode."""

    def scores(self, query: str, positions: Sequence[int]) -> np.ndarray:
        """What was written down for these positions."""
        self.asked.append(list(positions))
        return self.said[list(positions)]


def order(scores: np.ndarray) -> list[int]:
    """Positions, the best first."""
    return np.argsort(-scores, kind="stable").tolist()


def test_a_cascade_reorders_the_best_k_alone() -> None:
    """The second orders the first's best three; a function that it likes better stays where the first left it."""
    first, second = Saying([0.9, 0.8, 0.7, 0.6]), Saying([1.0, 3.0, 2.0, 9.0])
    cascade = Cascade(first, second, 3)
    assert order(cascade.scores("q", range(4))) == [1, 2, 0, 3]
    assert second.asked == [[0, 1, 2]]
    assert cascade.bytes_a_function == 6
    # Had fewer been read: of the best two the second prefers 1; 2 then stands third, as the first left it.
    assert [cascade.rank_at(depth, 1) for depth in (1, 2, 3)] == [2, 1, 1]
    assert [cascade.rank_at(depth, 2) for depth in (1, 2, 3)] == [3, 3, 2]
    assert [cascade.rank_at(depth, 3) for depth in (1, 2, 3)] == [4, 4, 4]


def test_a_weight_fuses_both_scores() -> None:
    """20 times the cosine plus the weighted logit: 18, 16 + 0.5 * 3 and 14 + 0.5 * 10."""
    cascade = Cascade(Saying([0.9, 0.8, 0.7]), Saying([0.0, 3.0, 10.0]), 3, weight=0.5)
    assert order(cascade.scores("q", range(3))) == [2, 0, 1]


def test_cascades_nest() -> None:
    """Three stages: the last reads the best of the second, which reads the best of the first."""
    first, middle, last = (Saying(said) for said in ([5.0, 4.0, 3.0, 2.0], [0.1, 0.2, 0.3, 9.9], [9.0, 1.0, 2.0, 9.9]))
    scores = Cascade(Cascade(first, middle, 3), last, 2).scores("q", range(4))
    assert order(scores) == [2, 1, 0, 3]
    assert last.asked == [[2, 1]]


def test_a_cascade_keeps_scores_apart_that_are_close() -> None:
    """Ranks by the scores are those by what each stage said, at every answer, also where a stage says nearly alike."""
    rng = np.random.default_rng(0)
    first, second = (Saying(0.5 + 1e-5 * rng.permutation(40)) for _ in range(2))
    for depth, weight in ((1, np.inf), (10, np.inf), (10, 1e-3), (40, np.inf)):
        cascade = Cascade(first, second, depth, weight)
        scores = cascade.scores("q", range(40))
        assert len(set(scores.tolist())) == 40
        for answer in range(40):
            assert ranks_of(scores[None], np.array([answer])).tolist() == [cascade.rank_at(depth, answer)]


def test_a_cascade_weighs_what_a_nested_one_said() -> None:
    """Its own scores, 20 times 0.3, 0.301 and 0.302, beside 0.03, 0.03 and 0: not those that order the pool."""
    first, middle = Saying([3.0, 2.0, 1.0, 0.0]), Saying([0.3, 0.301, 0.302, 9.0])
    cascade = Cascade(Cascade(first, middle, 3), Saying([0.03, 0.03, 0.0, 9.0]), 3, weight=1.0)
    # 6.03, 6.05 and 6.04; the last was never read.
    assert order(cascade.scores("q", range(4))) == [1, 2, 0, 3]
    assert cascade.said.tolist() == pytest.approx([6.03, 6.05, 6.04, 0.0])


@pytest.fixture
def folder(make_network: Callable[..., CasCode], tokenizer: TextTokenizer, tmp_path: Path) -> Path:
    """A two-layer model with every part."""
    network = make_network("late", gate_bias=-1e4, poly_codes=3, decoder_layers=1)
    return export_model(network, tokenizer, tmp_path / "model", dtype=torch.float32)


TASK = RetrievalSet(
    "python-test",
    ["read a file", "sort a list", "send a request"],
    ["def read(file)", "def sort(list)", "def send(request)", "def add(a, b)", "parse json"],
    np.array([0, 1, 2]),
)


@pytest.mark.parametrize(
    "name", ["bm25", "fast", "classifier", "separate", "shared", "poly", "three stages", "likelihood"]
)
def test_every_system_is_measured(name: str, folder: Path) -> None:
    """Ranks, time and memory of each on a real set; only a cascade has a curve over K."""
    built = build(name, str(folder), str(folder) if name == "separate" else None, 5, float("inf"))
    scores, cost = measure_set(built.ranker, TASK, parameters=built.parameters, queries=2, progress=lambda _line: None)
    assert (scores["queries"], scores["functions"]) == (2, 5)
    ranks = [
        int(ranks_of(built.ranker.scores(query, range(5))[None], np.array([answer]))[0])
        for query, answer in zip(TASK.queries[:2], (0, 1), strict=True)
    ]
    assert scores["mrr"]["mean"] == pytest.approx(sum(1 / rank for rank in ranks) / 2, abs=1e-6)
    assert bool(scores["mrr_by_depth"]) == (name in ("separate", "shared", "three stages"))
    assert set(scores["mrr_by_depth"]) <= {"1", "2", "5"}
    # A cascade that reads all that it may read is the system itself.
    assert scores["mrr_by_depth"].get("5", scores["mrr"]["mean"]) == pytest.approx(scores["mrr"]["mean"], abs=1e-6)
    assert cost["seconds_a_query"] > 0
    assert cost["resident_bytes"] > 2**20
    assert (cost["parameters"] == count_weights(str(folder))) == (name != "bm25")
    assert (cost["bytes_a_function"] > 0) == (name not in ("bm25", "likelihood"))


@pytest.mark.parametrize(("limit_bytes", "times"), [(0, 3), (None, 1)])
def test_a_late_head_reads_a_pool_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch, limit_bytes: int | None, times: int
) -> None:
    """Each function has the same states for every query: the first query finds them read. Without memory each reads."""
    model = load_model(str(folder))
    classifier = Classifier(model, holds_pool=True)
    if limit_bytes is not None:
        model.function_states = FunctionStates(limit_bytes)
    read: list[int] = []
    states = model.network.states

    def counted(rows: Sequence[Sequence[int]]) -> list[StateArray]:
        """The states, and how many texts were read together."""
        read.append(len(rows))
        return states(rows)

    monkeypatch.setattr(model.network, "states", counted)
    classifier.prepare(TASK.texts)
    first = classifier.scores("read a file", range(5))
    second = classifier.scores("read a file", [4, 0])
    assert second.tolist() == pytest.approx([first[4], first[0]])
    # Queries are read alone.
    assert len([count for count in read if count > 1]) == times
    tokens = sum(len(ids) for ids in model.tokenizer.ids(TASK.texts, model.settings.classified_tokens))
    assert classifier.bytes_a_function == (0 if limit_bytes == 0 else tokens * model.dimension * 2 // 5)


def test_systems_say_what_their_model_lacks(model_folder: Path) -> None:
    """Codes, a decoder, a second model: each by what to do."""
    for name, match in (("poly", "preset 'poly'"), ("separate", "--slow-model"), ("likelihood", "no decoder")):
        with pytest.raises(ModelError, match=match):
            build(name, str(model_folder), None, 10, 1.0)


def test_tables_come_from_result_files_alone(tmp_path: Path, folder: Path) -> None:
    """What was measured has its row, what was not says so, and the rest of the document stays as it was."""
    built = build("shared", str(folder), None, 4, float("inf"))
    scores, cost = measure_set(built.ranker, TASK, parameters=built.parameters, progress=lambda _line: None)
    result = new_result("shared", "late head, K = 10", model="m", fingerprint="f", training="3 | 4 steps")
    result["sets"], result["cost"] = [scores], cost
    first = write_result(result, tmp_path / "results")
    again = write_result(result, tmp_path / "results")
    assert first != again
    assert first.name.startswith("shared-late-head-K-10-")
    described = new_result("describe", "student", model="s", fingerprint="", training="")
    described["scores"] = [Score(name="model", metric="sacreBLEU", count=3, mean=0.0512, low=0.04, high=0.06)]
    described["samples"] = [{"name": "read", "docstring": "Read it.", "model": "reads it"}]
    write_result(described, tmp_path / "results")
    found = read_results(tmp_path / "results")
    assert len(found) == 2
    document = tmp_path / "literature.md"
    document.write_text(f"Above.\n{BEGIN}\nold\n{END}\nBelow.\n")
    assert plot_depths(found, tmp_path / "literature" / "depths.svg")
    write_document(document, found, {"Depths": "literature/depths.svg"})
    text = document.read_text()
    assert text.startswith("Above.\n")
    assert text.endswith("Below.\n")
    assert "old" not in text
    rows = [line for line in text.splitlines() if line.startswith("| CasCode, shared model (3.4), late head, K = 10 |")]
    assert len(rows) == 3
    assert f"{scores['mrr']['mean']:.3f}".removeprefix("0") in rows[0]
    assert "3 \\| 4 steps" in rows[2]
    assert "sacreBLEU 0.0512" in text
    assert "reads it" in text
    variants = sum(len(system.variants) for system in SYSTEMS)
    assert text.count(NOT_RUN) == 2 * (variants - 1) + sum(len(system.variants) for system in OTHERS) - 1
    assert tables(found, {}) in tables(found, {"a": "b"})


def test_fewer_queries_of_a_pool_are_said_in_the_cell(tmp_path: Path, folder: Path) -> None:
    """The queries of a set are drawn, so its first ones stand in its column; another pool is another column."""
    built = build("fast", str(folder), None, 4, float("inf"))
    for name, first in (("fast", None), ("minilm", 1)):
        scores, _ = measure_set(built.ranker, TASK, parameters=1, queries=first, progress=lambda _line: None)
        result = new_result(name, "", model="m", fingerprint="f", training="")
        result["sets"] = [scores]
        if first is None:
            result["sets"].append({**scores, "functions": 9_999})
        write_result(result, tmp_path)
    lines = tables(read_results(tmp_path), {}).splitlines()
    pool = f"{len(TASK.queries):,} / {len(TASK.texts):,}"
    assert f"| {TASK.name} ({pool}) | {TASK.name} ({len(TASK.queries):,} / 9,999) |" in lines[2]
    cells = {line.split(" | ")[0].removeprefix("| "): line.split(" | ")[1:3] for line in lines[:30]}
    assert cells["all-MiniLM-L6-v2, untouched"][0].startswith(f"1 of {len(TASK.queries):,} queries: ")
    assert "queries" not in "".join(cells["Fast encoder alone (CasCode, 3.1)"])


def test_what_is_no_result_is_named(tmp_path: Path) -> None:
    """A stray file, and a document without a place for tables, are errors in a line."""
    (tmp_path / "stray.json").write_text("{}")
    with pytest.raises(ModelError, match=r"stray\.json is no result"):
        read_results(tmp_path)
    document = tmp_path / "literature.md"
    document.write_text("Nothing.\n")
    with pytest.raises(ModelError, match="has no place for tables"):
        write_document(document, [], {})
