"""Fetches the packages that the golden search file asks about, into a cache folder outside git.

Usage: python scripts/fetch_golden.py. A package whose archive is there already, with the right digest, is not fetched.
``CASCODE_GOLDEN_CACHE`` names another folder.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))

from cascode_lab.corpus.errors import FetchError
from cascode_lab.corpus.fetch import fetch
from golden_search import PinnedPackage, cache_folder, read_questions


def main() -> None:
    """Fetch and check every package."""
    for pinned in read_questions():
        try:
            archive = fetch_once(pinned, cache_folder())
        except FetchError as error:
            sys.exit(f"fetch_golden: {error}")
        sys.stdout.write(f"{archive}\n")


def fetch_once(pinned: PinnedPackage, cache: Path) -> Path:
    """Return a package's archive, fetched if need be.

    Raises:
        FetchError: The registry does not give it, or gives something else.
    """
    (archive,) = fetch(pinned.package, cache)
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != pinned.sha256:
        shutil.rmtree(archive.parent)
        raise FetchError(
            f"{archive.name} has the digest {found}, not {pinned.sha256}: it was removed; run this again, and if it "
            "stays so, name another version in tests/golden/questions.yaml."
        )
    return archive


if __name__ == "__main__":
    main()
