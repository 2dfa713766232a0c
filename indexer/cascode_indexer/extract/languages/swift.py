"""Swift: functions, initialisers, computed properties, types, extensions under the type they extend, constants."""

from __future__ import annotations

import re

from cascode_indexer.extract.spec import Files, LanguageSpec, Mining, words

_NAME = "name: (pattern bound_identifier: (simple_identifier) @name)"
_CLOSURE = "[(lambda_literal) (call_expression . (lambda_literal))]"

_QUERY = f"""
(function_declaration name: [(simple_identifier) (custom_operator) "==" "!=" "<" ">" "<=" ">=" "+" "-" "*" "/" "%"
  "===" "!==" "+=" "-=" "*=" "/=" "!" "~" "<<" ">>" "&" "|" "^" "++" "--"] @name body: (_) @body) @function
(init_declaration name: "init" @name body: (_) @body) @constructor
(deinit_declaration "deinit" @name body: (_) @body) @method
(subscript_declaration "subscript" @name (computed_property) @body) @method
(property_declaration {_NAME} computed_value: (_) @body) @function
(property_declaration {_NAME} (willset_didset_block) @body) @function
(property_declaration {_NAME} value: {_CLOSURE} @body) @lambda
(class_declaration declaration_kind: "class" name: (type_identifier) @name body: (_) @body) @class
(class_declaration declaration_kind: "actor" name: (type_identifier) @name body: (_) @body) @class
(class_declaration declaration_kind: "struct" name: (type_identifier) @name body: (_) @body) @struct
(class_declaration declaration_kind: "enum" name: (type_identifier) @name body: (_) @body) @enum
(class_declaration declaration_kind: "extension" name: (_) @name) @type
(protocol_declaration name: (type_identifier) @name body: (_) @body) @protocol
(source_file (typealias_declaration name: (type_identifier) @name "=" . (_) @head) @alias)
(class_body (typealias_declaration name: (type_identifier) @name "=" . (_) @head) @alias)
(source_file (property_declaration (value_binding_pattern "let") {_NAME} value: (_) @body) @constant)
((_ (property_declaration (modifiers (property_modifier) @_static) (value_binding_pattern "let")
   {_NAME} value: (_) @body) @constant)
 (#eq? @_static "static"))
(modifiers (attribute) @decorator)
(comment) @comment
(multiline_comment) @comment
"""


def _parts(text: str) -> list[str]:
    """```default` `` is ``default``."""
    return [text.strip("`")]


def _type_name(text: str) -> list[str]:
    """``Array<Int>.Index`` is ``Array.Index``."""
    return [part.strip().strip("`") for part in re.sub(r"<[^<>]*>", "", text).split(".") if part.strip()]


#: A line that starts a definition.
_DEFINITION = re.compile(
    rb"^[ \t]*(?:(?:@\w+(?:\([^()\n]*\))?|public|private|fileprivate|internal|open|package|static|class|final|override"
    rb"|mutating|nonmutating|nonisolated|dynamic|convenience|required|prefix|postfix|infix|isolated)[ \t]+)*"
    rb"func[ \t]+(\w+)",
    re.MULTILINE,
)

_KEYWORDS = words(
    """
    associatedtype class deinit enum extension fileprivate func import init inout internal let operator private
    precedencegroup protocol public rethrows static struct subscript typealias var break case catch continue
    default defer do else fallthrough for guard if in repeat return throw switch where while as false is nil self
    super throws true try
    """
)

SPEC = LanguageSpec(
    id="swift",
    name="Swift",
    position=130,
    files=Files(
        suffixes=(".swift",),
        interpreters=("swift", "swift-sh"),
        tests=(r"(?-i:(?:Test|Tests|TestCase|Spec)\.swift$)",),
    ),
    editor_ids=("swift",),
    mining=Mining(suffixes=(".swift",)),
    keywords=_KEYWORDS,
    keywords_name_members=True,
    grammars={"": "tree_sitter_swift:language"},
    query=_QUERY,
    name_parts=_parts,
    container_parts=_type_name,
    signature_tail=("{", "="),
    cut_body=b"",
    members_outside=True,
    definition=_DEFINITION,
    member_prefix=b"class A {\n",
)
