"""From frames to payloads: link layer, IP with its fragments, UDP, SCTP, TCP, ESP.

Checksums of IP, UDP and TCP are not verified: on the host that captures, they are often left to
the network card and not there yet. What is malformed is counted and gives nothing.
"""

from __future__ import annotations

from collections import Counter
from ipaddress import IPv6Address
from socket import inet_ntoa
from struct import Struct

from makmal.trace.exported_pdu import EXPORTED_PDU, decode_exported
from makmal.trace.frame import (
    Endpoint,
    EspPacket,
    ExportedPdu,
    Frame,
    Payload,
    SctpMessage,
    TcpChunk,
    UdpDatagram,
)
from makmal.trace.ip_fragments import IpFragments
from makmal.trace.link import ETHERNET, ip_offset
from makmal.trace.sctp_reassembly import SctpReassembly
from makmal.trace.tcp_reassembly import TcpReassembly

_TCP, _UDP, _IPV6, _FRAGMENT, _ESP, _SCTP = 6, 17, 41, 44, 50, 132
# Extension headers with a length in units of 8 octets (RFC 8200, 4): hop-by-hop, routing,
# destination options, mobility, host identity, shim6.
_EXTENSIONS = frozenset({0, 43, 60, 135, 139, 140})
_AUTHENTICATION = 51
# RFC 6951 and RFC 3948.
_SCTP_OVER_UDP_PORT = 9899
ESP_OVER_UDP_PORT = 4500

_IPV4_HEADER = Struct(">BBHHHBBH4s4s")
_UDP_HEADER = Struct(">HHHH")
_TCP_HEADER = Struct(">HHIIBB")
_PORTS = Struct(">HH")
_MOST_ENDPOINTS = 200_000


# What IKE begins with on this port (RFC 3948, 2.2).
NO_ESP = bytes(4)


def is_esp_over_udp(content: bytes) -> bool:
    """Whether a datagram of this port is ESP (RFC 3948, 2.2): a first word of zeros marks IKE, and
    one octet is a keep-alive.
    """
    return len(content) >= 8 and content[:4] != NO_ESP


