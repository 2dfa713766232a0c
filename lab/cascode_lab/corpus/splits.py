"""Which packages may be trained on, which evaluate, and which are left out altogether."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cascode_lab.corpus.errors import CorpusError
from cascode_lab.corpus.types import Package, Split

#: One package in ten is reserved for evaluation: enough for 1,500 queries a split out of a corpus of
#: hundreds of packages, at little cost to training.
RESERVED_ONE_IN = 10

_HOSTED = re.compile(r"(?:github|gitlab|bitbucket)\.(?:com|org)[/:]([\w.-]+)/([\w.-]+)", re.IGNORECASE)
# Distributions wrap the upstream name: ruby-mail, libcommons-lang3-java, golang-github-spf13-cobra-dev.
_WRAPPING = re.compile(
    r"^(?:ruby-|php-(?:league-)?|node-|librust-|golang-(?:github|gopkg|golang|google|gonum)-(?:[a-z0-9.]+-)?"
    r"|lib(?=.*-java$))|-java$|-dev$|-build$"
)


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Repositories kept for evaluation by others' benchmarks: nothing of them is ever trained on."""

    #: ``owner/name``, lower case.
    repositories: frozenset[str]

    @classmethod
    def read(cls, *paths: Path) -> HeldOut:
        """Read lists of ``owner/name``, one a line.

        Args:
            paths: The files; a repository in any of them is held out.

        Returns:
            The repositories of all of them.

        Raises:
            CorpusError: A list cannot be read.
        """
        lines: list[str] = []
        for path in paths:
            try:
                lines += path.read_text(encoding="utf-8").splitlines()
            except OSError as error:
                raise CorpusError(f"Cannot read the held-out list {path} ({error.strerror}): give its path.") from error
        return cls(frozenset(line.strip().lower() for line in lines if line.strip()))

    def including(self, repositories: Iterable[str]) -> HeldOut:
        """Hold some more: ``owner/name``, in whatever letter case."""
        return HeldOut(self.repositories | {name.lower() for name in repositories})

    def holds(self, package: Package, repositories: Iterable[str]) -> str | None:
        """Say which held-out repository a package is, if any.

        Args:
            package: The package.
            repositories: ``owner/name`` its own metadata names.

        Returns:
            The held-out repository, matched by the repositories named or, where none is named, by the
            package's own name; None for a package that may be used.
        """
        named = {name.lower() for name in repositories} | ({package.repository} - {""})
        if named:
            return min(named & self.repositories, default=None)
        own = upstream_names(package.name)
        return min((name for name in self.repositories if name.split("/")[-1] in own), default=None)


def repositories_in(urls: Sequence[str]) -> list[str]:
    """Return the ``owner/name`` of every hosted repository that ``urls`` point into."""
    found = {
        f"{owner}/{name.removesuffix('.git')}".lower()
        for url in urls
        for owner, name in _HOSTED.findall(url)
        if owner.lower() not in {"sponsors", "orgs"}
    }
    return sorted(found)


def upstream_names(package: str) -> set[str]:
    """What the repository of a package may be called, by the package's name: as it is, and without its wrapping."""
    return {package.lower().split("/")[-1], _WRAPPING.sub("", package.lower())}


def is_reserved(name: str) -> bool:
    """Whether a package belongs to the tenth that is never trained on."""
    return int(hashlib.sha256(name.lower().encode()).hexdigest()[:8], 16) % RESERVED_ONE_IN == 0


def split_of(name: str) -> Split:
    """Return the split of a package: train, or for reserved packages dev and test half and half."""
    if not is_reserved(name):
        return Split.TRAIN
    # Another part of the same digest, so that the halves do not depend on the reservation itself.
    second = int(hashlib.sha256(name.lower().encode()).hexdigest()[8:16], 16)
    return Split.DEV if second % 2 == 0 else Split.TEST
