"""Haskell: functions with their signature and equations, types, classes, methods of instances under their type."""

from __future__ import annotations

import re

from cascode_indexer.extract.forms import CommentForms
from cascode_indexer.extract.shown import Shown, blanked
from cascode_indexer.extract.spec import Files, LanguageSpec, Mining, words

#: A value without arguments is a function where it stands at the top, point-free ones among them; not in a ``where``.
_SCOPES = ("declarations", "class_declarations", "instance_declarations")
_BIND = "(bind name: (_) @name match: (_) @body) @function"

_QUERY = f"""
((signature name: (_) @name) @function . [(function name: (_) @_defined) (bind name: (_) @_defined)] @body
 (#eq? @name @_defined))
((signature name: (prefix_id (operator) @name)) @function . (function (infix operator: (_) @_defined)) @body
 (#eq? @name @_defined))
(function name: (_) @name match: (_) @body) @function
(function (infix operator: (_) @name) match: (_) @body) @function
{"".join(f"({scope} {_BIND}){chr(10)}" for scope in _SCOPES)}
(data_type name: (_) @name constructors: (_)? @body) @struct
(newtype name: (_) @name constructor: (_) @body) @struct
(type_synonym name: (_) @name type: (_) @head) @alias
(class name: (_) @name patterns: (_)? @head declarations: (_)? @body) @trait
(instance patterns: (type_patterns . (_) @name)) @type
(comment) @comment
(haddock) @comment
"""

_NAME = re.compile(r"[A-Z][\w']*|\[\]|\(,*\)|->")


def _parts(text: str) -> list[str]:
    """``(<+>)`` is ``<+>``."""
    return [text.strip("()` ") or text]


def _type_name(text: str) -> list[str]:
    """``(Map k v)`` is ``Map``."""
    match = _NAME.search(text)
    return [match[0] if match else text.strip()]


#: Of a conditional the grammar reads the first branch only; what stands in the others is whole declarations.
_DIRECTIVE = re.compile(
    rb"^#[ \t]*(?:if|ifdef|ifndef|elif|else|endif|define|undef|include|error)\b(?:\\\r?\n|[^\n])*", re.MULTILINE
)


def _shown(source: bytes) -> Shown:
    """The source without the lines of its preprocessor."""
    return Shown(_DIRECTIVE.sub(lambda match: blanked(match[0]), source) if b"\n#" in source else source)


#: A line that starts a definition: its signature.
_DEFINITION = re.compile(rb"^([a-z_][\w']*)[ \t]*(?:\n[ \t]+)?::", re.MULTILINE)

SPEC = LanguageSpec(
    id="haskell",
    name="Haskell",
    position=240,
    files=Files(
        suffixes=(".hs",),
        interpreters=("runghc", "runhaskell", "stack"),
        tests=(r"(?-i:(?:Test|Tests|Spec)\.hs$)",),
    ),
    editor_ids=("haskell",),
    mining=Mining(suffixes=(".hs",), is_compiled=True),
    aliases=("hs",),
    comments=CommentForms(line=("--",), block=(("{-", "-}"),)),
    keywords=words(
        "case class data default deriving do else foreign if import in infix infixl infixr instance let module newtype"
        " of then type where"
    ),
    grammars={"": "tree_sitter_haskell:language"},
    query=_QUERY,
    shown=_shown,
    name_parts=_parts,
    container_parts=_type_name,
    has_clauses=True,
    clean_doc=lambda text: text.lstrip("|^* "),
    signature_tail=("=", "where", "|"),
    cut_body=b"",
    definition=_DEFINITION,
)