class Reassembler:
    """Feed it frames in order; it gives UDP datagrams, SCTP messages, TCP octets, ESP packets.

    ``counters`` tells what was passed over: frames without IP, malformed packets, duplicates.
    """

    def __init__(self) -> None:
        self.counters: Counter[str] = Counter()
        self._fragments = IpFragments()
        self._sctp = SctpReassembly(self.counters)
        self._tcp = TcpReassembly(self.counters)
        self._endpoints: dict[tuple[bytes, int], Endpoint] = {}

    def feed(self, frame: Frame) -> list[Payload]:
        """The payloads that this frame completes."""
        data = frame.data
        if frame.link_type == ETHERNET and data[12:14] == b"\x08\x00":
            offset = 14
        else:
            offset = ip_offset(frame.link_type, data)
        if offset < 0 or offset >= len(data):
            exported = decode_exported(data) if frame.link_type == EXPORTED_PDU else None
            if exported is not None:
                return [ExportedPdu(frame.number, frame.time_ns, *exported)]
            self.counters["frames without IP"] += 1
            return []
        found: list[Payload] = []
        version = data[offset] >> 4
        if version == 4:
            self._ipv4(frame, offset, found)
        elif version == 6:
            self._ipv6(frame, offset, found)
        else:
            self.counters["frames without IP"] += 1
        return found

    def flush(self) -> list[Payload]:
        """The trace is over: what was held back, waiting for something that did not come."""
        chunks: list[TcpChunk] = []
        self._tcp.flush(chunks)
        return [*self._tcp.gaps, *chunks]

    def _ipv4(self, frame: Frame, offset: int, found: list[Payload]) -> None:
        data = frame.data
        if len(data) < offset + 20:
            self.counters["ip malformed"] += 1
            return
        first, _, total, identification, fragment, _, protocol, _, source, destination = (
            _IPV4_HEADER.unpack_from(data, offset)
        )
        start = offset + (first & 0x0F) * 4
        # Segmentation offload leaves the total length at 0; then the frame tells.
        end = offset + total if total else len(data)
        if start < offset + 20 or end < start:
            self.counters["ip malformed"] += 1
            return
        truncated = end > len(data)
        payload = data[start:end]
        numbers: tuple[int, ...] = (frame.number,)
        if fragment & 0x3FFF:
            whole = self._fragments.add(
                (source, destination, protocol, identification),
                (fragment & 0x1FFF) * 8,
                bool(fragment & 0x2000),
                payload,
                frame.number,
                frame.time_ns,
                truncated,
            )
            if whole is None:
                return
            payload, numbers, truncated = whole.payload, whole.frames, whole.truncated
        missing = max(end - len(data), 0)
        self._transport(
            protocol,
            numbers,
            frame.time_ns,
            source,
            destination,
            payload,
            truncated,
            missing,
            found,
        )

    def _ipv6(self, frame: Frame, offset: int, found: list[Payload]) -> None:
        data = frame.data
        if len(data) < offset + 40:
            self.counters["ip malformed"] += 1
            return
        length = int.from_bytes(data[offset + 4 : offset + 6], "big")
        protocol = data[offset + 6]
        source, destination = data[offset + 8 : offset + 24], data[offset + 24 : offset + 40]
        position = offset + 40
        end = position + length if length else len(data)
        truncated = end > len(data)
        numbers: tuple[int, ...] = (frame.number,)
        payload = data[position:end]
        position = 0
        while True:
            if protocol in _EXTENSIONS or protocol == _AUTHENTICATION:
                if position + 8 > len(payload):
                    self.counters["ip malformed"] += 1
                    return
                unit, more = (4, 2) if protocol == _AUTHENTICATION else (8, 1)
                protocol, size = payload[position], payload[position + 1]
                position += (size + more) * unit
            elif protocol == _FRAGMENT:
                if position + 8 > len(payload):
                    self.counters["ip malformed"] += 1
                    return
                protocol = payload[position]
                fragment = int.from_bytes(payload[position + 2 : position + 4], "big")
                identification = int.from_bytes(payload[position + 4 : position + 8], "big")
                whole = self._fragments.add(
                    (source, destination, protocol, identification),
                    fragment & 0xFFF8,
                    bool(fragment & 1),
                    payload[position + 8 :],
                    frame.number,
                    frame.time_ns,
                    truncated,
                )
                if whole is None:
                    return
                payload, numbers, truncated = whole.payload, whole.frames, whole.truncated
                position = 0
            else:
                break
        missing = max(end - len(data), 0)
        self._transport(
            protocol,
            numbers,
            frame.time_ns,
            source,
            destination,
            payload[position:],
            truncated,
            missing,
            found,
        )

    def _endpoint(self, address: bytes, port: int) -> Endpoint:
        key = (address, port)
        endpoint = self._endpoints.get(key)
        if endpoint is None:
            text = inet_ntoa(address) if len(address) == 4 else str(IPv6Address(address))
            if len(self._endpoints) >= _MOST_ENDPOINTS:
                self._endpoints.clear()
            endpoint = self._endpoints[key] = Endpoint(text, port)
        return endpoint

    def _transport(
        self,
        protocol: int,
        numbers: tuple[int, ...],
        time_ns: int,
        source: bytes,
        destination: bytes,
        payload: bytes,
        truncated: bool,
        missing: int,
        found: list[Payload],
    ) -> None:
        if protocol == _UDP:
            self._udp(numbers, time_ns, source, destination, payload, truncated, found)
        elif protocol == _TCP:
            if len(payload) < 20:
                self.counters["tcp malformed"] += 1
                return
            sport, dport, sequence, acknowledgement, header, flags = _TCP_HEADER.unpack_from(
                payload
            )
            start = (header >> 4) * 4
            if start < 20 or start > len(payload):
                self.counters["tcp malformed"] += 1
                return
            chunks: list[TcpChunk] = []
            self._tcp.feed(
                numbers[-1],
                time_ns,
                self._endpoint(source, sport),
                self._endpoint(destination, dport),
                sequence,
                acknowledgement,
                flags,
                payload[start:],
                missing,
                chunks,
            )
            if self._tcp.gaps:
                found += self._tcp.gaps
                self._tcp.gaps.clear()
            found += chunks
        elif protocol == _SCTP:
            self._sctp_packet(numbers, time_ns, source, destination, payload, truncated, found)
        elif protocol == _ESP:
            found.append(
                EspPacket(
                    numbers,
                    time_ns,
                    self._endpoint(source, 0),
                    self._endpoint(destination, 0),
                    payload,
                )
            )

    def _udp(
        self,
        numbers: tuple[int, ...],
        time_ns: int,
        source: bytes,
        destination: bytes,
        payload: bytes,
        truncated: bool,
        found: list[Payload],
    ) -> None:
        if len(payload) < 8:
            self.counters["udp malformed"] += 1
            return
        sport, dport, length, _ = _UDP_HEADER.unpack_from(payload)
        if length < 8 and length != 0:
            self.counters["udp malformed"] += 1
            return
        content = payload[8 : length or None]
        truncated = truncated or (length or 8) > len(payload)
        if _SCTP_OVER_UDP_PORT in (sport, dport):
            self._sctp_packet(numbers, time_ns, source, destination, content, truncated, found)
            return
        if ESP_OVER_UDP_PORT in (sport, dport) and content[:4] != NO_ESP:
            if is_esp_over_udp(content):
                found.append(
                    EspPacket(
                        numbers,
                        time_ns,
                        self._endpoint(source, 0),
                        self._endpoint(destination, 0),
                        content,
                    )
                )
            return
        found.append(
            UdpDatagram(
                numbers,
                time_ns,
                self._endpoint(source, sport),
                self._endpoint(destination, dport),
                content,
                truncated,
            )
        )

    def _sctp_packet(
        self,
        numbers: tuple[int, ...],
        time_ns: int,
        source: bytes,
        destination: bytes,
        packet: bytes,
        truncated: bool,
        found: list[Payload],
    ) -> None:
        if len(packet) < 12:
            self.counters["sctp malformed"] += 1
            return
        sport, dport = _PORTS.unpack_from(packet)
        messages: list[SctpMessage] = []
        self._sctp.feed(
            numbers,
            time_ns,
            self._endpoint(source, sport),
            self._endpoint(destination, dport),
            packet,
            truncated,
            messages,
        )
        if self._sctp.gaps:
            found += self._sctp.gaps
            self._sctp.gaps.clear()
        found += messages
