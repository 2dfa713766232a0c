"""Loading repositories: each text once, a kill at any instant, the same rows as a load that nobody disturbed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cascode_models.types import EncodedTexts
from cascode_team.access import repositories
from cascode_team.errors import TeamSetupError
from cascode_team.loading.checkout import checked_out, read_places
from cascode_team.loading.load import Loader
from cascode_team.loading.local import LocalWorkers
from cascode_team.loading.types import Batch, Place
from fake_encoder import FakeEncoder, FakeModelHandle
from postgres_server import Node
from team_loading import load, write_repository

pytestmark = pytest.mark.team

#: More than three batches of texts, in a second repository that shares some of them.
FUNCTIONS = 120


def functions(first: int, last: int) -> str:
    """A module of small functions, all different."""
    return "\n\n\n".join(
        f"def step_{n}(value):\n    return value + {n} * len('{'x' * (n % 17)}')" for n in range(first, last)
    )


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    """Two repositories that share half of their functions."""
    return [
        write_repository(
            tmp_path / "first", {"a/steps.py": functions(0, FUNCTIONS), "b.py": "def b():\n    return 1\n"}
        ),
        write_repository(tmp_path / "second", {"steps.py": functions(FUNCTIONS // 2, FUNCTIONS + FUNCTIONS // 2)}),
    ]


@pytest.fixture
def empty(admin: Any) -> Any:
    """The database without an index."""
    admin.execute("DROP SCHEMA IF EXISTS cascode CASCADE")
    return admin


def content(connection: Any) -> tuple[list[Any], list[Any]]:
    """Every row of the index, numbers of rows left out."""
    vectors = connection.execute(
        "SELECT m.fingerprint, v.key, v.vector::text, v.states FROM cascode.vectors v "
        "JOIN cascode.models m ON m.id = v.model_id ORDER BY 1, 2"
    ).fetchall()
    definitions = connection.execute(
        "SELECT r.name, r.revision, r.reader, d.path, d.ordinal, d.language, d.kind, d.name, "
        "d.qualified_name, d.signature, d.doc, d.start_line, d.end_line, d.name_line, d.name_column, d.key, d.code "
        "FROM cascode.definitions d JOIN cascode.repositories r ON r.id = d.repository_id "
        "ORDER BY r.name, d.path, d.ordinal"
    ).fetchall()
    return vectors, definitions


class Killed(Exception):
    """Stands for a process that dies between two commits."""


class DyingWorkers(LocalWorkers):
    """Workers that die after some batches."""

    def __init__(self, encoder: FakeEncoder, batches: int) -> None:
        super().__init__(FakeModelHandle(encoder))
        self._left = batches

    def encode(self, batches: Iterable[Batch]) -> Iterator[tuple[Batch, EncodedTexts]]:
        """Die in the middle."""
        for done in super().encode(batches):
            if not self._left:
                raise Killed
            self._left -= 1
            yield done


def test_a_text_is_encoded_once_whoever_has_it(empty: Any, folders: list[Path]) -> None:
    """The second repository encodes only what the first has not; a second load of both encodes and writes nothing."""
    encoder = FakeEncoder()
    first, second = load(empty, *folders, encoder=encoder)
    assert (first.definitions, first.encoded, second.texts, second.encoded) == (
        FUNCTIONS + 1, FUNCTIONS + 1, FUNCTIONS, FUNCTIONS // 2,
    )  # fmt: skip
    assert len(encoder.encoded_texts) == len(set(encoder.encoded_texts))
    before = content(empty)
    assert [report.unchanged for report in load(empty, *folders, encoder=FakeEncoder())] == [True, True]
    assert content(empty) == before


@pytest.mark.parametrize("batches", [0, 1, 3, 5])
def test_a_load_that_died_goes_on_to_the_same_rows(empty: Any, folders: list[Path], batches: int) -> None:
    """Row by row the same as an undisturbed load, vectors and states to the last bit; nothing is encoded twice."""
    load(empty, *folders, encoder=FakeEncoder(states=True))
    undisturbed = content(empty)
    assert all(states for (*_, states) in undisturbed[0])
    empty.execute("DROP SCHEMA cascode CASCADE")
    encoder = FakeEncoder(states=True)
    dying = Loader(empty, DyingWorkers(encoder, batches), sources=True, on_progress=lambda _: None)
    with pytest.raises(Killed):
        list(dying.load([Place(folder.name, str(folder)) for folder in folders]))
    kept = len(content(empty)[0])
    again = FakeEncoder(states=True)
    load(empty, *folders, encoder=again)
    assert content(empty) == undisturbed
    assert kept + len(again.encoded_texts) == len(undisturbed[0])


def test_a_text_without_states_is_encoded_for_a_model_that_keeps_them(empty: Any, folders: list[Path]) -> None:
    """Vectors that were stored alone get their states from a load that makes some; one that makes none leaves them."""
    load(empty, folders[1], encoder=FakeEncoder())
    encoder = FakeEncoder(states=True)
    (first, _) = load(empty, *folders, encoder=encoder)
    assert first.encoded == first.texts
    missing = "SELECT count(*) FROM cascode.vectors WHERE states IS NULL"
    assert empty.execute(missing).fetchone() == (FUNCTIONS // 2,)
    load(empty, write_repository(folders[0].parent / "third", {"steps.py": functions(0, FUNCTIONS)}))
    assert empty.execute(missing).fetchone() == (FUNCTIONS // 2,)


_LOADS = """
import sys
import psycopg
from pathlib import Path
from team_loading import load
with psycopg.connect(sys.argv[1], autocommit=True) as connection:
    print("begun", flush=True)
    load(connection, *map(Path, sys.argv[2:]))
