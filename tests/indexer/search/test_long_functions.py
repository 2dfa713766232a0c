"""A long function is found by what it does at its end, on the disk and in a buffer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from cascode_indexer.engine import Engine
from cascode_indexer.query import Query
from cascode_indexer.query.filters import Filters
from cascode_indexer.search.sources import BufferSource, IndexSource, _by_text
from cascode_indexer.search.types import SearchRequest
from cascode_indexer.store.passages import passage_id, passages_of, place_of
from cascode_models.inference import mean_vector
from cascode_models.text import passages
from fake_encoder import FakeEncoder, FakeModelHandle

STEPS = "".join(f"    step_{word}(value, {word})\n" for word in ("alpha", "beta", "gamma", "delta", "epsilon") * 8)
LONG = f"def process(value):\n{STEPS}    rename_invoices_of_customers(value)\n"
QUESTION = "rename invoices of customers"


@pytest.fixture
def encoder() -> FakeEncoder:
    """A model whose index keeps states."""
    return FakeEncoder(states=True)


@pytest.fixture
def engine(tmp_path: Path, encoder: FakeEncoder) -> Iterator[Engine]:
    """A workspace with a long function and some short ones, indexed."""
    root = tmp_path / "shop"
    root.mkdir()
    (root / "long.py").write_text(LONG, encoding="utf-8")
    (root / "short.py").write_text(
        "\n\n".join(f"def f{n}(x):\n    return x + {n}\n" for n in range(9)), encoding="utf-8"
    )
    with Engine([root], model=FakeModelHandle(encoder)) as engine:
        engine.update()
        yield engine


def source_of(engine: Engine) -> IndexSource:
    """The index as a search reads it."""
    (workspace,) = engine.workspaces
    return IndexSource(
        workspace.root,
        workspace.store,
        workspace.vectors().reading,
        kept_states=workspace.index.cache().get_states,
    )


def best_cosine(encoder: FakeEncoder) -> float:
    """Cosine of the question and the nearest passage, which is not the first."""
    cosines = encoder.encode_texts(passages(LONG.rstrip())) @ encoder.encode_query([QUESTION]).vector
    assert cosines.argmax() > 0
    return float(cosines.max())


def test_the_nearest_passage_speaks_for_a_definition(engine: Engine, encoder: FakeEncoder) -> None:
    """It is one candidate, however many of its passages are near."""
    found = source_of(engine).candidates(Query.of(QUESTION), encoder.encode_query([QUESTION]).vector)
    (process,) = [candidate for candidate in found if candidate.definition.name == "process"]
    assert process.similarity == pytest.approx(best_cosine(encoder), abs=1e-3)
    answer = engine.search(SearchRequest(QUESTION))
    assert answer.hits[0].name == "process"
    assert [hit.name for hit in answer.hits].count("process") == 1


def test_what_words_bring_is_compared_by_all_its_passages(engine: Engine, encoder: FakeEncoder) -> None:
    """Where the nearest vectors leave it out as well."""
    (workspace,) = engine.workspaces
    source = IndexSource(workspace.root, workspace.store, workspace.vectors().reading, wanted=1)
    nearest_to = encoder.encode_query(["f3 return x"]).vector
    found = {row.definition.name: row.similarity for row in source.candidates(Query.of(QUESTION), nearest_to)}
    cosines = encoder.encode_texts(passages(LONG.rstrip())) @ nearest_to
    assert found["process"] == pytest.approx(float(cosines.max()), abs=1e-3)


def test_filters_let_every_passage_of_what_they_allow_answer(engine: Engine, encoder: FakeEncoder) -> None:
    """A glob allows the file's definitions to their ends."""
    query = Query.of(QUESTION, Filters.parse((), (), ("long.py",)))
    found = source_of(engine).candidates(query, encoder.encode_query([QUESTION]).vector)
    assert [candidate.definition.name for candidate in found] == ["process"]
    assert found[0].similarity == pytest.approx(best_cosine(encoder), abs=1e-3)


def test_states_of_all_passages_are_compared(engine: Engine, encoder: FakeEncoder) -> None:
    """One below the other, in the order of the text."""
    source = source_of(engine)
    (process,) = source.store.definitions_of_file("long.py")
    kept = encoder.encode_definitions(passages(LONG.rstrip())).states
    assert kept is not None
    assert source.states([process]) == {process.id: b"".join(kept)}


