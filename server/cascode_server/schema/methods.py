"""What can be asked of the server and what it sends by itself: each name with the shapes of both directions."""

from __future__ import annotations

from dataclasses import dataclass

from cascode_server.schema import shapes


@dataclass(frozen=True, slots=True)
class Method:
    """A command or a notification of ours."""

    name: str
    #: What it does, in one sentence.
    description: str
    #: Shape of the argument of a command, or of the params of a notification.
    argument: type
    #: Shape of the answer; None for null.
    answer: type | None = None


SEARCH = Method(
    "cascode.server.search",
    "Finds definitions (functions and types) by what they do. With a `partialResultToken`, each stage's "
    "answer is sent as soon as it is known; each is complete and better than the one before.",
    shapes.SearchArgument,
    shapes.Answer,
)
SIMILAR = Method(
    "cascode.server.similar",
    "Finds definitions like the one at a position.",
    shapes.SimilarArgument,
    shapes.Answer,
)
DESCRIBE = Method(
    "cascode.server.describe",
    "Says in a line what the definition at a position does: by its documentation, else in the words of the model "
    "that the setting `describe.model` names.",
    shapes.DescribeArgument,
    shapes.Description,
)
STATUS = Method("cascode.server.status", "Describes the server.", shapes.NoArgument, shapes.ServerStatus)
SKIPPED = Method(
    "cascode.server.skipped",
    "Names the paths that were left out, with the reason.",
    shapes.SkippedArgument,
    shapes.SkippedPaths,
)
REINDEX = Method(
    "cascode.server.reindex", "Looks for changed files in every workspace; answers at once.", shapes.ReindexArgument
)
PAUSE = Method("cascode.server.pause", "Pauses indexing; searches continue.", shapes.NoArgument)
RESUME = Method("cascode.server.resume", "Resumes indexing.", shapes.NoArgument)

#: Commands of ``workspace/executeCommand``.
COMMANDS = (SEARCH, SIMILAR, DESCRIBE, STATUS, SKIPPED, REINDEX, PAUSE, RESUME)

#: Sent to clients that give their name, at most four times a second.
STATUS_NOTIFICATION = Method("cascode/status", "Sent when the state of the server changes.", shapes.ServerStatus)
