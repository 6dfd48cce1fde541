"""The record of actions, which is only ever added to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from makmal.assurance.storage.append_only import protect

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create it."""
    op.create_table(
        "action",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("subject", sa.Text, nullable=False, index=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("chain", sa.Text, nullable=False),
    )
    protect(op.get_bind(), "action")
