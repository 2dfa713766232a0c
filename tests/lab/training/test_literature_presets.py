"""The presets of the literature's systems, through the real entry point on a two-layer model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from cascode_lab.literature.sampling import sample_descriptions
from cascode_lab.training import load_preset, run
from cascode_lab.training.run import fewer_layers
from cascode_models.describing import Describer
from cascode_models.errors import ModelError
from cascode_models.load import load_model

from .conftest import small


def losses(output: Path, name: str) -> list[float]:
    """What a run's log says of a loss."""
    rows = [json.loads(line) for line in (output / "log.jsonl").read_text().splitlines()]
    return [row[name] for row in rows if name in row]


@pytest.mark.parametrize("kind", ["learnt", "first"])
def test_poly_preset_trains_codes_alone(kind: str, data: Path, tmp_path: Path, model_folder: Path) -> None:
    """The encoder stays bit for bit; the codes and the sharpness move, and the model scores by them."""
    settings = small(model_folder) | {
        "head": "warm",
        "gate_bias": -3.0,
        "poly_kind": kind,
        "poly_codes": 3,
        "contrastive.learning_rate": 0.0,
        "contrastive.steps": 8,
    }
    folder = run("poly", data=data, output=tmp_path / "run", overrides=settings)
    before, after = load_file(model_folder / "model.safetensors"), load_file(folder / "model.safetensors")
    assert all(torch.equal(before[name], after[name]) for name in before if name.startswith("backbone."))
    assert after["poly.sharpness"] != 20.0
    assert ("poly.codes" in after) == (kind == "learnt")
    model = load_model(str(folder), device="cpu")
    assert model.poly_scores("read a file", model.code_vectors(["def read(file)", "sort"])).shape == (2,)
    norms = losses(tmp_path / "run", "gradient_norm")
    assert norms
    assert all(norm > 0 for norm in norms)


def test_poly_loss_falls(data: Path, tmp_path: Path, model_folder: Path) -> None:
    """With the encoder learning too, on a task that a tiny model can learn."""
    settings = small(model_folder) | {
        "head": "warm",
        "gate_bias": -3.0,
        "poly_codes": 3,
        "contrastive.steps": 40,
        "contrastive.batch_pairs": 16,
    }
    run("poly", data=data, output=tmp_path / "run", overrides=settings)
    found = losses(tmp_path / "run", "poly")
    assert sum(found[-4:]) < 0.8 * sum(found[:4])


def test_describe_preset_learns_to_describe(data: Path, tmp_path: Path, model_folder: Path) -> None:
    """The likelihood rises, the model describes, and a run that goes on keeps the decoder it began with."""
    settings = {
        name.replace("contrastive", "description"): value
        for name, value in small(model_folder, **{"contrastive.steps": 40, "contrastive.batch_pairs": 16}).items()
    } | {"decoder_layers": 2, "description.head_learning_rate": 1e-2}
    folder = run("describe", data=data, output=tmp_path / "run", overrides=settings)
    found = losses(tmp_path / "run", "description")
    assert sum(found[-4:]) < 0.7 * sum(found[:4])
    assert Describer.load(str(folder)).describe(["def read_file(x): return read(file)"])[0]
    more = settings | {"start_from": str(folder), "description.steps": 2}
    run("describe", data=data, output=tmp_path / "more", overrides=more)
    assert losses(tmp_path / "more", "description")[0] < 0.7 * found[0]


def test_dyhardcode_refreshes_its_index_every_epoch_or_never(data: Path, tmp_path: Path, model_folder: Path) -> None:
    """An index an epoch, or that of the start alone; either trains."""
    for refresh, files in ((True, 2), (False, 1)):
        settings = small(model_folder) | {
            # Two epochs of seven steps.
            "contrastive.steps": 10,
            "contrastive.candidates": 4,
            "contrastive.refresh_index": refresh,
            "contrastive.mined_by": "code-code",
            "contrastive.csls": 3,
        }
        output = tmp_path / str(refresh)
        run("dyhardcode", data=data, output=output, overrides=settings)
        assert len(list(output.glob("negatives-contrastive-*.npz"))) == files
        assert losses(output, "infonce")


