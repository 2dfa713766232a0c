"""Every JSON object of the wire as a typed dictionary; the text beside a type is the documentation of its field.

Names are those of the JSON. LSP's own objects keep LSP's camelCase; ours are in snake_case, as in the JSON lines of
the command line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypedDict

#: More hits than this are read by nobody and make answers slow to draw; the settings have the same bound.
MOST_HITS = 1000
#: The largest number of LSP, an ``uinteger``.
MOST_LINES = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bounds of a whole number, both included."""

    lowest: int
    highest: int


class Position(TypedDict):
    """A position as in LSP."""

    line: Annotated[int, "0-based.", Bounds(0, MOST_LINES)]
    character: Annotated[int, "0-based, in units of the position encoding.", Bounds(0, MOST_LINES)]


class Range(TypedDict):
    """A range as in LSP."""

    start: Annotated[Position, "Where it begins."]
    end: Annotated[Position, "Behind its last character."]


class TextDocument(TypedDict):
    """A document as in LSP."""

    uri: Annotated[str, "As the client spells it."]


class Cell(TypedDict):
    """Where a hit stands in a notebook as it is shown."""

    number: Annotated[int, "Its place among all cells, 1-based."]
    start_line: Annotated[int, "First line in the cell, 1-based."]
    end_line: Annotated[int, "Last line in the cell, inclusive."]


class PlainHit(TypedDict):
    """A hit of the command line."""

    path: Annotated[str, "Relative to its workspace, with `/` between folders."]
    workspace: Annotated[str, "Name of the workspace folder."]
    name: Annotated[str, "Qualified name."]
    kind: Annotated[str, "What it is: function, method, and so on."]
    language: Annotated[str, "Id of the language."]
    signature: Annotated[str, "The declaration, without its body."]
    start_line: Annotated[int, "First line, 1-based."]
    end_line: Annotated[int, "Last line, inclusive."]
    score: Annotated[float, "Orders the hits of one answer; not comparable between answers."]
    probability: Annotated[float | None, "How likely it answers the question, 0 to 1; null where that is not known."]
    match: Annotated[
        Literal["likely", "possible", "weak"] | None,
        "In a word; never likely where nothing matches well, null where not known.",
    ]
    stage: Annotated[str, "Name of the stage that ranked it, to be shown as it is. More stages may come."]
    why: Annotated[
        dict[str, float], "What speaks for it and against it: what each piece of evidence adds to the score."
    ]
    cell: Annotated[Cell | None, "Its cell in a notebook, else null. Other lines and ranges are of the file."]
    repository: Annotated[str | None, "Repository of a hit of the team's index; null for one of a workspace."]
    revision: Annotated[str, "The revision of that repository; empty for a hit of a workspace."]


class Hit(PlainHit):
    """A hit of the language server."""

    uri: Annotated[
        str,
        "URI of the file, as the client named its workspace; `cascode-team:` for a hit of a team.",
    ]
    range: Annotated[Range, "All of it."]
    selectionRange: Annotated[Range, "Its name."]
    cellSelectionRange: Annotated[Range | None, "Its name in its cell; null where the file is no notebook."]


class PlainIndexSummary(TypedDict):
    """How complete the index was that answered a query on the command line."""

    state: Annotated[Literal["ready", "indexing", "paused"], "`ready` where nothing is missing."]
    functions: Annotated[int, "Definitions (functions and types) that were searched."]
    pending: Annotated[int, "How many of them have no vector yet: those match by their words only."]


class IndexSummary(PlainIndexSummary):
    """How complete the index was that answered."""

    files: Annotated[int, "Files in the index."]


class PlainAnswer(TypedDict):
    """A line of `cascode search --format jsonl`: the answer to one query."""

    query: Annotated[str, "The query."]
    hits: Annotated[list[PlainHit], "The best one first."]
    confident: Annotated[bool, "False where nothing matches well."]
    team_note: Annotated[str | None, "Why the team's index has no part in it, where it was asked."]
    dropped: Annotated[int, "How many were left out since their file changed after it was indexed."]
    model_error: Annotated[str | None, "Why the model cannot be loaded, where hits are by words alone for that reason."]
    index: Annotated[PlainIndexSummary, "How complete the answer is."]
    timings_ms: Annotated[dict[str, float], "Milliseconds by step, and their `total`."]


class Answer(TypedDict):
    """The answer of the language server to a question."""

    query: Annotated[str, "The query."]
    hits: Annotated[list[Hit], "The best one first."]
    confident: Annotated[bool, "False where nothing matches well."]
    team_note: Annotated[str | None, "Why the team's index has no part in it, where it was asked."]
    dropped: Annotated[int, "How many were left out since their file changed after it was indexed."]
    model_error: Annotated[str | None, "Why the model cannot be loaded, where hits are by words alone for that reason."]
    index: Annotated[IndexSummary, "How complete the answer is."]
    timings_ms: Annotated[dict[str, float], "Milliseconds by step, and their `total`."]


class _Query(TypedDict):
    """What a search must have."""

    query: Annotated[str, "The question."]


