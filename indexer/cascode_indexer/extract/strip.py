"""A definition's code without the doc comment that stands inside it."""

from __future__ import annotations

import re

from tree_sitter import QueryCursor

from cascode_indexer.types import Definition, Kind

from .grammars import grammar_for
from .languages import SPECS
from .parsing import parse

#: Kinds without a body for a docstring to stand in, and captures with one.
_WITHOUT_BODY = frozenset({Kind.LAMBDA, Kind.CONSTANT, Kind.TYPE})
_HOLDS_DOC = frozenset({"function", "class", "protocol", "enum"})
_BLOCK_COMMENT = re.compile(r"[ \t]*/\*.*?\*/[ \t]*(?:\r\n|\n|\r)?", re.DOTALL)
_LINE_COMMENTS = re.compile(
    r"(?:^[ \t]*//[^\r\n]*(?:\r\n|\n|\r))+|(?:^[ \t]*#(?!\[)[^\r\n]*(?:\r\n|\n|\r))+", re.MULTILINE
)
_REST_OF_LINE = re.compile(rb"[ \t]*(?:#[^\r\n]*)?(?:\r\n|\n|\r|\Z)")
_SEMICOLON = re.compile(rb"[ \t]*;[ \t]*")


def strip_doc(function: Definition) -> str:
    """Remove the doc comment from a definition's code, where it stands inside.

    That is a Python docstring, or a doc comment between a decorator and the declaration. All else stays.

    Args:
        function: A definition as extracted.

    Returns:
        The code without it; empty where a docstring was all its body had.
    """
    if function.kind is Kind.MODULE and SPECS[function.language].module_doc is not None:
        return ""
    if SPECS[function.language].inside_doc is not None:
        return function.code if function.kind in _WITHOUT_BODY else _without_docstring(function)
    return _without_inner_comment(function) if function.doc else function.code


def _without_docstring(function: Definition) -> str:
    """Cut the docstring's statement, with its line where nothing else stands on it."""
    code = function.code
    data = code.encode("utf-8", "surrogatepass")
    grammar = grammar_for(function.language)
    # Lets the grammar accept a definition that is indented; taken off again.
    prefix = grammar.spec.member_prefix if data[:1] in (b" ", b"\t", b"\f") else b""
    source = prefix + data
    find = grammar.spec.inside_doc
    assert find is not None
    matches = QueryCursor(grammar.query).matches(parse(grammar, source).tree.root_node)
    with_body = (captures for _, captures in matches if "body" in captures)
    bodies = [captures["body"][0] for captures in with_body if not _HOLDS_DOC.isdisjoint(captures)]
    if not bodies:
        return code
    body = min(bodies, key=lambda body: body.start_byte)
    docstring = find(body, source)
    if docstring is None:
        return code
    start, end, _ = docstring
    if all(node.type == "comment" for node in body.named_children[1:]):
        return ""
    line_start = max(source.rfind(b"\n", 0, start), source.rfind(b"\r", 0, start)) + 1
    rest = _REST_OF_LINE.match(source, end)
    semicolon = _SEMICOLON.match(source, end)
    if semicolon:
        end = semicolon.end()
    elif rest and not source[line_start:start].strip():
        start, end = line_start, rest.end()
    return (source[len(prefix) : start] + source[end:]).decode("utf-8", "surrogatepass")


def _without_inner_comment(function: Definition) -> str:
    """Cut the comment between decorators and name whose text is the function's doc."""
    spec = SPECS[function.language]
    clean = spec.clean_doc or (lambda text: text)
    lines = function.code.splitlines(keepends=True)
    head = sum(len(line) for line in lines[: function.name_line - function.start_line + 1])
    for pattern in (_BLOCK_COMMENT, _LINE_COMMENTS):
        for match in pattern.finditer(function.code, 0, head):
            text = match[0].strip()
            comments = [text] if text.startswith("/*") else text.splitlines()
            if clean(spec.comments.text(comments)) == function.doc:
                return function.code[: match.start()] + function.code[match.end() :]
    return function.code
