"""The typed messages of a trace: what dissection makes of payloads, and what judges read."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from makmal.protocol import gtpu, ike, mqtt, nas, ngap, pdcp, pfcp, rrc, sbi, tls
from makmal.protocol.errors import DecodeError
from makmal.trace.tls_reading import Alert

if TYPE_CHECKING:
    from makmal.trace.esp_secrets import EspAssociation
    from makmal.trace.frame import Endpoint, PortOutcome
    from makmal.trace.n4_sessions import FollowedPfcp
    from makmal.trace.radio_connections import RadioConnection
    from makmal.trace.user_equipment import UserEquipment


class Interface(StrEnum):
    """A reference point of TS 23.501, 4.2.7 (SBI: the service-based interfaces together), or the
    radio interface Uu.
    """

    UU = "Uu"
    N1 = "N1"
    N2 = "N2"
    N3 = "N3"
    N4 = "N4"
    N9 = "N9"
    SBI = "SBI"
    N6 = "N6"


@dataclass(slots=True)
class Carried:
    """Where and when a message was seen.

    ``frames`` are numbers as Wireshark counts them; the last one completed the message and is the
    one that ``frame`` names. ``time_ns`` is nanoseconds since 1970-01-01 UTC. ``inside_esp``: it
    was opened with a key of the laboratory's; on the wire, nobody could read it.
    """

    frames: tuple[int, ...]
    time_ns: int
    source: Endpoint
    destination: Endpoint
    inside_esp: bool = field(default=False, kw_only=True)

    @property
    def frame(self) -> int:
        """The frame that completed the message."""
        return self.frames[-1]


@dataclass(slots=True)
class NgapMessage(Carried):
    """One NGAP PDU on N2, and the UE that it speaks of (none for node-level procedures)."""

    pdu: ngap.Pdu
    from_access_network: bool
    user_equipment: UserEquipment | None = None

    interface = Interface.N2
    protocol = "ngap"

    @property
    def name(self) -> str:
        """The message name of TS 38.413."""
        return self.pdu.name


@dataclass(slots=True)
class NasMessage(Carried):
    """One 5GS NAS message, on N1 (inside NGAP) or as the N1 part of a service request.

    ``outer`` is what travelled; ``plain`` the message inside, if it could be read. ``count`` is
    the NAS COUNT that the receiver would use (TS 24.501, 4.4.3.1) where a security context is
    known. ``integrity_verified`` is None when the laboratory has no key to check with.
    ``initial`` marks the first message of a NAS signalling connection (Initial UE Message).
    """

    outer: nas.SecurityProtected | nas.Message
    plain: nas.Message | None
    uplink: bool
    user_equipment: UserEquipment
    initial: bool = False
    count: int | None = None
    integrity_verified: bool | None = None
    interface: Interface = Interface.N1

    protocol = "nas"

    @property
    def protected(self) -> nas.SecurityProtected | None:
        """The security protected message, or None for one that travelled plain."""
        return self.outer if isinstance(self.outer, nas.SecurityProtected) else None

    @property
    def name(self) -> str:
        """The message name of TS 24.501, or that it is ciphered with a key that we lack."""
        if self.plain is not None:
            return self.plain.name
        return "Ciphered NAS message"

    @property
    def message_type(self) -> int | None:
        """The 5GMM or 5GSM message type, None if the message could not be read."""
        return None if self.plain is None else self.plain.message_type


@dataclass(slots=True)
class RrcMessage(Carried):
    """One RRC message on Uu.

    ``connection`` is the UE's, None on a channel for everybody. ``bearer`` is the SRB, None for a
    message without PDCP; then nothing is known of ``count`` and protection either.
    ``integrity_verified`` is None before security, or without a key to check with. ``pdu`` is the
    PDCP PDU as it travelled.
    """

    message: rrc.Message
    connection: RadioConnection | None = None
    bearer: pdcp.Bearer | None = None
    count: int | None = None
    integrity_verified: bool | None = None
    ciphered: bool = False
    pdu: bytes = field(default=b"", repr=False)

    interface = Interface.UU
    protocol = "rrc"

    @property
    def name(self) -> str:
        """The message name of TS 38.331."""
        return self.message.name

    @property
    def uplink(self) -> bool:
        """Whether the UE sent it."""
        return self.message.channel.uplink

    @property
    def user_equipment(self) -> UserEquipment | None:
        """Whose it is, as far as the trace tells by its end."""
        return None if self.connection is None else self.connection.user_equipment


@dataclass(slots=True)
class PdcpMessage(Carried):
    """One PDCP PDU on Uu: user data, or signalling that cannot be read.

    ``payload`` is the user's packet, if it could be read; ``ciphered`` tells whether it travelled
    ciphered, None where that is not known. ``drb`` is the configuration of the bearer.
    """

    framed: pdcp.FramedPdu
    connection: RadioConnection
    count: int | None = None
    integrity_verified: bool | None = None
    payload: bytes | None = field(default=None, repr=False)
    ciphered: bool | None = None
    drb: rrc.Drb | None = None

    interface = Interface.UU
    protocol = "pdcp"

    @property
    def name(self) -> str:
        """What it carries, and on which bearer."""
        bearer = self.framed.bearer
        if bearer.plane is pdcp.Plane.SIGNALLING:
            return f"Ciphered RRC message on SRB{bearer.identity}"
        if self.count is None:
            return f"PDCP control on DRB{bearer.identity}"
        return f"User data on DRB{bearer.identity}"

    @property
    def uplink(self) -> bool:
        """Whether the UE sent it."""
        return self.framed.uplink

    @property
    def is_user_packet(self) -> bool:
        """Whether this is a packet of a user."""
        return self.framed.bearer.plane is pdcp.Plane.USER

    @property
    def user_equipment(self) -> UserEquipment | None:
        """Whose it is, as far as the trace tells by its end."""
        return self.connection.user_equipment


@dataclass(slots=True)
class PfcpMessage(Carried):
    """One PFCP message on N4, with the session it belongs to and the request it answers."""

    pdu: pfcp.Message
    followed: FollowedPfcp
    user_equipment: UserEquipment | None = None

    interface = Interface.N4
    protocol = "pfcp"

    @property
    def name(self) -> str:
        """The message name of TS 29.244."""
        return self.pdu.name


@dataclass(slots=True)
class GtpuMessage(Carried):
    """One GTP-U message on N3 (or N9); decoded in full only when asked for."""

    message_type: int
    teid: int
    payload: bytes
    user_equipment: UserEquipment | None = None

    interface = Interface.N3
    protocol = "gtpu"

    @property
    def name(self) -> str:
        """The message name of TS 29.281."""
        return gtpu.message_name(self.message_type)

    @property
    def is_user_packet(self) -> bool:
        """Whether this is a G-PDU, a packet of a user."""
        return self.message_type == gtpu.MessageType.G_PDU

    @property
    def pdu(self) -> gtpu.Message:
        """The message decoded. Raises DecodeError."""
        return gtpu.decode(self.payload)


@dataclass(slots=True)
class UserDatagram(Carried):
    """A UDP datagram of or for a host of the data network: a user's, outside its tunnel."""

    payload: bytes

    interface = Interface.N6
    protocol = "user datagram"
    name = "UDP datagram on N6"


