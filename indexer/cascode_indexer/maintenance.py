"""Keeping the indexes of this user small and sound: clean and diagnose."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cascode_indexer.errors import CascodeError, IndexBusyError
from cascode_indexer.location import (
    INDEX_DIR_VARIABLE,
    IndexLocation,
    bytes_of,
    code_store_path,
    index_root,
    locate,
    prepared_models_path,
    vector_cache_path,
)
from cascode_indexer.store.code_store import prune_codes
from cascode_indexer.store.connection import DamagedFileError, remove_database
from cascode_indexer.store.lock import WriterLock
from cascode_indexer.store.store import Store
from cascode_indexer.store.vector_cache import prune_vectors
from cascode_indexer.types import SkipCounts

#: Below this an index of a large workspace may not fit: 100,000 functions take about 300 MB.
_LOW_SPACE_BYTES = 500 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class CleanReport:
    """What cleaning removed."""

    indexes: int = 0
    vectors: int = 0
    #: Bytes freed on disk.
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that ``cascode doctor`` looked at."""

    ok: bool
    title: str
    detail: str
    #: Command or step that fixes it; None where nothing is wrong.
    fix: str | None = None


def clean(root: Path | None) -> CleanReport:
    """Remove one workspace's index, or, without one, what nobody uses any more.

    Args:
        root: The workspace, which may be gone itself; None removes the indexes of vanished workspaces and the
            vectors that no index refers to and that were not used for a month.

    Raises:
        IndexBusyError: A process is writing that index now.
    """
    before = bytes_of(index_root())
    if root is not None:
        location = locate(root)
        removed = int(location.directory.is_dir())
        _remove(location)
        return CleanReport(removed, 0, before - bytes_of(index_root()))
    removed = vectors = 0
    referenced: set[bytes] = set()
    for location in _locations():
        workspace = _root_of(location)
        if workspace is not None and not workspace.is_dir():
            _remove(location)
            removed += 1
        else:
            keys = _keys_of(location)
            referenced |= keys
            vectors += prune_vectors(location.packed, keys)
    vectors += prune_vectors(vector_cache_path(), referenced)
    prune_codes(code_store_path(), referenced)
    return CleanReport(removed, vectors, before - bytes_of(index_root()))


def clean_all() -> CleanReport:
    """Remove every index and every vector of this user.

    Raises:
        IndexBusyError: A process is writing one of them now.
    """
    before = bytes_of(index_root())
    locations = list(_locations())
    for location in locations:
        _remove(location)
    vectors = prune_vectors(vector_cache_path(), set(), unused_days=0)
    remove_database(vector_cache_path())
    remove_database(code_store_path())
    shutil.rmtree(prepared_models_path(), ignore_errors=True)
    return CleanReport(len(locations), vectors, before - bytes_of(index_root()))


def diagnose(roots: Sequence[Path], *, model: str | None = None) -> list[Finding]:
    """Look at everything that a search needs; each finding names the command that fixes it.

    Args:
        roots: The workspaces.
        model: Folder or name of the model that the settings name; None for the default one.
    """
    checked, fingerprint = _model(model)
    findings = [_faiss(), checked, _index_directory()]
    for root in roots:
        findings.extend(_workspace(root, fingerprint))
    return findings


def _faiss() -> Finding:
    """Check that FAISS loads."""
    from cascode_indexer.vectors.library import has_gpu, load_faiss

    try:
        faiss = load_faiss()
        return Finding(True, "FAISS", f"{faiss.__version__}, {'with' if has_gpu() else 'without'} a GPU")
    except CascodeError as error:
        return Finding(False, "FAISS", str(error), "pip install faiss-cpu")


def _model(name: str | None) -> tuple[Finding, str | None]:
    """Check that the model loads; its fingerprint with the finding where it does."""
    from cascode_models.errors import ModelError
    from cascode_models.load import INSTALL_TORCH, load_model

    try:
        model = load_model(name)
    except ModelError as error:
        needs_torch = INSTALL_TORCH in str(error)
        repair = "name another model in your settings (model.path)" if name else "pip install --force-reinstall cascode"
        fix = INSTALL_TORCH if needs_torch else repair
        return Finding(False, "model", str(error), fix), None
    if not model.has_classifier:
        reranks = "does not rerank: it has no classifier"
    elif model.settings.fusion_weight > 0:
        reranks = "reranks"
    else:
        reranks = "reranks only on request: its classifier did not improve the order when measured"
    return Finding(
        True, "model", f"{model.fingerprint}, {model.dimension} dimensions, {reranks}; {model.engine}"
    ), model.fingerprint


