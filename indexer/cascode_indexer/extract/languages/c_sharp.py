"""C#: methods, constructors, operators, properties with code, local functions, lambdas bound to a name, types."""

from __future__ import annotations

import html
import re

from cascode_indexer.extract.branches import c_sharp_shown
from cascode_indexer.extract.forms import tidy
from cascode_indexer.extract.spec import WORD, Files, LanguageSpec, Mining, words

from .java import DEFINITION

_LAMBDA = "[(lambda_expression body: (_) @body) (anonymous_method_expression (block) @body)]"
#: What follows a type's name; a semicolon may stand for the body.
_HEAD = "[(type_parameter_list) (parameter_list) (base_list) (type_parameter_constraints_clause)]* @head"

_QUERY = f"""
(method_declaration name: (identifier) @name body: (_) @body) @method
(constructor_declaration
  name: (identifier) @name (constructor_initializer) @tail body: (_) @body) @constructor
(constructor_declaration name: (identifier) @name body: (_) @body) @constructor
(destructor_declaration "~" @prefix name: (identifier) @name body: (_) @body) @method
(operator_declaration "operator" @prefix operator: _ @name body: (_) @body) @method
(conversion_operator_declaration "operator" @prefix type: (_) @name body: (_) @body) @method
(property_declaration name: (identifier) @name
  accessors: (accessor_list (accessor_declaration body: (_))) @body) @method
(property_declaration name: (identifier) @name value: (arrow_expression_clause) @body) @method
(event_declaration name: (identifier) @name
  accessors: (accessor_list (accessor_declaration body: (_))) @body) @method
(indexer_declaration "this" @name accessors: (accessor_list (accessor_declaration body: (_))) @body) @method
(indexer_declaration "this" @name value: (arrow_expression_clause) @body) @method
(local_function_statement name: (identifier) @name body: (_) @body) @function
(variable_declarator name: (identifier) @name {_LAMBDA}) @lambda
(assignment_expression left: [(identifier) (member_access_expression)] @name right: {_LAMBDA}) @lambda
((invocation_expression
   function: (member_access_expression name: (identifier) @owner)
   arguments: (argument_list . (argument (string_literal) @name) (argument {_LAMBDA}))) @lambda
 (#match? @owner "^Map(Get|Post|Put|Patch|Delete|Methods)?$"))
(local_declaration_statement (variable_declaration (variable_declarator {_LAMBDA}) @wrapped)) @wrapper
(field_declaration (variable_declaration (variable_declarator {_LAMBDA}) @wrapped)) @wrapper
(class_declaration name: (identifier) @name {_HEAD} body: (_)? @body) @class
(struct_declaration name: (identifier) @name {_HEAD} body: (_)? @body) @struct
(interface_declaration name: (identifier) @name {_HEAD} body: (_)? @body) @interface
(record_declaration name: (identifier) @name {_HEAD} body: (_)? @body) @record
(enum_declaration name: (identifier) @name body: (_) @body) @enum
(delegate_declaration name: (identifier) @name parameters: (_) @head) @alias
(field_declaration (variable_declaration (variable_declarator name: (identifier) @name (_) @body))) @constant
(property_declaration name: (identifier) @name accessors: (_) value: (_) @body) @constant
(namespace_declaration name: (_) @name) @namespace
(file_scoped_namespace_declaration name: (_) @name) @rest
(attribute_list) @decorator
(comment) @comment
"""

#: ``<see cref="X"/>``, ``<paramref name="x"/>``: the reference is the text.
_REFERENCE = re.compile(r"""<(?:see|seealso|paramref|typeparamref)\s+\w+\s*=\s*["'](?:\w:)?([^"']*)["']\s*/>""")
#: ``<param name="x">`` keeps the name in front of its description.
_NAMED = re.compile(r"""<(?:param|typeparam|exception)\s+\w+\s*=\s*["'](?:\w:)?([^"']*)["']\s*>""")
#: What follows a summary is a paragraph of its own, also where the summary ends on the line that it began.
_SUMMARY_END = re.compile(r"</summary>\s*")
_TAG = re.compile(r"</?[A-Za-z][\w.:-]*(?:\s+[\w:.-]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))*\s*/?>")


def _without_tags(text: str) -> str:
    """Text of an XML doc comment without its tags."""
    if "<" not in text:
        return text
    text = _SUMMARY_END.sub("\n\n", text)
    text = _NAMED.sub(r"\1: ", _REFERENCE.sub(r"\1", text))
    lines = html.unescape(_TAG.sub("", text)).splitlines()
    return tidy([line.strip() for line in lines])


def _parts(text: str) -> list[str]:
    """``A.B`` is two parts, ``this.Handler`` is ``Handler``, symbols and paths stay whole."""
    if text.startswith('"'):
        return [text[1:-1]] if len(text) > 2 else []
    if not re.fullmatch(rf"[{WORD}.@\s]+", text):
        return [text]
    return [part for part in (piece.strip().lstrip("@") for piece in text.split(".")) if part and part != "this"] or [
        text
    ]


_KEYWORDS = words(
    """
    abstract as base bool break byte case catch char checked class const continue decimal default delegate do
    double else enum event explicit extern false finally fixed float for foreach goto if implicit in int
    interface internal is lock long namespace new null object operator out override params private protected
    public readonly ref return sbyte sealed short sizeof stackalloc static string struct switch this throw
    true try typeof uint ulong unchecked unsafe ushort using virtual void volatile while
    """
)

SPEC = LanguageSpec(
    id="c_sharp",
    name="C#",
    position=110,
    files=Files(
        suffixes=(".cs", ".csx"),
        tests=(r"(?-i:(?:Test|Tests|TestCase|IT)\.cs$)",),
    ),
    editor_ids=("csharp",),
    aliases=("cs", "c#", "c-sharp", "dotnet"),
    mining=Mining(suffixes=(".cs",), is_compiled=True),
    keywords=_KEYWORDS,
    ambiguous_angles=True,
    grammars={"": "tree_sitter_c_sharp:language"},
    query=_QUERY,
    name_parts=_parts,
    shown=c_sharp_shown,
    clean_doc=_without_tags,
    constant_head=re.compile(r".*\b(?:static|const)\b"),
    signature_tail=("=>", "="),
    definition=DEFINITION,
    member_prefix=b"class A {\n",
)
