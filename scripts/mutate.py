"""Mutation testing: small faults put into the code one by one, and whether a test notices each.

.venv/bin/python scripts/mutate.py [TARGET]...     (make mutate MUTATE=objectives)

cosmic-ray makes the faults, in a copy of the tree. A mutant that survives is explained in tests/mutation-survivors.md,
or this fails; so it does where a target kills fewer than KILLED of its mutants.
"""

from __future__ import annotations

import argparse
import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import MutationSpec, TestOutcome, WorkerOutcome, WorkResult

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "build" / "mutate"
SURVIVORS = ROOT / "tests" / "mutation-survivors.md"
#: Share of the mutants that the tests of a target must kill.
KILLED = 0.85
#: Seconds until a mutant that never ends counts as killed: the slowest target takes a tenth of it on a quiet machine.
TIMEOUT = 120.0
#: Binary operators are replaced by their opposite alone: a tensor divided by bits is noticed by any test at all, and
#: ten such mutants an operator would make the share look better than it is.
OPPOSITES = {"Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "FloorDiv_Mul", "Mod_Mul", "BitAnd_BitOr", "BitOr_BitAnd"}
_BINARY = "core/ReplaceBinaryOperator_"
#: What the tests of a target need of the tree.
COPIED = ("cascode", "server", "lab", "indexer", "models", "library", "tests", "pyproject.toml")


@dataclass(frozen=True, slots=True)
class Target:
    """Code that is mutated, and the tests that must notice: few and fast, since they run for every mutant."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]


TARGETS = {
    "objectives": Target(
        ("lab/cascode_lab/training/objectives",),
        ("tests/lab/training/test_objectives.py",),
    ),
    "rank": Target(("indexer/cascode_indexer/rank",), ("tests/indexer/rank",)),
    "search": Target(("indexer/cascode_indexer/search",), ("tests/indexer/search", "tests/indexer/rank")),
}


def main() -> int:
    """Mutate the targets named, or all; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; all by default")
    names = parser.parse_args().targets or list(TARGETS)
    unknown = [name for name in names if name not in TARGETS]
    if unknown:
        parser.error(f"there is no target {unknown[0]!r}: name one of {', '.join(TARGETS)}")
    return max(mutate(name, TARGETS[name]) for name in names)


def mutate(name: str, target: Target) -> int:
    """Mutate one target and print what survived; return 1 where that is too much."""
    tree = WORK / name / "tree"
    copy_tree(tree)
    session, config = WORK / name / "session.sqlite", WORK / name / "config.toml"
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *target.tests]
    modules = ", ".join(f'"{module}"' for module in target.modules)
    config.write_text(
        f'[cosmic-ray]\nmodule-path = [{modules}]\ntimeout = {TIMEOUT}\nexcluded-modules = []\n'
        f'test-command = "{" ".join(command)}"\n[cosmic-ray.distributor]\nname = "local"\n'
    )  # fmt: skip
    packages = [str(tree / part) for part in COPIED if (tree / part).is_dir()]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(packages), "PYTHONDONTWRITEBYTECODE": "1"}
    # Two libraries with a team of threads each are slower than one thread, on models as small as those of the tests.
    environment |= {"OMP_NUM_THREADS": "1"}
    subprocess.run(command, cwd=tree, env=environment, check=True)
    run = [sys.executable, "-m", "cosmic_ray.cli"]
    subprocess.run([*run, "init", "--force", str(config), str(session)], cwd=tree, env=environment, check=True)
    with use_db(session) as database:
        skip_equivalent(database, tree)
    subprocess.run([*run, "exec", str(config), str(session)], cwd=tree, env=environment, check=True)
    with use_db(session) as database:
        return report(name, database)


def copy_tree(tree: Path) -> None:
    """Copy the sources, and link what is large: the copy is edited, the tree at hand never."""
    shutil.rmtree(tree.parent, ignore_errors=True)
    for part in COPIED:
        source = ROOT / part
        if source.is_dir():
            caches = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, tree / part, copy_function=copy_or_link, ignore=caches)
        elif source.exists():
            shutil.copy(source, tree / part)


def copy_or_link(source: str, target: str) -> None:
    """Copy a source file; link any other."""
    if source.endswith(".py"):
        shutil.copy(source, target)
    else:
        Path(target).symlink_to(source)


def skip_equivalent(database: WorkDB, tree: Path) -> None:
    """Leave out faults that can change nothing, in annotations and Protocols, and those that say nothing."""
    spans = {path: list(inert_spans(tree / path)) for path in {m.module_path for m in mutations(database)}}
    for item in list(database.pending_work_items):
        mutation = item.mutations[0]
        operator = mutation.operator_name
        inert = any(start <= mutation.start_pos < end for start, end in spans[mutation.module_path])
        if inert or (operator.startswith(_BINARY) and operator.removeprefix(_BINARY) not in OPPOSITES):
            database.set_result(item.job_id, WorkResult(worker_outcome=WorkerOutcome.SKIPPED))


def mutations(database: WorkDB) -> Iterator[MutationSpec]:
    """The faults of a session."""
    for item in database.work_items:
        yield from item.mutations


def inert_spans(path: Path) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Start and end of annotations and of the classes that only describe an interface."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        inert: list[ast.AST | None] = []
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base).startswith("Protocol") for base in node.bases):
            inert = [node]
        elif isinstance(node, ast.AnnAssign | ast.arg):
            inert = [node.annotation]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inert = [node.returns]
        for part in inert:
            if part is not None:
                yield (part.lineno, part.col_offset), (part.end_lineno, part.end_col_offset)


def report(name: str, database: WorkDB) -> int:
    """Print the share killed and the survivors that nobody explained; return 1 where something is wrong."""
    explained = SURVIVORS.read_text(encoding="utf-8") if SURVIVORS.exists() else ""
    tested = survived = 0
    unexplained = []
    for job, result in database.results:
        if result.worker_outcome == WorkerOutcome.SKIPPED:
            continue
        tested += 1
        if result.test_outcome != TestOutcome.SURVIVED:
            continue
        survived += 1
        mutation = next(item for item in database.work_items if item.job_id == job).mutations[0]
        line = described(mutation.module_path, result.diff or "")
        if line not in explained:
            unexplained.append(line)
    share = 1 - survived / max(1, tested)
    print(f"{name}: {tested - survived} of {tested} mutants killed ({share:.0%}), {len(unexplained)} not explained")
    for line in unexplained:
        print(f"  {line}")
    return int(share < KILLED or bool(unexplained))


def described(module: Path, diff: str) -> str:
    """A survivor as the file of survivors names it: module, line as it was, line as it became."""
    removed = re.search(r"^-(?!--)(.*)$", diff, re.MULTILINE)
    added = re.search(r"^\+(?!\+\+)(.*)$", diff, re.MULTILINE)
    before, after = (match[1].strip() if match else "" for match in (removed, added))
    return f"`{Path(*module.parts[1:]).as_posix()}`: `{before}` -> `{after}`"


if __name__ == "__main__":
    sys.exit(main())
