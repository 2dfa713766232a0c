"""Lua: functions of every form (``function M.f()``, ``M.f = function()``, fields of tables), tables bound to a name."""

from __future__ import annotations

import re

from cascode_indexer.extract.forms import CommentForms
from cascode_indexer.extract.spec import Files, LanguageSpec, Mining, words

_FUNCTION = "(function_definition parameters: (_) @head body: (_)? @body)"
_TARGET = "(variable_list . name: (_) @name .)"
#: What a table, a configuration or a text is written as.
_VALUE = "(expression_list . value: [(table_constructor) (function_call) (string)] @body .)"

#: A call that is given a function makes a function, class or handler of it, unless its name says that it runs it.
_MADE = f"(function_call name: [(identifier) (dot_index_expression)] @_call arguments: (arguments {_FUNCTION}))"
_MAKES = (
    '(#not-match? @_call "(^|[._])(map|imap|filter|reduce|foldl|foldr|find|find_if|sort|sorted|gsub|gmatch|pcall|xpcall'
    '|any|all|each|foreach|it|describe|before_each|after_each|create|wrap)$")'
)

_QUERY = f"""
(function_declaration name: (_) @name parameters: (_) @head body: (_)? @body) @function
(assignment_statement {_TARGET} (expression_list . value: {_FUNCTION} .)) @function
(field name: (_) @name value: {_FUNCTION}) @function
((assignment_statement {_TARGET} (expression_list . value: {_MADE} .)) @lambda {_MAKES})
((field name: (_) @name value: {_MADE}) @lambda {_MAKES})
(assignment_statement {_TARGET} (expression_list . value: (table_constructor) @namespace .))
(field name: (_) @name value: (table_constructor) @namespace)
(chunk (assignment_statement {_TARGET} {_VALUE}) @constant)
(chunk (variable_declaration (assignment_statement {_TARGET} {_VALUE})) @constant)
(variable_declaration
  (assignment_statement (expression_list . [(function_definition) (function_call)] .)) @wrapped) @wrapper
(comment) @comment
"""

_PART = re.compile(r"\[\s*(['\"])(.*?)\1\s*\]|[^\s.:\[\]()\"']+")


def _parts(text: str) -> list[str]:
    """``M.a:b`` is ``M.a.b``; ``M["key"]`` is ``M.key``; a key in quotes is named without them."""
    if text[:1] in "'\"":
        return [text[1:-1]] if len(text) > 2 else []
    parts = [match[2] or match[0] for match in _PART.finditer(text)]
    if "(" in text:
        return parts[-1:] if text.rpartition(")")[2].startswith(".") else []
    if parts[-1:] == ["_G"]:
        return []
    return parts[1:] if len(parts) > 1 and parts[0] in ("_G", "self", "_M") else parts


#: A line that starts a definition.
_DEFINITION = re.compile(rb"^[ \t]*(?:local[ \t]+)?function[ \t]+(?:[\w.]+[.:])?(\w+)[ \t]*\(", re.MULTILINE)

_KEYWORDS = words(
    """
    and break do else elseif end false for function goto if in local nil not or repeat return then true until
    while
    """
)

SPEC = LanguageSpec(
    id="lua",
    name="Lua",
    position=160,
    files=Files(
        suffixes=(".lua", ".wlua", ".nse"),
        interpreters=("lua", "luajit", "texlua", "resty"),
        tests=(r"_spec\.lua$",),
    ),
    editor_ids=("lua",),
    mining=Mining(suffixes=(".lua",)),
    comments=CommentForms(line=("--",), block=(("--[[", "]]"), ("--[=[", "]=]"), ("--[==[", "]==]"))),
    keywords=_KEYWORDS,
    keywords_name_members=True,
    grammars={"": "tree_sitter_lua:language"},
    query=_QUERY,
    name_parts=_parts,
    signature_tail=("=",),
    cut_body=b" end",
    definition=_DEFINITION,
    block_end=b"end",
)
