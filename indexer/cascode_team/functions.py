"""What readers of a team's index may call: functions, since who may read a table can ask ``EXPLAIN`` about every row.

PostgreSQL evaluates comparisons that it calls leakproof before row-level security, and ``EXPLAIN (ANALYZE)`` counts the
rows that they let through. So readers have no right on the tables. Functions of the tables' owner answer what a client
asks, of the repositories that its role was granted; nothing that somebody writes is evaluated inside of them.

Each question is two functions. One takes the repositories that may be seen, NULL for all, and runs with the rights of
who calls it; the other, which readers may call, runs as the owner and looks them up.
"""

from __future__ import annotations

from cascode_team.rights import READER

#: Names are qualified besides, so that a schema or a temporary table of the asking role is never looked into. Messages
#: below warnings are not sent: ``debug_print_plan`` and auto_explain would show plans, estimates and counts of rows.
_PINNED = "SET search_path = pg_catalog, pg_temp SET client_min_messages = warning"
_INSIDE = f"STABLE {_PINNED}"
_FOR_READERS = f"STABLE SECURITY DEFINER {_PINNED}"

#: The role that asks: not ``current_user``, the owner here, but that of the session or of its SET ROLE. NULL of
#: who sees all: a superuser's session also runs what others have left in index expressions and materialized views, as
#: autovacuum does, and those must not see more than their owners. Who loads calls the inner functions instead.
_ASKER = f"""
CREATE FUNCTION cascode.asker() RETURNS oid LANGUAGE sql {_INSIDE} AS $function$
    SELECT a.oid FROM pg_roles a, pg_class c
    WHERE a.rolname = CASE current_setting('role') WHEN 'none' THEN session_user ELSE current_setting('role') END
        AND c.oid = 'cascode.definitions'::regclass AND NOT a.rolsuper AND NOT pg_has_role(a.oid, c.relowner, 'USAGE')
$function$;
CREATE FUNCTION cascode.granted(role oid) RETURNS boolean LANGUAGE sql {_INSIDE} AS $function$
    SELECT coalesce(pg_has_role(cascode.asker(), role, 'USAGE'), false)
$function$;
CREATE FUNCTION cascode.readable() RETURNS integer[] LANGUAGE sql {_INSIDE} AS $function$
    SELECT ARRAY(SELECT DISTINCT r.repository_id FROM cascode.readers r, (SELECT cascode.asker() AS role OFFSET 0) a
                 WHERE coalesce(pg_has_role(a.role, r.role::oid, 'USAGE'), false) ORDER BY 1)
$function$;
CREATE FUNCTION cascode.may_read() RETURNS boolean LANGUAGE sql {_FOR_READERS} AS $function$
    SELECT cascode.readable() <> '{{}}'
$function$;
CREATE FUNCTION cascode.model(fingerprint text) RETURNS TABLE (id integer, dimension integer)
LANGUAGE sql {_FOR_READERS} AS $function$
    SELECT m.id::integer, m.dimension FROM cascode.models m WHERE m.fingerprint = model.fingerprint
$function$;
"""  # noqa: S608  constants

#: PostgreSQL's counters of scans, rows and pages, which everybody reads, must not differ by what is hidden. So a vector
#: is not even looked for before a definition or passage with its text is known to be readable, and that is asked
#: repository by repository, at 2 microseconds each: a scan for several reads pages more where what is hidden ends one.
#: For readers of very many repositories that would take longer than encoding.
_VECTORS = f"""
CREATE FUNCTION cascode.vectors_in(readable integer[], model integer, keys bytea[], with_states boolean)
RETURNS TABLE (key bytea, vector halfvec, states bytea) LANGUAGE plpgsql {_INSIDE} AS $function$
BEGIN
    IF cardinality(readable) <= 200 THEN
        keys := ARRAY(SELECT k.key FROM unnest(keys) k (key) WHERE EXISTS (SELECT FROM unnest(readable) r (id) WHERE
            EXISTS (SELECT FROM cascode.definitions d WHERE d.key = k.key AND d.repository_id = r.id OFFSET 0)
            OR EXISTS (SELECT FROM cascode.passages p WHERE p.passage = k.key AND p.repository_id = r.id OFFSET 0)));
    ELSIF readable IS NOT NULL THEN
        keys := ARRAY(SELECT k.key FROM unnest(keys) k (key) WHERE
            EXISTS (SELECT FROM cascode.definitions d WHERE d.key = k.key AND d.repository_id = ANY(readable) OFFSET 0)
            OR EXISTS (SELECT FROM cascode.passages p
                       WHERE p.passage = k.key AND p.repository_id = ANY(readable) OFFSET 0));
    END IF;
    IF keys = '{{}}' THEN
        RETURN;
    END IF;
    RETURN QUERY SELECT v.key, v.vector, CASE WHEN with_states THEN v.states ELSE ''::bytea END
        FROM cascode.vectors v WHERE v.model_id = model AND v.key = ANY(keys)
        AND (v.states IS NOT NULL OR NOT with_states);
END $function$;
CREATE FUNCTION cascode.vectors_of(model integer, keys bytea[], with_states boolean)
RETURNS TABLE (key bytea, vector halfvec, states bytea) LANGUAGE sql {_FOR_READERS} AS $function$
    SELECT * FROM cascode.vectors_in(cascode.readable(), $1, $2, $3)
$function$;
"""  # noqa: S608  constants

