"""What stays in memory of a source that was read: nothing."""

from __future__ import annotations

import gc
import tracemalloc

import pytest

from cascode_indexer.extract import extract_definitions

#: Of each source: far more than everything else that an extraction may remember.
_CHARACTERS = 60_000
_SOURCES = 12


@pytest.mark.parametrize("broken", [False, True])
def test_a_source_is_gone_after_it_was_read(broken: bool) -> None:
    """The parser's binding keeps what it is handed: that must not be the file, whole or in pieces, nor its errors'."""
    tracemalloc.start()
    try:
        before = 0
        for number in range(-2, _SOURCES):
            head = "def broken(:\n" if broken else ""
            source = f"{head}def a_{number}():\n    return '{'x' * _CHARACTERS}{number}'\n"
            assert extract_definitions(source, "python").definitions
            del source
            gc.collect()
            if number < 0:  # grammar and queries are loaded by now
                before = tracemalloc.get_traced_memory()[0]
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < _CHARACTERS, f"{grown} bytes are left of {_SOURCES} sources"
