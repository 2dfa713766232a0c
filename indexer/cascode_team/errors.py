"""What can go wrong with a team's index.

CascodeError
├── TeamUnavailableError      it cannot be asked now: searches go on without it
└── TeamSetupError            what the person asked for cannot be done: the message says what to change
"""

from __future__ import annotations

from cascode_indexer.errors import CascodeError


class TeamSetupError(CascodeError):
    """A database, a list of repositories or a role is not as it must be."""
