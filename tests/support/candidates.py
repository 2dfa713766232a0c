"""Made candidates: what a ranking rule reads, and nothing else."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from cascode_indexer.rank.types import Candidate
from cascode_indexer.types import StoredDefinition

OWNER = SimpleNamespace(root=Path("/workspace"))


def definition(
    name: str = "a", path: str = "src/a.py", *, number: int = 1, kind: str = "function", lines: int = 2
) -> StoredDefinition:
    """A definition of this qualified name in this file."""
    return StoredDefinition(
        id=number,
        text_id=number,
        path=path,
        language="python",
        size=0,
        mtime_ns=0,
        name=name.rpartition(".")[2],
        qualified_name=name,
        kind=kind,
        signature=f"def {name}()",
        start_line=1,
        end_line=lines,
        name_line=1,
        name_column=4,
    )


def candidate(
    name: str = "a",
    path: str = "src/a.py",
    *,
    similarity: float | None = 0.0,
    bm25: float = 0.0,
    number: int = 1,
    kind: str = "function",
    lines: int = 2,
    late: float | None = None,
) -> Candidate:
    """A candidate of this qualified name in this file."""
    found = definition(name, path, number=number, kind=kind, lines=lines)
    return Candidate(OWNER, found, similarity, bm25, late)
