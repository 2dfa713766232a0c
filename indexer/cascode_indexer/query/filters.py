"""What may answer: languages, kinds and paths."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pathspec

from cascode_indexer.errors import QueryError
from cascode_indexer.extract import LANGUAGES, canonical_language
from cascode_indexer.types import Kind, kinds_of

#: Whether a backslash separates folders; elsewhere it takes the meaning from the next character.
_BACKSLASH_SEPARATES = os.name == "nt"
_DRIVE = re.compile(r"[A-Za-z]:[/\\]")

#: Says whether a definition of this path, language and kind may answer.
Admits = Callable[[str, str, str], bool]


@dataclass(frozen=True, slots=True)
class Filters:
    """What a query is limited to; empty for everything."""

    #: Language ids.
    languages: tuple[str, ...] = ()
    #: Values of :class:`Kind`.
    kinds: tuple[str, ...] = ()
    #: Globs in gitignore syntax, relative to the workspace.
    paths: tuple[str, ...] = ()

    @classmethod
    def parse(cls, languages: tuple[str, ...], kinds: tuple[str, ...], paths: tuple[str, ...]) -> Filters:
        """Return filters with languages under their own names and globs as they are matched.

        Raises:
            QueryError: An unknown language or kind, or a glob that matches nothing.
        """
        globs = tuple(_parse_glob(glob) for glob in paths)
        if globs and all(glob.startswith("!") for glob in globs):
            globs = ("**", *globs)  # all but what is named
        return cls(
            tuple(_parse_language(name) for name in languages),
            tuple(kind for word in kinds for kind in _parse_kinds(word)),
            globs,
        )

    def __bool__(self) -> bool:
        """Whether anything is filtered out."""
        return bool(self.languages or self.kinds or self.paths)

    def admission(self) -> Admits | None:
        """Return what says whether a definition may answer; None where everything may."""
        if not self:
            return None
        globs = pathspec.GitIgnoreSpec.from_lines(self.paths) if self.paths else None
        matches: dict[str, bool] = {}

        def admits(path: str, language: str, kind: str) -> bool:
            if (self.languages and language not in self.languages) or (self.kinds and kind not in self.kinds):
                return False
            if globs is None:
                return True
            if path not in matches:
                matches[path] = globs.match_file(path)
            return matches[path]

        return admits


#: Everything may answer.
NO_FILTERS = Filters()


def _parse_kinds(word: str) -> list[str]:
    """The kinds that a word means: ``function`` every sort of function, ``type`` every sort of type."""
    found = kinds_of(word)
    if not found:
        raise QueryError(f"unknown kind {word!r}; known: {', '.join(kind.value for kind in Kind)}")
    return sorted(kind.value for kind in found)


def _parse_language(name: str) -> str:
    """The id of a language."""
    language = canonical_language(name)
    if language is None:
        raise QueryError(f"unknown language {name!r}; known: {', '.join(LANGUAGES)}")
    return language


def refuse_whole_paths(globs: Iterable[str], roots: Iterable[str]) -> None:
    """Refuse globs that name a workspace: files are matched by their paths in it, and such a glob would match none.

    Args:
        globs: As they were given.
        roots: The workspaces' folders, posix separators.

    Raises:
        QueryError: There is such a glob; the line says how to write it.
    """
    # In a workspace that is the root of the disk such a glob is right.
    known = [f"{root}/" for root in roots if root != "/"]
    for glob in globs:
        sign, rest = _split(glob)
        for root in known:
            if not f"{rest}/".startswith(root):
                continue
            # A workspace in /src, or another one, may have a folder src: '/src/**' names that, as in an ignore file.
            first = rest.split("/")[1]
            if not any(os.path.lexists(other + first) for other in known):
                inside = sign + (rest[len(root) :] or "**")
                raise QueryError(f"path {glob!r} matches no file: write it from the workspace on, {inside!r}")


def _parse_glob(glob: str) -> str:
    """A glob as files are matched with it: relative to the workspace, without the './' of a shell's completion."""
    sign, rest = _split(glob)
    if _DRIVE.match(rest):
        raise QueryError(f"path {glob!r} matches no file: write it from the workspace on, for instance 'src/**'")
    cleaned = sign + ("**" if rest in (".", "./") else rest.removeprefix("./"))
    try:
        patterns = list(pathspec.GitIgnoreSpec.from_lines([cleaned]).patterns)
    except ValueError:
        patterns = []
    if not patterns or patterns[0].include is None or rest.startswith("../"):
        raise QueryError(f"path {glob!r} matches no file: write it as in .gitignore, for instance 'src/**' or '*.py'")
    # In an ignore file '!tests/' would not reach the files in the folder; here it can mean nothing else.
    return f"{cleaned}**" if cleaned.startswith("!") and cleaned.endswith("/") else cleaned


def _split(glob: str) -> tuple[str, str]:
    """The ``!`` of a glob, if any, and the rest with the separators of globs."""
    sign, rest = ("!", glob[1:]) if glob.startswith("!") else ("", glob)
    return sign, rest.replace("\\", "/") if _BACKSLASH_SEPARATES else rest
