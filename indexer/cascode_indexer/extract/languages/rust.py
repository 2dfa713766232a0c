"""Rust: functions in modules, impls and traits, closures bound by ``let``, types, macros, constants."""

from __future__ import annotations

import re

from tree_sitter import Node

from cascode_indexer.extract.forms import CommentForms
from cascode_indexer.extract.shown import Shown, blank
from cascode_indexer.extract.spec import WORD, Files, LanguageSpec, Mining, words

_QUERY = """
(function_item name: (_) @name body: (_) @body) @function
(let_declaration pattern: (identifier) @name value: (closure_expression body: (_) @body)) @lambda
(const_item name: (identifier) @name value: (closure_expression body: (_) @body)) @lambda
(static_item name: (identifier) @name value: (closure_expression body: (_) @body)) @lambda
(macro_definition name: (identifier) @name) @macro
(mod_item name: (identifier) @name body: (_) @body) @module
(impl_item type: (_) @name) @type
(trait_item name: (type_identifier) @name body: (_) @body) @trait
(struct_item name: (type_identifier) @name body: (_)? @body) @struct
(union_item name: (type_identifier) @name body: (_) @body) @struct
(enum_item name: (type_identifier) @name body: (_) @body) @enum
(source_file (type_item name: (type_identifier) @name type: (_) @body) @alias)
(mod_item body: (declaration_list (type_item name: (type_identifier) @name type: (_) @body) @alias))
(const_item name: (identifier) @name value: (_) @body) @constant
(static_item name: (identifier) @name value: (_) @body) @constant
(attribute_item) @decorator
(line_comment) @comment
(block_comment) @comment
"""

#: What a comment about the file itself begins with.
_INNER = (b"//!", b"/*!")
COMMENTS = CommentForms(inner=("//!", "/*!"))
_BRACKETS = re.compile(r"<.*", re.DOTALL)
_LEADING = re.compile(r"^(?:&|'\w+|\s|mut\b|dyn\b|\*|const\b|r#|\()+")
_IDENTIFIER = re.compile(rf"(?!\d)[{WORD}]+")


def _type_name(text: str) -> list[str]:
    """``a::Reader<'a, R>`` and ``&mut Reader`` are ``Reader``; a tuple is named by its first type."""
    plain = _BRACKETS.sub("", _LEADING.sub("", text))
    parts = _IDENTIFIER.findall(plain)
    return parts[-1:] if "::" in plain else parts[:1]


def inner_doc(root: Node, source: bytes) -> tuple[int, int, str] | None:
    """The ``//!`` comments at the start of a file."""
    run: list[Node] = []
    for node in root.children:
        if source[node.start_byte : node.start_byte + 3] not in _INNER:
            break
        run.append(node)
    if not run:
        return None
    start = run[0].start_byte
    comments = source[start : run[-1].end_byte].rstrip()
    return start, start + len(comments), COMMENTS.text(comments.decode("utf-8", "surrogatepass").splitlines())


#: A macro's call around items: ``cfg_net! {`` at the start of a line, and what an item begins with behind it.
_AROUND_ITEMS = re.compile(rb"^([ \t]*)[A-Za-z_][\w:]*![ \t]*\{[ \t]*$", re.MULTILINE)
_ITEM = re.compile(
    rb"\s*(?:(?://[^\n]*|#!?\[[^\n]*\]|/\*.*?\*/)\s*)*"
    rb"(?:(?:pub(?:\([^()\n]*\))?|async|unsafe|const|extern(?:\s*\"\w*\")?|default)\s+)*"
    rb"(?:fn|struct|enum|trait|impl|mod|use|type|static|union|const)\b",
    re.DOTALL,
)


def _shown(source: bytes) -> Shown:
    """The source without the calls of macros that stand around items; their closing brace is on its own line."""
    if b"! {" not in source and b"!{" not in source:
        return Shown(source)
    shown = bytearray(source)
    for match in _AROUND_ITEMS.finditer(source):
        closing = source.find(b"\n" + match[1] + b"}", match.end())
        if closing >= 0 and match[0].lstrip()[:12] != b"macro_rules!" and _ITEM.match(source, match.end()):
            blank(shown, *match.span())
            blank(shown, closing, closing + len(match[1]) + 2)
            behind = _BEHIND_ITEMS.match(source, source.rfind(b"\n", match.end() - 1, closing) + 1, closing)
            if behind:
                blank(shown, *behind.span(1))
            if _FLAGS in match[0]:
                _blank_flags(source, shown, match.end(), closing)
    return Shown(bytes(shown))


def _blank_flags(source: bytes, shown: bytearray, start: int, end: int) -> None:
    """Blank what makes the sets of flags between two offsets no structs: the type of their bits, and constants."""
    for match in _FLAG_SET.finditer(source, start, end):
        closing = source.find(b"\n" + match[1] + b"}", match.end())
        if closing >= 0:
            blank(shown, *match.span(2))
            blank(shown, match.end(), closing)


_FLAGS = b"bitflags!"
_FLAG_SET = re.compile(rb"^([ \t]*)(?:pub(?:\([^()\n]*\))?[ \t]+)?struct[ \t]+\w+[ \t]*(:[ \t]*[\w:]+)[ \t]*\{", re.M)

#: What a macro reads behind the last item that stands in its call: ``} ?= ptr::null_mut()``.
_BEHIND_ITEMS = re.compile(rb"[ \t]*\}[ \t]*(?!/)([^\s})\];,][^\n]*)\Z")

#: A line that starts a definition.
_DEFINITION = re.compile(
    rb"^[ \t]*(?:pub(?:\([^()\n]*\))?[ \t]+)?(?:(?:const|async|unsafe|extern(?:[ \t]+\"[^\"\n]*\")?)[ \t]+)*"
    rb"fn[ \t]+(\w+)",
    re.MULTILINE,
)

_KEYWORDS = words(
    """
    as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod
    move mut pub ref return self Self static struct super trait true type unsafe use where while
    """
)

SPEC = LanguageSpec(
    id="rust",
    name="Rust",
    position=80,
    files=Files(
        suffixes=(".rs",),
        tests=(r"(?:^|/)tests?\.rs$",),
        examples=(r"(?:^|/)benches/.*\.rs$",),
    ),
    editor_ids=("rust",),
    aliases=("rs",),
    mining=Mining(suffixes=(".rs",)),
    comments=COMMENTS,
    keywords=_KEYWORDS,
    grammars={"": "tree_sitter_rust:language"},
    query=_QUERY,
    container_parts=_type_name,
    signature_tail=("{", "=", ","),
    members_outside=True,
    shown=_shown,
    module_doc=inner_doc,
    definition=_DEFINITION,
)
