"""The tree of settings with its defaults; everything that shows or reads settings is made from it.

A field's metadata holds its :class:`About`. The name on the wire, in files and in editors is the field's in
camelCase, after the names of the tables around it: ``search.rerank_top`` is ``search.rerankTop``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

#: The indexer's own default, repeated here since its module loads the store, longer than a server's start may take.
_MAX_FILE_BYTES = 1024 * 1024
#: Hits in an editor: a list that scrolls holds more than a terminal's screenful.
_EDITOR_LIMIT = 20


@dataclass(frozen=True, slots=True)
class About:
    """What is said about a setting, and what it takes."""

    #: Complete sentences, as an editor shows them.
    description: str
    #: The values that a text takes, each with what it means; empty for any text.
    choices: tuple[tuple[str, str], ...] = ()
    #: Bounds of a whole number, both included.
    minimum: int = 0
    maximum: int = 0
    #: Names a program or a file to load: not taken from a workspace's file unless the editor trusts the workspace.
    restricted: bool = False
    #: Taken from the user's own file and the environment alone, never from a workspace's file or an editor, which may
    #: pass on what a workspace says: it names where something is sent to.
    personal: bool = False
    #: May hold a password: never shown.
    secret: bool = False


def _setting(default: Any, description: str, **about: Any) -> Any:
    """Make a field that knows what is said about it."""
    return field(default=default, metadata={"about": About(description, **about)})


@dataclass(frozen=True, slots=True)
class Indexing:
    """How workspaces are indexed."""

    enabled: bool = _setting(
        True, "Index workspaces in the background. Where false, searches answer from the index as it is."
    )
    # 256 is more threads than any encoder gains by; a workspace's file can not ask for thousands.
    threads: int = _setting(
        0, "Threads that indexing may use. 0 is half of the cores, at least 1.", minimum=0, maximum=256
    )
    # A byte at least, since 0 would index nothing; 100 MiB at most, since a parse takes many times the file's size.
    max_file_size: int = _setting(
        _MAX_FILE_BYTES,
        "Skip files larger than this many bytes. What is skipped is counted by the status.",
        minimum=1,
        maximum=100 * 1024 * 1024,
    )


@dataclass(frozen=True, slots=True)
class Search:
    """How queries are answered."""

    # More hits than 1,000 are read by nobody and make answers slow to draw.
    limit: int = _setting(
        _EDITOR_LIMIT,
        "Show at most this many hits. The command line shows 10 where no file sets this.",
        minimum=1,
        maximum=1000,
    )
    rerank: str = _setting(
        "auto",
        "Let the slow classifier read the best candidates again.",
        choices=(
            ("auto", "where it was measured to improve the order"),
            ("always", "on every search"),
            ("never", "on no search: the order of the fast stage is the answer"),
        ),
    )
    # 200 candidates take seconds on a CPU: beyond that a search looks hung.
    rerank_top: int = _setting(
        0,
        "Candidates (K) whose texts the slow classifier reads. 0 is what was measured best for the model: none where "
        "that did not improve the order, or where the index keeps what it would read, as with the bundled model. "
        "Another number is read on every search, and shown after a first list.",
        minimum=0,
        maximum=200,
    )
    # More candidates than that a search never has.
    poly_top: int = _setting(
        0,
        "Candidates that the poly-encoder of a model with codes orders, between the fast stage and the slow "
        "classifier. 0 leaves it out: the bundled model has no codes.",
        minimum=0,
        maximum=1000,
    )


@dataclass(frozen=True, slots=True)
class Model:
    """The model that encodes and reranks."""

    path: str = _setting(
        "",
        "Folder of a model, or its name in the local Hugging Face cache. Empty is the bundled model. A path that "
        "begins with `./`, `../` or `~` counts from the file that holds it, or from the home folder.",
        restricted=True,
    )
    # A day at most: longer is never, which 0 says.
    unload_minutes: int = _setting(
        10,
        "Let the model go from memory when nothing was asked for this many minutes; the next question loads it again, "
        "in less than a second. 0 keeps it.",
        minimum=0,
        maximum=24 * 60,
    )


@dataclass(frozen=True, slots=True)
class Describe:
    """The model that says what an undocumented definition does."""

    model: str = _setting(
        "",
        "Folder of a model that describes definitions, one that you trained with the preset `describe`; it needs "
        "torch. Lists of hits then offer to say in a line what an undocumented definition does. Empty: they do not.",
        restricted=True,
    )


@dataclass(frozen=True, slots=True)
class Log:
    """What is written down."""

    level: str = _setting(
        "info",
        "How much the language server writes to its log.",
        choices=(
            ("error", "what failed"),
            ("warning", "and what was left out or replaced"),
            ("info", "and what was done"),
            ("debug", "and how, for a report of a fault"),
        ),
    )


@dataclass(frozen=True, slots=True)
class Shared:
    """The server that several editors and the command line share."""

    # A day at most: the next editor starts another one within a second or two.
    exit_after: int = _setting(
        30,
        "Minutes after which a shared server leaves when no editor is open and nothing was asked. 0 is at once. The "
        "editor that wants it longest counts.",
        minimum=0,
        maximum=24 * 60,
    )
    command_line: bool = _setting(
        False,
        "Leave a shared server behind after `cascode search` and `cascode similar` where none runs, so that the next "
        "ones need not load the model and the index. It holds a few hundred megabytes until it leaves. Not where "
        "exitAfter is 0.",
        personal=True,
    )


@dataclass(frozen=True, slots=True)
class Team:
    """A team's shared index."""

    url: str = _setting(
        "",
        "Address of a team's shared index in PostgreSQL, `postgresql://user@host/database`; the variable "
        "`CASCODE_TEAM_URL` goes before it. Empty: none, and nothing leaves the machine. Where it is set, vectors are "
        "taken from there instead of encoding: hashes of function texts are sent to it.",
        personal=True,
        secret=True,
    )
    search: bool = _setting(
        False,
        "Ask the team's index with every search of the command line and of editors, not only with `--team`: the "
        "query's vector is sent to it.",
        personal=True,
    )
    # Below a tenth of a second no other machine answers; nobody waits longer than half a minute for a search.
    timeout: int = _setting(
        1000,
        "Milliseconds that a search waits for the team's index before it answers without it.",
        minimum=100,
        maximum=30_000,
        personal=True,
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a person can set."""

    indexing: Indexing = Indexing()
    search: Search = Search()
    model: Model = Model()
    describe: Describe = Describe()
    device: str = _setting(
        "auto",
        "Where the model runs.",
        choices=(
            ("auto", "on a GPU where there is one that torch can use, else on the CPU"),
            ("cpu", "on the CPU"),
            ("cuda", "on a CUDA GPU; an error where there is none"),
        ),
    )
    watcher: str = _setting(
        "auto",
        "Who notices changed files.",
        choices=(
            ("auto", "the editor where it offers to, otherwise the server"),
            ("client", "the editor; where it cannot, the server"),
            ("server", "the server, also where the editor offers to: for editors that miss changes"),
        ),
    )
    log: Log = Log()
    shared: Shared = Shared()
    team: Team = Team()
