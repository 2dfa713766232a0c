"""The doc comment inside a function can be cut from its code, and nothing else is."""

from __future__ import annotations

import ast
import textwrap

import pytest

from cascode_indexer.extract import extract_definitions, strip_doc
from cascode_indexer.types import FUNCTION_KINDS


def _stripped(source: str, language: str = "python") -> str:
    found = extract_definitions(source, language).definitions
    return strip_doc(next(definition for definition in found if definition.kind in FUNCTION_KINDS))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('def f():\n    """Doc."""\n    return 1\n', "def f():\n    return 1"),
        ('def f():\n    """Doc.\n\n    More.\n    """\n\n    return 1\n', "def f():\n\n    return 1"),
        (
            'def f():\n    # note\n    r"""Doc."""  # noqa\n    return 1\n',
            "def f():\n    # note\n    return 1",
        ),
        ('def f(): "Doc."; return 1\n', "def f(): return 1"),
        ("def f():\r\n    'Doc.'\r\n    return 'ü'\r\n", "def f():\r\n    return 'ü'"),
        ("def f():\n    'Do' 'c.'\n    return 1\n", "def f():\n    return 1"),
        (
            "@a\ndef f():\n    'Doc.'\n    def g():\n        'Inner.'\n",
            "@a\ndef f():\n    def g():\n        'Inner.'",
        ),
        ('def f():\n    """Doc."""\n', ""),
        ('def f():\n    """Doc."""\n    # nothing\n', ""),
        ("def f():\n    return '''no doc'''\n", "def f():\n    return '''no doc'''"),
        ("f = lambda: 'text'\n", "f = lambda: 'text'"),
    ],
)
def test_a_docstring_is_cut(source: str, expected: str) -> None:
    """The docstring goes with its line, the rest stays byte for byte."""
    assert _stripped(source) == expected


def test_a_method_stays_valid_code() -> None:
    """Indented code parses after the cut."""
    source = 'class A:\n    async def f(self):\n        """Doc\n  odd indent\n        """\n        return 1\n'
    stripped = _stripped(source)
    assert stripped == "    async def f(self):\n        return 1"
    assert ast.parse(textwrap.dedent(stripped))


@pytest.mark.parametrize(
    ("language", "source", "expected"),
    [
        (
            "php",
            "<?php\nclass A {\n    #[B]\n    /** Doc. */\n    function f() { /** Doc. */ }\n}\n",
            "    #[B]\n    function f() { /** Doc. */ }",
        ),
        ("rust", "#[a]\n/// Doc.\n/// More.\n#[b]\nfn f() {}\n", "#[a]\n#[b]\nfn f() {}"),
        ("go", "// Doc.\nfunc f() {\n\t// Doc.\n}\n", "func f() {\n\t// Doc.\n}"),
    ],
)
def test_a_doc_comment_among_decorators_is_cut(language: str, source: str, expected: str) -> None:
    """Only the comment that is the doc goes."""
    assert _stripped(source, language) == expected
