"""Training through its real entry point, on a two-layer model and a handful of pairs."""

from __future__ import annotations

import dataclasses
import json
import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from cascode_models.errors import ModelError
from cascode_models.heads import COSINE_SCALE, VIEW_WEIGHTS
from cascode_models.inference import fused_score
from cascode_models.load import load_model
from cascode_models.training import load_preset, run
from cascode_models.training.config import PRESETS
from cascode_models.training.data import (
    TrainingPair,
    can_be_renamed,
    read_cosqa,
    read_pairs,
    read_pool,
    varied_texts,
)
from cascode_models.training.negatives import MinedPool, draw_group, load_negatives, mine_negatives, save_negatives
from cascode_models.training.optimizer import schedule
from cascode_models.training.run import LOG
from cascode_models.training.sampling import Sampler, draw_packages, pools
from cascode_models.training.teacher import Teacher

VERBS, THINGS = (
    ["read", "write", "open", "close", "sort", "parse", "send"],
    ["file", "json", "path", "list", "request"],
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Mined pairs of two languages, train and dev."""
    folder = tmp_path / "pairs"
    folder.mkdir()
    for language in ("python", "go"):
        rows = [
            {
                "query": f"{verb} a {thing}",
                "code": f"def {verb}_{thing}(x): return {verb}({thing})",
                "doc": f"{verb} a {thing}\n\nMore about x.",
                "name": f"Thing.{verb}_{thing}",
                "language": language,
                "package": verb,
                "split": "dev" if (number + other) % 5 == 0 else "train",
            }
            for number, verb in enumerate(VERBS)
            for other, thing in enumerate(THINGS)
        ]
        (folder / f"{language}.jsonl").write_text("\n".join(json.dumps(row) for row in rows) + "\n")
    (folder / "pool-python-dev.jsonl").write_text('{"code": "no query here", "name": "other"}\n')
    return folder


def small(model_folder: Path, **more: object) -> dict[str, object]:
    """Settings of a run of seconds."""
    return {
        "start_from": str(model_folder),
        "contrastive.steps": 6,
        "contrastive.batch_pairs": 8,
        "contrastive.learning_rate": 1e-2,
        "joint.steps": 4,
        "joint.groups": 3,
        "joint.negatives": 3,
        "joint.candidates": 6,
        "joint.batch_pairs": 6,
        "log_steps": 2,
        "evaluate_steps": 3,
        "max_query_tokens": 16,
        "max_text_tokens": 48,
        "checkpoint_minutes": 0.0,
        **more,
    }


@pytest.mark.parametrize("preset", sorted(path.stem for path in PRESETS.glob("*.yaml")))
def test_every_preset_is_valid(preset: str) -> None:
    """Each preset that comes with the package is read without a complaint."""
    assert load_preset(preset).seed


@pytest.mark.parametrize("head", ["late", "warm", "plain"])
def test_every_head_trains_from_a_preset_to_a_model(head: str, data: Path, tmp_path: Path, model_folder: Path) -> None:
    """A run writes a model that loads and classifies, a log with losses and dev MRR, and a picture."""
    lines: list[str] = []
    output = tmp_path / "run"
    folder = run("first", data=data, output=output, overrides=small(model_folder, head=head), progress=lines.append)
    model = load_model(str(folder), device="cpu")
    assert model.has_classifier
    assert np.isfinite(model.classify("read a file", ["def read(file)"])).all()
    rows = [json.loads(line) for line in (output / "log.jsonl").read_text().splitlines()]
    assert {"infonce", "classifier", "dev_mrr"} <= set().union(*rows)
    assert (output / "training.png").stat().st_size > 1_000
    assert any("dev MRR" in line for line in lines)


def test_training_lowers_the_loss(data: Path, tmp_path: Path, model_folder: Path) -> None:
    """On a task a tiny model can learn, InfoNCE falls."""
    overrides = small(model_folder) | {
        "contrastive.steps": 60,
        "joint.steps": 0,
        "contrastive.batch_pairs": 16,
    }
    run("first", data=data, output=tmp_path / "run", overrides=overrides)
    rows = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    losses = [row["infonce"] for row in rows if "infonce" in row]
    assert np.mean(losses[-5:]) < 0.8 * np.mean(losses[:5])


@pytest.mark.parametrize("killed_at", ["contrastive 4/6", "joint 2/4"])
def test_killed_run_ends_as_if_nothing_had_happened(
    killed_at: str, data: Path, tmp_path: Path, model_folder: Path
) -> None:
    """A run stopped in either stage and resumed ends with the very weights of an unbroken one."""

    class Killed(BaseException):
        """Stands for the kill."""

    def kill(line: str) -> None:
        if line.startswith(killed_at):
            raise Killed

    whole = run("first", data=data, output=tmp_path / "whole", overrides=small(model_folder))
    with pytest.raises(Killed):
        run("first", data=data, output=tmp_path / "cut", overrides=small(model_folder), progress=kill)
    resumed = run("first", data=data, output=tmp_path / "cut", overrides=small(model_folder), resume=True)
    expected, found = load_file(whole / "model.safetensors"), load_file(resumed / "model.safetensors")
    assert all(bool((expected[name] == found[name]).all()) for name in expected)


def test_hard_negatives_are_mined_every_epoch_and_survive_a_kill(
    data: Path, tmp_path: Path, model_folder: Path
) -> None:
    """DyHardCode makes a new index each epoch; a run killed in the second one ends with the very same weights."""

    class Killed(BaseException):
        """Stands for the kill."""

    def kill(line: str) -> None:
        if line.startswith("contrastive 6/6"):
            raise Killed

    settings = small(model_folder) | {
        "head": "none",
        "joint.steps": 0,
        "contrastive.hard_negatives": 2,
        "contrastive.candidates": 4,
        "contrastive.pool": 32,
        "contrastive.cache_gradients": True,
        "contrastive.chunk": 4,
    }
    whole = run("hard", data=data, output=tmp_path / "whole", overrides=settings)
    assert sorted(path.name for path in (tmp_path / "whole").glob("*.npz")) == [
        "negatives-contrastive-0.npz",
        "negatives-contrastive-1.npz",
    ]
    with pytest.raises(Killed):
        run("hard", data=data, output=tmp_path / "cut", overrides=settings, progress=kill)
    resumed = run("hard", data=data, output=tmp_path / "cut", overrides=settings, resume=True)
    assert (whole / "model.safetensors").read_bytes() == (resumed / "model.safetensors").read_bytes()


def test_checkpoint_of_other_settings_is_refused(data: Path, tmp_path: Path, model_folder: Path) -> None:
    """A run is neither overwritten by accident nor resumed with other settings."""
    output = tmp_path / "run"
    run("first", data=data, output=output, overrides=small(model_folder))
    with pytest.raises(ModelError, match="holds a run already"):
        run("first", data=data, output=output, overrides=small(model_folder))
    with pytest.raises(ModelError, match="other settings or data"):
        run("first", data=data, output=output, overrides=small(model_folder, seed=9), resume=True)
    (output / "checkpoint.safetensors").write_bytes(b"half")
    with pytest.raises(ModelError, match="damaged"):
        run("first", data=data, output=output, overrides=small(model_folder), resume=True)


@pytest.mark.parametrize(
    ("overrides", "match"),
    [
        ({"sed": 1}, "unknown setting 'sed'"),
        ({"joint.steps": "many"}, "steps is 'many'"),
        ({"joint.negatives": 0}, "random_negatives is more"),
        ({"head": "round"}, "head 'round'"),
        ({"contrastive.batch_pairs": 0}, "must be 1 or more"),
        ({"evaluate_steps": 0}, "evaluate_steps is 0, it must be 1 or more"),
        ({"joint.chunk": 0}, "joint.chunk is 0, it must be 1 or more"),
        ({"search_share": 1.5}, "search_share is 1.5, it must be 0 to 1"),
        ({"joint.steps.x": 3}, "joint.steps.x cannot be set"),
        ({"contrastive.interaction_weight": 1.0}, "interaction_weight needs head 'late'"),
        ({"contrastive.teachers": ["a"]}, "teachers needs contrastive.interaction_weight"),
        ({"contrastive.teachers": "a"}, "teachers is 'a', it must be of type list of names"),
        ({"contrastive.teachers": [1]}, r"teachers is \[1\], it must be of type list of names"),
        ({"contrastive.teacher_share": 1.5}, "teacher_share is 1.5, it must be 0 to 1"),
    ],
)
def test_wrong_settings_are_named(overrides: dict[str, object], match: str) -> None:
    """A wrong setting is one line that names it."""
    with pytest.raises(ModelError, match=match):
        load_preset("first", overrides)


def test_a_number_may_be_spelled_with_an_exponent() -> None:
    """YAML reads 1e-4 as text; a setting of that kind takes it."""
    assert load_preset("first", {"contrastive.learning_rate": "1e-4"}).contrastive.learning_rate == 1e-4


def test_texts_longer_than_the_model_reads_are_refused(data: Path, tmp_path: Path, model_folder: Path) -> None:
    """A backbone without places for so many tokens is noticed before the first step."""
    with pytest.raises(ModelError, match="texts of 5000 tokens do not fit the model"):
        run("first", data=data, output=tmp_path / "run", overrides=small(model_folder, max_text_tokens=5000))


def test_a_checkpoint_goes_with_the_weights_that_a_run_began_with(
    data: Path, tmp_path: Path, model_folder: Path
) -> None:
    """Other weights in the same folder are another start: the run of the earlier ones is not taken up."""
    output = tmp_path / "run"
    run("first", data=data, output=output, overrides=small(model_folder))
    tensors = load_file(model_folder / "model.safetensors")
    name = next(name for name in tensors if name.startswith("backbone."))
    tensors[name] = tensors[name] + 1
    save_file(tensors, model_folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match="other settings or data"):
        run("first", data=data, output=output, overrides=small(model_folder), resume=True)


def test_negatives_of_another_run_are_mined_anew(tmp_path: Path) -> None:
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


def test_unknown_preset_names_the_known(tmp_path: Path) -> None:
    """A wrong preset lists those there are; YAML that is none is said to be so."""
    with pytest.raises(ModelError, match="one of cascade, control, first"):
        load_preset("frist")
    (tmp_path / "bad.yaml").write_text("a: [")
    with pytest.raises(ModelError, match="no valid YAML"):
        load_preset(tmp_path / "bad.yaml")


def test_no_data_says_what_to_do(tmp_path: Path, model_folder: Path) -> None:
    """An empty folder of pairs is no training data, and a folder that is not there is not one to pass over."""
    with pytest.raises(ModelError, match="no training pairs"):
        run("first", data=tmp_path, output=tmp_path / "run", overrides=small(model_folder))
    with pytest.raises(ModelError, match=r"no training pairs in .*none, which is no folder"):
        run("first", data=tmp_path / "none", output=tmp_path / "run", overrides=small(model_folder))


def test_pairs_of_other_splits_are_never_trained_on(data: Path) -> None:
    """Reading a split gives its pairs only, and pools are no pairs."""
    train, dev = read_pairs(data, "train"), read_pairs(data, "dev")
    assert len(train) + len(dev) == 2 * len(VERBS) * len(THINGS)
    assert not {(pair.query, pair.language) for pair in train} & {(pair.query, pair.language) for pair in dev}


def test_held_out_pool_is_read_as_function_texts(data: Path) -> None:
    """A pool gives its functions as they are encoded; a language without one has none; a broken line is named."""
    assert read_pool(data, "python", "dev") == ["no query here"]
    assert read_pool(data, "go", "dev") == []
    (data / "pool-go-dev.jsonl").write_text('{"name": "f"}\n')
    with pytest.raises(ModelError, match=r"pool-go-dev\.jsonl:1 is no function"):
        read_pool(data, "go", "dev")


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


def test_variation_never_puts_the_query_into_the_code() -> None:
    """Whatever form is drawn, the first paragraph stays out of the function text, and a query remains."""
    pair = TrainingPair(
        "Return the parsed configuration of the given session, which may be cached.",
        "def load(self): ...",
        "Session.load",
        "python",
        "Raises an error when it is missing.",
    )
    forms = {varied_texts(pair, random.Random(seed)) for seed in range(200)}
    assert all("parsed configuration" not in text for _, text in forms)
    assert all(query.strip() for query, _ in forms)
    assert len({query for query, _ in forms}) >= 3
    assert len({text for _, text in forms}) == 4


def test_renamed_form_says_neither_name_nor_doc_comment() -> None:
    """Of a renamed function only what it does is left; searches and other languages are not renamed."""
    pair = TrainingPair("Read a file.", "def load(path):\n    return open(path)", "Disk.load", "python", "Long story.")
    query, text = varied_texts(pair, random.Random(0), renamed=True)
    assert query
    assert text == "def Func(arg_0):\n    return open(arg_0)"
    assert can_be_renamed(pair)
    assert not can_be_renamed(dataclasses.replace(pair, is_search=True))
    assert not can_be_renamed(dataclasses.replace(pair, language="go"))


def test_share_of_the_start_is_kept(data: Path, tmp_path: Path, model_folder: Path) -> None:
    """Written weights stand between those of the start and those of the same run without it; heads are the run's."""
    settings = small(model_folder, head="late") | {"contrastive.interaction_weight": 1.0, "joint.steps": 0}
    start = load_file(model_folder / "model.safetensors")
    whole, half = (
        load_file(
            run("first", data=data, output=tmp_path / str(share), overrides=settings | {"start_share": share})
            / "model.safetensors"
        )
        for share in (0.0, 0.25)
    )
    moved = 0.0
    for name, value in whole.items():
        kept = 0.25 if name.startswith("backbone.") else 0.0
        began = start[name].float() if kept else value.float()
        assert torch.allclose(half[name].float(), kept * began + (1 - kept) * value.float(), atol=1e-3)
        moved += float((half[name].float() - value.float()).abs().sum())
    assert moved > 1e-2


def test_classifier_of_another_version_is_made_anew(data: Path, tmp_path: Path, model_folder: Path) -> None:
    """What the error advises works: with new_head the encoder is trained on and the head is this version's."""
    weights = {
        name: value for name, value in load_file(model_folder / "model.safetensors").items() if name != "head.gates"
    }
    save_file(weights, model_folder / "model.safetensors", metadata={"format": "pt"})
    settings = small(model_folder, head="late") | {"contrastive.steps": 1, "joint.steps": 0}
    with pytest.raises(ModelError, match="new_head: true"):
        run("first", data=data, output=tmp_path / "old", overrides=settings)
    made = run("first", data=data, output=tmp_path / "new", overrides=settings | {"new_head": True})
    assert load_file(made / "model.safetensors")["head.views"].tolist() == pytest.approx(VIEW_WEIGHTS, abs=1e-3)


def test_late_loss_has_its_own_temperature(data: Path, tmp_path: Path, model_folder: Path) -> None:
    """The setting reaches the loss, and the views stay as they were fitted where the head's rate is 0."""
    logs = []
    for temperature in (0.05, 5.0):
        output = tmp_path / str(temperature)
        changes = small(model_folder) | {"cosqa": "", "threads": 1, "contrastive.interaction_temperature": temperature}
        model = run("cascade", data=data, output=output, overrides=changes | {"joint.steps": 0})
        views = load_file(model / "model.safetensors")["head.views"]
        assert views.tolist() == pytest.approx(VIEW_WEIGHTS, abs=1e-3)
        logs.append(json.loads((output / LOG).read_text().splitlines()[0]))
    assert logs[0]["infonce"] == pytest.approx(logs[1]["infonce"], abs=0.05)
    assert abs(logs[0]["late"] - logs[1]["late"]) > 0.1


def taught_by(teachers: list[Path], share: float = 0.5) -> dict[str, object]:
    """Settings of a run of the cascade that learns from teachers."""
    return {
        "cosqa": "",
        "threads": 1,
        "joint.steps": 0,
        "contrastive.teachers": [str(teacher) for teacher in teachers],
        "contrastive.teacher_share": share,
    }


def test_a_run_learns_from_teachers(data: Path, tmp_path: Path, model_folder: Path) -> None:
    """The student comes nearer to its teachers than beside them, and one without a late head is refused."""
    alone = small(model_folder) | {"cosqa": "", "threads": 1, "joint.steps": 0, "contrastive.steps": 20}
    other = run("cascade", data=data, output=tmp_path / "teacher", overrides=alone | {"seed": 5})
    last = {}
    for share in (0.0, 1.0):
        output = tmp_path / f"share {share}"
        run("cascade", data=data, output=output, overrides=alone | taught_by([other, other], share))
        rows = [json.loads(line) for line in (output / LOG).read_text().splitlines()]
        last[share] = [row["taught"] for row in rows if "taught" in row][-3:]
    assert np.mean(last[1.0]) < 0.7 * np.mean(last[0.0])
    with pytest.raises(ModelError, match="cannot teach: it needs a late head"):
        run("cascade", data=data, output=tmp_path / "x", overrides=alone | taught_by([model_folder]))
    with pytest.raises(ModelError, match=r"texts of 5000 tokens do not fit the teacher .* reads 130"):
        Teacher(str(other), "cpu", (16, 5000))


def test_teacher_scores_pairs_as_the_cascade_it_is_ranks_them(data: Path, tmp_path: Path, model_folder: Path) -> None:
    """Its scores are the fused scores of the served model, whatever order and chunks the texts come in."""
    settings = small(model_folder) | {"cosqa": "", "joint.steps": 0, "contrastive.steps": 1}
    folder = run("cascade", data=data, output=tmp_path / "teacher", overrides=settings)
    queries, functions = ["read a file", "a", "sort a list of path"], ["def read(file)", "x", "def sort(a, b): return"]
    model = load_model(str(folder), device="cpu")
    cosines = model.encode_queries(queries) @ model.encode_texts(functions).T
    logits = np.stack([model.classify(query, functions) for query in queries])
    expected = fused_score(cosines, logits, 1.0) / COSINE_SCALE
    for chunk in (1, 8):
        found = Teacher(str(folder), "cpu", (16, 48)).scores(queries, functions, chunk).numpy()
        # The classifier's bias is the same for every pair.
        assert np.ptp(found - expected) < 0.05 < np.ptp(found)


def test_renamed_steps_change_what_a_run_sees(data: Path, tmp_path: Path, model_folder: Path) -> None:
    """With a share of renamed steps a run ends elsewhere; the share is checked."""
    plain = small(model_folder) | {"contrastive.steps": 6, "joint.steps": 0}
    models = [
        run("first", data=data, output=tmp_path / str(share), overrides=plain | {"renamed_share": share})
        for share in (0.0, 1.0)
    ]
    first, second = (load_file(model / "model.safetensors") for model in models)
    assert any(bool((first[name] != second[name]).any()) for name in first)
    with pytest.raises(ModelError, match="renamed_share is 2"):
        load_preset("first", {"renamed_share": 2.0})


def test_sampler_visits_a_pool_once_before_any_pair_returns() -> None:
    """Pairs of a step share their language, and one pass over a pool repeats nothing, whether or not steps fill it."""
    grouped = pools([TrainingPair(f"q{n}", "c", language="go" if n % 2 else "ruby") for n in range(40)])
    sampler = Sampler(grouped, steps=30, count=5, search_share=0.2, seed="s")
    steps = [sampler.pairs(step) for step in range(30)]
    assert all(len({pair.language for pair in step}) == 1 for step in steps)
    go = [pair.query for step in steps for pair in step if pair.language == "go"][:20]
    assert len(set(go)) == len(go)
    uneven = Sampler({"go": grouped["go"]}, steps=4, count=6, search_share=0.0, seed="s")
    passes = [[pair.query for step in steps for pair in uneven.pairs(step)] for steps in ((0, 1, 2), (3,))]
    assert len(set(passes[0])) == 18
    assert len(set(passes[1])) == 6
    again = Sampler(grouped, steps=30, count=5, search_share=0.2, seed="s")
    assert again.pairs(17) == steps[17]


def test_learning_rate_rises_and_falls_to_what_is_left() -> None:
    """A stage cut short with what was left of its rate steps exactly as the longer one did until there."""
    longer = [schedule(step, 400, 0.05) for step in range(300)]
    cut = [schedule(step, 300, 20 / 300, 100 / 380) for step in range(300)]
    assert cut == pytest.approx(longer)
    assert max(longer) == 1.0
    assert schedule(399, 400, 0.05) == pytest.approx(1 / 380)


def test_neighbours_of_a_package_stay_together() -> None:
    """With neighbours, a step holds whole blocks of one package, and still nothing comes twice in a pass."""
    pairs = [TrainingPair(f"q{n}", "c", language="go", package=f"p{n % 4}") for n in range(64)]
    sampler = Sampler(pools(pairs), steps=4, count=16, search_share=0.0, seed="s", neighbours=8)
    steps = [sampler.pairs(step) for step in range(4)]
    assert all(len({pair.package for pair in step}) <= 2 for step in steps)
    assert len({pair.query for step in steps for pair in step}) == 64


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
