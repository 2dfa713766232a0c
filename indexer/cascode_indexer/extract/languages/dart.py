"""Dart: functions, methods, constructors, accessors, operators, classes, mixins, extensions, enums, constants."""

from __future__ import annotations

import re

from cascode_indexer.extract.spec import Files, LanguageSpec, Mining, words

# The grammar gives a signature and the body that follows it.
_BODY = ". (function_body) @body"
_SIGNATURES = (
    "[(function_signature name: (_) @name) (getter_signature name: (_) @name) (setter_signature name: (_) @name)]"
)
_CONSTRUCTORS = """[
  (constructor_signature (identifier) @name . (formal_parameter_list) @head)
  (factory_constructor_signature (identifier) @name . (formal_parameter_list))
  (constant_constructor_signature (identifier) @name . (formal_parameter_list) @head)]"""
_CLOSURE = "(function_expression body: (_) @body)"


def _at_the_top(label: str, value: str) -> str:
    """A value bound at the top of a library, where the grammar has no node around the words of the declaration."""
    return f"""
(program [(const_builtin) (final_builtin)] {label} . (type_identifier)? . (type_arguments)?
  . (static_final_declaration_list . (static_final_declaration (identifier) @name {value}) .))
"""


_QUERY = f"""
((method_signature {_SIGNATURES}) @method {_BODY})
((method_signature (operator_signature "operator" @prefix . _ @name)) @method {_BODY})
((method_signature {_CONSTRUCTORS} (initializers) @tail) @constructor {_BODY})
((method_signature {_CONSTRUCTORS}) @constructor {_BODY})
(declaration {_CONSTRUCTORS} (initializers) @body) @constructor
((function_signature name: (_) @name) @function {_BODY})
((getter_signature name: (_) @name) @function {_BODY})
((setter_signature name: (_) @name) @function {_BODY})
(local_function_declaration
  (lambda_expression parameters: (function_signature name: (_) @name) body: (_) @body)) @function
{_at_the_top("@lambda", _CLOSURE)}
(initialized_identifier (identifier) @name {_CLOSURE}) @lambda
(initialized_variable_definition name: (_) @name value: {_CLOSURE}) @lambda
(static_final_declaration (identifier) @name {_CLOSURE}) @lambda
(class_definition (interface) name: (_) @name body: (_) @body) @interface
(class_definition name: (_) @name body: (_) @body) @class
(mixin_declaration (identifier) @name (class_body) @body) @trait
(extension_declaration name: (_) @name body: (_) @body) @mixin
(extension_declaration !name class: (_) @name body: (_)) @type
(extension_type_declaration name: (_) @name body: (_) @body) @class
(enum_declaration name: (_) @name body: (_) @body) @enum
(type_alias . (type_identifier) @name "=" . (_) @head) @alias
(type_alias (type_identifier) @name . (formal_parameter_list) @head) @alias
{_at_the_top("@constant", "(_) @body")}
(declaration (static_final_declaration_list (static_final_declaration (identifier) @name (_) @body) @constant))
(declaration (static_final_declaration_list . (static_final_declaration) @wrapped .)) @wrapper
(annotation) @decorator
(comment) @comment
(documentation_comment) @comment
"""

_ARGUMENTS = re.compile(r"<.*", re.DOTALL)


def _container_parts(text: str) -> list[str]:
    """``Iterable<T>`` is ``Iterable``."""
    return [_ARGUMENTS.sub("", text).rstrip("?")]


#: A line that starts a definition.
_DEFINITION = re.compile(
    rb"^[ \t]*(?!(?:else|if|for|while|switch|catch|return|new|throw|await|yield|assert|do|try|case)\b)"
    rb"(?:[\w<>\[\],.?]{1,100}[ \t]+){1,8}?(\w{1,100})[ \t]*"
    rb"\([^;{}]{0,2000}\)[ \t\n]*(?:async\*?|sync\*)?[ \t\n]*(?:\{|=>)",
    re.MULTILINE,
)

_KEYWORDS = words(
    """
    assert break case catch class const continue default do else enum extends false final finally for if in is
    new null rethrow return super switch this throw true try var void while with
    """
)

SPEC = LanguageSpec(
    id="dart",
    name="Dart",
    position=150,
    files=Files(
        suffixes=(".dart",),
        interpreters=("dart",),
        tests=(r"(?:^|/)integration_test/",),
    ),
    editor_ids=("dart",),
    mining=Mining(suffixes=(".dart",)),
    aliases=("flutter",),
    keywords=_KEYWORDS,
    grammars={"": "tree_sitter_dart:language"},
    query=_QUERY,
    container_parts=_container_parts,
    constructor_named_as_type=True,
    signature_tail=("=>", "=", "{"),
    cut_body=b";",
    definition=_DEFINITION,
    member_prefix=b"class A {\n",
)
