"""Reading one file: encodings, binaries, minified and generated content, and files that change meanwhile."""

from __future__ import annotations

import codecs
import dataclasses
import os
import threading
from pathlib import Path

import pytest

from cascode_indexer.types import SkipReason, SourceFile
from cascode_indexer.walk import read_source

TEXT = "def größe():\n    return 'naïve café'\n"
PROSE = (
    "# Расчёт суммы заказа с учётом скидки и налога\n"  # noqa: RUF001
    "def total(order):\n    '''Возвращает сумму заказа для покупателя.'''\n    return order\n"
)


def _file(tmp_path: Path, content: bytes, language: str = "python", name: str = "a.py") -> SourceFile:
    path = tmp_path / name
    path.write_bytes(content)
    status = path.stat()
    return SourceFile(name, path, language, status.st_size, status.st_mtime_ns)


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"),
        codecs.BOM_UTF32_BE + TEXT.encode("utf-32-be"),
    ],
    ids=["utf-8", "utf-8 mark", "utf-16 le", "utf-16 be", "utf-32 le", "utf-32 be"],
)
def test_unicode_is_read_with_or_without_a_mark(tmp_path: Path, content: bytes) -> None:
    """The mark is no part of the text."""
    assert read_source(_file(tmp_path, content)) == TEXT


@pytest.mark.parametrize(
    ("cookie", "encoding"),
    [
        ("# -*- coding: latin-1 -*-\n", "latin-1"),
        ("#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\n", "cp1252"),
        ("# coding: iso-8859-15\n", "iso-8859-15"),
    ],
)
def test_a_coding_comment_is_obeyed(tmp_path: Path, cookie: str, encoding: str) -> None:
    """As Python itself does (PEP 263)."""
    assert read_source(_file(tmp_path, (cookie + TEXT).encode(encoding))) == cookie + TEXT


@pytest.mark.parametrize("cookie", ["# coding: rot13\n", "# coding: nonsense-9\n", "# coding: ascii\n"])
def test_a_wrong_coding_comment_does_no_harm(tmp_path: Path, cookie: str) -> None:
    """A codec that is none, or a wrong one, is passed over."""
    assert read_source(_file(tmp_path, (cookie + TEXT).encode())) == cookie + TEXT
    guessed = read_source(_file(tmp_path, (cookie + TEXT * 20).encode("latin-1")))
    assert isinstance(guessed, SkipReason) or "def gr" in guessed


@pytest.mark.parametrize("encoding", ["cp1251", "koi8-r"])
def test_a_legacy_encoding_is_guessed(tmp_path: Path, encoding: str) -> None:
    """From the text itself, where nothing declares it."""
    assert read_source(_file(tmp_path, (PROSE * 5).encode(encoding))) == PROSE * 5


def test_one_stray_byte_does_not_lose_the_file(tmp_path: Path) -> None:
    """A Latin-1 name in an else plain file leaves its code readable."""
    content = b"# by Andr\xe9\n" + b"def add(first, second):\n    return first + second\n" * 10
    text = read_source(_file(tmp_path, content, language="ruby"))
    assert isinstance(text, str)
    assert not isinstance(text, SkipReason)
    assert text.count("def add(first, second):") == 10


@pytest.mark.parametrize("language", ["c", "python"])
def test_a_stray_byte_leaves_utf8_what_it_is(tmp_path: Path, language: str) -> None:
    """It is replaced; every name beside it keeps its letters."""
    content = "int größe() { return 1; } // it".encode() + b"\x92" + b"s\n"
    assert read_source(_file(tmp_path, content, language)) == "int größe() { return 1; } // it\ufffds\n"


def test_line_ends_stay_as_they_are(tmp_path: Path) -> None:
    """Line numbers and columns are counted on what is in the file."""
    assert read_source(_file(tmp_path, b"a\r\nb\rc\n\x0cd\n")) == "a\r\nb\rc\n\x0cd\n"


@pytest.mark.parametrize("content", [b"\0", b"\x7fELF\x02\0\0", b"x = 1\n\0\n"])
def test_nul_bytes_make_a_file_binary(tmp_path: Path, content: bytes) -> None:
    """Whatever its name."""
    assert read_source(_file(tmp_path, content)) is SkipReason.BINARY