"""


def test_a_process_that_is_killed_loses_nothing_that_was_stored(
    node: Node, database: str, empty: Any, folders: list[Path]
) -> None:
    """SIGKILL at several instants of a load; the call after them ends with the rows of an undisturbed load."""
    load(empty, *folders)
    undisturbed = content(empty)
    empty.execute("DROP SCHEMA cascode CASCADE")
    arguments = [sys.executable, "-c", _LOADS, node.url(database=database), *map(str, folders)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    for wanted in (1, 40, 90):
        with subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"begun\n", process.stderr.read() if process.stderr else ""
            while process.poll() is None:
                stored = empty.execute("SELECT to_regclass('cascode.vectors')").fetchone()
                if stored != (None,) and empty.execute("SELECT count(*) FROM cascode.vectors").fetchone()[0] >= wanted:
                    process.send_signal(signal.SIGKILL)
                    break
            process.communicate()
    load(empty, *folders)
    assert content(empty) == undisturbed


def test_a_new_revision_replaces_the_old_one_and_keeps_the_readers(
    empty: Any, folders: list[Path], make_role: Any
) -> None:
    """What is gone is found no more; who could read it still can."""
    from cascode_team.access import grant

    load(empty, *folders)
    make_role("reader")
    grant(empty, "first", "reader")
    (folders[0] / "a" / "steps.py").write_text(functions(0, 3))
    report, other = load(empty, *folders)
    assert (report.definitions, report.encoded, other.unchanged) == (4, 0, True)
    assert [(row.name, row.definitions, row.readers) for row in repositories(empty)] == [
        ("first", 4, ("reader",)), ("second", FUNCTIONS, ()),
    ]  # fmt: skip


def test_what_a_new_revision_does_not_change_is_not_written(empty: Any, folders: list[Path]) -> None:
    """Rows of other files, and those before the change in its own, stay where they are; hits name the new revision."""
    load(empty, *folders)
    where = "SELECT d.path, d.ordinal, d.ctid::text, d.xmin::text FROM cascode.definitions d ORDER BY 1, 2"
    before = set(empty.execute(where).fetchall())
    (folders[0] / "a" / "steps.py").write_text(functions(0, FUNCTIONS - 1) + "\n\n\ndef last():\n    return 1\n")
    report, _ = load(empty, *folders)
    changed = set(empty.execute(where).fetchall()) - before
    assert [(path, ordinal) for path, ordinal, *_ in changed] == [("a/steps.py", FUNCTIONS - 1)]
    assert [row.revision for row in repositories(empty) if row.name == "first"] == [report.revision]
    undisturbed = content(empty)[1]
    empty.execute("DROP SCHEMA cascode CASCADE")
    load(empty, *folders)
    assert content(empty)[1] == undisturbed


def test_code_is_stored_only_where_that_is_asked_for(empty: Any, folders: list[Path]) -> None:
    """Without it neither code nor documentation is in the database; with it the repository is read again."""
    write_repository(folders[0], {"doc.py": 'def f():\n    """Say something secret."""\n    return "geheim"\n'})
    load(empty, folders[0], sources=False)
    assert empty.execute("SELECT count(*) FROM cascode.definitions WHERE code <> '' OR doc <> ''").fetchone() == (0,)
    (report,) = load(empty, folders[0], sources=True)
    assert not report.unchanged
    assert empty.execute("SELECT count(*) FROM cascode.definitions WHERE code LIKE '%geheim%'").fetchone() == (1,)


def test_a_repository_of_git_is_read_at_its_head_and_nothing_of_it_runs(empty: Any, tmp_path: Path) -> None:
    """A clone's hooks, filters and links do nothing; its name is that of its address."""
    origin = write_repository(tmp_path / "acme" / "shop", {"shop.py": "def buy():\n    return 1\n"})
    ran = tmp_path / "ran"
    (origin / ".gitattributes").write_text("*.py filter=evil\n")
    (origin / "passwd.py").symlink_to("/etc/passwd")
    git = ["git", "-C", str(origin), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "first"], check=True)
    subprocess.run([*git, "config", "filter.evil.smudge", f"touch {ran}; cat"], check=True)
    hook = origin / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {ran}\n")
    hook.chmod(0o755)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    (tmp_path / "list").write_text("# ours\nacme/shop\n\n")
    (place,) = read_places(tmp_path / "list")
    assert place.name == "acme/shop"
    with checked_out(place) as checkout:
        assert checkout.revision == head
        assert (checkout.root / "shop.py").read_text() == "def buy():\n    return 1\n"
        assert not (checkout.root / "passwd.py").is_symlink()
    assert not ran.exists()
    workers = LocalWorkers(FakeModelHandle())
    reports = list(
        Loader(empty, workers, sources=False, on_progress=lambda _: None).load([place, Place("x", "/no/such")])
    )
    assert (reports[0].definitions, reports[0].revision) == (1, head)
    assert reports[1].error == "x: there is no folder /no/such"


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "names no repository"), ("a/b\nc/../a/b\n", "twice"), ("# nothing\n\n", "names no repository")],
)
def test_a_list_that_makes_no_sense_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    """It names the file and what to write."""
    (tmp_path / "list").write_text(text)
    with pytest.raises(TeamSetupError, match=said):
        read_places(tmp_path / "list")
    with pytest.raises(TeamSetupError, match="cannot be read"):
        read_places(tmp_path / "missing")