@dataclass(slots=True)
class SbiMessage(Carried):
    """One HTTP request or response between network functions.

    ``request`` is the message that a response answers, when it was seen. ``over_tls``: it was read
    with the secrets of a TLS connection, and nobody without them can read it.
    """

    http: sbi.HttpMessage
    operation: sbi.SbiOperation | None
    request: SbiMessage | None = None
    supi: str | None = None
    user_equipment: UserEquipment | None = None
    over_tls: bool = False

    interface = Interface.SBI
    protocol = "sbi"

    @property
    def document(self) -> sbi.JsonDocument | None:
        """The JSON of the body, None where there is none; read when first asked for."""
        if not self.http.body:
            return None
        try:
            return self.http.json()
        except DecodeError:
            return None

    @property
    def name(self) -> str:
        """Method and path, or the status."""
        return self.http.name


@dataclass(slots=True)
class TlsHandshake(Carried):
    """What an observer reads of a TLS handshake: both hello messages, as far as they were seen.

    Emitted once, when the server has answered (or refused), or at the end of the connection.
    """

    client_hello: tls.ClientHello | None
    server_hello: tls.ServerHello | None
    established: bool

    interface = Interface.SBI
    protocol = "tls"
    name = "TLS handshake"


@dataclass(slots=True)
class TlsMessage(Carried):
    """A further handshake message of a TLS connection, or an alert, as far as it can be read.

    ``from_client``: the client of the connection sent it. ``version`` is the negotiated one, None
    before that. Of an alert that could not be opened, level and description are None.
    """

    from_client: bool
    content: tls.HandshakeMessage | Alert
    version: int | None = None

    interface = Interface.SBI
    protocol = "tls_message"

    @property
    def name(self) -> str:
        """``Certificate``, ``Alert: unknown CA``."""
        if isinstance(self.content, tls.HandshakeMessage):
            return self.content.name
        if self.content.description is None:
            return "Alert that cannot be read"
        return f"Alert: {tls.alert_name(self.content.description)}"

    @property
    def alert(self) -> Alert | None:
        """The alert, if it is one."""
        return None if isinstance(self.content, tls.HandshakeMessage) else self.content

    @property
    def handshake_type(self) -> int | None:
        """The type of the handshake message (tls.HandshakeType), None of an alert."""
        return self.content.kind if isinstance(self.content, tls.HandshakeMessage) else None

    @property
    def certificates(self) -> tuple[bytes, ...]:
        """The certificates (DER) of a Certificate message, else none. Raises DecodeError."""
        if self.handshake_type != tls.HandshakeType.CERTIFICATE:
            return ()
        assert isinstance(self.content, tls.HandshakeMessage)  # noqa: S101 - for the type checker
        return tls.certificates_of(self.content.body, self.version or 0)


