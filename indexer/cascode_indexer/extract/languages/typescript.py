"""TypeScript and TSX: JavaScript's forms, with types around them."""

from __future__ import annotations

from cascode_indexer.extract.spec import Files, LanguageSpec, Mining

from .javascript import (
    COMMENTS,
    COMMON_PATTERNS,
    DEFINITION,
    KEYWORDS,
    SCRIPT_EXAMPLES,
    SCRIPT_TESTS,
    binding_patterns,
    container_parts,
    member_parts,
)

_FUNCTION = "[(function_expression body: (_) @body) (generator_function body: (_) @body)]"
_ARROW = "(arrow_function body: (_) @body)"
#: What may stand around a function value.
_AROUND = "(parenthesized_expression) (as_expression) (satisfies_expression)"


def _wrapped(value: str) -> str:
    """The value itself, or in parentheses, or with a type asserted."""
    return (
        f"[{value} (parenthesized_expression {value}) (as_expression {value}) (satisfies_expression {value})"
        f" (as_expression (parenthesized_expression {value}))"
        f" (satisfies_expression (parenthesized_expression {value}))]"
    )


_QUERY = (
    COMMON_PATTERNS
    + binding_patterns(_wrapped(_FUNCTION), _wrapped(_ARROW), _AROUND)
    + f"""
(public_field_definition name: (_) @name value: [{_wrapped(_FUNCTION)} {_wrapped(_ARROW)}]) @method
(public_field_definition name: (_) @name value: (object) @namespace)
(variable_declarator name: (identifier) @name value: (as_expression (object) @namespace))
(variable_declarator name: (identifier) @name value: (satisfies_expression (object) @namespace))
(abstract_class_declaration name: (_) @name) @type
(internal_module name: (_) @name) @namespace
(module name: (_) @name) @namespace
(decorator) @decorator
"""
)


def _is_no_translation(head: bytes) -> bool:
    """Whether a file is no translation of Qt's, which share the suffix and are XML."""
    return not head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<?xml")


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
    grammars={
        "": "tree_sitter_typescript:language_typescript",
        "tsx": "tree_sitter_typescript:language_tsx",
    },
    query=_QUERY,
    name_parts=member_parts,
    container_parts=container_parts,
    constructors=frozenset({"constructor"}),
    signature_tail=("=>",),
    definition=DEFINITION,
    variants={".tsx": "tsx"},
)
