"""The record: every action that a person takes, signed by that person, chained to the one before.

What is known (who is who, where a certification stands) follows from the record alone.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import Connection, select

from makmal.assurance.errors import AssuranceError
from makmal.assurance.signing.sealing import Clock, utc_now
from makmal.assurance.storage.database import Database
from makmal.assurance.storage.tables import ACTION
from makmal.assurance.verification.verifier import FORMAT, canonical, key_id, pae

ACTION_TYPE = "application/vnd.makmal.action+json"
_START = "0" * 64


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that was done. ``subject`` is what it was done to, such as "certification 1";
    ``actor`` the id of the key of who did it.
    """

    number: int
    subject: str
    kind: str
    actor: str
    time: datetime
    details: Mapping[str, Any]


# Told the actions so far and the new one, before it is recorded; raises RefusedError. Given the
# connection, it can do more in the same transaction.
Rule = Callable[[Sequence[Action], Action, Connection], None]


class Record:
    """The record in a database."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database, self._clock = database, clock

    def add(
        self,
        key: Ed25519PrivateKey,
        subject: str | Callable[[Sequence[Action]], str],
        kind: str,
        details: Mapping[str, Any],
        rule: Rule,
    ) -> Action:
        """Record an action if the rule allows it. Raises AssuranceError."""
        with self._database.writing() as connection:
            rows = _rows(connection)
            actions = [_read(row) for row in rows]
            time = self._clock().astimezone(UTC)
            if actions and time < actions[-1].time:
                raise AssuranceError(
                    f"the clock here says {time:%Y-%m-%d %H:%M:%S} UTC, and the last action was "
                    f"recorded later, on {actions[-1].time:%Y-%m-%d %H:%M:%S} UTC: one of the two "
                    "was wrong; set the clock first"
                )
            number = len(rows) + 1
            name = subject if isinstance(subject, str) else subject(actions)
            payload = canonical(
                {
                    "format": FORMAT,
                    "number": number,
                    "previous": rows[-1].chain if rows else _START,
                    "subject": name,
                    "kind": kind,
                    "time": time.isoformat(),
                    "details": details,
                }
            )
            envelope = {
                "payloadType": ACTION_TYPE,
                "payload": b64encode(payload).decode(),
                "signatures": [
                    {
                        "keyid": key_id(key.public_key()),
                        "sig": b64encode(key.sign(pae(ACTION_TYPE, payload))).decode(),
                    }
                ],
            }
            document = canonical(envelope).decode()
            action = Action(
                number, name, kind, envelope["signatures"][0]["keyid"], time,  # type: ignore[index] # an envelope is built of JSON values
                json.loads(canonical(details)),
            )  # fmt: skip
            rule(actions, action, connection)
            connection.execute(
                ACTION.insert().values(
                    number=number,
                    subject=name,
                    kind=kind,
                    document=document,
                    chain=sha256(document.encode()).hexdigest(),
                )
            )
        return action

    def actions(self, connection: Connection | None = None) -> list[Action]:
        """All of them, in order. Raises AssuranceError when one cannot be read."""
        if connection is not None:
            return [_read(row) for row in _rows(connection)]
        with self._database.reading() as own:
            return [_read(row) for row in _rows(own)]

    def check(self, key_of: Callable[[str, Sequence[Action]], Ed25519PublicKey | None]) -> int:
        """Check the whole chain and every signature; return how many actions there are.

        ``key_of`` gives the key of an id as the actions before make it known. Raises
        AssuranceError with the first action that does not hold.
        """
        with self._database.reading() as connection:
            rows = _rows(connection)
        previous = _START
        before: list[Action] = []
        for place, row in enumerate(rows, 1):
            envelope = json.loads(row.document)
            payload = b64decode(envelope["payload"])
            action = _read(row)
            body = json.loads(payload)
            if row.number != place or body["number"] != place or body["previous"] != previous:
                raise AssuranceError(f"action {place} of the record does not follow the one before")
            if sha256(row.document.encode()).hexdigest() != row.chain:
                raise AssuranceError(f"action {place} of the record was altered")
            key = key_of(action.actor, [*before, action])
            if key is None:
                raise AssuranceError(f"action {place} is signed with a key that nobody here has")
            try:
                key.verify(b64decode(envelope["signatures"][0]["sig"]), pae(ACTION_TYPE, payload))
            except InvalidSignature:
                raise AssuranceError(f"action {place} of the record was altered") from None
            previous = row.chain
            before.append(action)
        return len(rows)


def _rows(connection: Connection) -> list[Any]:
    return list(connection.execute(select(ACTION).order_by(ACTION.c.number)))


def _read(row: Any) -> Action:
    try:
        envelope = json.loads(row.document)
        body = json.loads(b64decode(envelope["payload"]))
        if body["format"] > FORMAT:
            raise AssuranceError(
                f"action {row.number} of the record is of a newer Makmal: use that version"
            )
        if (row.subject, row.kind) != (body["subject"], body["kind"]):
            raise ValueError
        return Action(
            int(body["number"]),
            body["subject"],
            body["kind"],
            envelope["signatures"][0]["keyid"],
            datetime.fromisoformat(body["time"]),
            body["details"],
        )
    except (KeyError, ValueError, TypeError, IndexError):
        raise AssuranceError(f"action {row.number} of the record was altered or damaged") from None


def of_subject(actions: Iterable[Action], subject: str) -> Iterator[Action]:
    """The actions on one thing."""
    return (each for each in actions if each.subject == subject)
