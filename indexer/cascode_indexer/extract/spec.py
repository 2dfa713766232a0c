"""What has to be known of a language: one :class:`LanguageSpec` each."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tree_sitter import Node

from .forms import CommentForms
from .shown import Shown

#: Turns the text of a captured name or owner into the parts of a qualified name; empty: no name.
NameParts = Callable[[str], "list[str]"]

#: The commonest way to write comments.
_C_COMMENTS = CommentForms()
#: What a name is made of, for character classes: marks combine with letters, and ``\\w`` ends at them (UAX 31).
WORD = r"\w\x80-\U0010ffff"
_IDENTIFIER = re.compile(rf"(?!\d)[{WORD}]+")


def plain_name(text: str) -> list[str]:
    """The text itself is the only part of the name."""
    return [text]


def dotted_identifiers(text: str) -> list[str]:
    """Every identifier in the text is a part of the name."""
    return _IDENTIFIER.findall(text)


def words(text: str) -> frozenset[str]:
    """The words of a text, for lists of reserved ones."""
    return frozenset(text.split())


@dataclass(frozen=True, slots=True)
class Files:
    """Which files are written in a language, recognised by name first and by content where names are shared."""

    #: File name suffixes, lower case. A language whose check of a suffix fails leaves the file to the next one
    #: that claims it; the one without a check comes last.
    suffixes: tuple[str, ...]
    #: Suffix to a look at the file's first bytes: whether it is this language's after all.
    checks: Mapping[str, Callable[[bytes], bool]] = field(default_factory=dict)
    #: Endings of files in another language that one of the suffixes would claim.
    foreign_endings: tuple[str, ...] = ()
    #: Whole file names, lower case.
    names: tuple[str, ...] = ()
    #: Programs named in the first line of a script, with a subcommand where it takes one, without their version.
    interpreters: tuple[str, ...] = ()
    #: Expressions for paths of tests and of examples, beyond the conventions that all languages share.
    tests: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    #: Whether a comment in the first two lines may name the file's encoding.
    encoding_comment: bool = False


@dataclass(frozen=True, slots=True)
class Mining:
    """What the making of a training corpus has to know of a language."""

    #: Suffixes of the files that are read.
    suffixes: tuple[str, ...]
    #: The sentence in a doc comment, given its text and the function's qualified name: without what only
    #: documentation tools read. None where the text can be used as it is.
    plain_doc: Callable[[str, str], str] | None = None
    #: Whether a distribution's binary packages hold compiled code only, so that its source package is read.
    is_compiled: bool = False


@dataclass(frozen=True, slots=True)
class LanguageSpec:
    """A language: its names, files, comments, grammars, query and the few rules that a query cannot say.

    The query names what it finds by capture:

    - ``@function``, ``@method``, ``@constructor``, ``@lambda``: a function, by kind. A ``@function``
      directly inside a type becomes a method. ``@macro``: a function, if it has two lines or more. ``@closure``: a
      lambda that is called where it stands; what is named as it inside takes its place.
    - ``@class``, ``@interface``, ``@trait``, ``@protocol``, ``@struct``, ``@record``, ``@enum``, ``@alias``: a
      type, by kind; its name becomes part of the qualified names inside it. ``@module``: a namespace, and a
      definition where it is documented; ``@mixin``: the same, and where it has methods; they belong to a type.
    - ``@constant``: a named value, if it has three lines or more.
    - ``@type``, ``@namespace``: a container and no definition, its name part of the qualified names inside;
      ``@rest``: a namespace that lasts until the next one or the end of the file.
    - ``@name``: name of the definition or container; ``@owner``: the type a definition belongs to when
      it stands outside that type (a Go receiver).
      ``@bound``: as ``@name``, and already the node that carries the name; ``@prefix``: stands in front of
      the name's last part (``~``, ``operator``).
    - ``@body``: where the signature ends, unless a ``@tail`` stands in front of it (C++ initialisers); of a
      type or constant, what is outlined. It may follow the definition's node (Dart). ``@head``: last node of
      the signature where there may be no body.
    - ``@wrapper`` and ``@wrapped``: a node that widens the span of the definition it wraps (``export``,
      ``template<...>``, Python's decorated definition).
    - ``@decorator``: belongs to the span of the definition that follows, but not to its signature.
    - ``@overload``: a signature without a body, its documentation that of the function of its name which follows.
    - ``@comment``: a comment.
    """

    #: Language id, as it is stored and sent.
    id: str
    #: Name shown to people.
    name: str
    #: Where it stands in lists shown to people; any number between two others will do.
    position: int
    #: Its files.
    files: Files
    #: What editors call it in ``languageId``; the first is also its name to syntax highlighters.
    editor_ids: tuple[str, ...]
    #: Grammar variant to ``module:function``; the variant ``""`` is the default one.
    grammars: Mapping[str, str]
    #: tree-sitter query, valid for every variant.
    query: str
    #: Other names that people type, lower case.
    aliases: tuple[str, ...] = ()
    #: What corpora are made from; None where none are.
    mining: Mining | None = None
    #: How comments are written.
    comments: CommentForms = _C_COMMENTS
    #: Reserved words: a definition named so is a misread statement.
    keywords: frozenset[str] = frozenset()
    #: Whether members may be named by reserved words (JavaScript's ``delete()``) where they have no error.
    keywords_name_members: bool = False
    #: What a line holds up to the name of a member that is a misread statement (``if (x) {``) if there is an error
    #: beside it.
    statement: re.Pattern[bytes] | None = None
    #: What to show the parser in place of the source, where not the source itself.
    shown: Callable[[bytes], Shown] | None = None
    #: ``language:variant`` of grammars that a source with errors is tried with, too: the tree with fewer is kept.
    sisters: tuple[str, ...] = ()
    #: Whether a function directly inside another one is a statement that reads like one (``foreach (x, xs) {...}``).
    is_statement: Callable[[Node], bool] | None = None
    #: Whether an alias is a detail of what it stands in.
    is_local: Callable[[Node], bool] | None = None
    #: Whether ``a<`` can open type arguments or compare and the grammar follows both: time and memory by the square.
    ambiguous_angles: bool = False
    #: Finds the node that carries the name inside a definition's ``@name``; None: no function after all.
    name_node: Callable[[Node], Node | None] | None = None
    #: Parts of a name that stands in several nodes (Objective-C's selectors), given the definition's node and the
    #: source; empty: as captured.
    spread_name: Callable[[Node, bytes], list[str]] | None = None
    #: Whether a function is written in clauses, one after the other, which are one definition (Haskell's equations).
    has_clauses: bool = False
    #: Parts of a captured ``@name`` or ``@bound``.
    name_parts: NameParts = plain_name
    #: Parts of a container's ``@name``, where not read as a definition's.
    container_parts: NameParts | None = None
    #: Parts of a captured ``@owner``.
    owner_parts: NameParts = dotted_identifiers
    #: Names that make a method a constructor.
    constructors: frozenset[str] = frozenset()
    #: Whether a method named as its type is a constructor.
    constructor_named_as_type: bool = False
    #: Doc comment inside the body, given its node and the source bytes: first byte, end, cleaned text.
    inside_doc: Callable[[Node, bytes], tuple[int, int, str] | None] | None = None
    #: Whether a definition with this body only declares (Python's ``...``).
    only_declares: Callable[[Node], bool] | None = None
    #: Whether comments above a definition document it.
    doc_above: bool = True
    #: Last cleaning step of a doc comment (C# strips XML tags).
    clean_doc: Callable[[str], str] | None = None
    #: Where a line starts a definition, its name the first group: to find again what a syntax error hid.
    definition: re.Pattern[bytes] | None = None
    #: Lines a definition needs in front of it to be parsed on its own: any one, and an indented one besides.
    piece_prefix: bytes = b""
    member_prefix: bytes = b""
    #: Whether there can be functions inside a function.
    nests_functions: bool = True
    #: What ends a block that no bracket closes.
    block_end: bytes = b""
    #: What stands behind the bracket that closes a block, where some blocks need it and none minds (C++'s classes).
    behind_block: bytes = b""
    #: What stands for a body of which nothing is read, where there must be something.
    empty_body: bytes = b""
    #: How the declaration of a constant starts, where not every bound value of several lines is one.
    constant_head: re.Pattern[str] | None = None
    #: What stands for a body that is left out where a type is outlined.
    cut_body: bytes = b";"
    #: Whether members stand outside their type (Go's methods, Rust's impl blocks): an outline lists those of its file.
    members_outside: bool = False
    #: Documentation of a whole file, given the tree's root and the source: first byte, end, cleaned text.
    module_doc: Callable[[Node, bytes], tuple[int, int, str] | None] | None = None
    #: What ends a signature in front of the body and is no part of it.
    signature_tail: tuple[str, ...] = ("{",)
    #: File name suffix to grammar variant, where not the default.
    variants: Mapping[str, str] = field(default_factory=dict)
