"""Token states as an index keeps them: packed small, and compared with a query."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from cascode_models.errors import ModelError
from cascode_models.export import export_model
from cascode_models.late import BEGINNING
from cascode_models.load import load_model
from cascode_models.token_states import STATES_FILE, StateCodec, read_codec
from cascode_models.tokenization import TextTokenizer
from cascode_models.types import FloatArray
from tiny_model import make_network

WIDTH, DIMENSION = 24, 8
#: Ids of brackets and dots.
SILENT = [3, 5]


@pytest.fixture
def rng() -> np.random.Generator:
    """The same numbers in every run."""
    return np.random.default_rng(0)


@pytest.fixture
def codec(rng: np.random.Generator) -> StateCodec:
    """Random projections, one for each side."""
    query, function = (rng.standard_normal((WIDTH, DIMENSION)).astype(np.float32) for _ in range(2))
    return StateCodec(query, function, (0.9, 0.3), np.array(SILENT))


def normalized(rows: FloatArray) -> FloatArray:
    """Rows of length 1."""
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def unpacked(codec: StateCodec, packed: bytes) -> FloatArray:
    """The states that bytes stand for: sixteen steps around 0, the low half of a byte first."""
    step = 2 * 2.6 / 16 / DIMENSION**0.5
    values = [((half - 8) + 0.5) * step for byte in packed for half in (byte % 16, byte // 16)]
    return normalized(np.array(values, dtype=np.float32).reshape(-1, codec.dimension))


def by_hand(codec: StateCodec, query: FloatArray, states: FloatArray) -> float:
    """MaxSim in both views, a token at a time."""
    nearest = [max(float(asked @ kept) for kept in states) for asked in query]
    in_beginning = [max(float(asked @ kept) for kept in states[:BEGINNING]) for asked in query]
    return codec.views[0] * sum(nearest) / len(query) + codec.views[1] * sum(in_beginning) / len(query)


def function_of(rng: np.random.Generator, tokens: int) -> tuple[list[int], FloatArray]:
    """Ids that all say something, between two special ones, and random states."""
    return [1, *range(100, 100 + tokens), 2], rng.standard_normal((tokens + 2, WIDTH)).astype(np.float32)


def test_scores_are_those_of_a_loop_over_the_tokens(codec: StateCodec, rng: np.random.Generator) -> None:
    """Every query token's nearest one in the whole function and in its beginning, of functions of every length."""
    query = codec.query(rng.standard_normal((6, WIDTH)).astype(np.float32))
    packed = [codec.pack(*function_of(rng, tokens)) for tokens in (1, 3, BEGINNING, BEGINNING + 1, 40)]
    expected = [by_hand(codec, query, unpacked(codec, states)) for states in packed]
    assert codec.scores(query, packed) == pytest.approx(expected, abs=1e-4)


def test_four_bits_keep_the_direction(codec: StateCodec, rng: np.random.Generator) -> None:
    """What is packed stands for nearly the same unit states."""
    ids, states = function_of(rng, 60)
    exact = normalized(states[1:-1] @ codec.function_projection)
    packed = codec.pack(ids, states)
    assert len(packed) == 60 * codec.state_bytes == 60 * DIMENSION // 2
    assert ((unpacked(codec, packed) * exact).sum(axis=1) > 0.97).all()


def test_a_query_is_projected_by_its_own_matrix(codec: StateCodec, rng: np.random.Generator) -> None:
    """Special tokens take no part; a query of nothing else keeps them."""
    states = rng.standard_normal((5, WIDTH)).astype(np.float32)
    assert codec.query(states) == pytest.approx(normalized(states[1:-1] @ codec.query_projection), abs=1e-5)
    assert codec.query(states[:2]).shape == (2, DIMENSION)


def test_tokens_that_say_nothing_are_left_out(codec: StateCodec, rng: np.random.Generator) -> None:
    """Brackets take no place; a function of nothing else keeps them, so that it can be compared."""
    ids, states = function_of(rng, 4)
    ids[2] = SILENT[0]
    assert codec.pack(ids, states) == codec.pack(ids[:2] + ids[3:], np.delete(states, 2, axis=0))
    bare = [1, *SILENT, 2]
    assert len(codec.pack(bare, states[:4])) == 2 * codec.state_bytes
    assert len(codec.pack([1, 2], states[:2])) == 2 * codec.state_bytes


