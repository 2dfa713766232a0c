"""Edits of documents, positions and URIs."""

from __future__ import annotations

from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol.types import Position, PositionEncodingKind, Range

from cascode_server.lsp.buffer import Buffer
from cascode_server.lsp.params import Edit
from cascode_server.lsp.positions import from_units, split_lines, to_units
from cascode_server.service.uris import below, from_path, to_path

ENCODINGS = st.sampled_from(PositionEncodingKind)
PIECES = st.sampled_from(["a", "b", " ", "\n", "\r", "\r\n", "\f", "\u2028", "é", "☕", "🚀"])
TEXTS = st.lists(PIECES, max_size=30).map("".join)


def offset(text: str, position: Position, encoding: PositionEncodingKind) -> int:
    """Where a position lies in a text, worked out the slow way."""
    start, line = 0, 0
    while line < position.line:
        ends = [at for at in (text.find("\n", start), text.find("\r", start)) if at >= 0]
        if not ends:
            return len(text)
        start = min(ends) + (2 if text.startswith("\r\n", min(ends)) else 1)
        line += 1
    units, at = 0, start
    while at < len(text) and text[at] not in "\r\n":
        width = {"utf-8": len(text[at].encode()), "utf-16": len(text[at].encode("utf-16-le")) // 2, "utf-32": 1}
        units += width[encoding.value]
        if units > position.character:
            break
        at += 1
    return at


@given(
    text=TEXTS,
    encoding=ENCODINGS,
    edits=st.lists(st.tuples(*[st.integers(0, 12)] * 4, TEXTS), max_size=5),
)
def test_edits_leave_the_text_that_the_client_has(
    text: str, encoding: PositionEncodingKind, edits: list[tuple[int, int, int, int, str]]
) -> None:
    """Any row of edits gives what the same edits of a plain string give, whatever the line ends and widths."""
    buffer = Buffer(text, encoding)
    for line, character, more_lines, end_character, new in edits:
        start, end = Position(line, character), Position(line + more_lines, end_character)
        first = offset(text, start, encoding)
        last = max(first, offset(text, end, encoding))
        text = text[:first] + new + text[last:]
        buffer.apply([Edit(Range(start, end), new)])
        assert "".join(buffer.snapshot()) == text


def test_whole_text_replaces_the_document() -> None:
    """A change without a range is the whole document."""
    buffer = Buffer("a\nb", PositionEncodingKind.Utf16)
    buffer.apply([Edit(None, "c\r\nd\n")])
    assert buffer.snapshot() == ("c\r\n", "d\n", "")


@given(line=st.text(max_size=20), encoding=ENCODINGS)
def test_columns_go_there_and_back(line: str, encoding: PositionEncodingKind) -> None:
    """Each column in code points is found again from its column in units."""
    for column in range(len(line) + 1):
        assert from_units(line, to_units(line, column, encoding), encoding) == column
    assert from_units(line, 1000, encoding) == len(line)


def test_a_column_inside_a_character_is_its_begin() -> None:
    """The middle of a surrogate pair is no place."""
    assert from_units("🚀a", 1, PositionEncodingKind.Utf16) == 0
    assert from_units("🚀a", 3, PositionEncodingKind.Utf8) == 0


def test_lines_are_those_of_the_protocol() -> None:
    """A form feed and Unicode's line separators end no line."""
    assert split_lines("a\fb\u2028c\r\nd\re\n") == ["a\fb\u2028c", "d", "e", ""]


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///home/me/a.py", "/home/me/a.py"),
        ("file:///home/me/a%20b/%C3%BC.py", "/home/me/a b/ü.py"),
        ("file:///home/me/100%25%23%3F.py", "/home/me/100%#?.py"),
        ("file:///home/me/c#.py", "/home/me/c#.py"),
        ("file://localhost/home/me", "/home/me"),
        ("FILE:///home", "/home"),
    ],
)
def test_uris_of_files_are_paths(uri: str, path: str) -> None:
    """Percent-encoding is undone, also where the client forgot it."""
    assert to_path(uri, windows=False) == Path(path)


@pytest.mark.parametrize(
    "uri",
    [
        *("untitled:1", "http://host/a", "file://other/share", "file:///a%00b", "", "file:", "//x", "file://[", "a.py"),
        *("file:///\ud800", "file://\ud800/a"),
    ],
)
def test_other_uris_are_no_paths(uri: str) -> None:
    """What names no file of this machine is reported as such."""
    assert to_path(uri, windows=False) is None


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///c%3A/Users/me/a.py", "C:/Users/me/a.py"),
        ("file:///C:/Users/me/a%20b.py", "C:/Users/me/a b.py"),
        ("file://server/share/a.py", "//server/share/a.py"),
    ],
)
def test_drives_and_shares_of_windows(uri: str, path: str) -> None:
    """Drives are read in both spellings and either case; shares keep their host."""
    assert PureWindowsPath(str(to_path(uri, windows=True))) == PureWindowsPath(path)


@given(name=st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1))
def test_paths_survive_their_uri(name: str) -> None:
    """Every file name is found again from the URI that is made of it."""
    if name in (".", ".."):
        return
    assert to_path(from_path(Path("/w") / name), windows=False) == Path("/w") / name
    assert to_path(below("file:///w/", name), windows=False) == Path("/w") / name


def test_names_that_are_no_text_survive_their_uri() -> None:
    """A file name that is not UTF-8 is encoded byte for byte."""
    path = Path("/w/caf\udce9.py")
    assert from_path(path) == "file:///w/caf%E9.py"
    assert to_path(from_path(path), windows=False) == path
