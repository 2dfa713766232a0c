"""Loading: what is accepted, and the one clear line for what is not."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from huggingface_hub import snapshot_download
from safetensors.torch import load_file, save_file

from cascode_models.errors import ModelError
from cascode_models.export import export_model
from cascode_models.folder import (
    MODEL_VARIABLE,
    _hub_cache,
    bundled_folder,
    fingerprint,
    read_settings,
    read_tokenizer,
    resolve_folder,
)
from cascode_models.load import load_model
from cascode_models.text import TEXT_VERSION
from cascode_models.tokenization import TextTokenizer
from cascode_models.torch_load import fast_dtype, read_folder


def fails(match: str, name: str | None) -> None:
    """Loading ``name`` fails with one line that matches."""
    with pytest.raises(ModelError, match=match) as caught:
        load_model(name, device="cpu")
    assert "\n" not in str(caught.value)


def test_export_is_loaded_whole(model_folder: Path) -> None:
    """Our own export has its classifier and a stable fingerprint."""
    first, second = load_model(str(model_folder)), load_model(str(model_folder))
    assert first.has_classifier
    assert first.fingerprint == second.fingerprint
    assert first.dimension == 32


def test_fingerprint_follows_what_decides_a_vector(model_folder: Path) -> None:
    """Another pooling or text length is another fingerprint; a tuned weight is not."""
    before = load_model(str(model_folder)).fingerprint
    path = model_folder / "config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps(config | {"fusion_weight": 3.0}))
    assert load_model(str(model_folder)).fingerprint == before
    path.write_text(json.dumps(config | {"max_text_tokens": 40}))
    assert load_model(str(model_folder)).fingerprint != before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("num_attention_heads", 8),
        ("layer_norm_eps", 1e-5),
        ("hidden_act", "relu"),
        ("position_embedding_type", "relative_key"),
        ("is_decoder", True),
    ],
)
def test_fingerprint_follows_the_configuration_of_the_backbone(model_folder: Path, field: str, value: object) -> None:
    """Two folders with equal weights that compute other vectors share none; what only says who wrote it has no part."""

    def named(backbone: dict[str, Any]) -> str:
        """The fingerprint of a folder with another backbone's configuration."""
        (model_folder / "config.json").write_text(json.dumps(config | {"backbone": backbone}))
        settings = read_settings(model_folder)
        return fingerprint(model_folder, settings, read_tokenizer(model_folder, settings))

    config = json.loads((model_folder / "config.json").read_text())
    before = named(config["backbone"])
    assert named(config["backbone"] | {field: value}) != before
    assert named(config["backbone"] | {"transformers_version": "9.9", "hidden_dropout_prob": 0.3}) == before
    other = config["backbone"] | {"model_type": "modernbert"}
    assert named(other) != before
    assert named(other | {"global_attn_every_n_layers": 2}) != named(other)
    assert named(other | {"transformers_version": "9.9"}) == named(other)


def test_a_backbone_as_most_are_is_known_as_before_its_configuration_counted() -> None:
    """The bundled model's vectors in the indexes that there are stay valid."""
    folder = bundled_folder()
    settings = read_settings(folder)
    tokenizer = read_tokenizer(folder, settings)
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.safetensors")):
        digest.update(path.read_bytes())
    digest.update(tokenizer.to_json().encode())
    shape = [settings.pooling, settings.max_query_tokens, settings.max_text_tokens, TEXT_VERSION]
    digest.update(json.dumps(shape).encode())
    assert fingerprint(folder, settings, tokenizer) == digest.hexdigest()[:16]


