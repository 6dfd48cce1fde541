"""How alembic reaches the database: through the connection that ``migrate`` has open."""

from __future__ import annotations

from alembic import context

from makmal.assurance.storage.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=False,
)
context.run_migrations()