@pytest.mark.parametrize("separate", [False, True])
def test_plain_preset_trains_a_classifier(separate: bool, data: Path, tmp_path: Path, model_folder: Path) -> None:
    """Beside the fast encoder, or alone for the slow half of two models; either learns which function is right."""
    settings = {name: value for name, value in small(model_folder).items() if not name.startswith("contrastive.")}
    settings |= {"head": "plain", "joint.steps": 60, "joint.groups": 8, "joint.batch_pairs": 8}
    settings |= {"joint.strategy": "random", "joint.learning_rate": 3e-3, "joint.head_learning_rate": 1e-2}
    if separate:
        settings |= {"joint.objectives": {"classifier": {"binary_weight": 1.0}}, "joint.batch_pairs": 0}
    folder = run("plain", data=data, output=tmp_path / "run", overrides=settings)
    assert bool(losses(tmp_path / "run", "infonce")) != separate
    found = losses(tmp_path / "run", "classifier")
    assert sum(found[-4:]) < 0.9 * sum(found[:4])
    assert load_model(str(folder), device="cpu").classify("read a file", ["def read(file)", "sort"]).shape == (2,)


def describing(model_folder: Path, **more: object) -> dict[str, object]:
    """Settings of a short run of the presets with a decoder."""
    settings = small(model_folder, **{"contrastive.steps": 4})
    return {name.replace("contrastive", "description"): value for name, value in settings.items()} | more


@pytest.mark.parametrize("beams", [0, 2])
def test_sampled_descriptions_teach_a_student_and_a_retriever(
    beams: int, data: Path, tmp_path: Path, model_folder: Path
) -> None:
    """What a teacher says of training functions alone becomes pairs, from which both presets train."""
    teacher = run("describe", data=data, output=tmp_path / "teacher", overrides=describing(model_folder))
    sampled = tmp_path / "sampled"
    # A handful of steps may end every description at once.
    said = sample_descriptions(
        str(teacher), data, sampled, language="python", count=12, beams=beams, progress=lambda _line: None
    )
    rows = [json.loads(line) for line in (sampled / "python.jsonl").read_text().splitlines()]
    assert len(rows) == said > 2
    assert {row["split"] for row in rows} == {"train"}
    assert all(row["query"] and not row["doc"] for row in rows)
    folders = {"folders.sampled": str(sampled)}
    student = run(
        "student",
        data=data,
        output=tmp_path / "student",
        overrides=describing(model_folder, encoder_layers=1, **folders, **{"description.batch_pairs": 3}),
    )
    names = load_file(student / "model.safetensors")
    assert not any(name.startswith("backbone.encoder.layer.1") for name in names)
    assert isinstance(Describer.load(str(student)).describe(["def read(file)"])[0], str)
    augmented = small(model_folder) | folders
    lines: list[str] = []
    run("augmented", data=data, output=tmp_path / "augmented", overrides=augmented, progress=lines.append)
    assert any(f"sampled {said}" in line for line in lines)


def test_a_smaller_encoder_keeps_first_and_last_layer() -> None:
    """Of four layers two are the first and the last, three have the one between; more than there are is refused."""
    prefix = "backbone.encoder.layer."
    weights = {f"{prefix}{number}.w": torch.tensor(float(number)) for number in range(4)}
    weights["backbone.embeddings.w"] = torch.tensor(9.0)

    def kept(count: int) -> list[float]:
        """Which layers are left, in order."""
        found = fewer_layers(weights, 4, count)
        assert float(found["backbone.embeddings.w"]) == 9.0
        return [float(found[f"{prefix}{number}.w"]) for number in range(len(found) - 1)]

    assert kept(2) == [0.0, 3.0]
    assert kept(3) == [0.0, 2.0, 3.0]
    assert kept(1) == [0.0]
    with pytest.raises(ModelError, match="encoder_layers is 5, the model that it begins with has 4"):
        fewer_layers(weights, 4, 5)


@pytest.mark.parametrize(
    ("preset", "overrides", "match"),
    [
        ("poly", {"poly_codes": 0}, "objective poly of contrastive needs poly_codes above 0"),
        ("dyhardcode", {"contrastive.mined_by": "code"}, "contrastive.mined_by is 'code', it must be one of text-code"),
        ("poly", {"poly_kind": "second"}, "poly_kind is 'second', it must be one of learnt, first"),
        ("describe", {"decoder_layers": 0}, "objective description of description needs decoder_layers above 0"),
    ],
)
def test_parts_that_an_objective_needs_are_named(preset: str, overrides: dict[str, object], match: str) -> None:
    """A preset without the part that its objective reads is refused before anything is computed."""
    with pytest.raises(ModelError, match=match):
        load_preset(preset, overrides)
