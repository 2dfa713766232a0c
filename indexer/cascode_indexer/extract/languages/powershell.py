"""PowerShell: functions, filters, methods, classes, enums, tables."""

from __future__ import annotations

import re

from tree_sitter import Node

from cascode_indexer.extract.forms import CommentForms, tidy
from cascode_indexer.extract.shown import Shown, blank, blanked
from cascode_indexer.extract.spec import Files, LanguageSpec, words

_QUERY = """
(function_statement (function_name) @name (script_block) @body) @function
(function_statement (function_name) @name (function_parameter_declaration)? @head "{" . "}") @function
(function_statement (function_name) @name (function_parameter_declaration)? @head "{" . (comment)+ . "}") @function
(class_method_definition (simple_name) @name (script_block) @body) @method
(class_method_definition (simple_name) @name ")" @head . "{" . "}") @method
(class_method_definition (simple_name) @name ")" @head . "{" . (comment)+ . "}") @method
(class_statement . (simple_name) @name) @class
(enum_statement . (simple_name) @name) @enum
(program (statement_list
  (pipeline (assignment_expression (left_assignment_expression) @name value: (_) @body)) @constant))
(comment) @comment
"""

_COMMENTS = CommentForms(line=("#",), block=(("<#", "#>"),))
_VARIABLE = re.compile(r"(?:\[[^\]]*\]\s*)*\$(?:\w+:)?(\w+)")
_SECTION = re.compile(r"(?m)^[ \t]*\.[A-Za-z]+[ \t]*(.*)$")


def _parts(text: str) -> list[str]:
    """``script:Get-It`` is ``Get-It``, ``$script:table`` is ``table``."""
    if "$" in text:
        match = _VARIABLE.fullmatch(text.strip())
        return [match[1]] if match else []
    return [text.rpartition(":")[2]]


def _help(body: Node, source: bytes) -> tuple[int, int, str] | None:
    """The help that stands first inside a function: its span and its text."""
    comment = body.prev_sibling
    if comment is None or comment.type != "comment":
        return None
    text = source[comment.start_byte : comment.end_byte].decode("utf-8", "surrogatepass")
    return (comment.start_byte, comment.end_byte, _COMMENTS.text([text])) if text.startswith("<#") else None


def _plain(text: str) -> str:
    """Help without the words that begin its sections; what they name stays."""
    return tidy(_SECTION.sub(r"\1", text).splitlines())


#: The grammar knows no block as the default of a parameter.
_BLOCK_DEFAULT = re.compile(rb"(?<=\w)[ \t]*=[ \t]*\{[^{}\n]*\}(?=[ \t]*(?:[,)\n]|\r\n))")


#: Nor the label of a loop behind ``break``, unless a semicolon follows.
_LABEL = re.compile(rb"(?<![\w$.-])(?:break|continue)[ \t]+([a-z_]\w*)(?=[ \t]*(?:[}\r\n]|\Z))", re.IGNORECASE)


def _shown(source: bytes) -> Shown:
    """The source without blocks that are defaults, or values of one line, and without labels."""
    shown = bytearray(_BLOCK_DEFAULT.sub(lambda match: blanked(match[0]), source))
    for match in _LABEL.finditer(source):
        blank(shown, *match.span(1))
    return Shown(bytes(shown))


#: A line that starts a definition.
_DEFINITION = re.compile(rb"^[ \t]*(?:function|filter)[ \t]+(?:\w+:)?([\w-]+)", re.MULTILINE | re.IGNORECASE)

SPEC = LanguageSpec(
    id="powershell",
    name="PowerShell",
    position=210,
    files=Files(
        suffixes=(".ps1", ".psm1"),
        interpreters=("pwsh", "powershell"),
    ),
    editor_ids=("powershell",),
    aliases=("ps1", "pwsh"),
    comments=_COMMENTS,
    keywords=words(
        "begin break catch class continue data do dynamicparam else elseif end enum exit filter finally for foreach"
        " from function if in param process return switch throw trap try until using while workflow"
    ),
    grammars={"": "tree_sitter_powershell:language"},
    query=_QUERY,
    shown=_shown,
    name_parts=_parts,
    constructor_named_as_type=True,
    inside_doc=_help,
    clean_doc=_plain,
    signature_tail=("{", "="),
    cut_body=b"",
    definition=_DEFINITION,
)
