"""Measures what a pack saves: a fresh clone takes in the pack of an older commit and encodes what differs.

Usage: python scripts/bench_pack.py CLONE [--newer REVISION] [--commits 200] [--packs-index FOLDER]

The revision so many commits before the newer one is indexed and packed, then the newer one is written into a folder of
its own and indexed with an index folder of its own and that pack. Prints definitions, how many texts were encoded, and
seconds, by the clock and of the processor: they differ where the machine has other work. ``--packs-index`` names an
index folder for the older revision, whose vectors may be there already; ``--older`` names that revision.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cascode_lab.history.checkout import checkout
from cascode_lab.history.git import GitRepository


def cascode(index: Path, *arguments: str) -> tuple[str, float, float]:
    """Run a command; return what it says on stderr, and seconds by the clock and of the processor."""
    before, started = os.times(), time.perf_counter()
    done = subprocess.run(
        [Path(sys.executable).with_name("cascode"), *arguments],
        env={**os.environ, "CASCODE_INDEX_DIR": str(index)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    took, after = time.perf_counter() - started, os.times()
    if done.returncode:
        sys.exit(f"bench_pack: cascode {' '.join(arguments)}: {done.stderr}")
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return done.stderr, took, used


def main() -> None:
    """Measure one repository."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clone", type=Path)
    parser.add_argument("--newer", default="HEAD", metavar="REVISION")
    parser.add_argument("--older", metavar="REVISION", help="In place of a number of commits.")
    parser.add_argument("--commits", type=int, default=200, metavar="N")
    parser.add_argument("--packs-index", type=Path, metavar="FOLDER")
    given = parser.parse_args()
    repository = GitRepository.open(given.clone)
    newer = repository.read("rev-parse", given.newer).decode().strip()
    range_ = [newer] if given.older is None else [newer, f"^{given.older}"]
    most = [] if given.older else [f"--max-count={given.commits}"]
    between = repository.read("rev-list", *most, *range_).decode().split()
    older = given.older or f"{between[-1]}^"
    with tempfile.TemporaryDirectory(prefix="cascode-pack-") as scratch:
        folder = Path(scratch)
        for name, revision in (("older", older), ("newer", newer)):
            checkout(repository, revision, folder / name)
        pack = folder / "main.cascode-pack"
        cascode(given.packs_index or folder / "index", "pack", str(pack), "-w", str(folder / "older"))
        said, took, used = cascode(folder / "fresh", "unpack", str(pack), "-w", str(folder / "newer"))
        megabytes = pack.stat().st_size / 1e6
    counts = re.search(r"indexed ([\d,]+) definition.*\(([\d,]+) definition", said)
    assert counts is not None, said
    definitions, encoded = (int(count.replace(",", "")) for count in counts.groups())
    sys.stdout.write(
        f"{given.clone.name} {newer[:12]}, pack of {len(between)} commits before ({megabytes:.1f} MB): "
        f"{definitions:,} definitions, {encoded:,} encoded ({encoded / definitions:.1%}), {took:.1f} s, "
        f"{used:.1f} s of the processor\n"
    )


if __name__ == "__main__":
    main()
