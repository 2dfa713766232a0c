"""Which repository a folder is a clone of, or a part of one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cascode_indexer.team.origin import normalised_origin, remotes_of
from cascode_indexer.walk.git import enclosing_repository


@dataclass(frozen=True, slots=True)
class Clone:
    """A folder of a working tree."""

    #: Its place there, posix separators; empty for the whole of it.
    inside: str
    #: Of all remotes, since a fork has the team's repository as a second one (:func:`normalised_origin`).
    origins: frozenset[str]

    def path_here(self, path: str) -> str | None:
        """Return a path of the repository as the folder has it; None where it lies outside of the folder.

        Args:
            path: Relative to the working tree, posix separators.
        """
        if not self.inside:
            return path
        return path[len(self.inside) + 1 :] if path.startswith(f"{self.inside}/") else None


def clone_of(root: Path) -> Clone | None:
    """Return what a folder is a clone of; None where it is in no working tree, or that has no remote on a host.

    Args:
        root: The folder, absolute.
    """
    try:
        working_tree = enclosing_repository(root)
    except OSError:
        return None
    if working_tree is None:
        return None
    origins = frozenset(origin for _, url in remotes_of(working_tree) if (origin := normalised_origin(url)) is not None)
    return Clone("/".join(root.relative_to(working_tree).parts), origins) if origins else None
