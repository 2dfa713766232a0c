"""The model of this process: loaded once, in the background, when it is first needed."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cascode_models.inference import CasCodeModel


class ModelHandle:
    """Loads the model at most once; torch is imported on the loading thread.

    Args:
        name: Folder or name; None for the default model.
    """

    def __init__(self, name: str | None) -> None:
        self.name = name
        self._lock = threading.Lock()
        self._model: CasCodeModel | None = None

    @property
    def loaded(self) -> bool:
        """Whether :meth:`get` returns at once."""
        return self._model is not None

    @property
    def label(self) -> str:
        """Names what was asked for, without loading it."""
        return self.name or os.environ.get("CASCODE_MODEL") or "bundled"

    def start(self) -> None:
        """Begin to load in the background; an error is raised by :meth:`get`."""
        threading.Thread(target=self._load_quietly, name="cascode-model", daemon=True).start()

    def get(self) -> CasCodeModel:
        """Return the model, waiting for it if need be.

        Raises:
            ModelError: There is no such model, or it cannot be used.
        """
        with self._lock:
            if self._model is None:
                from cascode_models.load import load_model

                self._model = load_model(self.name)
            return self._model

    def _load_quietly(self) -> None:
        """Load ahead of need; whoever needs the model meets the error."""
        from cascode_models.errors import ModelError

        try:
            self.get()
        except ModelError:
            return
