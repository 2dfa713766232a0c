"""What the indexing service does next."""

from __future__ import annotations

from pathlib import Path

from cascode_indexer.watch import ChangeBatch
from cascode_server.service.work import Work, WorkQueue

OUTER, INNER, OTHER = Path("/work"), Path("/work/inner"), Path("/other")


def queue_of(*roots: Path) -> WorkQueue:
    """A queue of workspaces that have been scanned."""
    queue = WorkQueue()
    queue.change_roots(roots, [])
    while queue.take(0.0):
        pass
    return queue


def taken(queue: WorkQueue) -> dict[Path, Work]:
    """Everything that is due."""
    found = {}
    while (item := queue.take(0.0)) is not None:
        found[item[0]] = item[1]
    return found


def test_new_workspaces_are_scanned() -> None:
    """A workspace that was added is looked at as a whole; the others are left alone."""
    queue = queue_of(OTHER)
    queue.change_roots([OUTER, OUTER], [])
    assert taken(queue) == {OUTER: Work(rescan=True)}
    assert queue.roots == (OTHER, OUTER)


def test_a_workspace_that_loses_its_cover_is_scanned() -> None:
    """When the outer of two nested workspaces goes, the inner one has an index of its own to fill."""
    queue = queue_of(OUTER, INNER, OTHER)
    queue.change_roots([], [OUTER])
    assert taken(queue) == {INNER: Work(rescan=True)}


def test_roots_that_are_given_again_are_scanned_again() -> None:
    """A workspace that was removed and added in one step starts over."""
    queue = queue_of(OUTER)
    queue.change_roots([OUTER], [OUTER])
    assert taken(queue) == {OUTER: Work(rescan=True)}


def test_changes_are_merged() -> None:
    """A file that was deleted and written again is changed; one that was changed and deleted is deleted."""
    queue = queue_of(OUTER)
    queue.add_changes(ChangeBatch(OUTER, frozenset({"a", "b"}), frozenset({"c"}), rescan=False))
    queue.add_changes(ChangeBatch(OUTER, frozenset({"c"}), frozenset({"b"}), rescan=False))
    queue.add_changes(ChangeBatch(OTHER, frozenset({"x"}), frozenset(), rescan=False))
    assert taken(queue) == {OUTER: Work(changed={"a", "b", "c"}, deleted={"b"})}


def test_files_are_read_before_functions_are_encoded() -> None:
    """Work that only waits for vectors comes after work that reads files."""
    queue = queue_of(OUTER, OTHER)
    queue.put_back(OUTER, Work())
    queue.rescan([OTHER])
    first = queue.take(0.0)
    assert first is not None
    assert first[0] == OTHER
    assert queue.is_due(0.0, apart_from=frozenset())
    assert not queue.is_due(0.0, apart_from=frozenset({OUTER}))


def test_work_that_failed_waits_until_it_is_due() -> None:
    """A retry is not taken before its time; news about the workspace makes it due at once."""
    queue = queue_of(OUTER)
    queue.put_back(OUTER, Work(rescan=True, due=60.0))
    assert queue.take(0.0) is None
    assert queue.seconds_to_next(10.0) == 50.0
    queue.add_changes(ChangeBatch(OUTER, frozenset({"a"}), frozenset(), rescan=False))
    assert taken(queue) == {OUTER: Work(changed={"a"}, rescan=True)}
