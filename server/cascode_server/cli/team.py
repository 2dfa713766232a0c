"""``cascode team``: a team's shared index, for those who run it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cascode_server.cli.base import Group, on_interrupt
from cascode_server.cli.configuration import model_name, read_settings
from cascode_server.cli.console import note
from cascode_server.cli.words import duration, quantity, skip_summary
from cascode_server.service.printable import printable
from cascode_server.settings import TEAM_VARIABLE, user_file

if TYPE_CHECKING:
    from cascode_team.loading.types import LoadProgress, LoadReport


@click.group("team", cls=Group, short_help="Run a team's shared index.")
def group() -> None:
    """Load and govern a team's shared index in PostgreSQL.

    The address is that of a role that may load: CASCODE_TEAM_URL, or team.url in your own settings file.
    """


@group.command("load", short_help="Load repositories.")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path), metavar="LIST")
@click.option("--source", "sources", is_flag=True, help="Store the code of definitions, too, so that hits show it.")
@click.option("--ray", "address", metavar="ADDRESS", help="Encode on this Ray cluster: its address, or 'auto'.")
@click.option("--model", metavar="DIR|NAME", help="Model folder, or a name in the local Hugging Face cache.")
@on_interrupt("what was encoded is stored: the same call goes on")
def load_command(path: Path, sources: bool, address: str | None, model: str | None) -> int:
    """Load the repositories of LIST: an address of git or a folder a line, a name before it where you want another.

    \b
    cascode team load repositories.txt
    cascode team load repositories.txt --ray auto

    What is known by its content is not encoded again. A load that was stopped goes on where it was. Stored are hashes,
    vectors, paths, names, lines and declarations; code with --source alone.
    """
    from cascode import ModelHandle
    from cascode_team.loading.checkout import read_places
    from cascode_team.loading.cluster import RayWorkers
    from cascode_team.loading.load import Loader
    from cascode_team.loading.local import LocalWorkers

    places = read_places(path)
    settings = read_settings([]).settings
    handle = ModelHandle(model or model_name(settings))
    with _connected(writes=True) as connection:
        workers = LocalWorkers(handle) if address is None else RayWorkers(handle, address)
        try:
            loader = Loader(connection, workers, sources=sources, on_progress=_Progress())
            failed = False
            for report in loader.load(places):
                failed = report.error is not None or failed
                note(_line(report))
        finally:
            workers.close()
    return 2 if failed else 0


@group.command("grant", short_help="Let a role read a repository.")
@click.argument("repository")
@click.argument("role")
def grant_command(repository: str, role: str) -> int:
    """Let ROLE of PostgreSQL, and the members of that group, find what is in REPOSITORY."""
    from cascode_team.access import grant

    with _connected(writes=True) as connection:
        grant(connection, repository, role)
    return 0


@group.command("revoke", short_help="Take that right back.")
@click.argument("repository")
@click.argument("role")
def revoke_command(repository: str, role: str) -> int:
    """Let ROLE no longer find what is in REPOSITORY, except through other groups."""
    from cascode_team.access import revoke

    with _connected(writes=True) as connection:
        revoke(connection, repository, role)
    return 0


@group.command("forget", short_help="Remove a repository.")
@click.argument("repository")
def forget_command(repository: str) -> int:
    """Remove REPOSITORY from the index, with its readers and the vectors that no other repository needs."""
    from cascode_team.forget import forget

    with _connected(writes=True) as connection:
        done = forget(connection, repository)
    removed = f"{quantity(done.definitions, 'definition')} and {quantity(done.vectors, 'vector')}"
    note(f"{repository}: {removed} removed")
    return 0


@group.command("status", short_help="List what is loaded, and who may read it.")
def status_command() -> int:
    """List the repositories of the index that you may see, each with its revision and the roles that may read it."""
    from cascode_team.access import repositories

    with _connected(writes=False) as connection:
        found = repositories(connection)
    for row in found:
        readers = ", ".join(row.readers) or "nobody yet"
        click.echo(
            printable(
                f"{row.name}  {row.revision[:12]}  {quantity(row.definitions, 'definition')}  readers: {readers}",
                one_line=True,
            )
        )
    if not found:
        note(
            "the team's index holds no repository that this role may read: 'cascode team load' brings some in, and "
            "'cascode team grant' lets a role read them"
        )
    return 0 if found else 1


def _connected(*, writes: bool) -> Any:
    """Connect to the index that the person's settings name."""
    from cascode_team.connection import connected

    url = read_settings([]).settings.team.url
    if not url:
        raise click.UsageError(f"no team's index is named: set {TEAM_VARIABLE}, or team.url in {user_file()}")
    return connected(url, writes=writes)


class _Progress:
    """Says on stderr how far a repository has come: when a stage begins, and at each tenth of encoding."""

    def __init__(self) -> None:
        self._said = ("", -1)

    def __call__(self, progress: LoadProgress) -> None:
        """Take progress in."""
        if progress.stage.value != "encoding":
            note(f"{progress.repository}: {progress.stage.value}")
            return
        tenth = 10 * progress.encoded // max(progress.to_encode, 1)
        if progress.to_encode and (progress.repository, tenth) != self._said:
            self._said = (progress.repository, tenth)
            note(f"{progress.repository}: {progress.encoded:,} of {quantity(progress.to_encode, 'text')} encoded")


def _line(report: LoadReport) -> str:
    """What was done for a repository."""
    if report.error is not None:
        return f"left out: {report.error}"
    if report.unchanged:
        return f"{report.repository}: {report.revision[:12]} is loaded already"
    return (
        f"{report.repository}: {report.revision[:12]}, {quantity(report.definitions, 'definition')} in "
        f"{quantity(report.files, 'file')}, {report.encoded:,} of {quantity(report.texts, 'text')} encoded, "
        f"{skip_summary(report.skipped)}, {duration(report.seconds)}"
    )