_DEFINITION = """
    key bytea, repository text, origin text, revision text, path text, language text, name text, qualified_name text,
    kind text, signature text, doc text, code text, start_line integer, end_line integer, name_line integer,
    name_column integer, similarity double precision, states bytea
"""
#: What is seen and wanted of a table; a parameter that is NULL leaves no condition, since the plan knows the values.
_SEEN = "({0}.repository_id = ANY($1) OR $1 IS NULL)"
_WANTED = f"{_SEEN.format('d')} AND (d.language = ANY($4) OR $4 IS NULL) AND (d.kind = ANY($5) OR $5 IS NULL)"
#: A further passage stands for the definitions with its text.
_WHOLE = f"""
    {_SEEN.format("p")} AND ($4 IS NULL AND $5 IS NULL OR EXISTS (SELECT FROM cascode.definitions d
        WHERE d.key = p.key AND d.repository_id = p.repository_id AND {_WANTED} OFFSET 0))
"""
#: The nearest vectors come from the index one by one, and each is let through by the rights of who asks, and by the
#: filters, before it counts: so that the limit is of what may be shown. OFFSET 0 keeps the planner from reading all
#: definitions into a hash table for the few rows of a search.
_BY_INDEX = f"""
    FROM cascode.vectors v WHERE v.model_id = $2 AND ($1 IS NULL AND $4 IS NULL AND $5 IS NULL
        OR EXISTS (SELECT FROM cascode.definitions d WHERE d.key = v.key AND {_WANTED} OFFSET 0)
        OR EXISTS (SELECT FROM cascode.passages p WHERE p.passage = v.key AND {_WHOLE} OFFSET 0))
    ORDER BY %1$s
"""  # noqa: S608  constants
#: All that may be seen, up to a bound. The sum is no expression of the index.
_ONE_BY_ONE = f"""
    FROM ((SELECT DISTINCT d.key FROM cascode.definitions d WHERE {_WANTED} LIMIT $8)
          UNION (SELECT DISTINCT p.passage FROM cascode.passages p WHERE {_WHOLE} LIMIT $8)) k
    JOIN cascode.vectors v ON v.model_id = $2 AND v.key = k.key
    ORDER BY 0 + (%1$s)
"""  # noqa: S608  constants
#: States of a text's passages lie behind those of its beginning, as in a workspace's index.
_QUESTION = f"""
    WITH near AS (SELECT v.key, -(%1$s) AS similarity %2$s LIMIT $7),
    texts AS (
        SELECT t.key, max(t.similarity) AS similarity
        FROM (SELECT near.key, near.similarity FROM near UNION ALL
              SELECT p.key, near.similarity FROM near CROSS JOIN LATERAL (SELECT p.key FROM cascode.passages p
                  WHERE p.passage = near.key AND {_SEEN.format("p")} OFFSET 0) p) t
        WHERE EXISTS (SELECT FROM cascode.definitions d WHERE d.key = t.key AND {_WANTED} OFFSET 0)
        GROUP BY t.key ORDER BY similarity DESC, t.key LIMIT $6)
    SELECT d.key, left(r.name, 4000), left(r.origin, 4000), left(r.revision, 4000), left(d.path, 4000),
        left(d.language, 4000), left(d.name, 4000), left(d.qualified_name, 4000), left(d.kind, 4000),
        left(d.signature, 4000), left(d.doc, 4000), left(d.code, 200000),
        d.start_line, d.end_line, d.name_line, d.name_column, texts.similarity,
        CASE WHEN $9 THEN (
            SELECT string_agg(v.states, ''::bytea ORDER BY parts.place)
            FROM (SELECT 0 AS place, texts.key AS part UNION SELECT p.place, p.passage FROM cascode.passages p
                  WHERE p.key = texts.key AND {_SEEN.format("p")}) parts
            JOIN cascode.vectors v ON v.model_id = $2 AND v.key = parts.part) END
    FROM texts
    CROSS JOIN LATERAL (SELECT * FROM cascode.definitions d WHERE d.key = texts.key AND {_WANTED}
                        ORDER BY d.repository_id, d.path, d.ordinal LIMIT 3) d
    JOIN cascode.repositories r ON r.id = d.repository_id
    ORDER BY texts.similarity DESC, r.name, d.path, d.ordinal
"""  # noqa: S608  constants
_SIGNATURE = (
    "model integer, query halfvec, languages text[], kinds text[], texts integer, vectors integer, compared integer, "
    "with_states boolean"
)
#: ``texts`` is how many come back, three copies of each; ``vectors`` how many are taken for them; ``compared`` is NULL
#: in a search by the index. The dimension is written out because it is part of what the index is of, and pgvector's
#: schema because nothing but PostgreSQL's own is searched.
_NEAREST = f"""
CREATE FUNCTION cascode.nearest_in(readable integer[], {_SIGNATURE})
RETURNS TABLE ({_DEFINITION}) LANGUAGE plpgsql {_INSIDE} AS $function$
DECLARE
    distance text;
BEGIN
    IF readable = '{{}}' THEN
        RETURN;
    END IF;
    SELECT format('v.vector::%1$s.halfvec(%2$s) OPERATOR(%1$s.<#>) $3::%1$s.halfvec(%2$s)',
                  t.typnamespace::regnamespace, m.dimension) INTO distance
        FROM cascode.models m, pg_type t WHERE m.id = model AND t.oid = pg_typeof(query);
    IF distance IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY EXECUTE format($question${_QUESTION}$question$, distance, format(
            CASE WHEN compared IS NULL THEN $near${_BY_INDEX}$near$ ELSE $near${_ONE_BY_ONE}$near$ END, distance))
        USING readable, model, query, languages, kinds, texts, vectors, compared, with_states;
END $function$;
CREATE FUNCTION cascode.nearest({_SIGNATURE})
RETURNS TABLE ({_DEFINITION}) LANGUAGE sql {_FOR_READERS} AS $function$
    SELECT * FROM cascode.nearest_in(cascode.readable(), $1, $2, $3, $4, $5, $6, $7, $8)
$function$;
"""  # noqa: S608  constants

