"""Asks a team's index: the :class:`cascode_indexer.team.types.Team` of PostgreSQL."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cascode_indexer.extract import LANGUAGES
from cascode_indexer.team.types import TeamDefinition, TeamQuestion
from cascode_indexer.types import Kind
from cascode_models.types import FloatArray
from cascode_team.address import Address
from cascode_team.halves import read_halves, write_half
from cascode_team.line import Line

if TYPE_CHECKING:
    from psycopg import Connection

#: Vectors are looked up while indexing, where encoding the same takes minutes.
_LOOKUP_SECONDS = 30.0
#: Rows of one text that come back: copies of a definition in other places.
_COPIES = 3
#: Vectors that are taken for each text that is wanted: long ones have several, 1.27 on average (docs/scale.md).
_VECTORS_A_TEXT = 2
#: Vectors compared one by one for who may see few: about a tenth of a second.
_MOST_COMPARED = 50_000
#: A declaration or a path is cut here; what a server sends is bounded.
_MOST_CHARACTERS = 4_000
_MOST_CODE = 200_000
_KINDS = frozenset(kind.value for kind in Kind)

_VECTORS = "SELECT key, vector, ''::bytea FROM cascode.vectors WHERE model_id = %s AND key = ANY(%s)"
_VECTORS_AND_STATES = (
    "SELECT key, vector, states FROM cascode.vectors WHERE model_id = %s AND key = ANY(%s) AND states IS NOT NULL"
)
_COLUMNS = (
    "d.key, r.name, r.revision, d.path, d.language, d.name, d.qualified_name, d.kind, d.signature, d.doc, "
    "d.start_line, d.end_line, d.name_line, d.name_column, d.code"
)


class PostgresTeam:
    """One team's index. Searches have a connection of their own: they do not wait for what indexing looks up.

    Args:
        url: Its address.
        seconds: How long a search waits for it.

    Raises:
        TeamSetupError: The address cannot be read.
    """

    def __init__(self, url: str, *, seconds: float) -> None:
        address = Address.parse(url)
        self._label = address.label
        self._seconds = seconds
        self._searches = Line(address, seconds, seconds)
        self._lookups = Line(address, _LOOKUP_SECONDS, seconds)

    @property
    def label(self) -> str:
        """What messages call it."""
        return self._label

    @property
    def seconds(self) -> float:
        """How long a search waits for it."""
        return self._seconds

    def vectors(
        self, fingerprint: str, keys: Sequence[bytes], *, with_states: bool
    ) -> tuple[list[int], FloatArray, tuple[bytes, ...] | None]:
        """See :meth:`Team.vectors`."""

        def work(connection: Connection) -> tuple[list[int], FloatArray, tuple[bytes, ...] | None]:
            number, dimension = _model(connection, fingerprint)
            if not number:
                return [], np.zeros((0, 0), dtype=np.float32), () if with_states else None
            with connection.cursor(binary=True) as cursor:
                cursor.execute(_VECTORS_AND_STATES if with_states else _VECTORS, (number, list(keys)))
                rows = {bytes(key): (bytes(vector), bytes(states)) for key, vector, states in cursor.fetchall()}
            positions = [at for at, key in enumerate(keys) if key in rows]
            vectors = read_halves([rows[keys[at]][0] for at in positions], dimension)
            return positions, vectors, tuple(rows[keys[at]][1] for at in positions) if with_states else None

        return self._lookups.ask(work)

    def search(self, question: TeamQuestion) -> list[TeamDefinition]:
        """See :meth:`Team.search`."""
        import psycopg

        def work(connection: Connection) -> list[TeamDefinition]:
            number, dimension = _model(connection, question.fingerprint)
            if not number or len(question.vector) != dimension:
                return []
            rows = _rows(connection, question, number, dimension)
            if len({bytes(row[0]) for row in rows}) < question.limit:
                # The index gave up before it met enough that this user may see, or that the filters let through.
                with contextlib.suppress(psycopg.errors.QueryCanceled):
                    rows = max(rows, _rows(connection, question, number, dimension, exact=True), key=len)
            return [found for row in rows if (found := _definition(row)) is not None]

        return self._searches.ask(work)

    def close(self) -> None:
        """Close the connections."""
        self._searches.close()
        self._lookups.close()


def _model(connection: Connection, fingerprint: str) -> tuple[int, int]:
    """Return number and dimension of a model; zeros where the team's index has none of its vectors."""
    row = connection.execute(
        "SELECT id, dimension FROM cascode.models WHERE fingerprint = %s", (fingerprint,)
    ).fetchone()
    return (0, 0) if row is None else (int(row[0]), int(row[1]))


def _rows(
    connection: Connection, question: TeamQuestion, number: int, dimension: int, *, exact: bool = False
) -> list[Any]:
    """Ask the question; see :func:`_statement`."""
    statement, values = _statement(question, number, dimension, exact=exact)
    return connection.execute(statement.encode(), values).fetchall()


