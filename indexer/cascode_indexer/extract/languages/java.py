"""Java: methods, constructors, types of every kind, constants, lambdas bound to a variable or field."""

from __future__ import annotations

import re

from cascode_indexer.extract.spec import Files, LanguageSpec, Mining, words

_QUERY = """
(method_declaration name: (identifier) @name body: (_) @body) @method
(constructor_declaration name: (identifier) @name body: (_) @body) @constructor
(compact_constructor_declaration name: (identifier) @name body: (_) @body) @constructor
(variable_declarator name: (identifier) @name value: (lambda_expression body: (_) @body)) @lambda
(assignment_expression
  left: [(identifier) (field_access)] @name right: (lambda_expression body: (_) @body)) @lambda
(field_declaration declarator: (variable_declarator value: (lambda_expression)) @wrapped) @wrapper
(local_variable_declaration declarator: (variable_declarator value: (lambda_expression)) @wrapped) @wrapper
(class_declaration name: (identifier) @name body: (_) @body) @class
(interface_declaration name: (identifier) @name body: (_) @body) @interface
(enum_declaration name: (identifier) @name body: (_) @body) @enum
(record_declaration name: (identifier) @name body: (_) @body) @record
(annotation_type_declaration name: (identifier) @name body: (_) @body) @interface
(field_declaration declarator: (variable_declarator name: (identifier) @name value: (_) @body)) @constant
(constant_declaration declarator: (variable_declarator name: (identifier) @name value: (_) @body)) @constant
(enum_constant name: (identifier) @name body: (class_body) @type)
(object_creation_expression type: (_) @name (class_body) @type)
(modifiers [(annotation) (marker_annotation)] @decorator)
(line_comment) @comment
(block_comment) @comment
"""

_ARGUMENTS = re.compile(r"<.*", re.DOTALL)


def _parts(text: str) -> list[str]:
    """``this.handler`` is ``handler``; an anonymous ``new Comparator<T>() {}`` is ``Comparator``."""
    parts = [part.strip() for part in _ARGUMENTS.sub("", text).split(".")]
    return [part for part in parts if part not in ("this", "")][-1:]


#: A line that starts a member with a body, in C# as in Java.
DEFINITION = re.compile(
    rb"^[ \t]+(?!(?:else|if|for|foreach|while|switch|catch|return|new|throw|using|lock|fixed|try|do|case)\b)"
    rb"(?:[\w<>\[\],.?@]{1,100}[ \t]+){0,12}?([A-Za-z_]\w{0,100})[ \t]*"
    rb"\([^;{}]{0,2000}\)[^;{}()=]{0,500}\{",
    re.MULTILINE,
)

_KEYWORDS = words(
    """
    abstract assert boolean break byte case catch char class const continue default do double else enum
    extends final finally float for goto if implements import instanceof int interface long native new package
    private protected public return short static strictfp super switch synchronized this throw throws
    transient try void volatile while true false null
    """
)

SPEC = LanguageSpec(
    id="java",
    name="Java",
    position=50,
    files=Files(
        suffixes=(".java",),
        tests=(r"(?-i:(?:Test|Tests|TestCase|IT)\.java$)",),
    ),
    editor_ids=("java",),
    mining=Mining(suffixes=(".java",), is_compiled=True),
    keywords=_KEYWORDS,
    ambiguous_angles=True,
    grammars={"": "tree_sitter_java:language"},
    query=_QUERY,
    name_parts=_parts,
    constant_head=re.compile(r".*\b[A-Z][A-Z0-9_]*$"),
    signature_tail=("->", "{", "="),
    definition=DEFINITION,
    member_prefix=b"class A {\n",
)
