"""The tables of a team's index, brought up to date by numbered migrations, each in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cascode_team.errors import TeamSetupError
from cascode_team.functions import FUNCTIONS
from cascode_team.rights import READER, advice, owns_index

if TYPE_CHECKING:
    from psycopg import Connection

#: Held while migrations run, so that two loads do not both run them; any number nobody else uses.
_LOCK = 0x63617363
#: Shared by loads, whose vectors come before the definitions that need them; who removes vectors holds it alone.
LOADING = 0x63617364

_FIRST = f"""
CREATE TABLE cascode.models (
    id smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    fingerprint text NOT NULL UNIQUE,
    dimension integer NOT NULL CHECK (dimension > 0)
);
CREATE TABLE cascode.repositories (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    revision text,
    -- Of the model and the code that the revision was read with: another one reads it again.
    reader text,
    loaded timestamptz
);
CREATE TABLE cascode.readers (
    repository_id integer NOT NULL REFERENCES cascode.repositories ON DELETE CASCADE,
    role regrole NOT NULL,
    PRIMARY KEY (repository_id, role)
);
-- One row a text, whoever has it; the dimension is that of the model, which the index of each model names.
CREATE TABLE cascode.vectors (
    model_id smallint NOT NULL REFERENCES cascode.models,
    key bytea NOT NULL CHECK (octet_length(key) = 16),
    vector halfvec NOT NULL,
    -- Packed token states of the same text; NULL where the model keeps none.
    states bytea,
    PRIMARY KEY (model_id, key)
);
CREATE TABLE cascode.definitions (
    repository_id integer NOT NULL REFERENCES cascode.repositories ON DELETE CASCADE,
    revision text NOT NULL,
    path text NOT NULL,
    ordinal integer NOT NULL,
    language text NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    qualified_name text NOT NULL,
    signature text NOT NULL,
    doc text NOT NULL,
    start_line integer NOT NULL,
    end_line integer NOT NULL,
    name_line integer NOT NULL,
    name_column integer NOT NULL,
    key bytea NOT NULL,
    code text NOT NULL,
    PRIMARY KEY (repository_id, revision, path, ordinal)
);
CREATE INDEX definitions_by_key ON cascode.definitions (key, repository_id);

-- Who may read a repository is asked of PostgreSQL's own roles, groups included, for each question. A role that was
-- dropped is nobody's: pg_has_role of its number is false.
ALTER TABLE cascode.readers ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_grants ON cascode.readers FOR SELECT
    USING (coalesce(pg_has_role(role::oid, 'USAGE'), false));
ALTER TABLE cascode.repositories ENABLE ROW LEVEL SECURITY;
CREATE POLICY readable ON cascode.repositories FOR SELECT
    USING (id = ANY (ARRAY(SELECT repository_id FROM cascode.readers)));
ALTER TABLE cascode.definitions ENABLE ROW LEVEL SECURITY;
CREATE POLICY readable ON cascode.definitions FOR SELECT
    USING (repository_id = ANY (ARRAY(SELECT repository_id FROM cascode.readers)));
-- A vector is seen by whoever may read a definition with its text; else it would say that somebody has that text.
-- OFFSET 0 keeps the planner from reading all definitions into a hash table for the few rows of a search.
ALTER TABLE cascode.vectors ENABLE ROW LEVEL SECURITY;
CREATE POLICY readable ON cascode.vectors FOR SELECT
    USING (EXISTS (SELECT FROM cascode.definitions d WHERE d.key = vectors.key OFFSET 0));

GRANT USAGE ON SCHEMA cascode TO {READER};
GRANT SELECT ON cascode.models, cascode.repositories, cascode.readers, cascode.vectors, cascode.definitions TO {READER};
"""  # noqa: S608  the name is a constant

_SECOND = """
-- Host and path of the address that it was loaded from (cascode_indexer.team.origin); NULL for a folder without one.
ALTER TABLE cascode.repositories ADD COLUMN origin text;
-- Of what was loaded before, nobody knows from where: without a reader it takes the origin of its next load.
UPDATE cascode.repositories SET reader = NULL;
"""

_THIRD = """
-- A revision is its repository's: definitions that the next one does not change stay as they are.
ALTER TABLE cascode.definitions DROP CONSTRAINT definitions_pkey, DROP COLUMN revision;
ALTER TABLE cascode.definitions ADD PRIMARY KEY (repository_id, path, ordinal);
"""

_FOURTH = f"""
-- A long text has a vector for each further passage: which of its texts, and whose, a passage belongs to.
CREATE TABLE cascode.passages (
    repository_id integer NOT NULL REFERENCES cascode.repositories ON DELETE CASCADE,
    key bytea NOT NULL CHECK (octet_length(key) = 16),
    place smallint NOT NULL CHECK (place > 0),
    passage bytea NOT NULL CHECK (octet_length(passage) = 16),
    PRIMARY KEY (repository_id, key, place)
);
CREATE INDEX passages_by_key ON cascode.passages (key, repository_id);
CREATE INDEX passages_by_passage ON cascode.passages (passage, repository_id);
ALTER TABLE cascode.passages ENABLE ROW LEVEL SECURITY;
CREATE POLICY readable ON cascode.passages FOR SELECT
    USING (repository_id = ANY (ARRAY(SELECT repository_id FROM cascode.readers)));
