"""CasCode as a library: index workspaces, ask in plain words, get definitions with their lines.

What stands in ``__all__`` is the public interface; everything behind it may change. Importing this package costs
nothing: each name is loaded when it is first used, and torch only when a model is. ``docs/library.md`` shows how.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cascode_indexer.disk import Disk
    from cascode_indexer.engine import Engine
    from cascode_indexer.errors import (
        CascodeError,
        IndexBusyError,
        IndexStoreError,
        PackError,
        QueryError,
        WorkspaceError,
    )
    from cascode_indexer.extract import LANGUAGES, canonical_language, editor_language, language_of, write_notebook
    from cascode_indexer.gist import Gist, GistModel
    from cascode_indexer.indexing.types import (
        Cancelled,
        IndexProgress,
        IndexReport,
        OnProgress,
        WorkspaceStatus,
    )
    from cascode_indexer.location import INDEX_DIR_VARIABLE, index_root
    from cascode_indexer.maintenance import CleanReport, Finding, clean, clean_all, diagnose
    from cascode_indexer.model import ModelHandle
    from cascode_indexer.packing import PackReport
    from cascode_indexer.pool import WorkspacePool
    from cascode_indexer.search.types import (
        DEFAULT_LIMIT,
        DEFAULT_RERANK_TOP,
        Answer,
        CellPlace,
        Hit,
        Match,
        SearchRequest,
    )
    from cascode_indexer.store.types import StoreCounts
    from cascode_indexer.team.types import Team
    from cascode_indexer.types import DEFAULT_MAX_FILE_BYTES, Kind, SkipCounts, SkipReason
    from cascode_indexer.walk import IgnoreRules, checked_root
    from cascode_indexer.watch import ChangeBatch, Watcher
    from cascode_indexer.watch.types import Notices, NoticeSource
    from cascode_models.cores import allowed_cores
    from cascode_models.errors import ModelError
    from cascode_models.exchange import write_model
    from cascode_models.inference import CasCodeModel
    from cascode_models.load import load_model
    from cascode_models.text import function_text
    from cascode_models.types import Encoder, FloatArray, FunctionSource

__all__ = [
    "DEFAULT_LIMIT",
    "DEFAULT_MAX_FILE_BYTES",
    "DEFAULT_RERANK_TOP",
    "INDEX_DIR_VARIABLE",
    "LANGUAGES",
    "Answer",
    "Cancelled",
    "CasCodeModel",
    "CascodeError",
    "CellPlace",
    "ChangeBatch",
    "CleanReport",
    "Disk",
    "Encoder",
    "Engine",
    "Finding",
    "FloatArray",
    "FunctionSource",
    "Gist",
    "GistModel",
    "Hit",
    "IgnoreRules",
    "IndexBusyError",
    "IndexProgress",
    "IndexReport",
    "IndexStoreError",
    "Kind",
    "Match",
    "ModelError",
    "ModelHandle",
    "NoticeSource",
    "Notices",
    "OnProgress",
    "PackError",
    "PackReport",
    "QueryError",
    "SearchRequest",
    "SkipCounts",
    "SkipReason",
    "StoreCounts",
    "Team",
    "Watcher",
    "WorkspaceError",
    "WorkspacePool",
    "WorkspaceStatus",
    "allowed_cores",
    "canonical_language",
    "checked_root",
    "clean",
    "clean_all",
    "diagnose",
    "editor_language",
    "function_text",
    "index_root",
    "language_of",
    "load_model",
    "write_model",
    "write_notebook",
]

#: Where each name is defined; a test compares it with the imports above.
_NAMES_OF = {
    "cascode_indexer.disk": ("Disk",),
    "cascode_indexer.engine": ("Engine",),
    "cascode_indexer.errors": (
        "CascodeError",
        "IndexBusyError",
        "IndexStoreError",
        "PackError",
        "QueryError",
        "WorkspaceError",
    ),
    "cascode_indexer.extract": ("LANGUAGES", "canonical_language", "editor_language", "language_of", "write_notebook"),
    "cascode_indexer.gist": ("Gist", "GistModel"),
    "cascode_indexer.indexing.types": ("Cancelled", "IndexProgress", "IndexReport", "OnProgress", "WorkspaceStatus"),
    "cascode_indexer.location": ("INDEX_DIR_VARIABLE", "index_root"),
    "cascode_indexer.maintenance": ("CleanReport", "Finding", "clean", "clean_all", "diagnose"),
    "cascode_indexer.model": ("ModelHandle",),
    "cascode_indexer.packing": ("PackReport",),
    "cascode_indexer.pool": ("WorkspacePool",),
    "cascode_indexer.search.types": (
        "DEFAULT_LIMIT",
        "DEFAULT_RERANK_TOP",
        "Answer",
        "CellPlace",
        "Hit",
        "Match",
        "SearchRequest",
    ),
    "cascode_indexer.store.types": ("StoreCounts",),
    "cascode_indexer.team.types": ("Team",),
    "cascode_indexer.types": ("DEFAULT_MAX_FILE_BYTES", "Kind", "SkipCounts", "SkipReason"),
    "cascode_indexer.walk": ("IgnoreRules", "checked_root"),
    "cascode_indexer.watch": ("ChangeBatch", "Watcher"),
    "cascode_indexer.watch.types": ("Notices", "NoticeSource"),
    "cascode_models.cores": ("allowed_cores",),
    "cascode_models.errors": ("ModelError",),
    "cascode_models.exchange": ("write_model",),
    "cascode_models.inference": ("CasCodeModel",),
    "cascode_models.load": ("load_model",),
    "cascode_models.text": ("function_text",),
    "cascode_models.types": ("Encoder", "FloatArray", "FunctionSource"),
}
_MODULE_OF = {name: module for module, names in _NAMES_OF.items() for name in names}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_MODULE_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Name what is public, loaded or not."""
    return list(__all__)
