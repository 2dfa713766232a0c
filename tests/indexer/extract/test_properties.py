"""Whatever the text, extraction survives it and every function's code is a piece of the source's lines."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cascode_indexer.extract import LANGUAGES, Extraction, extract_definitions, strip_doc
from cascode_indexer.extract.outline import MAX_CHARACTERS
from cascode_indexer.types import FUNCTION_KINDS, SkipReason
from cascode_indexer.walk import source_text
from cascode_indexer.walk.decoding import MARKS, decode

FIXTURES = Path(__file__).parents[2] / "fixtures" / "extract"
SOURCES = {
    path.name: (path.parent.name, path.read_text(encoding="utf-8"))
    for path in sorted(FIXTURES.glob("*/*"))
    if path.suffix != ".json"
}
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|\Z)")


def _check(source: str, extraction: Extraction) -> None:
    """The documented relation of a function's lines, name and code to the source."""
    lines = _LINE.findall(source.removeprefix("\ufeff"))
    for function in extraction.definitions:
        assert 1 <= function.start_line <= function.name_line <= function.end_line
        text = "".join(lines[function.start_line - 1 : function.end_line])
        assert "\n" not in function.signature
        assert function.qualified_name.endswith(function.name)
        strip_doc(function)
        if function.kind not in FUNCTION_KINDS:
            assert len(function.code) <= MAX_CHARACTERS
            continue
        assert function.code in text
        before, after = text.split(function.code, 1)
        assert "\n" not in before + after.rstrip("\r\n")
        assert not before or before.strip(" \t\f\v")
        assert function.code == function.code.rstrip(" \t\r\n\f\v")


@pytest.mark.parametrize("language", LANGUAGES)
@given(source=st.one_of(st.text(max_size=400), st.binary(max_size=400).map(lambda raw: raw.decode("latin-1"))))
@settings(max_examples=40, deadline=None)
def test_any_text(language: str, source: str) -> None:
    """Arbitrary text never crashes."""
    _check(source, extract_definitions(source, language))


@given(content=st.binary(max_size=600), mark=st.sampled_from([b"", *(mark for mark, _ in MARKS)]))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_decoded_or_refused(content: bytes, mark: bytes) -> None:
    """Arbitrary bytes give a text that can be written down again, or a reason."""
    text = decode(mark + content, "python")
    if not isinstance(text, SkipReason):
        text.encode("utf-8")


@given(text=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=200), mark=st.sampled_from(MARKS))
@settings(max_examples=100, deadline=None)
def test_a_text_behind_its_mark_is_decoded(text: str, mark: tuple[bytes, str]) -> None:
    """Whatever the encoding that the mark names."""
    assert decode(mark[0] + text.encode(mark[1])) == text


@pytest.mark.parametrize("name", SOURCES)
@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_damaged_bytes(name: str, data: st.DataObject) -> None:
    """Real sources with some bytes replaced by others keep lines and code consistent, from bytes to definitions."""
    language, source = SOURCES[name]
    content = source.encode()
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 200)))
    text = source_text(content[:start] + data.draw(st.binary(max_size=20)) + content[end:], language)
    if not isinstance(text, SkipReason):
        _check(text, extract_definitions(text, language, path=name))


@pytest.mark.parametrize("name", SOURCES)
@given(data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_mutated_sources(name: str, data: st.DataObject) -> None:
    """Truncated, spliced and re-ended real sources keep lines and code consistent."""
    language, source = SOURCES[name]
    start = data.draw(st.integers(0, len(source)))
    end = data.draw(st.integers(0, len(source)))
    insert = data.draw(
        st.sampled_from(["", "\r", "\r\n", "(", "}", '"', "'''", "/*", "\x00", "\ufeff", "ü😀", "\u2028", "<"])
    )
    newline = data.draw(st.sampled_from(["\n", "\r\n", "\r"]))
    mutated = (source[:start] + insert + source[end:]).replace("\n", newline)
    _check(mutated, extract_definitions(mutated, language, path=name))
