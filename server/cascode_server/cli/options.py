"""Options and argument types that several commands share."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

from cascode import DEFAULT_LIMIT, Kind
from cascode_server.cli.configuration import model_name, read_settings
from cascode_server.cli.console import note
from cascode_server.cli.current_directory import FolderType, current_directory
from cascode_server.cli.numbers import WholeNumber
from cascode_server.service.team import team_of
from cascode_server.settings import Settings
from cascode_server.settings.leaves import with_values

if TYPE_CHECKING:
    from cascode import Engine

F = TypeVar("F", bound=Callable[..., Any])

#: Other name of a file size limit, for those who always want another one.
MAX_FILE_VARIABLE = "CASCODE_MAX_FILE_BYTES"

FOLDER = FolderType()


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """The options of every command that opens an engine."""

    model: str | None
    max_file_bytes: int | None
    gpu: bool
    #: What the configuration files say; options come on top of it.
    settings: Settings

    def as_settings(self) -> Settings | None:
        """Return the settings with the options on top; None where an option is none that a server knows."""
        if self.gpu:
            return None
        name = self.model or model_name(self.settings) or ""
        if name and Path(name).exists():  # a folder, which counts from here
            name = str(Path(name).absolute())
        largest = self.max_file_bytes or self.settings.indexing.max_file_size
        values: dict[str, bool | int | str] = {"model.path": name, "indexing.maxFileSize": largest}
        return with_values(self.settings, values)

    def open(self, roots: Sequence[Path]) -> AbstractContextManager[Engine]:
        """Open the engine of some workspaces.

        Args:
            roots: The workspaces; the current directory where there is none.

        Raises:
            WorkspaceError: A workspace is missing or cannot be read.
        """
        from cascode import Engine, ModelHandle

        settings = self.settings
        name = self.model or model_name(settings)
        return Engine(
            roots or [current_directory()],
            model=ModelHandle(name, device=None if settings.device == "auto" else settings.device),
            max_file_bytes=self.max_file_bytes or settings.indexing.max_file_size,
            gpu=self.gpu,
            # Somebody waits for a command: it takes all cores unless a setting limits it.
            threads=settings.indexing.threads or None,
            team=team_of(settings.team),
        )


def engine_options(function: F) -> F:
    """Add the options of the engine; the command, which has ``workspaces``, gets them as ``engine_options``."""

    def wrapper(*args: Any, model: str | None, max_file_bytes: int | None, gpu: bool, **kwargs: Any) -> Any:
        found = read_settings(kwargs["workspaces"])
        for problem in found.problems:
            note(f"cascode: {problem}")
        options = EngineOptions(model, max_file_bytes, gpu, found.settings)
        return function(*args, engine_options=options, **kwargs)

    wrapper.__name__ = function.__name__
    wrapper.__doc__ = function.__doc__
    wrapper.__click_params__ = getattr(function, "__click_params__", [])  # type: ignore[attr-defined]
    for option in (
        click.option("--gpu", is_flag=True, help="Keep the vector index on the GPU."),
        click.option(
            "--max-file-bytes",
            type=WholeNumber(min=1),
            metavar="BYTES",
            envvar=MAX_FILE_VARIABLE,
            help=f"Skip larger files (default 1 MiB; also {MAX_FILE_VARIABLE}).",
        ),
        click.option(
            "--model",
            metavar="DIR|NAME",
            help="Model folder, or a name in the local Hugging Face cache (default: the bundled one).",
        ),
    ):
        wrapper = option(wrapper)
    return wrapper  # type: ignore[return-value]


workspace_option = click.option(
    "--workspace",
    "-w",
    "workspaces",
    multiple=True,
    type=FOLDER,
    metavar="DIR",
    help="Workspace to search; repeat it for several (default: the current directory).",
)
update_option = click.option(
    "--no-update", is_flag=True, help="Answer from the index as it is, without checking for changed files."
)
limit_option = click.option(
    "--limit",
    "-n",
    type=WholeNumber(min=1),
    metavar="N",
    help=f"At most this many hits (default {DEFAULT_LIMIT}, or what the configuration file says).",
)


class Language(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on only
    """A language by its id or a usual other name."""

    name = "language"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the language id."""
        from cascode import LANGUAGES, canonical_language  # loads what is known of every language

        language = canonical_language(str(value))
        if language is None:
            self.fail(f"{value!r} is not one of {', '.join(sorted(LANGUAGES))}", param, ctx)
        return language

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        """Offer the ids."""
        from cascode import LANGUAGES

        return [CompletionItem(language) for language in sorted(LANGUAGES) if language.startswith(incomplete)]


KIND = click.Choice([kind.value for kind in Kind], case_sensitive=False)


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file."""

    path: Path
    line: int


class PlaceType(click.ParamType):  # type: ignore[type-arg]
    """``PATH:LINE``, also as editors and this program write it: ``PATH:LINE:COLUMN``, ``PATH:FIRST-LAST``."""

    name = "path:line"
    #: The shortest path wins, so that a column is not part of it; a drive's colon has no digits after it.
    _pattern = re.compile(r"(?P<path>.+?):(?P<line>\d{1,9})(?:-\d+|:\d+)?(?::.*)?", re.DOTALL)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Place:
        """Return the place."""
        if isinstance(value, Place):
            return value
        match = self._pattern.fullmatch(str(value))
        if match is None:
            self.fail(f"{value!r} has no line number: write it as PATH:LINE, for example src/app.py:12", param, ctx)
        if int(match["line"]) < 1:
            self.fail(f"{value!r} names line 0: lines are numbered from 1", param, ctx)
        path = Path(match["path"]).expanduser()
        return Place(path if path.is_absolute() else current_directory() / path, int(match["line"]))

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        """Offer files."""
        return [CompletionItem(incomplete, type="file")]