def test_head_of_another_version_is_named(make_network, tokenizer, tmp_path: Path) -> None:
    """A classifier without a weight that this version has says so, to inference and to training."""
    folder = export_model(make_network("late"), tokenizer, tmp_path / "late")
    weights = load_file(folder / "model.safetensors")
    del weights["head.views"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    for load in (lambda: load_model(str(folder)), lambda: read_folder(folder)):
        with pytest.raises(ModelError, match=r"of another version \(head\.views is missing\): train a new head"):
            load()


def test_plain_encoder_is_a_fast_encoder_without_classifier(plain_folder: Path, model_folder: Path) -> None:
    """A folder of save_pretrained gives the vectors of the same weights in our export, without a head."""
    plain, own = load_model(str(plain_folder)), load_model(str(model_folder))
    assert not plain.has_classifier
    vectors = plain.encode_texts(["read file"]), own.encode_texts(["read file"])
    assert float((vectors[0] * vectors[1]).sum()) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("model_type", ["mpnet", "roberta-prelayernorm"])
def test_models_that_number_places_from_behind_the_padding_give_their_own_vectors(
    make_network, tokenizer, tmp_path: Path, model_type: str
) -> None:
    """A folder of save_pretrained of such a model is encoded as the model by itself encodes it."""
    backbone = make_network("none", model_type).backbone
    folder = saved(backbone, tokenizer, tmp_path)
    texts = ["read file", "sort list of json"]
    found = load_model(str(folder), device="cpu").encode_texts(texts)
    with torch.no_grad():
        states = [
            backbone(input_ids=torch.tensor([ids])).last_hidden_state.mean(1)[0] for ids in tokenizer.ids(texts, 64)
        ]
    expected = torch.nn.functional.normalize(torch.stack(states), dim=-1).numpy()
    assert np.allclose(found, expected, atol=2e-2)
    assert float(found[0] @ found[1]) < 0.95


@pytest.mark.parametrize("name", ["dtype", "torch_dtype"])
@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_a_number_format_in_the_configuration_rounds_nothing(
    name: str, dtype: str, plain_folder: Path, tokenizer: TextTokenizer, tmp_path: Path
) -> None:
    """Encoders say how they were saved; they are read in float32, and what is written of them does not say it."""
    path = plain_folder / "config.json"
    content = {key: value for key, value in json.loads(path.read_text()).items() if "dtype" not in key}
    path.write_text(json.dumps(content | {name: dtype}))
    network = read_folder(plain_folder)[0]
    weights = load_file(plain_folder / "model.safetensors")
    read = network.backbone.state_dict()
    assert read
    for key, value in read.items():
        assert value.dtype == torch.float32
        assert torch.equal(value, weights[key])
    written = json.loads((export_model(network, tokenizer, tmp_path / "out") / "config.json").read_text())
    assert not {"dtype", "torch_dtype"} & set(written["backbone"])


def test_a_model_with_code_of_its_own_is_refused_without_a_question(
    plain_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """transformers would ask on the terminal whether to run that code, and wait for the answer."""
    asked: list[str] = []
    monkeypatch.setattr("builtins.input", lambda question="": asked.append(question) or "n")
    path = plain_folder / "config.json"
    # A type whose configuration transformers has, and no encoder for it.
    own = {"model_type": "blip_text_model", "auto_map": {"AutoModel": "modeling_own.OwnModel"}}
    path.write_text(json.dumps(json.loads(path.read_text()) | own))
    fails("is not an encoder that can be used", str(plain_folder))
    assert asked == []


@pytest.mark.parametrize("model_type", ["deberta-v2", "fnet", "gpt2"])
def test_a_backbone_that_reads_padding_its_own_way_is_refused(
    make_network, tokenizer, tmp_path: Path, model_type: str
) -> None:
    """Its vectors would be wrong beside longer texts and look like any others."""
    folder = saved(make_network("none", model_type).backbone, tokenizer, tmp_path)
    fails(
        f"not an encoder that can be used .a {model_type} model handles padding and positions in its own way",
        str(folder),
    )


def saved(backbone: Any, tokenizer: TextTokenizer, folder: Path) -> Path:
    """A plain folder as save_pretrained writes it."""
    backbone.save_pretrained(folder / "saved")
    (folder / "saved" / "tokenizer.json").write_text(tokenizer.to_json())
    return folder / "saved"


@pytest.mark.parametrize("said", ['{"pooling_mode_cls_token": true}', '{"pooling_mode": "cls"}'])
def test_cls_pooling_of_a_sentence_transformers_folder_is_followed(plain_folder: Path, said: str) -> None:
    """A folder that says so, as earlier or as current versions do, is pooled by its first token."""
    mean = load_model(str(plain_folder)).encode_texts(["read file json"])
    (plain_folder / "1_Pooling").mkdir()
    (plain_folder / "1_Pooling" / "config.json").write_text(said)
    first = load_model(str(plain_folder)).encode_texts(["read file json"])
    assert not np.allclose(mean, first, atol=1e-2)


@pytest.mark.parametrize("said", ['{"pooling_mode_max_tokens": true}', '{"pooling_mode": "lasttoken"}'])
def test_another_pooling_is_refused(plain_folder: Path, said: str) -> None:
    """Vectors of a pooling there is none of would be silently wrong."""
    (plain_folder / "1_Pooling").mkdir()
    (plain_folder / "1_Pooling" / "config.json").write_text(said)
    with pytest.raises(ModelError, match="only mean pooling and the first token"):
        load_model(str(plain_folder))


def test_mean_pooling_of_a_current_folder_is_followed(plain_folder: Path) -> None:
    """What current versions write for the mean is the mean."""
    mean = load_model(str(plain_folder)).encode_texts(["read file json"])
    (plain_folder / "1_Pooling").mkdir()
    (plain_folder / "1_Pooling" / "config.json").write_text('{"embedding_dimension": 32, "pooling_mode": "mean"}')
    np.testing.assert_array_equal(load_model(str(plain_folder)).encode_texts(["read file json"]), mean)


def test_environment_names_the_default(model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment variable replaces the bundled model."""
    monkeypatch.setenv(MODEL_VARIABLE, str(model_folder))
    assert load_model().dimension == 32


def test_unknown_name_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A name that is no folder and not cached says so without asking the network."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    fails("neither a folder nor in the local Hugging Face cache: check it, or run 'hf download", "nobody/no-such-model")
    fails("neither a folder nor in the local Hugging Face cache: check the path$", "/no/such/folder/anywhere")


def test_pickled_weights_are_refused(plain_folder: Path) -> None:
    """Pickles are never loaded; the message names the way out."""
    (plain_folder / "model.safetensors").rename(plain_folder / "pytorch_model.bin")
    fails("pickled weights only.*save_pretrained", str(plain_folder))


def test_a_file_an_empty_folder_and_no_weights(tmp_path: Path, plain_folder: Path) -> None:
    """What is no model folder is named as such."""
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()
    fails("is a file", str(tmp_path / "file"))
    fails("holds no config.json", str(tmp_path / "empty"))
    (plain_folder / "model.safetensors").unlink()
    fails("holds no model.safetensors", str(plain_folder))


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"a": 1}', '{"model_type": "no-such-type"}', '{"model_type": "gpt2"}']
)
def test_configuration_that_is_none(plain_folder: Path, content: str) -> None:
    """Any other configuration gives one line."""
    (plain_folder / "config.json").write_text(content)
    with pytest.raises(ModelError) as caught:
        load_model(str(plain_folder), device="cpu")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_truncated_weights(model_folder: Path, share: float) -> None:
    """Weights cut anywhere are damaged, not half loaded."""
    path = model_folder / "model.safetensors"
    os.truncate(path, int(path.stat().st_size * share))
    fails("damaged weights", str(model_folder))


def test_a_cached_name_is_found_where_the_hub_keeps_it(
    model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder is the one that the hub's own client finds; a reference that leads out of the cache is none."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    repository = tmp_path / "hub" / "models--somebody--tiny.model"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("0123456789" * 4)
    shutil.copytree(model_folder, repository / "snapshots" / ("0123456789" * 4))
    found = resolve_folder("somebody/tiny.model")
    assert found == Path(snapshot_download("somebody/tiny.model", local_files_only=True, cache_dir=tmp_path / "hub"))
    (repository / "refs" / "main").write_text("../../../..")
    fails("neither a folder nor in the local Hugging Face cache", "somebody/tiny.model")


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"HF_HUB_CACHE": "/a", "HF_HOME": "/b"}, "/a"),
        ({"HF_HOME": "/b", "XDG_CACHE_HOME": "/c"}, "/b/hub"),
        ({"XDG_CACHE_HOME": "/c"}, "/c/huggingface/hub"),
        ({"HOME": "/d"}, "/d/.cache/huggingface/hub"),
    ],
)
def test_the_hub_cache_is_where_its_client_looks(
    variables: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client's environment variables move its cache, the most particular first."""
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert _hub_cache() == Path(expected)


def test_weights_of_another_shape(model_folder: Path) -> None:
    """Weights that do not fit the configuration are refused."""
    path = model_folder / "config.json"
    config = json.loads(path.read_text())
    config["backbone"]["vocab_size"] = 121
    path.write_text(json.dumps(config))
    fails("do not fit", str(model_folder))


def test_damaged_tokenizer(model_folder: Path) -> None:
    """A damaged tokenizer file is named."""
    (model_folder / "tokenizer.json").write_text("{")
    fails("tokenizer.json is damaged", str(model_folder))


@pytest.mark.parametrize(("capability", "expected"), [(7, torch.float16), (8, torch.bfloat16)])
def test_a_gpu_that_emulates_bfloat16_computes_in_float16(
    capability: int, expected: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From Ampere on GPUs compute in it; on earlier ones torch makes it out of float32."""
    monkeypatch.setattr(torch.version, "hip", None)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _device: SimpleNamespace(major=capability))
    monkeypatch.setattr(torch.cuda, "_check_bf16_tensor_supported", lambda _device: True)
    assert fast_dtype("cuda") == expected


def test_unknown_device(model_folder: Path) -> None:
    """A device that does not exist is named with those that do."""
    with pytest.raises(ModelError, match="use cpu or cuda"):
        load_model(str(model_folder), device="tpu")


def test_missing_bundled_weights_are_explained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An installation without weights says how to fix it."""
    monkeypatch.delenv(MODEL_VARIABLE, raising=False)
    monkeypatch.setattr("cascode_models.folder.bundled_folder", lambda: tmp_path)
    fails("bundled weights are missing", None)


@pytest.mark.skipif(not (bundled_folder() / "model.safetensors").exists(), reason="no bundled weights yet")
def test_bundled_model_finds_the_obvious(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bundled model loads without a network, weighs 50 MB at most and distinguishes two functions."""
    monkeypatch.delenv(MODEL_VARIABLE, raising=False)
    model = load_model(device="cpu")
    texts = [
        "def load(path):\n    return json.loads(path.read_text())",
        "def area(r):\n    return math.pi * r * r",
    ]
    scores = model.encode_queries(["read a json file", "surface of a circle"]) @ model.encode_texts(texts).T
    assert scores.argmax(1).tolist() == [0, 1]
    assert (bundled_folder() / "model.safetensors").stat().st_size <= 50_000_000


def test_loading_imports_neither_transformers_nor_the_compiler(model_folder: Path) -> None:
    """A search waits for no import of transformers or torch's compiler, which take seconds each."""
    code = (
        "import sys; from cascode_models.load import load_model;"
        "model = load_model(sys.argv[1], device='cpu');"
        "model.classify('a', ['b']); sys.exit('transformers' in sys.modules or 'torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(model_folder)], check=False).returncode == 0
