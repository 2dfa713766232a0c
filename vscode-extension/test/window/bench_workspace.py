"""Make the benchmark's workspace of 20,000 functions for the window bench, indexed; prints its queries as JSON.

    python bench_workspace.py TARGET FUNCTIONS QUERIES

The index goes where ``CASCODE_INDEX_DIR`` says.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "benchmarks"))

from made_workspace import docstring_queries, make_workspace

#: A palette is asked in a line: longer first sentences of docstrings are nobody's query.
LONGEST_QUERY = 80


def main() -> None:
    """Write the workspace, index it through the command line, print the queries."""
    target, functions, wanted = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    make_workspace(target, functions=functions, files=0)
    subprocess.run([str(Path(sys.executable).with_name("cascode")), "index", str(target)], check=True)  # noqa: S603
    queries = [query for query in docstring_queries(target, wanted * 3) if len(query) <= LONGEST_QUERY]
    print(json.dumps(queries[:wanted]))  # noqa: T201


if __name__ == "__main__":
    main()