@pytest.mark.parametrize(
    "content",
    [
        bytes(range(128, 256)) * 50 + bytes(range(1, 32)) * 50,
        codecs.BOM_UTF16_LE + b"\x00\xd8\x00",
        b"\x01\x02\x03\x04" * 300 + b"text",
    ],
    ids=["noise", "broken utf-16", "control characters"],
)
def test_what_is_no_text_is_reported(tmp_path: Path, content: bytes) -> None:
    """Bytes that no encoding explains give no functions."""
    assert read_source(_file(tmp_path, content)) is SkipReason.NOT_TEXT


def test_an_empty_file_is_empty_text(tmp_path: Path) -> None:
    """With a mark or without."""
    assert read_source(_file(tmp_path, b"")) == ""
    assert read_source(_file(tmp_path, codecs.BOM_UTF8)) == ""


def test_a_file_that_grew_is_not_read_past_the_limit(tmp_path: Path) -> None:
    """The size counts that it has when it is opened, and again while it is read."""
    file = _file(tmp_path, b"x = 1\n")
    file.absolute.write_bytes(b"#" * 101)
    assert read_source(file, max_bytes=100) is SkipReason.TOO_LARGE
    file.absolute.write_bytes(b"#" * 100)
    assert read_source(file, max_bytes=100) == "#" * 100


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs a file that says it is empty and is not")
def test_a_file_whose_size_lies_is_still_bounded() -> None:
    """Files of /proc report size 0 and hold more."""
    file = SourceFile("status", Path("/proc/self/status"), "python", 0, 0)
    assert read_source(file, max_bytes=10) is SkipReason.TOO_LARGE


def test_one_enormous_line_is_reported(tmp_path: Path) -> None:
    """5 MB in one line, with the limit on size lifted."""
    content = b"x = '" + b"a" * 5_000_000 + b"'\n"
    assert read_source(_file(tmp_path, content), max_bytes=10_000_000) is SkipReason.LINE_TOO_LONG
    assert read_source(_file(tmp_path, content)) is SkipReason.TOO_LARGE


def test_minified_code_is_reported_but_a_long_literal_is_kept(tmp_path: Path) -> None:
    """What counts is the share of the file in long lines."""
    minified = b"/*! lib */\n" + b"function a(b){return b}" * 2000
    assert read_source(_file(tmp_path, minified, "javascript", "lib.js")) is SkipReason.LINE_TOO_LONG
    literal = b"DATA = '" + b"a" * 6000 + b"'\n" + b"def f():\n    return DATA\n" * 400
    assert read_source(_file(tmp_path, literal)) == literal.decode()


@pytest.mark.parametrize("line_break", [b"\n", b"\r"])
@pytest.mark.parametrize("above", [0, 1, 700])
def test_a_line_is_long_from_5000_characters_on(tmp_path: Path, above: int, line_break: bytes) -> None:
    """Wherever it stands; lines that are long only together are not."""
    short = b"f();" + line_break
    for length, is_long in ((5000, True), (4999, False)):
        line = b"a(b);" * 999 + b"a(b);"[: length - 4995]
        content = short * above + line + line_break + short * 3
        found = read_source(_file(tmp_path, content, "javascript", "lib.js"))
        assert (found is SkipReason.LINE_TOO_LONG) is is_long


def test_a_literal_in_one_line_costs_no_function(tmp_path: Path) -> None:
    """However much of the file it is: it holds no statements."""
    literal = b"const IMAGE = '" + b"aGVsbG8/" * 1125 + b"';\n" + b"function f(a) { return a; }\n" * 40
    assert read_source(_file(tmp_path, literal, "javascript", "a.js")) == literal.decode()


def test_what_is_wanted_is_read_whatever_it_looks_like(tmp_path: Path) -> None:
    """A line of the user's wins over a generator's notice and over long lines."""
    for content in (b"// Code generated by x. DO NOT EDIT.\nint f();\n", b"function a(b){return b}" * 2000):
        wanted = dataclasses.replace(_file(tmp_path, content, "javascript", "a.js"), is_wanted=True)
        assert read_source(wanted) == content.decode()


