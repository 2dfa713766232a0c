"""A hook of MkDocs: links out of docs/ lead to the repository, where they lead in a checkout.

A link to a file that is not there stays as it is, and MkDocs, which is strict, ends with an error.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
_LINK = re.compile(r"(\]\()((?:\.\./|results/)[^)\s#]+)")


def on_page_markdown(markdown: str, *, page: Any, config: Any, **_others: Any) -> str:
    """Rewrite the links of a page."""

    def target(match: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page.file.src_uri), match[2]))
        kind = "tree" if (ROOT / path).is_dir() else "blob"
        return f"{match[1]}{config.repo_url}/{kind}/main/{path}" if (ROOT / path).exists() else match[0]

    return _LINK.sub(target, markdown)
