"""The definition at a line of a file, in a model's words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cascode_indexer.extract import ExtractionError, extract_definitions, language_of_text, strip_doc
from cascode_models.describing import Describer
from cascode_models.errors import ModelError
from cascode_models.text import function_text
from cascode_models.types import FunctionSource


@dataclass(frozen=True, slots=True)
class Gist:
    """What a model says of a definition."""

    name: str
    start_line: int
    end_line: int
    text: str


def describe_place(model: str, path: Path, line: int, *, beams: int) -> Gist:
    """Load a model and describe the innermost definition at a line: see :func:`gist_of`."""
    return gist_of(Describer.load(model), path, line, beams=beams)


def gist_of(describer: Describer, path: Path, line: int, *, beams: int = 4) -> Gist:
    """Describe the innermost definition at a line; what its own doc comment says is not read.

    Args:
        describer: A model with a decoder.
        path: The file.
        line: 1-based.
        beams: See :meth:`cascode_models.describing.Describer.describe`.

    Raises:
        ModelError: The file cannot be read, is in no known language, or has no definition there.
    """
    try:
        source = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}): name a source file") from error
    language = language_of_text(str(path), source)
    if language is None:
        raise ModelError(f"{path} is in no language that is known: name a source file")
    try:
        definitions = extract_definitions(source, language, path=str(path)).definitions
    except ExtractionError as error:
        raise ModelError(f"{path} cannot be parsed ({error})") from error
    around = [definition for definition in definitions if definition.start_line <= line <= definition.end_line]
    if not around:
        raise ModelError(f"no definition at line {line} of {path}: name a line inside a function")
    found = min(around, key=lambda definition: definition.end_line - definition.start_line)
    text = function_text(FunctionSource(found.qualified_name, strip_doc(found), "", found.language))
    return Gist(found.qualified_name, found.start_line, found.end_line, describer.describe([text], beams=beams)[0])
