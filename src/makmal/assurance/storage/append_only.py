"""Tables that the database itself keeps from being changed."""

from __future__ import annotations

from sqlalchemy import Connection, text

_REASON = "what was recorded is never changed"


def protect(connection: Connection, table: str) -> None:
    """Have the database refuse to change or remove rows of a table."""
    if connection.dialect.name == "postgresql":
        connection.execute(
            text(
                "CREATE OR REPLACE FUNCTION makmal_append_only() RETURNS trigger AS "
                f"$$ BEGIN RAISE EXCEPTION '{_REASON}'; END $$ LANGUAGE plpgsql"
            )
        )
        connection.execute(
            text(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "
                f"{table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION makmal_append_only()"
            )
        )
        return
    for verb in ("UPDATE", "DELETE"):
        connection.execute(
            text(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{_REASON}'); END"
            )
        )
