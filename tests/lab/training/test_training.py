"""Training through its real entry point, on a two-layer model and a handful of pairs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from cascode_lab.training import load_preset, run
from cascode_lab.training.config import PRESETS
from cascode_lab.training.data import read_pairs, read_pool
from cascode_lab.training.optimizer import schedule
from cascode_lab.training.run import LOG
from cascode_models.errors import ModelError
from cascode_models.heads import VIEW_WEIGHTS
from cascode_models.load import load_model

from .conftest import THINGS, VERBS, both, small


@pytest.mark.parametrize("preset", sorted(path.stem for path in PRESETS.glob("*.yaml")))
def test_every_preset_is_valid(preset: str) -> None:
    """Each preset that comes with the package is read without a complaint."""
    assert load_preset(preset).seed


@pytest.mark.parametrize("head", ["late", "warm", "plain"])
def test_every_head_trains_from_a_preset_to_a_model(head: str, data: Path, tmp_path: Path, model_folder: Path) -> None:
    """A run writes a model that loads and classifies, a log with losses and dev MRR, and a picture."""
    lines: list[str] = []
    output = tmp_path / "run"
    folder = run("first", data=data, output=output, overrides=both(model_folder, head=head), progress=lines.append)
    model = load_model(str(folder), device="cpu")
    assert model.has_classifier
    assert np.isfinite(model.classify("read a file", ["def read(file)"])).all()
    rows = [json.loads(line) for line in (output / "log.jsonl").read_text().splitlines()]
    assert {"infonce", "classifier", "dev_mrr"} <= set().union(*rows)
    assert (output / "training.png").stat().st_size > 1_000
    assert any("dev MRR" in line for line in lines)


def test_training_lowers_the_loss(data: Path, tmp_path: Path, model_folder: Path) -> None:
    """On a task a tiny model can learn, InfoNCE falls."""
    overrides = both(model_folder) | {
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

    whole = run("first", data=data, output=tmp_path / "whole", overrides=both(model_folder))
    with pytest.raises(Killed):
        run("first", data=data, output=tmp_path / "cut", overrides=both(model_folder), progress=kill)
    resumed = run("first", data=data, output=tmp_path / "cut", overrides=both(model_folder), resume=True)
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
        "contrastive.negatives": 2,
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
    run("first", data=data, output=output, overrides=both(model_folder))
    with pytest.raises(ModelError, match="holds a run already"):
        run("first", data=data, output=output, overrides=both(model_folder))
    with pytest.raises(ModelError, match="other settings or data"):
        run("first", data=data, output=output, overrides=both(model_folder, seed=9), resume=True)
    (output / "checkpoint.safetensors").write_bytes(b"half")
    with pytest.raises(ModelError, match="damaged"):
        run("first", data=data, output=output, overrides=both(model_folder), resume=True)


@pytest.mark.parametrize(
    ("overrides", "match"),
    [
        ({"sed": 1}, "unknown setting 'sed'"),
        ({"joint.steps": "many"}, "steps is 'many'"),
        ({"joint.negatives": 0}, "random_negatives is more"),
        ({"head": "round"}, "head 'round'"),
        ({"contrastive.batch_pairs": 0}, "contrastive.batch_pairs is 0, objective infonce needs some"),
        ({"contrastive.neighbours": 0}, "contrastive.neighbours is 0, it must be 1 or more"),
        ({"joint.groups": 0}, "joint.groups is 0, objective classifier needs some"),
        ({"joint.strategy": "easy"}, "joint.strategy is 'easy', it must be one of in_batch, random, dynamic_hard"),
        ({"joint.strategy": "in_batch"}, "joint.strategy is 'in_batch', groups and negatives need another"),
        ({"joint.negatives": 0, "joint.random_negatives": 0}, "joint.negatives is 0, a group needs some"),
        ({"joint.hard_share": 2.0}, "joint.hard_share is 2.0, it must be 0 to 1"),
        ({"contrastive.objectives": {}}, "contrastive.objectives names none"),
        ({"contrastive.objectives.triplet": {}}, "no objective 'triplet'"),
        ({"contrastive.objectives": {"infonce": 3}}, "infonce is 3, it must be of type settings by name"),
        ({"stages": []}, r"stages are \[\], name one or more"),
        ({"stages": [{"steps": 3}]}, "stages: name is missing"),
        ({"head": "none"}, "joint.steps must be 0 where head is 'none'"),
        ({"evaluate_steps": 0}, "evaluate_steps is 0, it must be 1 or more"),
        ({"joint.chunk": -1}, "joint.chunk is -1, it must be 0 or more"),
        ({"renamed_share": 1.5}, "renamed_share is 1.5, it must be 0 to 1"),
        ({"sources.docstrings": -1.0}, "sources are .* with shares above 0"),
        ({"sources": {}}, "sources are {}, name one or more"),
        ({"sources.docstrings": "many"}, "sources.docstrings is 'many', it must be of type float"),
        ({"sources": 3}, "sources is 3, it must be of type settings by name"),
        ({"precision": "half"}, "precision is 'half', it must be one of auto, bfloat16, float32"),
        ({"joint.steps.x": 3}, "joint.steps.x cannot be set"),
        ({"contrastive.objectives": {"late": {}}}, "objective late of contrastive needs head 'late'"),
        ({"contrastive.teachers": ["a"]}, r"contrastive.teachers and an objective .* need each other"),
        ({"contrastive.teachers": "a"}, "teachers is 'a', it must be of type list of names"),
        ({"contrastive.teachers": [1]}, r"teachers is \[1\], it must be of type list of names"),
        ({"start_share": 1.5}, "start_share is 1.5, it must be 0 to 1"),
        ({"contrastive.steps": 0, "joint.steps": 0}, "no stage has steps: set contrastive.steps above 0"),
        ({"contrastive.learning_rate": -1.0}, "contrastive.learning_rate is -1.0, it must be 0 or more"),
        ({"contrastive.learning_rate": float("nan")}, "contrastive.learning_rate is nan, it must be 0 or more"),
        ({"contrastive.learning_rate": 0.0}, "contrastive changes no weight .* set contrastive.learning_rate above 0"),
        ({"contrastive.objectives.infonce.temperature": 0.0}, r"infonce\.temperature is 0.0, it must be above 0"),
        ({"contrastive.objectives.infonce.weight": -1.0}, r"infonce\.weight is -1.0, it must be 0 or more"),
        ({"threads": -1}, "threads is -1, it must be 0 or more"),
        ({"clip": 0.0}, "clip is 0.0, it must be above 0"),
        ({"weight_decay": -0.1}, "weight_decay is -0.1, it must be 0 or more"),
        ({"dev_pairs": -1}, "dev_pairs is -1, it must be 0 or more"),
        ({"dev_pool": -1}, "dev_pool is -1, it must be 0 or more"),
        ({"dev_repositories": -1}, "dev_repositories is -1, it must be 0 or more"),
    ],
)
def test_wrong_settings_are_named(overrides: dict[str, object], match: str) -> None:
    """A wrong setting is one line that names it."""
    with pytest.raises(ModelError, match=match):
        load_preset("first", overrides)


def test_a_stage_may_train_what_stands_above_the_encoder_alone() -> None:
    """Weights of the head where an objective reads them, gates where the classifier reads pairs; else none learns."""
    still = {"contrastive.learning_rate": 0.0, "contrastive.head_learning_rate": 1e-3}
    assert load_preset("cascade", still)
    assert load_preset("poly").stages[0].learning_rate == 0.0
    assert load_preset("first", {"joint.learning_rate": 0.0, "joint.head_learning_rate": 0.0})
    for changes in ({"contrastive.head_learning_rate": 0.0}, {"contrastive.objectives": {"infonce": {}}}):
        with pytest.raises(ModelError, match="changes no weight"):
            load_preset("cascade", still | {"contrastive.gate_learning_rate": 1e-2} | changes)


def test_a_number_may_be_spelled_with_an_exponent() -> None:
    """YAML reads 1e-4 as text; a setting of that kind takes it."""
    assert load_preset("first", {"contrastive.learning_rate": "1e-4"}).stages[0].learning_rate == 1e-4


def test_texts_longer_than_the_model_reads_are_refused(data: Path, tmp_path: Path, model_folder: Path) -> None:
    """A backbone without places for so many tokens is noticed before the first step."""
    with pytest.raises(ModelError, match="texts of 5000 tokens do not fit the model"):
        run("first", data=data, output=tmp_path / "run", overrides=both(model_folder, max_text_tokens=5000))


def test_a_checkpoint_goes_with_the_weights_that_a_run_began_with(
    data: Path, tmp_path: Path, model_folder: Path
) -> None:
    """Other weights in the same folder are another start: the run of the earlier ones is not taken up."""
    output = tmp_path / "run"
    run("first", data=data, output=output, overrides=both(model_folder))
    tensors = load_file(model_folder / "model.safetensors")
    name = next(name for name in tensors if name.startswith("backbone."))
    tensors[name] = tensors[name] + 1
    save_file(tensors, model_folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match="other settings or data"):
        run("first", data=data, output=output, overrides=both(model_folder), resume=True)


def test_an_encoder_saved_in_another_number_format_is_trained(data: Path, tmp_path: Path, plain_folder: Path) -> None:
    """Its configuration names the format; the run computes in its own."""
    path = plain_folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"dtype": "bfloat16"}))
    settings = both(plain_folder, precision="float32") | {"contrastive.steps": 1, "joint.steps": 1}
    assert load_model(str(run("first", data=data, output=tmp_path / "run", overrides=settings)), device="cpu")


def test_unknown_preset_names_the_known(tmp_path: Path) -> None:
    """A wrong preset lists those there are; YAML that is none is said to be so."""
    with pytest.raises(ModelError, match="one of augmented, cascade, control, describe"):
        load_preset("frist")
    (tmp_path / "bad.yaml").write_text("a: [")
    with pytest.raises(ModelError, match="not valid YAML"):
        load_preset(tmp_path / "bad.yaml")


def test_no_data_says_what_to_do(tmp_path: Path, model_folder: Path) -> None:
    """An empty folder of pairs is no training data, and a folder that is not there is not one to pass over."""
    with pytest.raises(ModelError, match="no training pairs"):
        run("first", data=tmp_path, output=tmp_path / "run", overrides=both(model_folder))
    with pytest.raises(ModelError, match=r"no training pairs in .*none, which is not a folder"):
        run("first", data=tmp_path / "none", output=tmp_path / "run", overrides=both(model_folder))


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
    with pytest.raises(ModelError, match=r"pool-go-dev\.jsonl:1 is not a function"):
        read_pool(data, "go", "dev")


def test_share_of_the_start_is_kept(data: Path, tmp_path: Path, model_folder: Path) -> None:
    """Written weights stand between those of the start and those of the same run without it; heads are the run's."""
    settings = small(model_folder, head="late") | {"contrastive.objectives.late": {}}
    start = load_file(model_folder / "model.safetensors")
    whole, half = (
        load_file(
            run("cascade", data=data, output=tmp_path / str(share), overrides=settings | {"start_share": share})
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


def test_classifier_of_another_version_is_rebuilt(data: Path, tmp_path: Path, model_folder: Path) -> None:
    """What the error advises works: with new_head the encoder is trained on and the head is this version's."""
    weights = {
        name: value for name, value in load_file(model_folder / "model.safetensors").items() if name != "head.gates"
    }
    save_file(weights, model_folder / "model.safetensors", metadata={"format": "pt"})
    settings = small(model_folder, head="late") | {"contrastive.steps": 1, "new_head": False}
    with pytest.raises(ModelError, match="new_head: true"):
        run("cascade", data=data, output=tmp_path / "old", overrides=settings)
    made = run("cascade", data=data, output=tmp_path / "new", overrides=settings | {"new_head": True})
    assert load_file(made / "model.safetensors")["head.views"].tolist() == pytest.approx(VIEW_WEIGHTS, abs=1e-3)


def test_late_loss_has_its_own_temperature(data: Path, tmp_path: Path, model_folder: Path) -> None:
    """The setting reaches the loss, and the views stay as they were fitted where the head's rate is 0."""
    logs = []
    for temperature in (0.05, 5.0):
        output = tmp_path / str(temperature)
        changes = small(model_folder) | {"threads": 1, "contrastive.objectives.late.temperature": temperature}
        model = run("cascade", data=data, output=output, overrides=changes)
        views = load_file(model / "model.safetensors")["head.views"]
        assert views.tolist() == pytest.approx(VIEW_WEIGHTS, abs=1e-3)
        logs.append(json.loads((output / LOG).read_text().splitlines()[0]))
    assert logs[0]["infonce"] == pytest.approx(logs[1]["infonce"], abs=0.05)
    assert abs(logs[0]["late"] - logs[1]["late"]) > 0.1


def test_renamed_steps_change_what_a_run_sees(data: Path, tmp_path: Path, model_folder: Path) -> None:
    """With a share of renamed steps a run ends elsewhere; the share is checked."""
    plain = both(model_folder) | {"contrastive.steps": 6, "joint.steps": 0}
    models = [
        run("first", data=data, output=tmp_path / str(share), overrides=plain | {"renamed_share": share})
        for share in (0.0, 1.0)
    ]
    first, second = (load_file(model / "model.safetensors") for model in models)
    assert any(bool((first[name] != second[name]).any()) for name in first)
    with pytest.raises(ModelError, match="renamed_share is 2"):
        load_preset("first", {"renamed_share": 2.0})


def test_learning_rate_rises_and_falls_to_what_is_left() -> None:
    """A stage cut short with what was left of its rate steps exactly as the longer one did until there."""
    longer = [schedule(step, 400, 0.05) for step in range(300)]
    cut = [schedule(step, 300, 20 / 300, 100 / 380) for step in range(300)]
    assert cut == pytest.approx(longer)
    assert max(longer) == 1.0
    assert schedule(399, 400, 0.05) == pytest.approx(1 / 380)
