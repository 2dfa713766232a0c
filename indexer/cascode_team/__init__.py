"""A team's shared index in PostgreSQL with pgvector: vectors by content, definitions by repository, revision and path.

Nothing imports this package unless a person has named a database; psycopg comes with the extra ``team``, Ray with
``team-load``.
"""
