"""Mutation testing: small faults put into the code one by one, and whether a test notices each.

.venv/bin/python scripts/mutate.py [TARGET]...     (make mutate MUTATE=objectives, MUTATE="rank --sample 50")

cosmic-ray makes the faults, in a copy of the tree. Each runs in a fork of a process that has imported all that no fault
changes, which is ten times as fast as a new one. A mutant that survives is explained in tests/mutation-survivors.md, or
this fails; so it does where a target kills fewer than KILLED of its mutants.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import importlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cosmic_ray.commands import init
from cosmic_ray.modules import find_modules
from cosmic_ray.mutating import use_mutation
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_db import use_db
from cosmic_ray.work_item import MutationSpec

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "build" / "mutate"
SURVIVORS = ROOT / "tests" / "mutation-survivors.md"
#: Share of the mutants that the tests of a target must kill.
KILLED = 0.85
#: Seconds until a mutant that never ends counts as killed: ten times what the slowest tests take on a busy machine.
TIMEOUT = 180.0
#: What our own modules are called; those that load no mutated one are imported once for all mutants.
OURS = ("cascode_server", "cascode_lab", "cascode_indexer", "cascode_models", "cascode.")
#: What the tests of a target need of the tree.
COPIED = ("server", "lab", "indexer", "models", "library", "tests", "pyproject.toml")
#: Binary operators are replaced by their opposite alone: a tensor divided by bits is noticed by any test at all, and
#: ten such mutants an operator would make the share look better than it is.
OPPOSITES = {"Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "FloorDiv_Mul", "Mod_Mul", "BitAnd_BitOr", "BitOr_BitAnd"}
_BINARY = "core/ReplaceBinaryOperator_"


@dataclass(frozen=True, slots=True)
class Target:
    """Code that is mutated, and the tests that must notice: few and fast, since they run for every mutant."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]


TARGETS = {
    "objectives": Target(("lab/cascode_lab/training/objectives",), ("tests/lab/training/test_objectives.py",)),
    "rank": Target(("indexer/cascode_indexer/rank",), ("tests/indexer/rank",)),
    "search": Target(("indexer/cascode_indexer/search",), ("tests/indexer/search", "tests/indexer/rank")),
}


