"""The log of a repository as a stream of commits with the files that they change."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import IO

from cascode_lab.history.git import GitRepository
from cascode_lab.history.types import Commit, FileChange

#: Begins a commit among the fields; none of git's own fields can begin with it.
_MARK = b"\x01"
_FORMAT = "%x01%H%x00%P%x00%an%x00%ae%x00%ct%x00%B%x00"
#: Bytes read at once.
_CHUNK = 1 << 16


def commits(
    repository: GitRepository, revision: str = "HEAD", *, since: str | None = None
) -> Generator[Commit, None, None]:
    """Read commits that are not merges, newest first.

    Args:
        repository: The repository.
        revision: Where to begin.
        since: Leave out this commit and what it descends from.

    Yields:
        The commits, their changes against the first parent.

    Raises:
        HistoryError: git cannot read the history.
    """
    arguments = (
        "log", "--no-merges", "--no-show-signature", "--no-ext-diff", "--no-textconv", "--no-renames", "--no-color",
        "--no-abbrev", "--no-mailmap", "--raw", "-z", f"--format=tformat:{_FORMAT}",
        revision, *([f"^{since}"] if since else []), "--",
    )  # fmt: skip
    with repository.reading(*arguments) as stream:
        yield from parse_log(stream)


def parse_log(stream: IO[bytes]) -> Iterator[Commit]:
    """Parse what ``git log --raw -z`` prints in the format above."""
    fields = _fields(stream)
    head: list[bytes] = []
    changes: list[FileChange] = []
    for field in fields:
        if field.startswith(_MARK):
            if head:
                yield _commit(head, changes)
            head, changes = [field[1:], *(next(fields, b"") for _ in range(5))], []
        elif field.lstrip(b"\n").startswith(b":"):
            _old_mode, _new_mode, old_blob, new_blob, status = field.lstrip(b"\n:").split(b" ")
            path = next(fields, b"")
            changes.append(
                FileChange(
                    status.decode()[:1], path.decode("utf-8", "surrogateescape"), old_blob.decode(), new_blob.decode()
                )
            )
    if head:
        yield _commit(head, changes)


def _commit(head: list[bytes], changes: list[FileChange]) -> Commit:
    """Put a commit together."""
    sha, parents, author, email, time, message = (part.decode("utf-8", "replace") for part in head)
    return Commit(sha, tuple(parents.split()), author, email, int(time or 0), message.strip(), tuple(changes))


def _fields(stream: IO[bytes]) -> Iterator[bytes]:
    """Split a stream at its NUL bytes."""
    rest = b""
    while chunk := stream.read(_CHUNK):
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole
    if rest:
        yield rest
