"""URIs of files and paths: percent-encoding, Windows drives and shares.

Not pygls' functions: those replace the bytes of file names that are not UTF-8, and make local paths of URIs with a
host or a NUL (tests/server/lsp/test_pygls_differences.py).
"""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote_to_bytes, urlsplit

#: What may stand unencoded in the path of a URI; editors compare URIs as text, and this is how most of them write it.
_SAFE = "/~!$&'()*+,;=:@"
_DRIVE = re.compile(r"^/([A-Za-z]):")


def to_path(uri: str, *, windows: bool = os.name == "nt") -> Path | None:
    """Return the path of a file's URI.

    Args:
        uri: Whatever an editor names a document by.
        windows: Read drives and shares.

    Returns:
        None for documents that are not files of this machine: untitled ones, diffs, files of a remote machine; and for
        what no file can be called here.
    """
    try:
        return _to_path(uri, windows=windows)
    except ValueError:  # also where a name is neither text nor bytes: half a character, on Windows bytes beside UTF-8
        return None


def _to_path(uri: str, *, windows: bool) -> Path | None:
    """See :func:`to_path`; raises ValueError for what is no URI, and for a name that cannot be read."""
    parts = urlsplit(uri)
    if parts.scheme.lower() != "file":
        return None
    # A '?' or '#' in a file name is encoded by right clients; wrong ones are understood all the same.
    raw = parts.path + (f"?{parts.query}" if parts.query else "") + (f"#{parts.fragment}" if parts.fragment else "")
    path = os.fsdecode(unquote_to_bytes(raw))
    if "\0" in path or not path.startswith("/"):
        return None
    host = os.fsdecode(unquote_to_bytes(parts.netloc))
    host = "" if host.lower() == "localhost" else host
    if windows:
        drive = _DRIVE.match(path)
        if drive:
            path = f"{drive[1].upper()}:{path[3:]}"
        elif host:
            path = f"//{host}{path}"
        return Path(path.replace("/", "\\") if os.name == "nt" else path)
    return None if host else Path(path)


def from_path(path: Path) -> str:
    """Return the URI of an absolute path."""
    posix = path.as_posix()
    if posix.startswith("//"):  # a share
        return f"file:{_quote(posix)}"
    return f"file://{_quote(posix if posix.startswith('/') else f'/{posix}')}"


def below(folder_uri: str, relative: str) -> str:
    """Return the URI of a file in a workspace, spelled as its client spells the workspace.

    Editors take two spellings of one file for two files: the folder's part is kept as it was given.

    Args:
        folder_uri: URI of the workspace.
        relative: Path below it, posix separators.
    """
    return f"{folder_uri.rstrip('/')}/{_quote(str(PurePosixPath(relative)))}"


def _quote(posix: str) -> str:
    """Percent-encode a path, byte for byte as it is on the disk."""
    return quote(os.fsencode(posix), safe=_SAFE)
