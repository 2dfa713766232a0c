"""``cascode status``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cascode_server.cli.base import Command
from cascode_server.cli.options import FOLDER, EngineOptions, engine_options
from cascode_server.cli.words import ago, quantity, size, skip_summary
from cascode_server.service.printable import printable

if TYPE_CHECKING:
    from cascode import WorkspaceStatus


@click.command("status", cls=Command)
@click.argument("workspaces", nargs=-1, type=FOLDER, metavar="[WORKSPACE]...")
@click.option("--skipped", "names_skipped", is_flag=True, help="Name the paths that were skipped, with the reason.")
@engine_options
def command(workspaces: tuple[Path, ...], names_skipped: bool, engine_options: EngineOptions) -> int:
    """Show what indexes hold and what was skipped.

    Without WORKSPACE it is the index of the current directory. Exit status 1 where a workspace was never indexed.
    """
    with engine_options.open(workspaces) as engine:
        found = engine.status()
        left_out = (
            {workspace.root: engine.skipped_paths(workspace.root) for workspace in found} if names_skipped else {}
        )
    for workspace in found:
        click.echo(printable(str(workspace.root), one_line=True))
        for name, text in _rows(workspace):
            click.echo(f"  {name:<12} {printable(text, one_line=True)}")
        for path, reason in left_out.get(workspace.root, []):
            click.echo(f"  {reason.value:<20} {printable(path, one_line=True)}")
    return 0 if all(workspace.indexed for workspace in found) else 1


def _rows(workspace: WorkspaceStatus) -> list[tuple[str, str]]:
    """Facts about a workspace by name."""
    rows = [("state", _state(workspace))]
    counts = workspace.counts
    if counts is not None:
        languages = sorted(counts.functions_by_language.items(), key=lambda item: (-item[1], item[0]))
        split = ", ".join(f"{language} {count:,}" for language, count in languages)
        rows.append(
            (
                "definitions",
                f"{counts.functions:,} in {quantity(counts.files, 'file')}" + (f": {split}" if split else ""),
            )
        )
        if counts.files_with_errors:
            rows.append(("parsing", f"{quantity(counts.files_with_errors, 'file')} with syntax errors, read in part"))
        rows.append(("paths", skip_summary(workspace.skipped)))
    if workspace.model:
        rows.append(("model", workspace.model))
    if workspace.last_indexed is not None:
        moment = time.strftime("%Y-%m-%d %H:%M", time.localtime(workspace.last_indexed))
        rows.append(("indexed", f"{moment}, {ago(workspace.last_indexed)}"))
    if workspace.packed is not None:
        rows.append(("pack", workspace.packed))
    rows.append(("index", f"{workspace.directory} ({size(workspace.size_bytes)})"))
    return rows


def _state(workspace: WorkspaceStatus) -> str:
    """Whether the workspace can be searched."""
    if workspace.busy:
        return "being written by another process"
    if not workspace.indexed:
        return "indexing never finished: run cascode index"
    if workspace.counts is not None and workspace.counts.pending:
        return f"{quantity(workspace.counts.pending, 'definition')} without a vector yet: run cascode index"
    return "ready"
