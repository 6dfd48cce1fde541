"""Sealed documents: an in-toto statement in a DSSE envelope, signed and time-stamped."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from makmal.assurance.signing.time_stamps import TimeStampAuthority
from makmal.assurance.verification.verifier import (
    FORMAT,
    PAYLOAD_TYPE,
    STATEMENT,
    canonical,
    key_id,
    pae,
    stamped_octets,
)

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Seal:
    """Whoever signs: a key, the authority that stamps, and the clock."""

    key: Ed25519PrivateKey
    authority: TimeStampAuthority
    clock: Clock = utc_now

    @property
    def identity(self) -> str:
        """The id of the key."""
        return key_id(self.key.public_key())

    def statement(
        self, kind: str, subjects: Mapping[str, str], predicate: Mapping[str, Any]
    ) -> dict[str, Any]:
        """State something of subjects (SHA-256 by name), signed and stamped."""
        payload = canonical(
            {
                "_type": STATEMENT,
                "subject": [
                    {"name": name, "digest": {"sha256": value}}
                    for name, value in sorted(subjects.items())
                ],
                "predicateType": f"{kind}:{FORMAT}",
                "predicate": {"format": FORMAT, **predicate},
            }
        )
        signed = pae(PAYLOAD_TYPE, payload)
        signature = self.key.sign(signed)
        stamp = self.authority.stamp(stamped_octets(signed, signature), self.clock())
        return {
            "format": FORMAT,
            "envelope": {
                "payloadType": PAYLOAD_TYPE,
                "payload": b64encode(payload).decode(),
                "signatures": [{"keyid": self.identity, "sig": b64encode(signature).decode()}],
            },
            "time_stamp": b64encode(stamp).decode(),
        }
