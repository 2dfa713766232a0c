"""Rights of readers: nobody sees or finds out of a repository what they may not read."""

from __future__ import annotations

import random
from typing import Any

import psycopg
import pytest

from cascode_indexer.team.types import TeamDefinition, TeamQuestion, TeamUnavailableError
from cascode_team.access import grant, repositories, revoke
from cascode_team.client import PostgresTeam
from cascode_team.errors import TeamSetupError
from cascode_team.halves import write_half
from fake_encoder import FakeEncoder
from postgres_server import Node
from team_loading import load, write_repository

pytestmark = pytest.mark.team

REPOSITORIES = 20
USERS = 10
QUESTIONS = 10_000

#: Compares all that may be seen, without the index, as whoever writes SQL may ask for it.
COMPARED = (
    "SELECT n.repository, n.path, n.qualified_name FROM cascode.model('fake-encoder-1') m, "
    "cascode.nearest(m.id, %s, NULL, NULL, 5, 10, 1000, false) n"
)
#: What everybody may read of every table and index: scans, rows that they gave, rows that were fetched.
COUNTERS = " UNION ALL ".join(
    f"SELECT c.relname || ' {counter}', pg_stat_get_xact_{counter}(c.oid) FROM pg_class c "
    "WHERE c.relnamespace = 'cascode'::regnamespace"
    for counter in ("numscans", "tuples_returned", "tuples_fetched")
)
#: A word that only one repository has.
WORDS = (
    "anchor", "barley", "candle", "dagger", "ember", "falcon", "garnet", "harbor", "island", "jasmine",
    "kettle", "lantern", "marble", "nectar", "orchid", "pebble", "quarry", "ribbon", "saddle", "timber",
)  # fmt: skip


def source(number: int) -> str:
    """A module that only one repository has, and one function that all of them have."""
    word = WORDS[number]
    return (
        f"def {word}_alpha(value):\n    return value + {number}\n\n\n"
        f"def {word}_beta(value):\n    return value * {number}\n\n\n"
        "def shared_helper(value):\n    return value\n"
    )


@pytest.fixture(scope="module")
def rights() -> dict[str, set[int]]:
    """Who may read what: drawn once, one user nothing, one all."""
    draw = random.Random(24)
    drawn = {f"user{user}": {number for number in range(REPOSITORIES) if draw.random() < 0.3} for user in range(USERS)}
    return drawn | {"user0": set(), "user1": set(range(REPOSITORIES))}


@pytest.fixture(scope="module")
def loaded(admin: Any, make_role: Any, tmp_path_factory: pytest.TempPathFactory, rights: dict[str, set[int]]) -> Any:
    """The repositories, loaded and granted; some through a group."""
    parent = tmp_path_factory.mktemp("repositories")
    folders = [
        write_repository(parent / f"repository{number}", {f"{WORDS[number]}.py": source(number)})
        for number in range(REPOSITORIES)
    ]
    load(admin, *folders)
    for user, numbers in rights.items():
        make_role(user, "cascode_reader")
        for number in numbers:
            if number % 2:
                make_role(f"readers{number}")
                make_role(user, f"readers{number}")
                grant(admin, f"repository{number}", f"readers{number}")
            else:
                grant(admin, f"repository{number}", user)
    return admin


def nothing(team: PostgresTeam, question: TeamQuestion) -> list[TeamDefinition]:
    """Ask as a user who may read nothing: they are informed of that, and of nothing else."""
    with pytest.raises(TeamUnavailableError, match="has no repository that you may read"):
        team.search(question)
    return []


