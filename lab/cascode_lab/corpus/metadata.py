"""What a package says about itself: the addresses of the repository that it comes from."""

from __future__ import annotations

import email
import json
import re

from cascode_lab.corpus.archives import Member
from cascode_lab.corpus.splits import repositories_in

#: Members that hold metadata, by file name: wheels, npm tarballs, Debian binary packages.
METADATA_NAMES = frozenset({"METADATA", "package.json", "control"})

_URL_FIELDS = ("Home-page", "Homepage", "Project-URL", "Download-URL", "Vcs-Git", "Vcs-Browser")


def repositories_of(members: list[Member]) -> list[str]:
    """Return ``owner/name`` of the repositories that a package's metadata names.

    Args:
        members: Metadata members of its archive; those of vendored copies deeper down are left out.

    Returns:
        Repositories, lower case, sorted; empty where the metadata names none.
    """
    found: set[str] = set()
    for member in members:
        text = member.content.decode("utf-8", errors="replace")
        depth = member.path.count("/")
        if member.path.endswith(".dist-info/METADATA") or member.path == "control":
            headers = email.message_from_string(text)
            urls = [str(value) for name in _URL_FIELDS for value in headers.get_all(name, [])]
            # Packagers' own repositories say nothing about the upstream one.
            found.update(repositories_in([url for url in urls if "salsa.debian.org" not in url]))
        elif member.path.endswith("package.json") and depth == 1:
            found.update(_npm_repositories(text))
    return sorted(found)


def _npm_repositories(text: str) -> list[str]:
    """Repositories that a ``package.json`` names."""
    try:
        data = json.loads(text)
    except ValueError:
        return []
    if not isinstance(data, dict):
        return []
    repository = data.get("repository") or ""
    url = repository.get("url", "") if isinstance(repository, dict) else repository
    urls = [str(value) for value in (url, data.get("homepage")) if value]
    # npm's shorthand: "owner/name" or "github:owner/name".
    short = re.fullmatch(r"(?:github:)?([\w.-]+/[\w.-]+)", str(url))
    return repositories_in(urls) + ([short[1].lower()] if short else [])
