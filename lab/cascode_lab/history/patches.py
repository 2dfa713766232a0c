"""Which lines a commit replaced, for many commits in one stream."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import IO

from cascode_lab.history.errors import HistoryError
from cascode_lab.history.git import GitRepository
from cascode_lab.history.types import Hunk

_COMMIT = re.compile(rb"[0-9a-f]{40,64}\n")
_INDEX = re.compile(rb"index ([0-9a-f]{40,64})\.\.([0-9a-f]{40,64})")
_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")

#: Each commit that lacks an object costs a new process; a clone without blobs would cost thousands.
MOST_INCOMPLETE = 200
# --text: attributes of the repository could hide the changes of any file.
_ARGUMENTS = (
    "diff-tree", "--stdin", "-r", "-p", "--text", "-U0", "--full-index", "--no-renames", "--no-ext-diff",
    "--no-textconv", "--no-color", "--diff-algorithm=default", "--indent-heuristic",
)  # fmt: skip

#: Hunks of a file, by its object names before and after.
FileHunks = dict[tuple[str, str], tuple[Hunk, ...]]


def patches(repository: GitRepository, shas: Sequence[str]) -> Iterator[tuple[str, FileHunks | None]]:
    """Read what commits changed against their first parents, in the order given.

    Args:
        repository: The repository.
        shas: Full object names of commits that are not merges.

    Yields:
        A commit's name and the hunks of its changed files; None in their place where the repository lacks an object
        of the commit, as partial clones may. Commits without changes are left out.

    Raises:
        HistoryError: git cannot read them, or more than ``MOST_INCOMPLETE`` lack objects.
    """
    remaining = list(shas)
    incomplete = 0
    while remaining:
        last: tuple[str, FileHunks] | None = None
        try:
            with repository.reading(*_ARGUMENTS, lines=remaining) as stream:
                for patch in parse_patches(stream):
                    if last is not None:
                        yield last
                    last = patch
        except HistoryError:
            # git stops at the first object that it cannot read.
            incomplete += 1
            if incomplete > MOST_INCOMPLETE:
                raise
            broken = 0 if last is None else remaining.index(last[0])
            if last is not None and broken + 1 < len(remaining) and repository.is_partial():
                # What a remote promised it looks for before it prints anything of a commit: the last one is whole.
                yield last
                broken += 1
            yield remaining[broken], None
            remaining = remaining[broken + 1 :]
            continue
        if last is not None:
            yield last
        return


def parse_patches(stream: IO[bytes]) -> Iterator[tuple[str, FileHunks]]:
    """Parse what ``git diff-tree --stdin -p -U0 --full-index`` prints."""
    sha = ""
    files: FileHunks = {}
    blobs: tuple[str, str] | None = None
    lines = iter(stream)
    for line in lines:
        if _COMMIT.fullmatch(line):
            if sha:
                yield sha, files
            sha, files, blobs = line.decode().strip(), {}, None
        elif line.startswith(b"diff --git "):
            blobs = None
        elif match := _INDEX.match(line):
            blobs = (match[1].decode(), match[2].decode())
            files[blobs] = ()
        elif match := _HUNK.match(line):
            hunk = _hunk(match, lines)
            if blobs is not None:
                files[blobs] += (hunk,)
    if sha:
        yield sha, files


def _hunk(match: re.Match[bytes], lines: Iterator[bytes]) -> Hunk:
    """Read the lines of a hunk: its head says how many there are."""
    old_start, old_count, new_start, new_count = (1 if part is None else int(part) for part in match.groups())
    removed: list[str] = []
    added: list[str] = []
    while len(removed) < old_count or len(added) < new_count:
        line = next(lines, b"")
        if line.startswith(b"-"):
            removed.append(line[1:].decode("utf-8", "replace"))
        elif line.startswith(b"+"):
            added.append(line[1:].decode("utf-8", "replace"))
        elif not line:
            break
    return Hunk(old_start, old_count, new_start, new_count, tuple(removed), tuple(added))
