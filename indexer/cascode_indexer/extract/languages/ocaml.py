"""OCaml: functions at any depth, methods, modules, module types, types, values of several lines."""

from __future__ import annotations

import re

from cascode_indexer.extract.forms import CommentForms
from cascode_indexer.extract.spec import Files, LanguageSpec, words

_PATTERN = "pattern: [(value_name) (parenthesized_operator)] @name"
_CONSTANT = f"(value_definition (let_binding {_PATTERN} body: (_) @body) @constant)"

_QUERY = f"""
(let_binding {_PATTERN} (parameter) body: (_) @body) @function
(let_binding {_PATTERN} body: [(fun_expression) (function_expression)] @body) @function
(method_definition (method_name) @name body: (_) @body) @method
(class_binding (class_name) @name body: (_) @body) @class
(module_binding (module_name) @name body: (_) @body) @module
(module_type_definition (module_type_name) @name body: (_) @body) @interface
(type_binding name: (_) @name body: (variant_declaration) @body) @enum
(type_binding name: (_) @name body: (record_declaration) @body) @record
(type_binding name: (_) @name body: (_) @head) @alias
(compilation_unit {_CONSTANT})
(structure {_CONSTANT})
(value_definition . (let_binding) @wrapped .) @wrapper
(value_definition . (attribute_id) . (let_binding) @wrapped .) @wrapper
(type_definition . (type_binding) @wrapped .) @wrapper
(module_definition . (module_binding) @wrapped .) @wrapper
(class_definition . (class_binding) @wrapped .) @wrapper
(comment) @comment
"""


def _parts(text: str) -> list[str]:
    """``( + )`` is ``+``."""
    return [text.strip("() ") or text]


#: A line that starts a definition.
_DEFINITION = re.compile(
    rb"^[ \t]*(?:let(?:[ \t]+rec)?|and)[ \t]+(?!(?:open|type|module|rec|exception)\b)(\w[\w']*)[ \t]+[^=\s]",
    re.MULTILINE,
)

SPEC = LanguageSpec(
    id="ocaml",
    name="OCaml",
    position=250,
    files=Files(
        suffixes=(".ml",),
        interpreters=("ocaml",),
    ),
    editor_ids=("ocaml",),
    aliases=("ml",),
    comments=CommentForms(line=(), block=(("(*", "*)"),)),
    keywords=words(
        "and as assert begin class constraint do done downto else end exception external false for fun function"
        " functor if in include inherit initializer lazy let match method module mutable new nonrec object of open or"
        " private rec sig struct then to true try type val virtual when while with"
    ),
    grammars={"": "tree_sitter_ocaml:language_ocaml"},
    query=_QUERY,
    name_parts=_parts,
    signature_tail=("=",),
    cut_body=b"",
    definition=_DEFINITION,
)
