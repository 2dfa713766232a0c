"""What a role needs to load, in the statements of a superuser that give it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psycopg import Connection

#: The group whose members may ask; what each of them sees is a matter of ``cascode.readers``. All databases of a server
#: share it, so only the first one's loader has made it.
READER = "cascode_reader"

_MISSING = f"""
SELECT format('GRANT CREATE ON DATABASE %I TO %I', current_database(), current_user)
    WHERE to_regnamespace('cascode') IS NULL AND NOT has_database_privilege(current_database(), 'CREATE')
UNION ALL SELECT 'CREATE EXTENSION vector' WHERE NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'vector')
UNION ALL SELECT 'CREATE ROLE {READER}' WHERE to_regrole('{READER}') IS NULL
UNION ALL SELECT format('GRANT {READER} TO %I WITH ADMIN OPTION', current_user)
    WHERE NOT coalesce(pg_has_role(to_regrole('{READER}')::oid, 'MEMBER WITH ADMIN OPTION'), false)
UNION ALL SELECT format('ALTER SCHEMA cascode OWNER TO %I', current_user)
    FROM pg_namespace WHERE nspname = 'cascode' AND NOT pg_has_role(nspowner, 'USAGE')
UNION ALL (SELECT format('ALTER TABLE cascode.%I OWNER TO %I', relname, current_user)
    FROM pg_class WHERE relnamespace = to_regnamespace('cascode') AND relkind = 'r'
    AND NOT pg_has_role(relowner, 'USAGE') ORDER BY relname)
UNION ALL (SELECT format('ALTER FUNCTION %s OWNER TO %I', oid::regprocedure, current_user)
    FROM pg_proc WHERE pronamespace = to_regnamespace('cascode') AND NOT pg_has_role(proowner, 'USAGE') ORDER BY oid)
"""  # noqa: S608  the name is a constant


_OWNERS = """
SELECT relowner AS owner FROM pg_class WHERE relnamespace = to_regnamespace('cascode') AND relkind = 'r'
UNION SELECT proowner FROM pg_proc WHERE pronamespace = to_regnamespace('cascode')
"""


def owns_index(connection: Connection) -> bool:
    """Return whether a role owns what it loads into; without, row-level security would hide most of it.

    The functions are part of it: they see what their owner sees.
    """
    row = connection.execute(f"SELECT bool_and(pg_has_role(owner, 'USAGE')) FROM ({_OWNERS}) o".encode()).fetchone()  # noqa: S608
    return row == (True,)


def advice(connection: Connection) -> str:
    """Return what a superuser has to run so that the connected role may load and grant.

    Args:
        connection: In autocommit mode, outside of a transaction.
    """
    missing = [str(statement) for (statement,) in connection.execute(_MISSING.encode()).fetchall()]
    return f"let a superuser run in this database: {'; '.join(missing)}" if missing else "let a superuser do it"
