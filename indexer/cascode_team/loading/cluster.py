"""Encodes on the workers of a Ray cluster with Ray Data."""

from __future__ import annotations

import itertools
import platform
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from cascode_indexer.model import ModelHandle
from cascode_indexer.store.foreign import split_states
from cascode_models.types import EncodedTexts
from cascode_team.errors import TeamSetupError
from cascode_team.loading.local import encode_alone
from cascode_team.loading.types import Batch

#: Rows are batches already, of unequal sizes: one goes to a worker at a time, the most that a killed worker loses.
_ROWS_A_CALL = 1
#: Batches that lie in the cluster's memory at a time: some hundred megabytes, and minutes of a large cluster.
_BATCHES_A_SLICE = 2_000
#: How often a batch whose worker died is given to another one; a text that kills each worker ends the load.
_MOST_RETRIES = 3


class Encoding:
    """Encodes on one worker; the model is loaded once for its life.

    Args:
        model: Folder or name; None for the default.
    """

    def __init__(self, model: str | None) -> None:
        self._encoder = ModelHandle(model, device="cpu").get()
        self._encoder.threads = 1  # a worker is one core: Ray starts as many as there are

    def __call__(self, rows: dict[str, Any]) -> dict[str, Any]:
        """Encode the batches in some rows."""
        encoded = [encode_alone(self._encoder, list(texts)) for texts in rows["texts"]]
        made = {
            "at": rows["at"],
            "fingerprint": np.array([self._encoder.fingerprint] * len(encoded)),
            "worker": np.array([platform.node()] * len(encoded)),
            "vectors": np.stack([batch.vectors for batch in encoded]),
        }
        if self._encoder.keeps_states:
            states = [batch.states or () for batch in encoded]
            made["sizes"] = np.array([[len(packed) for packed in some] for some in states])
            made["states"] = np.stack([np.frombuffer(b"".join(some), dtype=np.uint8) for some in states])
        return made


class RayWorkers:
    """Encodes on as many workers as the cluster has cores.

    Args:
        model: The model; its folder must lie at the same path on every node.
        address: Of the cluster; ``auto`` for the one that this machine belongs to.
    """

    def __init__(self, model: ModelHandle, address: str) -> None:
        import ray

        loaded = model.get()
        self._fingerprint, self._dimension = loaded.fingerprint, loaded.dimension
        self._keeps_states = loaded.keeps_states
        self._name = model.name
        self._ours = not ray.is_initialized()
        if self._ours:
            ray.init(address=address, log_to_driver=False)

    @property
    def fingerprint(self) -> str:
        """Of the model."""
        return self._fingerprint

    @property
    def dimension(self) -> int:
        """Width of its vectors."""
        return self._dimension

    @property
    def keeps_states(self) -> bool:
        """Whether the model keeps token states."""
        return self._keeps_states

    def encode(self, batches: Iterable[Batch]) -> Iterator[tuple[Batch, EncodedTexts]]:
        """See :meth:`Workers.encode`; a batch whose worker was killed is given to another one.

        Raises:
            TeamSetupError: A worker has another model, or the cluster gives a batch up.
        """
        from ray.exceptions import RayError, RayTaskError

        left = iter(batches)
        while known := list(itertools.islice(left, _BATCHES_A_SLICE)):
            try:
                yield from self._encode(known)
            except RayError as error:
                lines = str(error).strip().splitlines() or [type(error).__name__]
                # Of what the code of a worker raised the last line says what it was.
                line = lines[-1 if isinstance(error, RayTaskError) else 0]
                raise TeamSetupError(f"the cluster cannot encode it: {line.strip()}") from error

    def _encode(self, known: Sequence[Batch]) -> Iterator[tuple[Batch, EncodedTexts]]:
        """Encode batches, all of which the cluster holds."""
        import ray

        cores = max(1, int(ray.cluster_resources().get("CPU", 1)))
        rows = [{"at": at, "texts": list(batch.texts)} for at, batch in enumerate(known)]
        with warnings.catch_warnings():
            # Nothing else sets retries, which is why pyproject.toml asks for a version that has it.
            warnings.filterwarnings("ignore", message="`ray_remote_args` is deprecated")
            made = ray.data.from_items(rows, override_num_blocks=len(rows)).map_batches(
                Encoding,
                fn_constructor_args=(self._name,),
                batch_size=_ROWS_A_CALL,
                num_cpus=1,
                concurrency=(1, cores),
                max_task_retries=_MOST_RETRIES,
            )
        for row in made.iter_rows():
            if str(row["fingerprint"]) != self._fingerprint:
                # Its vectors would be compared with those of another model for good.
                raise TeamSetupError(
                    f"the worker on {row['worker']} has another model than this machine: install the same one, or the "
                    "same version of cascode, on every node"
                )
            states = split_states(row["states"], row["sizes"]) if self._keeps_states else None
            yield known[int(row["at"])], EncodedTexts(np.asarray(row["vectors"], dtype=np.float32), states)

    def close(self) -> None:
        """Leave the cluster."""
        import ray

        if self._ours:
            ray.shutdown()
