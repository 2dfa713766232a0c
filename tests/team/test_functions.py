"""The functions by which readers ask: as whom, with which plan, and what clients and indexes of before say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cascode_indexer.team.types import TeamQuestion, TeamUnavailableError
from cascode_team.access import grant, repositories
from cascode_team.client import PostgresTeam
from cascode_team.connection import connected
from cascode_team.errors import TeamSetupError
from cascode_team.halves import write_half
from cascode_team.schema import MIGRATIONS, migrate
from fake_encoder import FakeEncoder
from postgres_server import Node
from team_loading import load, write_repository

pytestmark = pytest.mark.team

ALPHA = "def charge_card(card):\n    return card\n"
BETA = "def water_roses(roses):\n    return roses\n"
LISTED = "SELECT name FROM cascode.loaded()"
#: What clients before the functions sent.
EARLIER = (
    "SELECT id, dimension FROM cascode.models WHERE fingerprint = 'fake-encoder-1'",
    "SELECT key, vector, ''::bytea FROM cascode.vectors WHERE model_id = 1 AND key = ANY('{}')",
    "SELECT name, (SELECT count(*) FROM cascode.definitions WHERE repository_id = r.id) FROM cascode.repositories r",
    "SELECT EXISTS (SELECT FROM cascode.repositories)",
    "SELECT FROM cascode.passages",
    "SELECT FROM cascode.readers",
)


@pytest.fixture
def index(admin: Any, make_role: Any, tmp_path: Path) -> Any:
    """Two repositories: one that Rosa may read, and one of a group that she is in without having its rights."""
    admin.execute("DROP SCHEMA IF EXISTS cascode CASCADE")
    load(admin, write_repository(tmp_path / "alpha", {"a.py": ALPHA}))
    load(admin, write_repository(tmp_path / "beta", {"b.py": BETA}))
    for role in ("rosa", "gardeners", "malte"):
        make_role(role)
    grant(admin, "alpha", "rosa")
    grant(admin, "beta", "gardeners")
    admin.execute("GRANT gardeners TO rosa WITH INHERIT FALSE")
    admin.execute("GRANT cascode_reader TO malte")
    return admin


def listed(connection: Any) -> list[str]:
    """Return what may be read."""
    return [str(name) for (name,) in connection.execute(LISTED).fetchall()]


def test_a_function_asks_as_the_role_that_a_session_has_taken(node: Node, database: str, index: Any) -> None:
    """SET ROLE widens and narrows what is seen, as it does for tables; it ends with RESET."""
    with psycopg.connect(node.url("rosa", database=database), autocommit=True) as own:
        assert listed(own) == ["alpha"]
        own.execute("SET ROLE gardeners")
        assert listed(own) == ["beta"]
        own.execute("RESET ROLE")
        assert listed(own) == ["alpha"]
    index.execute("SET ROLE gardeners")
    assert listed(index) == ["beta"]
    index.execute("RESET ROLE")


def test_what_a_superuser_runs_for_somebody_shows_them_nothing(node: Node, database: str, index: Any) -> None:
    """A materialized view and an index expression are computed as their owner, in whoever's session that happens."""
    index.execute("GRANT CREATE ON SCHEMA public TO malte")
    with psycopg.connect(node.url("malte", database=database), autocommit=True) as own:
        own.execute("CREATE MATERIALIZED VIEW public.mine AS SELECT name FROM cascode.loaded()")
        own.execute("CREATE TABLE public.seen (name text); CREATE TABLE public.bait (number integer)")
        own.execute(
            "CREATE FUNCTION public.keep() RETURNS void LANGUAGE sql AS "
            "'INSERT INTO public.seen SELECT name FROM cascode.loaded()'; "
            "CREATE FUNCTION public.look(integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS "
            "'BEGIN PERFORM public.keep(); RETURN $1; END'"
        )
        own.execute("CREATE INDEX ON public.bait ((public.look(number))); INSERT INTO public.bait VALUES (1)")
        index.execute("REFRESH MATERIALIZED VIEW public.mine; ANALYZE public.bait; REINDEX TABLE public.bait")
        assert own.execute("SELECT name FROM public.mine UNION ALL SELECT name FROM public.seen").fetchall() == []
        own.execute("DROP TABLE public.bait, public.seen; DROP MATERIALIZED VIEW public.mine; DROP FUNCTION look, keep")
    index.execute("REVOKE CREATE ON SCHEMA public FROM malte")


