"""Checks lines against the file when an answer is given: a hit is right, relocated or dropped, never shown wrong."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

from cascode_indexer.indexing.parse import parse_content
from cascode_indexer.search.source import Verified
from cascode_indexer.store.types import ParsedFile
from cascode_indexer.types import SkipReason, SourceFile, StoredDefinition
from cascode_indexer.walk import read_bytes


class Verifier:
    """Checks the definitions of one workspace; parses a changed file once for all of its definitions.

    Args:
        root: The workspace.
        max_file_bytes: As for indexing.
    """

    def __init__(self, root: Path, max_file_bytes: int) -> None:
        self._root = root
        self._max_file_bytes = max_file_bytes
        self._unchanged: dict[str, bool] = {}
        self._parsed: dict[str, ParsedFile | None] = {}

    def check(self, definition: StoredDefinition, text: str) -> Verified | None:
        """Return the definition where it stands now, None where the file no longer holds it.

        Args:
            definition: As the store knows it.
            text: Its encoded text as the store knows it.
        """
        if self._is_unchanged(definition):
            return Verified(definition, None)
        if definition.path not in self._parsed:
            self._parsed[definition.path] = self._parse(definition)
        parsed = self._parsed[definition.path]
        if parsed is None:
            return None
        same_name = [
            (now, now_text)
            for now, now_text in zip(parsed.definitions, parsed.texts, strict=True)
            if now.qualified_name == definition.qualified_name and now.kind.value == definition.kind
        ]
        # The same text first (it only moved), then the same name nearest to where it stood (it was edited).
        same_name.sort(key=lambda pair: (pair[1] != text, abs(pair[0].start_line - definition.start_line)))
        if not same_name:
            return None
        now, now_text = same_name[0]
        moved = dataclasses.replace(
            definition,
            signature=now.signature,
            start_line=now.start_line,
            end_line=now.end_line,
            name_line=now.name_line,
            name_column=now.name_column,
        )
        return Verified(moved, None if now_text == text else now_text)

    def _is_unchanged(self, definition: StoredDefinition) -> bool:
        """Whether the file has the size and time that it was indexed with."""
        known = self._unchanged.get(definition.path)
        if known is None:
            try:
                status = (self._root / definition.path).lstat()
                known = (status.st_size, status.st_mtime_ns) == (definition.size, definition.mtime_ns)
            except OSError:
                known = False
            self._unchanged[definition.path] = known
        return known

    def _parse(self, definition: StoredDefinition) -> ParsedFile | None:
        """Read and parse the file as it is now; None where it is gone or no longer text."""
        absolute = self._root / definition.path
        try:
            status = os.lstat(absolute)
        except OSError:
            return None
        source = SourceFile(definition.path, absolute, definition.language, status.st_size, status.st_mtime_ns, True)
        content = read_bytes(source, self._max_file_bytes)
        if isinstance(content, SkipReason):
            return None
        return parse_content(source, content)
