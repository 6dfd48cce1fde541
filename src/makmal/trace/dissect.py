"""From frames to the typed messages of named interfaces, each with the UE that it speaks of."""

from __future__ import annotations

import re
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from ipaddress import ip_address

from makmal.protocol import gtpu, ike, nas, ngap, pdcp, pfcp
from makmal.protocol.errors import DecodeError
from makmal.trace import n2_sessions
from makmal.trace.esp import is_legible
from makmal.trace.esp_secrets import EspSecrets
from makmal.trace.frame import (
    EspKeys,
    EspPacket,
    ExportedPdu,
    Frame,
    Gap,
    HttpPayload,
    KeyLog,
    Payload,
    Probe,
    SctpMessage,
    StepMark,
    TcpChunk,
    UdpDatagram,
)
from makmal.trace.identification import Identification
from makmal.trace.key_ring import KeyRing
from makmal.trace.knowledge import Knowledge
from makmal.trace.link import RAW
from makmal.trace.message import (
    CaptureLoss,
    GtpuMessage,
    IkeMessage,
    Interface,
    Message,
    NasMessage,
    NgapMessage,
    PfcpMessage,
    PortProbe,
    ProtectedPacket,
    SbiMessage,
    Step,
    Undecodable,
    UserDatagram,
)
from makmal.trace.n2_connections import NGAP_PORT, N2Connections
from makmal.trace.n4_sessions import N4Sessions
from makmal.trace.nas_reading import NasKeySource, read_nas
from makmal.trace.radio_connections import RadioConnection
from makmal.trace.radio_reading import RadioReading
from makmal.trace.sbi_reading import SbiReading
from makmal.trace.tls_secrets import TlsSecrets
from makmal.trace.transport import ESP_OVER_UDP_PORT, NO_ESP, Reassembler, is_esp_over_udp
from makmal.trace.user_equipment import UserEquipment

PFCP_PORT = 8805
IKE_PORT = 500
GTPU_PORT = 2152
# SCTP payload protocol identifiers (IANA): NGAP, and NGAP over DTLS.
_PPID_NGAP = 60
_PPID_NGAP_OVER_DTLS = 66
_MOST_TUNNELS = 500_000
_N1_CONTENT = "application/vnd.3gpp.5gnas"
_REVEALING = re.compile(rb'"(?:servingNetworkName|rand|kausf|kseaf|encPermanentKey)"')


