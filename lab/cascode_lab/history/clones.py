"""Where a repository's clone lies, and which repository a clone is."""

from __future__ import annotations

import re
from pathlib import Path

from cascode_lab.corpus.splits import HeldOut, repositories_in
from cascode_lab.history.errors import HistoryError
from cascode_lab.history.git import GitRepository

# Folders named after their repository: owner+name, owner__name; a bare one may end in .git.
_FOLDER = re.compile(r"([\w.-]+?)(?:\+|__)([\w.-]+?)(?:\.git)?")


def find_clone(clones: Path, repository: str) -> GitRepository:
    """Find a repository's clone in a folder of clones.

    Args:
        clones: The folder; each clone is named ``owner+name``, ``owner__name``, ``owner/name`` or ``name``, with or
            without ``.git``, or lies in a folder of that name as ``repo``.
        repository: ``owner/name``.

    Returns:
        The clone.

    Raises:
        HistoryError: There is none, or it is damaged.
    """
    owner, _, name = repository.partition("/")
    for label in (f"{owner}+{name}", f"{owner}__{name}", f"{owner}/{name}", name):
        for folder in (clones / label, clones / f"{label}.git", clones / label / "repo"):
            if (folder / ".git").exists() or (folder / "HEAD").is_file():
                return GitRepository.open(folder)
    raise HistoryError(
        f"{clones} has no clone of {repository}: run 'git clone --bare URL {clones / f'{owner}+{name}'}'."
    )


def repository_name(repository: GitRepository) -> str:
    """Return what a clone is a clone of.

    Args:
        repository: The clone.

    Returns:
        ``owner/name`` by its first remote on a host that is known, else by its folder's name; the folder's name alone
        where neither names the owner.
    """
    for url in repository.remote_urls():
        named = repositories_in([url])
        if named:
            return named[0]
    folder = repository.folder
    if folder.name in ("repo", ".git"):
        folder = folder.parent
    match = _FOLDER.fullmatch(folder.name)
    return f"{match[1]}/{match[2]}" if match else folder.name.removesuffix(".git")


def held_out_as(repository: str, held_out: HeldOut) -> str | None:
    """Say which held-out repository a clone is; one without a known owner is judged by its name alone."""
    wanted = repository.lower()
    if "/" in wanted:
        return wanted if wanted in held_out.repositories else None
    return min((name for name in held_out.repositories if name.split("/")[-1] == wanted), default=None)
