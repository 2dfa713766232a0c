"""What a sweep collects: definitions and containers on their way to qualified names."""

from __future__ import annotations

from dataclasses import dataclass, field

from tree_sitter import Node

from cascode_indexer.types import FUNCTION_KINDS, TYPE_KINDS, Kind

from .docs import Comments

#: Capture that names a definition to its kind.
KINDS = {
    "function": Kind.FUNCTION,
    "method": Kind.METHOD,
    "constructor": Kind.CONSTRUCTOR,
    "lambda": Kind.LAMBDA,
    "closure": Kind.LAMBDA,
    "macro": Kind.FUNCTION,
    "class": Kind.CLASS,
    "interface": Kind.INTERFACE,
    "trait": Kind.TRAIT,
    "protocol": Kind.PROTOCOL,
    "struct": Kind.STRUCT,
    "record": Kind.RECORD,
    "enum": Kind.ENUM,
    "alias": Kind.TYPE,
    "module": Kind.MODULE,
    "mixin": Kind.MODULE,
    "constant": Kind.CONSTANT,
}
#: Captures that make an item, containers that are no definitions among them.
LABELS = frozenset({*KINDS, "type", "namespace", "rest"})
_OUTLINED_KINDS = TYPE_KINDS | {Kind.CONSTANT}
#: Lines below which a constant is a value like any other, and a macro an abbreviation.
LEAST_LINES = {"constant": 3, "macro": 2}


@dataclass(slots=True)
class Item:
    """A definition or container."""

    label: str
    start: int
    end: int
    #: Own parts of the name; those of the containers are put in front once they are known.
    own: list[str]
    #: The rest is for definitions only.
    node: Node | None = None
    name: Node | None = None
    body: Node | None = None
    signature_end: int = 0
    #: First byte of the name where it stands outside of its node; -1 where it does not.
    name_start: int = -1
    #: The qualified name, and what those inside begin with.
    parts: list[str] = field(default_factory=list)
    inner: list[str] = field(default_factory=list)
    #: Whether what is defined inside belongs to a type.
    is_type: bool = False
    #: Span with all that wraps the definition and the decorators in front of it; where the declaration begins.
    span: tuple[int, int] = (0, 0)
    head: int = 0
    #: Definitions inside an outlined one.
    members: list[Item] = field(default_factory=list)

    #: Kind of the definition; None for what only contains.
    kind: Kind | None = field(init=False)
    #: Whether it has a body that runs.
    is_function: bool = field(init=False)
    #: Whether its members are shown by their signatures.
    is_outlined: bool = field(init=False)
    #: The nearest outlined definition around it.
    outer: Item | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.kind = KINDS.get(self.label)
        self.is_function = self.kind in FUNCTION_KINDS
        self.is_outlined = self.kind in _OUTLINED_KINDS

    def takes_place_in(self, parent: Item | None) -> None:
        """Complete the name by the containers'; a constant is none, what it holds is named as without it."""
        if parent is not None:
            self.outer = parent if parent.is_outlined else parent.outer
        before = parent.inner if parent else []
        if self.own[:-1] and self.own[: len(before)] == before:  # Perl: a whole name inside the package that it names
            before = []
        if parent is not None and parent.label == "closure" and self.own[0] == parent.own[-1]:
            before = before[:-1]  # a closure that gives the function or class of its name
        self.parts = [*before, *self.own]
        self.inner = before if self.kind is Kind.CONSTANT else self.parts
        if self.kind is Kind.CONSTANT:
            self.is_type = parent is not None and parent.is_type

    def is_asked_for(self, has_doc: bool) -> bool:
        """Whether a module says something of its own: it is documented, or a mixin with methods."""
        if self.kind is not Kind.MODULE or has_doc:
            return True
        return self.label == "mixin" and any(member.is_function for member in self.members)


def prefixed(prefix: str, name: str) -> str:
    """``~`` and ``operator`` in front of a name, with a space only between words."""
    return f"{prefix} {name}" if prefix[-1:].isalnum() and name[:1].isalpha() else prefix + name


def without_doubles(found: list[tuple[int, Item]]) -> list[Item]:
    """Of definitions with the same name node keep the longest function, else the first type, else the first constant.

    Args:
        found: With the number of their pattern, in that order.
    """
    items = [item for _, item in found]
    items.sort(
        key=lambda item: (0, -_body_length(item)) if item.is_function else (1 + (item.kind not in TYPE_KINDS), 0)
    )
    names: set[int] = set()
    kept = []
    for item in items:
        assert item.name is not None
        if item.name.start_byte not in names:
            kept.append(item)
        names.add(item.name.start_byte)
    return kept


def with_clauses_joined(items: list[Item], comments: Comments) -> list[Item]:
    """Of functions with the same name, one after the other, make one: a function's clauses.

    Args:
        items: In order of the source.
        comments: Of the source; they may stand between.
    """
    kept: list[Item] = []
    last: dict[tuple[str, ...], Item] = {}
    for item in items:
        if item.is_function:
            before = last.get(tuple(item.own))
            if before is not None and before.body is not None:
                is_body = item.start == before.body.start_byte
                if is_body or (before.end <= item.start and comments.skip_back(item.start) <= before.end):
                    before.end = max(before.end, item.end)
                    continue
            last[tuple(item.own)] = item
        kept.append(item)
    return kept


def _body_length(item: Item) -> int:
    """Bytes of an item's body; its own where it has none."""
    start, end = item.body.byte_range if item.body is not None else (item.start, item.end)
    return end - start
