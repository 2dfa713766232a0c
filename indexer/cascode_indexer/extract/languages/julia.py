"""Julia: functions of both forms, macros, types, modules, constants."""

from __future__ import annotations

import re

from tree_sitter import Node

from cascode_indexer.extract.forms import CommentForms
from cascode_indexer.extract.spec import Files, LanguageSpec, Mining, words

_HEAD = """(type_head [
  (identifier) @name
  (parametrized_type_expression . (identifier) @name)
  (binary_expression . (identifier) @name)
  (binary_expression . (parametrized_type_expression . (identifier) @name))]) @head"""
_CONSTANT = "(const_statement (assignment . (identifier) @name (operator) . (_) @body)) @constant"
_LEFT = "[(call_expression) (typed_expression) (where_expression)]"

_QUERY = f"""
(function_definition (signature) @name @head) @function
(macro_definition (signature) @name @head) @function
(assignment . {_LEFT} @name (operator) . (_) @body) @function
(assignment . (identifier) @name (operator) . [(arrow_function_expression) (function_definition)] @body) @lambda
(struct_definition {_HEAD}) @struct
(abstract_definition {_HEAD}) @interface
(module_definition name: (_) @name) @module
(source_file {_CONSTANT})
(module_definition {_CONSTANT})
(macrocall_expression
  (macro_argument_list . [(function_definition) (assignment) (struct_definition)] @wrapped .)) @wrapper
(source_file (string_literal) @comment)
(module_definition (string_literal) @comment)
(line_comment) @comment
(block_comment) @comment
"""

_NAMES = frozenset({"identifier", "field_expression", "operator", "quote_expression", "interpolation_expression"})
#: The declaration that documentation begins with.
_DECLARATION = re.compile(r"\A(?:[\w.@!]+(?:\{[^\n]*\})?\([^\n]*\n)+\s*\n?")


def _called(node: Node) -> Node | None:
    """The name's node in ``f(x)::T where {T}``; None where nothing is called, so that no function is defined."""
    inner: Node | None = node
    while inner is not None and inner.type in ("signature", "where_expression", "typed_expression"):
        inner = inner.named_child(0)
    if inner is None or inner.type in ("identifier", "argument_list"):
        # ``function f end`` declares; a function without a name is bound to one outside.
        return inner if node.type == "identifier" else None
    if inner.type != "call_expression":
        return None
    name = inner.named_child(0)
    while name is not None and name.type in (
        "parenthesized_expression",
        "typed_expression",
        "parametrized_type_expression",
    ):
        name = name.named_child(name.named_child_count - 1 if name.type == "typed_expression" else 0)
    return name if name is not None and name.type in _NAMES else None


def _parts(text: str) -> list[str]:
    """``Base.show`` is two parts, ``Base.:+`` is ``Base.+``."""
    owner, _, name = text.rpartition(".") if not text.startswith(".") else ("", "", text)
    name = name.removeprefix(":").strip("()") or name
    return [*(part for part in owner.split(".") if part), name]


#: A line that starts a definition.
_DEFINITION = re.compile(
    rb"^[ \t]*(?:@\w+[ \t]+)*(?:(?:function|macro)[ \t]+(?:\w+\.)*(\w+!?)[ \t]*[({])", re.MULTILINE
)

SPEC = LanguageSpec(
    id="julia",
    name="Julia",
    position=230,
    files=Files(
        suffixes=(".jl",),
        interpreters=("julia",),
        tests=(r"(?:^|/)runtests\.jl$",),
    ),
    editor_ids=("julia",),
    mining=Mining(suffixes=(".jl",)),
    aliases=("jl",),
    comments=CommentForms(line=("#",), block=(('"""', '"""'), ("#=", "=#"), ('"', '"'))),
    keywords=words(
        "baremodule begin break catch const continue do else elseif end export finally for function global if import"
        " let local macro module quote return struct try using while"
    ),
    grammars={"": "tree_sitter_julia:language"},
    query=_QUERY,
    name_node=_called,
    name_parts=_parts,
    constructor_named_as_type=True,
    clean_doc=lambda text: _DECLARATION.sub("", text, count=1) or text,
    signature_tail=("=",),
    cut_body=b"",
    definition=_DEFINITION,
    block_end=b"end",
)
