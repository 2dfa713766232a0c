"""Writing each file of a folder whole or not at all, and what the library of their format does not see to."""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from .errors import ModelError


@contextmanager
def replacing(folder: Path, *names: str) -> Iterator[list[Path]]:
    """Give temporary names for files of a folder, which get their own, in order, once all of them are written.

    Args:
        folder: The folder, which exists.
        names: Names of the files.

    Yields:
        A path for each. Where writing them fails nothing is left there, and what had the names stays. Each file gets
        its name at once, but one after the other: what ends the process or the disk in between leaves the first of
        them new and the others as they were. So what is of no use without the others comes first, and last what makes
        a reader look at them.
    """
    # Nothing that reads a model or a run looks at files of this ending.
    partial = [folder / f"{name}.partial" for name in names]
    try:
        yield partial
        for path, name in zip(partial, names, strict=True):
            path.replace(folder / name)
    except BaseException:
        for path in partial:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        raise


def write_tensors(path: Path, save: Callable[[Path], None]) -> None:
    """Write a file of safetensors that others may read as far as any new file.

    Args:
        path: The file.
        save: Writes the file that it is given.

    Raises:
        ModelError: It cannot be written: the disk is full, for example.
    """
    # The library makes files that their owner alone can read; an empty file has what the umask leaves of all rights.
    path.unlink(missing_ok=True)
    path.touch()
    mode = stat.S_IMODE(path.stat().st_mode)
    try:
        save(path)
    except SafetensorError as error:
        raise ModelError(f"{path} cannot be written ({error}): make room there, or name another folder") from error
    path.chmod(mode)
