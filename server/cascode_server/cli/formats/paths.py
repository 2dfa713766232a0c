"""Paths of hits as a person or an editor in the current directory opens them."""

from __future__ import annotations

import os
from pathlib import Path

from cascode import Hit
from cascode_server.service.printable import printable

#: Characters of a revision: as many as git shows of a large repository's.
_REVISION = 12


def shown_path(hit: Hit) -> str:
    """The path of a hit's file from the current directory, or the absolute one where that is shorter.

    A file of the team's index lies nowhere here: it is named by its repository and revision.
    """
    if hit.repository is not None:
        return printable(f"{hit.repository}@{hit.revision[:_REVISION]}:{hit.path}", one_line=True)
    absolute = str(hit.root / hit.path)
    try:
        relative = os.path.relpath(absolute, Path.cwd())
    except (ValueError, OSError):  # another drive; a current directory that is gone
        return printable(absolute, one_line=True)
    return printable(min(relative, absolute, key=len), one_line=True)
