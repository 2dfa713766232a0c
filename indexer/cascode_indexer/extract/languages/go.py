"""Go: functions, methods under their receiver's type, function literals bound to a name, types, groups of constants."""

from __future__ import annotations

import re

from cascode_indexer.extract.spec import WORD, Files, LanguageSpec, Mining, words

#: A value with fields or entries, whose functions are named by what it is bound to.
_LITERAL = (
    "[(composite_literal body: (literal_value) @namespace)"
    " (unary_expression (composite_literal body: (literal_value) @namespace))]"
)

_QUERY = f"""
(function_declaration name: (identifier) @name body: (_) @body) @function
(method_declaration
  receiver: (parameter_list (parameter_declaration type: (_) @owner))
  name: (field_identifier) @name body: (_) @body) @method
(var_spec . name: (identifier) @name value: (expression_list . (func_literal body: (_) @body) .)) @lambda
(short_var_declaration left: (expression_list . (identifier) @name .)
  right: (expression_list . (func_literal body: (_) @body) .)) @lambda
(assignment_statement left: (expression_list . [(identifier) (selector_expression)] @name .)
  right: (expression_list . (func_literal body: (_) @body) .)) @lambda
(keyed_element key: (literal_element [(identifier) (interpreted_string_literal)] @name)
  value: (literal_element (func_literal body: (_) @body))) @lambda
(var_spec . name: (identifier) @name value: (expression_list . {_LITERAL} .))
(short_var_declaration left: (expression_list . (identifier) @name .) right: (expression_list . {_LITERAL} .))
(assignment_statement left: (expression_list . [(identifier) (selector_expression)] @name .)
  right: (expression_list . {_LITERAL} .))
(keyed_element key: (literal_element [(identifier) (interpreted_string_literal)] @name)
  value: (literal_element {_LITERAL}))
(type_spec name: (_) @name type: (struct_type (_) @body)) @struct
(type_spec name: (_) @name type: (interface_type "{{" @body)) @interface
(type_spec name: (_) @name type: (_) @head) @alias
(type_alias name: (_) @name type: (_) @head) @alias
(type_declaration . [(type_spec) (type_alias)] @wrapped .) @wrapper
(source_file (package_clause (package_identifier) @name) @module)
(source_file (var_declaration (var_spec . name: (identifier) @name value: (_) @body) @constant))
(source_file (var_declaration (var_spec_list (var_spec . name: (identifier) @name) @head)) @constant)
(source_file (var_declaration (var_spec_list (var_spec . name: (identifier) @name value: (_) @body) @constant)))
(source_file (const_declaration (const_spec . name: (identifier) @name) @head) @constant)
(var_declaration . (var_spec) @wrapped .) @wrapper
(comment) @comment
"""

_TYPE = re.compile(rf"[{WORD}]+")


def _receiver(text: str) -> list[str]:
    """``*Server[T]`` is ``Server``."""
    match = _TYPE.search(text)
    return [match[0]] if match else []


def _bound_name(text: str) -> list[str]:
    """``s.handler`` is named ``s.handler``; ``"key"`` is named ``key``."""
    if text.startswith('"'):
        return [text[1:-1]] if len(text) > 2 else []
    parts = text.split(".")
    return parts if all(re.fullmatch(rf"[{WORD}]+", part) for part in parts) else parts[-1:]


#: A line that starts a definition.
_DEFINITION = re.compile(rb"^func[ \t]+(?:\([^()\n]*\)[ \t]*)?(\w+)", re.MULTILINE)

_KEYWORDS = words(
    """
    break case chan const continue default defer else fallthrough for func go goto if import interface map
    package range return select struct switch type var
    """
)

SPEC = LanguageSpec(
    id="go",
    name="Go",
    position=40,
    files=Files(
        suffixes=(".go",),
    ),
    editor_ids=("go",),
    aliases=("golang",),
    mining=Mining(suffixes=(".go",)),
    keywords=_KEYWORDS,
    grammars={"": "tree_sitter_go:language"},
    query=_QUERY,
    name_parts=_bound_name,
    owner_parts=_receiver,
    cut_body=b"",
    members_outside=True,
    signature_tail=("{", "="),
    definition=_DEFINITION,
)
