"""Rust: functions in modules, impls and traits, closures bound by ``let``."""

from __future__ import annotations

import re

from cascode_indexer.extract.spec import Files, LanguageSpec, Mining, words

_QUERY = """
(function_item name: (_) @name body: (_) @body) @function
(let_declaration pattern: (identifier) @name value: (closure_expression body: (_) @body)) @lambda
(const_item name: (identifier) @name value: (closure_expression body: (_) @body)) @lambda
(static_item name: (identifier) @name value: (closure_expression body: (_) @body)) @lambda
(mod_item name: (identifier) @name body: (_)) @namespace
(impl_item type: (_) @name) @type
(trait_item name: (type_identifier) @name) @type
(attribute_item) @decorator
(line_comment) @comment
(block_comment) @comment
"""

_BRACKETS = re.compile(r"<.*", re.DOTALL)
_LEADING = re.compile(r"^(?:&|'\w+|\s|mut\b|dyn\b|\*|const\b|r#)+")
_IDENTIFIER = re.compile(r"[^\W\d]\w*")


def _type_name(text: str) -> list[str]:
    """``a::Reader<'a, R>`` and ``&mut Reader`` are ``Reader``; a tuple is named by its first type."""
    plain = _BRACKETS.sub("", _LEADING.sub("", text))
    parts = _IDENTIFIER.findall(plain)
    return parts[-1:] if "::" in plain else parts[:1]


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
    keywords=_KEYWORDS,
    grammars={"": "tree_sitter_rust:language"},
    query=_QUERY,
    container_parts=_type_name,
    signature_tail=(",",),
    definition=_DEFINITION,
)
