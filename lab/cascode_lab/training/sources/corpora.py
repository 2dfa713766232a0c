"""Pairs as they lie on disk, read once for all the sources and stages of a run."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from cascode_models.errors import ModelError

from ..data import TrainingPair, read_cosqa, read_pairs
from ..history import HistoryPair, read_history


class Corpora:
    """The folders of a run and what was read from them.

    Args:
        data: Folder of mined docstring pairs.
        folders: Folders of other sources by name.
        dev_repositories: Repositories of the history that are kept for looking at, not trained on.
    """

    def __init__(self, data: Path, folders: Mapping[str, str], dev_repositories: int) -> None:
        self.data = data
        #: Names of the sources that a folder is given for.
        self.named = frozenset(folders)
        self._folders = folders
        self._dev_repositories = dev_repositories

    def folder(self, name: str) -> Path | None:
        """The folder given for a source; None where there is none.

        Raises:
            ModelError: It is not a folder.
        """
        given = self._folders.get(name, "")
        if not given:
            return None
        folder = Path(given).expanduser()
        if not folder.is_dir():
            raise ModelError(f"training settings: folders.{name} is {given!r}, which is not a folder")
        return folder

    @cached_property
    def docstrings(self) -> list[TrainingPair]:
        """Training pairs out of docstrings."""
        if not self.data.is_dir():
            raise ModelError(
                f"no training pairs in {self.data}, which is not a folder: mine some with 'cascode train mine'"
            )
        return read_pairs(self.data, "train")

    @cached_property
    def cosqa(self) -> list[TrainingPair]:
        """Training pairs of CoSQA, and codes without a query, which only serve as negatives."""
        folder = self.folder("cosqa")
        return [] if folder is None else read_cosqa(folder)

    @cached_property
    def sampled(self) -> list[TrainingPair]:
        """Training functions with descriptions that a model sampled."""
        folder = self.folder("sampled")
        return [] if folder is None else read_pairs(folder, "train")

    @cached_property
    def written(self) -> list[HistoryPair]:
        """Questions about repositories, worded as people ask."""
        folder = self.folder("written")
        return [] if folder is None else read_history(folder)[0]

    @property
    def history(self) -> list[HistoryPair]:
        """Pairs out of commits."""
        return self._history[0]

    @property
    def history_dev(self) -> list[HistoryPair]:
        """Those of the repositories that are only looked at."""
        return self._history[1]

    @cached_property
    def _history(self) -> tuple[list[HistoryPair], list[HistoryPair]]:
        """Training and dev pairs of the history."""
        folder = self.folder("history")
        return ([], []) if folder is None else read_history(folder, self._dev_repositories)
