"""Zig: functions, structs, enums, unions and error sets bound to a name, constants."""

from __future__ import annotations

import re

from cascode_indexer.extract.spec import Files, LanguageSpec, words

from .rust import COMMENTS, inner_doc

_TYPES = (
    ("struct_declaration", "struct"),
    ("union_declaration", "struct"),
    ("opaque_declaration", "struct"),
    ("enum_declaration", "enum"),
    ("error_set_declaration", "enum"),
)

_QUERY = f"""
(function_declaration name: (identifier) @name body: (_) @body) @function
{"".join(f"(variable_declaration . (identifier) @name ({node}) @body) @{label}{chr(10)}" for node, label in _TYPES)}
(source_file (variable_declaration . (identifier) @name (_) @body .) @constant)
(comment) @comment
"""

#: A line that starts a definition.
_DEFINITION = re.compile(
    rb"^[ \t]*(?:(?:pub|export|inline|noinline|extern(?:[ \t]+\"\w*\")?)[ \t]+)*fn[ \t]+(\w+)", re.MULTILINE
)

SPEC = LanguageSpec(
    id="zig",
    name="Zig",
    position=220,
    files=Files(
        suffixes=(".zig",),
    ),
    editor_ids=("zig",),
    comments=COMMENTS,
    keywords=words(
        "addrspace align and asm async await break callconv catch comptime const continue defer else enum errdefer"
        " error export extern fn for if inline noalias or orelse packed pub resume return struct suspend switch test"
        " threadlocal try union unreachable usingnamespace var volatile while"
    ),
    grammars={"": "tree_sitter_zig:language"},
    query=_QUERY,
    name_parts=lambda text: [text.removeprefix("@").strip('"')],
    module_doc=inner_doc,
    signature_tail=("{", "="),
    cut_body=b"",
    definition=_DEFINITION,
)
