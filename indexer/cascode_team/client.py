"""Asks a team's index: the :class:`cascode_indexer.team.types.Team` of PostgreSQL."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from cascode_indexer.extract import LANGUAGES
from cascode_indexer.team.types import TeamDefinition, TeamQuestion, TeamUnavailableError
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
#: Lines and columns beyond are none of a file.
_MOST_LINE = 2**31 - 1
#: A cosine of two vectors in float16 is no farther from 0.
_MOST_SIMILARITY = 1.01
#: Of the time that is left, what the exact comparison may take: its answer has to come back, too.
_EXACT_SHARE = 0.9
#: A comparison that had less time would not end.
_LEAST_EXACT_SECONDS = 0.05
_KEY_BYTES = 16
_KINDS = frozenset(kind.value for kind in Kind)

#: The last says whether all of it is this role's: who loads calls what readers may not (cascode_team.functions).
_MODEL = (
    "SELECT m.id, m.dimension, pg_has_role(c.relowner, 'USAGE') FROM cascode.model(%s) m, pg_class c "
    "WHERE c.oid = 'cascode.definitions'::regclass"
)
_MAY_READ = "SELECT cascode.may_read()"
_HOLDS_ANYTHING = "SELECT EXISTS (SELECT FROM cascode.repositories)"
_VECTORS = "SELECT * FROM cascode.vectors_of(%s, %s, %s)"
_ALL_VECTORS = "SELECT * FROM cascode.vectors_in(NULL, %s, %s, %s)"
_NEAREST_VALUES = (
    "%(model)s, %(vector)s, %(languages)s, %(kinds)s, %(limit)s, %(vectors)s, %(compared)s, %(with_states)s"
)
_NEAREST = f"SELECT * FROM cascode.nearest({_NEAREST_VALUES})"  # noqa: S608  constants
_NEAREST_OF_ALL = f"SELECT * FROM cascode.nearest_in(NULL, {_NEAREST_VALUES})"  # noqa: S608  constants


@dataclass(frozen=True, slots=True)
class _Model:
    """A model of the team's index, as this role may ask for it."""

    number: int
    dimension: int
    #: Whether this role owns the index, and sees all of it.
    owned: bool


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
        #: Models that were asked for, by fingerprint.
        self._models: dict[str, _Model] = {}

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
            model = self._model(connection, fingerprint)
            statement = _ALL_VECTORS if model.owned else _VECTORS
            rows: dict[bytes, tuple[bytes, bytes]] = {}
            values = model.number, list(keys), with_states
            for row in _fetch(connection, statement, values, len(keys), binary=True):
                if not all(isinstance(value, bytes) for value in row):
                    raise ValueError("it gave something else than vectors")
                rows[row[0]] = row[1:]
            positions = [at for at, key in enumerate(keys) if key in rows]
            vectors = read_halves([rows[keys[at]][0] for at in positions], model.dimension)
            return positions, vectors, tuple(rows[keys[at]][1] for at in positions) if with_states else None

        return self._lookups.ask(work)

    def search(self, question: TeamQuestion) -> list[TeamDefinition]:
        """See :meth:`Team.search`."""
        until = time.monotonic() + self._seconds

        def work(connection: Connection) -> list[TeamDefinition]:
            remembered = self._models.get(question.fingerprint)
            found = [] if remembered is None else self._nearest(connection, question, remembered, until)
            if not found:
                # Of a model that was remembered, too: an index that was made again has another number for it.
                current = self._models[question.fingerprint] = self._model(connection, question.fingerprint)
                if current != remembered:
                    found = self._nearest(connection, question, current, until)
            if not found:
                self._explain_nothing(connection, self._models[question.fingerprint])
            return found

        return self._searches.ask(work)

    def close(self) -> None:
        """Close the connections."""
        self._searches.close()
        self._lookups.close()

    def _model(self, connection: Connection, fingerprint: str) -> _Model:
        """Return a model.

        Raises:
            TeamUnavailableError: The team's index has none of its vectors.
        """
        self._models.pop(fingerprint, None)
        row = connection.execute(_MODEL, (fingerprint,)).fetchone()
        if row is None:
            raise TeamUnavailableError(
                f"{self._label} holds nothing of the model {fingerprint}: use the model that it was loaded with, or "
                "have it loaded with this one"
            )
        return _Model(int(row[0]), int(row[1]), bool(row[2]))

    def _nearest(
        self, connection: Connection, question: TeamQuestion, model: _Model, until: float
    ) -> list[TeamDefinition]:
        """Ask for the nearest definitions, and where the index gives too few compare what may be seen one by one.

        Args:
            connection: To the database.
            question: What is asked.
            model: Its model.
            until: By when, on the monotonic clock, somebody waits for the answer.

        Raises:
            TeamUnavailableError: The model's vectors have another dimension there.
        """
        if len(question.vector) != model.dimension:
            raise TeamUnavailableError(
                f"{self._label} holds vectors of {model.dimension} numbers for the model {question.fingerprint}, which "
                f"has {len(question.vector)}: have it loaded with the same model"
            )
        found = _ask(connection, question, model)
        if len({definition.key for definition in found}) < question.limit:
            # The index gave up before it met enough that this user may see, or that the filters let through.
            found += _compare(connection, question, model, (until - time.monotonic()) * _EXACT_SHARE)
        return _ordered(found, question.limit)

    def _explain_nothing(self, connection: Connection, model: _Model) -> None:
        """Say why nothing was found where that is no matter of the question.

        Raises:
            TeamUnavailableError: This user may read no repository.
        """
        row = connection.execute((_HOLDS_ANYTHING if model.owned else _MAY_READ).encode()).fetchone()
        if row is None or not row[0]:
            raise TeamUnavailableError(
                f"{self._label} has no repository that you may read: whoever runs it grants some with "
                "'cascode team grant'"
            )


