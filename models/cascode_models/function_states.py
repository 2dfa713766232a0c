"""States of functions read lately: while no attention crosses, they are the same for every query."""

from __future__ import annotations

import threading
from array import array
from collections import OrderedDict
from collections.abc import Callable, Sequence

from .types import StateArray

#: Memory for them while serving: some 900 functions of 90 tokens. A search that is
#: worded differently has most of its candidates in common with the one before, and those are not read again.
SERVED_BYTES = 64 * 2**20

#: Reads functions by their token ids: for each its states ``[tokens, width]``.
Reader = Callable[[Sequence[Sequence[int]]], Sequence[StateArray]]


class FunctionStates:
    """The functions read last, up to a number of bytes; used from any thread.

    Args:
        limit: Bytes kept; the functions not asked for the longest go first.
    """

    def __init__(self, limit: int = SERVED_BYTES) -> None:
        self.limit = limit
        self._kept: OrderedDict[bytes, StateArray] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    @property
    def held_bytes(self) -> int:
        """Bytes of all states at hand."""
        with self._lock:
            return self._bytes

    def of(self, functions: Sequence[Sequence[int]], read: Reader) -> list[StateArray]:
        """States of functions in the order given; those not at hand are read together.

        Args:
            functions: Token ids of each.
            read: Reads what is missing, no function twice.
        """
        keys = [array("q", ids).tobytes() for ids in functions]
        found: dict[bytes, StateArray] = {}
        with self._lock:
            for key in keys:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    found[key] = self._kept[key]
        missing = {key: ids for key, ids in zip(keys, functions, strict=True) if key not in found}
        if missing:
            fresh = dict(zip(missing, read(list(missing.values())), strict=True))
            self._keep(fresh)
            found |= fresh
        return [found[key] for key in keys]

    def _keep(self, fresh: dict[bytes, StateArray]) -> None:
        """Put functions among those kept, and let the oldest go."""
        with self._lock:
            for key, states in fresh.items():
                if key not in self._kept:  # another thread may have read it meanwhile
                    self._kept[key] = states
                    self._bytes += states.nbytes
            while self._bytes > self.limit:
                _, dropped = self._kept.popitem(last=False)
                self._bytes -= dropped.nbytes
