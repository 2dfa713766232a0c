"""The examples of docs/library.md run and print what the page says."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from small_workspace import SOURCES

PAGE = Path(__file__).parents[2] / "docs" / "library.md"
_EXAMPLE = re.compile(r"^```python\n(.*?)^```\n^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.timeout(600)  # seven engines and a model: some seconds on two idle cores
def test_the_examples_print_what_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One after the other, as a reader would type them."""
    monkeypatch.setenv("CASCODE_INDEX_DIR", str(tmp_path / "index"))
    monkeypatch.chdir(tmp_path)
    shutil.copytree(SOURCES, tmp_path / "my-project")
    text = PAGE.read_text(encoding="utf-8")
    examples = _EXAMPLE.findall(text)
    assert len(examples) == text.count("```python\n") >= 5
    names: dict[str, Any] = {}
    for code, expected in examples:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, str(PAGE), "exec"), names)
        assert printed.getvalue() == expected, code
