"""Models without torch: the vectors and logits that torch gives, from any thread; a clear line where they cannot."""

from __future__ import annotations

import threading
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import cascode_models.load
from cascode_models.errors import ModelError
from cascode_models.export import export_model
from cascode_models.heads import LateHead
from cascode_models.inference import CasCodeModel
from cascode_models.late import CLOSED_GATE
from cascode_models.load import ENGINE_VARIABLE, bundled_folder, load_model
from cascode_models.modeling import CasCode
from cascode_models.openvino_network import OpenVinoNetwork, default_threads
from cascode_models.tokenization import TextTokenizer
from cascode_models.torch_network import TorchNetwork

TEXTS = ["def read(path): return open(path)", "def add(a, b): return a + b", "sort json parse file " * 3, "", "sort"]
#: What vectors of two engines agree to at least, so that they may stand in one index.
AGREED = 0.999

MakeNetwork = Callable[..., CasCode]


@pytest.fixture
def late_folder(make_network: MakeNetwork, tokenizer: TextTokenizer, tmp_path: Path) -> Path:
    """A tiny model as the bundled one is: a late head whose gates are closed."""
    network = make_network("late")
    assert isinstance(network.head, LateHead)
    with torch.no_grad():
        network.head.gates.fill_(-1e4)
    return export_model(network, tokenizer, tmp_path / "late")


