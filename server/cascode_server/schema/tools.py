"""What agents ask and are answered, as typed dictionaries, and the tools by which they do.

As in :mod:`cascode_server.schema.shapes` the text beside a type is the documentation of its field. Here a language
model reads it to decide what to ask: it says what helps with that, and costs tokens in every conversation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypedDict, is_typeddict

from cascode_server.schema import shapes
from cascode_server.schema.bounds import DEFAULT_TOKENS, LEAST_TOKENS, MOST_TOKENS
from cascode_server.schema.fields import Field, alternatives, choices, fields_of, item_of
from cascode_server.schema.shapes import Bounds

#: Beyond this the names of hits are not worth what they cost to read.
_MOST_HITS = 50
#: Longer bodies than any budget has room for.
_MOST_LINES = 5_000

_LIMIT = Annotated[int, "At most this many hits; 10 where absent.", Bounds(1, _MOST_HITS)]
_SNIPPET_LINES = Annotated[
    int, "At most this many lines of each hit; 0 for declarations alone. Absent: all.", Bounds(0, _MOST_LINES)
]
_MAX_TOKENS = Annotated[
    int,
    f"Tokens that the answer may cost; {DEFAULT_TOKENS} where absent. Code of the best hits, declarations of the next, "
    "names of the rest.",
    Bounds(LEAST_TOKENS, MOST_TOKENS),
]


class _Question(TypedDict):
    """What a search must have."""

    query: Annotated[
        str, "What the code does, in plain words ('where do we retry a failed upload'), or a pasted error or traceback."
    ]


class SearchCodeArgument(_Question, total=False):
    """The arguments of `search_code`."""

    paths: Annotated[list[str], "Only files that match one of these globs ('src/**'), or all but those of '!tests/'."]
    languages: Annotated[list[str], "Only these languages: python, typescript, go, ..."]
    kinds: Annotated[list[str], "Only these kinds: function, method, class, interface, ..."]
    limit: _LIMIT
    snippet_lines: _SNIPPET_LINES
    max_tokens: _MAX_TOKENS


class _Spot(TypedDict):
    """What a search by code must have."""

    path: Annotated[str, "The file, absolute or relative to the workspace."]
    line: Annotated[int, "A line inside of the definition, 1-based.", Bounds(1, 2**31 - 1)]


class FindSimilarArgument(_Spot, total=False):
    """The arguments of `find_similar`."""

    limit: _LIMIT
    snippet_lines: _SNIPPET_LINES
    max_tokens: _MAX_TOKENS


class _ToolHitPlace(TypedDict):
    """What every hit has."""

    path: Annotated[str, "Relative to the workspace; absolute where there are several."]
    name: Annotated[str, "Qualified name."]
    kind: Annotated[str, "What it is: function, method, class, and so on."]
    start_line: Annotated[int, "First line, 1-based."]
    end_line: Annotated[int, "Last line, inclusive."]
    probability: Annotated[float | None, "How likely it answers, 0 to 1; null where that is not known."]


class ToolHit(_ToolHitPlace, total=False):
    """A hit, in as much detail as the budget has room for."""

    signature: Annotated[str, "The declaration, where the code is not given."]
    code: Annotated[str, "Its lines as they are in the file, beginning with `start_line`."]
    lines_left_out: Annotated[int, "Lines at its end that `code` has no room for."]
    cell: Annotated[shapes.Cell, "Its cell where the file is a notebook; `code` is as that shows it."]


class ToolIndex(TypedDict):
    """How complete the index was that answered."""

    state: Annotated[Literal["ready", "indexing"], "`ready` where nothing is missing."]
    functions: Annotated[int, "Functions that were searched."]
    pending: Annotated[int, "Those among them that are found by their words only, so far."]


class ToolAnswer(TypedDict):
    """The answer of a tool: the same hits as its text, in the same detail."""

    hits: Annotated[list[ToolHit], "The best one first."]
    confident: Annotated[bool, "False where nothing matches well."]
    notes: Annotated[list[str], "What else is to be known about the answer."]
    hits_left_out: Annotated[int, "Hits that the budget has no room for."]
    index: Annotated[ToolIndex, "How complete the answer is."]


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool for agents."""

    name: str
    title: str
    #: A language model decides by it when to use the tool.
    description: str
    argument: type


SEARCH_CODE = Tool(
    "search_code",
    "Search code by meaning",
    "Find the functions, methods and types of this codebase that do what you describe. Use it before grep or reading "
    "files whenever you do not know the exact name: ask in plain words, or paste an error message or a traceback as it "
    "is. Answers with the code itself, exact lines, best first, so the files need not be opened to read it. For a "
    "string that you know exactly, use grep.",
    SearchCodeArgument,
)
FIND_SIMILAR = Tool(
    "find_similar",
    "Find similar code",
    "Find code like the definition at a line: other implementations of the same thing, duplicates, and examples to "
    "follow before you write or change something of the kind.",
    FindSimilarArgument,
)

#: In the order in which they are of use.
TOOLS = (SEARCH_CODE, FIND_SIMILAR)

#: Every shape of the tools, each after those that it is made of.
TOOL_SHAPES = (SearchCodeArgument, FindSimilarArgument, ToolHit, ToolIndex, ToolAnswer)


def json_schema(shape: type) -> dict[str, Any]:
    """Return the JSON Schema of a shape.

    Args:
        shape: A typed dictionary.
    """
    fields = fields_of(shape)
    return {
        "type": "object",
        "properties": {field.name: {**_type_schema(field.type), **_about(field)} for field in fields},
        "required": [field.name for field in fields if field.required],
    }


def _about(field: Field) -> dict[str, Any]:
    """What is said of a field, and its bounds."""
    about: dict[str, Any] = {"description": field.description}
    if field.bounds is not None:
        about |= {"minimum": field.bounds.lowest, "maximum": field.bounds.highest}
    return about


def _type_schema(hint: Any) -> dict[str, Any]:
    """The schema of a type."""
    options = alternatives(hint)
    if len(options) > 1:
        return {"anyOf": [_type_schema(option) for option in options]}
    if choices(hint):
        return {"enum": list(choices(hint))}
    if (item := item_of(hint, list)) is not None:
        return {"type": "array", "items": _type_schema(item)}
    if is_typeddict(hint):
        return json_schema(hint)
    return {"type": {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}[hint]}
