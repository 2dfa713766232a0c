"""Which workspace a path lies in, however it is spelled: through links, and in another case on disks that ignore it."""

from __future__ import annotations

import contextlib
import os
import unicodedata
from collections.abc import Collection, Iterable
from pathlib import Path, PurePosixPath


class Disk:
    """What the file system says of paths; what it takes for one file is one file here. Safe for threads."""

    def __init__(self) -> None:
        #: A file system does not change its mind about case.
        self._known: dict[Path, bool] = {}

    def ignores_case(self, folder: Path) -> bool:
        """Whether names below a folder mean the same in another case, as on macOS and Windows."""
        known = self._known.get(folder)
        if known is None:
            known = self._known[folder] = self._tries_case(folder)
        return known

    def _tries_case(self, folder: Path) -> bool:
        """Ask for a folder by its name in another case."""
        name = folder.name.swapcase()
        if name == folder.name:  # nothing to try it with
            return folder != folder.parent and self.ignores_case(folder.parent)
        with contextlib.suppress(OSError, ValueError):
            return self.is_same(folder, folder.with_name(name))
        return False

    def is_same(self, path: Path, other: Path) -> bool:
        """Whether two paths name one file."""
        return path.samefile(other)

    def real(self, path: Path) -> Path:
        """Return a path without links; where it is gone, as far as it leads."""
        return Path(os.path.realpath(path))

    def key(self, path: Path) -> Path:
        """Return what two spellings of a path have in common: no links, and where the disk ignores case, no case."""
        real = self.real(path)
        return Path(*_folded(real.parts)) if self.ignores_case(real) else real

    def spelled_as(self, path: Path, known: Collection[Path]) -> Path:
        """Return a folder in the spelling in which it is known; as it is where it is not."""
        if path in known:
            return path
        return next(
            (other for other in known if _folded(other.parts) == _folded(path.parts) and self.ignores_case(other)), path
        )

    def names(self, folder: Path) -> list[str]:
        """Return the names in a folder; none where it cannot be listed."""
        try:
            return os.listdir(folder)  # noqa: PTH208  names are all that is asked for
        except OSError:
            return []

    def place(self, roots: Iterable[Path], path: Path) -> tuple[Path, str] | None:
        """Find the folder that a path lies in.

        Args:
            roots: Absolute folders; of several that hold it, the first counts.
            path: An absolute path without ``..``; it need not exist.

        Returns:
            The root as it is given, and the path below it as the disk spells it, posix separators; the root itself is
            the empty path. None where none of them holds it.
        """
        roots = list(roots)
        found = self._below(roots, roots, path)
        if found is not None and not _is_behind_link(*found):
            return found
        # Files behind a link to a folder of a workspace are known by their own place; a link to a file is one.
        real = self.real(path) if found is None else self.real(path.parent) / path.name
        return self._below(roots, [self.real(root) for root in roots], real) or found

    def _below(self, roots: list[Path], spellings: list[Path], path: Path) -> tuple[Path, str] | None:
        """Find the folder whose spelling a path begins with."""
        for root, spelling in zip(roots, spellings, strict=True):
            if path.is_relative_to(spelling):
                parts = path.relative_to(spelling).parts
                return root, "/".join(self._spelled(root, parts) if self.ignores_case(root) else parts)
        for root, spelling in zip(roots, spellings, strict=True):
            depth = len(spelling.parts)
            if _folded(path.parts[:depth]) == _folded(spelling.parts) and self.ignores_case(root):
                return root, "/".join(self._spelled(root, path.parts[depth:]))
        return None

    def _spelled(self, folder: Path, parts: Iterable[str]) -> list[str]:
        """Return the names below a folder as the disk has them; those that are not there as they are given."""
        spelled: list[str] = []
        for part in parts:
            names = self.names(folder)
            if part not in names:
                part = next((name for name in names if _folded((name,)) == _folded((part,))), part)
            spelled.append(part)
            folder /= part
        return spelled


def _is_behind_link(root: Path, path: str) -> bool:
    """Whether one of the folders between a root and a path below it is a link."""
    return any((root / folder).is_symlink() for folder in PurePosixPath(path).parents if folder.parts)


def _folded(parts: Iterable[str]) -> list[str]:
    """Names for comparison where case is ignored, and how accents are composed (APFS)."""
    return [unicodedata.normalize("NFC", part).casefold() for part in parts]
