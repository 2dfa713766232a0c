"""States of functions that the classifier read lately."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch

from cascode_lab.evaluation.cascade import fast_scores, functions_kept, stage_scores
from cascode_lab.evaluation.sets import RetrievalSet
from cascode_models.function_states import FunctionStates
from cascode_models.heads import LateHead, Texts
from cascode_models.inference import CasCodeModel
from cascode_models.modeling import CasCode
from cascode_models.tensors import pair
from cascode_models.tokenization import PairLayout, TextTokenizer
from cascode_models.torch_network import TorchNetwork, model_of
from cascode_models.two_stage import TwoStage
from cascode_models.types import StateArray

TEXTS = ["def read(path): return open(path)", "def add(a, b): return a + b", "sort json parse file " * 3, "sort"]
#: Width of the states here, and bytes of one token's.
WIDTH = 4
TOKEN = 2 * WIDTH


class Recorder:
    """Reads functions and remembers which."""

    def __init__(self) -> None:
        self.read: list[list[int]] = []

    def __call__(self, rows: Sequence[Sequence[int]]) -> list[StateArray]:
        """States that identify the function."""
        self.read += [list(row) for row in rows]
        return [np.full((len(row), WIDTH), row[0], dtype=np.float16) for row in rows]


@pytest.fixture
def late_model(make_network: Callable[..., CasCode], tokenizer: TextTokenizer) -> CasCodeModel:
    """A model with a late head whose gates are closed."""
    network = make_network("late")
    assert isinstance(network.head, LateHead)
    with torch.no_grad():
        network.head.gates.fill_(-1e4)
    return model_of(network, network.config.settings(), tokenizer, dimension=32, fingerprint="x")


def module_of(model: CasCodeModel) -> TwoStage:
    """The network of torch inside a model."""
    assert isinstance(model.network, TorchNetwork)
    return model.network.module


def test_only_what_is_missing_is_read_and_once() -> None:
    """Functions come in the order asked for; one asked for twice or before is not read again."""
    states, reader = FunctionStates(), Recorder()
    first = states.of([[3, 1], [5], [3, 1]], reader)
    assert [float(state[0, 0]) for state in first] == [3, 5, 3]
    assert reader.read == [[3, 1], [5]]
    second = states.of([[7, 7, 7], [5]], reader)
    assert [state.shape for state in second] == [(3, WIDTH), (1, WIDTH)]
    assert reader.read == [[3, 1], [5], [7, 7, 7]]


def test_those_not_asked_for_the_longest_make_room() -> None:
    """No more bytes are kept than the limit allows, also where one function alone is larger."""
    states, reader = FunctionStates(limit=4 * TOKEN), Recorder()
    states.of([[1, 1], [2, 2]], reader)
    states.of([[1, 1]], reader)
    states.of([[3, 3]], reader)  # 2 goes: 1 was asked for after it
    reader.read.clear()
    states.of([[1, 1]], reader)
    states.of([[3, 3]], reader)
    assert reader.read == []
    states.of([[2, 2]], reader)
    assert reader.read == [[2, 2]]
    assert [len(state) for state in states.of([[9] * 50], reader)] == [50]
    reader.read.clear()
    states.of([[9] * 50], reader)
    assert reader.read == [[9] * 50]


def test_threads_get_their_own_functions_and_the_count_of_bytes_stays_right() -> None:
    """Searches of several threads share what is kept."""
    states, wrong = FunctionStates(limit=10 * TOKEN), []

    def search(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for _ in range(300):
            wanted = [[int(number)] * 2 for number in rng.integers(0, 12, size=4)]
            found = states.of(wanted, Recorder())
            wrong.extend(row for row, state in zip(wanted, found, strict=True) if float(state[0, 0]) != row[0])

    threads = [threading.Thread(target=search, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    # What every thread added and dropped is counted once: a wrong count would let the memory grow.
    assert states._bytes == sum(state.nbytes for state in states._kept.values()) <= states.limit
    reader = Recorder()
    for number in range(100, 105):
        states.of([[number] * 2], reader)
    states.of([[number] * 2 for number in range(100, 105)], reader)
    # Five of two tokens fit exactly, so nothing of them was dropped and the bytes of all others were given back.
    assert len(reader.read) == 5


def test_texts_by_themselves_score_as_pairs_do(late_model: CasCodeModel) -> None:
    """With closed gates the logits are those that the network gives for the pairs."""
    query = "read a file"
    network, tokenizer = module_of(late_model), late_model.tokenizer
    assert network.reads_alone
    assert late_model.network.late is not None
    tensors = pair(tokenizer.ids([query] * len(TEXTS), 32), tokenizer.ids(TEXTS, 64), 0, PairLayout(True))
    with torch.inference_mode():
        together = network.classify(*tensors).numpy()
    assert np.ptp(together) > 0.5
    assert np.allclose(late_model.classify(query, TEXTS), together, atol=1e-3)


def test_a_second_search_reads_the_query_alone(late_model: CasCodeModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions that an earlier search had among its candidates are not read again, and score the same."""
    first = late_model.classify("read a file", TEXTS)
    read: list[int] = []
    module = module_of(late_model)
    original = module.token_states

    def counted(ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        read.append(len(ids))
        return original(ids, mask)

    monkeypatch.setattr(module, "token_states", counted)
    assert np.array_equal(late_model.classify("read a file", TEXTS[::-1]), first[::-1])
    assert read == [1]
    late_model.classify("sort json", [*TEXTS, "def parse(file)"])
    assert read == [1, 1, 1]


def test_what_is_kept_is_no_part_of_a_batch(late_model: CasCodeModel) -> None:
    """A view would keep the padding and the neighbours of a short function in memory."""
    late_model.classify("read a file", TEXTS)
    kept = list(late_model.function_states._kept.values())
    assert len(kept) == len(TEXTS)
    assert all(state.base is None for state in kept)


def test_a_measurement_reads_no_function_twice(late_model: CasCodeModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two depths of one set share what was read; afterwards the model keeps what it kept before."""
    before = late_model.function_states
    task = RetrievalSet("set", ["read a file", "sort json"], TEXTS, np.array([0, 2]))
    read: list[int] = []
    module = module_of(late_model)
    original = module.token_states

    def counted(ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        read.append(len(ids))
        return original(ids, mask)

    scores = fast_scores(late_model, task)
    monkeypatch.setattr(module, "token_states", counted)
    with functions_kept(late_model):
        stage_scores(late_model, task, 4, scores)
        read.clear()
        deep = stage_scores(late_model, task, 4, scores)
    # The queries alone.
    assert read == [1, 1]
    assert late_model.function_states is before
    assert np.array_equal(deep.logits, stage_scores(late_model, task, 4, scores).logits)
    assert late_model.function_states is before


def test_products_are_computed_in_float32(make_network: Callable[..., CasCode], tokenizer: TextTokenizer) -> None:
    """States in bfloat16 have three digits; their products must not lose another, or near ties change places."""
    network = make_network("late").to(torch.bfloat16)
    assert isinstance(network.head, LateHead)
    with torch.no_grad():
        network.head.gates.fill_(-1e4)
    model = model_of(network, network.config.settings(), tokenizer, dimension=32, fingerprint="x")
    found = model.classify("read a file", TEXTS)
    ids = [tokenizer.ids(["read a file"], 32)[0], *tokenizer.ids(TEXTS, 64)]
    query, *functions = [torch.from_numpy(state).float() for state in model.network.states(ids)]
    with torch.inference_mode():
        exact = [
            float(network.head.logits(*(Texts(state[None], torch.ones(1, len(state))) for state in (query, function))))
            for function in functions
        ]
    assert np.allclose(found, exact, atol=1e-3)


def test_one_open_gate_is_enough_to_read_pairs(make_network: Callable[..., CasCode]) -> None:
    """The states of a text by itself are those in a pair only where nothing at all crosses."""
    network = make_network("late")
    assert isinstance(network.head, LateHead)
    with torch.no_grad():
        network.head.gates.fill_(-1e4)
        assert network.reads_alone
        network.head.gates[-1, 0] = -3.0
    assert not network.reads_alone


def test_open_gates_read_pairs(make_network: Callable[..., CasCode], tokenizer: TextTokenizer) -> None:
    """Where attention crosses, or the head is another, nothing can be read beforehand."""
    for head in ("late", "warm", "plain"):
        network = make_network(head)
        assert not network.reads_alone
        model = model_of(network, network.config.settings(), tokenizer, dimension=32, fingerprint="x")
        assert model.network.late is None
        assert np.isfinite(model.classify("read", TEXTS)).all()
