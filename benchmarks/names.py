"""Prints how often a query that names a function or a file is answered by it: python benchmarks/names.py WORKSPACE.

Names that exactly one function of the workspace bears are asked for as they stand, in the other spelling
(``retryUpload`` for ``retry_upload``), with their container, inside a sentence, and by the path of their file.
``--tune`` tries other weights on the same candidates. The index is a temporary one.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from cascode_indexer.engine import Engine
from cascode_indexer.lexical.terms import split_identifiers
from cascode_indexer.query import Query
from cascode_indexer.rank.pipeline import rank
from cascode_indexer.rank.types import Table
from cascode_indexer.rank.weights import FAST
from cascode_indexer.search.sources import IndexSource
from cascode_indexer.search.types import SearchRequest
from cascode_indexer.types import StoredDefinition


def other_spelling(name: str) -> str:
    """Return ``retryUpload`` for ``retry_upload`` and the reverse."""
    parts = split_identifiers(name)
    return parts[0] + "".join(map(str.title, parts[1:])) if "_" in name else "_".join(parts)


#: How a function is asked for.
FORMS: dict[str, Callable[[StoredDefinition], str]] = {
    "name": lambda definition: definition.name,
    "name, other spelling": lambda definition: other_spelling(definition.name),
    "qualified name": lambda definition: definition.qualified_name,
    "name in a sentence": lambda definition: f"where is {definition.name} defined and what does it return",
    "path of its file": lambda definition: definition.path,
}


def main() -> None:
    """Index, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--tune", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("CASCODE_INDEX_DIR", folder)
        with Engine([arguments.workspace]) as engine:
            engine.update()
            measure(engine, arguments.queries, tune=arguments.tune)


def measure(engine: Engine, count: int, *, tune: bool) -> None:
    """Print the share of queries whose first hit is the function (or lies in the file) asked for."""
    (workspace,) = engine.workspaces
    functions = [
        stored
        for path in sorted(workspace.store.file_records())
        for stored in workspace.store.definitions_of_file(path)
    ]
    bearers = Counter("".join(split_identifiers(function.name)) for function in functions)
    # Of several words: the other spelling of a single word is the word itself.
    unique = [
        function
        for function in functions
        if bearers["".join(split_identifiers(function.name))] == 1 and len(split_identifiers(function.name)) > 1
    ]
    asked = random.Random(0).sample(unique, min(count, len(unique)))
    model = engine.model.get()
    source = IndexSource(workspace.root, workspace.store, workspace.vectors().reading)
    print(f"{len(functions)} functions, {len(asked)} of the {len(unique)} whose name nothing else bears are asked for")
    for form, query_of in FORMS.items():
        queries = [Query.of(query_of(target)) for target in asked]
        vectors = model.encode_queries([query.text for query in queries])
        gathered = [source.candidates(query, vector) for query, vector in zip(queries, vectors, strict=True)]
        kinds = Counter(query.kind.value for query in queries)

        def first(table: Table, form: str = form, queries: list = queries, gathered: list = gathered) -> float:
            right = 0
            for definition, query, row in zip(asked, queries, gathered, strict=True):
                best = next((found.definition for found in rank(query, row, table)), None)
                if best is not None:
                    right += best.path == definition.path if form == "path of its file" else best.id == definition.id
            return right / len(asked)

        print(
            f"{form}: first hit right {first(FAST):.3f} in the fast stage, {searched(engine, form, asked):.3f} as "
            f"searched (read as {dict(kinds)})"
        )
        if tune:
            kind = queries[0].kind
            for definition, lexical, name in itertools.product((0.1, 0.3, 1.0), (0.05, 0.1, 0.2), (0.05, 0.2)):
                weights = {**FAST[kind], "definition": definition, "words": lexical, "name": name}
                print(f"  definition {definition} lexical {lexical} name {name}: {first({**FAST, kind: weights}):.3f}")


def searched(engine: Engine, form: str, asked: Sequence[StoredDefinition]) -> float:
    """Return the share of functions that come first where a user asks for them, reranked where the model does."""
    right = 0
    for definition in asked:
        for hit in engine.search(SearchRequest(FORMS[form](definition), limit=1)).hits:
            own = (hit.path, hit.name) == (definition.path, definition.qualified_name)
            right += hit.path == definition.path if form == "path of its file" else own
    return right / len(asked)


if __name__ == "__main__":
    main()