def _statement(question: TeamQuestion, number: int, dimension: int, *, exact: bool) -> tuple[str, dict[str, Any]]:
    """Return the question in SQL, and its values.

    The nearest vectors come from the index one by one, and each is let through by the row-level security of who asks,
    and by the filters, before it counts: so that the limit is of what may be shown.

    Args:
        question: The question.
        number: Of its model.
        dimension: Of its model's vectors.
        exact: Compare all that the user may see, up to a bound, without the index.
    """
    values: dict[str, Any] = {
        "vector": write_half(question.vector),
        "limit": question.limit,
        "vectors": question.limit * _VECTORS_A_TEXT,
    }
    wanted = ""
    if question.languages:
        wanted += " AND d.language = ANY(%(languages)s)"
        values["languages"] = list(question.languages)
    if question.kinds:
        wanted += " AND d.kind = ANY(%(kinds)s)"
        values["kinds"] = list(question.kinds)
    definitions = "SELECT FROM cascode.definitions d WHERE d.key"
    # A further passage stands for the definitions with its text.
    whole = (
        f"EXISTS ({definitions} = p.key AND d.repository_id = p.repository_id{wanted} OFFSET 0)" if wanted else "true"
    )
    passages = f"SELECT FROM cascode.passages p WHERE p.passage = v.key AND {whole} OFFSET 0"
    admitted = f"AND (EXISTS ({definitions} = v.key{wanted} OFFSET 0) OR EXISTS ({passages}))" if wanted else ""
    distance = f"v.vector::halfvec({dimension}) <#> %(vector)s::halfvec({dimension})"
    near = f"FROM cascode.vectors v WHERE v.model_id = {number} {admitted} ORDER BY {distance}"
    if exact:
        keys = (
            f"(SELECT DISTINCT d.key FROM cascode.definitions d WHERE true{wanted} LIMIT {_MOST_COMPARED}) UNION "  # noqa: S608
            f"(SELECT DISTINCT p.passage FROM cascode.passages p WHERE {whole} LIMIT {_MOST_COMPARED})"
        )
        # The sum is no expression of the index.
        joined = f"cascode.vectors v ON v.model_id = {number} AND v.key = k.key"
        near = f"FROM ({keys}) k JOIN {joined} ORDER BY 0 + ({distance})"
    # Those of a text's passages lie behind those of its beginning, as in a workspace's index.
    parts = (
        "SELECT 0 AS place, texts.key AS part UNION "
        "SELECT p.place, p.passage FROM cascode.passages p WHERE p.key = texts.key"
    )
    states = (
        f"(SELECT string_agg(v.states, ''::bytea ORDER BY parts.place) FROM ({parts}) parts "  # noqa: S608
        f"JOIN cascode.vectors v ON v.model_id = {number} AND v.key = parts.part)"
        if question.with_states
        else "NULL::bytea"
    )
    statement = f"""
        WITH near AS (SELECT v.key, -({distance}) AS similarity {near} LIMIT %(vectors)s),
        texts AS (
            SELECT t.key, max(t.similarity) AS similarity
            FROM (SELECT near.key, near.similarity FROM near UNION ALL
                  SELECT p.key, near.similarity FROM near CROSS JOIN LATERAL
                      (SELECT p.key FROM cascode.passages p WHERE p.passage = near.key OFFSET 0) p) t
            WHERE EXISTS ({definitions} = t.key{wanted} OFFSET 0)
            GROUP BY t.key ORDER BY similarity DESC, t.key LIMIT %(limit)s)
        SELECT {_COLUMNS}, texts.similarity, {states}
        FROM texts
        CROSS JOIN LATERAL (SELECT * FROM cascode.definitions d WHERE d.key = texts.key{wanted}
                            ORDER BY d.repository_id, d.path, d.ordinal LIMIT {_COPIES}) d
        JOIN cascode.repositories r ON r.id = d.repository_id
        ORDER BY texts.similarity DESC, r.name, d.path, d.ordinal
    """  # noqa: S608  numbers of ours and names of columns; all else are parameters
    return statement, values


def _definition(row: Sequence[Any]) -> TeamDefinition | None:
    """A row as a definition; None where it is not what a definition can be: a server is not believed."""
    key, repository, revision, path, language, name, qualified, kind, signature, doc, *lines, code = row[:-2]
    start, end, name_line, column = lines
    similarity, states = row[-2:]
    if language not in LANGUAGES or kind not in _KINDS or not 1 <= start <= name_line <= end or column < 0:
        return None
    if path.startswith("/") or ".." in path.split("/") or len(bytes(key)) != 16:
        return None
    return TeamDefinition(
        key=bytes(key),
        repository=repository[:_MOST_CHARACTERS],
        revision=revision[:_MOST_CHARACTERS],
        path=path[:_MOST_CHARACTERS],
        language=language,
        name=name[:_MOST_CHARACTERS],
        qualified_name=qualified[:_MOST_CHARACTERS],
        kind=kind,
        signature=signature[:_MOST_CHARACTERS],
        doc=doc[:_MOST_CHARACTERS],
        start_line=start,
        end_line=end,
        name_line=name_line,
        name_column=column,
        code=code[:_MOST_CODE],
        similarity=float(similarity),
        states=bytes(states or b""),
    )
