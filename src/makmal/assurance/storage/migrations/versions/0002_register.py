"""The register: entries, the hashes of its full subtrees, signed heads, and certificates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from makmal.assurance.storage.append_only import protect

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create it."""
    op.create_table(
        "register_entry",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("leaf", sa.Text, nullable=False),
    )
    op.create_table(
        "register_node",
        sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
    )
    op.create_table(
        "register_head",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_table(
        "certificate",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("number", sa.Text, nullable=False, index=True),
        sa.Column("document", sa.Text, nullable=False),
    )
    for table in ("register_entry", "register_node", "register_head", "certificate"):
        protect(op.get_bind(), table)
