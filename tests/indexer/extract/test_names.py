"""Names in every script, forms of functions that are rare, and files known by what runs them."""

from __future__ import annotations

import unicodedata

import pytest

from cascode_indexer.extract import extract_definitions, language_of

#: A definition of a method or function ``NAME`` in each language.
NAMED = {
    "python": "def NAME(a):\n    return 1\n",
    "javascript": "o.NAME = () => { f(); };\n",
    "typescript": "class A { NAME() { return 1; } }\n",
    "go": "package x\n\nfunc NAME() { f() }\n",
    "java": "class A { int NAME() { return 1; } }\n",
    "php": "<?php function NAME() { return 1; }\n",
    "ruby": "def NAME\n  1\nend\n",
    "rust": "fn NAME() { f(); }\n",
    "c": "int NAME(int a) { return 1; }\n",
    "cpp": "int a::NAME(int a) { return 1; }\n",
    "c_sharp": "class A { int NAME() { return 1; } }\n",
}


@pytest.mark.parametrize("language", NAMED)
@pytest.mark.parametrize("name", ["जोड़ना", "größe", "名前", "имя"])
def test_a_name_ends_at_no_mark(language: str, name: str) -> None:
    """Vowel signs and accents that combine belong to the name, which is the same in either normal form."""
    composed = unicodedata.normalize("NFC", name)
    for form in ("NFC", "NFD"):
        source = NAMED[language].replace("NAME", unicodedata.normalize(form, name))
        found = extract_definitions(source, language).definitions
        assert [definition.name for definition in found][-1] == composed
        assert found[-1].qualified_name in (composed, f"A.{composed}", f"a.{composed}", f"o.{composed}")


@pytest.mark.parametrize(
    ("language", "source", "name"),
    [
        ("php", "<?php class A { public string $name { get => $this->n; set { $this->n = $value; } } }\n", "A.name"),
        ("c_sharp", "class A { event Handler Changed { add { x += value; } remove { x -= value; } } }\n", "A.Changed"),
        ("c_sharp", "class A { public void operator +=(int x) { f(); } }\n", "A.operator+="),
        ("c_sharp", "class A { public void operator >>>=(int x) { f(); } }\n", "A.operator>>>="),
        ("ruby", "ADD = Proc.new { |a| a }\n", "ADD"),
        ("ruby", "class A\n  @add = Proc.new do |a|\n    a\n  end\nend\n", "A.add"),
    ],
)
def test_rare_forms_of_functions(language: str, source: str, name: str) -> None:
    """Property hooks, event accessors and procs made by ``new`` are functions like others."""
    assert name in [definition.qualified_name for definition in extract_definitions(source, language).definitions]


@pytest.mark.parametrize(
    ("path", "head", "language"),
    [
        ("tool", b"#!/usr/bin/env -S uv run --script\n", "python"),
        ("tool", b"#!/usr/bin/env -S uv run --python 3.12 --script\n", "python"),
        ("tool", b"#!/usr/bin/env tsx\n", "typescript"),
        ("tool", b"#!/usr/bin/env -S npx tsx\n", "typescript"),
        ("tool", b"#!/usr/bin/env -S pnpm dlx tsx\n", "typescript"),
        ("tool", b"#!/usr/bin/env -S deno run --allow-net\n", "typescript"),
        ("tool", b"#!/usr/bin/env bun\n", "typescript"),
        ("a.mts", b"", "typescript"),
        ("a.cppm", b"", "cpp"),
        ("a.ixx", b"", "cpp"),
        ("a.tcc", b"", "cpp"),
        ("a.txx", b"", "cpp"),
        ("a.cts", b"", "typescript"),
        ("views.module", b"<?php\n", "php"),
        ("views.module", b"module views\n", None),
        ("a.inc", b"<?php\n", "php"),
        ("a.inc", b"/* f */\nstatic int f(int a)\n{\n  return a;\n}\n", "cpp"),
        ("a.inc", b"  mov ax, 1\n", None),
    ],
)
def test_scripts_and_shared_endings(path: str, head: bytes, language: str | None) -> None:
    """A runner's name tells the language as the program's own does; a shared ending asks the content."""
    assert language_of(path, head) == language
