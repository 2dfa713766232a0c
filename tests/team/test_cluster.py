"""Encoding on a cluster that a stand-in plays: what is handed to it, and what is believed of its workers."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cascode_team.errors import TeamSetupError
from cascode_team.loading import cluster
from cascode_team.loading.types import Batch
from fake_encoder import FakeEncoder, FakeModelHandle

pytestmark = pytest.mark.team


class RayError(Exception):
    """What the cluster's errors have in common."""


class RayTaskError(RayError):
    """What code on a worker raised."""


class Played:
    """Plays Ray and Ray Data in this process.

    Args:
        encoder: Of the workers.
    """

    def __init__(self, encoder: FakeEncoder) -> None:
        self.encoder = encoder
        #: Rows of each data set, in order.
        self.sizes: list[int] = []
        self.options: dict[str, Any] = {}
        self.failure: RayError | None = None
        self._rows: list[dict[str, Any]] = []

    def from_items(self, rows: list[dict[str, Any]], *, override_num_blocks: int) -> Played:
        """Take rows in."""
        assert override_num_blocks == len(rows)
        self.sizes.append(len(rows))
        self._rows = rows
        return self

    def map_batches(self, _: Any, **options: Any) -> Played:
        """Note how workers are to be run."""
        self.options = options
        return self

    def iter_rows(self) -> Iterator[dict[str, Any]]:
        """Encode row by row."""
        if self.failure is not None:
            raise self.failure
        worker = cluster.Encoding(*self.options["fn_constructor_args"])
        for row in self._rows:
            made = worker({"at": np.array([row["at"]]), "texts": np.array([row["texts"]], dtype=object)})
            yield {name: values[0] for name, values in made.items()}


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Played:
    """A cluster whose workers have the model of this machine."""
    ray = Played(FakeEncoder(states=True))
    errors = ModuleType("ray.exceptions")
    errors.__dict__.update(RayError=RayError, RayTaskError=RayTaskError)
    module = ModuleType("ray")
    module.__dict__.update(
        data=ray, exceptions=errors, is_initialized=lambda: True, cluster_resources=lambda: {"CPU": 2.0}
    )
    monkeypatch.setitem(sys.modules, "ray", module)
    monkeypatch.setitem(sys.modules, "ray.exceptions", errors)
    monkeypatch.setattr(cluster, "ModelHandle", lambda *_, **__: SimpleNamespace(get=lambda: ray.encoder))
    return ray


def batches(count: int) -> list[Batch]:
    """Batches of two texts each."""
    return [
        Batch((bytes([at]) * 16, bytes([at, 1]) * 8), (f"def a_{at}(): pass", f"def bb_{at}(): pass"))
        for at in range(count)
    ]


def test_batches_are_handed_over_slice_by_slice(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cluster never holds all texts of a large repository; what comes back is that of one process."""
    monkeypatch.setattr(cluster, "_BATCHES_A_SLICE", 2)
    workers = cluster.RayWorkers(FakeModelHandle(FakeEncoder(states=True)), "auto")
    made = workers.encode(iter(batches(5)))
    first, encoded = next(made)
    assert played.sizes == [2]
    known = FakeEncoder(states=True).encode_definitions(list(first.texts))
    assert np.array_equal(encoded.vectors, known.vectors)
    assert encoded.states == known.states
    assert [batch for batch, _ in [(first, encoded), *made]] == batches(5)
    assert played.sizes == [2, 2, 1]


def test_a_batch_whose_workers_die_is_given_up(played: Played) -> None:
    """Ray's default is to try for good."""
    workers = cluster.RayWorkers(FakeModelHandle(FakeEncoder(states=True)), "auto")
    list(workers.encode(batches(1)))
    assert played.options["max_task_retries"] == 3
    played.failure = RayError("The actor died unexpectedly before finishing this task.\n\tclass_name: MapWorker\n")
    with pytest.raises(TeamSetupError, match=r"^the cluster cannot encode it: The actor died .* this task\.$"):
        list(workers.encode(batches(1)))
    played.failure = RayTaskError("\x1b[36mray::MapWorker()\n  File x\nValueError: too long")
    with pytest.raises(TeamSetupError, match=r"^the cluster cannot encode it: ValueError: too long$"):
        list(workers.encode(batches(1)))


def test_vectors_of_another_model_are_refused(played: Played) -> None:
    """A node with other weights at the same path: nothing of it is taken as this machine's model."""
    played.encoder = FakeEncoder("other-weights", states=True)
    workers = cluster.RayWorkers(FakeModelHandle(FakeEncoder(states=True)), "auto")
    with pytest.raises(TeamSetupError, match="has another model than this machine"):
        list(workers.encode(batches(1)))
