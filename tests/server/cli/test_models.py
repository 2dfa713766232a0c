"""The commands about models: train and export."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from cascode_models.inference import fused_score
from cascode_models.load import MODEL_VARIABLE, load_model, resolve_folder
from cascode_models.text import function_text
from cascode_models.types import FunctionSource
from cascode_server.cli.train import _overrides

from .conftest import Run


@pytest.mark.usefixtures("model")
def test_exported_model_is_a_model(run: Run, tmp_path: Path) -> None:
    """What export writes is taken by --model and gives the same vectors."""
    source = resolve_folder(None)
    outcome = run("export", str(source), "--output", str(tmp_path / "model"))
    assert outcome.status == 0, outcome.err
    assert outcome.out == f"{tmp_path / 'model'}\n"
    before, after = load_model(str(source)), load_model(str(tmp_path / "model"))
    assert before.encode_queries(["door"]) @ after.encode_queries(["door"]).T == pytest.approx(1.0, abs=1e-3)


@pytest.mark.usefixtures("model")
def test_model_is_exported_for_sentence_transformers(run: Run, tmp_path: Path) -> None:
    """The bundled model gives the same vectors and fused scores there, from text as it stands in a file."""
    library = pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed: make bench")
    folder = tmp_path / "model"
    outcome = run("export", str(resolve_folder(None)), "-o", str(folder), "--format", "sentence-transformers")
    assert (outcome.status, outcome.out) == (0, f"{folder}\n"), outcome.err
    ours = load_model()
    queries, code = ["where do we readHTTPBody"], ["def readBody(stream):\n    return stream.read()", "def f(): pass"]
    texts = [function_text(FunctionSource(name="", code=body)) for body in code]
    theirs = library.SentenceTransformer(str(folder), device="cpu")
    # This package may compute in bfloat16, whose rounding is about one part in 250.
    assert theirs.encode(queries) @ ours.encode_queries(queries).T == pytest.approx(1.0, abs=1e-2)
    assert (theirs.encode(code) * ours.encode_texts(texts)).sum(axis=1) == pytest.approx(1.0, abs=1e-2)
    pairs = library.CrossEncoder(str(folder / "cross-encoder"), device="cpu", trust_remote_code=True)
    scores = pairs.predict([(queries[0], text) for text in texts])
    similarities = (ours.encode_queries(queries) @ ours.encode_texts(texts).T)[0]
    logits = ours.classify(queries[0], texts)
    assert scores == pytest.approx(fused_score(similarities, logits, ours.settings.fusion_weight), abs=0.5)
    assert abs(scores - logits).max() > 5
    assert scores[0] > scores[1]


@pytest.mark.usefixtures("model")
def test_export_does_not_write_over_its_source(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model itself is refused as output."""
    monkeypatch.delenv(MODEL_VARIABLE, raising=False)
    source = str(resolve_folder(None))
    outcome = run("export", source, "--output", source)
    assert outcome.status == 2
    assert "--output" in outcome.err


def test_settings_are_read_as_in_a_preset() -> None:
    """Numbers, truth values and text come out with their types; an equals sign may be part of the value."""
    assert _overrides(("joint.steps=20", "clip=0.5", "head=warm", "cosqa=a=b")) == {
        "joint.steps": 20,
        "clip": 0.5,
        "head": "warm",
        "cosqa": "a=b",
    }
    with pytest.raises(click.UsageError, match="YAML"):
        _overrides(("head=[",))


def test_unknown_setting_is_reported(run: Run, tmp_path: Path) -> None:
    """A setting that no preset has is named, before any data is read."""
    outcome = run(
        "train", "run", "first", "--data", str(tmp_path), "--output", str(tmp_path / "o"), "--set", "joint.stepps=2"
    )
    assert outcome.status == 2
    assert "stepps" in outcome.err
    assert outcome.err.count("\n") == 1


def test_mining_tells_what_is_missing(run: Run, tmp_path: Path) -> None:
    """Without its held-out list nothing is mined."""
    outcome = run(
        "train", "mine", "-o", str(tmp_path / "o"), "--packages", str(tmp_path), "--held-out", str(tmp_path / "none")
    )
    assert outcome.status == 2
    assert "held-out" in outcome.err