def test_without_its_beginning_nothing_is_compared(engine: Engine) -> None:
    """Late interaction weighs the beginning by itself: the end alone would be taken for it."""
    source = source_of(engine)
    (process,) = source.store.definitions_of_file("long.py")
    first, *further = source.store.keys(passages_of([process.text_id])).values()
    (workspace,) = engine.workspaces
    kept = workspace.index.cache().get_states

    def without_the_first(keys: list[bytes]) -> dict[bytes, bytes]:
        return {key: packed for key, packed in kept(keys).items() if key != first}

    cut = IndexSource(workspace.root, workspace.store, None, kept_states=without_the_first)  # type: ignore[arg-type]
    assert further
    assert cut.states([process]) == {}


def test_a_buffer_is_read_to_its_end_too(engine: Engine, encoder: FakeEncoder) -> None:
    """With the vectors and states that the same file on the disk has."""
    (workspace,) = engine.workspaces
    (stored,) = workspace.store.definitions_of_file("long.py")
    on_disk = source_of(engine).states([stored])[stored.id]
    path = workspace.root / "long.py"
    engine.set_overlay(path, "# not saved\n" + LONG)
    assert engine.search(SearchRequest(QUESTION)).hits[0].start_line == 2
    (file,) = engine._overlays.of(workspace.root)
    (definition,) = file.definitions
    assert file.similarity(file.texts[0], encoder.encode_query([QUESTION]).vector) == pytest.approx(
        best_cosine(encoder), abs=1e-3
    )
    source = BufferSource(workspace.root, (file,), {}, workspace.store.word_statistics([]))
    assert source.states([definition]) == {definition.id: on_disk}


def test_passages_of_one_definition_leave_places_to_others(engine: Engine, encoder: FakeEncoder) -> None:
    """As many definitions are looked for as are wanted, whether the nearest vectors are of one or of many."""
    (workspace,) = engine.workspaces
    source = IndexSource(workspace.root, workspace.store, workspace.vectors().reading, wanted=3)
    nothing = Query.of("?")
    assert not nothing.looked_up
    like_the_long_one = mean_vector(encoder.encode_texts(passages(LONG.rstrip())))
    found = source.candidates(nothing, like_the_long_one)
    assert len(found) == 3
    assert "process" in {candidate.definition.name for candidate in found}
    assert len(source.candidates(nothing, encoder.encode_query(["f3 return x"]).vector)) == 3


def test_a_rest_that_was_not_encoded_is_by_the_next_update(engine: Engine, encoder: FakeEncoder) -> None:
    """A process that ended between beginnings and the rest left nothing that would stay undone."""
    (workspace,) = engine.workspaces
    root = workspace.root
    further = [passage for passage in workspace.store.encoded_passages() if place_of(passage)]
    workspace.index.writer().mark_encoded(further, encoded=False)
    assert workspace.store.counts().pending == 0
    engine.close()
    with Engine([root], model=FakeModelHandle(encoder)) as again:
        again.update()
        assert again.workspaces[0].store.pending_passages() == []


def test_beginnings_in_a_buffer_are_encoded_first(engine: Engine, encoder: FakeEncoder) -> None:
    """What is typed below a long function is found before that function's end."""
    (workspace,) = engine.workspaces
    path = workspace.root / "new.py"
    engine.set_overlay(path, f"{LONG.replace('process', 'renew')}\n\ndef below():\n    return 1\n")
    engine._overlays.refresh(encoder, lambda _root: None, 2, with_outside=False)
    (file,) = engine._overlays.of(workspace.root)
    assert set(file.vectors) == set(file.texts)
    assert file.states_of(file.texts[0])
    beginning, rest = file.passages[file.texts[0]][:2]
    file.kept[rest] = file.kept.pop(beginning)
    assert file.states_of(file.texts[0]) == b""


def test_the_best_passage_of_each_text_counts_and_nobodys_does_not() -> None:
    """A vector index that holds fewer than were asked for fills up with id -1."""
    ids = np.array([passage_id(2, 1), passage_id(3, 0), passage_id(2, 0), -1])
    found = _by_text(ids, np.array([0.5, 0.75, 1.0, 0.25], dtype=np.float32))
    assert list(found.items()) == [(2, 1.0), (3, 0.75)]
