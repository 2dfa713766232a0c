"""From a file on disk to definitions and the texts that will be encoded."""

from __future__ import annotations

import hashlib
import logging

from cascode_indexer.extract import ExtractionError, is_notebook
from cascode_indexer.indexing.parse_journal import parse_journal
from cascode_indexer.store.types import ParsedFile
from cascode_indexer.types import Definition, SkipReason, SourceFile
from cascode_indexer.walk import code_of_notebook, decode, source_text, text_worth_parsing
from cascode_models.text import function_text
from cascode_models.types import FunctionSource

_log = logging.getLogger(__name__)


def content_digest(content: bytes, path: str = "", language: str = "") -> bytes:
    """Return 16 bytes that change with what is read of a file: of a notebook its code, not its outputs.

    Args:
        content: The file.
        path: Notebooks are recognised by it.
        language: Of a notebook.
    """
    if is_notebook(path):
        text = decode(content, language)
        code = text if isinstance(text, SkipReason) else code_of_notebook(text)
        if not isinstance(code, SkipReason):
            content = f"{language}\n{code}".encode("utf-8", "replace")
    return hashlib.blake2b(content, digest_size=16).digest()


def parse_content(source: SourceFile, content: bytes) -> ParsedFile:
    """Extract the definitions of a file's content; a content that gives none says why."""
    text = source_text(content, source.language, path=source.path, is_wanted=source.is_wanted)
    return _parse_text(source, content_digest(content, source.path, source.language), text)


def parse_buffer(source: SourceFile, text: str) -> ParsedFile:
    """Extract the definitions of an open buffer's text; one that gives none says why."""
    # An editor may send lone surrogates, which no file and no model can take; a "?" keeps every column in its place.
    content = text.encode("utf-8", "replace")
    clean = content.decode("utf-8")
    worth = text_worth_parsing(clean, source.path, is_wanted=source.is_wanted)
    return _parse_text(source, content_digest(content, source.path, source.language), worth)


def _parse_text(source: SourceFile, digest: bytes, text: str | SkipReason) -> ParsedFile:
    """Extract the definitions of a text that was judged worth it."""
    if isinstance(text, SkipReason):
        return ParsedFile(source, digest, (), (), skip_reason=text)
    # The parser and its rules take long to import, and most scans find nothing that changed.
    from cascode_indexer.extract import extract_definitions

    journal = parse_journal()
    if journal.is_fatal(digest, source.language, source.path, text):
        _log.warning(
            "%s: a process that parses it does not come back; it is left out until it or the extraction changes",
            source.path,
        )
        return ParsedFile(source, digest, (), (), skip_reason=SkipReason.PARSE_FAILURE)
    try:
        with journal.noting(digest):
            extraction = extract_definitions(text, source.language, path=source.path)
    except ExtractionError as error:
        _log.warning("%s: %s", source.path, error)
        return ParsedFile(source, digest, (), (), skip_reason=SkipReason.PARSE_FAILURE)
    texts = tuple(encoded_text(definition) for definition in extraction.definitions)
    return ParsedFile(source, digest, extraction.definitions, texts, has_errors=extraction.has_errors)


def encoded_text(definition: Definition) -> str:
    """Return what the model reads of a definition; it depends on the definition alone, not on where it stands."""
    return function_text(
        FunctionSource(
            name=definition.qualified_name, code=definition.code, doc=definition.doc, language=definition.language
        )
    )
