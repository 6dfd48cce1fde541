"""The TLS connections of a section of a trace, each with what was said on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from makmal.protocol.tls import HandshakeType
from makmal.trace.frame import Endpoint
from makmal.trace.message import SbiMessage, TlsHandshake, TlsMessage
from makmal.trace.trace import Section


@dataclass(slots=True)
class Connection:
    """One connection. ``handshake`` has the hellos, ``further`` what followed, ``http`` requests
    and responses, in TLS or not.
    """

    client: Endpoint
    server: Endpoint
    handshake: TlsHandshake | None = None
    further: list[TlsMessage] = field(default_factory=list)
    http: list[SbiMessage] = field(default_factory=list)

    @property
    def responses(self) -> list[SbiMessage]:
        """What the server answered."""
        return [each for each in self.http if not each.http.is_request]

    @property
    def requests(self) -> list[SbiMessage]:
        """What the client asked."""
        return [each for each in self.http if each.http.is_request]

    @property
    def is_established(self) -> bool:
        """Whether both ends finished, and the server took nothing back (RFC 8446, 4.4.4)."""
        finished = {
            each.from_client
            for each in self.further
            if each.handshake_type == HandshakeType.FINISHED
        }
        refused = any(_is_fatal(each) for each in self.further)
        return bool(self.responses) or (len(finished) == 2 and not refused)

    @property
    def frames(self) -> tuple[int, ...]:
        """The hellos, the first alert, and the first response."""
        found: list[int] = [] if self.handshake is None else [self.handshake.frame]
        found += [each.frame for each in self.further if _is_fatal(each)][:1]
        found += [each.frame for each in self.responses][:1]
        return tuple(found)

    def certificates(self, *, of_client: bool) -> tuple[bytes, ...] | None:
        """The certificates (DER) that an end showed; None where it showed no Certificate message.
        Raises DecodeError.
        """
        for each in self.further:
            if each.from_client == of_client and each.handshake_type == HandshakeType.CERTIFICATE:
                return each.certificates
        return None

    @property
    def was_asked_for_certificate(self) -> bool:
        """Whether the server asked for the client's certificate."""
        return any(
            each.handshake_type == HandshakeType.CERTIFICATE_REQUEST for each in self.further
        )


def connections(section: Section) -> Iterator[Connection]:
    """The connections of a section, in the order of their first messages."""
    found: dict[tuple[Endpoint, Endpoint], Connection] = {}
    for message in section.messages:
        if isinstance(message, TlsHandshake):
            ends = message.source, message.destination
        elif isinstance(message, TlsMessage):
            ends = message.source, message.destination
            ends = ends if message.from_client else ends[::-1]
        elif isinstance(message, SbiMessage):
            ends = message.source, message.destination
            ends = ends if message.http.is_request else ends[::-1]
        else:
            continue
        connection = found.setdefault(ends, Connection(*ends))
        if isinstance(message, TlsHandshake):
            connection.handshake = message
        elif isinstance(message, TlsMessage):
            connection.further.append(message)
        else:
            connection.http.append(message)
    yield from found.values()


def _is_fatal(message: TlsMessage) -> bool:
    return message.alert is not None and message.alert.description != 0
