"""The team's index that a person's settings name; none, and nothing of it is imported, where they name none."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from cascode import CascodeError
from cascode_server.settings import Team as TeamSettings

if TYPE_CHECKING:
    from cascode import Team


def team_of(settings: TeamSettings) -> Team | None:
    """Return the team's index; it is not connected to before it is asked.

    Args:
        settings: Those of the person.

    Returns:
        The same one for the same settings: workspaces that several engines share are opened with it. None where no
        address is set.

    Raises:
        CascodeError: The address cannot be read, or the extra is not installed.
    """
    return _open(settings.url, settings.timeout / 1000) if settings.url else None


@functools.lru_cache(maxsize=8)  # a process serves one person: more addresses than a few are changes of mind
def _open(url: str, seconds: float) -> Team:
    """Open a team's index."""
    try:
        from cascode_team.client import PostgresTeam

        return PostgresTeam(url, seconds=seconds)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "psycopg":
            raise
        raise CascodeError('team.url is set and psycopg is not installed: pip install "cascode[team]"') from None
