"""The public entry: source text in, definitions out."""

from __future__ import annotations

from dataclasses import dataclass

from cascode_indexer.types import Definition

from .detect import LANGUAGES, canonical_language
from .errors import ExtractionError
from .modules import module_definition, named_by_file
from .parsing import read
from .reread import reread
from .salvage import read_branches, salvage
from .sweep import Sweep


@dataclass(frozen=True, slots=True)
class Extraction:
    """What a source file holds."""

    #: In order of their first line, outer before inner.
    definitions: tuple[Definition, ...]
    #: Whether the parser met text outside the grammar and recovered.
    has_errors: bool


def extract_definitions(source: str, language: str, *, path: str = "") -> Extraction:
    """Find every definition of a source text: functions with a body, types, named constants of several lines.

    Args:
        source: The text; ``\\n``, ``\\r\\n`` and ``\\r`` end lines, a byte order mark is ignored.
        language: Language id or alias.
        path: Its suffix separates TSX from TypeScript, its last parts name the module that a file is.

    Returns:
        The definitions. A function's ``code`` is the source from the first to the last character of the span, and
        the indentation in front of it where the span starts its line; a type's is its outline.

    Raises:
        ExtractionError: The language is unknown, or parsing takes longer than ``TIME_LIMIT_SECONDS``.
    """
    known = canonical_language(language)
    if known is None:
        raise ExtractionError(f"unknown language {language!r}; known languages: {', '.join(LANGUAGES)}")
    text = source.removeprefix("\ufeff")
    data = text.encode("utf-8", "surrogatepass")
    reading = read(known, path, data)
    sweep = Sweep(reading, text, data)
    definitions = sweep.definitions()
    has_errors = reading.tree.root_node.has_error
    if has_errors:
        definitions = reread(reading, sweep, data, definitions)
    module = module_definition(reading.grammar.spec, reading.tree.root_node, data, path)
    if module is not None:
        definitions.insert(0, module)
    further = read_branches(reading, sweep, data, definitions)
    if has_errors:
        further += salvage(reading, sweep, data, [*definitions, *further])
    if has_errors or further:
        definitions = sorted([*definitions, *further], key=lambda found: (found.start_line, -found.end_line))
    return Extraction(tuple(named_by_file(definitions, path)), has_errors)
