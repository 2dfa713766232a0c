"""HTML: the scripts of a page."""

from __future__ import annotations

from cascode_indexer.extract.scripts import with_scripts

SPEC = with_scripts("html", "HTML", 324, (".html", ".htm", ".xhtml"))
