"""The load: one repository after another, each in one step from its old revision to its new one.

What is known by its content is not encoded again. Vectors are committed batch by batch, so a load that is killed loses
the batches in flight; the same call goes on. A repository's definitions change in one transaction at its end: whoever
searches meanwhile sees the old revision, then the new one, never a part of either.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple
from typing import TYPE_CHECKING, Any

from cascode_indexer.errors import WorkspaceError
from cascode_indexer.extract import EXTRACTION_VERSION
from cascode_models.text import TEXT_VERSION
from cascode_models.types import EncodedTexts
from cascode_team.errors import TeamSetupError
from cascode_team.halves import write_half
from cascode_team.loading.checkout import checked_out, is_cloned, origin_of
from cascode_team.loading.read import read_repository
from cascode_team.loading.types import (
    Batch,
    Extracted,
    LoadProgress,
    LoadReport,
    LoadStage,
    OnLoadProgress,
    Place,
    Workers,
)
from cascode_team.schema import LOADING, migrate, model_id

if TYPE_CHECKING:
    from psycopg import Connection, Cursor

#: Texts encoded between two commits: what a kill loses, and what a worker takes at a time.
_TEXTS_A_BATCH = 32
#: Addresses asked for at a time.
_KEYS_A_QUESTION = 10_000
#: All rows of a revision, of which most are there already: writing only the others spares the tables, their indexes and
#: the replicas a copy of the whole repository at each commit. Each with its table and what makes its rows distinct.
_TABLES = (
    (
        "definitions",
        "path, ordinal",
        "repository_id, path, ordinal, language, kind, name, qualified_name, signature, doc, start_line, end_line, "
        "name_line, name_column, key, code",
    ),
    ("passages", "key, place", "repository_id, key, place, passage"),
)


class Loader:
    """Loads repositories into a team's index.

    Args:
        connection: Of a role that may load, in autocommit mode.
        workers: Who encodes.
        sources: Whether code and documentation are stored, too.
        on_progress: Called with the progress of a repository.

    Raises:
        TeamSetupError: The database cannot be set up.
    """

    def __init__(self, connection: Connection, workers: Workers, *, sources: bool, on_progress: OnLoadProgress) -> None:
        self._connection = connection
        self._workers = workers
        self._sources = sources
        self._on_progress = on_progress
        migrate(connection)
        #: Its number in the database while a load runs.
        self._model = 0
        #: What another reading of the same revision would differ by.
        self._reader = f"{EXTRACTION_VERSION}.{TEXT_VERSION} {workers.fingerprint} {'source' if sources else 'names'}"

    def load(self, places: Sequence[Place]) -> Iterator[LoadReport]:
        """Load repositories.

        Args:
            places: The repositories.

        Yields:
            What was done for each; one that cannot be read or stored says why, and the others go on.

        Raises:
            psycopg.Error: The database is gone.
        """
        import psycopg

        with self._loading():
            for place in places:
                started = time.perf_counter()
                try:
                    report = self._load(place, started)
                except (TeamSetupError, WorkspaceError, OSError, psycopg.Error) as error:
                    if self._connection.closed:
                        raise
                    reason = " ".join(str(error).split())
                    reason = reason if reason.startswith(f"{place.name}: ") else f"{place.name}: {reason}"
                    report = LoadReport(place.name, "", seconds=time.perf_counter() - started, error=reason)
                yield report

    @contextlib.contextmanager
    def _loading(self) -> Iterator[None]:
        """Keep vectors whose definitions are still to come from being removed as nobody's."""
        self._connection.execute("SELECT pg_advisory_lock_shared(%s)", (LOADING,))
        try:
            self._model = model_id(self._connection, self._workers.fingerprint, self._workers.dimension)
            yield
        finally:
            if not self._connection.closed:
                self._connection.execute("SELECT pg_advisory_unlock_shared(%s)", (LOADING,))

    def _load(self, place: Place, started: float) -> LoadReport:
        """Load one repository."""
        origin = origin_of(place)
        row = self._connection.execute(
            "SELECT origin, reader FROM cascode.repositories WHERE name = %s", (place.name,)
        ).fetchone()
        if row is not None:
            _refuse_another(place.name, origin, *row)
        if is_cloned(place):
            self._on_progress(LoadProgress(place.name, stage=LoadStage.CLONING))
        with checked_out(place) as checkout:
            if checkout.revision and self._is_loaded(place.name, checkout.revision):
                return LoadReport(place.name, checkout.revision, unchanged=True)
            self._on_progress(LoadProgress(place.name, stage=LoadStage.READING))
            extracted, digest = read_repository(checkout.root, sources=self._sources)
        revision = checkout.revision or digest
        if self._is_loaded(place.name, revision):
            return LoadReport(place.name, revision, unchanged=True)
        encoded = self._encode(place.name, extracted)
        self._replace(place.name, origin, revision, extracted)
        return LoadReport(
            place.name,
            revision,
            extracted.files,
            len(extracted.rows),
            len(extracted.texts),
            encoded,
            time.perf_counter() - started,
            extracted.skipped,
        )

    def _is_loaded(self, name: str, revision: str) -> bool:
        """Whether a repository stands at a revision, read as it would be read now."""
        row = self._connection.execute(
            "SELECT 1 FROM cascode.repositories WHERE name = %s AND revision = %s AND reader = %s",
            (name, revision, self._reader),
        ).fetchone()
        return row is not None

    def _encode(self, name: str, extracted: Extracted) -> int:
        """Encode the texts that nobody has encoded, each once; return how many."""
        known = self._known(list(extracted.texts))
        # The shortest first, as in a local index; the address decides between equals, so that each run is the same.
        missing = sorted(extracted.texts.keys() - known, key=lambda key: (len(extracted.texts[key]), key))
        batches = [
            Batch(tuple(keys), tuple(extracted.texts[key] for key in keys))
            for start in range(0, len(missing), _TEXTS_A_BATCH)
            if (keys := missing[start : start + _TEXTS_A_BATCH])
        ]
        encoded = 0
        self._on_progress(LoadProgress(name, 0, len(missing)))
        for batch, made in self._workers.encode(batches):
            self._keep(batch, made)
            encoded += len(batch.keys)
            self._on_progress(LoadProgress(name, encoded, len(missing)))
        return encoded

    def _known(self, keys: Sequence[bytes]) -> set[bytes]:
        """Return those of some texts that have a vector, and states where the model keeps them."""
        known: set[bytes] = set()
        whole = " AND states IS NOT NULL" if self._workers.keeps_states else ""
        for start in range(0, len(keys), _KEYS_A_QUESTION):
            rows = self._connection.execute(
                f"SELECT key FROM cascode.vectors WHERE model_id = %s AND key = ANY(%s){whole}".encode(),  # noqa: S608
                (self._model, list(keys[start : start + _KEYS_A_QUESTION])),
            ).fetchall()
            known.update(bytes(key) for (key,) in rows)
        return known

    def _keep(self, batch: Batch, made: EncodedTexts) -> None:
        """Store vectors and states of a batch; what another load has stored meanwhile stays."""
        states = made.states or (None,) * len(batch.keys)
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO cascode.vectors VALUES (%s, %s, %s::halfvec, %s) ON CONFLICT (model_id, key) "
                "DO UPDATE SET states = excluded.states WHERE vectors.states IS NULL AND excluded.states IS NOT NULL",
                [
                    (self._model, key, write_half(vector), packed)
                    for key, vector, packed in zip(batch.keys, made.vectors, states, strict=True)
                ],
            )

    def _replace(self, name: str, origin: str | None, revision: str, extracted: Extracted) -> None:
        """Put a revision in the place of the one before."""
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO cascode.repositories (name) VALUES (%s) "
                "ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id, origin, reader",
                (name,),
            )
            row = cursor.fetchone()
            assert row is not None
            number, *known = row
            _refuse_another(name, origin, *known)  # another load may have entered it meanwhile
            rows: tuple[Iterable[tuple[Any, ...]], ...] = (map(astuple, extracted.rows), sorted(extracted.passages))
            for (table, place, columns), fresh in zip(_TABLES, rows, strict=True):
                _change_rows(cursor, number, table, place, columns, fresh)
            cursor.execute(
                "UPDATE cascode.repositories SET origin = %s, revision = %s, reader = %s, loaded = now() WHERE id = %s",
                (origin, revision, self._reader, number),
            )


