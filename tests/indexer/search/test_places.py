"""Places that a search is asked about, and open files in place of those on disk."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from cascode_indexer.engine import Engine
from cascode_indexer.errors import QueryError
from cascode_indexer.query import Query
from cascode_indexer.search.sources import CANDIDATES, BufferSource
from cascode_indexer.search.types import SearchRequest
from fake_encoder import FakeEncoder, FakeModelHandle
from shop_workspace import MAIL, SHOP, names


def test_what_was_typed_stands_in_for_its_file(engine: Engine, root: Path) -> None:
    """Found by words and by meaning, with its lines and its source; what it hides is not found."""
    typed = "import smtp\n\n\ndef post_parcel(address):\n    return parcel.post(address)\n"
    engine.set_overlay(root / "mail.py", typed)
    answer = engine.search(SearchRequest("post a parcel", rerank=False))
    assert set(names(answer)) == {"post_parcel", "Cart", "Cart.add", "Cart.remove"}
    first = answer.hits[0]
    assert (first.name, first.start_line, first.end_line) == ("post_parcel", 4, 5)
    assert {"meaning", "words"} <= set(first.why)
    assert engine.snippet(first) == "def post_parcel(address):\n    return parcel.post(address)"
    assert names(engine.search(SearchRequest("post a parcel", paths=("cart.py",)))) != names(answer)
    assert "post_parcel" not in names(engine.search(SearchRequest("post a parcel", kinds=("class",))))
    engine.clear_overlay(root / "mail.py")
    assert "send_mail" in names(engine.search(SearchRequest("send a mail")))


def test_a_search_encodes_few_of_the_definitions_that_were_typed(
    engine: Engine, root: Path, encoder: FakeEncoder
) -> None:
    """Eight, a tenth of a second with a real model; the rest is found by its words until it was refreshed."""
    engine.set_overlay(root / "many.py", "".join(f"def pack_{at}():\n    return {at}\n\n\n" for at in range(20)))
    before = len(encoder.encoded_texts)
    answer = engine.search(SearchRequest("pack", limit=20, rerank=False))
    assert len(encoder.encoded_texts) - before == 8
    assert sum(name.startswith("pack_") for name in names(answer)) == 20
    engine.refresh_overlays()
    assert len(encoder.encoded_texts) - before == 20


def test_a_buffer_gives_as_many_candidates_as_an_index(engine: Engine, root: Path) -> None:
    """The best by meaning and the best by words, of however many were typed; each once."""
    # One in two shares a word with the question.
    typed = "".join(f"def {('send', 'keep')[at % 2]}_{at}():\n    return {at}\n\n\n" for at in range(3 * CANDIDATES))
    engine.set_overlay(root / "many.py", typed)
    engine.refresh_overlays()
    (workspace,), overlays, query = engine.workspaces, engine._overlays, Query.of("send it")
    stems = overlays.stems(query.looked_up)
    source = BufferSource(root, overlays.of(root), stems, workspace.store.word_statistics(stems))
    by_both = source.candidates(query, engine.model.get().encode_queries(["send it"])[0])
    assert CANDIDATES <= len(by_both) <= 2 * CANDIDATES
    assert len({found.definition.id for found in by_both}) == len(by_both)
    by_words = source.candidates(query, None)
    assert len(by_words) == CANDIDATES
    # The last but one says it three times.
    engine.set_overlay(root / "many.py", f"{typed}def send_send():\n    send()\n    send()\n")
    engine.refresh_overlays()
    source = BufferSource(root, overlays.of(root), stems, workspace.store.word_statistics(stems))
    assert "send_send" in {found.definition.name for found in source.candidates(query, None)}
    assert all(found.definition.name.startswith("send") and found.bm25 > 0 for found in by_words)


def test_code_like_the_innermost_definition_at_a_line_is_found(engine: Engine, root: Path) -> None:
    """Neither itself nor what it stands in; a class finds none of its methods."""
    answer = engine.similar(root / "cart.py", 5)
    assert answer.query == "cart.py:5"
    assert names(answer)[0] == "Cart.remove"
    assert {"Cart", "Cart.add"}.isdisjoint(names(answer))
    assert set(names(engine.similar(root / "cart.py", 2))) == {"send_mail", "queue_mail"}
    assert len(engine.similar(root / "cart.py", 5, limit=1).hits) == 1


def test_the_innermost_definition_is_the_shortest_one(engine: Engine, root: Path) -> None:
    """However far down it begins."""
    text = "def outer():\n" + "    total += step\n" * 20 + "    def fold_paper():\n        return crane\n    return x\n"
    (root / "deep.py").write_text(text, encoding="utf-8")
    (root / "short.py").write_text("def fold_paper_again():\n    return crane\n", encoding="utf-8")
    (root / "long.py").write_text(
        "def outer_again():\n" + "    total += step\n" * 20 + "    return x\n", encoding="utf-8"
    )
    engine.update()
    assert names(engine.similar(root / "deep.py", 23))[0] == "fold_paper_again"
    assert names(engine.similar(root / "deep.py", 23)) != names(engine.similar(root / "deep.py", 2))


@pytest.mark.parametrize("place", ["b.py", "c.py"])
def test_the_same_lines_of_another_file_are_another_place(tmp_path: Path, place: str) -> None:
    """Whichever of the two paths comes first."""
    for path in ("b.py", "c.py"):
        (tmp_path / path).write_text(f"def fold_{path[0]}(paper):\n    return crane\n", encoding="utf-8")
    with Engine([tmp_path], model=FakeModelHandle()) as engine:
        engine.update()
        other = {"b.py": "fold_c", "c.py": "fold_b"}[place]
        assert names(engine.similar(tmp_path / place, 1)) == [other]


def test_a_place_is_one_of_its_own_folder(tmp_path: Path) -> None:
    """Files of one name in several folders are not taken for each other."""
    roots = {tmp_path / name: line for name, line in (("c", 1), ("a", 5), ("b", 9))}
    for root, line in roots.items():
        root.mkdir()
        text = "\n" * (line - 1) + f"def {root.name}_mail():\n    return {root.name}\n"
        (root / "mail.py").write_text(text, encoding="utf-8")
    with Engine(list(roots), model=FakeModelHandle()) as engine:
        engine.update()
        for root, line in roots.items():
            hits = engine.similar(root / "mail.py", line).hits
            assert {hit.root for hit in hits} == roots.keys() - {root}
            assert engine.snippet(hits[0]).startswith(f"def {hits[0].name}")


def test_code_like_what_was_typed_is_found_by_the_lines_of_the_buffer(engine: Engine, root: Path) -> None:
    """Of that file alone: another one's lines are those on disk."""
    for beside in ("cart.py", "zzz.py"):
        engine.set_overlay(root / beside, f"\n\n\n\n{SHOP}")
    engine.set_overlay(root / "mail.py", f"\n\n{MAIL}")
    engine.refresh_overlays()
    assert names(engine.similar(root / "mail.py", 8))[0] == "send_mail"
    with pytest.raises(
        QueryError, match=r"no definition at line 2 of mail.py; it holds send_mail 3-5, queue_mail 8-10"
    ):
        engine.similar(root / "mail.py", 2)
    for beside in ("cart.py", "zzz.py"):
        engine.clear_overlay(root / beside)
    for path in ("cart.py", "aaa.py", "zzz.py"):
        (root / path).write_text(SHOP, encoding="utf-8")
    engine.update()
    for path in ("cart.py", "aaa.py", "zzz.py"):
        assert "Cart.remove" in names(engine.similar(root / path, 5))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (4, r"no definition at line 4 of mail.py; it holds send_mail 1-3, queue_mail 6-8, \.\.\."),
        (9, "no definition at line 9 of mail.py"),
        (0, "no definition at line 0 of mail.py"),
    ],
)
def test_a_line_of_no_definition_says_which_there_are(engine: Engine, root: Path, line: int, message: str) -> None:
    """Between two, behind the last, before the first."""
    with pytest.raises(QueryError, match=message):
        engine.similar(root / "mail.py", line)
    (root / "new.py").write_text("\n".join(f"def at_{line}(): return 1\n" for line in (1, 3, 5, 7)), encoding="utf-8")
    engine.update()
    with pytest.raises(QueryError, match=r"it holds at_1 1-1, at_3 3-3, at_5 5-5, \.\.\."):
        engine.similar(root / "new.py", 2)
    (root / "new.py").write_text("", encoding="utf-8")
    engine.update()
    with pytest.raises(QueryError, match=r"no definitions are indexed in new.py: check the path, or run"):
        engine.similar(root / "new.py", 1)


