"""The commands, and the edge where every error becomes one line and an exit status."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Sequence

import click

from cascode import CascodeError, ModelError
from cascode_server.cli.base import Group, ReaderGoneError, WorkInterruptedError
from cascode_server.cli.console import fail, prepare_streams
from cascode_server.cli.current_directory import leave_if_deleted
from cascode_server.cli.lazy import LazyCommand, LazyCommands
from cascode_server.logs import debugging

logger = logging.getLogger(__name__)

#: Exit statuses: those of grep, and 128 plus the signal where a signal ended the command.
_ERROR = 2
_INTERRUPTED = 130
_BROKEN_PIPE = 141

#: Extras by the module that they bring, to name the command that installs what is missing.
_EXTRAS = {
    "torch": "torch",
    "transformers": "torch",
    "mcp": "mcp",
    "mcp_types": "mcp",
    "psycopg": "team",
    "ray": "team-load",
    "yaml": "train",
    "matplotlib": "train",
    "bm25s": "train",
    "sacrebleu": "train",
}

#: In the order in which they are of use.
_COMMANDS = {
    "search": LazyCommand("cascode_server.cli.search:command", "Find functions by what they do."),
    "similar": LazyCommand("cascode_server.cli.similar:command", "Find code like the function at a line."),
    "describe": LazyCommand("cascode_server.cli.describe:command", "Say in a line what the function at a line does."),
    "index": LazyCommand("cascode_server.cli.index:command", "Index workspaces, or what changed in them."),
    "watch": LazyCommand("cascode_server.cli.watch:command", "Keep indexes up to date as files change."),
    "status": LazyCommand("cascode_server.cli.status:command", "Show what indexes hold and what was skipped."),
    "doctor": LazyCommand("cascode_server.cli.doctor:command", "Find problems and say how to fix them."),
    "settings": LazyCommand("cascode_server.cli.settings:command", "Show the settings and where each comes from."),
    "pack": LazyCommand(
        "cascode_server.cli.pack:pack_command", "Write the vectors of an index as one file, for other clones."
    ),
    "unpack": LazyCommand("cascode_server.cli.pack:unpack_command", "Index a workspace with the vectors of a pack."),
    "team": LazyCommand("cascode_server.cli.team:group", "Run a team's shared index."),
    "clean": LazyCommand("cascode_server.cli.clean:command", "Remove indexes, never a workspace's files."),
    "serve": LazyCommand("cascode_server.cli.serve:command", "Run the language server; editors start it."),
    "mcp": LazyCommand("cascode_server.cli.mcp:command", "Search for agents: a server of the Model Context Protocol."),
    "agent-guide": LazyCommand(
        "cascode_server.cli.agent_guide:command", "Print a skill file: how an agent searches with this program."
    ),
    "train": LazyCommand("cascode_server.cli.train:group", "Mine a corpus and train (extra 'train')."),
    "eval": LazyCommand("cascode_server.cli.evaluate:group", "Measure the search on your own code, or a model."),
    "export": LazyCommand("cascode_server.cli.export:command", "Write a model folder for CasCode or others."),
    "completion": LazyCommand("cascode_server.cli.completion:command", "Print the completion script of a shell."),
}


@click.group(cls=Group, commands=LazyCommands(_COMMANDS))
@click.version_option(package_name="cascode", message="%(prog)s %(version)s")
def cli() -> None:
    """Ask your code in plain words.

    \b
    cascode search "where do we retry a failed request"

    Everything runs on this machine; nothing is sent anywhere. Exit status as grep: 0 when something was
    found, 1 when nothing was, 2 after an error.
    """


def run(arguments: Sequence[str] | None) -> int:
    """Run a command; every way to fail gives one line on stderr and a status.

    Args:
        arguments: What stands after the program's name; that of this process when None.

    Returns:
        The exit status.
    """
    prepare_streams()
    leave_if_deleted()
    try:
        result = cli.main(args=arguments, prog_name="cascode", standalone_mode=False)
        sys.stdout.flush()
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "cascode"
        return fail(f"{_line(error.format_message()).removesuffix('.')} (see '{path} --help')", _ERROR)
    except click.ClickException as error:
        return fail(_line(error.format_message()), _ERROR)
    except (click.Abort, KeyboardInterrupt):
        return fail("interrupted; what was indexed is kept", _INTERRUPTED)
    except WorkInterruptedError as error:
        return fail(f"interrupted; {error}", _INTERRUPTED)
    except (BrokenPipeError, ReaderGoneError):
        _drop_output()
        return _BROKEN_PIPE
    except (CascodeError, ModelError) as error:
        logger.debug("traceback", exc_info=True)
        return fail(_line(str(error)), _ERROR)
    except ModuleNotFoundError as error:
        logger.debug("traceback", exc_info=True)
        package = (error.name or "").partition(".")[0]
        extra = _EXTRAS.get(package)
        if extra is None:
            return _internal(error)
        return fail(f'{package} is not installed: pip install "cascode[{extra}]"', _ERROR)
    except OSError as error:  # a full disk, a file that vanished: the system's fault and not ours
        logger.debug("traceback", exc_info=True)
        path = "" if error.filename is None else f" ({error.filename})"
        _drop_output()
        return fail(f"the operating system reported an error: {error.strerror or error}{path}", _ERROR)
    except Exception as error:
        logger.debug("traceback", exc_info=True)
        return _internal(error)
    return result if isinstance(result, int) else 0


def _internal(error: Exception) -> int:
    """Say that the fault is ours."""
    text = _line(f"{type(error).__name__}: {error}")
    hint = "" if debugging() else "; run with --debug for the traceback"
    return fail(f"internal error: {text}{hint}", _ERROR)


def _drop_output() -> None:
    """Send what is left to nowhere, so that the interpreter's last flush does not fail as well."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _line(text: str) -> str:
    """A message on one line."""
    return " ".join(text.split())
