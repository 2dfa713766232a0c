"""Writing a model as folders that sentence-transformers loads: a bi-encoder, and a cross-encoder inside it.

Both read what this package reads: the tokenizer written splits identifiers itself, so that queries and code go in as
they are. A plain head on a usual backbone becomes a sequence classifier of transformers, which any installation loads.
Any other model needs this package beside sentence-transformers, which asks for ``trust_remote_code=True`` before it
imports a class that is not its own; the folder itself holds no code.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import save_file
from tokenizers import Regex, Tokenizer, normalizers, processors

from .errors import ModelError
from .export import CONFIGURATION, export_model, forget_model
from .folder import WEIGHTS_FILE, resolve_folder
from .torch_load import read_folder
from .writing import replacing, write_tensors

if TYPE_CHECKING:
    from .modeling import CasCode
    from .tokenization import TextTokenizer

#: The cross-encoder's folder inside the bi-encoder's.
CROSS_ENCODER = "cross-encoder"
#: The class that sentence-transformers imports for heads that transformers does not know.
PAIR_CLASSIFIER = "cascode_models.pair_classifier.PairClassifier"

#: Sequence classifiers of transformers whose head is the plain head: model type to class, name of the backbone
#: inside, and names of the head's two layers.
_CLASSIFIERS = {
    "bert": ("BertForSequenceClassification", "bert", "bert.pooler.dense", "classifier"),
    "roberta": ("RobertaForSequenceClassification", "roberta", "classifier.dense", "classifier.out_proj"),
    "xlm-roberta": ("XLMRobertaForSequenceClassification", "roberta", "classifier.dense", "classifier.out_proj"),
    "camembert": ("CamembertForSequenceClassification", "roberta", "classifier.dense", "classifier.out_proj"),
}
#: Between the words of a camelCase identifier, as :func:`cascode_models.text.split_identifiers` separates them.
_WORD_BOUNDARY = r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])"
#: The names that every version from 2 on understands.
_BI_ENCODER_MODULES = (
    ("", "sentence_transformers.models.Transformer"),
    ("1_Pooling", "sentence_transformers.models.Pooling"),
    ("2_Normalize", "sentence_transformers.models.Normalize"),
)


def write_model(name_or_path: str | None, output: Path, *, for_sentence_transformers: bool = False) -> Path:
    """Write a model as a folder of its own.

    Args:
        name_or_path: As for :func:`cascode_models.load.load_model`; also any BERT- or RoBERTa-like encoder.
        output: The folder, made if it is missing.
        for_sentence_transformers: Write what that library loads, instead of what this one does.

    Returns:
        ``output``.

    Raises:
        ModelError: There is no such model, or ``output`` is its own folder.
    """
    folder = resolve_folder(name_or_path)
    if output.exists() and output.resolve() == folder.resolve():
        raise ModelError(f"{output} is the model itself: name another folder with --output")
    network, _settings, tokenizer = read_folder(folder)
    write = export_for_sentence_transformers if for_sentence_transformers else export_model
    return write(network, tokenizer, output)


def export_for_sentence_transformers(network: CasCode, tokenizer: TextTokenizer, folder: Path) -> Path:
    """Write a model for sentence-transformers.

    ``SentenceTransformer(folder)`` gives the vectors of the fast stage, ``CrossEncoder(folder / "cross-encoder")``
    the logits of the classifier, where the model has one, or of a late head the fused scores: its logits are made to
    stand beside the cosine. Functions longer than ``max_text_tokens`` are cut there by the bi-encoder, queries too; a
    standard cross-encoder cuts the pair at the sum of the classifier's limits.

    Args:
        network: The model.
        tokenizer: Its tokenizer.
        folder: Where to write; made where it is missing.

    Returns:
        The folder.
    """
    settings = network.config.settings()
    backbone = _half(network.backbone.state_dict())
    shape = dict(settings.backbone)
    _write_transformer(folder, shape, _base_class(network), backbone)
    _write_tokenizer(folder, tokenizer, max_tokens=settings.max_text_tokens)
    _write_modules(folder, _BI_ENCODER_MODULES)
    _write_json(folder / "sentence_bert_config.json", {"max_seq_length": settings.max_text_tokens})
    first = settings.pooling == "first"
    _write_json(
        folder / "1_Pooling" / "config.json",
        {
            "word_embedding_dimension": network.dimension,
            "pooling_mode_cls_token": first,
            "pooling_mode_mean_tokens": not first,
        },
    )
    _write_json(folder / "2_Normalize" / "config.json", {})
    _write_json(
        folder / "config_sentence_transformers.json",
        {"model_type": "SentenceTransformer", "similarity_fn_name": "cosine"},
    )
    if network.head is None:
        return folder
    inner = folder / CROSS_ENCODER
    # What CrossEncoder.predict gives is the logit, as in this package; its default would be the sigmoid.
    activation = {"activation_fn": "torch.nn.modules.linear.Identity"}
    if settings.head == "plain" and shape["model_type"] in _CLASSIFIERS:
        name, inside, dense, out = _CLASSIFIERS[shape["model_type"]]
        head = _half(network.head.state_dict())
        tensors = {f"{inside}.{key}": value for key, value in backbone.items()}
        tensors |= {f"{dense}.{part}": head[f"dense.{part}"] for part in ("weight", "bias")}
        tensors |= {f"{out}.{part}": head[f"out.{part}"] for part in ("weight", "bias")}
        one_label = {"id2label": {"0": "relevant"}, "label2id": {"relevant": 0}, "sentence_transformers": activation}
        _write_transformer(inner, shape | one_label, name, tensors)
        _write_tokenizer(inner, tokenizer, max_tokens=settings.max_query_tokens + settings.classified_tokens - 1)
    else:
        export_model(network, tokenizer, inner)
        _write_modules(inner, (("", PAIR_CLASSIFIER),))
        _write_json(inner / "config_sentence_transformers.json", {"model_type": "CrossEncoder", **activation})
    return folder


def _half(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Weights in float16, as in every exported model."""
    return {name: value.detach().to("cpu", torch.float16).contiguous() for name, value in state.items()}


