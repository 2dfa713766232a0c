"""The network of a model in OpenVINO, for BERT and RoBERTa shapes: what runs where torch is not installed.

The graph is built in memory from the safetensors, and what the engine compiled of it is kept where there is a place for
that (:mod:`cascode_models.prepared`): a process that answers one question spends most of its time here. Each stream of
the compiled graph is one CPU thread, and a batch is computed on one stream: threads that work on a product together
wait for each other at each step, and on a machine that is busy with something else they wait long.
"""

from __future__ import annotations

import functools
import hashlib
import json
import logging
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil

from .cores import allowed_cores
from .folder import WeightFiles, unfit
from .inference import WIDTH_MULTIPLE, Keep
from .late import LateWeights
from .openvino_graph import GRAPH_VERSION, Graph
from .openvino_library import load_openvino
from .poly import PolyWeights
from .prepared import Prepared
from .settings import ModelSettings, first_position
from .tokenization import batches_by_length, pad
from .types import FloatArray, StateArray

openvino, _ = load_openvino()

#: Tokens a batch: a batch runs on one thread, whose cache a larger one leaves. Memory of a stream grows with it.
TOKEN_BUDGET = 1_024
#: Fewer than these are not split further between threads: each batch costs half a millisecond by itself. A passage in
#: full has as many, and two of them are to go to two threads.
SMALLEST_BUDGET = 128
#: Streams: more threads than these share the memory's bandwidth, and each stream holds activations of its own.
MOST_THREADS = 16
#: Attention logit of a padded token: far below any other and finite in bfloat16.
MASKED = -1e9

logger = logging.getLogger(__name__)

#: Takes the positions of a batch's texts and their states ``[texts, tokens, dimension]``, valid until it returns.
Take = Callable[[list[int], FloatArray], None]


def load_network(
    folder: Path, settings: ModelSettings, pad_id: int, fingerprint: str = "", prepared: Prepared | None = None
) -> tuple[OpenVinoNetwork, int]:
    """Load a network for inference on the CPU, in bfloat16 where the hardware computes in it.

    Args:
        folder: The model's folder.
        settings: Its settings; :func:`cascode_models.load.needs_torch` says whether it fits.
        pad_id: Id of the padding token.
        fingerprint: Names the model.
        prepared: Holds networks that were compiled before; None compiles each time.

    Returns:
        The network, and the width of a vector.

    Raises:
        ModelError: Weights are missing or do not fit the configuration.
    """
    width = int(settings.backbone["hidden_size"])
    with WeightFiles(folder) as weights:
        try:
            words = weights.read(
                "backbone.embeddings.word_embeddings.weight", int(settings.backbone["vocab_size"]), width, dtype=None
            )
            compiled = _compile(weights, settings, fingerprint, prepared)
            places = _places(weights, settings)
            heads = _late(weights, settings), _poly(weights, settings)
            return OpenVinoNetwork(compiled, words, places, heads, settings, pad_id), width
        except (KeyError, ValueError, TypeError, RuntimeError) as error:
            raise unfit(folder, " ".join(str(error).split())) from error