ALTER POLICY readable ON cascode.vectors
    USING (EXISTS (SELECT FROM cascode.definitions d WHERE d.key = vectors.key OFFSET 0)
        OR EXISTS (SELECT FROM cascode.passages p WHERE p.passage = vectors.key OFFSET 0));
GRANT SELECT ON cascode.passages TO {READER};
"""  # noqa: S608  the name is a constant

#: In order; what was released is never changed, only followed by another one.
MIGRATIONS = (_FIRST, _SECOND, _THIRD, _FOURTH, FUNCTIONS)


def migrate(connection: Connection) -> None:
    """Bring the tables up to date, and change nothing where they are: a loader needs no right to make them then.

    Args:
        connection: Of a role that may load, in autocommit mode.

    Raises:
        TeamSetupError: Rights or pgvector are missing, or the tables are of a later version.
    """
    from psycopg import errors

    try:
        if _version(connection) < len(MIGRATIONS):
            _change(connection)
        may_load = owns_index(connection)
    except errors.FeatureNotSupported as error:
        raise TeamSetupError("the database has no pgvector: install the extension 'vector' on its server") from error
    except errors.InsufficientPrivilege:
        may_load = False
    if not may_load:
        name = connection.execute("SELECT current_user::text").fetchone() or ("",)
        raise TeamSetupError(
            f"the role {name[0]!r} may not set up and load this team's index: ask as the one that may, or "
            f"{advice(connection)}"
        )


def _version(connection: Connection) -> int:
    """Return the number of the last migration that was run; 0 where there are no tables.

    Raises:
        TeamSetupError: It is one of a later version.
    """
    (found,) = connection.execute("SELECT to_regclass('cascode.migrations')").fetchone() or (None,)
    if found is None:
        return 0
    (done,) = connection.execute("SELECT coalesce(max(number), 0) FROM cascode.migrations").fetchone() or (0,)
    if done > len(MIGRATIONS):
        raise TeamSetupError("the team's index was made by a later version of cascode: upgrade cascode")
    return int(done)


def _change(connection: Connection) -> None:
    """Run the migrations that are missing; PostgreSQL wants a right even for making what is there."""
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        for name, statement in (
            ("to_regnamespace('cascode')", "CREATE SCHEMA cascode"),
            ("(SELECT oid FROM pg_extension WHERE extname = 'vector')", "CREATE EXTENSION vector"),
            (f"to_regrole('{READER}')", f"CREATE ROLE {READER} NOLOGIN"),
            ("to_regclass('cascode.migrations')", "CREATE TABLE cascode.migrations (number integer PRIMARY KEY)"),
        ):
            cursor.execute(f"SELECT {name} IS NULL".encode())
            if cursor.fetchone() == (True,):
                cursor.execute(statement.encode())
        done = _version(connection)
        for number, statements in enumerate(MIGRATIONS[done:], start=done + 1):
            cursor.execute(statements.encode())
            cursor.execute("INSERT INTO cascode.migrations VALUES (%s)", (number,))


def model_id(connection: Connection, fingerprint: str, dimension: int) -> int:
    """Return the number of a model, which is entered, with an index of its vectors, where it is new.

    Args:
        connection: Of a role that may load.
        fingerprint: Names the model.
        dimension: Width of its vectors.
    """
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        cursor.execute("SELECT id FROM cascode.models WHERE fingerprint = %s", (fingerprint,))
        row = cursor.fetchone()
        if row is None:
            cursor.execute(
                "INSERT INTO cascode.models (fingerprint, dimension) VALUES (%s, %s) RETURNING id",
                (fingerprint, dimension),
            )
            row = cursor.fetchone()
            assert row is not None
            cursor.execute(create_index(int(row[0]), dimension).encode())
    return int(row[0])


def create_index(number: int, dimension: int) -> str:
    """Return the statement that makes the nearest-neighbour index of a model's vectors (HNSW; docs/scale.md).

    Vectors are of length 1, so the inner product orders them as the cosine does, without dividing.

    Args:
        number: Of the model.
        dimension: Width of its vectors.
    """
    return (
        f"CREATE INDEX IF NOT EXISTS vectors_of_{number} ON cascode.vectors "
        f"USING hnsw ((vector::halfvec({dimension})) halfvec_ip_ops) WITH (m = 16, ef_construction = 100) "
        f"WHERE model_id = {number}"
    )
