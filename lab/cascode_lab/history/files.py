"""File versions parsed once: which definition each line belongs to."""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache

from cascode_indexer.extract import ExtractionError, extract_definitions, head_bytes, language_of
from cascode_indexer.lexical.terms import query_terms
from cascode_indexer.types import Definition, SkipReason
from cascode_indexer.walk import source_text
from cascode_lab.corpus.code_filters import file_rejected
from cascode_lab.history.blobs import BlobReader

#: Versions kept: a commit's file before is mostly the file after of an older commit nearby in the log.
_KEPT = 256
#: A version of a larger file takes a second to parse, and a file has hundreds of versions; few are hand-written.
_MAX_BYTES = 256 << 10
#: Characters of a definition whose words are compared: its head says what it is about.
_HEAD_CHARACTERS = 1_500
#: Why a version gives no definitions that the repository lacks.
LACKS_FILE = "file missing"
# git ends lines at LF alone, the extractor at a lone CR too: line numbers of such a file would not agree.
_LONE_CR = re.compile(rb"\r(?!\n)")


@dataclass(frozen=True, slots=True)
class FileVersion:
    """The definitions of one version of a file."""

    path: str
    #: Outer before inner, in order of their first line.
    definitions: tuple[Definition, ...]
    #: For each line, from 1, the innermost definition that holds it, as an index; -1 outside of all.
    owners: tuple[int, ...]

    def words(self, index: int) -> frozenset[str]:
        """Words of a definition's name, documentation and head."""
        definition = self.definitions[index]
        return _words(
            f"{definition.qualified_name} {definition.doc[:_HEAD_CHARACTERS]} {definition.code[:_HEAD_CHARACTERS]}"
        )

    def owner(self, line: int) -> int:
        """The innermost definition that holds a line, as an index; -1 where none does."""
        return self.owners[line] if line < len(self.owners) else -1

    def enclosing(self, line: int) -> int:
        """The innermost definition that holds both a line and the next one, as an index; -1 where none does."""
        best = -1
        for index, definition in enumerate(self.definitions):
            inner = best < 0 or _lines(definition) <= _lines(self.definitions[best])
            if definition.start_line <= line < definition.end_line and inner:
                best = index
        return best


def file_version(path: str, content: bytes, *, chosen: bool = False) -> FileVersion | str:
    """Parse a version of a file; the reason where it gives no definitions.

    Args:
        path: Inside the repository.
        content: Its bytes.
        chosen: Somebody chose it: it may be large, and need not look written by hand.
    """
    if len(content) > _MAX_BYTES and not chosen:
        return "file too large"
    if _LONE_CR.search(content):
        return "file with lone carriage returns"
    language = language_of(path, content[: head_bytes(path)])
    if language is None:
        return "no source file"
    text = source_text(content, language)
    if isinstance(text, SkipReason):
        return f"file {text.value.replace('_', ' ')}"
    reason = None if chosen else file_rejected(path, text)
    if reason:
        return reason
    try:
        found = extract_definitions(text, language, path=path).definitions
    except ExtractionError:
        return "file not parsed"
    # Line 0 and the line after the last one are asked for by insertions at the ends.
    owners = [-1] * (content.count(b"\n") + 3)
    for index, definition in enumerate(found):
        for line in range(definition.start_line, min(definition.end_line + 1, len(owners))):
            if owners[line] < 0 or _lines(found[owners[line]]) >= _lines(definition):
                owners[line] = index
    return FileVersion(path, found, tuple(owners))


# Most definitions of a file are the same in its next version.
@lru_cache(maxsize=20_000)
def _words(text: str) -> frozenset[str]:
    """Words of a text that can distinguish definitions."""
    return frozenset(query_terms(text))


def _lines(definition: Definition) -> int:
    """Lines from the first to the last, less one."""
    return definition.end_line - definition.start_line


class FileVersions:
    """Reads and parses file versions, the latest of them kept.

    Args:
        blobs: Where contents come from.
    """

    def __init__(self, blobs: BlobReader) -> None:
        self._blobs = blobs
        self._kept: OrderedDict[tuple[str, str], FileVersion | str] = OrderedDict()

    def get(self, path: str, blob: str) -> FileVersion | str:
        """Return a version's definitions, or why it gives none."""
        key = (path, blob)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        content = self._blobs.read(blob)
        version = LACKS_FILE if content is None else file_version(path, content)
        self._kept[key] = version
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return version
