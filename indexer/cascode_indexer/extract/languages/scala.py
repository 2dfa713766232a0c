"""Scala 2 and 3: methods, function values, classes, traits, objects, enums, extensions, givens, constants."""

from __future__ import annotations

import re

from cascode_indexer.extract.spec import Files, LanguageSpec, Mining, words

_CONSTANT = "(val_definition pattern: (identifier) @name value: (_) @body) @constant"

_QUERY = f"""
(function_definition name: (_) @name body: (_) @body) @function
(val_definition pattern: (identifier) @name
  value: [(lambda_expression) (block . (lambda_expression) .) (indented_block . (lambda_expression) .)] @body) @lambda
(class_definition "case" name: (_) @name class_parameters: (_)? @head extend: (_)? @head body: (_)? @body) @record
(class_definition name: (_) @name class_parameters: (_)? @head extend: (_)? @head body: (_)? @body) @class
(object_definition name: (_) @name extend: (_)? @head body: (_)? @body) @class
(package_object name: (_) @name body: (_) @body) @module
(trait_definition name: (_) @name extend: (_)? @head body: (_)? @body) @trait
(enum_definition name: (_) @name body: (_) @body) @enum
(given_definition name: (_) @name body: (with_template_body) @body) @class
(given_definition !name return_type: (_) @name body: (with_template_body)) @type
(given_definition name: (_) @name body: (_) @body) @constant
(extension_definition parameters: (parameters . (parameter type: (_) @name))) @type
(instance_expression . (_) @name (template_body)) @type
(type_definition name: (_) @name type: (_) @head) @alias
(compilation_unit {_CONSTANT})
(object_definition body: (template_body {_CONSTANT}))
(package_object body: (template_body {_CONSTANT}))
(annotation) @decorator
(comment) @comment
(block_comment) @comment
"""

_ARGUMENTS = re.compile(r"[\[(].*", re.DOTALL)


def _parts(text: str) -> list[str]:
    """A name in backticks is named without them."""
    return [text.strip("`")]


def _container_parts(text: str) -> list[str]:
    """``Ordering[Int]`` is ``Ordering``, ``a.b.Handler`` is ``Handler``."""
    return [part for part in _ARGUMENTS.sub("", text.strip("`")).split(".") if part.strip()][-1:]


#: A line that starts a definition.
_DEFINITION = re.compile(
    rb"^[ \t]*(?:(?:override|private|protected|final|implicit|inline|transparent|infix|open|@\w+)(?:\[\w+\])?[ \t]+)*"
    rb"def[ \t]+(\w+)",
    re.MULTILINE,
)

_KEYWORDS = words(
    """
    abstract case catch class def do else enum export extends false final finally for given if implicit import
    lazy match new null object override package private protected return sealed super then throw trait try true
    type val var while with yield
    """
)

SPEC = LanguageSpec(
    id="scala",
    name="Scala",
    position=140,
    files=Files(
        suffixes=(".scala", ".sc", ".sbt"),
        interpreters=("scala", "scala-cli", "amm"),
        tests=(r"(?-i:(?:Test|Tests|Spec|Suite)\.scala$)",),
    ),
    editor_ids=("scala",),
    mining=Mining(suffixes=(".scala",), is_compiled=True),
    aliases=("sbt",),
    keywords=_KEYWORDS,
    grammars={"": "tree_sitter_scala:language"},
    query=_QUERY,
    name_parts=_parts,
    container_parts=_container_parts,
    constructors=frozenset({"this"}),
    signature_tail=("{", "=", ":", "with"),
    cut_body=b"",
    definition=_DEFINITION,
    member_prefix=b"class A {\n",
)
