"""Which language a file is in, by name and content, and what its path says about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cascode_indexer.extract import (
    LANGUAGES,
    SPECS,
    canonical_language,
    head_bytes,
    is_example_path,
    is_test_path,
    language_of,
    language_of_text,
    source_suffixes,
)
from cascode_indexer.extract import languages as languages_package
from cascode_indexer.indexing.parse import parse_buffer
from cascode_indexer.types import SkipCounts
from cascode_indexer.walk import walk
from cascode_lab.corpus.mine import mined_definitions

LICENCE = "/*\n" + " * Permission is granted, free of charge, to any person obtaining a copy.\n" * 400 + " */\n"
HEADER = LICENCE + "struct Vec : Base {\n  int size() { return n; }\n};\n"


def test_every_module_of_the_folder_is_a_language() -> None:
    """A file with a spec is all that a language takes; the order shown is the specs' own."""
    files = {path.stem for path in Path(languages_package.__file__ or "").parent.glob("*.py")} - {"__init__"}
    assert set(LANGUAGES) == files
    assert [spec.position for spec in SPECS.values()] == sorted(spec.position for spec in SPECS.values())
    assert LANGUAGES[0] == "python"


def test_names_of_languages_are_not_shared() -> None:
    """An alias, an editor's id, a file name or an interpreter means one language."""
    for names in (
        [name for spec in SPECS.values() for name in {spec.id, *spec.aliases, *spec.editor_ids}],
        [name for spec in SPECS.values() for name in spec.files.names],
        [name for spec in SPECS.values() for name in spec.files.interpreters],
    ):
        assert len(names) == len(set(names))


def test_a_shared_suffix_is_left_to_one_language_without_a_check() -> None:
    """At most one language takes what the others' checks refuse."""
    for suffix in source_suffixes():
        claims = [spec.id for spec in SPECS.values() if suffix in spec.files.suffixes]
        unchecked = [language for language in claims if suffix not in SPECS[language].files.checks]
        assert len(unchecked) <= 1, suffix


@pytest.mark.parametrize(
    ("path", "head", "language"),
    [
        ("a/b.py", b"", "python"),
        ("A.PY", b"", "python"),
        ("a.jsx", b"", "javascript"),
        ("a.tsx", b"", "typescript"),
        ("a.d.ts", b"", "typescript"),
        ("Rakefile", b"", "ruby"),
        ("a.h", b"int f(void);\n", "c"),
        ("a.h", b"/* a class of things, using it */\nint f(void);\n", "c"),
        ("a.h", b'#ifdef __cplusplus\nextern "C" {\nclass A;\n#endif\nint f(void);\n', "c"),
        ("a.h", b"struct flags { unsigned a : 3; };\nstruct flags *f(int x) ;\nint y = b ? x : z;\n", "c"),
        ("a.h", b"namespace a {\nint f();\n}\n", "cpp"),
        ("a.h", b"template <typename T>\nT f(T t);\n", "cpp"),
        ("a.h", b"class A {\npublic:\n};\n", "cpp"),
        ("a.h", b"#include <vector>\n", "cpp"),
        ("a.h", b"struct Vec : Base {\n};\n", "cpp"),
        ("a.h", b"struct Vec final : public ns_Base\n{\n};\n", "cpp"),
        ("a.h", b"enum class Colour { red };\n", "cpp"),
        ("a.h", b"struct A {\n  int size() const { return n; }\n};\n", "cpp"),
        ("a.h", b"struct A {\n  A(const A &) = delete;\n};\n", "cpp"),
        ("a.h", b"#include <stdio.h>\n", "c"),
        ("a.h", b"#import <Foundation/Foundation.h>\n@interface A : NSObject\n@end\n", "objective_c"),
        ("a.m", b'#import "a.h"\n', "objective_c"),
        ("a.m", b"function y = f(x)\ny = x;\nend\n", None),
        ("a.pl", b"#!/usr/bin/env perl\n", "perl"),
        ("a.pl", b":- module(a, [f/1]).\n", None),
        ("a.t", b"use Test::More;\n", "perl"),
        ("a.cs", b"", "c_sharp"),
        ("tool", b"#!/usr/bin/env python3\n", "python"),
        ("tool", b"\xef\xbb\xbf#!/usr/bin/env python3.11\n", "python"),
        ("tool", b"#!/usr/bin/env -S uv run --script\n", "python"),
        ("tool", b"#!/usr/bin/env -S node --no-warnings\n", "javascript"),
        ("tool", b"#!/usr/bin/env tsx\n", "typescript"),
        ("tool", b"#!/usr/bin/ruby -w\n", "ruby"),
        ("tool", b"#! /usr/bin/php\n", "php"),
        ("tool", b"#!/bin/sh\n", "bash"),
        ("tool", b"#!/usr/bin/env -S bash -e\n", "bash"),
        (".bashrc", b"", "bash"),
        ("tool", b"#!/usr/bin/lua5.4\n", "lua"),
        ("build.gradle.kts", b"", "kotlin"),
        ("tool", b"#!/usr/bin/awk -f\n", None),
        ("tool", b"#!/bin/pythonic\n", None),
        ("tool", b"", None),
        ("a.txt", b"#!/usr/bin/env python3\n", None),
        ("a.ts", b'<?xml version="1.0"?><TS>', None),
        ("a.inc", b"<?php\n", "php"),
        ("a.inc", b"section .text\n", None),
        ("views/a.blade.php", b"", None),
    ],
)
def test_the_language_of_a_file(path: str, head: bytes, language: str | None) -> None:
    """Suffix, file name, shebang and the inside of a header decide."""
    assert language_of(path, head) == language
    assert language_of_text(path, head.decode()) == language