def _index_directory() -> Finding:
    """Check that the index folder can be written and has room."""
    folder = index_root()
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        free = shutil.disk_usage(existing).free
    except OSError as error:
        return Finding(False, "index folder", f"{folder}: {error}", f"set {INDEX_DIR_VARIABLE} to a writable folder")
    if free < _LOW_SPACE_BYTES:
        return Finding(False, "index folder", f"{folder}: {free // 2**20} MB free", "cascode clean")
    return Finding(True, "index folder", f"{folder}: {free // 2**30} GB free")


def _workspace(root: Path, fingerprint: str | None) -> Iterator[Finding]:
    """Check one workspace's index, made with the model of this fingerprint or another."""
    title = f"index of {root}"
    location = locate(root)
    named = _for_shell(root)
    command = f"cascode index {named}"
    if not location.store.exists():
        yield Finding(False, title, "not indexed yet", command)
        return
    try:
        store = Store(location.store)
    except CascodeError as error:
        yield Finding(False, title, str(error), f"cascode clean {named}")
        return
    try:
        damage = store.check()
        counts = store.counts()
        if damage is not None:
            yield Finding(False, title, f"damaged: {damage}", f"cascode clean {named} && {command}")
        elif store.get_meta("last_indexed") is None:
            yield Finding(False, title, "the first indexing run did not finish", command)
        elif counts.pending:
            yield Finding(False, title, f"{counts.pending:,} definitions have no vector yet", command)
        elif not counts.functions:
            yield _nothing_found(title, store.skipped())
        elif fingerprint is not None and (made_with := store.get_meta("model")) != fingerprint:
            yield Finding(
                False,
                title,
                f"made with another model, {made_with}: searched by words only until it is indexed again",
                command,
            )
        else:
            definitions = f"{counts.functions:,} definition{'' if counts.functions == 1 else 's'}"
            yield Finding(True, title, f"{definitions} in {counts.files:,} file{'' if counts.files == 1 else 's'}")
    except DamagedFileError as error:
        yield Finding(False, title, f"damaged: {error.reason}", f"cascode clean {named} && {command}")
    finally:
        store.close()


def _for_shell(path: Path) -> str:
    """A path as a shell takes it, whatever is in a folder's name: people paste these commands."""
    return subprocess.list2cmdline([str(path)]) if os.name == "nt" else shlex.quote(str(path))


def _nothing_found(title: str, skipped: SkipCounts) -> Finding:
    """Say why an index holds no definition."""
    if not skipped.total:
        return Finding(
            False, title, "no definitions: the folder contains no source files", "name a folder with source files"
        )
    reasons = ", ".join(f"{count:,} {reason.replace('_', ' ')}" for reason, count in skipped.as_dict().items() if count)
    return Finding(False, title, f"no definitions; skipped: {reasons}", skipped.advice())


def _locations() -> Iterator[IndexLocation]:
    """Give the location of every index."""
    folder = index_root() / "workspaces"
    if folder.is_dir():
        for directory in sorted(folder.iterdir()):
            if directory.is_dir():
                yield IndexLocation(directory)


def _root_of(location: IndexLocation) -> Path | None:
    """Return the workspace that an index is about; None where it does not say."""
    try:
        connection = sqlite3.connect(f"{location.store.as_uri()}?mode=ro", uri=True)
        try:
            row = connection.execute("SELECT value FROM meta WHERE key = 'root'").fetchone()
        finally:
            connection.close()
    except sqlite3.Error:
        return None
    return None if row is None else Path(row[0])


def _keys_of(location: IndexLocation) -> set[bytes]:
    """Return the text keys that an index refers to."""
    if not location.store.exists():
        return set()
    store = Store(location.store)
    try:
        return store.all_keys()
    finally:
        store.close()


def _remove(location: IndexLocation) -> None:
    """Delete one index unless a process is writing it."""
    if not location.directory.is_dir():
        return
    lock = WriterLock(location)
    if not lock.try_acquire():
        raise IndexBusyError(
            f"a cascode process is writing {location.directory}: stop it, then run 'cascode clean' again"
        )
    lock.release()
    while location.directory.is_dir():
        with contextlib.suppress(FileNotFoundError):  # a reader closed its database, which takes its journal away
            shutil.rmtree(location.directory)