@dataclass(slots=True)
class ConnectionAttempt(Carried):
    """Somebody wanted a TCP connection. ``outcome``: "open", "refused" or "no answer"."""

    outcome: str

    interface = Interface.N6
    protocol = "tcp"

    @property
    def name(self) -> str:
        """What came of it."""
        return f"connection to port {self.destination.port}: {self.outcome}"


@dataclass(slots=True)
class PortProbe(Carried):
    """Ports of the destination were tried, with one outcome; of several, ``frames`` are the first
    and the last.
    """

    transport: str
    outcome: PortOutcome
    ports: tuple[int, ...]

    interface = Interface.SBI
    protocol = "scan"

    @property
    def name(self) -> str:
        """What came of it."""
        which = f"port {self.ports[0]}" if len(self.ports) == 1 else f"{len(self.ports)} ports"
        return f"{which} of {self.transport}: {self.outcome}"


@dataclass(slots=True)
class ConnectionEnd(Carried):
    """A connection ended; ``source`` is who ended it. ``protected``: what TLS protected ended."""

    connection: int
    protected: bool
    by_client: bool

    interface = Interface.N6
    protocol = "tcp"
    name = "end of the connection"


@dataclass(slots=True)
class TlsConnection(Carried):
    """The beginning of TLS with an application or a device: what was offered, and what came of it.

    ``certificates`` are the server's (DER), where they could be read. ``is_tls`` is false when
    something else than TLS came back. Emitted when all of that is known, or at the end of the
    connection.
    """

    client_hello: tls.ClientHello
    server_hello: tls.ServerHello | None
    certificates: tuple[bytes, ...]
    alert: Alert | None
    is_tls: bool
    connection: int

    interface = Interface.N6
    protocol = "tls"
    name = "TLS handshake"


