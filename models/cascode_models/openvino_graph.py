"""The graph of BERT and RoBERTa shapes in OpenVINO, built in memory from the safetensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from .folder import WeightFiles
from .openvino_library import load_openvino
from .settings import ModelSettings
from .types import FloatArray

openvino, ops = load_openvino()

#: Raise it whenever the graph is built in another way: compiled networks of before are not used again.
GRAPH_VERSION = 1


class Graph:
    """Builds the transformer's graph from its weights, one after the other.

    Its inputs are embedded tokens ``[texts, tokens, width]`` and what is added to the attention logits
    ``[texts, 1, 1, tokens]``: looked up outside, the embeddings, half of the weights, stay in half precision.
    """

    def __init__(self, weights: WeightFiles, settings: ModelSettings) -> None:
        shape = settings.backbone
        self._weights = weights
        self._width = int(shape["hidden_size"])
        self._inner = int(shape["intermediate_size"])
        self._layers = int(shape["num_hidden_layers"])
        self._heads = int(shape["num_attention_heads"])
        self._epsilon = float(shape.get("layer_norm_eps", 1e-12))

    def model(self) -> Any:
        """The graph."""
        embedded = ops.parameter([-1, -1, self._width], np.float32, name="embedded")
        hidden = ops.parameter([-1, 1, 1, -1], np.float32, name="hidden")
        x = self._norm(embedded, "embeddings.LayerNorm")
        for number in range(self._layers):
            layer = f"encoder.layer.{number}."
            parts = [self._split(x, f"{layer}attention.self.{kind}") for kind in ("query", "key", "value")]
            seen = ops.scaled_dot_product_attention(*parts, hidden)
            joined = ops.reshape(ops.transpose(seen, [0, 2, 1, 3]), [0, 0, self._width], special_zero=True)
            attended = self._linear(joined, f"{layer}attention.output.dense", self._width, self._width)
            x = self._norm(ops.add(x, attended), f"{layer}attention.output.LayerNorm")
            inner = ops.gelu(self._linear(x, f"{layer}intermediate.dense", self._width, self._inner), "erf")
            out = self._linear(inner, f"{layer}output.dense", self._inner, self._width)
            x = self._norm(ops.add(x, out), f"{layer}output.LayerNorm")
        return openvino.Model([ops.result(x)], [embedded, hidden], "cascode")

    def _read(self, name: str, *shape: int) -> FloatArray:
        """A weight of the backbone."""
        return self._weights.read(f"backbone.{name}", *shape)

    def _linear(self, x: Any, name: str, inputs: int, outputs: int) -> Any:
        """A product with its bias."""
        product = ops.matmul(x, ops.constant(self._read(f"{name}.weight", outputs, inputs)), False, True)
        return ops.add(product, ops.constant(self._read(f"{name}.bias", outputs)))

    def _split(self, x: Any, name: str) -> Any:
        """Queries, keys or values ``[texts, heads, tokens, head width]``."""
        product = self._linear(x, name, self._width, self._width)
        split = ops.reshape(product, [0, 0, self._heads, self._width // self._heads], special_zero=True)
        return ops.transpose(split, [0, 2, 1, 3])

    def _norm(self, x: Any, name: str) -> Any:
        """Layer norm over the width."""
        normal = ops.mvn(x, [-1], True, self._epsilon, "inside_sqrt")
        scaled = ops.multiply(normal, ops.constant(self._read(f"{name}.weight", self._width)))
        return ops.add(scaled, ops.constant(self._read(f"{name}.bias", self._width)))
