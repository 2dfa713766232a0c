"""Perl: subroutines, methods, anonymous ones bound to a name, packages, classes, tables."""

from __future__ import annotations

import re

from cascode_indexer.extract.forms import CommentForms
from cascode_indexer.extract.shown import Shown, ascii_shown
from cascode_indexer.extract.spec import Files, LanguageSpec, dotted_identifiers, words

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


#: All that a here-document may interpolate or escape to letters; what ends a block stays.
_PLAIN = bytes(byte if chr(byte).isalnum() or byte in b"{}()[];, \t" else ord("a") for byte in range(128)) + bytes(
    range(128, 256)
)


def _shown(text: bytes) -> Shown:
    """Letters beyond ASCII; and after a here-document plain words in a last line that has no end yet.

    Where somebody is typing the document the scanner never comes back from a variable or an escape in that line, nor
    from some documents of several lines, which are not recognised here yet.
    """
    shown = ascii_shown(text).data
    last = shown.rfind(b"\n") + 1
    if b"<<" in shown[:last]:
        shown = shown[:last] + shown[last:].translate(_PLAIN)
    return Shown(shown)


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
