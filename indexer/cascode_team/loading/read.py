"""Reads a repository with the parts that a local index reads a workspace with: walk, decoding, extraction, texts."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cascode_indexer.extract import language_of
from cascode_indexer.indexing.parse import parse_content
from cascode_indexer.store.passages import read_passages
from cascode_indexer.store.vector_cache import text_key
from cascode_indexer.types import DEFAULT_MAX_FILE_BYTES, SkipCounts, SkipReason
from cascode_indexer.walk import read_bytes, walk
from cascode_team.loading.types import Extracted, Row

#: UTF-8 bytes of a path; a row of PostgreSQL's indexes takes about 2,700.
_MOST_PATH_BYTES = 2_000


def read_repository(root: Path, *, sources: bool) -> tuple[Extracted, str]:
    """Read a repository's definitions.

    Args:
        root: Its files.
        sources: Whether the code of definitions is kept, so that the team's index can show it.

    Returns:
        What was read, and a digest of the files, which stands in for a revision where there is none.
    """
    rows: list[Row] = []
    texts: dict[bytes, str] = {}
    passages: set[tuple[bytes, int, bytes]] = set()
    files = 0
    skipped = SkipCounts()
    digest = hashlib.sha256()
    for source in walk(root, language_of=language_of, skipped=skipped, max_bytes=DEFAULT_MAX_FILE_BYTES):
        path = _stored(source.path)
        if len(path.encode()) > _MOST_PATH_BYTES:
            skipped.add(SkipReason.TOO_LARGE)
            continue
        content = read_bytes(source, DEFAULT_MAX_FILE_BYTES)
        if isinstance(content, SkipReason):
            skipped.add(content)
            continue
        parsed = parse_content(source, content)
        digest.update(source.path.encode("utf-8", "surrogatepass") + b"\0" + parsed.digest)
        if parsed.skip_reason is not None:
            skipped.add(parsed.skip_reason)
            continue
        files += 1
        for ordinal, (definition, text) in enumerate(zip(parsed.definitions, parsed.texts, strict=True)):
            key = text_key(text)
            for place, passage in enumerate(read_passages(text, source.path)):
                address = text_key(passage)
                texts[address] = passage
                if place:
                    passages.add((key, place, address))
            rows.append(
                Row(
                    path=path,
                    ordinal=ordinal,
                    language=definition.language,
                    kind=definition.kind.value,
                    name=_stored(definition.name),
                    qualified_name=_stored(definition.qualified_name),
                    signature=_stored(definition.signature),
                    doc=_stored(definition.doc) if sources else "",
                    start_line=definition.start_line,
                    end_line=definition.end_line,
                    name_line=definition.name_line,
                    name_column=definition.name_column,
                    key=key,
                    code=_stored(definition.code) if sources else "",
                )
            )
    return Extracted(rows, texts, passages, files, skipped), f"files-{digest.hexdigest()[:32]}"


def _stored(text: str) -> str:
    """A text as PostgreSQL takes it: UTF-8 without NUL."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode("utf-8")
