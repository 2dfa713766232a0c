"""The file that measuring a system of the literature writes."""

from __future__ import annotations

import datetime
import itertools
import json
import os
import platform
import re
import shlex
import sys
from pathlib import Path
from typing import TypedDict, cast

from cascode_lab.evaluation.results import Interval, revision, rounded
from cascode_models.cores import allowed_cores
from cascode_models.errors import ModelError

#: Raise it when an older file can no longer be read.
FORMAT = 1


class Score(TypedDict):
    """One number of a system that is no rank."""

    name: str
    metric: str
    #: What the mean is over.
    count: int
    mean: float
    #: 95 % interval.
    low: float
    high: float


class SetScores(TypedDict):
    """A system on one retrieval set."""

    name: str
    queries: int
    functions: int
    mrr: Interval
    #: Share of the queries whose answer is among the first N, by N.
    recall: dict[str, float]
    #: MRR by K, the candidates that the last stage reads; empty where it reads all.
    mrr_by_depth: dict[str, float]


class Cost(TypedDict):
    """What a system costs, in the form of CasCode's Table 4."""

    #: Weights of all its models; those that they share count once.
    parameters: int
    #: Functions in the pool that the times are of.
    functions: int
    seconds_a_query: float
    #: Time to encode the pool once.
    seconds_a_pool: float
    #: Memory of the process with the models loaded and the pool encoded.
    resident_bytes: int
    #: Bytes stored a function.
    bytes_a_function: int


class SystemResult(TypedDict):
    """A measurement of one system."""

    format: int
    #: Row of the table, and what distinguishes this one (``K = 10``, ``64 codes``).
    system: str
    variant: str
    model: str
    fingerprint: str
    #: How its weights were made: steps, pairs, minutes, in words.
    training: str
    commit: str
    date: str
    #: The same to the second, by which the latest is found; missing in the oldest files.
    time: str
    #: The command line that measured it.
    command: str
    machine: str
    sets: list[SetScores]
    cost: Cost | None
    scores: list[Score]
    #: Examples for people to read.
    samples: list[dict[str, str]]


def new_result(system: str, variant: str, *, model: str, fingerprint: str, training: str) -> SystemResult:
    """A result without measurements, of this commit, time, command and machine."""
    now = datetime.datetime.now(datetime.timezone.utc)
    return SystemResult(
        format=FORMAT,
        system=system,
        variant=variant,
        model=model,
        fingerprint=fingerprint,
        training=training,
        commit=revision(),
        date=now.date().isoformat(),
        time=now.isoformat(timespec="seconds"),
        command=shlex.join(["cascode", *(_shown(argument) for argument in sys.argv[1:])]),
        machine=machine(),
        sets=[],
        cost=None,
        scores=[],
        samples=[],
    )


def write_result(result: SystemResult, folder: Path) -> Path:
    """Write a result under the names of its system, variant and commit, numbered where that name is taken."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers = itertools.chain([""], (f"-{number}" for number in itertools.count(2)))
    stem = f"{_file_name(result)}-{result['commit']}"
    path = next(path for number in numbers if not (path := folder / f"{stem}{number}.json").exists())
    path.write_text(json.dumps(rounded(result), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def read_results(folder: Path) -> list[SystemResult]:
    """Read every result of a folder, the latest of each system, variant and model.

    Raises:
        ModelError: A file is none of :func:`write_result`.
    """
    found: dict[tuple[str, str, str], tuple[tuple[str, int], SystemResult]] = {}
    for path in sorted(folder.glob("*.json")):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["format"] != FORMAT:
                raise ModelError(f"{path} is of format {content['format']}, this version reads {FORMAT}: measure again")
            key = content["system"], content["variant"], content["model"]
            made = str(content.get("time") or content["date"]), _number(path, content)
            if key not in found or found[key][0] <= made:
                found[key] = made, cast("SystemResult", content)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(f"{path} is no result of a system ({error!r}): move it elsewhere") from error
    return [result for _, result in found.values()]


def _number(path: Path, result: SystemResult) -> int:
    """The number of a file among those of its commit, as :func:`write_result` counts them; 1 for the first."""
    match = re.fullmatch(r"-(\d+)", path.stem.removeprefix(f"{_file_name(result)}-{result['commit']}"))
    return int(match[1]) if match else 1


def machine() -> str:
    """Cores that were used and the processor, in words."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        lines = info.read_text(encoding="utf-8", errors="replace").splitlines()
        name = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), name)
    cores = allowed_cores()
    return f"{cores} core{'' if cores == 1 else 's'}, {name}"


def _shown(argument: str) -> str:
    """An argument without the folders above it: they are of the machine that measured."""
    return Path(argument).name if os.sep in argument and not argument.startswith("-") else argument


def _file_name(result: SystemResult) -> str:
    """Words of a system and its variant, joined by hyphens."""
    return "-".join(re.findall(r"\w+", f"{result['system']} {result['variant']}"))
