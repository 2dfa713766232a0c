"""PHP: functions, methods of classes, interfaces, traits and enums, closures bound to a variable or key, constants."""

from __future__ import annotations

import re

from cascode_indexer.extract.forms import CommentForms
from cascode_indexer.extract.spec import Files, LanguageSpec, Mining, dotted_identifiers, words

_CLOSURE = "[(anonymous_function body: (_) @body) (arrow_function body: (_) @body)]"
_GIVEN = f"arguments: (arguments . (argument [(string) (encapsed_string)] @name) (argument {_CLOSURE}))"

_QUERY = f"""
(function_definition name: (name) @name body: (_) @body) @function
(method_declaration name: (name) @name body: (_) @body) @method
(property_declaration (property_element name: (variable_name) @name) (property_hook_list) @body) @method
(assignment_expression
  left: [(variable_name) (member_access_expression) (scoped_property_access_expression)] @name
  right: {_CLOSURE}) @lambda
((member_call_expression name: (name) @owner {_GIVEN}) @lambda
 (#match? @owner "^(get|post|put|patch|delete|options|any)$") (#match? @name "^.[/]"))
((scoped_call_expression scope: (name) @_router name: (name) @owner {_GIVEN}) @lambda
 (#match? @_router "^(Route|Router|Artisan|Broadcast)$")
 (#match? @owner "^(get|post|put|patch|delete|options|any|command|channel)$"))
((function_call_expression function: (name) @owner {_GIVEN}) @lambda
 (#match? @owner "^add_(action|filter|shortcode)$"))
(array_element_initializer . (string) @name . {_CLOSURE} .) @lambda
(class_declaration name: (name) @name body: (_) @body) @class
(interface_declaration name: (name) @name body: (_) @body) @interface
(trait_declaration name: (name) @name body: (_) @body) @trait
(enum_declaration name: (name) @name body: (_) @body) @enum
(const_declaration (const_element . (name) @name (_) @body .)) @constant
(property_declaration (static_modifier)
  (property_element name: (variable_name) @name default_value: (_) @body)) @constant
(program (return_statement "return" @name (array_creation_expression) @body) @constant)
(assignment_expression
  left: (variable_name) @name right: (object_creation_expression (anonymous_class) @type))
(namespace_definition name: (namespace_name) @name !body) @rest
(namespace_definition name: (namespace_name) @name body: (_)) @namespace
(attribute_list) @decorator
(comment) @comment
"""


def _parts(text: str) -> list[str]:
    """``A\\B`` is ``A.B``, ``$this->handler`` is ``handler``, ``'key'`` is ``key``."""
    if text[:1] in ("'", '"'):
        return [text[1:-1]] if len(text) > 2 else []
    parts = dotted_identifiers(text)
    return [part for part in parts if part not in ("this", "self", "static")]


#: A line that starts a definition.
_DEFINITION = re.compile(
    rb"^[ \t]*(?:(?:public|protected|private|static|final|abstract)[ \t]+)*function[ \t&]+(\w+)", re.MULTILINE
)

_KEYWORDS = words(
    """
    abstract and array as break callable case catch class clone const continue declare default do echo else
    elseif empty enddeclare endfor endforeach endif endswitch endwhile extends final finally fn for foreach
    function global goto if implements include include_once instanceof insteadof interface isset list match
    namespace new or print private protected public require require_once return static switch throw trait try
    unset use var while xor yield
    """
)


def _has_opening_tag(head: bytes) -> bool:
    """Whether a file holds PHP (Drupal's modules do): assembler, Pascal and templates share the suffixes."""
    return b"<?php" in head


SPEC = LanguageSpec(
    id="php",
    name="PHP",
    position=60,
    files=Files(
        suffixes=(
            ".php",
            ".module",
            ".install",
            ".theme",
            ".phtml",
            ".php3",
            ".php4",
            ".php5",
            ".php7",
            ".phps",
            ".inc",
        ),
        checks=dict.fromkeys((".inc", ".module", ".install", ".theme"), _has_opening_tag),
        foreign_endings=(".blade.php",),
        interpreters=("php",),
        tests=(r"(?-i:(?:Test|Tests|TestCase)\.php$)",),
    ),
    editor_ids=("php",),
    mining=Mining(suffixes=(".php", ".inc")),
    comments=CommentForms(line=("//", "#")),
    keywords=_KEYWORDS,
    keywords_name_members=True,
    grammars={"": "tree_sitter_php:language_php"},
    query=_QUERY,
    name_parts=_parts,
    constructors=frozenset({"__construct"}),
    signature_tail=("=>", "{", "="),
    definition=_DEFINITION,
    piece_prefix=b"<?php\n",
    member_prefix=b"class A {\n",
)