def _change_rows(
    cursor: Cursor, repository: int, table: str, place: str, columns: str, rows: Iterable[tuple[Any, ...]]
) -> None:
    """Bring a repository's rows of a table up to date; those that stay the same are not written.

    Args:
        cursor: In a transaction.
        repository: Its number.
        table: One of the schema's.
        place: Columns that make a row distinct within a repository.
        columns: All of them in order.
        rows: Without the repository's number.
    """
    cursor.execute(f"CREATE TEMPORARY TABLE fresh_{table} (LIKE cascode.{table}) ON COMMIT DROP".encode())
    with cursor.copy(f"COPY pg_temp.fresh_{table} ({columns}) FROM STDIN".encode()) as copy:
        for row in rows:
            copy.write_row((repository, *row))
    known, fresh = (", ".join(f"{name}.{column}" for column in place.split(", ")) for name in ("k", "f"))
    cursor.execute(
        f"DELETE FROM cascode.{table} k WHERE k.repository_id = %s AND NOT EXISTS (SELECT FROM pg_temp.fresh_{table} f "  # noqa: S608
        f"WHERE ({fresh}) = ({known}) AND ROW(f.*) IS NOT DISTINCT FROM ROW(k.*))".encode(),
        (repository,),
    )
    cursor.execute(
        f"INSERT INTO cascode.{table} ({columns}) SELECT {columns} FROM pg_temp.fresh_{table} f WHERE NOT EXISTS "  # noqa: S608
        f"(SELECT FROM cascode.{table} k WHERE k.repository_id = f.repository_id AND ({known}) = ({fresh}))".encode()
    )


def _refuse_another(name: str, origin: str | None, known: str | None, reader: str | None) -> None:
    """Refuse a repository that has the name of another one: it would take that one's place, and its readers.

    Args:
        name: What the team's index calls it.
        origin: Where it comes from; None for a folder.
        known: Where that of this name came from.
        reader: What that was read with; None where it was loaded before origins were kept.

    Raises:
        TeamSetupError: They are not the same.
    """
    if reader is None or origin == known:
        return
    raise TeamSetupError(
        f"{name}: the team's index has this name for {known or 'a folder'}, and this is {origin or 'a folder'}: write "
        f"'NAME ADDRESS' with a name of its own, or remove the other one first (cascode team forget {name})"
    )
