"""Where repositories come from: one name stands for one repository, whoever writes the list."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cascode_team.access import grant, repositories
from cascode_team.schema import MIGRATIONS, migrate
from team_loading import load, write_repository

pytestmark = pytest.mark.team


@pytest.fixture
def empty(admin: Any) -> Any:
    """The database without an index."""
    admin.execute("DROP SCHEMA IF EXISTS cascode CASCADE")
    return admin


def clone_of(folder: Path, address: str | None) -> Path:
    """Write a repository of one function as a clone of an address has it."""
    write_repository(folder, {"pay.py": "def pay(card):\n    return card\n"})
    if address is not None:
        write_repository(folder / ".git", {"config": f'[core]\n\tbare = false\n[remote "origin"]\n\turl = {address}\n'})
    return folder


def test_a_repository_of_another_origin_does_not_take_a_name_over(
    empty: Any, tmp_path: Path, make_role: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is refused with both origins, and readers see what they saw; by another address of the same it is replaced."""
    monkeypatch.setattr("cascode_team.loading.load.checked_out", as_it_is)
    (first,) = load(empty, clone_of(tmp_path / "a" / "billing", "https://x:geheim@git.example.org/acme/billing"))
    assert first.error is None
    make_role("origins_reader")
    grant(empty, "billing", "origins_reader")
    for folder, address, said in (
        ("b", "https://y:geheim@git.example.org/evil/billing.git", "git.example.org/evil/billing"),
        ("c", None, "a folder"),
    ):
        (refused,) = load(empty, clone_of(tmp_path / folder / "billing", address))
        assert refused.error is not None
        assert "git.example.org/acme/billing" in refused.error
        assert said in refused.error
        assert "geheim" not in refused.error
    other = clone_of(tmp_path / "d" / "billing", "git@git.example.org:acme/billing.git")
    (other / "more.py").write_text("def more():\n    return 1\n")
    (replaced,) = load(empty, other)
    assert (replaced.error, replaced.definitions) == (None, 2)
    assert [row.readers for row in repositories(empty)] == [("origins_reader",)]


def as_it_is(place: Any) -> Any:
    """Give a folder as it is, though git would be asked for a clone of it."""
    import contextlib

    from cascode_team.loading.types import CheckedOut

    return contextlib.nullcontext(CheckedOut(Path(place.origin), ""))


def test_what_was_loaded_before_origins_were_kept_takes_that_of_its_next_load(
    empty: Any, tmp_path: Path, make_role: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tables of the first version are brought up to date with what is in them, readers included."""
    monkeypatch.setattr("cascode_team.loading.load.checked_out", as_it_is)
    with monkeypatch.context() as before:
        before.setattr("cascode_team.schema.MIGRATIONS", MIGRATIONS[:1])
        migrate(empty)
    empty.execute(
        "INSERT INTO cascode.repositories (name, revision, reader) VALUES ('billing', 'abc', '1.1 model source')"
    )
    empty.execute(
        "INSERT INTO cascode.definitions SELECT id, 'abc', 'old.py', 0, 'python', 'function', 'f', 'f', 'def f()', '', "
        "1, 2, 1, 4, substr(sha256('x'), 1, 16), '' FROM cascode.repositories"
    )
    make_role("migrated_reader")
    grant(empty, "billing", "migrated_reader")
    migrate(empty)
    assert [(row.definitions, row.readers) for row in repositories(empty)] == [(1, ("migrated_reader",))]
    (report,) = load(empty, clone_of(tmp_path / "billing", "https://git.example.org/acme/billing"))
    assert (report.error, report.definitions) == (None, 1)
    assert [(row.definitions, row.readers) for row in repositories(empty)] == [(1, ("migrated_reader",))]
    assert empty.execute("SELECT origin FROM cascode.repositories").fetchall() == [("git.example.org/acme/billing",)]