def by(engine: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> CasCodeModel:
    """A model on the CPU, computed by an engine."""
    monkeypatch.setenv(ENGINE_VARIABLE, engine)
    return load_model(str(folder), device="cpu")


def hide(monkeypatch: pytest.MonkeyPatch, *packages: str) -> None:
    """Let packages not be installed, as far as the choice of the engine sees."""

    def find(name: str) -> ModuleSpec | None:
        return None if name in packages else find_spec(name)

    monkeypatch.setattr(cascode_models.load, "find_spec", find)


def test_the_bundled_model_agrees_with_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Vectors of queries and of functions of every length, and the classifier's logits, under one fingerprint."""
    light, reference = (by(engine, bundled_folder(), monkeypatch) for engine in ("openvino", "torch"))
    assert isinstance(light.network, OpenVinoNetwork)
    assert isinstance(reference.network, TorchNetwork)
    assert light.fingerprint == reference.fingerprint
    texts = [f"def read_{number}(path):\n    return open(path).read() # {'and more ' * number}" for number in range(60)]
    for encode in (lambda model: model.encode_texts(texts), lambda model: model.encode_queries(["read a file", ""])):
        cosines = (encode(light) * encode(reference)).sum(axis=1)
        assert cosines.min() > AGREED
    # Logits lie some ten apart; bfloat16 keeps three digits.
    logits = light.classify("read a file", texts), reference.classify("read a file", texts)
    assert np.abs(logits[0] - logits[1]).max() < 0.2
    assert np.ptp(logits[0]) > 1


@pytest.mark.parametrize("pooling", ["mean", "first"])
@pytest.mark.parametrize("model_type", ["bert", "roberta", "xlm-roberta"])
def test_every_common_shape_agrees_with_torch(
    make_network: MakeNetwork,
    tokenizer: TextTokenizer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    model_type: str,
    pooling: str,
) -> None:
    """Position schemes and poolings."""
    folder = export_model(make_network("none", model_type, pooling), tokenizer, tmp_path / "model")
    light, reference = (by(engine, folder, monkeypatch).encode_texts(TEXTS) for engine in ("openvino", "torch"))
    assert (light * reference).sum(axis=1).min() > AGREED
    assert np.abs(light @ light.T - np.eye(len(TEXTS))).max() > 0.1


def test_a_plain_folder_agrees_with_torch(plain_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As save_pretrained writes it, with the names that transformers gives."""
    light, reference = (by(engine, plain_folder, monkeypatch).encode_texts(TEXTS) for engine in ("openvino", "torch"))
    assert (light * reference).sum(axis=1).min() > AGREED


def test_the_late_head_agrees_with_torch(late_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Logits from NumPy are those of the network that was trained, also of texts of special tokens alone."""
    light = by("openvino", late_folder, monkeypatch)
    reference = by("torch", late_folder, monkeypatch)
    # Logits lie some ten apart; bfloat16 keeps three digits.
    tolerance = 0.2 if light.network.engine.endswith("bfloat16") else 2e-2
    for query in ("read a file", ""):
        assert np.allclose(light.classify(query, TEXTS), reference.classify(query, TEXTS), atol=tolerance)


def test_threads_share_the_model(late_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each thread gets the vectors of its own texts, whatever the others compute meanwhile."""
    model = by("openvino", late_folder, monkeypatch)
    texts = [[f"{'read file ' * (1 + (number + seed) % 7)}" for number in range(40)] for seed in range(4)]
    alone = [model.encode_texts(mine) for mine in texts]
    wrong: list[int] = []

    def encode(seed: int) -> None:
        model.threads = 1 + seed % 2
        for _ in range(10):
            if not np.allclose(model.encode_texts(texts[seed]), alone[seed], atol=1e-2):
                wrong.append(seed)

    threads = [threading.Thread(target=encode, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_the_cap_on_threads_is_the_calling_threads_own(late_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another thread keeps all; no cap exceeds what there is."""
    model = by("openvino", late_folder, monkeypatch)
    assert model.threads == model.all_threads == default_threads()
    model.threads = 1
    seen: list[int] = []
    other = threading.Thread(target=lambda: seen.append(model.threads))
    other.start()
    other.join()
    assert (model.threads, seen) == (1, [default_threads()])
    model.threads = 10_000
    assert model.threads == default_threads()


def test_two_passages_in_full_go_to_two_threads(late_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index that is made in small batches must not leave all cores but the first idle."""
    monkeypatch.setattr("cascode_models.openvino_network.default_threads", lambda: 2)
    network = by("openvino", late_folder, monkeypatch).network
    assert isinstance(network, OpenVinoNetwork)
    batches: list[list[int]] = []
    begin = network._begin
    monkeypatch.setattr(
        network, "_begin", lambda compiled, batch, rows: batches.append(batch) or begin(compiled, batch, rows)
    )
    network.threads = 2
    network.vectors([[5] * 128] * 2)
    assert batches == [[0], [1]]


def test_an_error_while_computing_leaves_the_model_usable(late_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that was under way is not handed to the next caller."""
    model = by("openvino", late_folder, monkeypatch)
    expected = model.encode_texts(TEXTS)
    with monkeypatch.context() as broken:
        broken.setattr("cascode_models.openvino_network.pool", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            model.encode_texts(TEXTS)
    assert np.allclose(model.encode_texts(TEXTS), expected, atol=1e-3)


def test_what_reads_pairs_is_computed_by_torch(
    make_network: MakeNetwork, tokenizer: TextTokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Open gates, other heads and backbones go to torch by themselves, and the reason is said."""
    monkeypatch.delenv(ENGINE_VARIABLE, raising=False)
    for number, (network, reason) in enumerate(
        [
            (make_network("late"), "open gates"),
            (make_network("plain"), "head 'plain'"),
            (make_network("none", "mpnet"), "a mpnet"),
        ]
    ):
        folder = export_model(network, tokenizer, tmp_path / str(number))
        model = load_model(str(folder), device="cpu")
        assert model.engine.startswith("torch ")
        assert reason in model.engine
        hide(monkeypatch, "torch")
        with pytest.raises(ModelError, match=rf"needs torch \(.*{reason}.*\): pip install \"cascode\[torch\]\"$"):
            load_model(str(folder), device="cpu")
        monkeypatch.undo()


def test_gates_count_as_closed_where_torch_takes_them_so(
    make_network: MakeNetwork, tokenizer: TextTokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit itself is closed; one gate above it is enough to need pairs."""
    monkeypatch.delenv(ENGINE_VARIABLE, raising=False)
    network = make_network("late")
    assert isinstance(network.head, LateHead)
    for gate, engine in ((CLOSED_GATE, "OpenVINO"), (CLOSED_GATE + 1, "torch")):
        with torch.no_grad():
            network.head.gates.fill_(CLOSED_GATE)
            network.head.gates[-1, 0] = gate
        folder = export_model(network, tokenizer, tmp_path / engine)
        model = load_model(str(folder), device="cpu")
        assert model.engine.startswith(engine)
        assert (model.network.late is None) == (engine == "torch")


def test_the_engine_is_chosen_and_named(late_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without torch where it can be, as asked where somebody asks, and never silently another."""
    monkeypatch.delenv(ENGINE_VARIABLE, raising=False)
    monkeypatch.setattr(cascode_models.load, "_may_have_gpu", lambda: False)
    assert load_model(str(late_folder)).engine.startswith("OpenVINO ")
    hide(monkeypatch, "openvino")
    model = load_model(str(late_folder))
    assert model.engine.startswith("torch ")
    assert "OpenVINO is not installed" in model.engine
    hide(monkeypatch, "openvino", "torch")
    with pytest.raises(ModelError, match=r"needs torch \(OpenVINO is not installed\)"):
        load_model(str(late_folder))
    monkeypatch.setenv(ENGINE_VARIABLE, "openvino")
    with pytest.raises(ModelError, match="asks for OpenVINO, which is not installed: pip install openvino, or unset"):
        load_model(str(late_folder))
    monkeypatch.delenv(ENGINE_VARIABLE)
    hide(monkeypatch, "transformers")
    with pytest.raises(ModelError, match=r"needs torch \(device 'cuda' was asked for\): pip install"):
        load_model(str(late_folder), device="cuda")
    monkeypatch.setenv(ENGINE_VARIABLE, "onnx")
    with pytest.raises(ModelError, match="CASCODE_ENGINE is 'onnx': use auto, openvino, torch"):
        load_model(str(late_folder))


def test_a_model_that_needs_torch_is_refused_where_openvino_is_asked_for(
    model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rather than computed by another engine than the one asked for."""
    with pytest.raises(ModelError, match=r"cannot be computed without torch .*: unset CASCODE_ENGINE"):
        by("openvino", model_folder, monkeypatch)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("head.views", r"of another version \(head\.views is missing\): train a new head"),
        (
            "backbone.encoder.layer.1.output.dense.bias",
            r"do not fit .*output\.dense\.bias is missing",
        ),
    ],
)
def test_a_missing_weight_is_named(late_folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, message: str) -> None:
    """In the words that torch's side has for it."""
    weights = load_file(late_folder / "model.safetensors")
    del weights[name]
    save_file(weights, late_folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=message):
        by("openvino", late_folder, monkeypatch)


def test_a_weight_of_another_shape_is_refused(late_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that would still broadcast too."""
    weights = load_file(late_folder / "model.safetensors")
    name = "backbone.encoder.layer.0.output.dense.bias"
    weights[name] = weights[name][:1].clone()
    save_file(weights, late_folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"do not fit .*output\.dense\.bias is \[1\], not \[32\]"):
        by("openvino", late_folder, monkeypatch)


def test_weights_in_bfloat16_are_read_by_torch(late_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """NumPy has no such format."""
    monkeypatch.delenv(ENGINE_VARIABLE, raising=False)
    weights = {name: value.bfloat16() for name, value in load_file(late_folder / "model.safetensors").items()}
    save_file(weights, late_folder / "model.safetensors", metadata={"format": "pt"})
    model = load_model(str(late_folder), device="cpu")
    assert model.engine.startswith("torch ")
    assert "BF16" in model.engine
