"""Processors that a process may keep busy."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cascode_models import cores


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Control groups of our own making, on a machine of eight processors."""
    monkeypatch.setattr(cores, "_GROUPS", tmp_path / "groups")
    monkeypatch.setattr(cores, "_OWN_GROUPS", tmp_path / "own")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(8)), raising=False)
    cores._quota.cache_clear()
    yield tmp_path / "groups"
    cores._quota.cache_clear()


def limit(group: Path, text: str) -> None:
    """Limit a group of version 2."""
    group.mkdir(parents=True, exist_ok=True)
    (group / "cpu.max").write_text(text, encoding="ascii")


def test_without_groups_all_that_the_process_may_run_on(groups: Path) -> None:
    """As on a machine without containers, and one that is no Linux."""
    assert cores.allowed_cores() == 8


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("max 100000\n", 8),
        ("200000 100000\n", 2),
        ("150000 100000\n", 2),
        ("50000 100000\n", 1),
        ("1600000 100000\n", 8),
    ],
)
def test_a_container_is_limited_in_time(groups: Path, text: str, count: int) -> None:
    """As docker writes what ``--cpus`` says; part of a processor is one."""
    limit(groups, text)
    assert cores.allowed_cores() == count


def test_the_least_limit_around_the_process_holds(groups: Path) -> None:
    """Its own group's and those around it; one beside it does not."""
    (groups.parent / "own").write_text("0::/machine/work\n", encoding="ascii")
    limit(groups / "machine" / "work", "600000 100000")
    limit(groups / "machine", "300000 100000")
    limit(groups / "other", "100000 100000")
    assert cores.allowed_cores() == 3


def test_groups_of_the_first_version_are_read(groups: Path) -> None:
    """Which have a file for each number, and -1 for no limit."""
    (groups.parent / "own").write_text("5:memory:/other\n4:cpu,cpuacct:/box\nsenseless\n", encoding="ascii")
    for group, quota in (
        (groups / "cpu", "-1"),
        (groups / "cpu" / "box", "400000"),
        (groups / "cpu" / "other", "100000"),
    ):
        group.mkdir(parents=True)
        (group / "cpu.cfs_quota_us").write_text(quota, encoding="ascii")
        (group / "cpu.cfs_period_us").write_text("100000", encoding="ascii")
    assert cores.allowed_cores() == 4


def test_what_is_no_limit_limits_nothing(groups: Path) -> None:
    """A file that holds something else, and a path out of the groups."""
    (groups.parent / "own").write_text("0::/../box\n", encoding="ascii")
    limit(groups, "much")
    limit(groups.parent / "box", "100000 100000")
    assert cores.allowed_cores() == 8


def test_a_group_may_be_called_anything(groups: Path) -> None:
    """Its name may be no text, and its limit no number that there is."""
    (groups.parent / "own").write_bytes(b"0::/caf\xe9\n")
    limit(groups, "inf 100000")
    assert cores.allowed_cores() == 8


def test_elsewhere_all_processors_are_allowed(groups: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """macOS and Windows know no affinity, and may not know how many there are."""
    monkeypatch.delattr(os, "sched_getaffinity")
    for known, count in ((6, 6), (None, 1)):
        monkeypatch.setattr(os, "cpu_count", lambda known=known: known)
        assert cores.allowed_cores() == count


@pytest.mark.parametrize(
    ("text", "set_by_user", "expected"),
    [("200000 100000\n", None, "2"), ("max 100000\n", None, None), ("200000 100000\n", "5", "5")],
)
def test_a_container_bounds_openmp(
    groups: Path, monkeypatch: pytest.MonkeyPatch, text: str, set_by_user: str | None, expected: str | None
) -> None:
    """OpenMP itself counts processors, of which a container with little time may see many."""
    limit(groups, text)
    monkeypatch.setenv("OMP_NUM_THREADS", set_by_user or "")
    if set_by_user is None:
        monkeypatch.delenv("OMP_NUM_THREADS")
    cores.bound_openmp()
    assert os.environ.get("OMP_NUM_THREADS") == expected
