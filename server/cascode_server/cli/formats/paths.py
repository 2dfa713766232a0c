"""Paths of hits as a person or an editor in the current directory opens them."""

from __future__ import annotations

import os
from pathlib import Path

from cascode import Hit
from cascode_server.service.printable import printable


def shown_path(hit: Hit) -> str:
    """The path of a hit's file from the current directory, or the absolute one where that is shorter."""
    absolute = str(hit.root / hit.path)
    try:
        relative = os.path.relpath(absolute, Path.cwd())
    except (ValueError, OSError):  # another drive; a current directory that is gone
        return printable(absolute, one_line=True)
    return printable(min(relative, absolute, key=len), one_line=True)