def _ask(connection: Connection, question: TeamQuestion, model: _Model, *, exact: bool = False) -> list[TeamDefinition]:
    """Ask the question; see :func:`_statement`."""
    statement, values = _statement(question, model, exact=exact)
    rows = _fetch(connection, statement, values, question.limit * _COPIES)
    return [found for row in rows if (found := _definition(row)) is not None]


def _compare(connection: Connection, question: TeamQuestion, model: _Model, seconds: float) -> list[TeamDefinition]:
    """Compare with all that may be seen, as far as the time allows: nothing where that is not enough."""
    from psycopg import errors

    if seconds < _LEAST_EXACT_SECONDS:
        return []
    connection.execute(f"BEGIN; SET LOCAL statement_timeout = {int(seconds * 1000)}".encode())
    try:
        return _ask(connection, question, model, exact=True)
    except errors.QueryCanceled:
        return []
    finally:
        if not connection.closed:
            connection.execute("ROLLBACK")  # it wrote nothing


def _fetch(connection: Connection, statement: str, values: Any, most: int, *, binary: bool = False) -> list[Any]:
    """Return the rows of a statement, which are taken one by one: a server is not believed to send no more than asked.

    Args:
        connection: To the database.
        statement: In SQL.
        values: Of its parameters.
        most: So many rows were asked for.
        binary: Whether values come in PostgreSQL's binary format.

    Raises:
        ValueError: There are more.
    """
    rows: list[Any] = []
    with connection.cursor(binary=binary) as cursor:
        streamed = cast("Generator[Any]", cursor.stream(statement.encode(), values))
        with contextlib.closing(streamed):
            for row in streamed:
                if len(rows) == most:
                    raise ValueError("it gave more rows than were asked for")
                rows.append(row)
    return rows


def _ordered(found: Sequence[TeamDefinition], limit: int) -> list[TeamDefinition]:
    """Return definitions once each, the nearest first, those of the ``limit`` nearest texts."""

    def place(definition: TeamDefinition) -> tuple[str, str, int, int, int, str]:
        lines = definition.start_line, definition.name_line, definition.name_column
        return definition.repository, definition.path, *lines, definition.qualified_name

    distinct = {(definition.key, place(definition)): definition for definition in found}
    ordered = sorted(distinct.values(), key=lambda definition: (-definition.similarity, place(definition)))
    texts = set(list(dict.fromkeys(definition.key for definition in ordered))[:limit])
    return [definition for definition in ordered if definition.key in texts]


def _statement(question: TeamQuestion, model: _Model, *, exact: bool) -> tuple[str, dict[str, Any]]:
    """Return the question in SQL, and its values.

    Args:
        question: The question.
        model: Its model.
        exact: Compare all that the user may see, up to a bound, without the index.
    """
    return _NEAREST_OF_ALL if model.owned else _NEAREST, {
        "model": model.number,
        "vector": write_half(question.vector),
        "languages": list(question.languages) or None,
        "kinds": list(question.kinds) or None,
        "limit": question.limit,
        "vectors": question.limit * _VECTORS_A_TEXT,
        "compared": _MOST_COMPARED if exact else None,
        "with_states": question.with_states,
    }


def _definition(row: Sequence[Any]) -> TeamDefinition | None:
    """A row as a definition; None where it is not what a definition can be: a server is not believed."""
    key, repository, origin, revision, path, language, name, qualified, kind, signature, doc, code = row[:12]
    start, end, line, column, similarity, states = row[12:]
    texts = repository, revision, path, language, name, qualified, kind, signature, doc, code
    places = start, end, line, column
    if not all(isinstance(text, str) for text in texts) or not all(type(number) is int for number in places):
        return None
    if not isinstance(key, bytes) or len(key) != _KEY_BYTES or not isinstance(states, bytes | None):
        return None
    # NaN is in no interval either.
    if not isinstance(similarity, float) or not -_MOST_SIMILARITY <= similarity <= _MOST_SIMILARITY:
        return None
    if language not in LANGUAGES or kind not in _KINDS or path.startswith("/") or ".." in path.split("/"):
        return None
    if not 1 <= start <= line <= end <= _MOST_LINE or not 0 <= column <= _MOST_LINE:
        return None
    return TeamDefinition(
        key=key,
        repository=repository[:_MOST_CHARACTERS],
        origin=origin[:_MOST_CHARACTERS] if isinstance(origin, str) else "",
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
        name_line=line,
        name_column=column,
        code=code[:_MOST_CODE],
        similarity=similarity,
        states=states or b"",
    )
