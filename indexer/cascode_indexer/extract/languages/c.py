"""C: function definitions, whatever stands around their name; types, tables, macros of several lines."""

from __future__ import annotations

import re

from tree_sitter import Node

from cascode_indexer.extract.doxygen import plain_comment
from cascode_indexer.extract.macros import c_shown
from cascode_indexer.extract.spec import Files, LanguageSpec, Mining, words

#: Types that ``typedef`` names.
TYPEDEFS = """
(type_definition type: (struct_specifier body: (_) @body) declarator: (type_identifier) @name) @struct
(type_definition type: (union_specifier body: (_) @body) declarator: (type_identifier) @name) @struct
(type_definition type: (enum_specifier body: (_) @body) declarator: (type_identifier) @name) @enum
"""
#: Types with a name of their own, and macros of several lines.
TAGS_AND_MACROS = """
(struct_specifier name: (_) @name body: (_) @body) @struct
(union_specifier name: (_) @name body: (_) @body) @struct
(enum_specifier name: (_) @name body: (_) @body) @enum
(preproc_function_def name: (identifier) @bound parameters: (_) @head) @macro
"""
#: Constants without a name for all of them, called by the first one.
ENUMERATIONS = """
(enum_specifier !name body: (enumerator_list (enumerator name: (identifier) @bound) . "," @tail) @body) @constant
"""
_NAME = "(type_identifier) @bound"
#: What names a type of functions, or of pointers to them.
_CALLED = (
    f"(function_declarator declarator: [{_NAME} (parenthesized_declarator [{_NAME} (pointer_declarator {_NAME})])])"
)


def aliases(types: str) -> str:
    """The patterns of types that are others by another name; of a struct, it would only say that there is one.

    Args:
        types: Patterns of the types that they may stand for, other than functions.
    """
    return f"""
(type_definition type: [{types}]
  declarator: [{_NAME} (array_declarator {_NAME}) (pointer_declarator {_NAME})] @head) @alias
(type_definition declarator: [{_CALLED} (pointer_declarator {_CALLED})] @head) @alias
"""


_BOUND = "(identifier) @bound"
#: Tables and long texts bound to a name.
CONSTANTS = f"""
(declaration declarator: (init_declarator
  declarator: [
    {_BOUND}
    (array_declarator [{_BOUND} (array_declarator {_BOUND})])
    (pointer_declarator declarator: [{_BOUND} (array_declarator {_BOUND})])]
  value: [(initializer_list) (concatenated_string) {{}}] @body)) @constant
"""


QUERY = f"""
(function_definition declarator: (_) @name body: (_) @body) @function
{TYPEDEFS}
{TAGS_AND_MACROS}
{aliases("(primitive_type) (sized_type_specifier) (type_identifier)")}
{ENUMERATIONS}
{CONSTANTS.format("(string_literal)")}
(comment) @comment
"""

_NAMES = frozenset({"identifier", "field_identifier", "qualified_identifier", "destructor_name", "operator_name"})


def declared_name(declarator: Node) -> Node | None:
    """The node that carries the name of a declared function, inside pointers, parentheses and attributes.

    Args:
        declarator: The declarator of a ``function_definition``.

    Returns:
        The name's node; None where no function is declared, as in a class head that hides behind a macro.
    """
    node: Node | None = declarator
    is_function = False
    while node is not None:
        kind = node.type
        if kind in _NAMES or kind == "template_function":
            if kind == "qualified_identifier" and not is_function:
                is_function = _ends_in_cast(node)
            return node if is_function else None
        if kind == "operator_cast":
            return node
        is_function = is_function or kind == "function_declarator"
        inner = node.child_by_field_name("declarator")
        if inner is None:  # parenthesized, attributed and reference declarators have no field
            inner = next((child for child in node.named_children if child.type.endswith(_DECLARING)), None)
        node = inner
    return None


_DECLARING = ("declarator", "identifier", "destructor_name", "operator_name", "operator_cast")


def _ends_in_cast(node: Node) -> bool:
    """Whether a qualified name ends in a conversion operator, whose parameters are part of its name node."""
    inner: Node | None = node
    while inner is not None and inner.type == "qualified_identifier":
        inner = inner.child_by_field_name("name")
    return inner is not None and inner.type == "operator_cast"


#: A line that starts a definition.
DEFINITION = re.compile(
    rb"^(?!(?:else|if|for|while|switch|return|typedef)\b)"
    rb"[A-Za-z_][^\n;{}()=]{0,300}?(~?\b\w+)[ \t]*\([^;{}]{0,2000}\)[^;{}()=]{0,500}\{",
    re.MULTILINE,
)

#: Reserved words of C; C++ has them too.
KEYWORDS = words(
    """
    auto break case char const continue default do double else enum extern float for goto if inline int long
    register restrict return short signed sizeof static struct switch typedef union unsigned void volatile
    while
    """
)


def is_statement(node: Node) -> bool:
    """Whether a definition inside a function is a macro's loop or dispatch: ``foreach (x, xs) {...}``, ``on (K(i)) {``.

    It has no type, or its name would stand in parentheses.
    """
    declarator = node.child_by_field_name("declarator")
    return node.type == "function_definition" and (
        node.child_by_field_name("type") is None
        or (declarator is not None and declarator.type == "parenthesized_declarator")
    )


#: What may stand between an alias and what it belongs to.
_AROUND = frozenset({"template_declaration", "preproc_if", "preproc_ifdef", "preproc_else", "preproc_elif"})


def is_local(node: Node) -> bool:
    """Whether an alias stands in a class or function, of which it is a detail.

    Args:
        node: Its node.
    """
    around = node.parent
    while around is not None and around.type in _AROUND:
        around = around.parent
    return around is not None and around.type in ("field_declaration_list", "compound_statement")


SPEC = LanguageSpec(
    id="c",
    name="C",
    position=90,
    files=Files(
        suffixes=(".c", ".h"),
    ),
    editor_ids=("c",),
    aliases=("h",),
    mining=Mining(suffixes=(".c", ".h"), plain_doc=plain_comment, is_compiled=True),
    keywords=KEYWORDS,
    grammars={"": "tree_sitter_c:language"},
    query=QUERY,
    shown=c_shown,
    name_node=declared_name,
    is_statement=is_statement,
    is_local=is_local,
    nests_functions=False,
    signature_tail=("{", "="),
    definition=DEFINITION,
)
