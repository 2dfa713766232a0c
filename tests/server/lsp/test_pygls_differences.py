"""Why open documents and URIs are not pygls' own: each test shows an error of pygls beside the right result.

Where one of these fails, pygls was corrected, and our part may go.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from lsprotocol.types import Position, PositionEncodingKind, Range, TextDocumentContentChangePartial
from pygls.uris import from_fs_path, to_fs_path
from pygls.workspace import PositionCodec, TextDocument

from cascode_server.lsp.buffer import Buffer
from cascode_server.lsp.params import Edit
from cascode_server.lsp.positions import from_units
from cascode_server.service.uris import from_path, to_path

UTF16 = PositionEncodingKind.Utf16


def inserted(text: str, line: int, character: int) -> tuple[str, str]:
    """A text after an ``x`` was inserted, by pygls and by our buffer."""

    def span() -> Range:  # one for each: pygls changes the positions that it is given
        return Range(Position(line, character), Position(line, character))

    document = TextDocument("file:///a.py", text, position_codec=PositionCodec(UTF16))
    document.apply_change(TextDocumentContentChangePartial(span(), "x"))
    buffer = Buffer(text, UTF16)
    buffer.apply([Edit(span(), "x")])
    return document.source, "".join(buffer.snapshot())


@pytest.mark.parametrize("separator", ["\f", "\v", "\x1c", "\x85", "\u2028"])
def test_pygls_counts_lines_that_the_protocol_does_not_have(separator: str) -> None:
    """LSP ends lines at LF, CRLF and CR only; in pygls an edit below any other separator lands on a wrong line."""
    theirs, ours = inserted(f"a{separator}b\nc", 1, 0)
    assert ours == f"a{separator}b\nxc"
    assert theirs != ours


def test_pygls_moves_a_column_past_the_end_before_the_last_character() -> None:
    """A column past the end is the end, as the protocol has it; in pygls it is one before."""
    theirs, ours = inserted("abc", 0, 99)
    assert ours == "abcx"
    assert theirs == "abxc"


def test_pygls_rounds_a_column_inside_a_character_up() -> None:
    """The middle of a surrogate pair is the begin of its character; pygls takes its end."""
    place = PositionCodec(UTF16).position_from_client_units(["🚀a"], Position(0, 1))
    assert from_units("🚀a", 1, UTF16) == 0
    assert place.character == 1


def test_pygls_reads_names_that_are_no_utf8_as_other_names() -> None:
    """A file name in another encoding survives our URIs byte for byte; pygls replaces its bytes."""
    path = Path("/w/caf\udce9.py")
    assert to_path(from_path(path), windows=False) == path
    assert to_fs_path("file:///w/caf%E9.py") == "/w/caf\N{REPLACEMENT CHARACTER}.py"
    with pytest.raises(UnicodeEncodeError):
        from_fs_path(str(path))


@pytest.mark.skipif(sys.platform == "win32", reason="a share is a path there")
def test_pygls_takes_files_of_other_machines_for_local_ones() -> None:
    """A URI with a host names no file of this machine; pygls makes a path of it."""
    assert to_path("file://other/share/a.py", windows=False) is None
    assert to_fs_path("file://other/share/a.py") == "//other/share/a.py"
    assert to_path("file:///a%00b", windows=False) is None
    assert to_fs_path("file:///a%00b") == "/a\0b"
