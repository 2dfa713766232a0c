"""A load on a Ray cluster of three raylets: the rows of a load in one process, also where a worker is killed."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import psutil
import pytest

from cascode_indexer.model import ModelHandle
from cascode_team.errors import TeamSetupError
from cascode_team.loading.load import Loader
from cascode_team.loading.local import LocalWorkers
from cascode_team.loading.types import Batch, LoadProgress, Place, Workers
from team_loading import write_repository

pytestmark = [
    pytest.mark.team,
    pytest.mark.slow,
    pytest.mark.timeout(900),
    # Ray reads settings of its own that it warns about.
    pytest.mark.filterwarnings(r"ignore::DeprecationWarning:ray\..*"),
]

#: Ten batches for two workers.
FUNCTIONS = 320


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head without work and two raylets with one core each, on loopback."""
    pytest.importorskip("ray.data", reason='Ray is not here: pip install "cascode[team-load]"')
    from ray.cluster_utils import Cluster

    # Workers are processes of their own, which import what this one does.
    os.environ["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    # A busy machine starts its processes slowly.
    os.environ.update({"RAY_gcs_server_request_timeout_seconds": "300", "RAY_raylet_start_wait_time_s": "300"})
    started = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 0, "node_ip_address": "127.0.0.2", "include_dashboard": False}
    )
    for _ in range(2):
        started.add_node(num_cpus=1, node_ip_address="127.0.0.2")
    yield started
    started.shutdown()


def rows(connection: Any) -> tuple[list[Any], list[Any]]:
    """Every vector with its states, and every definition."""
    vectors = connection.execute("SELECT key, vector::text, states FROM cascode.vectors ORDER BY key").fetchall()
    definitions = connection.execute(
        "SELECT path, ordinal, qualified_name, start_line, key FROM cascode.definitions ORDER BY path, ordinal"
    ).fetchall()
    return vectors, definitions


def test_a_worker_that_is_killed_changes_nothing(admin: Any, cluster: Any, tmp_path: Path) -> None:
    """The store is that of a load in this process, bit by bit, though a worker died with its batch half done."""
    from cascode_team.loading.cluster import RayWorkers

    text = "\n\n\n".join(f"def step_{n}(value):\n    return value + {n} * {n % 7}" for n in range(FUNCTIONS))
    place = Place("steps", str(write_repository(tmp_path / "steps", {"steps.py": text})))
    model = ModelHandle(None)

    def load(workers: Workers, on_progress: Any) -> tuple[list[Any], list[Any]]:
        admin.execute("DROP SCHEMA IF EXISTS cascode CASCADE")
        (report,) = Loader(admin, workers, sources=False, on_progress=on_progress).load([place])
        assert (report.definitions, report.encoded) == (FUNCTIONS, FUNCTIONS)
        return rows(admin)

    undisturbed = load(LocalWorkers(model), lambda _: None)
    assert all(states for (*_, states) in undisturbed[0])
    killed = threading.Event()

    def kill_a_worker(progress: LoadProgress) -> None:
        """Kill a process that encodes as soon as a batch has come back."""
        if progress.encoded and not killed.is_set():
            for process in psutil.process_iter(["cmdline"]):
                if "MapWorker" in " ".join(process.info["cmdline"] or ()):
                    process.kill()
                    killed.set()
                    return

    workers = RayWorkers(model, cluster.address)
    try:
        assert load(workers, kill_a_worker) == undisturbed
    finally:
        workers.close()
    assert killed.is_set()


def test_a_worker_with_another_model_is_refused(cluster: Any) -> None:
    """Its vectors never reach the database."""
    from cascode_team.loading.cluster import RayWorkers

    loaded = SimpleNamespace(fingerprint="of other weights", dimension=384, keeps_states=True)
    workers = RayWorkers(cast("ModelHandle", SimpleNamespace(name=None, get=lambda: loaded)), cluster.address)
    try:
        with pytest.raises(TeamSetupError, match="has another model than this machine"):
            list(workers.encode([Batch((b"k" * 16,), ("def pay(card): pass",))]))
    finally:
        workers.close()


def test_a_text_that_kills_each_worker_is_given_up(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """After some workers it ends the load of its repository with a line, not the night."""
    from cascode_team.loading.cluster import RayWorkers

    class Dying:
        """Stands for an encoder whose memory is full."""

        def __init__(self, *_: Any) -> None:
            """There is no model to load."""

        def __call__(self, _: dict[str, Any]) -> dict[str, Any]:
            """Die as a process that the system kills."""
            os._exit(1)

    monkeypatch.setattr("cascode_team.loading.cluster.Encoding", Dying)
    loaded = SimpleNamespace(fingerprint="any", dimension=384, keeps_states=True)
    workers = RayWorkers(cast("ModelHandle", SimpleNamespace(name=None, get=lambda: loaded)), cluster.address)
    try:
        with pytest.raises(TeamSetupError, match="the cluster cannot encode it: "):
            list(workers.encode([Batch((b"k" * 16,), ("def pay(card): pass",))]))
    finally:
        workers.close()
