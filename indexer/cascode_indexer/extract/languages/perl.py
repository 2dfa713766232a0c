"""Perl: subroutines, methods, anonymous ones bound to a name, packages, classes, tables."""

from __future__ import annotations

import re
from bisect import bisect_right

from cascode_indexer.extract.forms import CommentForms
from cascode_indexer.extract.shown import Shown, ascii_shown
from cascode_indexer.extract.spec import Files, LanguageSpec, Mining, dotted_identifiers, words

_SUB = "(anonymous_subroutine_expression body: (_) @body)"
_VARIABLE = "[(variable_declaration variable: (_) @name) (scalar) @name (glob) @name (hash_element_expression) @name]"

_QUERY = f"""
(subroutine_declaration_statement name: (_) @name body: (_) @body) @function
(method_declaration_statement name: (_) @name body: (_) @body) @method
(assignment_expression left: {_VARIABLE} right: {_SUB}) @lambda
(list_expression (autoquoted_bareword) @name . {_SUB}) @lambda
((list_expression (string_literal) @name . "=>" . {_SUB}) @lambda (#match? @name "^.[/]"))
(class_statement name: (_) @name (block) @body) @class
(role_statement name: (_) @name (block) @body) @trait
(package_statement name: (_) @name (block)) @namespace
(package_statement name: (_) @name .) @rest
(class_statement name: (_) @name .) @rest
(source_file (expression_statement
  (assignment_expression left: (variable_declaration variable: (_) @name) right: (_) @body)) @constant)
(comment) @comment
(pod) @comment
"""


def _parts(text: str) -> list[str]:
    """``A::B`` is two parts; sigils and quotes are no part of a name, nor is the hash of an element's."""
    if text[:1] in "'\"":
        return [text[1:-1]] if len(text) > 2 else []
    if "{" in text:
        match = re.search(r"\{\s*['\"]?(\w+)['\"]?\s*\}\Z", text)
        return [match[1]] if match else []
    return dotted_identifiers(text)


def _is_perl(head: bytes) -> bool:
    """Whether a file is Perl's: Prolog and tests of other tools share the suffixes."""
    return re.search(rb"^#!.*perl|^\s*(?:use|package|sub|my|our|require)\s+[\w:$@%(]", head, re.MULTILINE) is not None


#: The call that documentation begins with.
_SYNOPSIS = re.compile(r"\A(?:(?:[$@%]|my |use |print )[^\n]*\n)+\s*")

#: A line that starts a definition.
_DEFINITION = re.compile(rb"^[ \t]*(?:sub|method|fun|async sub)[ \t]+(?:[\w:]+::)?(\w+)", re.MULTILINE)


#: What is no code (comments, documentation up to ``=cut``), and ``<<`` with what may name the end of a here-document.
_HERE = re.compile(
    rb"(?P<prose>^[ \t]*#[^\n]*|^=[a-zA-Z](?:[^\n]*\n)*?(?:=cut\b[^\n]*|\Z))"
    rb"|<<+(?P<indented>~?)(?:\\?(?P<word>[A-Za-z_]\w*)|\s*(?P<quote>[\"'`])(?P<quoted>[^\n]+?)(?P=quote))"
    rb"|<<+(?=[~\\]|\s*[\"'`])",
    re.MULTILINE,
)
#: What the text of a here-document interpolates with, and what begins another one, to letters.
_PLAIN = bytes.maketrans(b"$@\\<", b"xxxx")


def _shown(text: bytes) -> Shown:
    """Letters beyond ASCII, and here-documents that interpolate nothing and have an end.

    The scanner never comes back from an interpolation that runs to the end of a file: the loop that continues a line of
    a here-document ends at a line break alone (tree-sitter-perl 1.2.1). That is what a document gives while it is being
    typed. So a ``<<`` without an end starts nothing, nor does one in comments and documentation.
    """
    shown = bytearray(ascii_shown(text).data)
    if b"<<" not in shown:
        return Shown(bytes(shown))
    ends = _Ends(shown)
    position = line_end = body_end = 0
    while match := _HERE.search(shown, position):
        if line_end < body_end and match.start() > line_end:
            position, line_end = body_end, body_end
            continue
        position = match.end()
        if match["prose"] is not None:
            shown[match.start() : position] = match[0].translate(_PLAIN)
            continue
        name = match["word"] or match["quoted"]
        if line_end >= body_end:
            line_end = body_end = shown.find(b"\n", position)
        # Bodies of several documents that one line begins follow each other.
        end = ends.of(name, bool(match["indented"]), body_end) if name is not None and line_end >= 0 else None
        if end is None:
            # Words, for spaces would bring what stands in front of them and behind together.
            shown[match.start() : position] = re.sub(rb"\S", b"x", match[0])
        else:
            shown[body_end:end] = shown[body_end:end].translate(_PLAIN)
            body_end = end
    return Shown(bytes(shown))


class _Ends:
    """Lines of a text by what they say, any of which may end a here-document.

    Args:
        text: The text.
    """

    def __init__(self, text: bytearray) -> None:
        self._starts: dict[tuple[bytes, bool], list[int]] = {}
        start = 0
        for line in text.split(b"\n"):
            said = bytes(line.removesuffix(b"\r"))
            self._starts.setdefault((said, False), []).append(start)
            self._starts.setdefault((said.lstrip(), True), []).append(start)
            start += len(line) + 1

    def of(self, name: bytes, indented: bool, after: int) -> int | None:
        """Where the first such line after a byte begins; None where there is none."""
        starts = self._starts.get((name, indented), [])
        place = bisect_right(starts, after)
        return starts[place] if place < len(starts) else None


SPEC = LanguageSpec(
    id="perl",
    name="Perl",
    position=200,
    files=Files(
        suffixes=(".pm", ".pl", ".t", ".psgi", ".cgi"),
        checks={".pl": _is_perl, ".t": _is_perl, ".cgi": _is_perl},
        names=("cpanfile",),
        interpreters=("perl",),
        tests=(r"\.t$", r"(?:^|/)x?t/(?:lib/)?[^/]*\.p[lm]$"),
    ),
    editor_ids=("perl",),
    mining=Mining(suffixes=(".pm", ".pl")),
    comments=CommentForms(
        line=("#",),
        block=tuple((opening, "=cut") for opening in ("=head", "=pod", "=item", "=method", "=func", "=over", "=begin")),
        is_apart=True,
    ),
    keywords=words(
        "and cmp continue do else elsif eq for foreach ge given gt if last le lt my ne next no not or our package"
        " redo require return sub unless until use when while xor"
    ),
    keywords_name_members=True,
    grammars={"": "tree_sitter_perl:language"},
    query=_QUERY,
    shown=_shown,
    name_parts=_parts,
    clean_doc=lambda text: _SYNOPSIS.sub("", text) or text,
    signature_tail=("{", "=", "=>"),
    cut_body=b"",
    definition=_DEFINITION,
)
