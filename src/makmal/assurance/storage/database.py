"""Opening the database: SQLite in a file, or PostgreSQL by a URL, brought up to date."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, InterfaceError, SQLAlchemyError

from makmal.assurance.errors import AssuranceError

_MIGRATIONS = Path(__file__).parent / "migrations"
# Any number: it names our writers' lock in PostgreSQL.
_WRITERS_LOCK = 0x6D616B6D616C
_BUSY_MILLISECONDS = 20_000


class Database:
    """An open database. Those who write do so one after another."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A consistent view."""
        with _one_sentence(self.engine), self.engine.connect() as connection:
            if self.engine.dialect.name == "postgresql":
                connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction of its own, with no other writer beside it: all of it is done, or none."""
        with _one_sentence(self.engine), self.engine.connect() as connection:
            if self.engine.dialect.name == "postgresql":
                with connection.begin():
                    connection.execute(
                        text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _WRITERS_LOCK}
                    )
                    yield connection
            else:
                connection = connection.execution_options(makmal_writes=True)
                with connection.begin():
                    yield connection

    def close(self) -> None:
        """Let go of it."""
        self.engine.dispose()


def open_database(url: str) -> Database:
    """Open, create or bring up to date. ``url`` is that of a database, or a path for SQLite.

    Raises AssuranceError.
    """
    address = url if "://" in url else f"sqlite:///{url}"
    try:
        parsed = make_url(address)
    except ArgumentError:
        raise AssuranceError(f"{url} is no database: name a file, or postgresql://...") from None
    if parsed.drivername in ("postgresql", "postgres"):
        # As PostgreSQL's own programs do: whoever runs this, unless the URL says who.
        parsed = parsed.set(
            drivername="postgresql+pg8000", username=parsed.username or getpass.getuser()
        )
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        try:
            Path(parsed.database).resolve().parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise AssuranceError(f"{parsed.database}: {error.strerror or error}") from None
    elif parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise AssuranceError(
            f"{parsed.get_backend_name()} is not supported: use SQLite (a path) or postgresql://..."
        )
    engine = create_engine(parsed)
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine)
    try:
        with _one_sentence(engine):
            migrate(engine)
    except BaseException:
        engine.dispose()
        raise
    return Database(engine)


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the tables to a revision. Raises AssuranceError for a database from the future."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    known = {each.revision for each in ScriptDirectory.from_config(config).walk_revisions()}
    with Database(engine).writing() as connection:
        found = _revision(connection)
        if found is not None and found not in known:
            raise AssuranceError(
                f"the database is of a newer Makmal (revision {found}): use that version"
            )
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, revision)
        except CommandError as error:
            raise AssuranceError(f"the database cannot be brought up to date: {error}") from None


def _revision(connection: Connection) -> str | None:
    from sqlalchemy import inspect

    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _prepare_sqlite(engine: Engine) -> None:
    """Writers wait for each other from their beginning on; what is committed is on the disk."""

    @event.listens_for(engine, "connect")
    def connected(connection: Any, record: object) -> None:
        # Transactions begin when we say so, not when the driver thinks.
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get("makmal_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _one_sentence(engine: Engine) -> Iterator[None]:
    """What the database says, as one sentence."""
    try:
        yield
    except (DatabaseError, InterfaceError) as error:
        said = _reason(error.orig) if error.orig else str(error)
        raise AssuranceError(f"the database {shown(engine)}: {said}") from None
    except SQLAlchemyError as error:
        raise AssuranceError(f"the database {shown(engine)}: {error}") from None


def _reason(error: BaseException) -> str:
    detail = error.args[0] if error.args else error
    # pg8000 gives the fields of PostgreSQL's answer; M is the message.
    if isinstance(detail, dict):
        return str(detail.get("M", detail))
    return str(detail).strip().splitlines()[0]


def shown(engine: Engine) -> str:
    """The place of a database without its password."""
    return engine.url.render_as_string(hide_password=True)
