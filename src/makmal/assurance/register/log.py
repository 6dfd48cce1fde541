"""The register's log: entries in a Merkle tree in a database, and tree heads signed over it."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, Table, func, select

from makmal.assurance.errors import AssuranceError
from makmal.assurance.register import merkle
from makmal.assurance.signing.sealing import Clock, utc_now
from makmal.assurance.storage.database import Database
from makmal.assurance.storage.tables import CERTIFICATE, ENTRY, HEAD, NODE
from makmal.assurance.verification.verifier import (
    FORMAT,
    canonical,
    certificate_digest,
    key_id,
    leaf_hash,
    node_hash,
    read_statement,
    tree_head_octets,
)

# Rows of one statement; PostgreSQL takes 65535 parameters at most.
_ROWS = 1000


class Register:
    """The log in a database. To append needs the register's key; to read does not."""

    def __init__(
        self,
        database: Database,
        key: Ed25519PrivateKey | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._database, self._key, self._clock = database, key, clock

    def append(self, *documents: Mapping[str, Any]) -> range:
        """Add entries and sign the new tree head, all of it or nothing. Raises AssuranceError."""
        return self.append_octets([canonical(each) for each in documents])

    def append_octets(self, leaves: Sequence[bytes]) -> range:
        """The same for entries as octets, each JSON on one line."""
        with self._database.writing() as connection:
            first = size_of(connection)
            append_leaves(connection, first, leaves)
            self._sign(connection, first + len(leaves))
        return range(first, first + len(leaves))

    def sign_head(self) -> dict[str, Any]:
        """Sign the tree head anew: what is there is what there is now."""
        with self._database.writing() as connection:
            return self._sign(connection, size_of(connection))

    def _sign(self, connection: Connection, size: int) -> dict[str, Any]:
        if self._key is None:
            raise AssuranceError("the register is signed with its own key: name it")
        identity = key_id(self._key.public_key())
        last = _last_head(connection)
        if last is not None and last["log"] != identity:
            raise AssuranceError(
                f"the register is signed with another key ({last['log'][:16]}) than this "
                f"({identity[:16]}): a register keeps its key"
            )
        time = self._clock().astimezone(UTC)
        if last is not None and time < datetime.fromisoformat(last["timestamp"]):
            raise AssuranceError(
                f"the clock here says {time:%Y-%m-%d %H:%M} UTC, and the register was signed "
                "later, "
                f"on {last['timestamp'][:16]}: one of the two was wrong; set the clock first"
            )
        root = merkle.root(size, node_reader(connection))
        time = time.replace(microsecond=time.microsecond // 1000 * 1000)
        head = {
            "format": FORMAT,
            "log": identity,
            "tree_size": size,
            "timestamp": time.isoformat(timespec="milliseconds"),
            "root_hash": b64encode(root).decode(),
            "signature": b64encode(self._key.sign(tree_head_octets(size, time, root))).decode(),
        }
        connection.execute(HEAD.insert().values(size=size, document=json.dumps(head)))
        return head

    @property
    def size(self) -> int:
        """How many entries there are."""
        with self._database.reading() as connection:
            return size_of(connection)

    def head(self) -> dict[str, Any] | None:
        """The last signed tree head."""
        with self._database.reading() as connection:
            return _last_head(connection)

    def heads(self) -> list[dict[str, Any]]:
        """All of them."""
        with self._database.reading() as connection:
            rows = connection.execute(select(HEAD.c.document).order_by(HEAD.c.number))
            return [json.loads(row.document) for row in rows]

    def entries(self, first: int = 0, last: int | None = None) -> Iterator[bytes]:
        """The entries as they were hashed."""
        query = select(ENTRY.c.leaf).where(ENTRY.c.number >= first).order_by(ENTRY.c.number)
        if last is not None:
            query = query.where(ENTRY.c.number < last)
        with self._database.reading() as connection:
            for row in connection.execution_options(yield_per=1000).execute(query):
                yield row.leaf.encode()

    def node_row(self, level: int, first: int, last: int) -> list[bytes]:
        """The hashes of full subtrees beside each other."""
        query = (
            select(NODE.c.hash)
            .where(NODE.c.level == level, NODE.c.number >= first, NODE.c.number < last)
            .order_by(NODE.c.number)
        )
        with self._database.reading() as connection:
            return [bytes(row.hash) for row in connection.execute(query)]

    def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """That an entry is in the tree of a size. Raises ValueError."""
        with self._database.reading() as connection:
            return merkle.inclusion_proof(index, size, node_reader(connection))

    def consistency_proof(self, first: int, second: int) -> list[bytes]:
        """That one tree continues another. Raises ValueError."""
        with self._database.reading() as connection:
            return merkle.consistency_proof(first, second, node_reader(connection))

    # Certificates.

    def append_in(self, connection: Connection, entry: Mapping[str, Any]) -> int:
        """Append an entry in a transaction that does something else too; return its number."""
        index = size_of(connection)
        append_leaves(connection, index, [canonical(entry)])
        self._sign(connection, index + 1)
        return index

    def enter(
        self, entry: Mapping[str, Any], certificate: Mapping[str, Any], connection: Connection
    ) -> dict[str, Any]:
        """Append the entry of a certificate, and give the certificate the proof of it."""
        index = self.append_in(connection, entry)
        proof = merkle.inclusion_proof(index, index + 1, node_reader(connection))
        proven = {
            **certificate,
            "inclusion": {
                "index": index,
                "entry": entry,
                "head": _last_head(connection),
                "proof": [b64encode(each).decode() for each in proof],
            },
        }
        connection.execute(
            CERTIFICATE.insert().values(
                digest=certificate_digest(certificate),
                number=_predicate(certificate)["number"],
                document=json.dumps(proven, ensure_ascii=False),
            )
        )
        return proven

    def digest_of(self, number: str) -> str:
        """What the register knows a certificate by. Raises AssuranceError."""
        return certificate_digest(self.certificate(number))

    def certificate(self, number: str) -> dict[str, Any]:
        """The certificate of a number, as it was issued last. Raises AssuranceError."""
        found = dict(self.certificates())
        if number not in found:
            names = ", ".join(sorted(found)) or "none yet"
            raise AssuranceError(f"the register has no certificate {number}; it has: {names}")
        return found[number]

    def certificates(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every certificate that was issued, by number, the last of each number last."""
        query = select(CERTIFICATE.c.number, CERTIFICATE.c.document)
        with self._database.reading() as connection:
            found = [(row.number, json.loads(row.document)) for row in connection.execute(query)]
        found.sort(key=lambda each: each[1]["inclusion"]["index"])
        yield from found


def _predicate(document: Mapping[str, Any]) -> dict[str, Any]:
    predicate: dict[str, Any] = read_statement(document, "the certificate")["predicate"]
    return predicate


def size_of(connection: Connection) -> int:
    """How many entries there are."""
    highest = connection.execute(select(func.max(ENTRY.c.number))).scalar()
    return 0 if highest is None else int(highest) + 1


def node_reader(connection: Connection) -> merkle.Node:
    """The hashes of full subtrees, from the database."""

    def node(level: int, number: int) -> bytes:
        query = select(NODE.c.hash).where(NODE.c.level == level, NODE.c.number == number)
        found = connection.execute(query).scalar()
        if found is None:
            raise AssuranceError(
                f"the register lacks the hash of subtree {number} at level {level}: the database "
                "was damaged; restore it, or build it anew from the exported entries"
            )
        return bytes(found)

    return node


def append_leaves(connection: Connection, size: int, leaves: Sequence[bytes]) -> None:
    """Add leaves to a tree of ``size``, with the hashes of the subtrees that they complete."""
    if not leaves:
        return
    stored = node_reader(connection)
    fresh: dict[tuple[int, int], bytes] = {}
    for index, leaf in enumerate(leaves, size):
        if b"\n" in leaf:
            raise AssuranceError("an entry of the register must be one line")
        found, level, number = leaf_hash(leaf), 0, index
        fresh[level, number] = found
        while number & 1:
            left = fresh.get((level, number - 1)) or stored(level, number - 1)
            found, level, number = node_hash(left, found), level + 1, number >> 1
            fresh[level, number] = found
    rows = [{"number": size + place, "leaf": leaf.decode()} for place, leaf in enumerate(leaves)]
    _insert(connection, ENTRY, rows)
    _insert(
        connection,
        NODE,
        [{"level": key[0], "number": key[1], "hash": value} for key, value in fresh.items()],
    )


def _insert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Many rows in few statements: each is a round trip to PostgreSQL."""
    if connection.dialect.name == "sqlite":
        connection.execute(table.insert(), [dict(row) for row in rows])
        return
    for first in range(0, len(rows), _ROWS):
        connection.execute(table.insert().values(rows[first : first + _ROWS]))


def _last_head(connection: Connection) -> dict[str, Any] | None:
    query = select(HEAD.c.document).order_by(HEAD.c.number.desc()).limit(1)
    found = connection.execute(query).scalar()
    if found is None:
        return None
    head: dict[str, Any] = json.loads(found)
    return head
