"""Measures how fast the sources of real packages are parsed and stored, beside another commit's code.

Usage: python scripts/coverage_speed.py [--before COMMIT] [--rounds N] [--most MB] [--language L]... [FOLDER]...

Without folders it reads the packages of ``pinned_packages``. Both states read the same files in processes that take
turns; the times are those of the processor, of each file and state the best round, so that a busy machine does little
to the ratio.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from commit_packages import ROOT, extract_packages, python_path

#: Files that are stored at once, as when a workspace is indexed.
_BATCH = 64
#: Language to the seconds of parsing each file and of storing each batch.
Times = dict[str, tuple[list[float], list[float]]]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--before", metavar="COMMIT", help="the commit to compare with")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="times that each state reads the files (3)")
    parser.add_argument("--language", action="append", default=[], help="only this language; may be repeated")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument(
        "--most", type=float, default=0.5, metavar="MB", help="megabytes of a language that are read (0.5); 0 for all"
    )
    arguments = parser.parse_args()
    if arguments.worker:
        json.dump(_measure(json.load(sys.stdin)), sys.stdout)
        return
    found = _files(arguments.folders, arguments.language)
    files = {language: _sample(paths, arguments.most * 1e6) for language, paths in found.items()}
    with tempfile.TemporaryDirectory(prefix="cascode-speed-") as folder:
        trees = {"now": ROOT}
        if arguments.before:
            trees = {"before": extract_packages(arguments.before, Path(folder)), **trees}
        best: dict[str, Times] = {state: {} for state in trees}
        for _ in range(arguments.rounds):
            for state, tree in trees.items():
                for language, times in _run(tree, files).items():
                    known = best[state].get(language, times)
                    parsing = list(map(min, known[0], times[0]))
                    best[state][language] = (parsing, list(map(min, known[1], times[1])))
    _print(files, best)


def _files(folders: list[Path], languages: list[str]) -> dict[str, list[str]]:
    """The files to read, by language."""
    from pinned_packages import fetched, sources

    from cascode_lab.corpus.errors import ArchiveError, FetchError

    found: defaultdict[str, list[str]] = defaultdict(list)
    try:
        for folder in folders or fetched(set(languages)):
            for language, paths in sources(folder).items():
                if not languages or language in languages:
                    found[language].extend(map(str, paths))
    except (FetchError, ArchiveError) as error:
        sys.exit(f"coverage_speed: {error}")
    return dict(sorted(found.items()))


def _sample(paths: list[str], most: float) -> list[str]:
    """Every n-th file, so that together they are about as large as is asked for: all of them take an hour."""
    size = sum(Path(path).stat().st_size for path in paths)
    return paths[:: max(1, round(size / most))] if most else paths


def _run(tree: Path, files: dict[str, list[str]]) -> Times:
    """Measure one state in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": python_path(tree)}
    done = subprocess.run(
        (sys.executable, __file__, "--worker"),
        input=json.dumps(files).encode(),
        stdout=subprocess.PIPE,
        env=environment,
        check=True,
    )
    return {language: (parse, store) for language, (parse, store) in json.loads(done.stdout).items()}


def _measure(files: dict[str, list[str]]) -> Times:
    """Parse and store files with the code that this process imports, whatever its commit."""
    from cascode_indexer.extract import LANGUAGES
    from cascode_indexer.indexing.parse import parse_content
    from cascode_indexer.store.store import Store
    from cascode_indexer.types import SourceFile

    times: Times = {}
    for language, paths in files.items():
        if language not in LANGUAGES:
            continue
        contents = [(SourceFile(path, Path(path), language, 0, 0), Path(path).read_bytes()) for path in paths]
        for first in {source.absolute.suffix: (source, content) for source, content in contents}.values():
            parse_content(*first)  # compiles the grammar or its variant
        parsed = []
        parsing: list[float] = []
        storing: list[float] = []
        for source, content in contents:
            begun = time.process_time()
            parsed.append(parse_content(source, content))
            parsing.append(time.process_time() - begun)
        with tempfile.TemporaryDirectory(prefix="cascode-speed-") as folder:
            store = Store(Path(folder) / "index.db")
            for start in range(0, len(parsed), _BATCH):
                begun = time.process_time()
                store.replace_files(parsed[start : start + _BATCH])
                storing.append(time.process_time() - begun)
            store.close()
        times[language] = (parsing, storing)
    return times


def _print(files: dict[str, list[str]], best: dict[str, Times]) -> None:
    """Write the table: millions of bytes a second by state, and now in terms of before."""
    states = list(best)
    columns = [
        f"{what} {state}" for what in ("parse", "store", "both") for state in (*states, "ratio")[: 2 * len(states) - 1]
    ]
    sys.stdout.write(f"{'language':12}{'files':>7}{'MB':>8}" + "".join(f"{column:>14}" for column in columns) + "\n")
    for language, paths in files.items():
        size = sum(Path(path).stat().st_size for path in paths) / 1e6
        cells = []
        for what in range(3):
            rates = []
            for state in states:
                parsing, storing = best[state].get(language, ([], []))
                parse, store = sum(parsing), sum(storing)
                seconds = (parse, store, parse + store)[what]
                rates.append(size / seconds if seconds else 0.0)
            cells.extend(f"{rate:>9.2f} MB/s" for rate in rates)
            if len(rates) > 1:
                cells.append(f"{rates[1] / rates[0]:>13.2f}x" if rates[0] else f"{'new':>14}")
        sys.stdout.write(f"{language:12}{len(paths):>7}{size:>8.2f}" + "".join(cells) + "\n")


if __name__ == "__main__":
    main()
