"""Lua: functions, methods of tables, functions bound to a name or a key."""

from __future__ import annotations

import re

from cascode_indexer.extract.forms import CommentForms
from cascode_indexer.extract.spec import Files, LanguageSpec, Mining, words

_QUERY = """
(function_declaration name: (identifier) @name body: (_)? @body parameters: (_) @head) @function
(function_declaration name: [(dot_index_expression) (method_index_expression)] @name
  parameters: (_) @head body: (_)? @body) @method
(assignment_statement (variable_list . name: (_) @name .)
  (expression_list . value: (function_definition parameters: (_) @head body: (_)? @body) .)) @lambda
(field name: (identifier) @name value: (function_definition parameters: (_) @head body: (_)? @body)) @lambda
(comment) @comment
"""

_PART = re.compile(r"[^.:]+")

_KEYWORDS = words(
    """
    and break do else elseif end false for function goto if in local nil not or repeat return then true until while
    """
)


def _parts(text: str) -> list[str]:
    """``store.cache:get`` is ``store.cache.get``."""
    return [part.strip() for part in _PART.findall(text)]


SPEC = LanguageSpec(
    id="lua",
    name="Lua",
    position=120,
    files=Files(suffixes=(".lua",), interpreters=("lua", "luajit"), tests=(r"_spec\.lua$",)),
    editor_ids=("lua",),
    mining=Mining(suffixes=(".lua",)),
    comments=CommentForms(line=("--",), block=(("--[[", "]]"),)),
    keywords=_KEYWORDS,
    grammars={"": "tree_sitter_lua:language"},
    query=_QUERY,
    name_parts=_parts,
    definition=re.compile(rb"^[ \t]*(?:local[ \t]+)?function[ \t]+(?:\w+[.:])*(\w+)", re.MULTILINE),
)
