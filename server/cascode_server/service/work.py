"""The queue of the indexing service: which workspaces need what, and when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cascode import ChangeBatch

#: While another process writes an index, taking over is tried this often, by a scan that finds nothing to do.
TAKE_OVER_SECONDS = 3.0
#: After a failure (a full disk, a model that does not load) the next attempt comes this much later.
RETRY_SECONDS = 60.0


@dataclass(slots=True)
class Work:
    """What one workspace needs; empty where definitions only wait for their vectors."""

    changed: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    rescan: bool = False
    #: Read files again that look unchanged.
    full: bool = False
    #: Earliest start on the monotonic clock.
    due: float = 0.0

    @property
    def urgent(self) -> bool:
        """Whether files have to be read: that goes before encoding, which can take minutes."""
        return bool(self.changed or self.deleted or self.rescan or self.full)

    def merge(self, newer: Work) -> None:
        """Add what came in later."""
        self.changed |= newer.changed
        self.deleted = (self.deleted - newer.changed) | newer.deleted
        self.rescan |= newer.rescan
        self.full |= newer.full
        self.due = min(self.due, newer.due)


class WorkQueue:
    """Work by workspace; not safe for threads, so its owner holds a lock around every call.

    Args:
        roots: Workspaces that need nothing yet.
    """

    def __init__(self, roots: Iterable[Path] = ()) -> None:
        self._roots: list[Path] = list(roots)
        self._work: dict[Path, Work] = {}

    @property
    def roots(self) -> tuple[Path, ...]:
        """The workspaces, in the order in which they were added."""
        return tuple(self._roots)

    def change_roots(self, added: Iterable[Path], removed: Iterable[Path]) -> None:
        """Add and remove workspaces; whatever another index covers from now on is scanned.

        They are compared by their names alone: this is called on an event loop, which must not wait for a disk.
        """
        gone = set(removed)
        before = {root: _find_cover(root, self._roots) for root in self._roots if root not in gone}
        for root in gone:
            if root in self._roots:
                self._roots.remove(root)
            self._work.pop(root, None)
        self._roots += [root for root in dict.fromkeys(added) if root not in self._roots]
        self.rescan([root for root in self._roots if before.get(root) != _find_cover(root, self._roots)])

    def add_changes(self, batch: ChangeBatch) -> None:
        """Queue what a watcher saw; a workspace that was removed is passed over."""
        if batch.root in self._roots:
            self._add(batch.root, Work(set(batch.changed), set(batch.deleted), rescan=batch.rescan))

    def rescan(self, roots: Iterable[Path] | None = None, *, full: bool = False) -> None:
        """Queue a scan of some workspaces.

        Args:
            roots: The workspaces; None for all.
            full: Read files again that look unchanged.
        """
        for root in self._roots if roots is None else roots:
            self._add(root, Work(rescan=True, full=full))

    def put_back(self, root: Path, work: Work) -> None:
        """Queue work again, together with what came in meanwhile."""
        if root not in self._roots:
            return
        newer = self._work.get(root)
        if newer is not None:
            work.merge(newer)
        self._work[root] = work

    def take(self, now: float, *, apart_from: frozenset[Path] = frozenset()) -> tuple[Path, Work] | None:
        """Remove and return what is to be done next, in other workspaces than some; None where nothing is due."""
        due = [(root, work) for root, work in self._work.items() if work.due <= now and root not in apart_from]
        if not due:
            return None
        root, work = min(due, key=lambda item: not item[1].urgent)
        del self._work[root]
        return root, work

    def forget_full(self) -> None:
        """A full scan is about to read every workspace: no other one is needed."""
        for work in self._work.values():
            work.full = False

    def seconds_to_next(self, now: float) -> float | None:
        """Return how long it takes until something else is due; None where nothing is."""
        later = [work.due - now for work in self._work.values() if work.due > now]
        return min(later) if later else None

    def has_urgent(self, *, apart_from: frozenset[Path] = frozenset()) -> bool:
        """Whether files have to be read at once, in other workspaces than some."""
        return any(work.urgent and not work.due and root not in apart_from for root, work in self._work.items())

    def is_due(self, now: float, *, apart_from: frozenset[Path]) -> bool:
        """Whether something is to be done now, in other workspaces than some."""
        return any(work.due <= now and root not in apart_from for root, work in self._work.items())

    def _add(self, root: Path, work: Work) -> None:
        """Queue work that is due at once."""
        known = self._work.get(root)
        if known is None:
            self._work[root] = work
        else:
            known.merge(work)


def _find_cover(root: Path, roots: Sequence[Path]) -> Path | None:
    """Return the workspace whose index holds a folder: the outermost one around it."""
    around = [other for other in roots if root.is_relative_to(other)]
    return min(around, key=lambda other: len(other.parts), default=None)