def test_nothing_of_one_s_own_is_run_inside_of_a_function(node: Node, database: str, index: Any) -> None:
    """Functions, operators and tables of the asking role's schemas do not take the place of PostgreSQL's."""
    index.execute(f"GRANT CREATE, TEMPORARY ON DATABASE {database} TO malte".encode())
    with psycopg.connect(node.url("malte", database=database), autocommit=True) as own:
        own.execute(
            "CREATE SCHEMA evil; SET search_path = evil, pg_temp, pg_catalog; "
            "CREATE FUNCTION evil.pg_has_role(oid, oid, text) RETURNS boolean LANGUAGE sql AS 'SELECT true'; "
            "CREATE FUNCTION evil.current_setting(text) RETURNS text LANGUAGE sql AS $$ SELECT 'rosa' $$; "
            "CREATE TEMPORARY VIEW pg_roles AS SELECT 'malte'::name AS rolname, 10::oid AS oid, false AS rolsuper"
        )
        assert listed(own) == []
        own.execute("DROP SCHEMA evil CASCADE")


def test_the_nearest_are_taken_from_the_index(node: Node, database: str, index: Any) -> None:
    """The plan within the function has the index of the model's vectors, and the session's settings of it hold."""
    encoder = FakeEncoder()
    (vector,) = encoder.encode_queries(["charge a card"])
    asks = "SELECT count(*) FROM cascode.nearest(1, %s, NULL, NULL, 5, 10, NULL, true)"
    with psycopg.connect(node.url("rosa", database=database)) as own:
        # Of so few vectors it would be sorted; the index must be one that the question can be answered from.
        own.execute("SET enable_seqscan = off; SET enable_sort = off; SET hnsw.iterative_scan = strict_order")
        assert own.execute(asks, (write_half(vector),)).fetchone() == (1,)
        scans = "SELECT pg_stat_get_xact_numscans('cascode.vectors_of_1'::regclass)"
        assert own.execute(scans).fetchone() == (1,)
        own.execute("SET hnsw.ef_search = 1; SET hnsw.iterative_scan = off")
        (far,) = encoder.encode_queries(["water roses"])
        assert own.execute(asks, (write_half(far),)).fetchone() == (0,)


def test_a_reader_of_very_many_repositories_gets_the_same_vectors(node: Node, database: str, index: Any) -> None:
    """They are looked for in all of them at once; what the reader was not granted is not among them."""
    index.execute("INSERT INTO cascode.repositories (name) SELECT 'empty' || i FROM generate_series(1, 300) i")
    names = "SELECT key FROM cascode.definitions d JOIN cascode.repositories r ON r.id = repository_id ORDER BY r.name"
    keys = [bytes(key) for (key,) in index.execute(names).fetchall()]
    team = PostgresTeam(node.url("rosa", database=database), seconds=20.0)
    for granted in ("alpha", "empty%"):
        index.execute(
            "INSERT INTO cascode.readers SELECT id, 'rosa'::regrole FROM cascode.repositories WHERE name LIKE %s "
            "ON CONFLICT DO NOTHING",
            (granted,),
        )
        assert team.vectors("fake-encoder-1", [*keys, b"0" * 16], with_states=False)[0] == [0]
    team.close()


