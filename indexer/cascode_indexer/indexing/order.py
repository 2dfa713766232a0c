"""Which definitions are encoded first: those that will be asked about first.

A first index takes minutes on a large workspace, and a person asks meanwhile. What has a vector is found by its
meaning, the rest by its words, so the order decides how good the first answers are. Questions are about what is open,
what lies beside it, and what changed lately; hardly ever about tests and examples.

What changed lately is read from the times of files, which an edit, a pull, a merge and a change of branches set. git's
own history would say more of a fresh clone, but git is not run in a workspace (ARCHITECTURE.md).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from cascode_indexer.extract import is_example_path, is_test_path
from cascode_indexer.store.passages import place_of
from cascode_indexer.store.types import PendingPassage

#: Files that count as changed lately: about what a team changes in a month.
_RECENT_FILES = 200


def encoding_order(pending: Sequence[PendingPassage], opened: Collection[str] = ()) -> list[PendingPassage]:
    """Return passages in the order in which they are to be encoded.

    The beginnings of all texts before anything further of the long ones. Open files first, then files in the same
    folders and files that changed lately, then all others, tests and examples last. Within each of these the shortest
    first: the earliest answers have the most to choose from, and a batch holds texts of one length, which pads little.

    Args:
        pending: The passages.
        opened: Files that are open in an editor, relative to the workspace.
    """
    times = {passage.path: passage.mtime_ns for passage in pending if not _is_aside(passage.path)}
    recent = set(sorted(times, key=lambda path: (-times[path], path))[:_RECENT_FILES])
    folders = {_folder(path) for path in opened}

    def rank(passage: PendingPassage) -> int:
        """The group that a passage belongs to."""
        if passage.path in opened:
            return 0
        if _is_aside(passage.path):
            return 3
        return 1 if passage.path in recent or _folder(passage.path) in folders else 2

    return sorted(pending, key=lambda passage: (place_of(passage.id) > 0, rank(passage), passage.length, passage.id))


def _is_aside(path: str) -> bool:
    """Whether a file holds tests or examples."""
    return is_test_path(path) or is_example_path(path)


def _folder(path: str) -> str:
    """The folder of a file, empty at the top of the workspace."""
    return path.rpartition("/")[0]