class SearchArgument(_Query, total=False):
    """The argument of a search."""

    limit: Annotated[int, "At most this many hits; the setting `search.limit` where absent.", Bounds(1, MOST_HITS)]
    languages: Annotated[list[str], "Only these languages, by id or usual name."]
    kinds: Annotated[list[str], "Only these kinds."]
    paths: Annotated[list[str], "Only files that match one of these globs, in .gitignore syntax."]
    team: Annotated[bool, "Whether the team's index is asked, too; the setting `team.search` where absent."]
    rerank: Annotated[bool, "Whether the slow classifier reads the best candidates; the setting where absent."]
    partialResultToken: Annotated[int | str, "Where earlier answers go: `$/progress` notifications with this token."]


class _Line(TypedDict):
    """What a place must have."""

    line: Annotated[int, "0-based.", Bounds(0, MOST_LINES)]


class Place(_Line, total=False):
    """A position of which the line is enough."""

    character: Annotated[int, "Not read."]


class _Code(TypedDict):
    """What a search by code must have."""

    textDocument: Annotated[TextDocument, "The file."]
    position: Annotated[Place, "A place inside a function."]


class SimilarArgument(_Code, total=False):
    """The argument of a search by code."""

    limit: Annotated[int, "At most this many hits; the setting `search.limit` where absent.", Bounds(1, MOST_HITS)]


class DescribeArgument(_Code):
    """The argument of a question what a definition does."""


class Description(TypedDict):
    """What a definition does, in a line."""

    name: Annotated[str, "The definition's name with its containers."]
    text: Annotated[str, "What it does."]
    documented: Annotated[bool, "Whether its own documentation says so; else a model does, which may be wrong."]


class ReindexArgument(TypedDict, total=False):
    """The argument of a rescan."""

    full: Annotated[bool, "Whether files that look unchanged are read again."]


class NoArgument(TypedDict):
    """Nothing is read from the argument."""


class SkippedArgument(TypedDict, total=False):
    """Which of the paths that were left out are asked for."""

    offset: Annotated[int, "How many to pass over; the list is made at 0 and kept for the pages behind it."]
    limit: Annotated[int, "At most this many; 200 where absent.", Bounds(1, MOST_HITS)]


class SkippedPath(TypedDict):
    """A path that was left out."""

    path: Annotated[str, "Relative to its workspace, with `/` between folders; a folder has one at its end."]
    workspace: Annotated[str, "Name of the workspace folder."]
    uri: Annotated[str, "URI of it."]
    reason: Annotated[str, "Why, as in the counts of the status."]


class SkippedPaths(TypedDict):
    """A page of the paths that were left out, files in other languages not among them."""

    total: Annotated[int, "All of them."]
    paths: Annotated[list[SkippedPath], "By workspace and path."]


class FileCounts(TypedDict):
    """Progress in files."""

    done: Annotated[int, "Files that have been read."]
    total: Annotated[int, "Files to be read."]


class ModelStatus(TypedDict):
    """The model."""

    label: Annotated[str, "What to call it."]
    loaded: Annotated[bool, "Whether it is in memory."]
    device: Annotated[str | None, "Where it runs, once it is loaded."]
    engine: Annotated[str | None, "The library that computes it, and why, once it is loaded."]


class WorkspaceStatus(TypedDict):
    """The index of one workspace folder."""

    uri: Annotated[str, "As the client spells it."]
    name: Annotated[str, "As the client calls it."]
    functions: Annotated[int, "Definitions (functions and types) in its index."]
    files: Annotated[int, "Files in its index."]
    pending: Annotated[int, "Definitions that have no vector yet."]
    read_only: Annotated[bool, "Whether another process keeps its index up to date."]
    skipped: Annotated[dict[str, int], "Paths that were left out, by reason."]


class ServerStatus(TypedDict):
    """The state of the server."""

    state: Annotated[
        Literal["starting", "indexing", "ready", "paused", "disabled", "error"], "The state of all indexes together."
    ]
    message: Annotated[str | None, "One line where there is something to say, an error for example."]
    functions: Annotated[int, "Definitions (functions and types) in all indexes."]
    pending: Annotated[int, "Definitions that have no vector yet."]
    files: Annotated[FileCounts, "Files read, of those to be read."]
    rate: Annotated[float | None, "Definitions encoded per second; null while none are."]
    skipped: Annotated[dict[str, int], "Paths that were left out, by reason."]
    model: Annotated[ModelStatus, "The model."]
    describes: Annotated[bool, "Whether the setting `describe.model` names a model: `cascode.server.describe` answers."]
    workspaces: Annotated[list[WorkspaceStatus], "One entry per workspace folder."]
    version: Annotated[str, "Version of the server."]
    log_file: Annotated[str, "Path of the server's log."]
    index_directory: Annotated[str, "Folder that holds all indexes."]


class InitializationOptions(TypedDict, total=False):
    """`initializationOptions` of `initialize`; every field is optional."""

    client: Annotated[str, "Name of the client. One that gives its name gets `cascode/status` notifications."]
    settings: Annotated[dict[str, Any], "The settings below `cascode`, for clients that cannot be asked for them."]
    trusted: Annotated[bool, "Whether the workspace's own `cascode.toml` may name a model to load."]
