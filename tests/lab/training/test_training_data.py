"""What a step of training is drawn from: pairs, their forms, pools and hard negatives."""

from __future__ import annotations

import dataclasses
import json
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from cascode_lab.training.config import MINED_BY, STRATEGY_NAMES, StageConfig, load_preset
from cascode_lab.training.context import RunContext
from cascode_lab.training.data import TrainingPair, can_be_renamed, read_cosqa, read_pairs
from cascode_lab.training.hard_negatives import STRATEGIES
from cascode_lab.training.negatives import (
    MinedPool,
    _nearest,
    draw_group,
    load_negatives,
    mine_negatives,
    save_negatives,
)
from cascode_lab.training.sampling import LanguagePools, Passes, draw_packages, pools
from cascode_lab.training.sources import Corpora, Draws
from cascode_lab.training.sources.docstrings import Docstrings, example
from cascode_models.errors import ModelError
from cascode_models.load import load_model
from cascode_models.modeling import CasCode
from cascode_models.tokenization import TextTokenizer


def test_negatives_of_another_run_are_mined_again(tmp_path: Path) -> None:
    """What a run left that was killed before its first checkpoint says nothing about other pairs."""
    pairs = [TrainingPair(f"q{n}", f"c{n}") for n in range(4)]
    pool = MinedPool(pairs, np.array([[1], [2], [3], [0]], dtype=np.int32), np.ones(4, dtype=np.int32))
    path = tmp_path / "negatives.npz"
    assert load_negatives(path, {"go": pairs}, "this") is None
    save_negatives(path, {"go": pool}, "this")
    kept = load_negatives(path, {"go": pairs}, "this")
    assert kept is not None
    assert kept["go"].candidates.tolist() == [[1], [2], [3], [0]]
    assert load_negatives(path, {"go": pairs}, "other") is None


def test_wrong_rows_of_cosqa_are_one_line(tmp_path: Path) -> None:
    """A row that names a code there is none of, or lacks its label, says which folder to look at."""
    (tmp_path / "codes.jsonl").write_text('{"id": 1, "code": "def f(): pass"}\n')
    for row in ('{"query": "q", "code_id": 2, "label": 1}', '{"query": "q", "code_id": 1}', "[]"):
        (tmp_path / "train.jsonl").write_text(row + "\n")
        with pytest.raises(ModelError, match="CoSQA cannot be read from"):
            read_cosqa(tmp_path)


def test_cosqa_gives_its_right_pairs_and_other_codes_without_a_query(tmp_path: Path) -> None:
    """Pairs that people judged wrong ask nothing; their codes stay as negatives unless they answer another query."""
    codes = "".join(json.dumps({"id": number, "code": f"def f{number}(): 1"}) + "\n" for number in range(3))
    (tmp_path / "codes.jsonl").write_text(codes)
    rows = [("no", 0, 0), ("yes", 1, 1), ("not this", 1, 0), ("nor this", 0, 0)]
    judged = [json.dumps({"query": query, "code_id": code, "label": label}) for query, code, label in rows]
    (tmp_path / "train.jsonl").write_text("\n".join(judged) + "\n")
    pairs = read_cosqa(tmp_path)
    assert [(pair.query, pair.code) for pair in pairs] == [("yes", "def f1(): 1"), ("", "def f0(): 1")]
    assert [pair.query for pool in pools(pairs).values() for pair in pool] == ["yes"]


def test_variation_never_puts_the_query_into_the_code(tmp_path: Path) -> None:
    """Whatever form is drawn, the first paragraph stays out of the function text, and a query remains."""
    query = "Return the parsed configuration of the given session, which may be cached."
    row = {"query": query, "code": "def load(self): ...", "doc": f"{query}\n\nRaises an error when it is missing.",
           "name": "Session.load", "language": "python", "split": "train"}  # fmt: skip
    (tmp_path / "python.jsonl").write_text(json.dumps(row))
    source = Docstrings(Corpora(tmp_path, {}, 0), Draws("s"))
    forms = [form for seed in range(200) for form in source.draw(0, 1, random.Random(seed))]
    assert all("parsed configuration" not in form.answer.text for form in forms)
    assert all(form.query.strip() for form in forms)
    assert len({form.query for form in forms}) >= 3
    assert len({form.answer.text for form in forms}) == 4