@pytest.fixture
def earlier(admin: Any, make_role: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An index as it was before the functions, with a reader."""
    admin.execute("DROP SCHEMA IF EXISTS cascode CASCADE")
    with monkeypatch.context() as before:
        before.setattr("cascode_team.schema.MIGRATIONS", MIGRATIONS[:4])
        migrate(admin)
    make_role("rosa")
    admin.execute("INSERT INTO cascode.models (fingerprint, dimension) VALUES ('fake-encoder-1', 64)")
    admin.execute("INSERT INTO cascode.repositories (name, revision) VALUES ('alpha', 'abc')")
    grant(admin, "alpha", "rosa")
    yield admin
    admin.execute("DROP SCHEMA IF EXISTS cascode CASCADE")


def test_an_earlier_client_is_asked_to_upgrade(node: Node, database: str, earlier: Any) -> None:
    """Whatever table it asks, also where somebody has given it by hand: the answer is what to do."""
    with psycopg.connect(node.url("rosa", database=database), autocommit=True) as own:
        for statement in EARLIER:
            own.execute(statement.encode())
        migrate(earlier)
        for given in ("", "GRANT SELECT ON ALL TABLES IN SCHEMA cascode TO rosa"):
            earlier.execute(given.encode())
            for statement in EARLIER:
                with pytest.raises(psycopg.errors.InsufficientPrivilege, match=r"not by its tables: upgrade cascode"):
                    own.execute(statement.encode())
        assert own.execute("SELECT name, revision, definitions, readers FROM cascode.loaded()").fetchall() == [
            ("alpha", "abc", 0, ["rosa"])
        ]


def test_an_earlier_index_says_who_brings_it_up_to_date(node: Node, database: str, earlier: Any) -> None:
    """A search, a look-up and the list say the same line; after a load they are answered."""
    encoder = FakeEncoder()
    question = TeamQuestion(encoder.fingerprint, encoder.encode_queries(["charge"])[0], limit=1)
    said = (
        "or one of an earlier version of cascode: whoever runs it makes it, or brings it up to date, with 'cascode team"
    )
    team = PostgresTeam(node.url("rosa", database=database), seconds=20.0)
    for ask in (lambda: team.search(question), lambda: team.vectors(encoder.fingerprint, [b"k"], with_states=False)):
        with pytest.raises(TeamUnavailableError, match=said):
            ask()
    team.close()
    for role in ("rosa", None):
        with (
            pytest.raises(TeamSetupError, match=said),
            connected(node.url(role, database=database), writes=False) as own,
        ):
            repositories(own)
    migrate(earlier)
    team = PostgresTeam(node.url("rosa", database=database), seconds=20.0)
    assert team.search(question) == []
    team.close()


def test_functions_belong_to_who_owns_the_tables(node: Node, database: str, earlier: Any, make_role: Any) -> None:
    """Also where a superuser has brought another role's index up to date: they must not run as a superuser."""
    make_role("loader_of_before")
    for kind, names in (
        ("SCHEMA", ["cascode"]),
        (
            "TABLE",
            [
                f"cascode.{name}"
                for (name,) in earlier.execute(
                    "SELECT relname FROM pg_class WHERE relnamespace = 'cascode'::regnamespace AND relkind = 'r'"
                ).fetchall()
            ],
        ),
    ):
        for name in names:
            earlier.execute(f"ALTER {kind} {name} OWNER TO loader_of_before".encode())
    migrate(earlier)
    owners = "SELECT DISTINCT proowner::regrole::text FROM pg_proc WHERE pronamespace = 'cascode'::regnamespace"
    assert earlier.execute(owners).fetchall() == [("loader_of_before",)]
    with psycopg.connect(node.url("rosa", database=database), autocommit=True) as own:
        assert listed(own) == ["alpha"]
    with psycopg.connect(node.url("loader_of_before", database=database), autocommit=True) as own:
        migrate(own)
        earlier.execute("ALTER FUNCTION cascode.loaded() OWNER TO admin")
        with pytest.raises(TeamSetupError, match=r"ALTER FUNCTION cascode\.loaded\(\) OWNER TO loader_of_before"):
            migrate(own)


def test_readers_may_call_what_they_need_and_nothing_else(index: Any) -> None:
    """Of tables nothing, of functions those that look up who asks; nobody else may call any."""
    may = (
        "SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'cascode'::regnamespace "
        "AND has_function_privilege(%s, p.oid, 'EXECUTE') ORDER BY 1"
    )
    allowed = ["loaded", "may_read", "model", "nearest", "not_by_tables", "vectors_of"]
    assert [name for (name,) in index.execute(may, ("cascode_reader",)).fetchall()] == allowed
    assert index.execute(may, ("gardeners",)).fetchall() == index.execute(may, ("rosa",)).fetchall()
    assert index.execute(may, ("pg_monitor",)).fetchall() == []
    tables = (
        "SELECT relname FROM pg_class WHERE relnamespace = 'cascode'::regnamespace AND relkind IN ('r', 'S') AND ("
        "has_any_column_privilege('cascode_reader', oid, 'SELECT') OR has_table_privilege('cascode_reader', oid, "
        "'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER'))"
    )
    assert index.execute(tables).fetchall() == []
    pinned = (
        "SELECT proname FROM pg_proc WHERE pronamespace = 'cascode'::regnamespace AND NOT coalesce("
        "proconfig @> ARRAY['search_path=pg_catalog, pg_temp', 'client_min_messages=warning'], false)"
    )
    assert index.execute(pinned).fetchall() == []
