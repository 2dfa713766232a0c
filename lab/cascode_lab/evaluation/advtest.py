"""AdvTest's question: does a model still find Python functions whose names say nothing (Lu et al., 2021, CodeXGLUE)?

Function and variable names are replaced by ``Func``, ``arg_0``, ``arg_1``, ...: consistently inside a function, the
same on every machine. What other code has named (attributes, modules, builtins, classes) stays, as do comments.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from tree_sitter import Node, Parser

from cascode_indexer.extract.grammars import grammar_for
from cascode_models.text import function_text
from cascode_models.types import FunctionSource

#: What the function itself is called.
FUNCTION_NAME = "Func"
#: Front of every variable's new name, as in the published set.
VARIABLE_PREFIX = "arg_"

#: Nodes whose ``left`` side binds names.
_ASSIGNING = ("assignment", "augmented_assignment", "for_statement", "for_in_clause")
#: Patterns that hold further patterns.
_NESTED_PATTERNS = (
    "pattern_list", "tuple_pattern", "list_pattern", "list_splat_pattern", "dictionary_splat_pattern",
    "as_pattern_target", "tuple", "list", "parenthesized_expression", "expression_list",
)  # fmt: skip


def rename_text(name: str, code: str, language: str) -> str:
    """What the model reads of a function without its names; nor has it the qualified one, which says what it does."""
    container = name.rpartition(".")[0].rpartition(".")[2]
    return function_text(FunctionSource("", rename_identifiers(code, container), "", language))


def rename_identifiers(code: str, container: str = "") -> str:
    """Replace the names of a Python function and of its parameters and variables.

    A name bound anywhere inside (parameter, assignment, loop, ``with``, ``except``, comprehension, nested function,
    import alias) is replaced everywhere inside, by ``arg_N`` in the order of first binding; nested functions share
    the numbering of their outer one. ``global`` names stay.

    Args:
        code: The function's source, indented or not; text that the grammar cannot parse is renamed where it can.
        container: Name of the class that holds it: ``Class.name(...)`` is then a recursive call too.

    Returns:
        The code, all else as it was.
    """
    text = textwrap.dedent(code)
    data = text.encode("utf-8", "surrogatepass")
    root = Parser(grammar_for("python").language).parse(data).root_node
    function = next((node for node in _walk(root) if node.type == "function_definition"), None)
    own = _text(function.child_by_field_name("name")) if function is not None else ""
    scope = function if function is not None else root
    names = {name: f"{VARIABLE_PREFIX}{number}" for number, name in enumerate(_bound(scope, own))}
    if own:
        names[own] = FUNCTION_NAME
    receivers = {"super()", container} - {""}
    if function is not None:
        receivers.add(_first_parameter(function))
    edits = [
        (node.start_byte, node.end_byte, names[_text(node)].encode())
        for node in _walk(root)
        if node.type == "identifier" and _text(node) in names and _refers(node, own, receivers, names)
    ]
    for start, end, name in reversed(edits):
        data = data[:start] + name + data[end:]
    return data.decode("utf-8", "surrogatepass")


def _walk(root: Node) -> Iterator[Node]:
    """Every named node below ``root``, itself included, in the order of the text."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.named_children))


def _text(node: Node | None) -> str:
    """Source text of a node."""
    return "" if node is None or node.text is None else node.text.decode("utf-8", "surrogatepass")


def _bound(scope: Node, own: str) -> list[str]:
    """Names bound inside a function, in order, without its own and those declared global."""
    found: dict[str, None] = {}
    kept = {own, "_"}
    for node in _walk(scope):
        if node.type == "global_statement":
            kept.update(_text(child) for child in node.named_children)
        found.update(dict.fromkeys(_bound_by(node, scope)))
    return [name for name in found if name not in kept]


def _bound_by(node: Node, scope: Node) -> Iterable[str]:
    """Names that one node binds."""
    if node.type in ("parameters", "lambda_parameters"):
        return [name for child in node.named_children for name in _parameter_names(child)]
    if node.type in _ASSIGNING and not _is_class_attribute(node):
        return _pattern_names(node.child_by_field_name("left"))
    if node.type == "named_expression":
        return _pattern_names(node.child_by_field_name("name"))
    if node.type == "as_pattern":
        return _pattern_names(node.child_by_field_name("alias"))
    if node.type == "aliased_import":
        return [_text(node.child_by_field_name("alias"))]
    if node.type == "function_definition" and node != scope and not _is_class_attribute(node):
        return [_text(node.child_by_field_name("name"))]
    if node.type in ("case_pattern", "keyword_pattern", "splat_pattern") and node.named_children:
        captured = node.named_children[-1]
        dotted = captured.type == "dotted_name" and captured.named_child_count == 1
        return [_text(captured)] if dotted or node.type == "splat_pattern" else []
    return []


def _parameter_names(parameter: Node) -> Iterable[str]:
    """Name of one parameter, whatever stands around it."""
    if parameter.type in ("default_parameter", "typed_default_parameter"):
        return _pattern_names(parameter.child_by_field_name("name"))
    if parameter.type == "typed_parameter":
        return _pattern_names(parameter.named_children[0])
    return _pattern_names(parameter)


def _pattern_names(pattern: Node | None) -> Iterable[str]:
    """Names that a pattern binds; attributes and subscripts bind none."""
    if pattern is None:
        return []
    if pattern.type == "identifier":
        return [_text(pattern)]
    if pattern.type in _NESTED_PATTERNS:
        return [name for child in pattern.named_children for name in _pattern_names(child)]
    return []


def _is_class_attribute(node: Node) -> bool:
    """Whether a definition stands directly in a class: others reach it as an attribute."""
    around = node.parent
    while around is not None and around.type in ("block", "decorated_definition", "expression_statement"):
        around = around.parent
    return around is not None and around.type == "class_definition"


def _first_parameter(function: Node) -> str:
    """Name of a function's first parameter: ``self`` or ``cls`` of a method."""
    parameters = function.child_by_field_name("parameters")
    first = parameters.named_children[:1] if parameters is not None else []
    return next((name for child in first for name in _parameter_names(child)), "")


def _refers(node: Node, own: str, receivers: set[str], names: dict[str, str]) -> bool:
    """Whether an identifier is one of the function's names here, and not an attribute or keyword of other code."""
    parent = node.parent
    if parent is None:
        return True
    if parent.type == "attribute" and parent.child_by_field_name("attribute") == node:
        return _text(node) == own and _text(parent.child_by_field_name("object")) in receivers
    if parent.type == "keyword_argument" and parent.child_by_field_name("name") == node:
        return _calls_own(parent, own, receivers, names)
    if parent.type == "keyword_pattern":
        return parent.named_children[0] != node
    defined = {"function_definition": "name", "assignment": "left"}.get(parent.type)
    if defined and parent.child_by_field_name(defined) == node:
        return not _is_class_attribute(parent)
    if parent.type == "dotted_name" and parent.parent is not None:
        return parent.parent.type not in ("import_statement", "import_from_statement", "aliased_import")
    return True


def _calls_own(keyword: Node, own: str, receivers: set[str], names: dict[str, str]) -> bool:
    """Whether a keyword argument goes to the function itself or to one nested in it."""
    call = keyword.parent.parent if keyword.parent is not None else None
    called = None if call is None or call.type != "call" else call.child_by_field_name("function")
    if called is None:
        return False
    if called.type == "identifier":
        return _text(called) in names
    if called.type != "attribute" or _text(called.child_by_field_name("attribute")) != own:
        return False
    return _text(called.child_by_field_name("object")) in receivers
