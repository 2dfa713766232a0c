"""Row-level security: nobody sees of a repository what they may not read."""

from __future__ import annotations

import random
from typing import Any

import psycopg
import pytest

from cascode_indexer.team.types import TeamDefinition, TeamQuestion, TeamUnavailableError
from cascode_team.access import grant, repositories, revoke
from cascode_team.client import PostgresTeam
from cascode_team.errors import TeamSetupError
from fake_encoder import FakeEncoder
from postgres_server import Node
from team_loading import load, write_repository

pytestmark = pytest.mark.team

REPOSITORIES = 20
USERS = 10
QUESTIONS = 10_000

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
                    seen = set(
                        own.execute(
                            "SELECT r.name, d.path, d.qualified_name FROM cascode.definitions d "
                            "JOIN cascode.repositories r ON r.id = d.repository_id "
                            "WHERE d.path = %s OR d.qualified_name LIKE %s OR r.name = %s",
                            (f"{WORDS[number]}.py", f"{WORDS[number]}_%", f"repository{number}"),
                        ).fetchall()
                    )
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


def explained(connection: Any, statement: str, value: str) -> str:
    """Return how PostgreSQL has run a statement, its value left out."""
    # Of a plan by an index less is seen; whoever writes statements also chooses plans.
    connection.execute("SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off")
    explain = f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) {statement}"
    lines = psycopg.ClientCursor(connection).execute(explain.encode(), (value,)).fetchall()
    return "\n".join(line for (line,) in lines).replace(value, "?")


@pytest.mark.parametrize(
    ("statement", "there", "nowhere"),
    [
        ("SELECT FROM cascode.repositories WHERE name = %s", "repository3", "repository99"),
        ("SELECT FROM cascode.repositories WHERE starts_with(name, %s)", "repository1", "z"),
        ("SELECT FROM cascode.definitions WHERE starts_with(path, %s)", "anchor.p", "zebra.p"),
        ("SELECT FROM cascode.definitions WHERE starts_with(code, %s)", "def anchor_al", "def zebra_al"),
        ("SELECT FROM cascode.vectors WHERE encode(key, 'hex') = %s", "KEY", "zz"),
        ("SELECT FROM cascode.vectors WHERE key = decode(%s, 'hex')", "KEY", "00" * 16),
    ],
)
def test_explain_answers_yes_or_no_about_what_may_not_be_read(
    node: Node, database: str, loaded: Any, statement: str, there: str, nowhere: str
) -> None:
    """Known and left, as docs/security.md says: no row comes, but EXPLAIN (ANALYZE) shows whether there was one.

    Comparisons that PostgreSQL calls leakproof may come before the policy; ``encode`` is none of them.
    """
    (key,) = loaded.execute("SELECT encode(key, 'hex') FROM cascode.definitions WHERE name = 'anchor_alpha'").fetchone()
    there = there.replace("KEY", key)
    with psycopg.connect(node.url("user0", database=database), autocommit=True) as own:
        for guess in (there, nowhere):
            assert own.execute(statement.encode(), (guess,)).fetchall() == []
        is_shown = explained(own, statement, there) != explained(own, statement, nowhere)
    assert is_shown == ("encode(" not in statement)


def test_a_filter_with_a_side_effect_runs_after_the_security(node: Node, database: str, loaded: Any) -> None:
    """A function that raises what it is given sees no row that its caller may not read."""
    with psycopg.connect(node.url("user0", database=database), autocommit=True) as own:
        loaded.execute("GRANT CREATE ON SCHEMA public TO user0")
        own.execute(
            "CREATE FUNCTION public.peek(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS "
            "$$ BEGIN RAISE EXCEPTION 'seen: %', $1; END $$"
        )
        assert own.execute("SELECT path FROM cascode.definitions WHERE public.peek(path)").fetchall() == []


def test_a_right_ends_when_it_is_revoked_and_with_its_role(
    node: Node, database: str, loaded: Any, make_role: Any
) -> None:
    """The next question no longer finds it; a role of the same name that is made later has no right."""
    make_role("guest")
    grant(loaded, "repository3", "guest")
    with psycopg.connect(node.url("guest", database=database), autocommit=True) as own:
        seen = "SELECT count(*) FROM cascode.definitions"
        assert own.execute(seen).fetchone() == (3,)
        revoke(loaded, "repository3", "guest")
        assert own.execute(seen).fetchone() == (0,)
    with pytest.raises(TeamSetupError, match="was not granted"):
        revoke(loaded, "repository3", "guest")
    grant(loaded, "repository3", "guest")
    loaded.execute("DROP OWNED BY guest; DROP ROLE guest")
    make_role("guest", "cascode_reader")
    with psycopg.connect(node.url("guest", database=database), autocommit=True) as own:
        assert own.execute(seen).fetchone() == (0,)
    assert [row.readers for row in repositories(loaded) if row.name == "repository3"] == [("readers3",)]


def test_what_does_not_exist_is_named(loaded: Any) -> None:
    """A wrong repository or role gives one line."""
    with pytest.raises(TeamSetupError, match="no repository 'nothing'"):
        grant(loaded, "nothing", "user1")
    with pytest.raises(TeamSetupError, match="no role 'nobody_here'"):
        grant(loaded, "repository1", "nobody_here")
