"""The vector index on disk: a cache of what SQLite knows, dropped at the first doubt."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
from pathlib import Path
from typing import BinaryIO

from cascode_indexer.vectors.cpu import CpuIndex
from cascode_indexer.vectors.library import load_faiss

_log = logging.getLogger(__name__)
#: Part of the description; a file of another format is rebuilt, not read.
_FORMAT = 2
#: Of a file at a time.
_READ_BYTES = 2**20


def snapshot(index: CpuIndex) -> CpuIndex:
    """Return a copy of ``index`` that can be saved while the index changes."""
    return CpuIndex(load_faiss().clone_index(index.raw))


def save_index(index: CpuIndex, path: Path, fingerprint: str) -> None:
    """Write an index with a description that lets :func:`load_index` trust it.

    Both files are replaced atomically, the description last: a kill in between leaves a pair whose digest
    does not agree, and the index is rebuilt. A disk that refuses is logged; nothing is lost.

    Args:
        index: Nobody may change it meanwhile.
        path: The file.
        fingerprint: Of the model.
    """
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    # What a process left that was killed while it wrote; only the one that writes the store comes here.
    for left in path.parent.glob(f"{path.name}.*.tmp"):
        with contextlib.suppress(OSError):
            left.unlink()
    try:
        digest = _write_index(index, temporary)
        temporary.replace(path)
        description = {
            "format": _FORMAT,
            "fingerprint": fingerprint,
            "dimension": index.dimension,
            "blake2b": digest,
        }
        with _open_private(temporary) as file:
            file.write(json.dumps(description).encode())
        temporary.replace(_description(path))
    except OSError as error:
        _log.warning("the vector index was not saved (%s); it will be rebuilt at the next start", error)
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _write_index(index: CpuIndex, path: Path) -> str:
    """Write an index part by part, for as one piece a million vectors are further gigabytes; return its digest.

    Raises:
        OSError: The disk refuses.
    """
    faiss = load_faiss()
    digest = hashlib.blake2b()
    refused: list[OSError] = []
    with _open_private(path) as file:

        def write(part: bytes) -> None:
            """Take a part; FAISS would turn an exception into one of its own."""
            digest.update(part)
            try:
                if not refused:
                    file.write(part)
            except OSError as error:
                refused.append(error)

        faiss.write_index(index.raw, faiss.PyCallbackIOWriter(write))
    if refused:
        raise refused[0]
    return digest.hexdigest()


def load_index(path: Path, fingerprint: str, dimension: int) -> CpuIndex | None:
    """Read an index back; None, with the reason logged, where it is missing, damaged or another model's."""
    faiss = load_faiss()
    try:
        description = json.loads(_description(path).read_bytes())
        if not isinstance(description, dict):
            raise ValueError("its description is not a JSON object")
        expected = {"format": _FORMAT, "fingerprint": fingerprint, "dimension": dimension}
        differing = [key for key, value in expected.items() if description.get(key) != value]
        if differing:
            _log.info("rebuilding the vector index %s: another %s", path, " and ".join(differing))
            return None
        # Read twice rather than held twice: a million vectors are a gigabyte.
        with path.open("rb") as file:
            # FAISS trusts what it reads; a digest keeps a damaged file from it.
            digest = hashlib.blake2b()
            while part := file.read(_READ_BYTES):
                digest.update(part)
            if digest.hexdigest() != description.get("blake2b"):
                raise ValueError("its digest does not match")
            file.seek(0)
            return CpuIndex(faiss.read_index(faiss.PyCallbackIOReader(file.read)))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RuntimeError) as error:
        _log.warning("rebuilding the vector index %s: %s", path, error)
        return None


def _description(path: Path) -> Path:
    """Return the file that describes the index file ``path``."""
    return path.with_name(path.name + ".json")


def _open_private(path: Path) -> BinaryIO:
    """Open a file for writing that only its owner can read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
