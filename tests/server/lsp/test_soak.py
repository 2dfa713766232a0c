"""Two editors on one workspace of thousands of files, doing everything at once for minutes.

``CASCODE_SOAK_SECONDS`` says how long: 120 by default, 1800 for ``make soak``.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from cascode_indexer.engine import Engine
from cascode_indexer.location import locate
from cascode_indexer.search.types import SearchRequest
from cascode_indexer.store.passages import passage_id
from cascode_indexer.store.store import Store

from .conftest import Editor, Start, eventually
from .soak_person import Person
from .soak_workspace import make_workspace, real_functions, words_of

_SECONDS = float(os.environ.get("CASCODE_SOAK_SECONDS", "120"))
_FILES = int(os.environ.get("CASCODE_SOAK_FILES", "5000"))
#: The same run for the same seed, as far as two processes on a busy machine can be the same.
_SEED = 20_261_121
#: Between two branch switches: as a person who compares branches does, and long enough to index one.
_BRANCH_SECONDS = 15.0
#: A person's pause between two things, per person: both together do about 30 things a second.
_PAUSE_SECONDS = 0.03
_SAMPLE_SECONDS = 1.0
#: By then a server has seen everything that it does once, or by half of a run that is shorter than twice that.
_WARM_SECONDS = 300.0
#: After the last edit the index must be complete within this time, on a machine that does much else.
_SETTLE_SECONDS = 120.0
#: A vector made in another batch differs in the last bits of bfloat16: by less than this in a score.
_SAME_SCORE = 0.02
#: What a server's memory may grow by between the second and the last third of the run. Allocators keep what threads
#: freed, and the CPU backend keeps memory for each new shape of a batch: 45 MB in seven minutes before widths were
#: rounded up. A leak of one search's arrays, or of the
#: text of edited documents, is several times more after some thousands of each.
_GROWTH_MB = 80.0


@pytest.mark.slow
@pytest.mark.timeout(_SECONDS + 600)
def test_index_survives_everything_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: None, start: Start
) -> None:
    """After edits, renames, branch switches, searches, cancels and folder changes by two clients at once the index
    equals a clean one, every request was answered, and memory has not grown.
    """
    chooser = random.Random(_SEED)
    root = make_workspace(tmp_path / "shop", _FILES, chooser)
    extras = [make_workspace(tmp_path / f"extra{number}", 20, chooser) for number in range(2)]
    people = [_sit_down(start, root, extra, number) for number, extra in enumerate(extras)]
    for person in people:
        _wait_ready(person.editor)
    memory = _work(people)
    for person in people:
        person.leave()
    _report(people, memory)
    assert [wrong for person in people for wrong in person.wrong] == []
    for person in people:
        _wait_ready(person.editor)
        assert person.answers["hits"] > 0
    _compare_with_clean_index(root, people, tmp_path / "clean", monkeypatch)
    for person in people:
        assert person.editor.finish() == 0
    for samples in memory:
        third = len(samples) // 3
        growth = statistics.median(samples[-third:]) - statistics.median(samples[third : 2 * third])
        assert growth < _GROWTH_MB, f"{growth:.0f} MB more in the last third than in the second: {samples}"


def _sit_down(start: Start, root: Path, extra: Path, number: int) -> Person:
    """Start an editor's server and begin."""
    editor = start()
    editor.initialize(root)
    return Person(editor, root, extra, random.Random(_SEED + number), number)


def _wait_ready(editor: Editor) -> None:
    """Wait until a server says that its index is complete, and goes on saying so."""

    def settled() -> bool:
        return all(_is_ready(editor.execute("status")) and not time.sleep(0.3) for _ in range(5))

    eventually(settled, _SETTLE_SECONDS)


def _is_ready(status: dict[str, Any]) -> bool:
    """Whether a status reports a complete index."""
    return status["state"] == "ready" and status["pending"] == 0 and status["functions"] > 0


