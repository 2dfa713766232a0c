"""Asks the resident server where one runs: its model is loaded, and its indexes are open."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cascode_server.cli.progress import indexing_progress
from cascode_server.relay.greeting import RefusedError, call
from cascode_server.relay.place import PlaceError, find_place
from cascode_server.service.portable import answer_from_json, progress_from_json, settings_to_json
from cascode_server.settings import Settings

if TYPE_CHECKING:
    from cascode import Answer, Hit
    from cascode_server.cli.formats.snippet import Sources

logger = logging.getLogger(__name__)

#: A server that is there greets within milliseconds; one that does not is not waited for.
_GREETING_SECONDS = 1.0


class ReceivedSources:
    """Source lines that came with an answer.

    Args:
        answer: The answer.
        sources: Those of each of its hits, in their order.
    """

    def __init__(self, answer: Answer, sources: Sequence[str]) -> None:
        self._sources = {id(hit): source for hit, source in zip(answer.hits, sources, strict=False)}

    def snippet(self, hit: Hit, /) -> str:
        """See :meth:`Sources.snippet`."""
        return self._sources.get(id(hit), "")


@dataclasses.dataclass(frozen=True, slots=True)
class Question:
    """What is asked."""

    roots: Sequence[Path]
    #: Those of the command, its options included.
    settings: Settings
    #: The fields of a search request, or path, line and limit of a place.
    request: Mapping[str, Any]
    #: Whether to look for changed files first.
    update: bool
    #: Whether source lines are shown.
    sources: bool


def ask_resident(question: Question) -> tuple[Answer, Sources] | None:
    """Ask the resident server.

    Returns:
        The answer and where its source lines are; None where no server runs, or not one that can answer this.

    Raises:
        click.ClickException: The question is invalid, or the model cannot be loaded.
    """
    try:
        connection = call(find_place(), "command", seconds=_GREETING_SECONDS)
    except (ConnectionError, RefusedError, PlaceError) as error:
        logger.debug("no shared server is asked: %s", error)
        return None
    with connection:
        try:
            return _converse(connection, question)
        except (OSError, ValueError, KeyError, TypeError) as error:
            logger.warning("the shared server did not answer (%s): searching without it", error or type(error).__name__)
            return None


@contextlib.contextmanager
def leaving_resident(question: Question | None) -> Iterator[None]:
    """Leave a resident server behind after a command's work, where the user wants that and none runs.

    Args:
        question: What the command asks; None for one that no server answers.
    """
    try:
        yield
    except BrokenPipeError:  # ``head`` has read what it wanted
        _leave(question)
        raise
    _leave(question)


def _leave(question: Question | None) -> None:
    """Start a server without waiting for it."""
    # A server that exits at once would be of no use.
    if question is None or not (question.settings.shared.command_line and question.settings.shared.exit_after):
        return
    from cascode_server.relay.start import StartError, leave_behind  # a process is started seldom

    try:
        place = find_place()
        try:
            call(place, "command", seconds=_GREETING_SECONDS).close()
        except ConnectionError:
            leave_behind(place, {"roots": _absolute(question.roots), "settings": settings_to_json(question.settings)})
    except (RefusedError, PlaceError, StartError) as error:
        logger.warning("no shared server is left behind: %s", error)


def _absolute(roots: Sequence[Path]) -> list[str]:
    """Folders as another process can find them; links are kept."""
    return [os.path.abspath(root.expanduser()) for root in roots]  # noqa: PTH100


def _converse(connection: socket.socket, question: Question) -> tuple[Answer, Sources] | None:
    """Send the question and read what comes back."""
    said = {
        "roots": _absolute(question.roots),
        "settings": settings_to_json(question.settings),
        "request": dict(question.request),
        "update": question.update,
        "sources": question.sources,
    }
    connection.sendall(json.dumps(said).encode() + b"\n")
    with indexing_progress() as progress, connection.makefile("rb") as lines:
        for line in lines:
            message = json.loads(line)
            if "progress" in message:
                progress(progress_from_json(message["progress"]))
            elif "error" in message:
                raise click.ClickException(message["error"])
            elif "unavailable" in message:
                logger.debug("the shared server does not answer: %s", message["unavailable"])
                return None
            else:
                answer = answer_from_json(message["answer"])
                return answer, ReceivedSources(answer, message["sources"])
    raise ConnectionError("it ended")
