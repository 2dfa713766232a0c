"""The cap on a file's size: one number for the walk, for open buffers, for lines checked and for source shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from cascode_indexer.engine import Engine
from cascode_indexer.search.types import Answer, SearchRequest
from cascode_indexer.types import DEFAULT_MAX_FILE_BYTES, SkipReason
from fake_encoder import FakeModelHandle

MAIL = 'def send_mail(to):\n    """Send an email to somebody."""\n    return smtp(to)'
PADDING = "# padding\n" * (DEFAULT_MAX_FILE_BYTES // 10)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A workspace of one file above the default cap."""
    root = tmp_path / "workspace"
    root.mkdir()
    (root / "mail.py").write_text(PADDING + MAIL + "\n")
    return root


def ask(engine: Engine) -> Answer:
    """Ask for the function in the large file."""
    return engine.search(SearchRequest("send an email to somebody"))


def test_a_file_above_the_default_cap_is_found_and_shown_where_a_larger_cap_was_set(large: Path) -> None:
    """A hit comes with its source, after the file changed too."""
    with Engine([large], model=FakeModelHandle(), max_file_bytes=2 * DEFAULT_MAX_FILE_BYTES) as engine:
        engine.update()
        (hit,) = ask(engine).hits
        assert engine.snippet(hit) == MAIL
        (large / "mail.py").write_text(PADDING + "\n\n" + MAIL + "\n")
        (moved,) = ask(engine).hits
        assert moved.start_line == hit.start_line + 2
        assert engine.snippet(moved) == MAIL


def test_a_buffer_above_the_default_cap_is_found_and_shown_where_a_larger_cap_was_set(large: Path) -> None:
    """What is typed is read by the same cap as what is saved."""
    with Engine([large], model=FakeModelHandle(), max_file_bytes=2 * DEFAULT_MAX_FILE_BYTES) as engine:
        engine.set_overlay(large / "new.py", PADDING + MAIL)
        (hit,) = ask(engine).hits
        assert (hit.path, engine.snippet(hit)) == ("new.py", MAIL)


def test_a_file_above_the_default_cap_is_counted_where_none_was_set(large: Path) -> None:
    """It is neither read nor silently missing."""
    with Engine([large], model=FakeModelHandle()) as engine:
        (report,) = engine.update()
        engine.set_overlay(large / "new.py", PADDING + MAIL)
        assert report.skipped.by_reason == {SkipReason.TOO_LARGE: 1}
        assert ask(engine).hits == ()
