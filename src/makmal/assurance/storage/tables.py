"""The tables. What happened is only ever added to: the database itself refuses changes
(``migrations/``), and what is known follows from it.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, Table, Text

METADATA = MetaData()

# One row for each thing that a person did, signed by that person, chained by hashes.
ACTION = Table(
    "action",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("subject", Text, nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("chain", Text, nullable=False),
)

# The leaves of the register, the hashes of its full subtrees, and the heads that were signed.
ENTRY = Table(
    "register_entry",
    METADATA,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("leaf", Text, nullable=False),
)
NODE = Table(
    "register_node",
    METADATA,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary(32), nullable=False),
)
HEAD = Table(
    "register_head",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("document", Text, nullable=False),
)
# The certificates themselves, as they are handed out.
CERTIFICATE = Table(
    "certificate",
    METADATA,
    Column("digest", Text, primary_key=True),
    Column("number", Text, nullable=False, index=True),
    Column("document", Text, nullable=False),
)
# Tables whose rows never change and never go.
APPEND_ONLY = ("action", "register_entry", "register_node", "register_head", "certificate")
