"""TypeScript and TSX: JavaScript's forms, with types around them."""

from __future__ import annotations

import re

from cascode_indexer.extract.shown import Shown, blanked
from cascode_indexer.extract.spec import Files, LanguageSpec, Mining

from .javascript import (
    COMMENTS,
    COMMON_PATTERNS,
    DEFINITION,
    KEYWORDS,
    SCRIPT_EXAMPLES,
    SCRIPT_TESTS,
    STATEMENT,
    binding_patterns,
    constant_patterns,
    container_parts,
    field_patterns,
    member_parts,
)

#: What may stand around a function value.
_AROUND = "(parenthesized_expression) (as_expression) (satisfies_expression)"


_VALUE = (
    "(object) (array) (regex) (template_string) (new_expression) (await_expression)"
    " (call_expression function: [(identifier) (member_expression) (instantiation_expression)])"
)
_CONSTANT = f"[{_VALUE} (as_expression [{_VALUE}]) (satisfies_expression [{_VALUE} (as_expression [{_VALUE}])])]"


def _wrapped(value: str) -> str:
    """The value itself, or in parentheses, or with a type asserted."""
    inner = f"[{value} (parenthesized_expression {value})]"
    return f"[{value} (parenthesized_expression {value}) (as_expression {inner}) (satisfies_expression {inner})]"


_QUERY = (
    COMMON_PATTERNS
    + binding_patterns(_wrapped, _AROUND)
    + f"""
{field_patterns("public_field_definition name", _wrapped)}
(variable_declarator name: (identifier) @name value: (as_expression (object) @namespace))
(variable_declarator name: (identifier) @name value: (satisfies_expression (object) @namespace))
(abstract_class_declaration name: (_) @name body: (_) @body) @class
(interface_declaration name: (_) @name body: (_) @body) @interface
(enum_declaration name: (_) @name body: (_) @body) @enum
(type_alias_declaration name: (_) @name value: (_) @body) @alias
(internal_module name: (_) @name body: (_) @body) @module
(module name: (_) @name body: (_) @body) @module
(expression_statement (internal_module) @wrapped) @wrapper
(function_signature name: (_) @name) @overload
(export_statement declaration: (function_signature name: (_) @name)) @overload
(class_body (method_signature name: (_) @name) @overload)
(decorator) @decorator
"""
    + constant_patterns(_CONSTANT, "internal_module", "public_field_definition")
)


def _is_no_translation(head: bytes) -> bool:
    """Whether a file is no translation of Qt's, which share the suffix and are XML."""
    return not head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<?xml")


#: A type of another module with arguments, as compilers write it; the grammar knows it without them only.
_IMPORTED = re.compile(rb"import\((?:\"[^\"\n]*\"|'[^'\n]*')\)\.(?=[\w.]+<)")


def _shown(source: bytes) -> Shown:
    """The source without the modules of imported types that have arguments."""
    if b"import(" not in source:
        return Shown(source)
    return Shown(_IMPORTED.sub(lambda match: blanked(match[0]), source))


SPEC = LanguageSpec(
    id="typescript",
    name="TypeScript",
    position=30,
    files=Files(
        suffixes=(".ts", ".tsx", ".mts", ".cts"),
        checks={".ts": _is_no_translation},
        interpreters=("deno", "bun", "tsx", "ts-node"),
        tests=SCRIPT_TESTS,
        examples=SCRIPT_EXAMPLES,
    ),
    editor_ids=("typescript", "typescriptreact"),
    aliases=("ts", "tsx"),
    mining=Mining(suffixes=(".ts", ".tsx", ".mts", ".cts")),
    comments=COMMENTS,
    keywords=KEYWORDS,
    keywords_name_members=True,
    statement=STATEMENT,
    grammars={
        "": "tree_sitter_typescript:language_typescript",
        "tsx": "tree_sitter_typescript:language_tsx",
    },
    query=_QUERY,
    name_parts=member_parts,
    container_parts=container_parts,
    constructors=frozenset({"constructor"}),
    signature_tail=("=>", "="),
    cut_body=b"",
    definition=DEFINITION,
    shown=_shown,
    variants={".tsx": "tsx"},
)