class Dissector:
    """Feed it the frames of a trace in order; it gives their messages.

    ``counts`` is the number of messages per protocol so far. What the knowledge reveals (keys,
    identities) is used as soon as the trace gives occasion to. ``secrets`` are the decryption
    secrets of a capture file, which may come while it is read.
    """

    def __init__(
        self, knowledge: Knowledge | None = None, secrets: Sequence[tuple[int, bytes]] = ()
    ) -> None:
        self.counts: Counter[str] = Counter()
        self.reassembler = Reassembler()
        self._knowledge = knowledge or Knowledge()
        self._data_network = self._knowledge.interface_addresses.get("n6", ())
        self._protected_pairs: OrderedDict[tuple[str, str], Interface | None] = OrderedDict()
        self._key_ring = KeyRing(self._knowledge)
        self._keys = NasKeySource(self._key_ring.k_amf, self._key_ring.nas_keys)
        self._identification = Identification(self._key_ring)
        self._connections = N2Connections(self._identification.new, self._identification.released)
        self._sessions = N4Sessions()
        self._tls_secrets = TlsSecrets(self._knowledge.tls_key_log, secrets)
        self._esp_secrets = EspSecrets(secrets)
        self._inside_esp = Reassembler()
        services = self._knowledge.interface_addresses.get("sbi", ())
        self._sbi = SbiReading(self._tls_secrets, services)
        self._tunnels: OrderedDict[n2_sessions.Tunnel, UserEquipment] = OrderedDict()
        # What is read of a capture is seldom read twice.
        self._decode_ngap: Callable[[bytes], ngap.Pdu] = ngap.decode
        self._radio = RadioReading(self._knowledge.cells)

    def feed(self, frame: Frame) -> list[Message]:
        """The messages that this frame completes, after the step that it begins."""
        found = self._dissect(self.reassembler.feed(frame))
        if frame.comment:
            self.counts["step"] += 1
            return [Step(frame.number, frame.time_ns, frame.comment), *found]
        return found

    def payloads(self, payloads: Iterable[Payload]) -> list[Message]:
        """The messages of payloads that were never made into frames."""
        self._decode_ngap = ngap.decode_recent
        return self._dissect(payloads)

    @property
    def radio_connections(self) -> tuple[RadioConnection, ...]:
        """The RRC connections on Uu so far, with the keys that verified."""
        return self._radio.connections

    def finish(self) -> list[Message]:
        """What was still held back when the trace ended."""
        return self._dissect(self.reassembler.flush())

    def _dissect(self, payloads: Iterable[Payload]) -> list[Message]:
        found = self._messages(payloads)
        for message in found:
            self.counts[message.protocol] += 1
        return found

    def _messages(self, payloads: Iterable[Payload]) -> list[Message]:
        found: list[Message] = []
        for payload in payloads:
            if isinstance(payload, HttpPayload):
                self._http(self._sbi.message(payload), found)
            elif isinstance(payload, SctpMessage):
                self._sctp(payload, found)
            elif isinstance(payload, UdpDatagram):
                self._udp(payload, found)
            elif isinstance(payload, TcpChunk):
                self._tcp(payload, found)
            elif isinstance(payload, Gap):
                self._gap(payload, found)
            elif isinstance(payload, StepMark):
                found.append(Step(*payload))
            elif isinstance(payload, Probe):
                found.append(
                    PortProbe(
                        (payload.frame,),
                        payload.time_ns,
                        payload.source,
                        payload.destination,
                        payload.transport,
                        payload.outcome,
                        (payload.destination.port,),
                    )
                )
            elif isinstance(payload, KeyLog):
                self._tls_secrets.add(payload.octets)
            elif isinstance(payload, EspKeys):
                self._esp_secrets.add(payload.octets)
            elif isinstance(payload, ExportedPdu):
                exported = self._radio.exported(payload)
                if exported is not None:
                    found.append(exported)
            else:
                self._esp(payload, found)
        return found

    def _gap(self, gap: Gap, found: list[Message]) -> None:
        if gap.connection == 0:
            if NGAP_PORT not in (gap.source.port, gap.destination.port):
                return
            interface = Interface.N2
        elif self._sbi.is_service_connection(gap.connection):
            interface = Interface.SBI
        else:
            return
        ends = gap.source, gap.destination
        found.append(CaptureLoss((gap.frame,), gap.time_ns, *ends, gap.since_ns, interface))

    def _esp(self, packet: EspPacket, found: list[Message]) -> None:
        frames, time_ns, source, destination, payload = packet
        association = self._esp_secrets.of(payload, destination.address)
        opened = None if association is None else association.open(payload)
        inside = [] if opened is None else self._opened(opened, packet)
        interface = self._interface_of(inside[0]) if inside else None
        if interface is None:
            interface = self._interface_between(source.address, destination.address)
        if interface is None:
            self.counts["esp of an undeclared interface"] += 1
        else:
            found.append(
                ProtectedPacket(
                    frames,
                    time_ns,
                    source,
                    destination,
                    interface,
                    "IPsec ESP",
                    is_legible(payload),
                    association,
                    opened is not None,
                )
            )
        found += inside

    def _opened(self, inner: bytes, packet: EspPacket) -> list[Message]:
        """The messages of the IP packet inside."""
        frame = Frame(packet.frames[-1], packet.time_ns, RAW, inner, len(inner))
        found: list[Message] = []
        for payload in self._inside_esp.feed(frame):
            # ESP in ESP stays closed: there is no end of it otherwise.
            if not isinstance(payload, EspPacket):
                found += self._messages([payload])
        for message in found:
            if not isinstance(message, Step):
                message.inside_esp = True
        return found

    def _interface_of(self, message: Message) -> Interface | None:
        if isinstance(message, Step):
            return None
        return self._interface_between(message.source.address, message.destination.address)

    def _interface_between(self, one: str, other: str) -> Interface | None:
        pair = one, other
        if pair not in self._protected_pairs:
            name = self._knowledge.interface_between(*pair)
            self._protected_pairs[pair] = None if name is None else Interface(name.upper())
            if len(self._protected_pairs) > _MOST_TUNNELS:
                self._protected_pairs.popitem(last=False)
        return self._protected_pairs[pair]

    def _ike(self, datagram: UdpDatagram, content: bytes, found: list[Message]) -> None:
        interface = self._interface_between(datagram.source.address, datagram.destination.address)
        if interface is None:
            self.counts["ike of an undeclared interface"] += 1
            return
        try:
            message = ike.decode(content)
        except DecodeError as error:
            self._undecodable(datagram, interface, error, datagram.truncated, found)
            return
        found.append(IkeMessage(*datagram[:4], interface, message))

    def _udp(self, datagram: UdpDatagram, found: list[Message]) -> None:
        ports = (datagram.destination.port, datagram.source.port)
        if GTPU_PORT in ports:
            self._gtpu(datagram, found)
        elif PFCP_PORT in ports:
            self._pfcp(datagram, found)
        elif pdcp.is_framed(datagram.payload):
            found.append(self._radio.framed(datagram))
        elif ESP_OVER_UDP_PORT in ports and is_esp_over_udp(datagram.payload):
            frames, time_ns, source, destination, payload, _ = datagram
            ends = source._replace(port=0), destination._replace(port=0)
            self._esp(EspPacket(frames, time_ns, *ends, payload), found)
        elif ESP_OVER_UDP_PORT in ports and datagram.payload[:4] == NO_ESP:
            self._ike(datagram, datagram.payload[4:], found)
        elif IKE_PORT in ports:
            self._ike(datagram, datagram.payload, found)
        elif self._data_network and self._is_of_data_network(datagram):
            found.append(UserDatagram(*datagram[:5]))

    def _is_of_data_network(self, datagram: UdpDatagram) -> bool:
        ends = ip_address(datagram.source.address), ip_address(datagram.destination.address)
        return any(end in network for end in ends for network in self._data_network)

    def _gtpu(self, datagram: UdpDatagram, found: list[Message]) -> None:
        frames, time_ns, source, destination, payload, truncated = datagram
        try:
            message_type, teid, _ = gtpu.peek(payload)
        except DecodeError as error:
            self._undecodable(datagram, Interface.N3, error, truncated, found)
            return
        user_equipment = self._tunnels.get((destination.address, teid))
        found.append(
            GtpuMessage(
                frames, time_ns, source, destination, message_type, teid, payload, user_equipment
            )
        )

    def _pfcp(self, datagram: UdpDatagram, found: list[Message]) -> None:
        try:
            pdus = pfcp.decode_all(datagram.payload)
        except DecodeError as error:
            self._undecodable(datagram, Interface.N4, error, datagram.truncated, found)
            return
        for pdu in pdus:
            try:
                followed = self._sessions.follow(pdu, datagram.source, datagram.destination)
            except DecodeError as error:
                self._undecodable(datagram, Interface.N4, error, datagram.truncated, found)
                continue
            session = followed.session
            if session is not None and session.user_equipment is None:
                session.user_equipment = self._identification.by_supi(session.supi)
            found.append(
                PfcpMessage(
                    datagram.frames,
                    datagram.time_ns,
                    datagram.source,
                    datagram.destination,
                    pdu,
                    followed,
                    None if session is None else session.user_equipment,
                )
            )

    def _tcp(self, chunk: TcpChunk, found: list[Message]) -> None:
        for message in self._sbi.read(chunk):
            if isinstance(message, SbiMessage):
                self._http(message, found)
            else:
                found.append(message)

    def _http(self, message: SbiMessage, found: list[Message]) -> None:
        found.append(message)
        message.user_equipment = self._identification.by_supi(message.supi)
        # Only a body with one of these words can teach the key ring anything.
        if _REVEALING.search(message.http.body) and message.document is not None:
            self._key_ring.learn(message.document.value, message.supi)
        self._n1_parts(message, found)

    def _n1_parts(self, message: SbiMessage, found: list[Message]) -> None:
        for part in message.http.parts:
            if not part.content_type.startswith(_N1_CONTENT):
                continue
            try:
                inner = nas.decode(part.body)
            except DecodeError as error:
                self._undecodable(message, Interface.SBI, error, False, found, part.body)
                continue
            user_equipment = message.user_equipment
            if user_equipment is None:
                user_equipment = UserEquipment(0, supi=message.supi)
            plain = inner if isinstance(inner, nas.Message) else None
            found.append(
                NasMessage(
                    message.frames,
                    message.time_ns,
                    message.source,
                    message.destination,
                    inner,
                    plain,
                    uplink=message.operation is not None
                    and message.operation.service == "nsmf-pdusession",
                    user_equipment=user_equipment,
                    interface=Interface.SBI,
                )
            )

    def _sctp(self, carrier: SctpMessage, found: list[Message]) -> None:
        identifier = carrier.payload_protocol_id
        if identifier == _PPID_NGAP_OVER_DTLS:
            found.append(
                ProtectedPacket(
                    carrier.frames,
                    carrier.time_ns,
                    carrier.source,
                    carrier.destination,
                    Interface.N2,
                    "DTLS",
                )
            )
            return
        ports = (carrier.destination.port, carrier.source.port)
        # Some senders put the identifier in host order; some leave it unset.
        if identifier not in (_PPID_NGAP, _PPID_NGAP << 24) and not (
            identifier == 0 and NGAP_PORT in ports
        ):
            return
        try:
            pdu = self._decode_ngap(carrier.payload)
        except DecodeError as error:
            self._undecodable(carrier, Interface.N2, error, carrier.truncated, found)
            return
        self._ngap(pdu, carrier, found)

    def _ngap(self, pdu: ngap.Pdu, carrier: SctpMessage, found: list[Message]) -> None:
        frames, time_ns, source, destination = carrier[:4]
        uplink = self._connections.from_access_network(pdu, source, destination)
        access_node, amf = (source, destination) if uplink else (destination, source)
        message = NgapMessage(frames, time_ns, source, destination, pdu, uplink)
        found.append(message)
        try:
            user_equipment = self._connections.follow(pdu, access_node, amf)
            if user_equipment is None:
                return
            nas_pdus = nas_pdus_of(pdu)
            initial = pdu.procedure_code == ngap.ProcedureCode.INITIAL_UE_MESSAGE
            if initial and nas_pdus:
                known = self._identification.known_sender(pdu, nas_pdus[0])
                if known is not None and known is not user_equipment:
                    self._connections.rename(user_equipment, known)
                    known.connected, known.secured = True, False
                    user_equipment = known
            message.user_equipment = user_equipment
            first = nas_pdus[0] if initial and nas_pdus else None
            self._radio.note(pdu, user_equipment, access_node, first)
            location = pdu.get(ngap.ie.USER_LOCATION_INFORMATION)
            if location is not None and location.plmn_identity is not None:
                user_equipment.serving_plmn = location.plmn_identity
        except DecodeError as error:
            self._undecodable(carrier, Interface.N2, error, carrier.truncated, found)
            return
        for nas_pdu in nas_pdus:
            self._nas(nas_pdu, carrier, message, initial, found)
        try:
            n2_sessions.note_resources(pdu, user_equipment, self._link, self._unlink)
        except DecodeError as error:
            self._undecodable(carrier, Interface.N2, error, carrier.truncated, found)

    def _nas(
        self,
        nas_pdu: bytes,
        carrier: SctpMessage,
        ngap_message: NgapMessage,
        initial: bool,
        found: list[Message],
    ) -> None:
        user_equipment = ngap_message.user_equipment
        if user_equipment is None:
            return
        uplink = ngap_message.from_access_network
        try:
            reading = read_nas(nas_pdu, uplink, user_equipment, self._keys)
        except DecodeError as error:
            self._undecodable(carrier, Interface.N1, error, carrier.truncated, found, nas_pdu)
            return
        message = NasMessage(
            carrier.frames,
            carrier.time_ns,
            carrier.source,
            carrier.destination,
            reading.outer,
            reading.plain,
            uplink,
            user_equipment,
            initial,
            reading.nas_count,
            reading.integrity_verified,
        )
        found.append(message)
        if reading.plain is None:
            return
        try:
            self._note(reading.plain, uplink, user_equipment)
        except DecodeError as error:
            self._undecodable(carrier, Interface.N1, error, carrier.truncated, found, nas_pdu)

    def _note(self, plain: nas.Message, uplink: bool, user_equipment: UserEquipment) -> None:
        self._identification.note(plain, uplink, user_equipment)
        kind = plain.message_type
        if kind == nas.MessageType.UL_NAS_TRANSPORT:
            n2_sessions.note_uplink_transport(plain, user_equipment)
        elif kind in _DEREGISTRATION_ENDS:
            user_equipment.deregistered = True

    def _link(self, tunnel: n2_sessions.Tunnel, user_equipment: UserEquipment) -> None:
        self._tunnels[tunnel] = user_equipment
        if len(self._tunnels) > _MOST_TUNNELS:
            self._tunnels.popitem(last=False)
        self._sessions.link(tunnel, user_equipment)

    def _unlink(self, tunnel: n2_sessions.Tunnel) -> None:
        self._tunnels.pop(tunnel, None)

    def _undecodable(
        self,
        carrier: UdpDatagram | SctpMessage | SbiMessage,
        interface: Interface,
        error: DecodeError,
        truncated: bool,
        found: list[Message],
        payload: bytes | None = None,
    ) -> None:
        if truncated:
            error = DecodeError(
                error.protocol, error.offset, f"{error.reason} (the capture cut this frame short)"
            )
        if payload is None:
            payload = b"" if isinstance(carrier, SbiMessage) else carrier.payload
        found.append(
            Undecodable(
                carrier.frames,
                carrier.time_ns,
                carrier.source,
                carrier.destination,
                interface,
                error,
                payload,
            )
        )