def test_open_files_are_searched_where_no_folder_is(tmp_path: Path) -> None:
    """By words and by meaning, and what is like one of their definitions; a folder that is open hides them."""
    with Engine([], model=FakeModelHandle()) as engine:
        assert engine.search(SearchRequest("send a mail")).hits == ()
        for name, text in (("a.py", SHOP), ("mail.py", MAIL), ("z.py", SHOP)):
            engine.set_overlay(tmp_path / name, text)
        answer = engine.search(SearchRequest("send a mail"))
        assert (names(answer)[0], answer.functions) == ("send_mail", 8)
        assert {"meaning", "words"} <= set(answer.hits[0].why)
        assert names(engine.similar(tmp_path / "mail.py", 7))[0] == "send_mail"
        with pytest.raises(QueryError, match=r"it holds send_mail 1-3, queue_mail 6-8, \.\.\."):
            engine.similar(tmp_path / "mail.py", 5)
        (tmp_path / "folder").mkdir()
        engine.add_root(tmp_path / "folder")
        assert engine.search(SearchRequest("send a mail")).hits == ()


def test_definitions_of_one_line_are_no_neighbours_of_each_other(engine: Engine, root: Path) -> None:
    """What shares its line with a definition is no answer to what is like it: they are shown as one place."""
    (root / "doors.js").write_text("function openDoor() { return 1 } function closeDoor() { return 2 }\n", "utf-8")
    (root / "gates.js").write_text("function openGate() { return 1 }\n\nfunction closeGate() { return 2 }\n", "utf-8")
    engine.update()
    assert {"openDoor", "closeDoor"}.isdisjoint(names(engine.similar(root / "doors.js", 1)))
    assert "closeGate" in names(engine.similar(root / "gates.js", 1))
    assert "openGate" not in names(engine.similar(root / "gates.js", 1))


def test_a_hit_in_a_notebook_names_its_cell_and_shows_its_lines(tmp_path: Path) -> None:
    """Those of the cell; a hit in another file has none."""
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "source": ["def fold_paper():\n", "    return crane\n"]}
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{**cell, "source": "x = 1"}, cell]}
    (tmp_path / "a.ipynb").write_text(json.dumps(notebook, indent=1), encoding="utf-8")
    (tmp_path / "mail.py").write_text(MAIL, encoding="utf-8")
    with Engine([tmp_path], model=FakeModelHandle()) as engine:
        engine.update()
        hits = {hit.name: hit for hit in engine.search(SearchRequest("fold paper, send mail")).hits}
        found = hits["fold_paper"]
        assert found.cell is not None
        assert (found.cell.number, found.cell.start_line, found.cell.end_line) == (2, 1, 2)
        assert engine.snippet(found) == "def fold_paper():\n    return crane"
        assert hits["send_mail"].cell is None
        # One of the team's index is a line of the notebook that was read there.
        theirs = replace(hits["fold_paper"], cell=None, repository="paper")
        assert engine._searcher._with_cell(theirs) == theirs
        assert names(engine.similar(tmp_path / "a.ipynb", 1, cell=2))