@dataclass(slots=True)
class ApplicationMessage(Carried):
    """One HTTP message of an application or a device.

    ``connection`` tells connections apart; ``protected``: it travelled in TLS. ``request`` is the
    message that a response answers.
    """

    http: sbi.HttpMessage
    connection: int
    protected: bool
    request: ApplicationMessage | None = None

    interface = Interface.N6
    protocol = "http"

    @property
    def name(self) -> str:
        """Method and path, or the status."""
        return self.http.name


@dataclass(slots=True)
class MqttMessage(Carried):
    """One MQTT control packet. ``from_client``: the end that connected sent it."""

    packet: mqtt.Packet
    connection: int
    protected: bool
    from_client: bool

    interface = Interface.N6
    protocol = "mqtt"

    @property
    def name(self) -> str:
        """The name of the packet."""
        return self.packet.name


@dataclass(slots=True)
class OpenOctets(Carried):
    """Octets of a connection that speaks neither TLS nor HTTP nor MQTT: anyone can read them."""

    octets: bytes
    connection: int
    from_client: bool

    interface = Interface.N6
    protocol = "octets"

    @property
    def name(self) -> str:
        """How many there are."""
        return f"{len(self.octets)} octets"


@dataclass(slots=True)
class ProtectedPacket(Carried):
    """A packet of an interface that IPsec or DTLS keeps from being read (TS 33.501, 9).

    ``protection`` is "IPsec ESP" or "DTLS"; ``legible`` tells that the packet is authenticated
    only: ESP with null encryption (RFC 2410), which anyone can read. ``association`` is the one
    that an ESP packet is of, where its keys are known; ``is_open``: they open it, and what is
    inside follows as messages of its own.
    """

    interface: Interface
    protection: str
    legible: bool = False
    association: EspAssociation | None = None
    is_open: bool = False

    protocol = "protected"

    @property
    def name(self) -> str:
        """What protects it."""
        return f"{self.protection} without encryption" if self.legible else self.protection


@dataclass(slots=True)
class IkeMessage(Carried):
    """A message of IKEv2 (RFC 7296) between the ends of IPsec of an interface."""

    interface: Interface
    message: ike.Message

    protocol = "ike"

    @property
    def name(self) -> str:
        """The exchange, and whether this is its request or response."""
        return self.message.name


@dataclass(slots=True)
class CaptureLoss(Carried):
    """Messages that were sent and are not in the capture, between ``since_ns`` and ``time_ns``.

    What rests on something not having happened then, rests on nothing.
    """

    since_ns: int
    interface: Interface

    protocol = "loss"
    name = "packets that the capture lacks"


@dataclass(slots=True)
class Undecodable(Carried):
    """Bytes that are not the message that their port or protocol identifier promises."""

    interface: Interface
    error: DecodeError
    payload: bytes = field(repr=False)

    protocol = "undecodable"

    @property
    def name(self) -> str:
        """What was wrong."""
        return str(self.error)


@dataclass(slots=True)
class Step:
    """The procedure said what it was about to do. ``frame`` is the first of the step."""

    frame: int
    time_ns: int
    name: str

    protocol = "step"


Message = (
    NgapMessage
    | NasMessage
    | RrcMessage
    | PdcpMessage
    | PfcpMessage
    | GtpuMessage
    | UserDatagram
    | SbiMessage
    | TlsHandshake
    | TlsMessage
    | ConnectionAttempt
    | PortProbe
    | ConnectionEnd
    | TlsConnection
    | ApplicationMessage
    | MqttMessage
    | OpenOctets
    | ProtectedPacket
    | IkeMessage
    | CaptureLoss
    | Undecodable
    | Step
)