class OpenVinoNetwork:
    """A compiled network: see :class:`cascode_models.inference.Network`; used from any thread."""

    def __init__(
        self,
        compiled: _Compiled,
        words: npt.NDArray[np.floating[Any]],
        places: FloatArray,
        heads: tuple[LateWeights | None, PolyWeights | None],
        settings: ModelSettings,
        pad_id: int,
    ) -> None:
        self._compiled = compiled
        self._widening = threading.Lock()
        self._words = words
        self._places = places
        self._pooling = settings.pooling
        self._pad_id = pad_id
        self._late, self._poly = heads
        self._threads = threading.local()

    @property
    def engine(self) -> str:
        """The library that computes, with its number format."""
        return f"OpenVINO {_version()}, {self._compiled.number_format}"

    @property
    def device(self) -> str:
        """``cpu``."""
        return "cpu"

    @property
    def late(self) -> LateWeights | None:
        """The late head; None where the model has no classifier."""
        return self._late

    @property
    def poly(self) -> PolyWeights | None:
        """The poly-encoder's weights; None where the model has none."""
        return self._poly

    @property
    def all_threads(self) -> int:
        """CPU threads where nothing caps them."""
        return default_threads()

    @property
    def threads(self) -> int:
        """Batches of the calling thread that are computed at a time, each on one CPU thread."""
        count: int = getattr(self._threads, "count", default_threads())
        return count

    @threads.setter
    def threads(self, count: int) -> None:
        self._threads.count = max(1, min(count, default_threads()))

    def vectors(self, rows: Sequence[Sequence[int]], keep: Keep | None = None) -> FloatArray:
        """See :meth:`cascode_models.inference.Network.vectors`."""
        vectors = np.empty((len(rows), self._words.shape[1]), dtype=np.float32)

        def take(batch: list[int], states: FloatArray) -> None:
            vectors[batch] = pool(states, [len(rows[row]) for row in batch], self._pooling)
            if keep is not None:
                for row, found in zip(batch, states, strict=True):
                    keep(row, found[: len(rows[row])])

        self._compute(rows, take)
        return vectors

    def states(self, rows: Sequence[Sequence[int]]) -> list[StateArray]:
        """``[tokens, dimension]`` states of each text by itself."""
        found: list[StateArray] = [np.empty(0, dtype=np.float16)] * len(rows)

        def take(batch: list[int], states: FloatArray) -> None:
            for row, state in zip(batch, states, strict=True):
                found[row] = state[: len(rows[row])].astype(np.float16)

        self._compute(rows, take)
        return found

    def pair_logits(self, query: Sequence[int], functions: Sequence[Sequence[int]]) -> FloatArray:  # noqa: ARG002
        """Never called: models that read pairs are computed by torch."""
        raise RuntimeError("this engine reads texts by themselves")

    def _compute(self, rows: Sequence[Sequence[int]], take: Take) -> None:
        """Compute the states of texts, as many batches at a time as the calling thread may."""
        budget = -(-sum(map(len, rows)) // self.threads)
        most = max(SMALLEST_BUDGET, min(TOKEN_BUDGET, budget))
        batches = list(batches_by_length([len(row) for row in rows], most))
        compiled = self._wide() if len(batches) > 1 and self.threads > 1 else self._compiled
        running: deque[tuple[Any, list[int], object]] = deque()

        def finish() -> None:
            request, batch, _inputs = running.popleft()
            request.wait()
            take(batch, request.get_output_tensor(0).data)
            compiled.idle.append(request)

        try:
            for batch in batches:
                if len(running) >= self.threads:
                    finish()
                running.append(self._begin(compiled, batch, rows))
            while running:
                finish()
        finally:
            # After an error: nothing that is still computed is given to somebody else.
            for request, *_ in running:
                request.wait()

    def _wide(self) -> _Compiled:
        """The network with a stream for each thread, from now on: several batches are to be computed at a time."""
        with self._widening:
            if self._compiled.wider is not None:
                self._compiled = self._compiled.wider()
        return self._compiled

    def _begin(
        self, compiled: _Compiled, batch: list[int], rows: Sequence[Sequence[int]]
    ) -> tuple[Any, list[int], object]:
        """Start to compute a batch; its inputs live as long as what is returned."""
        ids, mask = pad([rows[row] for row in batch], self._pad_id, WIDTH_MULTIPLE)
        # Padding that reaches beyond the last place is hidden, whatever place it gets.
        places = self._places[np.minimum(np.arange(ids.shape[1]), len(self._places) - 1)]
        embedded = self._words[ids].astype(np.float32) + places
        hidden = ((1 - mask) * MASKED).astype(np.float32)[:, None, None, :]
        inputs = (embedded, hidden)
        try:
            request = compiled.idle.pop()
        except IndexError:
            request = compiled.network.create_infer_request()
        request.start_async(dict(enumerate(inputs)), share_inputs=True)
        return request, batch, inputs


def pool(states: FloatArray, lengths: Sequence[int], pooling: str) -> FloatArray:
    """Unit vectors ``[texts, dimension]`` of the first ``lengths`` states each: their mean, or the first one.

    Args:
        states: ``[texts, tokens, dimension]``.
        lengths: Tokens of each text that are no padding.
        pooling: ``mean`` or ``first``.
    """
    if pooling == "first":
        vectors = states[:, 0]
    else:
        vectors = np.stack([text[:length].mean(axis=0) for text, length in zip(states, lengths, strict=True)])
    # What is all zeros stays so, as in torch.
    unit: FloatArray = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return unit


@functools.cache
def default_threads() -> int:
    """CPU threads that computing takes by itself: cores this process may use, not the threads that share one."""
    allowed = allowed_cores()
    return max(1, min(allowed, psutil.cpu_count(logical=False) or allowed, MOST_THREADS))


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A network that is ready to compute."""

    network: Any
    number_format: str
    #: What it was made from, mapped: the engine may still read weights there.
    content: object = None
    #: Makes the same with a stream for each thread, where this has one stream: each takes 80 ms and memory of its own,
    #: and a question is one batch.
    wider: Callable[[], _Compiled] | None = None
    #: Requests that nobody uses; each holds a stream while it computes.
    idle: deque[Any] = field(default_factory=deque)


def _compile(weights: WeightFiles, settings: ModelSettings, fingerprint: str, prepared: Prepared | None) -> _Compiled:
    """Return the compiled network: from what was prepared, which takes a quarter of the time, or built and kept."""
    core = openvino.Core()
    # A processor that has to emulate bfloat16 is not asked to.
    half = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    number_format, precision = ("bfloat16", "bf16") if half else ("float32", "f32")

    def properties(streams: int) -> dict[str, Any]:
        return {"INFERENCE_PRECISION_HINT": precision, "NUM_STREAMS": streams, "INFERENCE_NUM_THREADS": streams}

    everything = properties(default_threads())
    if prepared is None:
        return _Compiled(core.compile_model(Graph(weights, settings).model(), "CPU", everything), number_format)
    processor = core.get_property("CPU", "FULL_DEVICE_NAME")
    depends = [fingerprint, openvino.__version__, processor, GRAPH_VERSION, precision]
    name = hashlib.sha256(json.dumps(depends).encode()).hexdigest()[:32]
    content = prepared.network(name)
    if content is not None:

        def load(streams: int, wider: Callable[[], _Compiled] | None = None) -> _Compiled:
            network = core.import_model(openvino.Tensor(content, shared_memory=True), "CPU", properties(streams))
            return _Compiled(network, number_format, content, wider)

        try:
            return load(1, (lambda: load(default_threads())) if default_threads() > 1 else None)
        except RuntimeError as error:
            logger.warning("the compiled network %s cannot be used (%s): compiling again", name, _one_line(error))
    model = Graph(weights, settings).model()
    if weights.formats() == {"F16"}:
        model = _in_half_precision(core, model)
    network = core.compile_model(model, "CPU", everything)
    prepared.keep_network(name, network.export_model().getvalue())
    return _Compiled(network, number_format)


def _in_half_precision(core: Any, model: Any) -> Any:
    """Return the graph with its weights as they are in the file: what is kept of it is half as large.

    OpenVINO marks weights as compressed when it writes a graph, and nowhere else.
    """
    with tempfile.TemporaryDirectory(prefix="cascode-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "network.xml"
        openvino.save_model(model, path, compress_to_fp16=True)
        # Read from memory: a mapped file could not be deleted on Windows.
        return core.read_model(path.read_bytes(), path.with_suffix(".bin").read_bytes())


def _one_line(error: Exception) -> str:
    """An error of the engine, which writes them over several lines."""
    return " ".join(str(error).split())


def _version() -> str:
    """The engine's version, for people to read."""
    return str(openvino.__version__).partition("-")[0]


def _places(weights: WeightFiles, settings: ModelSettings) -> FloatArray:
    """What is added to embedded words ``[places, width]``, from the first place that a token takes."""
    shape = settings.backbone
    width = int(shape["hidden_size"])
    prefix = "backbone.embeddings"
    table = weights.read(f"{prefix}.position_embeddings.weight", int(shape["max_position_embeddings"]), width)
    # Every token has type 0: its embedding is the same at every place.
    types = weights.read(f"{prefix}.token_type_embeddings.weight", int(shape.get("type_vocab_size", 2)), width)
    places: FloatArray = (table + types[:1])[first_position(shape) :]
    return places


def _late(weights: WeightFiles, settings: ModelSettings) -> LateWeights | None:
    """The late head's numbers."""
    if settings.head == "none":
        return None
    first, second, third = weights.read("head.views", 3).tolist()
    return LateWeights((first, second, third), float(weights.read("head.bias")))


def _poly(weights: WeightFiles, settings: ModelSettings) -> PolyWeights | None:
    """The poly-encoder's numbers."""
    count = settings.poly_codes
    if not count:
        return None
    width = int(settings.backbone["hidden_size"])
    codes = weights.read("poly.codes", count, width) if settings.poly_kind == "learnt" else None
    return PolyWeights(codes, count, float(weights.read("poly.sharpness")))
