"""What can go wrong with a team's index.

CascodeError
├── TeamUnavailableError      it cannot be asked now: searches go on without it
└── TeamSetupError            what the person asked for cannot be done: the message says what to change
"""

from __future__ import annotations

from cascode_indexer.errors import CascodeError


class TeamSetupError(CascodeError):
    """A database, a list of repositories or a role is not as it must be."""


def nothing_to_ask(label: str) -> str:
    """Say what a database is without that has not the tables or functions that are asked.

    Args:
        label: Of the database.
    """
    return (
        f"{label} holds no team's index, or one of an earlier version of cascode: whoever runs it makes it, or brings "
        "it up to date, with 'cascode team load'"
    )