@pytest.mark.timeout(1200)  # 20 s of processor time, shared with PostgreSQL
def test_10_000_questions_show_nothing_that_may_not_be_seen(
    node: Node, database: str, loaded: Any, rights: dict[str, set[int]]
) -> None:
    """Random (user, repository) pairs ask for what that repository alone holds: found where it may be read, else not.

    Half of them ask as a client does, half in SQL of their own, which a user with a password can write as well.
    """
    draw = random.Random(7)
    encoder = FakeEncoder()
    pairs = [(f"user{draw.randrange(USERS)}", draw.randrange(REPOSITORIES)) for _ in range(QUESTIONS)]
    leaks: list[object] = []
    missed: list[object] = []
    for user in sorted(rights):
        team = PostgresTeam(node.url(user, database=database), seconds=60.0)
        with psycopg.connect(node.url(user, database=database), autocommit=True) as own:
            for at, (who, number) in enumerate(pairs):
                if who != user:
                    continue
                if at % 2:
                    (vector,) = encoder.encode_queries([f"{WORDS[number]} alpha"])
                    question = TeamQuestion(encoder.fingerprint, vector, limit=5)
                    found = team.search(question) if rights[user] else nothing(team, question)
                    seen = {(row.repository, row.path, row.qualified_name) for row in found}
                else:
                    (vector,) = encoder.encode_queries([f"{WORDS[number]} alpha"])
                    seen = set(own.execute(COMPARED, (write_half(vector),)).fetchall())
                allowed = {f"repository{readable}" for readable in rights[user]}
                leaks += [(user, number, row) for row in seen if row[0] not in allowed]
                names = {row[2] for row in seen}
                if number in rights[user] and f"{WORDS[number]}_alpha" not in names:
                    missed.append((user, number, names))
        team.close()
    assert leaks == []
    assert missed == []


def test_a_vector_does_not_say_that_somebody_else_has_a_text(
    node: Node, database: str, loaded: Any, rights: dict[str, set[int]]
) -> None:
    """Who asks for the vector of a text of an unreadable repository gets none: it is as if nobody had it."""
    keys = {
        number: [bytes(key) for (key,) in loaded.execute(
            "SELECT key FROM cascode.definitions WHERE path = %s AND qualified_name <> 'shared_helper'",
            (f"{WORDS[number]}.py",),
        ).fetchall()]
        for number in range(REPOSITORIES)
    }  # fmt: skip
    encoder = FakeEncoder()
    for user, readable in rights.items():
        team = PostgresTeam(node.url(user, database=database), seconds=60.0)
        for number, wanted in keys.items():
            positions, *_ = team.vectors(encoder.fingerprint, wanted, with_states=False)
            assert positions == ([0, 1] if number in readable else []), (user, number)
        team.close()


@pytest.mark.parametrize(
    "attempt",
    [
        "SELECT count(*) FROM cascode.definitions",
        "SELECT count(*) FROM cascode.repositories",
        "SELECT count(*) FROM cascode.readers",
        "SELECT count(*) FROM cascode.vectors",
        "SELECT count(*) FROM cascode.passages",
        "SET row_security = off; SELECT count(*) FROM cascode.definitions",
        "COPY cascode.definitions TO STDOUT",
        "SELECT count(*) FROM pg_stats WHERE schemaname = 'cascode'",
        "SELECT count(*) FROM (SELECT v.key FROM cascode.vectors v ORDER BY v.vector::halfvec(64) <#> "
        "(SELECT ('[' || repeat('0,', 63) || '1]')::halfvec(64)) LIMIT 1000) near",
        "INSERT INTO cascode.readers SELECT 1, 'user0'::regrole",
        "UPDATE cascode.repositories SET name = 'x'",
        "CREATE POLICY all_of_it ON cascode.definitions USING (true)",
        "ALTER TABLE cascode.definitions DISABLE ROW LEVEL SECURITY",
        "SET ROLE user1",
        "SET SESSION AUTHORIZATION user1",
        "CREATE TABLE cascode.mine (x int)",
        "SELECT set_config('role', 'admin', false)",
        "EXPLAIN SELECT FROM cascode.definitions",
        "SELECT count(*) FROM cascode.loaded()",
        "SELECT count(*) FROM cascode.loaded_in(NULL)",
        "SELECT count(*) FROM cascode.loaded_in(ARRAY[1, 2, 3])",
        "SELECT count(*) FROM cascode.vectors_in(NULL, 1, ARRAY[''::bytea], false)",
        "SELECT count(*) FROM cascode.nearest_in(NULL, 1, NULL, NULL, NULL, 5, 10, 1000, false)",
        "SELECT count(*) FROM unnest(cascode.readable())",
        "SELECT last_value FROM cascode.repositories_id_seq",
        "ALTER FUNCTION cascode.loaded() SECURITY INVOKER",
        "CREATE FUNCTION cascode.mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "GRANT cascode_reader TO user1",
    ],
)
def test_sql_of_one_s_own_gets_nothing_more(node: Node, database: str, loaded: Any, attempt: str) -> None:
    """A user with no repository gets no row and no right, whatever statement they write; ``true`` filters included."""
    counted = 0
    with psycopg.connect(node.url("user0", database=database), autocommit=True) as own:
        try:
            for statement in attempt.split("; "):
                counted = count_rows(own, statement)
        except psycopg.errors.InsufficientPrivilege:
            return
    assert counted == 0, attempt