def test_renamed_form_says_neither_name_nor_doc_comment() -> None:
    """Of a renamed function only what it does is left; searches and other languages are not renamed."""
    pair = TrainingPair("Read a file.", "def load(path):\n    return open(path)", "Disk.load", "python", "Long story.")
    shown = example(pair, pair.query, random.Random(0), renamed=True)
    assert shown.query
    assert shown.answer.text == "def Func(arg_0):\n    return open(arg_0)"
    assert can_be_renamed(pair)
    assert not can_be_renamed(dataclasses.replace(pair, is_search=True))
    assert not can_be_renamed(dataclasses.replace(pair, language="go"))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ('{"split": "train", "query": "q"}', "KeyError"),
        ('{"split": "train", "query": "q", "code": null}', "its code is no text"),
        ('{"split": "train", "query": 3, "code": "c"}', "its query is no text"),
        ('{"split": "train", "query": "q", "code": "c", "doc": ["d"]}', "its doc is no text"),
        ('["train"]', "TypeError"),
    ],
)
def test_a_line_that_is_no_pair_is_named(row: str, reason: str, tmp_path: Path) -> None:
    """Wherever it is wrong; lines of other splits are not looked at."""
    (tmp_path / "go.jsonl").write_text(f'{{"split": "dev", "query": "q"}}\n{row}\n')
    with pytest.raises(ModelError, match=rf"go\.jsonl:2 is not a training pair \(.*{reason}.*\): mine it again"):
        read_pairs(tmp_path, "train")