def _work(people: list[Person]) -> list[list[float]]:
    """Let everybody work until the time is over; return each server's memory in MB, sampled."""
    started = time.monotonic()
    memory: list[list[float]] = [[] for _ in people]
    branches, sampled, switched = ["other", "main"], started, started
    while (now := time.monotonic()) < started + _SECONDS:
        for person in people:
            person.act()
        if now > switched + _BRANCH_SECONDS:
            people[0].switch_branch(branches[0])
            branches.reverse()
            switched = time.monotonic()
        if now > sampled + _SAMPLE_SECONDS:
            for person, samples in zip(people, memory, strict=True):
                assert person.editor.process is not None
                samples.append(_own_memory(psutil.Process(person.editor.process.pid)))
            sampled = now
        time.sleep(_PAUSE_SECONDS)
    return memory


def _own_memory(process: psutil.Process) -> float:
    """MB of a process without pages of mapped files: those of the index come as it is read, and go when they must."""
    memory = process.memory_info()
    return float(memory.rss - getattr(memory, "shared", 0)) / 1e6


def _compare_with_clean_index(root: Path, people: list[Person], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Index the workspace as it is now from nothing, and compare what is stored and what is answered."""
    monkeypatch.setenv("CASCODE_INDEX_DIR", str(Path(people[0].editor.execute("status")["index_directory"]).parent))
    used = _stored(root)
    monkeypatch.setenv("CASCODE_INDEX_DIR", str(folder))
    with Engine([root]) as engine:
        engine.update()
        clean = _stored(root)
        assert used - clean == set(), "stored, and not in the workspace"
        assert clean - used == set(), "in the workspace, and not stored"
        for text in real_functions()[::80]:
            query = words_of(text)
            # Copies of a function score alike, and which of them come first is chance: scores are compared.
            expected = engine.search(SearchRequest(query, limit=20, rerank=False)).hits
            assert expected
            for person in people:
                hits = person.editor.search(query, limit=20, rerank=False)["hits"]
                differing = [
                    f"{hit['path']} {hit['name']} {hit['score']:.3f} {hit['why']}, "
                    f"clean {other.path} {other.name} {other.score:.3f} {dict(other.why)}"
                    for hit, other in zip(hits, expected, strict=True)
                    if abs(hit["score"] - other.score) > _SAME_SCORE
                ]
                assert differing == [], query


def _stored(root: Path) -> set[tuple[Any, ...]]:
    """Return what an index holds: functions with their lines and the keys of their texts, and which have a vector."""
    store = Store(locate(root).store)
    try:
        functions = [stored for path in store.file_records() for stored in store.definitions_of_file(path)]
        keys = store.keys(passage_id(function.text_id, 0) for function in functions)
        encoded = set(store.encoded_passages())
        rows = [
            (
                function.path,
                function.qualified_name,
                function.start_line,
                function.end_line,
                keys[passage_id(function.text_id, 0)],
                passage_id(function.text_id, 0) in encoded,
            )
            for function in functions
        ]
    finally:
        store.close()
    assert len(set(rows)) == len(rows) > 0
    return set(rows)


def _report(people: list[Person], memory: list[list[float]]) -> None:
    """Print what was done, for whoever runs with -s or reads a failure."""
    for person, samples in zip(people, memory, strict=True):
        seconds = sorted(person.seconds) or [0.0]
        warm = samples[int(len(samples) * min(_WARM_SECONDS / _SECONDS, 0.5)) :]
        part = max(1, len(warm) // 5)
        growth = statistics.median(warm[-part:]) / statistics.median(warm[:part]) - 1
        sys.stdout.write(
            f"person {person.number}: {dict(person.done)}; {dict(person.answers)}; search p50 "
            f"{statistics.median(seconds):.3f} s, p95 {seconds[int(0.95 * len(seconds))]:.3f} s; memory in MB: "
            f"{' '.join(f'{sample:.0f}' for sample in samples[:: max(1, len(samples) // 20)])}; "
            f"growth once warm, from the first fifth to the last: {growth:+.1%}\n"
        )