_DEREGISTRATION_ENDS = frozenset(
    {
        nas.MessageType.DEREGISTRATION_REQUEST_UE_ORIGINATING,
        nas.MessageType.DEREGISTRATION_ACCEPT_UE_TERMINATED,
    }
)


def nas_pdus_of(pdu: ngap.Pdu) -> list[bytes]:
    """Every NAS PDU that an NGAP message carries, in its order. Raises DecodeError."""
    items: tuple[ngap.SessionSetup | ngap.SessionModify, ...] = (
        *(pdu.get(ngap.ie.PDU_SESSION_RESOURCE_SETUP_LIST_SU_REQ) or ()),
        *(pdu.get(ngap.ie.PDU_SESSION_RESOURCE_SETUP_LIST_CXT_REQ) or ()),
        *(pdu.get(ngap.ie.PDU_SESSION_RESOURCE_MODIFY_LIST_MOD_REQ) or ()),
    )
    found = (pdu.get(ngap.ie.NAS_PDU), *(item.nas_pdu for item in items))
    return [octets for octets in found if octets is not None]


def dissect(frames: Iterable[Frame], knowledge: Knowledge | None = None) -> Iterator[Message]:
    """The messages of a whole trace, in order."""
    dissector = Dissector(knowledge)
    for frame in frames:
        yield from dissector.feed(frame)
    yield from dissector.finish()