def test_a_pair_may_do_without_what_says_where_it_is_from(tmp_path: Path) -> None:
    """Name, language, doc comment and package are missing or null: the pair has none."""
    rows = [{"split": "train", "query": "q", "code": "c"}]
    rows.append(rows[0] | dict.fromkeys(("name", "language", "doc", "package")))  # type: ignore[arg-type]
    (tmp_path / "go.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert read_pairs(tmp_path, "train") == [TrainingPair("q", "c")] * 2


def test_a_pass_visits_every_pair_once_before_any_returns() -> None:
    """Pairs of a draw share their language, and one pass repeats nothing, whether or not draws fill it."""
    pairs = [TrainingPair(f"q{n}", "c", language="go" if n % 2 else "ruby") for n in range(40)]
    pools_of = LanguagePools(pairs, "s")
    draws = [pools_of.draw(turn, 5) for turn in range(30)]
    assert all(len({pair.language for pair in draw}) == 1 for draw in draws)
    go = [pair.query for draw in draws for pair in draw if pair.language == "go"][:20]
    assert len(set(go)) == 20
    uneven = Passes([""] * 20, "s")
    passes = [[row for turn in turns for row in uneven.rows(turn, 6)] for turns in ((0, 1, 2), (3,))]
    assert len(set(passes[0])) == 18
    assert len(set(passes[1])) == 6
    assert LanguagePools(pairs, "s").draw(17, 5) == draws[17]


def test_languages_are_drawn_by_the_root_of_their_size() -> None:
    """A language with sixteen times the pairs is drawn four times as often, not sixteen."""
    pairs = [TrainingPair(f"q{n}", "c", language="ruby" if n % 17 else "go") for n in range(170)]
    pools_of = LanguagePools(pairs, "s")
    drawn = Counter(pools_of.draw(turn, 1)[0].language for turn in range(500))
    assert 3 < drawn["ruby"] / drawn["go"] < 5.5


def test_neighbours_of_a_package_stay_together() -> None:
    """With neighbours, a draw holds whole blocks of one package, and still nothing comes twice in a pass."""
    pairs = [TrainingPair(f"q{n}", "c", language="go", package=f"p{n % 4}") for n in range(64)]
    pools_of = LanguagePools(pairs, "s", neighbours=8)
    draws = [pools_of.draw(turn, 16) for turn in range(4)]
    assert all(len({pair.package for pair in draw}) <= 2 for draw in draws)
    assert len({pair.query for draw in draws for pair in draw}) == 64


def test_a_pool_holds_whole_packages() -> None:
    """Functions that a search confuses stay together: only the last package drawn is cut; asked for all, all come."""
    pairs = [TrainingPair(f"q{n}", "c", package=f"p{n % 5}") for n in range(50)]
    drawn = draw_packages(pairs, 25, random.Random(0))
    assert sorted(Counter(pair.package for pair in drawn).values()) == [5, 10, 10]
    assert len({pair.query for pair in drawn}) == 25
    assert sorted(pair.query for pair in draw_packages(pairs, 50, random.Random(0))) == sorted(p.query for p in pairs)


def test_hard_share_draws_queries_that_the_encoder_gets_wrong() -> None:
    """Half of the queries have their answer below the first rank; functions without a query are never drawn."""
    pairs = [TrainingPair(f"q{n}" if n < 40 else "", f"c{n}") for n in range(50)]
    ranks = np.array([1] * 20 + [3] * 10 + [0] * 20, dtype=np.int32)
    pool = MinedPool(pairs, np.full((50, 2), -1, dtype=np.int32), ranks)
    drawn = pool.rows(8, 0.5, random.Random(0))
    assert sorted(ranks[drawn].tolist()) == [1] * 4 + [3] * 4
    assert len(set(pool.rows(100, 0.5, random.Random(0)))) == 40
    assert max(pool.rows(40, 0.0, random.Random(0))) < 40


def test_negatives_are_wrong_functions_and_no_copies(model_folder: Path) -> None:
    """Neither the right function, nor a copy of it, nor another answer to the same query is a negative."""
    pairs = [
        TrainingPair("read a file", "def read(file): open(file)"),
        TrainingPair("open it", "def read(file): open(file)"),
        TrainingPair("read a file", "def sort(list): a + b"),
        TrainingPair("add", "def add(a, b): return a + b = sum"),
    ]
    pool = mine_negatives(load_model(str(model_folder), device="cpu"), pairs, 3)
    assert sorted(pool.candidates[0].tolist()) == [-1, -1, 3]
    for seed in range(20):
        assert draw_group(pool, 0, 3, 1, random.Random(seed)) == [0, 3, 3, 3]
    alike = [TrainingPair("read a file", f"c{n}") for n in range(3)]
    none = MinedPool(alike, np.full((3, 3), -1, dtype=np.int32), np.zeros(3, dtype=np.int32))
    # Nothing else is there: others that answer it too, never the function itself.
    assert 0 not in draw_group(none, 0, 3, 1, random.Random(0))[1:]


def test_settings_know_every_strategy() -> None:
    """What a stage may name is what there is, and drawing from the batch alone."""
    assert set(STRATEGY_NAMES) == {"in_batch", *STRATEGIES}


@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
def test_strategies_show_as_many_negatives_as_asked_for(
    strategy: str, tmp_path: Path, network: CasCode, tokenizer: TextTokenizer
) -> None:
    """Each example has its number of wrong definitions of its own language, none of them its answer; hard ones rank."""
    rows = [
        {"query": f"q {n}", "code": f"def read{n}(file): open(file)" if n % 2 else f"def add(a, b): {n}",
         "language": language, "split": "train"}
        for language in ("python", "go")
        for n in range(8)
    ]  # fmt: skip
    (tmp_path / "all.jsonl").write_text("\n".join(map(json.dumps, rows)))
    settings = {"sources": {"docstrings": 1.0}}
    stage = StageConfig("s", steps=1, strategy=strategy, negatives=3, candidates=3)
    config = dataclasses.replace(load_preset("control", settings), stages=(stage,))
    corpora = Corpora(tmp_path, {}, 0)
    run = RunContext(config, corpora, network, tokenizer, tmp_path, "digest", lambda _line: None)
    drawn = STRATEGIES[strategy](run, stage, 4, "seed").examples(0, random.Random(0))
    assert len(drawn) == 4
    for shown in drawn:
        assert len(shown.negatives) == 3
        assert shown.answer.identity not in {negative.identity for negative in shown.negatives}
    assert (tmp_path / "negatives-s-0.npz").exists() == (strategy == "dynamic_hard")


@pytest.mark.parametrize(
    ("shares", "searches"), [((1.0, 1.0), 0.5), ((3.0, 1.0), 0.25), ((1.0, 0.0), 0.0), ((0.0, 2.0), 1.0)]
)
@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
def test_pools_are_drawn_by_the_shares_of_their_sources(
    strategy: str,
    shares: tuple[float, float],
    searches: float,
    tmp_path: Path,
    network: CasCode,
    tokenizer: TextTokenizer,
) -> None:
    """Shares need not add up to 1, and of a source without one nothing is drawn."""
    mined = [{"query": f"q {n}", "code": f"def read{n}(): {n}", "language": "go", "split": "train"} for n in range(8)]
    (tmp_path / "go.jsonl").write_text("\n".join(map(json.dumps, mined)))
    (tmp_path / "cosqa").mkdir()
    for name, rows in (
        ("codes", [{"id": n, "code": f"def c{n}(): {n}"} for n in range(8)]),
        ("train", [{"query": f"how to {n}", "code_id": n, "label": 1} for n in range(8)]),
    ):
        (tmp_path / "cosqa" / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    stage = StageConfig("s", strategy=strategy, negatives=1, candidates=2, refresh_index=False)
    settings = {"sources": dict(zip(("docstrings", "cosqa"), shares, strict=True))}
    config = dataclasses.replace(load_preset("control", settings), stages=(stage,))
    corpora = Corpora(tmp_path, {"cosqa": str(tmp_path / "cosqa")}, 0)
    run = RunContext(config, corpora, network, tokenizer, tmp_path, "digest", lambda _line: None)
    drawn = STRATEGIES[strategy](run, stage, 2, "seed")
    steps = [drawn.examples(step, random.Random(step)) for step in range(100)]
    share = sum("how to" in step[0].query for step in steps) / len(steps)
    assert share == pytest.approx(searches, abs=0.15 if 0 < searches < 1 else 0.0)


def test_sources_that_pools_leave_out_are_refused() -> None:
    """A stage whose examples all come from pools says which source it would not draw from."""
    for preset, stage in (("hard", "contrastive"), ("dyhardcode", "contrastive")):
        with pytest.raises(ModelError, match=f"{stage}.strategy 'dynamic_hard' draws from docstrings and cosqa alone"):
            load_preset(preset, {"sources": {"docstrings": 0.5, "history": 0.5}})
        with pytest.raises(ModelError, match=f"{stage}.strategy 'dynamic_hard' needs a share of docstrings or cosqa"):
            load_preset(preset, {"sources": {"history": 1.0, "docstrings": 0.0}})
        assert load_preset(preset, {"sources": {"docstrings": 1.0, "history": 0.0}})
    assert load_preset("groups", {"sources": {"docstrings": 0.5, "history": 0.5}})
    with pytest.raises(ModelError, match="take history out of sources"):
        load_preset(
            "plain",
            {
                "sources": {"docstrings": 0.5, "history": 0.5},
                "joint.objectives": {"classifier": {}},
                "joint.batch_pairs": 0,
            },
        )


def test_pools_without_pairs_are_one_line(tmp_path: Path, network: CasCode, tokenizer: TextTokenizer) -> None:
    """Of other sources there may be some, so that the run began."""
    stage = StageConfig("s", strategy="random", negatives=1)
    config = dataclasses.replace(load_preset("control"), stages=(stage,))
    run = RunContext(config, Corpora(tmp_path, {}, 0), network, tokenizer, tmp_path, "digest", lambda _line: None)
    with pytest.raises(ModelError, match="no pairs of docstrings or cosqa to look for negatives among"):
        STRATEGIES["random"](run, stage, 2, "seed")


class Written:
    """An encoder that reads its vectors from the texts: numbers after the first word."""

    fingerprint, dimension = "written", 3

    def encode_queries(self, queries: Sequence[str]) -> np.ndarray:
        """One unit vector a text."""
        found = np.array([[float(word) for word in query.split()[1:4]] for query in queries], dtype=np.float32)
        return found / np.linalg.norm(found, axis=1, keepdims=True)

    encode_texts = encode_queries


#: Pairs of which the nearest differ by what asks and what is looked for, none of them copies.
TEXTS = [
    ("q 1 0.7 0.0", "f 1 0.6 -0.5"),
    ("q 1 0.4 0.1", "f 1 0.7 0.1"),
    ("q 1 -0.3 -0.1", "f 1 -0.8 0.0"),
    ("q 1 0.7 0.9", "f 1 0.0 0.6"),
]


def nearest_by_hand(mined_by: str, row: int) -> list[int]:
    """The other pairs by the products of what asks with what is looked for, the greatest first."""
    encoder = Written()
    vectors = {
        "text": encoder.encode_queries([query for query, _ in TEXTS]),
        "code": encoder.encode_texts([text for _, text in TEXTS]),
    }
    asks, looked_for = mined_by.split("-")
    products = {other: float(vectors[asks][row] @ vectors[looked_for][other]) for other in range(4) if other != row}
    return sorted(products, key=lambda other: -products[other])


@pytest.mark.parametrize("mined_by", MINED_BY)
def test_negatives_are_mined_by_text_or_code(mined_by: str) -> None:
    """The candidates of a query are the pairs nearest to its text or code by their text or code, in that order."""
    pairs = [TrainingPair(query, text, language="python") for query, text in TEXTS]
    pool = mine_negatives(Written(), pairs, 3, mined_by=mined_by)
    for row in range(4):
        assert pool.candidates[row].tolist() == nearest_by_hand(mined_by, row)
    orders = {name: [nearest_by_hand(name, row) for row in range(4)] for name in MINED_BY}
    assert all(orders[name] != orders[mined_by] for name in MINED_BY if name != mined_by)


def test_pairs_without_a_query_are_found_by_their_code_alone() -> None:
    """A function that nobody asked for is a negative where codes are looked for, and none where texts are."""
    pairs = [TrainingPair(query, text, language="python") for query, text in TEXTS]
    pairs.append(TrainingPair("", "f 1 0.6 -0.1", language="python"))
    assert 4 in mine_negatives(Written(), pairs, 4, mined_by="text-code").candidates[3]
    assert 4 not in mine_negatives(Written(), pairs, 4, mined_by="text-text").candidates[3]


def test_csls_takes_from_a_hub_what_it_is_near_to_everybody() -> None:
    """Twice the cosine less the mean cosine with the nearest queries, by hand: the hub falls behind."""
    # Cosines of the queries with the hub (0.8 with both) and with the functions of their own (0.7 with one, 0 else).
    queries = np.array([[1.0, 0.0], [0.0, 1.0]], dtype=np.float32)
    functions = np.array([[0.8, 0.8], [0.7, 0.0], [0.0, 0.7]], dtype=np.float32)
    assert _nearest(queries, functions, 1, 0).tolist() == [[0], [0]]
    # The hub: 2 * 0.8 - (0.8 + 0.8) / 2 = 0.8; the others: 2 * 0.7 - (0.7 + 0) / 2 = 1.05.
    assert _nearest(queries, functions, 2, 2).tolist() == [[1, 0], [2, 0]]
    # By one neighbour: 2 * 0.8 - 0.8 = 0.8, and 2 * 0.7 - 0.7 = 0.7.
    assert _nearest(queries, functions, 2, 1).tolist() == [[0, 1], [0, 2]]