@pytest.mark.parametrize(
    "notice",
    [
        "/****\n** Created by: Qt User Interface Compiler version 5.15.2\n**\n"
        "** WARNING! All changes made in this file will be lost when recompiling UI file!\n****/\n",
        "// GENERATED CODE -- DO NOT EDIT!\n",
        "/* automatically generated by the FlatBuffers compiler, do not modify */\n",
        "# Do not edit this file: it is automatically generated by configure.\n",
        "// Code generated by protoc-gen-go. DO NOT EDIT.\n",
        "/*\n * @generated by Buck\n */\n",
        "# @generated\n",
        "// <auto-generated>\n//   by a tool\n// </auto-generated>\n",
        "# Generated by the protocol buffer compiler.  DO NOT EDIT!\n",
        "/* A Bison parser, made by GNU Bison 3.8.2.  */\n",
        "// This file was automatically generated by SWIG\n",
        "/* AUTO-GENERATED FILE.  DO NOT MODIFY. */\n",
        "// Generated from Expr.g4 by ANTLR 4.13.1\n",
        "/* Generated by Cython 3.0.8 */\n",
    ],
)
def test_a_generators_notice_is_obeyed(tmp_path: Path, notice: str) -> None:
    """Below a licence, too; in the forms that conventions fixed."""
    licence = "// Copyright\n// All rights reserved\n\n"
    assert read_source(_file(tmp_path, (licence + notice + "int f();\n").encode())) is SkipReason.GENERATED


@pytest.mark.parametrize(
    "text",
    [
        '"""Tools for generated code: never edit generated files by hand."""\n',
        "# Do not edit the auto-generated output; change the templates.\n",
        "// The auto-generated tables are in out/. Do not modify them, run make.\n",
        "# This module reads files that were generated by protoc.\n",
        "// The generated id is random.\n",
        "MARK = '@generated'\n",
        "def is_generated(text):\n    return 'Code generated' in text and 'DO NOT EDIT' in text\n",
        "x = 1\n" * 60 + "# Code generated by x. DO NOT EDIT.\n",
    ],
)
def test_code_about_generated_code_is_kept(tmp_path: Path, text: str) -> None:
    """Prose, strings and what stands further down are no notice."""
    assert read_source(_file(tmp_path, text.encode())) == text


def test_a_vanished_file_is_unreadable(tmp_path: Path) -> None:
    """No exception: it is gone between the walk and the reading."""
    file = _file(tmp_path, b"x")
    file.absolute.unlink()
    assert read_source(file) is SkipReason.UNREADABLE


def test_a_file_deleted_while_it_is_read_is_read_or_unreadable(tmp_path: Path) -> None:
    """Either answer is whole; a race between reader and deleter never raises."""
    stop = threading.Event()
    file = _file(tmp_path, b"x = 1\n" * 1000)

    def churn() -> None:
        while not stop.is_set():
            file.absolute.write_bytes(b"x = 1\n" * 1000)
            file.absolute.unlink()

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        answers = [read_source(file) for _ in range(300)]
    finally:
        stop.set()
        thread.join()
    assert all(answer is SkipReason.UNREADABLE or ("x = 1\n" * 1000).startswith(str(answer)) for answer in answers)


def test_what_took_the_files_place_is_not_opened(tmp_path: Path) -> None:
    """A link, a pipe or a folder: none is followed, waited for or read."""
    secret = tmp_path / "secret"
    secret.write_text("secret")
    file = _file(tmp_path, b"x")
    file.absolute.unlink()
    file.absolute.symlink_to(secret)
    assert read_source(file) is SkipReason.UNREADABLE
    file.absolute.unlink()
    os.mkfifo(file.absolute)
    assert read_source(file) is SkipReason.UNREADABLE
    file.absolute.unlink()
    file.absolute.mkdir()
    assert read_source(file) is SkipReason.UNREADABLE


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("a.go", "package main\n\nvar header = `\n// Code generated by a. DO NOT EDIT.\n`\n\nfunc f() {}\n"),
        ("a.js", "const head = `\n// Code generated by a. DO NOT EDIT.\n`;\nfunction f() { return 1; }\n"),
        ("a.py", 'HEAD = """\\\n# @generated\n"""\n\n\ndef f():\n    return HEAD\n'),
    ],
)
def test_a_notice_in_a_string_is_for_what_is_written(tmp_path: Path, name: str, source: str) -> None:
    """A generator is written by hand, though its first lines hold the notice of its output."""
    assert read_source(_file(tmp_path, source.encode(), name=name)) == source


def test_a_docstring_may_hold_the_notice(tmp_path: Path) -> None:
    """The documentation of a file speaks of the file."""
    source = '"""Tables.\n\n# @generated\n"""\n\n\ndef f():\n    return 1\n'
    assert read_source(_file(tmp_path, source.encode())) is SkipReason.GENERATED


def test_signs_inside_a_literal_are_no_statements(tmp_path: Path) -> None:
    """A table of entities is full of semicolons."""
    source = (
        'class A {\n    static final String ALL = "' + "amp=12;1&lt=1q;3&" * 600 + '";\n    int f() { return 1; }\n}\n'
    )
    assert read_source(_file(tmp_path, source.encode(), "java", "A.java")) == source