def count_rows(connection: Any, statement: str) -> int:
    """Run a statement; return what it counts, or how many rows it changes or copies."""
    with connection.cursor() as cursor:
        if statement.startswith("COPY"):
            with cursor.copy(statement.encode()) as copy:
                return len(list(copy))
        cursor.execute(statement.encode())
        if statement.startswith("SET row_security"):
            return 0
        return int(cursor.fetchone()[0]) if "count(*)" in statement else 1


GUESSES = [
    ("SELECT FROM cascode.repositories WHERE name = %s", "repository3", "repository99"),
    ("SELECT FROM cascode.repositories WHERE starts_with(name, %s)", "repository1", "z"),
    ("SELECT FROM cascode.definitions WHERE starts_with(path, %s)", "anchor.p", "zebra.p"),
    ("SELECT FROM cascode.definitions WHERE starts_with(code, %s)", "def anchor_al", "def zebra_al"),
    ("SELECT FROM cascode.vectors WHERE key = decode(%s, 'hex')", "KEY", "00" * 16),
    ("SELECT FROM cascode.models WHERE fingerprint = %s", "fake-encoder-1", "none"),
    ("SELECT FROM cascode.vectors_of(1, ARRAY[decode(%s, 'hex')], false)", "KEY", "00" * 16),
]


@pytest.mark.parametrize(("statement", "there", "nowhere"), GUESSES)
@pytest.mark.parametrize("given", [False, True])
def test_explain_says_nothing_of_what_may_not_be_read(
    node: Node, database: str, loaded: Any, statement: str, there: str, nowhere: str, given: bool
) -> None:
    """Neither how a guess was run nor what PostgreSQL counted differs between what is there and what is nowhere.

    Tables answer nothing at all, not even where somebody has given them to a reader.
    """
    there = there.replace("KEY", key_of(loaded, "anchor_alpha"))
    if given:
        loaded.execute("GRANT SELECT ON ALL TABLES IN SCHEMA cascode TO user0")
    try:
        with psycopg.connect(node.url("user0", database=database), autocommit=True) as own:
            # Of a plan by an index less is seen; whoever writes statements also chooses plans.
            own.execute("SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off")
            assert found_out(own, statement, there) == found_out(own, statement, nowhere)
    finally:
        loaded.execute("REVOKE SELECT ON ALL TABLES IN SCHEMA cascode FROM user0")


@pytest.mark.parametrize("user", ["user2", "user3", "user4"])
def test_a_hash_is_looked_for_among_what_may_be_read_alone(
    node: Node, database: str, loaded: Any, rights: dict[str, set[int]], user: str
) -> None:
    """Of a reader who may read something: no counter of tables or indexes says that somebody else has a text."""
    hidden = next(number for number in range(REPOSITORIES) if number not in rights[user])
    shown = min(rights[user])
    statement = "SELECT FROM cascode.vectors_of(1, ARRAY[decode(%s, 'hex')], false)"
    with psycopg.connect(node.url(user, database=database), autocommit=True) as own:
        for plans in ("SET enable_seqscan = off", "SET enable_seqscan = on; SET enable_indexscan = off"):
            own.execute(plans.encode())
            found_out(own, statement, "11" * 16)  # what is read once alone
            nothing_there = found_out(own, statement, "00" * 16)
            assert found_out(own, statement, key_of(loaded, f"{WORDS[hidden]}_alpha")) == nothing_there
            assert found_out(own, statement, key_of(loaded, f"{WORDS[shown]}_alpha")) != nothing_there


