"""The two errors of every codec in Makmal."""

from __future__ import annotations


class DecodeError(ValueError):
    """Bytes that are not the message they should be.

    It is the only exception that a decoder raises on any input.

    ``protocol`` is the codec's name ("NGAP", "NAS", "PFCP", ...); ``offset`` the octet, counted
    from the start of the bytes that the caller handed in, at which decoding could not go on;
    ``reason`` what was wrong there.
    """

    def __init__(self, protocol: str, offset: int, reason: str) -> None:
        super().__init__(f"{protocol}, octet {offset}: {reason}")
        self.protocol = protocol
        self.offset = offset
        self.reason = reason

    def shifted(self, by: int) -> DecodeError:
        """The same error, its offset counted from ``by`` octets earlier (an enclosing message)."""
        return DecodeError(self.protocol, self.offset + by, self.reason)


class EncodeError(ValueError):
    """A value that the message format cannot carry: which element, and why."""

    def __init__(self, protocol: str, field: str, reason: str) -> None:
        super().__init__(f"{protocol}, {field}: {reason}")
        self.protocol = protocol
        self.field = field
        self.reason = reason
