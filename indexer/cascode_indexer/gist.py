"""What a definition does, in a line: what its documentation says, else the words of a model trained to describe."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cascode_indexer.errors import QueryError
from cascode_indexer.extract import ExtractionError, extract_definitions, is_notebook, language_of_text, strip_doc
from cascode_indexer.extract.doc_prose import first_sentence
from cascode_indexer.held import Held
from cascode_models.errors import ModelError
from cascode_models.folder import INSTALL_TORCH
from cascode_models.text import function_text
from cascode_models.types import FunctionSource

if TYPE_CHECKING:
    from cascode_models.describing import Describer

#: Descriptions followed at a time, as many as `cascode eval descriptions` measures with.
BEAMS = 4


@dataclass(frozen=True, slots=True)
class Gist:
    """What is said of a definition."""

    #: Qualified.
    name: str
    #: 1-based, both included.
    start_line: int
    end_line: int
    text: str
    #: Whether its own documentation says so; a model may be wrong.
    documented: bool


class GistModel:
    """A model with a decoder: loaded by the first who asks, let go when nobody does; safe to call from several threads.

    Args:
        name: Folder of a model (preset ``describe``), or a name in the local Hugging Face cache.
        idle_seconds: Let the model go when it was not asked for this long; None keeps it.
        on_release: Called when it was let go.
    """

    def __init__(
        self, name: str, *, idle_seconds: float | None = None, on_release: Callable[[], None] = lambda: None
    ) -> None:
        self.name = name
        self._held: Held[Describer] = Held(idle_seconds, on_release)
        self._lock = threading.Lock()

    @property
    def idle_seconds(self) -> float | None:
        """The model is let go when it was not asked for this long; None keeps it."""
        return self._held.idle_seconds

    @idle_seconds.setter
    def idle_seconds(self, seconds: float | None) -> None:
        self._held.idle_seconds = seconds

    @property
    def loaded(self) -> bool:
        """Whether the model is in memory."""
        return self._held.current is not None

    def gist(self, path: Path, source: str, line: int, *, beams: int = BEAMS, own_words: bool = False) -> Gist:
        """Say what the innermost definition at a line does.

        Args:
            path: The file; its name says the language.
            source: Its text.
            line: 1-based.
            beams: See :meth:`cascode_models.describing.Describer.describe`.
            own_words: Ask the model also where documentation says it; it never reads that.

        Returns:
            The first sentence of its documentation, where it has one; else what the model says.

        Raises:
            QueryError: The file is in no known language, cannot be parsed, or has no definition there.
            ModelError: There is no such model, it has no decoder, or torch is missing.
        """
        if is_notebook(str(path)):
            raise QueryError(f"{path} is a notebook, whose cells are not described: name a source file")
        language = language_of_text(str(path), source)
        if language is None:
            raise QueryError(f"{path} is in no language that is known: name a source file")
        try:
            definitions = extract_definitions(source, language, path=str(path)).definitions
        except ExtractionError as error:
            raise QueryError(f"{path} cannot be parsed ({error})") from error
        around = [definition for definition in definitions if definition.start_line <= line <= definition.end_line]
        if not around:
            raise QueryError(f"no definition at line {line} of {path}: name a line inside a function")
        found = min(around, key=lambda definition: definition.end_line - definition.start_line)
        text = "" if own_words else first_sentence(found.doc)
        documented = bool(text)
        if not documented:
            code = function_text(FunctionSource(found.qualified_name, strip_doc(found), "", found.language))
            with self._lock:  # one network; a second question waits for the first
                text = self._get().describe([code], beams=beams)[0]
        return Gist(found.qualified_name, found.start_line, found.end_line, text, documented)

    def _get(self) -> Describer:
        """The model, loaded where it is not."""
        self._held.note_use()
        model = self._held.alive
        if model is None:
            try:
                from cascode_models.describing import Describer
            except ImportError:
                raise ModelError(f"{self.name} needs torch, which is not installed: {INSTALL_TORCH}") from None
            model = Describer.load(self.name)
        if self._held.current is None:
            self._held.put(model)
        return model