def test_many_functions_are_scored_in_their_order(codec: StateCodec, rng: np.random.Generator) -> None:
    """More than are compared at a time, each as it is scored alone."""
    query = codec.query(rng.standard_normal((6, WIDTH)).astype(np.float32))
    packed = [codec.pack(*function_of(rng, 1 + number % 7)) for number in range(95)]
    alone = [float(codec.scores(query, [states])[0]) for states in packed]
    assert codec.scores(query, packed) == pytest.approx(alone, abs=1e-5)
    assert len(set(alone)) == len(alone)


def test_nothing_to_compare_gives_nothing(codec: StateCodec, rng: np.random.Generator) -> None:
    """No functions, no scores."""
    assert codec.scores(codec.query(rng.standard_normal((4, WIDTH)).astype(np.float32)), []).shape == (0,)


def test_a_codec_comes_back_from_its_folder(codec: StateCodec, rng: np.random.Generator, tmp_path: Path) -> None:
    """It packs the same bytes; a folder without one gives none."""
    assert read_codec(tmp_path, WIDTH) is None
    codec.save(tmp_path)
    again = read_codec(tmp_path, WIDTH)
    function = function_of(rng, 9)
    assert again is not None
    assert again.pack(*function) == codec.pack(*function)
    assert again.views == pytest.approx(codec.views)


@pytest.mark.parametrize(
    "changed",
    [
        {"query": np.zeros((WIDTH, DIMENSION + 2), dtype=np.float32)},
        {"function": np.zeros((WIDTH + 1, DIMENSION), dtype=np.float32)},
        {"views": np.zeros(3, dtype=np.float32)},
        {"silent": np.zeros((2, 2), dtype=np.int32)},
        dict.fromkeys(("query", "function"), np.zeros((WIDTH, 7), dtype=np.float32)),
    ],
)
def test_a_codec_of_another_model_is_one_line(
    codec: StateCodec, tmp_path: Path, changed: dict[str, FloatArray]
) -> None:
    """Shapes that do not fit are refused with what to do."""
    right = {
        "query": codec.query_projection,
        "function": codec.function_projection,
        "views": np.array(codec.views, dtype=np.float32),
        "silent": np.array(SILENT, dtype=np.int32),
    }
    save_file(right | changed, tmp_path / STATES_FILE)
    with pytest.raises(ModelError, match="cascode train states"):
        read_codec(tmp_path, WIDTH)


def test_a_damaged_codec_is_one_line(tmp_path: Path) -> None:
    """What is no safetensors file is refused, not skipped."""
    (tmp_path / STATES_FILE).write_bytes(b"no codec")
    with pytest.raises(ModelError, match="damaged"):
        read_codec(tmp_path, WIDTH)


@pytest.fixture
def late_folder(tmp_path: Path, tokenizer: TextTokenizer) -> Path:
    """An exported model whose classifier reads texts by themselves."""
    return export_model(make_network("late", gate_bias=-1e4), tokenizer, tmp_path / "late")


@pytest.mark.parametrize("engine", ["openvino", "torch"])
def test_vectors_and_states_come_of_one_pass(
    late_folder: Path, monkeypatch: pytest.MonkeyPatch, engine: str, rng: np.random.Generator
) -> None:
    """A model with a codec gives the vectors it always gave, and states that a query is compared with."""
    monkeypatch.setenv("CASCODE_ENGINE", engine)
    plain = load_model(str(late_folder))
    assert not plain.keeps_states
    width = plain.dimension
    projection = rng.standard_normal((width, DIMENSION)).astype(np.float32)
    StateCodec(projection, projection, (1.0, 0.0), np.array([], dtype=np.int64)).save(late_folder)
    model = load_model(str(late_folder))
    assert model.keeps_states
    assert model.fingerprint != plain.fingerprint
    texts = ["def read(path): return open(path)", "def add(a, b): return a + b", "x"]
    encoded = model.encode_definitions(texts)
    assert encoded.vectors == pytest.approx(plain.encode_texts(texts), abs=1e-5)
    assert encoded.states is not None
    pieces = ["def read(path): return open(path)", "another piece"]
    asked = model.encode_query(pieces)
    assert asked.vector == pytest.approx(plain.encode_query(pieces).vector, abs=1e-5)
    assert asked.states is not None
    scores = model.late_scores(asked.states, encoded.states)
    # The same words, give or take what four bits lose.
    assert scores[0] == pytest.approx(1.0, abs=0.05)
    assert scores.argmax() == 0


def test_a_model_without_a_codec_keeps_no_states(late_folder: Path) -> None:
    """It encodes as before."""
    model = load_model(str(late_folder))
    encoded = model.encode_definitions(["def add(a, b): return a + b"])
    assert encoded.states is None
    assert model.encode_query(["add"]).states is None
    assert model.state_bytes == 0
