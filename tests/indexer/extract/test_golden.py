"""What is extracted from a realistic source of each language equals the reviewed JSON beside it.

``pytest tests/indexer/extract --update-golden`` rewrites the JSON; its diff is a list of claims to review.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cascode_indexer.extract import LANGUAGES, Extraction, extract_definitions, language_of

FIXTURES = Path(__file__).parents[2] / "fixtures" / "extract"
SOURCES = sorted(path for path in FIXTURES.glob("*/*") if path.suffix != ".json")


def _rows(extraction: Extraction) -> list[str]:
    """One JSON line a function."""
    return [
        json.dumps(
            {
                "name": function.qualified_name,
                "kind": function.kind.value,
                "lines": [function.start_line, function.end_line],
                "at": [function.name_line, function.name_column],
                "signature": function.signature,
                "doc": function.doc.split("\n", 1)[0],
            },
            ensure_ascii=False,
        )
        for function in extraction.definitions
    ]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_functions_of_a_realistic_source(path: Path, request: pytest.FixtureRequest) -> None:
    """Names, kinds, lines, signatures and docs of a realistic source are those reviewed."""
    language = language_of(path.name, path.read_bytes()[:4096])
    assert language == path.parent.name
    extraction = extract_definitions(path.read_text(encoding="utf-8"), language, path=path.name)
    text = "[\n" + ",\n".join(_rows(extraction)) + "\n]\n"
    golden = path.with_name(path.name + ".json")
    if request.config.getoption("--update-golden", default=False):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def test_every_language_has_a_golden_source() -> None:
    """No language is without a reviewed source."""
    assert {path.parent.name for path in SOURCES} == set(LANGUAGES)
