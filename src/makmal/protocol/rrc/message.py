"""RRC messages: a logical channel, a name, and what is in them (TS 38.331, 6.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Any

from makmal.protocol.errors import DecodeError
from makmal.protocol.rrc import asn1

# Parts of message names that are abbreviations.
_ABBREVIATIONS = ("rrc", "ul", "dl", "ue")


class Channel(Enum):
    """A logical channel: its name, and that of its message type."""

    UL_CCCH = "UL-CCCH"
    UL_CCCH1 = "UL-CCCH1"
    DL_CCCH = "DL-CCCH"
    UL_DCCH = "UL-DCCH"
    DL_DCCH = "DL-DCCH"
    PCCH = "PCCH"

    @property
    def message_type(self) -> str:
        """The ASN.1 type of its messages."""
        return f"{self.value}-Message"

    @property
    def dissector(self) -> str:
        """The name of Wireshark's dissector for it."""
        return "nr-rrc." + self.value.lower().replace("-", ".")

    @property
    def uplink(self) -> bool:
        """Whether UEs speak on it."""
        return self.value.startswith("UL")


CHANNEL_OF_DISSECTOR: Mapping[str, Channel] = {each.dissector: each for each in Channel}


@dataclass(frozen=True, slots=True)
class Message:
    """``kind`` is the name of the message in the ASN.1 ("rrcSetupRequest"), ``value`` all of it.

    ``octets`` are those that came, or what the value is encoded as.
    """

    channel: Channel
    kind: str
    value: Any = field(compare=False)
    octets: bytes

    @property
    def name(self) -> str:
        """The name of TS 38.331 ("RRCSetupRequest")."""
        for prefix in _ABBREVIATIONS:
            rest = self.kind.removeprefix(prefix)
            if rest != self.kind and rest[:1].isupper():
                return prefix.upper() + rest
        return self.kind[:1].upper() + self.kind[1:]

    @property
    def transaction(self) -> int | None:
        """The rrc-TransactionIdentifier, where the message has one."""
        value = self.value.get("rrc-TransactionIdentifier") if self._is_mapping else None
        return value if isinstance(value, int) else None

    @property
    def _is_mapping(self) -> bool:
        return isinstance(self.value, dict)

    @property
    def content(self) -> Mapping[str, Any]:
        """The elements of the message, inside of what wraps them; empty for a future version."""
        value = self.value
        if not isinstance(value, dict):
            return {}
        extensions = value.get("criticalExtensions")
        while isinstance(extensions, tuple):
            if extensions[0] == "criticalExtensionsFuture":
                return {}
            extensions = extensions[1]
        if extensions is not None:
            return extensions if isinstance(extensions, dict) else {}
        inner = value.get(self.kind)
        return inner if isinstance(inner, dict) else value

    def items(self) -> list[tuple[str, Any]]:
        """Everything in it, for a reader."""
        return list(self.value.items()) if self._is_mapping else [(self.kind, self.value)]


@lru_cache(maxsize=512)
def decode(channel: Channel, octets: bytes) -> Message:
    """Read a message of a channel. Raises DecodeError.

    The same octets give the same object: what is sent is read by its receiver and by an observer.
    """
    whole = asn1.decode(channel.message_type, octets)
    try:
        outer, chosen = whole["message"]
        if outer != "c1":
            return Message(channel, outer, chosen, octets)
        kind, value = chosen
    except (KeyError, TypeError, ValueError):
        raise DecodeError(asn1.PROTOCOL, 0, f"no message of {channel.value}") from None
    return Message(channel, kind, value, octets)


def build(channel: Channel, kind: str, value: Any) -> Message:
    """Make a message. Raises EncodeError."""
    octets = asn1.encode(channel.message_type, {"message": ("c1", (kind, value))})
    return Message(channel, kind, value, octets)


def in_transaction(
    channel: Channel, kind: str, transaction: int | None, content: Mapping[str, Any]
) -> Message:
    """A message whose elements are in its first critical extension, ``transaction`` beside them."""
    value: dict[str, Any] = {"criticalExtensions": (kind, dict(content))}
    if transaction is not None:
        value["rrc-TransactionIdentifier"] = transaction
    return build(channel, kind, value)
