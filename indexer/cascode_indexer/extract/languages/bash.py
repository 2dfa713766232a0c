"""Bash and other shells of its family: functions of both forms, lists and texts bound to a name."""

from __future__ import annotations

import re

from cascode_indexer.extract.forms import CommentForms
from cascode_indexer.extract.shown import ascii_shown
from cascode_indexer.extract.spec import Files, LanguageSpec, Mining, words

_QUERY = """
(function_definition name: (_) @name body: (_) @body) @function
(program (variable_assignment name: (variable_name) @name value: (_) @body) @constant)
(program (declaration_command (variable_assignment name: (variable_name) @name value: (_) @body)) @constant)
(comment) @comment
"""

#: A line that starts a definition.
_DEFINITION = re.compile(
    rb"^[ \t]*(?:function[ \t]+(?=\S+[ \t]*(?:\(\)|\{|$))|(?=\S+[ \t]*\(\)))([\w:.+-]+)", re.MULTILINE
)

_KEYWORDS = words("case coproc do done elif else esac fi for function if in select then time until while")

SPEC = LanguageSpec(
    id="bash",
    name="Bash",
    position=170,
    files=Files(
        suffixes=(".sh", ".bash", ".ksh", ".ebuild", ".eclass"),
        names=(".bashrc", ".bash_profile", ".bash_aliases", ".bash_logout", ".profile", "pkgbuild", "apkbuild"),
        interpreters=("bash", "sh", "dash", "ash", "ksh"),
    ),
    # VS Code has one language for all shells; highlighters have its name only for Bash.
    editor_ids=("bash", "shellscript", "sh"),
    mining=Mining(suffixes=(".sh", ".bash")),
    aliases=("shell", "ksh"),
    comments=CommentForms(line=("#",), block=()),
    keywords=_KEYWORDS,
    grammars={"": "tree_sitter_bash:language"},
    query=_QUERY,
    shown=ascii_shown,
    signature_tail=("{", "(", "="),
    cut_body=b"",
    definition=_DEFINITION,
)