_LOADED = f"""
CREATE FUNCTION cascode.loaded_in(readable integer[])
RETURNS TABLE (name text, revision text, definitions bigint, readers text[]) LANGUAGE sql {_INSIDE} AS $function$
    SELECT r.name, coalesce(r.revision, ''),
        (SELECT count(*) FROM cascode.definitions d WHERE d.repository_id = r.id),
        ARRAY(SELECT p.rolname::text FROM cascode.readers g JOIN pg_roles p ON p.oid = g.role::oid
              WHERE g.repository_id = r.id AND (loaded_in.readable IS NULL OR cascode.granted(g.role::oid)) ORDER BY 1)
    FROM cascode.repositories r WHERE loaded_in.readable IS NULL OR r.id = ANY(loaded_in.readable) ORDER BY r.name
$function$;
CREATE FUNCTION cascode.loaded()
RETURNS TABLE (name text, revision text, definitions bigint, readers text[]) LANGUAGE sql {_FOR_READERS} AS $function$
    SELECT * FROM cascode.loaded_in(cascode.readable())
$function$;
"""  # noqa: S608  constants

#: Clients of before name the tables. Their statements are refused with what to do: the planner evaluates a function
#: that is called immutable before anybody looks whether the tables may be read. It refuses as well where somebody has
#: given a reader a table by hand.
_REFUSAL = f"""
CREATE FUNCTION cascode.not_by_tables() RETURNS boolean LANGUAGE plpgsql IMMUTABLE {_PINNED} AS $function$
BEGIN
    RAISE insufficient_privilege
        USING MESSAGE = 'readers of this team''s index ask it by functions, not by its tables: upgrade cascode';
END $function$;
ALTER TABLE cascode.models ENABLE ROW LEVEL SECURITY;
CREATE POLICY readable ON cascode.models FOR SELECT USING (true);
""" + "".join(
    f"CREATE POLICY by_functions ON cascode.{table} AS RESTRICTIVE FOR SELECT TO {READER} "
    "USING (cascode.not_by_tables());\n"
    for table in ("models", "repositories", "readers", "vectors", "definitions", "passages")
)

#: Functions are everybody's as they are made. They run as who owns the tables, not as a superuser who made them.
_RIGHTS = f"""
REVOKE ALL ON ALL TABLES IN SCHEMA cascode FROM PUBLIC, {READER};
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA cascode FROM PUBLIC, {READER};
GRANT EXECUTE ON FUNCTION cascode.may_read, cascode.model, cascode.vectors_of, cascode.nearest, cascode.loaded,
    cascode.not_by_tables TO {READER};
DO $do$
DECLARE
    change text;
BEGIN
    FOR change IN
        SELECT format('ALTER FUNCTION %s OWNER TO %I', p.oid::regprocedure, pg_get_userbyid(c.relowner))
        FROM pg_proc p, pg_class c WHERE p.pronamespace = 'cascode'::regnamespace
            AND c.oid = 'cascode.definitions'::regclass AND p.proowner <> c.relowner
    LOOP
        EXECUTE change;
    END LOOP;
END $do$;
"""  # noqa: S608  constants

#: The migration that gives readers functions in the place of tables.
FUNCTIONS = _ASKER + _VECTORS + _NEAREST + _LOADED + _REFUSAL + _RIGHTS