def test_only_files_that_need_it_are_opened() -> None:
    """A name that decides is enough; a script's first line is short; a header is read as a whole."""
    assert [head_bytes(path) for path in ("a.py", "Rakefile", "a.png")] == [0, 0, 0]
    assert 0 < head_bytes("tool") < 1000
    assert head_bytes("a.h") == head_bytes("b/a.INC") >= 1 << 20


def test_a_header_below_a_long_licence_is_cpp_wherever_it_is_read(tmp_path: Path) -> None:
    """The walk, an open buffer and corpus mining see the same functions."""
    (tmp_path / "vec.h").write_text(HEADER)
    (found,) = walk(tmp_path, language_of=language_of, skipped=SkipCounts())
    assert found.language == "cpp"
    assert language_of_text("vec.h", HEADER) == "cpp"
    assert "Vec.size" in [definition.qualified_name for definition in parse_buffer(found, HEADER).definitions]
    mined = list(mined_definitions(HEADER, "vec.h"))
    assert [(item.name, item.language) for item in mined if item.name == "Vec.size"] == [("Vec.size", "cpp")]


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("py", "python"),
        ("C++", "cpp"),
        ("cs", "c_sharp"),
        ("csharp", "c_sharp"),
        ("typescriptreact", "typescript"),
        ("golang", "go"),
        (".ts", "typescript"),
        ("cobol", None),
    ],
)
def test_languages_have_other_names(name: str, language: str | None) -> None:
    """What people type and editors send is understood."""
    assert canonical_language(name) == language


@pytest.mark.parametrize(
    "path",
    [
        "tests/a.py", "src/test/java/a/A.java", "a/__tests__/b.ts", "Acme.Tests/Sub/Door.cs", "it/unit-test/a.go",
        "test_utils/a.py", "testdata/a.go", "pkg/spec/a.rb", "e2e/a.ts", "mocks/a.go", "androidTest/A.java",
        "a/test_b.py", "a/b_test.go", "a/b.test.tsx", "a/b.spec.js", "a/b-unittest.cc", "a/b_spec.rb", "a/conftest.py",
        "a/tests.rs", "DoorTest.java", "DoorTests.cs", "DoorTest.php", "DoorIT.java", "a/login.cy.ts", "A/Tests/b.php",
    ],
)  # fmt: skip
def test_test_paths(path: str) -> None:
    """Folders and files of tests are known by the conventions of all languages and of their own."""
    assert is_test_path(path)


@pytest.mark.parametrize(
    "path",
    [
        "contest/a.py", "latest/a.go", "attestation.rs", "a/Contest.php", "a/Split.java", "a/testing.go", "a/spec.py",
        "protest/a.ts", "a/Latest.java", "specification/a.py", "a/job_spec.go", "fixtured/a.py",
    ],
)  # fmt: skip
def test_paths_that_only_resemble_tests(path: str) -> None:
    """A name that holds the letters is no test."""
    assert not is_test_path(path)


@pytest.mark.parametrize(
    ("path", "is_example"),
    [
        ("examples/a.py", True),
        ("docs/conf.py", True),
        ("go-samples/a.go", True),
        ("benches/a.rs", True),
        ("src/Door.stories.tsx", True),
        ("src/benches/a.py", False),
        ("src/example.py", False),
        ("src/docsite.py", False),
    ],
)
def test_example_paths(path: str, is_example: bool) -> None:
    """Examples, documentation and benchmarks are recognised by their folders."""
    assert is_example_path(path) is is_example
