"""Damages real source files and counts which definitions outside the damage extraction still finds.

Usage: python scripts/coverage_mutants.py [--mutants N] [--seed S] [--details N] [--language L]... [FOLDER]...

Each mutant is a file of the packages of ``pinned_packages`` with one damage: bytes dropped, lines cut, a bracket added
or removed, a quote or comment opened, random bytes inserted. A definition is outside where none of its lines is
touched, and it is kept where the damaged file gives one of its name on its lines.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import time
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pinned_packages import fetched, sources

from cascode_indexer.extract import SPECS, ExtractionError, extract_definitions
from cascode_indexer.types import Definition, SkipReason
from cascode_indexer.walk import source_text
from cascode_lab.corpus.errors import ArchiveError, FetchError

#: Files with fewer definitions say little about what is kept.
_LEAST_DEFINITIONS = 3
#: The most bytes dropped or inserted, and lines cut, by one damage.
_MOST_BYTES = 40
_MOST_LINES = 10
#: What opens a string or a comment in one language or another.
_QUOTES = (b'"', b"'", b"`", b'"""', b"'''", b"/*")
#: Bytes that are inserted: a file with a NUL is binary, as for git, and left out whole by design.
_BYTES = range(1, 256)
_BRACKET = re.compile(rb"[()\[\]{}]")
_LINE_BREAK = re.compile(rb"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes ``start`` to ``end`` of a source, replaced."""

    start: int
    end: int
    replacement: bytes = b""


def _bytes_dropped(content: bytes, random_: random.Random) -> Damage:
    start = random_.randrange(len(content))
    return Damage(start, min(len(content), start + random_.randint(1, _MOST_BYTES)))


def _lines_cut(content: bytes, random_: random.Random) -> Damage:
    starts = _line_starts(content)
    first = random_.randrange(len(starts))
    last = first + random_.randint(1, _MOST_LINES)
    return Damage(starts[first], starts[last] if last < len(starts) else len(content))


def _bracket(content: bytes, random_: random.Random) -> Damage:
    start = random_.choice([match.start() for match in _BRACKET.finditer(content)] or [0])
    return Damage(start, start + 1) if random_.random() < 0.5 else Damage(start, start, content[start : start + 1])


def _quote_opened(content: bytes, random_: random.Random) -> Damage:
    start = random_.randrange(len(content))
    return Damage(start, start, random_.choice(_QUOTES))


def _bytes_inserted(content: bytes, random_: random.Random) -> Damage:
    start = random_.randrange(len(content))
    return Damage(start, start, bytes(random_.choices(_BYTES, k=random_.randint(1, _MOST_BYTES))))


DAMAGES: dict[str, Callable[[bytes, random.Random], Damage]] = {
    "dropped": _bytes_dropped,
    "cut": _lines_cut,
    "bracket": _bracket,
    "quote": _quote_opened,
    "inserted": _bytes_inserted,
}


@dataclass(slots=True)
class Count:
    """What was counted in one language, and the places behind it."""

    mutants: int = 0
    slowest: float = 0.0
    #: Definitions outside the damage and those kept, by kind of damage.
    outside: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)
    #: Of those kept, the ones that no damaged head contains, and those of them whose containers are the same.
    contained: int = 0
    whole_names: int = 0
    #: Definitions outside the damage that the undamaged file does not have.
    invented: int = 0
    places: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


def main() -> None:
    """Print the table, and with ``--details`` what is behind it; end with 1 where a mutant raised an exception."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--mutants", type=int, default=300, metavar="N", help="damaged files a language (300)")
    parser.add_argument("--seed", type=int, default=0, help="another one gives other damages (0)")
    parser.add_argument("--details", type=int, default=0, metavar="N", help="places shown of what went wrong")
    parser.add_argument("--language", action="append", default=[], help="only this language; may be repeated")
    arguments = parser.parse_args()
    try:
        folders = arguments.folders or list(fetched(set(arguments.language)))
    except (FetchError, ArchiveError) as error:
        sys.exit(f"coverage_mutants: {error}")
    paths: defaultdict[str, list[Path]] = defaultdict(list)
    for folder in folders:
        for language, found in sources(folder).items():
            paths[language].extend(found)
    counts = {}
    for language in SPECS:
        if paths[language] and (not arguments.language or language in arguments.language):
            counts[language] = _count(language, paths[language], arguments.mutants, arguments.seed)
    _print(counts, arguments.details)
    if any(count.places["exception"] for count in counts.values()):
        sys.exit(1)


def _count(language: str, paths: list[Path], mutants: int, seed: int) -> Count:
    """Damage files of one language."""
    count = Count()
    known: dict[Path, tuple[bytes, list[Definition]] | None] = {}
    random_ = random.Random(f"{seed}:{language}")
    kinds = list(DAMAGES)
    tries = 0
    while count.mutants < mutants and tries < 100 * mutants:
        tries += 1
        path = random_.choice(paths)
        if path not in known:
            known[path] = _undamaged(path, language)
        found = known[path]
        if found is None:
            continue
        content, definitions = found
        kind = kinds[count.mutants % len(kinds)]
        damage = DAMAGES[kind](content, random_)
        count.mutants += 1
        _compare(count, language, kind, path, content, definitions, damage)
    return count


def _undamaged(path: Path, language: str) -> tuple[bytes, list[Definition]] | None:
    """A file's content and definitions; None where there are too few."""
    content = path.read_bytes()
    text = source_text(content, language)
    if isinstance(text, SkipReason):
        return None
    definitions = list(extract_definitions(text, language, path=path.name).definitions)
    return (content, definitions) if len(definitions) >= _LEAST_DEFINITIONS else None


def _compare(
    count: Count, language: str, kind: str, path: Path, content: bytes, definitions: list[Definition], damage: Damage
) -> None:
    """Extract the definitions of one damaged file and compare them with those of the whole one."""
    damaged = content[: damage.start] + damage.replacement + content[damage.end :]
    starts = _line_starts(content)
    first = bisect_right(starts, damage.start)
    last = bisect_right(starts, max(damage.start, damage.end - 1))
    if damage.start > starts[first - 1] and content[damage.start : damage.end][-1:] in (b"\n", b"\r"):
        last += 1  # the next line has become part of the first one
    shift = len(_line_starts(damaged)) - len(starts)
    place = f"{path.name}:{first}-{last} {kind} {damage.replacement!r}"
    begun = time.thread_time()
    found: tuple[Definition, ...] = ()
    try:
        text = source_text(damaged, language)
        if isinstance(text, SkipReason):
            count.places["refused"].append(f"{place}: {text.value}")
        else:
            found = extract_definitions(text, language, path=path.name).definitions
    except ExtractionError as error:
        count.places["refused"].append(f"{place}: {error}")
    except Exception as error:  # whatever it is, it is counted
        count.places["exception"].append(f"{place}: {error!r}")
    count.slowest = max(count.slowest, time.thread_time() - begun)

    moved = [
        (item, shift if item.start_line > last else 0) for item in definitions if not first <= item.start_line <= last
    ]
    outside = [(item, by) for item, by in moved if item.start_line > last or item.end_line < first]
    names = Counter((item.name, item.start_line, item.end_line) for item in found)
    whole = Counter((item.qualified_name, item.start_line, item.end_line) for item in found)
    damaged_heads = [item for item in definitions if item.start_line <= last and item.name_line >= first]
    for item, by in outside:
        count.outside[kind] += 1
        lines = (item.start_line + by, item.end_line + by)
        if names[(item.name, *lines)]:
            names[(item.name, *lines)] -= 1
            count.kept[kind] += 1
            if any(head.start_line <= item.start_line <= head.end_line for head in damaged_heads):
                continue
            count.contained += 1
            if whole[(item.qualified_name, *lines)]:
                count.whole_names += 1
            else:
                others = [
                    other.qualified_name for other in found if (other.name, other.start_line) == (item.name, lines[0])
                ]
                count.places["renamed"].append(f"{place}: {item.qualified_name}:{item.start_line} {', '.join(others)}")
        else:
            count.places["lost"].append(f"{place}: {item.kind.value} {item.qualified_name}:{item.start_line}")
    all_names = {item.name for item in definitions}
    for (name, start, end), number in names.items():
        if number and name not in all_names and (end < first or start > last + shift):
            count.invented += number
            count.places["invented"].append(f"{place}: {name}:{start}")


def _line_starts(content: bytes) -> list[int]:
    """First bytes of the lines."""
    return [0, *(match.end() for match in _LINE_BREAK.finditer(content))]


def _share(part: int, whole: int) -> str:
    return f"{100 * part / max(1, whole):.2f} %"


def _print(counts: dict[str, Count], details: int) -> None:
    """Write the table and the places."""
    columns = ("mutants", "exceptions", "refused", "slowest", "outside", "kept", "whole name", "invented", *DAMAGES)
    rows: list[Iterable[str]] = [columns]
    for count in counts.values():
        kept, outside = count.kept.total(), count.outside.total()
        rows.append(
            (
                str(count.mutants),
                str(len(count.places["exception"])),
                str(len(count.places["refused"])),
                f"{count.slowest:.2f} s",
                str(outside),
                _share(kept, outside),
                _share(count.whole_names, count.contained),
                str(count.invented),
                *(_share(count.kept[kind], count.outside[kind]) for kind in DAMAGES),
            )
        )
    for name, row in zip(("language", *counts), rows, strict=True):
        sys.stdout.write(f"{name:12}" + "".join(f"{cell:>11}" for cell in row) + "\n")
    for language, count in counts.items():
        for column in ("exception", "refused", "lost", "renamed", "invented"):
            places = count.places[column]
            step = max(1, len(places) // details) if details else 1
            for place in places[::step][:details]:
                sys.stdout.write(f"{language}: {column}: {place}\n")


if __name__ == "__main__":
    main()
