"""Open notebooks: what is typed into their cells stands in for the file, as with any other document."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from lsprotocol import types

from cascode_server.lsp.buffer import Buffer
from cascode_server.lsp.documents import Documents
from cascode_server.lsp.params import UnusableParamsError, at, edits_at, objects_at, string_at
from cascode_server.lsp.positions import Encoding
from cascode_server.lsp.session import Session

logger = logging.getLogger(__name__)

_CODE = int(types.NotebookCellKind.Code)
#: What a client counts columns in that has not said so.
_DEFAULT_ENCODING: Encoding = "utf-16"


@dataclass(slots=True)
class _Cell:
    """A cell as the client shows it."""

    uri: str
    is_code: bool
    language: str
    buffer: Buffer


class NotebookBuffer:
    """The cells of an open notebook.

    Args:
        cells: In the order in which they are shown.
    """

    def __init__(self, cells: list[_Cell]) -> None:
        self.cells = cells

    def frozen(self) -> Callable[[], str]:
        """Return what makes the text of the notebook's file as it would be saved, without outputs; for a thread."""
        language = next((cell.language for cell in self.cells if cell.is_code), "")
        cells = [(cell.is_code and cell.language == language, cell.buffer.frozen()) for cell in self.cells]
        return functools.partial(_notebook_text, cells, language)


class Notebooks:
    """Follows the client's open notebooks.

    Args:
        session: The session.
        documents: Takes their texts.
    """

    def __init__(self, session: Session, documents: Documents) -> None:
        self._session = session
        self._documents = documents
        self._open: dict[str, NotebookBuffer] = {}
        for method, handle in (
            (types.NOTEBOOK_DOCUMENT_DID_OPEN, self._on_open),
            (types.NOTEBOOK_DOCUMENT_DID_CHANGE, self._on_change),
            (types.NOTEBOOK_DOCUMENT_DID_SAVE, self._on_save),
            (types.NOTEBOOK_DOCUMENT_DID_CLOSE, self._on_close),
        ):
            session.feature(method)(functools.partial(handle))

    def place_of(self, cell_uri: str) -> tuple[Path | None, int] | None:
        """Return the file of a cell's notebook, None where it has none, and the cell's number, 1-based.

        None where no open notebook has that cell.
        """
        wanted = unquote(cell_uri)
        for uri, notebook in self._open.items():
            for number, cell in enumerate(notebook.cells, 1):
                if unquote(cell.uri) == wanted:
                    return self._documents.path_of(uri), number
        return None

    def _on_open(self, params: Any) -> None:
        """Take the cells of a notebook that was opened."""
        uri = string_at(params, types.NOTEBOOK_DOCUMENT_DID_OPEN, "notebookDocument", "uri")
        texts = self._texts(objects_at(params, "cellTextDocuments"))
        listed = list(objects_at(params, "notebookDocument", "cells"))
        self._open[uri] = NotebookBuffer([self._cell(cell, texts) for cell in listed])
        self._hand_over(uri, edited=False)

    def _on_change(self, params: Any) -> None:
        """Apply what was changed; a notebook for which that fails counts as it is on the disk."""
        method = types.NOTEBOOK_DOCUMENT_DID_CHANGE
        uri = string_at(params, method, "notebookDocument", "uri")
        notebook = self._open.get(uri)
        if notebook is None:
            logger.warning("ignoring edits to a notebook that is not open: %s", uri)
            return
        change = at(params, "change", "cells")
        if not isinstance(change, Mapping):  # of metadata alone
            return
        try:
            self._restructure(notebook, change)
            for edited in objects_at(change, "textContent"):
                cell = _find(notebook, string_at(edited, method, "document", "uri"))
                cell.buffer.apply(edits_at({"contentChanges": at(edited, "changes")}, method))
        except UnusableParamsError as error:
            logger.warning("%s is searched as it is on disk until it is opened again: %s", uri, error)
            self._close(uri)
            return
        self._hand_over(uri, edited=True)

    def _on_save(self, params: Any) -> None:
        """Index a saved notebook at once."""
        path = self._documents.path_of(string_at(params, types.NOTEBOOK_DOCUMENT_DID_SAVE, "notebookDocument", "uri"))
        if path is not None:
            self._documents.saved(path)

    def _on_close(self, params: Any) -> None:
        """Let the file on disk count again."""
        self._close(string_at(params, types.NOTEBOOK_DOCUMENT_DID_CLOSE, "notebookDocument", "uri"))

    def _close(self, uri: str) -> None:
        """Keep nothing of a notebook."""
        path = self._documents.path_of(uri)
        if self._open.pop(uri, None) is not None and path is not None:
            self._documents.closed(path)

    def _hand_over(self, uri: str, *, edited: bool) -> None:
        """Let the cells stand in for the file; a notebook that was never saved has none."""
        path = self._documents.path_of(uri)
        if path is not None:
            self._documents.typed(path, self._open[uri], edited=edited)

    def _restructure(self, notebook: NotebookBuffer, change: Mapping[str, Any]) -> None:
        """Put cells in, take some out, let some be of another kind."""
        array = at(change, "structure", "array")
        if isinstance(array, Mapping):
            texts = self._texts(objects_at(change, "structure", "didOpen"))
            known = {cell.uri: cell for cell in notebook.cells}
            start, count = _count_at(array, "start"), _count_at(array, "deleteCount")
            # A cell that is moved comes with its document only where that is opened again.
            cells = [
                known[found["document"]]
                if found.get("document") in known and found.get("document") not in texts
                else self._cell(found, texts)
                for found in objects_at(array, "cells")
            ]
            notebook.cells[start : start + count] = cells
        for found in objects_at(change, "data"):
            cell = next((cell for cell in notebook.cells if cell.uri == found.get("document")), None)
            if cell is not None:
                cell.is_code = found.get("kind", _CODE) == _CODE

    def _texts(self, items: Any) -> dict[str, tuple[str, str]]:
        """Return language and text of documents by their URIs."""
        return {
            str(item.get("uri")): (str(item.get("languageId") or ""), str(item.get("text") or "")) for item in items
        }

    def _cell(self, cell: Mapping[str, Any], texts: Mapping[str, tuple[str, str]]) -> _Cell:
        """Return a cell with its text; without a document it is empty, so that those behind it keep their numbers."""
        uri = str(cell.get("document") or "")
        language, text = texts.get(uri, ("", ""))
        encoding = _DEFAULT_ENCODING if self._session.client is None else self._session.client.encoding
        return _Cell(uri, cell.get("kind", _CODE) == _CODE, language, Buffer(text, encoding))


def _find(notebook: NotebookBuffer, uri: str) -> _Cell:
    """Return a cell.

    Raises:
        UnusableParamsError: The notebook has none of that name.
    """
    found = next((cell for cell in notebook.cells if cell.uri == uri), None)
    if found is None:
        raise UnusableParamsError(f"it has no cell {uri}")
    return found


def _count_at(array: Mapping[str, Any], name: str) -> int:
    """Return a whole number; 0 where there is none.

    Raises:
        UnusableParamsError: It is below 0.
    """
    value = array.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return 0
    if value < 0:
        raise UnusableParamsError(f"{name} is {value}, below 0")
    return int(min(value, 2**31))


def _notebook_text(cells: Sequence[tuple[bool, Callable[[], str]]], language: str) -> str:
    """Return the text of a notebook with these cells."""
    from cascode import write_notebook

    return write_notebook([(is_code, text()) for is_code, text in cells], language)
