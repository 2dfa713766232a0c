"""Kotlin: functions, extensions under the type they extend, properties with code, types, objects, constants."""

from __future__ import annotations

import re

from cascode_indexer.extract.shown import Shown
from cascode_indexer.extract.spec import Files, LanguageSpec, Mining, words

_VALUES = "[(lambda_literal) (anonymous_function (function_body))]"
#: Where a ``val`` belongs to the program and not to an object that comes and goes.
_SCOPES = ("(source_file {})", "(object_declaration (class_body {}))", "(companion_object (class_body {}))")
_CONSTANT = '(property_declaration "val" (variable_declaration (identifier) @name) "=" . (_) @body) @constant'

_OWNER = "[(user_type) (nullable_type)] @owner ."
_PROPERTY = "(property_declaration {} (variable_declaration (identifier) @name) {} @body) @function"
_ACCESSORS = ("(getter) @tail (setter (function_body))", "(getter (function_body))", "(setter (function_body))")

_QUERY = f"""
(function_declaration {_OWNER} name: (_) @name (function_body) @body) @function
(function_declaration name: (_) @name (function_body) @body) @function
(secondary_constructor "constructor" @name (block) @body) @constructor
(secondary_constructor "constructor" @name (function_value_parameters) @head) @constructor
{"".join(_PROPERTY.format(owner, accessors) + chr(10) for owner in (_OWNER, "") for accessors in _ACCESSORS)}
(property_declaration (variable_declaration (identifier) @name) "=" . {_VALUES} @body) @lambda
(property_declaration (variable_declaration (identifier) @name)
  (property_delegate (call_expression (annotated_lambda) @body))) @lambda
(class_declaration "interface" name: (_) @name (class_body)? @body) @interface
((class_declaration (modifiers (class_modifier) @_kind) name: (_) @name (enum_class_body) @body) @enum
 (#eq? @_kind "enum"))
((class_declaration (modifiers (class_modifier) @_kind) name: (_) @name
   (primary_constructor) @head (delegation_specifiers)? @head (class_body)? @body) @record
 (#eq? @_kind "data"))
(class_declaration name: (_) @name
  (primary_constructor)? @head (delegation_specifiers)? @head (class_body)? @body) @class
(object_declaration name: (_) @name (delegation_specifiers)? @head (class_body)? @body) @class
(type_alias type: (_) @name "=" (_) @head) @alias
(companion_object name: (_) @name (class_body) @body) @type
(enum_entry (identifier) @name (class_body) @type)
(object_literal
  (delegation_specifiers . (delegation_specifier [(user_type) @name (constructor_invocation (user_type) @name)]))
  (class_body) @type)
{"".join(scope.format(_CONSTANT) + chr(10) for scope in _SCOPES)}
(modifiers (annotation) @decorator)
(line_comment) @comment
(block_comment) @comment
"""

_ARGUMENTS = re.compile(r"<.*|[?()&\s]+", re.DOTALL)


def _type_name(text: str) -> list[str]:
    """``kotlin.collections.List<T>?`` is ``List``."""
    return [part for part in _ARGUMENTS.sub("", text).split(".") if part][-1:]


def _parts(text: str) -> list[str]:
    """```reads a file` `` is ``reads a file``."""
    return [text.strip("`")] if text.strip("`") else []


#: The grammar asks for a line break in front of a brace that ends members, and for none between a class's name and its
#: ``constructor``: within another class it would read that one's. Comments are looked past: a line break ends them.
#: Dollars in front of a string say how many of them begin a template in it, which the grammar does not know.
_BREAKS = re.compile(
    rb"//[^\n]*|[ \t](?=\})|\$\$+(?=\")"
    rb"|\bclass\s+[\w`]+(?:[ \t]*<[^\n(){}]{0,200}>)?"
    rb"(?:\s+(?:public|protected|private|internal|actual|expect|@[\w.:]+(?:\([^\n(){}]{0,200}\))?))*\s+constructor\b"
)


def _shown(source: bytes) -> Shown:
    """The source with blanks for line breaks and dollars, and line breaks for blanks, where that changes nothing."""

    def changed(match: re.Match[bytes]) -> bytes:
        found = match[0]
        if found in (b" ", b"\t"):
            return b"\n"
        return found if found.startswith(b"//") else found.replace(b"\n", b" ").replace(b"$", b" ")

    return Shown(_BREAKS.sub(changed, source))


#: A line that starts a definition.
_DEFINITION = re.compile(
    rb"^[ \t]*(?:(?:@\w+|public|protected|private|internal|open|abstract|final|override|suspend|inline|infix"
    rb"|operator|tailrec|external|actual|expect)[ \t]+)*fun[ \t]+(?:<[^\n()]{0,200}>[ \t]+)?"
    rb"(?:[\w.<>?,* ]{1,200}\.)?(\w+)[ \t]*\(",
    re.MULTILINE,
)

_KEYWORDS = words(
    """
    as break class continue do else false for fun if in interface is null object package return super this throw
    true try typealias typeof val var when while
    """
)

SPEC = LanguageSpec(
    id="kotlin",
    name="Kotlin",
    position=120,
    files=Files(
        suffixes=(".kt", ".kts"),
        interpreters=("kotlin", "kscript"),
        tests=(r"(?-i:(?:Test|Tests|TestCase|IT|Spec)\.kt$)", r"(?-i:(?:^|/)[a-z][A-Za-z]*Test/)"),
    ),
    editor_ids=("kotlin",),
    mining=Mining(suffixes=(".kt",)),
    aliases=("kt", "kts"),
    keywords=_KEYWORDS,
    grammars={"": "tree_sitter_kotlin:language"},
    query=_QUERY,
    shown=_shown,
    name_parts=_parts,
    container_parts=lambda text: [text.strip("`")] if text.startswith("`") else _type_name(text),
    owner_parts=_type_name,
    signature_tail=("{", "="),
    cut_body=b"",
    definition=_DEFINITION,
    member_prefix=b"class A {\n",
)
