"""Ask every set of questions that a measurement or a fit is about."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from cascode_indexer.model import ModelHandle
from cascode_models.errors import ModelError

from .collect import collect, collect_own_code
from .rules import MEASURED
from .sets import check_names, cosqa_set, history_sets, written_sets
from .types import WRITTEN, Asked, QuestionSet

#: Documentation asked of a repository: as many questions as its commits ask.
_DOCUMENTED = 60
#: Names asked of a repository: about as many as questions were written about it.
_NAMED = 15


@dataclass(frozen=True, slots=True)
class Asking:
    """What to ask."""

    #: ``dev`` or ``test``.
    split: str
    #: Folder of the clones that questions are about; None where only CoSQA is asked.
    clones: Path | None = None
    #: Folder of questions written by hand.
    written: Path | None = None
    #: Folder of mined questions.
    history: Path | None = None
    #: Ask the documentation of each repository of the history as well.
    documentation: bool = False
    #: Ask for definitions of each repository of the written questions by name as well.
    names: bool = False
    #: Folder of CoSQA.
    cosqa: Path | None = None
    #: K, how many candidates of each question the slow classifier reads; 0 for none.
    depth: int = 0
    #: The only repositories to ask about, ``owner/name``, and no web queries then; empty for everything.
    only: Collection[str] = ()


def ask(asking: Asking, model: ModelHandle, progress: Callable[[str], None]) -> list[Asked]:
    """Ask every set in turn; files are written into a temporary folder, vectors come from and go to the cache.

    Args:
        asking: What to ask.
        model: The model.
        progress: Given one line a workspace.

    Raises:
        ModelError: There is nothing to ask, or a set cannot be read.
        HistoryError: A clone is missing.
    """
    check_names(asking.only, asking.split, written=asking.written, history=asking.history)
    asked: list[Asked] = []
    with tempfile.TemporaryDirectory(prefix="cascode-eval-") as folder:
        scratch = Path(folder)
        for questions in _repositories(asking, scratch):
            names = _NAMED if asking.names and questions.group == WRITTEN else 0
            asked += collect(questions, model, MEASURED, depth=asking.depth, names=names, progress=progress)
            if asking.documentation and questions.group == "history":
                asked += collect_own_code(
                    questions.root, questions.name, model, MEASURED, limit=_DOCUMENTED, depth=asking.depth
                )
        if asking.cosqa is not None and not asking.only:
            questions = cosqa_set(asking.cosqa, asking.split, scratch / "cosqa")
            asked += collect(questions, model, MEASURED, depth=asking.depth, progress=progress)
    return asked


def _repositories(asking: Asking, scratch: Path) -> Iterator[QuestionSet]:
    """Yield the sets about repositories."""
    if asking.written is None and asking.history is None:
        if asking.cosqa is None:
            raise ModelError("nothing to ask: name questions by --written, --history or --cosqa")
        return
    if asking.clones is None:
        raise ModelError("questions about repositories need their clones: name the folder by --clones")
    if asking.written is not None:
        yield from written_sets(asking.written, asking.clones, asking.split, scratch / "written", only=asking.only)
    if asking.history is not None:
        yield from history_sets(asking.history, asking.clones, asking.split, scratch / "history", only=asking.only)