def test_how_much_lies_near_a_vector_can_be_counted(
    node: Node, database: str, loaded: Any, rights: dict[str, set[int]]
) -> None:
    """Known and left, as docs/security.md says: a search passes what is nearer and hidden, and that takes its time."""
    passed: dict[bool, int] = {}
    encoder = FakeEncoder()
    with psycopg.connect(node.url("user3", database=database)) as own:
        own.execute("SET enable_seqscan = off; SET enable_sort = off; SET hnsw.iterative_scan = strict_order")
        for number in (min(rights["user3"]), min(set(range(REPOSITORIES)) - rights["user3"])):
            (vector,) = encoder.encode_queries([f"{WORDS[number]} alpha"])
            counter = "SELECT pg_stat_get_xact_tuples_returned('cascode.vectors_of_1'::regclass)"
            (before,) = own.execute(counter).fetchone() or (0,)
            own.execute("SELECT FROM cascode.nearest(1, %s, NULL, NULL, 1, 1, NULL, false)", (write_half(vector),))
            (after,) = own.execute(counter).fetchone() or (0,)
            passed[number in rights["user3"]] = after - before
    assert passed[True] < passed[False]


def key_of(connection: Any, name: str) -> str:
    """The hash of a definition's text, in hexadecimal digits."""
    row = connection.execute("SELECT encode(key, 'hex') FROM cascode.definitions WHERE name = %s", (name,)).fetchone()
    return str(row[0])


def found_out(connection: Any, statement: str, value: str) -> list[str]:
    """Return all that a statement says: its refusal, or its plan, messages, and by how much counters have risen."""
    explain = f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) {statement}"
    said: list[str] = []

    def hear(notice: Any) -> None:
        said.append(str(notice.message_primary))

    cursor = psycopg.ClientCursor(connection)
    connection.add_notice_handler(hear)
    try:
        with connection.transaction():
            before = cursor.execute(COUNTERS.encode()).fetchall()
            cursor.execute("SET LOCAL client_min_messages = log; SET LOCAL debug_print_plan = on")
            lines = cursor.execute(explain.encode(), (value,)).fetchall()
            cursor.execute("SET LOCAL debug_print_plan = off")
            after = cursor.execute(COUNTERS.encode()).fetchall()
            said += [line for (line,) in lines]
            said += [f"{name}: {now - then}" for (name, then), (_, now) in zip(before, after, strict=True)]
    except psycopg.errors.InsufficientPrivilege as error:
        said.append(str(error))
    finally:
        connection.remove_notice_handler(hear)
    return [line.replace(value, "?") for line in said]


def test_a_right_ends_when_it_is_revoked_and_with_its_role(
    node: Node, database: str, loaded: Any, make_role: Any
) -> None:
    """The next question no longer finds it; a role of the same name that is made later has no right."""
    make_role("guest")
    grant(loaded, "repository3", "guest")
    with psycopg.connect(node.url("guest", database=database), autocommit=True) as own:
        seen = "SELECT name, definitions, readers FROM cascode.loaded()"
        assert own.execute(seen).fetchall() == [("repository3", 3, ["guest"])]
        revoke(loaded, "repository3", "guest")
        assert own.execute(seen).fetchall() == []
    with pytest.raises(TeamSetupError, match="was not granted"):
        revoke(loaded, "repository3", "guest")
    grant(loaded, "repository3", "guest")
    loaded.execute("DROP OWNED BY guest; DROP ROLE guest")
    make_role("guest", "cascode_reader")
    with psycopg.connect(node.url("guest", database=database), autocommit=True) as own:
        assert own.execute(seen).fetchall() == []
    assert [row.readers for row in repositories(loaded) if row.name == "repository3"] == [("readers3",)]


def test_what_does_not_exist_is_named(loaded: Any) -> None:
    """A wrong repository or role gives one line."""
    with pytest.raises(TeamSetupError, match="no repository 'nothing'"):
        grant(loaded, "nothing", "user1")
    with pytest.raises(TeamSetupError, match="no role 'nobody_here'"):
        grant(loaded, "repository1", "nobody_here")
