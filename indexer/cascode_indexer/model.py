"""The model of this process: loaded in the background when it is needed, and let go when nobody asks for long."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cascode_indexer.held import Held
from cascode_indexer.location import prepared_models_path

if TYPE_CHECKING:
    from cascode_models.inference import CasCodeModel

_log = logging.getLogger(__name__)

#: After a failure the folder is looked at again only this much later: every batch of changes would try otherwise,
#: and a person who repairs the model does not wait long for it.
_RETRY_SECONDS = 30.0
#: Between two looks at ``cancelled`` while waiting.
_POLL_SECONDS = 0.05


class ModelHandle:
    """Loads the model once for all who use it; its engine is imported on the loading thread.

    Args:
        name: Folder or name; None for the default model.
        device: ``cpu`` or ``cuda``; None takes a GPU where there is one.
        idle_seconds: Let the model go when it was not asked for this long; None keeps it.
    """

    def __init__(self, name: str | None, *, device: str | None = None, idle_seconds: float | None = None) -> None:
        self.name = name
        self._held: Held[CasCodeModel] = Held(idle_seconds, _note_release)
        self._asked_device = device
        self._lock = threading.Lock()
        self._start_lock = threading.Lock()
        self._loader: threading.Thread | None = None
        self._error: str | None = None
        self._failed_at = 0.0
        self._all_threads = 1

    @property
    def loaded(self) -> bool:
        """Whether :meth:`get` returns at once."""
        return self._held.current is not None

    @property
    def idle_seconds(self) -> float | None:
        """The model is let go when it was not asked for this long; None keeps it."""
        return self._held.idle_seconds

    @idle_seconds.setter
    def idle_seconds(self, seconds: float | None) -> None:
        self._held.idle_seconds = seconds

    @property
    def current(self) -> CasCodeModel | None:
        """The model where it is loaded; to look at it, or to use it beside other work, is no reason to keep it."""
        return self._held.current

    @property
    def error(self) -> str | None:
        """Why the last attempt to load failed, as one line; None where it did not."""
        return self._error

    @property
    def label(self) -> str:
        """Names what was asked for, without loading it."""
        return self.name or os.environ.get("CASCODE_MODEL") or "bundled"

    @property
    def identity(self) -> str:
        """Changes when another model was asked for, or its files changed, without loading it.

        An upgrade replaces the bundled weights under the same name.
        """
        from cascode_models.folder import bundled_folder
        from cascode_models.prepared import files_stamp

        named = self.name or os.environ.get("CASCODE_MODEL")
        folder = Path(named).expanduser() if named else bundled_folder()
        stamp = files_stamp(folder, 0) if folder.is_dir() else None
        return self.label if stamp is None else f"{self.label} {stamp}"

    @property
    def device(self) -> str | None:
        """Where the model computes: ``cpu`` or ``cuda``; None before it is loaded."""
        model = self._held.current
        return None if model is None else model.device

    @property
    def engine(self) -> str | None:
        """Which engine computes the model, and why; None before it is loaded."""
        model = self._held.current
        return None if model is None else model.engine

    def start(self) -> None:
        """Begin to load in the background, unless that was begun, or failed just now."""
        with self._start_lock:
            if self.loaded or self._failed_lately() or (self._loader is not None and self._loader.is_alive()):
                return
            self._loader = threading.Thread(target=self._load_quietly, name="cascode-model", daemon=True)
            self._loader.start()

    def ready(self) -> CasCodeModel | None:
        """Return the model if it is loaded; else begin to load it and return None at once."""
        self._held.note_use()
        model = self._held.current
        if model is None:
            self.start()
        return model

    def get(self) -> CasCodeModel:
        """Return the model, waiting for it if need be.

        Raises:
            ModelError: There is no such model, or it cannot be used.
        """
        self._held.note_use()
        with self._lock:
            model = self._held.alive or self._load()
            if self._held.current is None:
                self._held.put(model)
            return model

    def wait(self, cancelled: Callable[[], bool]) -> CasCodeModel | None:
        """Return the model as :meth:`get` does, or None as soon as it is no longer wanted.

        Args:
            cancelled: Polled while waiting.

        Raises:
            ModelError: There is no such model, or it cannot be used.
        """
        self.start()
        while self._held.current is None and self._loader is not None and self._loader.is_alive():
            if cancelled():
                return None
            self._loader.join(_POLL_SECONDS)
        return self.get()

    def use_threads(self, count: int | None) -> None:
        """Let what the calling thread computes from now on take ``count`` CPU threads; None for all.

        Engines keep the count for each calling thread. With torch (it is OpenMP's) a thread that never set one inherits
        what any thread set last: so every user of the model says what it takes.
        """
        model = self._held.current
        if model is None:
            return
        wanted = self._all_threads if count is None else max(1, min(count, self._all_threads))
        if model.threads != wanted:  # setting it makes torch drop what it prepared for the old count
            model.threads = wanted

    @property
    def all_threads(self) -> int:
        """CPU threads that the model takes where nothing caps it; 1 before the model is loaded."""
        return self._all_threads

    def _failed_lately(self) -> bool:
        """Whether a new attempt would only fail again."""
        return self._error is not None and time.monotonic() - self._failed_at < _RETRY_SECONDS

    def _load(self) -> CasCodeModel:
        """Load the model and remember what went wrong."""
        from cascode_models.errors import ModelError

        if self._failed_lately():
            raise ModelError(self._error)
        try:
            from cascode_models.load import load_model

            model = load_model(self.name, device=self._asked_device, prepared=prepared_models_path())
            self._all_threads = model.all_threads
        except Exception as error:
            known = isinstance(error, ModelError)
            if not known:
                _log.debug("the model %s was not loaded", self.label, exc_info=error)
            reason = " ".join(str(error).split()) or type(error).__name__
            self._error = (
                reason if known else f"the model {self.label!r} cannot be loaded ({reason}): reinstall cascode"
            )
            self._failed_at = time.monotonic()
            if known:
                raise
            raise ModelError(self._error) from error
        self._error = None
        return model

    def _load_quietly(self) -> None:
        """Load ahead of need; whoever needs the model meets the error."""
        from cascode_models.errors import ModelError

        try:
            self.get()
        except ModelError as error:
            _log.info("searching by words only: %s", error)


def _note_release() -> None:
    """Give the memory of a model that was let go back to the system."""
    from cascode_models.memory import release_heap

    release_heap()
    _log.info("the model was let go: nothing was asked for a while")