def _base_class(network: CasCode) -> str:
    """Name of the backbone's class."""
    return type(network.backbone).__name__


def _write_transformer(folder: Path, shape: dict[str, Any], name: str, tensors: dict[str, torch.Tensor]) -> None:
    """Write configuration and weights of a model of transformers."""
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder, WEIGHTS_FILE, CONFIGURATION) as (weights, configuration):
        write_tensors(weights, lambda path: save_file(tensors, path, metadata={"format": "pt"}))
        # Half the file, but computed in float32: float16 is slow on a CPU and rounds.
        _write_json(configuration, {**shape, "architectures": [name], "dtype": "float32"})
        forget_model(folder)


def _write_tokenizer(folder: Path, tokenizer: TextTokenizer, *, max_tokens: int) -> None:
    """Write a tokenizer that splits identifiers and joins a pair as the plain head expects it."""
    library = Tokenizer.from_str(tokenizer.to_json())
    split = normalizers.Replace(Regex(_WORD_BOUNDARY), " ")
    before = [] if library.normalizer is None else [copy.deepcopy(library.normalizer)]
    library.normalizer = normalizers.Sequence([split, *before])
    empty = library.encode("")
    (first, first_id), (last, last_id) = zip(empty.tokens, empty.ids, strict=True)
    library.post_processor = processors.TemplateProcessing(
        single=f"{first} $A {last}",
        pair=f"{first} $A {last} $B:0 {last}:0",
        special_tokens=[(first, first_id), (last, last_id)],
    )
    (folder / "tokenizer.json").write_text(library.to_str(), encoding="utf-8")
    _write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": max_tokens,
            "pad_token": library.id_to_token(tokenizer.pad_id),
            "cls_token": first,
            "sep_token": last,
            # Every token has type 0 here, those of the function too.
            "model_input_names": ["input_ids", "attention_mask"],
        },
    )


def _write_modules(folder: Path, modules: tuple[tuple[str, str], ...]) -> None:
    """Write the list of modules that sentence-transformers runs one after the other."""
    rows = [{"idx": at, "name": str(at), "path": path, "type": kind} for at, (path, kind) in enumerate(modules)]
    _write_json(folder / "modules.json", rows)


def _write_json(path: Path, content: object) -> None:
    """Write a JSON file, and its folder where that is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
