"""What was worked out of a model before, so that the next start need not: its fingerprint, its compiled network.

Everything here is derived from the model's files and may be deleted at any time. It lies in a folder that its owner
alone can write, since a compiled network is believed: OpenVINO does not expect one that somebody made up.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import mmap
import os
import struct
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

logger = logging.getLogger(__name__)

#: A file that changed so lately may change again without another time: file systems count in up to two seconds.
_SETTLED_SECONDS = 3.0
#: Compiled networks that are kept, 21 MB each for the bundled model: two models in two versions of the engine.
_KEPT = 4
_SUFFIX = ".network"
#: What stands before the content: mark, checksum, length. Its length keeps the content aligned for vector units.
_HEADER = struct.Struct("<8sIQ44x")
_MARK = b"CASCODE1"
_DIRECTORY_MODE = 0o700


class Prepared:
    """A folder with what was worked out of models.

    Args:
        folder: The folder; it is made when something is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def fingerprint(self, model: Path, version: int, make: Callable[[], str]) -> str:
        """Return the fingerprint of a model, without reading its weights where its files are known.

        Args:
            model: The model's folder.
            version: Changes when fingerprints are made in another way.
            make: Works it out.
        """
        stamp = files_stamp(model, version)
        if stamp is None:
            return make()
        name = f"{stamp}.fingerprint"
        with contextlib.suppress(OSError, ValueError):
            return str(json.loads((self._folder / name).read_text(encoding="utf-8"))["fingerprint"])
        found = make()
        if files_stamp(model, version) == stamp:
            self._write(name, json.dumps({"model": str(model), "fingerprint": found}).encode())
        return found

    def network(self, name: str) -> npt.NDArray[np.uint8] | None:
        """Return a compiled network, mapped and not read; None where there is none, or a damaged one.

        Args:
            name: Names it with everything that it depends on.
        """
        path = self._folder / f"{name}{_SUFFIX}"
        try:
            with path.open("rb") as file:
                if not _is_own(file.fileno()):
                    logger.warning("the compiled network %s is not used: others can write it", path)
                    return None
                # Private to this process: the engine wants memory that could be written.
                mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        except (OSError, ValueError):
            return None
        content = memoryview(mapped)[_HEADER.size :]
        if len(mapped) < _HEADER.size or _HEADER.unpack_from(mapped) != (_MARK, zlib.crc32(content), len(content)):
            logger.warning("the compiled network %s is damaged: compiling again", path)
            return None
        with contextlib.suppress(OSError):  # the last one used is dropped last
            os.utime(path)
        return np.frombuffer(content, dtype=np.uint8)

    def keep_network(self, name: str, content: bytes) -> None:
        """Keep a compiled network, and drop those that were not used for longest."""
        self._write(f"{name}{_SUFFIX}", _HEADER.pack(_MARK, zlib.crc32(content), len(content)) + content)
        with contextlib.suppress(OSError):
            found = sorted(self._folder.glob(f"*{_SUFFIX}"), key=lambda path: path.stat().st_mtime, reverse=True)
            for path in found[_KEPT:]:
                path.unlink()

    def _write(self, name: str, content: bytes) -> None:
        """Write a file as a whole or not at all; without it the next start takes longer."""
        try:
            self._folder.mkdir(mode=_DIRECTORY_MODE, parents=True, exist_ok=True)
            # Readable by its owner only, as tempfile makes it.
            descriptor, part = tempfile.mkstemp(dir=self._folder, prefix=".part-")
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(content)
                Path(part).replace(self._folder / name)
            except BaseException:
                with contextlib.suppress(OSError):
                    Path(part).unlink()
                raise
        except OSError as error:
            logger.info("nothing is kept of the model in %s: %s", self._folder, error.strerror or error)


def _is_own(descriptor: int) -> bool:
    """Whether this user alone can write an open file; Windows keeps others out of a user's folders itself."""
    status = os.fstat(descriptor)
    return not hasattr(os, "getuid") or (status.st_uid == os.getuid() and not status.st_mode & 0o022)


def files_stamp(model: Path, version: int) -> str | None:
    """Return what changes with a model's files; None where one changed just now, or cannot be looked at."""
    seen: list[object] = [str(model.absolute()), version]
    try:
        for path in sorted([*model.glob("*.safetensors"), *model.glob("*.json"), *model.glob("*/config.json")]):
            status = path.stat()
            if time.time() - status.st_mtime < _SETTLED_SECONDS:
                return None
            seen.append([path.name, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino])
    except OSError:
        return None
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:32]