def main() -> int:
    """Mutate the targets named, or all; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; all by default")
    parser.add_argument("--sample", type=int, metavar="N", help="N mutants of each target, the same every time")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    names = arguments.targets or list(TARGETS)
    unknown = [name for name in names if name not in TARGETS]
    if unknown:
        parser.error(f"there is no target {unknown[0]!r}: name one of {', '.join(TARGETS)}")
    if arguments.here:
        return mutate(names[0], TARGETS[names[0]], arguments.sample)
    return max(in_copy(name, arguments.sample) for name in names)


def in_copy(name: str, sample: int | None) -> int:
    """Run this script on one target in a copy of the tree, whose packages come first on the path."""
    tree = WORK / name
    shutil.rmtree(tree, ignore_errors=True)
    for part in COPIED:
        source = ROOT / part
        if source.is_dir():
            caches = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, tree / part, copy_function=copy_or_link, ignore=caches)
        elif source.exists():
            shutil.copy(source, tree / part)
    packages = [str(tree / part) for part in COPIED if (tree / part).is_dir()]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(packages), "PYTHONDONTWRITEBYTECODE": "1"}
    # On models as small as those of the tests one thread is faster than a team, and a fork has no team.
    environment |= {"OMP_NUM_THREADS": "1"}
    command = [
        sys.executable,
        str(Path(__file__).resolve()),
        "--here",
        name,
        *([f"--sample={sample}"] if sample else []),
    ]
    return subprocess.run(command, cwd=tree, env=environment, check=False).returncode


def copy_or_link(source: str, target: str) -> None:
    """Copy a source file, which is edited; link any other, some of which are large."""
    if source.endswith(".py"):
        shutil.copy(source, target)
    else:
        Path(target).symlink_to(source)


def mutate(name: str, target: Target, sample: int | None) -> int:
    """Run the tests on every mutant of a target, or on some; return 1 where they notice too few."""
    used = Path("modules.txt")
    if not passes(target.tests, used):
        print(f"{name}: the tests fail without any fault")
        return 1
    quickest = by_time(target.tests)
    mutated = {module_name(path) for path in find_modules([Path(module) for module in target.modules])}
    for module in used.read_text(encoding="utf-8").split():
        if not module.startswith(OURS) or not loads(module, mutated):
            # A submodule may import in its package's order alone.
            with suppress(Exception):
                importlib.import_module(module)
    faults = list(mutations(target))
    if sample:
        faults = random.Random(0).sample(faults, min(sample, len(faults)))
    explained = SURVIVORS.read_text(encoding="utf-8") if SURVIVORS.exists() else ""
    tried, survivors, unexplained = 0, 0, False
    for number, fault in enumerate(faults, 1):
        operator = get_operator(fault.operator_name)(**fault.operator_args)
        with use_mutation(fault.module_path, operator, fault.occurrence) as (before, after):
            # One that writes the same again is none, and no test could notice it.
            if after in (None, before):
                continue
            tried += 1
            if passes(namesake_first(quickest, fault.module_path)):
                survivors += 1
                line = describe(fault.module_path, before, after)
                if line not in explained:
                    unexplained = True
                    print(f"survived, not explained in {SURVIVORS.name}: {line}", flush=True)
        print(f"\r{name}: {number} of {len(faults)}, {survivors} survived", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    share = 1 - survivors / max(1, tried)
    print(f"{name}: {tried - survivors} of {tried} mutants killed ({share:.0%})")
    return int(share < KILLED or unexplained)


def module_name(path: Path) -> str:
    """The name that a file of a package is imported by."""
    parts = path.with_suffix("").parts[1:]  # without the folder of the package
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def loads(module: str, mutated: set[str]) -> bool:
    """Whether a module of ours imports one that is mutated, so that each mutant has to import it again."""

    def imports_mutated() -> bool:
        importlib.import_module(module)
        return not mutated.isdisjoint(sys.modules)

    return in_fork(imports_mutated)


def by_time(tests: tuple[str, ...]) -> list[str]:
    """The files of tests, those that are done first before the others."""
    seconds = {}
    for path in (path for test in map(Path, tests) for path in (test.rglob("test_*.py") if test.is_dir() else [test])):
        start = time.monotonic()
        passes([str(path)])
        seconds[str(path)] = time.monotonic() - start
    return sorted(seconds, key=lambda path: seconds[path])


def namesake_first(tests: list[str], module: Path) -> list[str]:
    """The tests of a module before the others: most mutants are noticed by one of them, and the first ends a run."""
    return sorted(tests, key=lambda path: Path(path).stem != f"test_{module.stem}")


def passes(tests: Sequence[str], used: Path | None = None) -> bool:
    """Whether tests pass, in a fork; the modules that they imported are written to ``used``."""

    def passed() -> bool:
        status = pytest_status(tests)
        if used:
            used.write_text("\n".join(modules()), encoding="utf-8")
        return status == 0

    return in_fork(passed)


def in_fork(holds: Callable[[], bool]) -> bool:
    """Whether something holds, found out in a fork; what fails or never ends does not hold."""
    child = os.fork()
    if not child:
        # Nothing that it says is of interest, nor what it leaves behind.
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        status = 1
        with suppress(BaseException):
            status = int(not holds())
        os._exit(status)
    end = time.monotonic() + TIMEOUT
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status == 0
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def modules() -> Iterator[str]:
    """Modules imported here that are installed or of our packages."""
    for name, module in sorted(sys.modules.items()):
        file = getattr(module, "__file__", None) or ""
        if name != "__main__" and ("site-packages" in file or name.startswith(OURS)):
            yield name


def pytest_status(tests: Sequence[str]) -> int:
    """Run tests here, in the order in which they are named."""
    import pytest

    # What was imported before cannot be rewritten, and need not be.
    quiet = ["-W", "ignore::pytest.PytestAssertRewriteWarning", "-p", "no:cacheprovider"]
    return int(pytest.main(["-x", "-q", *quiet, *tests]))


def mutations(target: Target) -> Iterator[MutationSpec]:
    """The faults of a target, without those that can change nothing and those that say nothing."""
    modules = list(find_modules([Path(module) for module in target.modules]))
    with use_db("session.sqlite") as database:
        init(modules, database, {})
        items = list(database.work_items)
    spans = {path: list(inert_spans(path)) for path in modules}
    for item in items:
        fault = item.mutations[0]
        opposite = fault.operator_name.removeprefix(_BINARY)
        if fault.operator_name.startswith(_BINARY) and opposite not in OPPOSITES:
            continue
        if not any(start <= fault.start_pos < end for start, end in spans[fault.module_path]):
            yield fault


def inert_spans(path: Path) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Start and end of what computes nothing: annotations, their imports, interfaces, how a dataclass is stored."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        inert: list[ast.AST | None] = []
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base).startswith("Protocol") for base in node.bases):
            inert = [node]
        elif isinstance(node, ast.ClassDef):
            stored = [decorator for decorator in node.decorator_list if ast.unparse(decorator).startswith("dataclass(")]
            inert = [keyword for call in stored if isinstance(call, ast.Call) for keyword in call.keywords]
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "zip":
            # A claim that always holds.
            inert = [keyword for keyword in node.keywords if keyword.arg == "strict"]
        elif isinstance(node, ast.AnnAssign | ast.arg):
            inert = [node.annotation]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inert = [node.returns]
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            inert = [node]
        for part in inert:
            if part is not None:
                yield (part.lineno, part.col_offset), (part.end_lineno, part.end_col_offset)


def describe(module: Path, before: str, after: str) -> str:
    """A survivor as the file of survivors names it: module, line as it was, line as it became."""
    lines = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    was, became = (
        next((line[2:].strip() for line in lines if line.startswith(sign) and line[2:].strip()), "")
        for sign in ("- ", "+ ")
    )
    return f"`{Path(*module.parts[1:]).as_posix()}`: `{was}` -> `{became}`"


if __name__ == "__main__":
    sys.exit(main())
