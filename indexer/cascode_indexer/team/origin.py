"""Where a repository comes from, written so that all addresses of one repository are the same text."""

from __future__ import annotations

import re
from pathlib import Path

from cascode_indexer.walk.git import config_file

#: ``git@host:path``; one letter before the colon is a drive of Windows.
_SCP = re.compile(r"(?:[^/@\s]*@)?(\[[^\]/]+\]|[^/:@\[\]\\\s]{2,}):(?!//)(.+)")
_HOST = re.compile(r"(\[[^\]]*\]|[^:]*)(?::(\d*))?")
#: Of the schemes whose port sets servers of a host apart; those of SSH and of git's own protocol lead to the same ones.
_USUAL_PORTS = {"http": ("", "80"), "https": ("", "443")}
_SECTION = re.compile(r'\s*\[\s*([\w.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\](.*)', re.DOTALL)
_URL = re.compile(r"\s*url\s*=\s*(.*)", re.IGNORECASE)
#: A configuration of git has a few hundred.
_MOST_BYTES = 1 << 20


def normalised_origin(address: str) -> str | None:
    """Return host and path of a repository's address.

    Whether it is fetched by HTTPS or SSH, by whom and with which token makes no difference:
    ``https://oauth2:token@git.example.org/group/api.git`` and ``git@git.example.org:group/api`` are both
    ``git.example.org/group/api``.

    Args:
        address: As git takes it.

    Returns:
        Without scheme, user, password, query and the ending ``.git``; None for a folder, which has no host.
    """
    scheme, separator, rest = address.strip().partition("://")
    scheme = scheme.lower()
    if separator:
        if scheme == "file":
            return None
        authority, _, path = rest.partition("/")
        found = _HOST.fullmatch(authority.rpartition("@")[2])
        if found is None:
            return None
        host, port = found[1], found[2] or ""
        if scheme in _USUAL_PORTS:
            path = re.split(r"[?#]", path, maxsplit=1)[0]
            host += "" if port in _USUAL_PORTS[scheme] else f":{port}"
    else:
        matched = _SCP.fullmatch(address.strip())
        if matched is None:
            return None
        host, path = matched[1], matched[2]
    path = "/".join(part for part in path.split("/") if part).removesuffix(".git").rstrip("/")
    return f"{host.lower()}/{path}" if host and path else None


def origin_of_folder(folder: Path) -> str | None:
    """Return where a clone comes from: :func:`normalised_origin` of its remote ``origin``.

    Args:
        folder: A working tree, or a repository without one.

    Returns:
        None where it is no clone, or one of a folder.
    """
    url = next((url for name, url in remotes_of(folder) if name == "origin"), None)
    return None if url is None else normalised_origin(url)


def remotes_of(folder: Path) -> list[tuple[str, str]]:
    """Return names and addresses of a repository's remotes, in the order of its configuration.

    Git is not run: its configuration is read as text, without what that includes.

    Args:
        folder: A working tree, or a repository without one; of what is neither there are none.
    """
    try:
        config = config_file(folder) if (folder / ".git").exists() else folder / "config"
        if not config.is_file():
            return []
        with config.open("rb") as stream:
            text = stream.read(_MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return []
    remotes: list[tuple[str, str]] = []
    name: str | None = None
    for line in text.splitlines():
        rest = line
        section = _SECTION.fullmatch(line)
        if section is not None:
            name, rest = section[2] if section[1].lower() == "remote" else None, section[3]
        found = _URL.fullmatch(rest)
        if found is not None and name is not None:
            remotes.append((name, re.split(r"\s[#;]", found[1], maxsplit=1)[0].strip().strip('"')))
    return remotes
