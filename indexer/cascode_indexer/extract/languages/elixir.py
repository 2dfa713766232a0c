"""Elixir: functions, macros and guards with their clauses, modules, protocols, types, attributes of several lines."""

from __future__ import annotations

import re

from tree_sitter import Node

from cascode_indexer.extract.forms import CommentForms, tidy
from cascode_indexer.extract.spec import Files, LanguageSpec, Mining, words

_IS_DEFINITION = '(#match? @_def "^(def|defp|defmacro|defmacrop|defguard|defguardp|defn|defnp)$")'
_BODIES = ("{}) (do_block) @body", "{} (keywords (pair) @body .))")
_HEADS = (
    "(call target: (identifier) @name)",
    "(identifier) @name",
    '(binary_operator left: (call target: (identifier) @name) operator: "when")',
    '(binary_operator left: (identifier) @name operator: "when")',
)
_OPERATORS = (
    "(binary_operator operator: _ @name)",
    "(unary_operator operator: _ @name)",
    '(binary_operator left: (binary_operator operator: _ @name) operator: "when")',
    '(binary_operator left: (unary_operator operator: _ @name) operator: "when")',
)
#: A guard's body is its condition.
_GUARD = """
((call target: (identifier) @_def (arguments .
   (binary_operator left: (call target: (identifier) @name) operator: "when" right: (_) @body) .)) @function
 (#match? @_def "^defguardp?$"))
"""


def _functions() -> str:
    """Patterns for all forms of a function's head and of its body."""
    patterns = [
        f"((call target: (identifier) @_def (arguments . {body.format(head)}) @function {_IS_DEFINITION})"
        for body in _BODIES
        for head in _HEADS
    ]
    operators = [
        f"((call target: (identifier) @_def (arguments . {body.format(head)}) @function {_IS_DEFINITION}"
        ' (#not-match? @name "^(when|::|.\\\\\\\\.*)$"))'
        for body in _BODIES
        for head in _OPERATORS
    ]
    return "\n".join([*patterns, *operators, _GUARD])


_ATTRIBUTE = '(unary_operator operator: "@" operand: (call target: (identifier) {} (arguments . {})))'

_TYPE = "(binary_operator left: [(identifier) @name (call target: (identifier) @name)] right: (_) @head)"

_QUERY = f"""
{_functions()}
((call target: (identifier) @_def (arguments . (alias) @name) (do_block) @body) @module (#eq? @_def "defmodule"))
((call target: (identifier) @_def (arguments . (alias) @name) (do_block) @body) @protocol (#eq? @_def "defprotocol"))
((call target: (identifier) @_def (arguments . (alias) @name) (do_block)) @namespace (#eq? @_def "defimpl"))
({_ATTRIBUTE.format("@_type", _TYPE)} @alias
 (#match? @_type "^(type|typep|opaque)$"))
({_ATTRIBUTE.format("@name", "(_) @body")} @constant
 (#not-match? @name "^(doc|moduledoc|typedoc|spec|type|typep|opaque|callback|macrocallback)$"))
((call target: (identifier) @_def (arguments . [(call) (identifier)] .) .) @decorator {_IS_DEFINITION})
({_ATTRIBUTE.format("@_spec", "(_)")} @decorator
 (#match? @_spec "^(spec|impl|deprecated|dialyzer|decorate|tag)$"))
((unary_operator operator: "@" operand: (call target: (identifier) @_doc (arguments (keywords)))) @decorator
 (#eq? @_doc "doc"))
((unary_operator operator: "@" operand: (call target: (identifier) @_doc (arguments . [(string) (sigil)]))) @comment
 (#match? @_doc "^(doc|typedoc)$"))
(comment) @comment
"""

_QUOTES = (('~S"""', '"""'), ('~s"""', '"""'), ('"""', '"""'), ('~S"', '"'), ('~s"', '"'), ('"', '"'))
_FORMS = CommentForms(
    line=("#",),
    block=tuple((f"@{word} {opening}", closing) for word in ("doc", "typedoc") for opening, closing in _QUOTES),
)


def _module_doc(body: Node, source: bytes) -> tuple[int, int, str] | None:
    """``@moduledoc`` among the first lines of a module: its span and its text."""
    for node in body.named_children:
        text = source[node.start_byte : node.end_byte]
        if text.startswith(b"@moduledoc"):
            value = text[len(b"@moduledoc") :].decode("utf-8", "surrogatepass").strip()
            for opening, closing in _QUOTES:
                if value.startswith(opening) and value.endswith(closing):
                    return node.start_byte, node.end_byte, tidy(value[len(opening) : -len(closing)].splitlines())
            return None
    return None


def _parts(text: str) -> list[str]:
    """``A.B`` is two parts."""
    return text.split(".") if text[:1].isalpha() else [text]


#: A line that starts a definition.
_DEFINITION = re.compile(rb"^[ \t]*def(?:p|macro|macrop|guard|guardp)?[ \t]+(\w+[?!]?)", re.MULTILINE)

SPEC = LanguageSpec(
    id="elixir",
    name="Elixir",
    position=180,
    files=Files(
        suffixes=(".ex", ".exs"),
        interpreters=("elixir",),
    ),
    editor_ids=("elixir",),
    mining=Mining(suffixes=(".ex",), is_compiled=True),
    aliases=("ex", "exs"),
    comments=_FORMS,
    # Kernel defines "and", "or", "not" and "in" as operators.
    keywords=words("after catch do else end false fn nil rescue true unquote when"),
    grammars={"": "tree_sitter_elixir:language"},
    query=_QUERY,
    name_parts=_parts,
    inside_doc=_module_doc,
    has_clauses=True,
    signature_tail=("do:", ",", "when"),
    cut_body=b"",
    definition=_DEFINITION,
    block_end=b"end",
    member_prefix=b"defmodule A do\n",
)
