"""What was worked out of a model serves the next start, and never another model."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import cascode_models.openvino_network
from cascode_models.cores import allowed_cores
from cascode_models.load import ENGINE_VARIABLE, load_model
from cascode_models.prepared import Prepared

TEXTS = ["def read(path):\n    return open(path).read()", "sort the list"]


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that holds what was worked out of the bundled model."""
    monkeypatch.setenv(ENGINE_VARIABLE, "openvino")
    load_model(prepared=tmp_path / "models")
    return tmp_path / "models"


def network_of(kept: Path) -> Path:
    """The compiled network."""
    (path,) = kept.glob("*.network")
    return path


def test_a_second_start_builds_nothing(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The compiled network gives the vectors of the one that is built, under the same fingerprint."""
    built = load_model()
    expected = built.encode_texts(TEXTS)
    monkeypatch.setattr(cascode_models.openvino_network, "Graph", None)
    found = load_model(prepared=kept)
    # The engine adds in another order where weights came in half precision.
    assert found.encode_texts(TEXTS) == pytest.approx(expected, abs=1e-4)
    assert (found.fingerprint, found.engine) == (built.fingerprint, built.engine)


@pytest.mark.skipif(allowed_cores() < 2, reason="the engine takes no more streams than there are processors")
def test_one_question_takes_one_stream(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A start for a question prepares one thread; the first work of several batches prepares all, in between too."""
    monkeypatch.setattr(cascode_models.openvino_network, "default_threads", lambda: 2)
    model = load_model(prepared=kept)
    network = model.network
    assert isinstance(network, cascode_models.openvino_network.OpenVinoNetwork)
    question = model.encode_query([TEXTS[1]]).vector
    narrow = network._compiled
    assert narrow.network.get_property("NUM_STREAMS") == 1
    long = [f"{TEXTS[0]} # {number} " + "close the file " * 40 for number in range(24)]
    several = model.encode_texts(long)
    wide = network._compiled
    assert wide.network.get_property("NUM_STREAMS") == 2
    assert model.encode_texts(long) == pytest.approx(several, abs=1e-6)
    assert several == pytest.approx(load_model().encode_texts(long), abs=1e-4)
    assert model.encode_query([TEXTS[1]]).vector == pytest.approx(question, abs=1e-6)
    assert network._compiled is wide


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "open to others"])
def test_a_network_that_cannot_be_trusted_is_compiled_again(
    kept: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    """What was damaged, or could have been written by somebody else, is never given to the engine."""
    path = network_of(kept)
    content = bytearray(path.read_bytes())
    if damage == "open to others":
        if not hasattr(os, "getuid"):
            pytest.skip("Windows keeps others out of a user's folders itself")
        path.chmod(0o666)
    elif damage == "changed":
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    else:
        path.write_bytes(content[: len(content) // 2 if damage == "cut" else 0])
    load_model(prepared=kept)
    assert ("damaged" in caplog.text or "others can write it" in caplog.text) == (damage != "empty")
    assert Prepared(kept).network(path.stem) is not None


def test_the_fingerprint_of_known_files_is_not_worked_out_again(tmp_path: Path) -> None:
    """A model is read once; a file that changed since, whatever its size, is another model."""
    model, prepared = tmp_path / "model", Prepared(tmp_path / "kept")
    model.mkdir()
    for name in ("model.safetensors", "tokenizer.json"):
        (model / name).write_text("old", encoding="utf-8")
        os.utime(model / name, (1_000_000_000, 1_000_000_000))
    made = iter(["first", "second", "third"])

    def fingerprint(version: int = 1) -> str:
        return prepared.fingerprint(model, version, lambda: next(made))

    assert [fingerprint(), fingerprint()] == ["first", "first"]
    (model / "model.safetensors").write_text("new", encoding="utf-8")
    os.utime(model / "model.safetensors", (1_000_000_001, 1_000_000_001))
    assert [fingerprint(), fingerprint()] == ["second", "second"]
    assert fingerprint(version=2) == "third"


def test_a_file_that_changed_just_now_is_read_each_time(tmp_path: Path) -> None:
    """It may change again without another time."""
    prepared = Prepared(tmp_path / "kept")
    (tmp_path / "model.safetensors").write_text("new", encoding="utf-8")
    made = iter(["first", "second"])
    assert [prepared.fingerprint(tmp_path, 1, lambda: next(made)) for _ in range(2)] == ["first", "second"]


def test_old_networks_are_dropped(tmp_path: Path) -> None:
    """Four are kept: those that were used last."""
    prepared = Prepared(tmp_path)
    for number in range(6):
        prepared.keep_network(f"n{number}", b"content")
        os.utime(tmp_path / f"n{number}.network", (number, number))
    prepared.keep_network("last", b"content")
    assert {path.stem for path in tmp_path.glob("*.network")} == {"last", "n5", "n4", "n3"}


def test_a_folder_that_cannot_be_written_costs_time_only(tmp_path: Path) -> None:
    """The bundled model loads where nothing can be kept."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert load_model(prepared=tmp_path / "file" / "models").encode_queries(["sort"]).shape[0] == 1
