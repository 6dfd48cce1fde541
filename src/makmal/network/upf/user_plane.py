"""Packets through the UPF: N3 and N9 to N6 and back (TS 29.281; TS 38.415; TS 23.501, 5.8)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from ipaddress import ip_address
from struct import Struct

from makmal.network.upf import packets, router
from makmal.network.upf.data_network import DataNetwork
from makmal.network.upf.policy import UpfPolicy
from makmal.network.upf.session import DetectionRule, ForwardingRule, UpSession
from makmal.protocol import gtpu, pfcp
from makmal.protocol.errors import DecodeError
from makmal.trace.frame import Endpoint

_KIND = gtpu.MessageType
_G_PDU = int(_KIND.G_PDU)
_CONTAINER = int(gtpu.ExtensionHeaderType.PDU_SESSION_CONTAINER)
# A G-PDU with a PDU session container and nothing else: version 1, GTP, E; one unit of four octets.
_WITH_CONTAINER = Struct(">BBHIHBBBBBB")
_unpack = _WITH_CONTAINER.unpack_from
_ADDED = 8
_MULTICAST = b"\xff"
_UDP_GTPU = 2152

SendDatagram = Callable[[bytes, Endpoint], None]


@lru_cache(maxsize=64)
def _packed(addresses: frozenset[str]) -> frozenset[bytes]:
    return frozenset(ip_address(each).packed for each in addresses)


class UserPlane:
    """The forwarding half. ``on_waiting`` is told of the first packet that waits for an idle UE,
    ``on_error_indication`` of a tunnel that its other end does not know, ``on_threshold`` of a
    usage rule that has reached its volume.
    """

    def __init__(
        self,
        policy: UpfPolicy,
        send: SendDatagram,
        data_network: DataNetwork,
        own_address: str,
        functions: Iterable[str],
        clock: Callable[[], int],
    ) -> None:
        self.policy, self._send, self.data_network = policy, send, data_network
        self._own = own_address
        self._functions = _packed(frozenset(functions))
        self._clock = clock
        self.log: list[str] = []
        self.by_teid: dict[int, UpSession] = {}
        self.by_address: dict[bytes, UpSession] = {}
        # Who sends into a tunnel whose other end has this TEID; ends may choose the same ones.
        self._by_remote_teid: dict[int, set[UpSession]] = {}
        self.counters: dict[str, int] = {}
        self.on_waiting: Callable[[UpSession, DetectionRule], None] = lambda session, rule: None
        self.on_error_indication: Callable[[UpSession, Endpoint, int], None] = (
            lambda session, peer, teid: None
        )
        self.on_threshold: Callable[[UpSession, int], None] = lambda session, rule: None
        # Tunnels that were deleted and still forward: only by a fault.
        self._lingering: dict[int, UpSession] = {}
        self.is_broken = False
        data_network.take = self.downlink

    # Sessions come and go.

    def enter(self, session: UpSession) -> None:
        """A session has rules now, or others."""
        for teid in session.teids:
            self.by_teid[teid] = session
        for rule in session.forwarding.values():
            if rule.teid is not None:
                self._by_remote_teid.setdefault(rule.teid, set()).add(session)
        for address in session.addresses:
            self.by_address[address] = session

    def remove(self, session: UpSession) -> None:
        """A session has ended."""
        for rule in session.forwarding.values():
            holders = self._by_remote_teid.get(rule.teid or 0)
            if holders is not None:
                holders.discard(session)
                if not holders:
                    del self._by_remote_teid[rule.teid or 0]
        for teid in session.teids:
            if self.by_teid.get(teid) is session:
                del self.by_teid[teid]
            if not self.policy.closes_deleted_tunnels:
                self._lingering[teid] = session
        for address in session.addresses:
            if self.by_address.get(address) is session:
                del self.by_address[address]
                if not self.policy.closes_deleted_tunnels:
                    self.by_address[address] = session

    def end_marker(self, peer: Endpoint, teid: int) -> None:
        """Tell a tunnel's end that no more comes (TS 29.281, 7.3.2)."""
        if self.policy.sends_end_marker:
            self._send(gtpu.build(_KIND.END_MARKER, teid).encode(), peer)

    def flush(self, session: UpSession) -> None:
        """What waited goes, now that it can."""
        waiting = list(session.buffered)
        session.buffered.clear()
        for packet in waiting:
            self._down(session, packet)

    def _count(self, what: str) -> None:
        self.counters[what] = self.counters.get(what, 0) + 1

    # From the tunnels.

    def datagram(self, octets: bytes, source: Endpoint) -> None:
        """A datagram on N3 or N9."""
        if self.is_broken:
            return
        policy = self.policy
        if (
            policy.permitted_gtpu_sources is not None
            and policy.applies_gtpu_filter
            and source.address not in policy.permitted_gtpu_sources
        ):
            self._count("filtered")
            return
        # What nearly every datagram is: a G-PDU with just a PDU session container.
        if len(octets) > 36:
            flags, kind, length, teid, _, _, following, units, _, qfi, last = _unpack(octets)
            if (
                flags == 0x34
                and kind == _G_PDU
                and following == _CONTAINER
                and units == 1
                and not last
                and length + 8 == len(octets)
            ):
                self._packet(teid, qfi & 0x3F, octets[16:], source)
                return
        try:
            message = gtpu.decode(octets)
        except DecodeError as error:
            self._malformed(octets, source, error)
            return
        self._message(message, source)

    def _malformed(self, octets: bytes, source: Endpoint, error: DecodeError) -> None:
        self._count("malformed")
        self.log.append(f"undecodable datagram of {source.address}: {error}")
        if not self.policy.survives_malformed_gtpu:
            self.is_broken = True
        elif self.policy.passes_malformed_gtpu_on and len(octets) > 8 and octets[1] == _G_PDU:
            # A fault: nothing but the TEID is looked at, and changed.
            session = self.by_teid.get(int.from_bytes(octets[4:8], "big"))
            for far in () if session is None else session.forwarding.values():
                if far.peer is not None and far.teid is not None and far.peer != source:
                    self._send(octets[:4] + far.teid.to_bytes(4, "big") + octets[8:], far.peer)
        elif not self.policy.discards_malformed_gtpu and len(octets) > 8 and octets[1] == _G_PDU:
            # A fault: where the packet seems to begin is guessed.
            start = 16 if octets[0] & 4 else 12 if octets[0] & 3 else 8
            self._packet(int.from_bytes(octets[4:8], "big"), None, octets[start:], source)

    def _message(self, message: gtpu.Message, source: Endpoint) -> None:
        kind = message.message_type
        if kind == _KIND.G_PDU:
            qfi = None
            try:
                container = message.pdu_session_container
            except DecodeError as error:
                self._malformed(message.encode(), source, error)
                return
            if container is not None:
                qfi = container.qfi
            self._packet(message.teid, qfi, message.payload, source)
        elif kind == _KIND.ECHO_REQUEST:
            answer = gtpu.build(
                _KIND.ECHO_RESPONSE,
                0,
                sequence_number=message.sequence_number or 0,
                elements=[(gtpu.ie.RECOVERY, 0)],
            )
            self._send(answer.encode(), source)
        elif kind == _KIND.ERROR_INDICATION:
            self._error_indication(message, source)
        elif kind == _KIND.END_MARKER:
            self._pass_end_marker(message.teid, source)

    def _error_indication(self, message: gtpu.Message, source: Endpoint) -> None:
        try:
            teid = message.get(gtpu.ie.TEID_DATA_I)
        except DecodeError:
            teid = None
        if teid is None:
            return
        for session in tuple(self._by_remote_teid.get(teid, ())):
            for rule in session.forwarding.values():
                if rule.teid != teid or rule.peer is None:
                    continue
                if self.policy.checks_error_indication_peer and rule.peer.address != source.address:
                    self._count("error indications of others")
                    continue
                rule.act(pfcp.ApplyAction.BUFF)
                self.on_error_indication(session, rule.peer, teid)

    def _pass_end_marker(self, teid: int, source: Endpoint) -> None:
        """An end marker goes on to the end of the next tunnel (TS 23.501, 5.8.2.9)."""
        session = self.by_teid.get(teid)
        if session is None:
            return
        for rule in session.rules_of_teid.get(teid, ()):
            far = rule.far
            if far is not None and far.peer is not None and far.teid is not None:
                if far.peer.address != source.address:
                    self._send(gtpu.build(_KIND.END_MARKER, far.teid).encode(), far.peer)
                return

    def _packet(self, teid: int, qfi: int | None, packet: bytes, source: Endpoint) -> None:
        """A packet of a tunnel."""
        policy = self.policy
        session = self.by_teid.get(teid)
        if session is None:
            session = self._lingering.get(teid) or self._of_unknown_tunnel(teid, packet, source)
            if session is None:
                return
            if teid not in session.rules_of_teid:
                self._down(session, packet)
                return
        is_ipv4 = packet[:1] == b"\x45" and len(packet) >= 20
        if not is_ipv4 and not packets.version(packet):
            self._count("no IP packets")
            return
        for rule in session.rules_of_teid[teid]:
            if not rule.filters and qfi in rule.qfis:
                break
            if rule.takes(packet, qfi, checks_qfi=policy.checks_qfi):
                break
        else:
            self._count("packets without a rule")
            return
        far = rule.far
        if far is None:
            return
        if not rule.from_access:
            self._down(session, packet, rule)
            return
        if session.ipv6_prefix is not None and router.is_solicitation(packet):
            # From a link local address: the UE has no other yet (TS 23.501, 5.8.2.2.3).
            self._down(session, router.advertisement(packet, session.ipv6_prefix))
            return
        if not (is_ipv4 or policy.keeps_multicast_to_the_link) and packet[24:25] == _MULTICAST:
            # Only by a fault: all UEs are on one link.
            for other in {each for each in self.by_address.values() if each.ipv6_prefix}:
                if other is not session:
                    self._down(other, packet)
            return
        if (
            policy.checks_uplink_source
            and (is_ipv4 or policy.checks_ipv6_source)
            and not (is_ipv4 and packet[12:16] == session.ipv4)
            and not session.is_of_ue(packets.source(packet))
        ):
            self._count("packets with a source address that is not the UE's")
            return
        if not self._permitted(session, rule, packet, uplink=True):
            return
        if far.forwards:
            self._up(session, far, qfi, packet)

    def _of_unknown_tunnel(self, teid: int, packet: bytes, source: Endpoint) -> UpSession | None:
        """A TEID that is not in use is answered; only by a fault is the packet forwarded."""
        self._count("packets for an unknown TEID")
        if not self.policy.checks_n9_teid and packets.version(packet):
            return self._session_of(packets.destination(packet))
        if self.policy.answers_unknown_teid:
            answer = gtpu.build(
                _KIND.ERROR_INDICATION,
                0,
                sequence_number=0,
                elements=[(gtpu.ie.TEID_DATA_I, teid), (gtpu.ie.GTP_U_PEER_ADDRESS, self._own)],
            )
            self._send(answer.encode(), source)
        return None

    def _permitted(
        self, session: UpSession, rule: DetectionRule, packet: bytes, *, uplink: bool
    ) -> bool:
        """Gates and rates, and the count of what passes."""
        size = len(packet)
        for enforced in rule.enforced:
            if uplink:
                is_open, bucket = enforced.uplink_open, enforced.uplink
            else:
                is_open, bucket = enforced.downlink_open, enforced.downlink
            if not is_open:
                self._count("packets at a closed gate")
                return False
            if bucket is None:
                continue
            if bucket.left >= size:
                bucket.left -= size
            elif not bucket.passes(size, self._clock):
                self._count("packets beyond the rate")
                return False
        volume = session.uplink if uplink else session.downlink
        volume.packets += 1
        volume.octets += size
        for used in rule.used:
            counted = used.uplink if uplink else used.downlink
            counted.packets += 1
            counted.octets += size
            if (
                used.threshold is not None
                and used.uplink.octets + used.downlink.octets >= used.threshold
            ):
                self.on_threshold(session, used.identifier)
        return True

    def _up(self, session: UpSession, far: ForwardingRule, qfi: int | None, packet: bytes) -> None:
        if far.peer is not None and far.teid is not None:
            # To the next UPF on N9.
            flow = gtpu.UlPduSessionInformation(qfi=qfi or self._qfi(session) or 0)
            message = gtpu.build(
                _KIND.G_PDU, far.teid, packet, extension_headers=[(_CONTAINER, flow)]
            )
            self._send(message.encode(), far.peer)
            return
        receiver = packets.destination(packet)
        if receiver in self._functions:
            if self.policy.shields_network:
                self._count("packets to functions of the network")
                return
            if self._unpacked(packet):
                return
        other = self.by_address.get(receiver if len(receiver) == 4 else receiver[:8])
        if other is not None:
            if self.policy.isolates_ues and other is not session:
                self._count("packets to another UE")
                return
            self._down(other, packet)
            return
        self.data_network.send(packet)

    def _unpacked(self, packet: bytes) -> bool:
        """Only by a fault: GTP-U in a packet of a UE is taken for GTP-U of N3."""
        ends = packets.ports(packet)
        if (
            ends is None
            or ends[1] != _UDP_GTPU
            or packets.destination(packet) != ip_address(self._own).packed
        ):
            return False
        source = Endpoint(str(ip_address(packets.source(packet))), ends[0])
        self.datagram(packet[packets.payload_at(packet) + 8 :], source)
        return True

    # To the UE.

    def _session_of(self, address: bytes) -> UpSession | None:
        return self.by_address.get(address if len(address) == 4 else address[:8])

    def downlink(self, packet: bytes) -> None:
        """A packet of the data network."""
        if packet[:1] == b"\x45" and len(packet) >= 20:
            session = self.by_address.get(packet[16:20])
        elif packets.version(packet):
            session = self._session_of(packets.destination(packet))
        else:
            return
        if session is None:
            self._count("packets for no UE")
            return
        self._down(session, packet)

    def _down(self, session: UpSession, packet: bytes, rule: DetectionRule | None = None) -> None:
        if rule is None:
            for each in session.downlink_rules or self._any_downlink(session):
                if not each.filters or each.takes(packet, None, checks_qfi=False):
                    rule = each
                    break
            else:
                self._count("packets without a rule")
                return
        far = rule.far
        if self.is_broken or far is None:
            return
        if not self._permitted(session, rule, packet, uplink=False):
            return
        if far.forwards and far.peer is not None and far.teid is not None:
            length = len(packet)
            header = _WITH_CONTAINER.pack(
                0x34, _G_PDU, length + _ADDED, far.teid, 0, 0, _CONTAINER, 1, 0, rule.marked_qfi, 0
            )
            self._send(header + packet, far.peer)
        elif far.holds:
            self._wait(session, rule, far, packet)

    @staticmethod
    def _any_downlink(session: UpSession) -> tuple[DetectionRule, ...]:
        return tuple(each for each in session.detection.values() if not each.from_access)

    def _wait(
        self, session: UpSession, rule: DetectionRule, far: ForwardingRule, packet: bytes
    ) -> None:
        if len(session.buffered) >= self.policy.buffered_packets:
            session.buffered.popleft()
        session.buffered.append(packet)
        if far.notifies and not session.has_reported:
            session.has_reported = True
            self.on_waiting(session, rule)

    @staticmethod
    def _qfi(session: UpSession) -> int | None:
        return next((each.qfi for each in session.enforcement.values() if each.qfi), None)
