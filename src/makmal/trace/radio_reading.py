"""Reading Uu: RRC messages and PDCP PDUs, verified and deciphered with the keys that are known.

KgNB is known from N2, where the AMF gives it to the gNB, or derived from KAMF as the NAS keys are;
whether it is the right one, the MAC-I of the Security Mode Command tells. Further keys follow from
what RRC says of handovers, re-establishments and resumptions.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import TypeVar

from makmal.protocol import ngap, pdcp, rrc
from makmal.protocol.errors import DecodeError
from makmal.protocol.pdcp import FramedPdu, Plane
from makmal.protocol.rrc import establishment, mobility, reconfiguration, security
from makmal.security import keys
from makmal.security.as_security import AsSecurity
from makmal.security.nas_algorithms import Direction
from makmal.trace.frame import Endpoint, ExportedPdu, UdpDatagram
from makmal.trace.message import Interface, PdcpMessage, RrcMessage, Undecodable
from makmal.trace.radio_connections import AsKey, RadioConnection
from makmal.trace.user_equipment import UserEquipment

K = TypeVar("K")
V = TypeVar("V")
RadioMessage = RrcMessage | PdcpMessage | Undecodable
_MOST = 20_000
_SRB_BITS = 12
# NAS COUNTs before the latest with which KgNB may have been derived.
_EARLIER_COUNTS = 4


class RadioReading:
    """Follows the RRC connections of a trace. ``cells`` are those that are known beside it."""

    def __init__(self, cells: Iterable[rrc.Cell] = ()) -> None:
        self._connections: OrderedDict[tuple[Endpoint, int], RadioConnection] = OrderedDict()
        self._cells = list(cells)
        # What the next PDU of an unknown C-RNTI goes on with: by C-RNTI, and by the UE's address.
        self._moving: OrderedDict[int, RadioConnection] = OrderedDict()
        self._asking: OrderedDict[Endpoint, RadioConnection | None] = OrderedDict()
        self._suspended: OrderedDict[int, tuple[RadioConnection, int]] = OrderedDict()
        self._first_messages: OrderedDict[tuple[str, bytes], RadioConnection] = OrderedDict()

    @property
    def connections(self) -> tuple[RadioConnection, ...]:
        """Those that were seen, in order."""
        return tuple(self._connections.values())

    # What N2 tells.

    def note(
        self,
        pdu: ngap.Pdu,
        user_equipment: UserEquipment,
        access_node: Endpoint,
        first_message: bytes | None,
    ) -> None:
        """Whose connection it is, and its keys. Raises DecodeError."""
        if first_message is not None:
            found = self._first_messages.pop((access_node.address, first_message), None)
            if found is not None:
                found.user_equipment = user_equipment
        code = pdu.procedure_code
        if code == ngap.ProcedureCode.INITIAL_CONTEXT_SETUP:
            key = pdu.get(ngap.ie.SECURITY_KEY)
            if key is not None:
                user_equipment.k_gnb = key
                user_equipment.next_hops.clear()
        elif code in (
            ngap.ProcedureCode.HANDOVER_RESOURCE_ALLOCATION,
            ngap.ProcedureCode.PATH_SWITCH_REQUEST,
        ):
            context = pdu.get(ngap.ie.SECURITY_CONTEXT)
            if context is not None:
                user_equipment.next_hops[context.next_hop_chaining_count] = context.next_hop_nh

    # Messages without PDCP.

    def exported(self, payload: ExportedPdu) -> RadioMessage | None:
        """A message of a common channel, or one that somebody exported; None for another."""
        channel = rrc.CHANNEL_OF_DISSECTOR.get(payload.dissector)
        if channel is None:
            return None
        ends = (payload.frame,), payload.time_ns, payload.source, payload.destination
        try:
            message = rrc.decode(channel, payload.payload)
            connection = self._note_common(message, payload.source, payload.destination)
        except DecodeError as error:
            return Undecodable(*ends, Interface.UU, error, payload.payload)
        return RrcMessage(*ends, message, connection)

    def _note_common(
        self, message: rrc.Message, source: Endpoint, destination: Endpoint
    ) -> RadioConnection | None:
        kind = message.kind
        if kind == "rrcSetup":
            # Whatever was asked for, this is the beginning of a new connection.
            _remember(self._asking, destination, None)
        if kind == "rrcSetupRequest":
            _remember(self._asking, source, None)
        elif kind in ("rrcResumeRequest", "rrcResumeRequest1"):
            request = mobility.read_resume_request(message)
            found = self._suspended.get(request.identity)
            # Of one that is not known, what follows is ciphered with a key that is not either.
            _remember(self._asking, source, RadioConnection(source, source, 0))
            if found is not None:
                before, chaining_count = found
                _remember(self._asking, source, self._continued(before, chaining_count))
                return before
        elif kind == "rrcReestablishmentRequest":
            asked = mobility.read_reestablishment_request(message)
            for (_, ue_id), each in reversed(self._connections.items()):
                if ue_id == asked.c_rnti and each.ue == source:
                    _remember(self._asking, source, self._continued(each, None))
                    return each
        return None

    def _continued(self, before: RadioConnection, chaining_count: int | None) -> RadioConnection:
        """A connection that goes on in a cell, under whichever of the keys that can follow."""
        after = RadioConnection(before.gnb, before.ue, 0, before.user_equipment)
        after.algorithms, after.drbs = before.algorithms, dict(before.drbs)
        if before.algorithms is None:
            return after
        counts = range(8) if chaining_count is None else (chaining_count,)
        for cell in self._cells:
            for count in counts:
                after.keys += before.successors(cell, count, before.algorithms, False)
        return after

    # PDUs.

    def framed(self, datagram: UdpDatagram) -> RadioMessage:
        """A PDCP PDU in its framing."""
        frames, time_ns, source, destination, payload, _ = datagram
        ends = frames, time_ns, source, destination
        try:
            framed = pdcp.unframe(payload)
            bearer = framed.bearer
            pdu = pdcp.decode(framed.pdu, bearer.plane, bearer.sequence_bits)
        except DecodeError as error:
            return Undecodable(*ends, Interface.UU, error, payload)
        gnb, ue = (destination, source) if framed.uplink else (source, destination)
        begins = isinstance(pdu, pdcp.DataPdu) and pdu.sequence_number == 0 and bearer.identity == 1
        connection = self._connection(gnb, ue, bearer.ue_id, begins)
        if not isinstance(pdu, pdcp.DataPdu):
            return PdcpMessage(*ends, framed, connection)
        count = connection.estimate(
            bearer.plane, bearer.identity, framed.uplink, pdu.sequence_number, bearer.sequence_bits
        )
        if bearer.plane is Plane.USER:
            return self._user_data(ends, framed, pdu, connection, count)
        return self._signalling(ends, framed, pdu, connection, count)

    def _connection(self, gnb: Endpoint, ue: Endpoint, ue_id: int, begins: bool) -> RadioConnection:
        """The connection that a PDU is of; ``begins``: it may be the first of one."""
        found = self._connections.get((gnb, ue_id))
        moved = self._moving.get(ue_id)
        if moved is not None and moved.ue == ue:
            del self._moving[ue_id]
        elif found is not None and found.ue == ue and not (begins and ue in self._asking):
            return found
        else:
            is_new = ue in self._asking
            moved = self._asking.pop(ue, None)
            if moved is None and is_new:
                moved = RadioConnection(gnb, ue, ue_id, from_setup=True)
        if moved is None:
            moved = RadioConnection(gnb, ue, ue_id)
        moved.gnb, moved.ue, moved.ue_id = gnb, ue, ue_id
        _remember(self._connections, (gnb, ue_id), moved)
        return moved

    def _signalling(
        self,
        ends: tuple[tuple[int, ...], int, Endpoint, Endpoint],
        framed: FramedPdu,
        pdu: pdcp.DataPdu,
        connection: RadioConnection,
        count: int,
    ) -> RadioMessage:
        identity, uplink = framed.bearer.identity, framed.uplink
        direction = Direction.UPLINK if uplink else Direction.DOWNLINK
        channel = rrc.Channel.UL_DCCH if uplink else rrc.Channel.DL_DCCH
        verified: bool | None = None
        ciphered = False
        readings: list[tuple[bytes, bool]] = []
        for key in connection.keys:
            protection = key.security
            cipher = protection.signalling_cipher(identity, direction)
            mac = protection.signalling_mac(identity, direction)
            for deciphers in (True, False) if cipher is not None else (False,):
                body = cipher(count, pdu.payload) if cipher and deciphers else pdu.payload
                sdu, given = body[: -pdcp.MAC_OCTETS], body[-pdcp.MAC_OCTETS :]
                readings.append((sdu, deciphers))
                if mac(count, pdu.header + sdu) == given:
                    # With the null algorithm a MAC-I proves nothing.
                    verified = None if protection.integrity == 0 else True
                    connection.keys = [key]
                    readings = [(sdu, deciphers)]
                    break
            else:
                continue
            break
        else:
            if connection.keys and any(each.security.integrity for each in connection.keys):
                verified = False
            readings.append((pdu.payload[: -pdcp.MAC_OCTETS], False))
        message = None
        hopeless = not connection.keys and (connection.is_secured or not connection.from_setup)
        for sdu, deciphered in readings:
            message = _decoded(channel, sdu, strict=len(readings) > 1 or hopeless)
            if message is not None:
                ciphered = deciphered
                break
        if message is None:
            if connection.from_setup and not connection.is_secured:
                error = DecodeError("NR RRC", 0, f"no message of {channel.value}")
                return Undecodable(*ends, Interface.UU, error, framed.pdu)
            return PdcpMessage(*ends, framed, connection, count, verified, None)
        if message.kind == "securityModeCommand" and not uplink:
            verified = self._commanded(connection, message, pdu, count)
        if verified is not False:
            connection.note_count(Plane.SIGNALLING, identity, uplink, count)
            self._note(connection, message, uplink)
        return RrcMessage(
            *ends, message, connection, framed.bearer, count, verified, ciphered, framed.pdu
        )

    def _commanded(
        self, connection: RadioConnection, message: rrc.Message, pdu: pdcp.DataPdu, count: int
    ) -> bool | None:
        """Security Mode Command: find the key whose MAC-I it carries."""
        algorithms = security.commanded_algorithms(message)
        if algorithms is None:
            return None
        connection.algorithms = algorithms
        connection.keys = []
        sdu, given = pdu.payload[: -pdcp.MAC_OCTETS], pdu.payload[-pdcp.MAC_OCTETS :]
        tried = False
        for k_gnb in _k_gnbs(connection.user_equipment):
            tried = True
            chosen = AsSecurity(k_gnb, algorithms.ciphering, algorithms.integrity)
            mac = chosen.signalling_mac(1, Direction.DOWNLINK)(count, pdu.header + sdu)
            if algorithms.integrity == 0 or mac == given:
                connection.keys = [AsKey(chosen, 0, k_gnb)]
                return None if algorithms.integrity == 0 else True
        return False if tried else None

    def _note(self, connection: RadioConnection, message: rrc.Message, uplink: bool) -> None:
        """What a message changes."""
        kind = message.kind
        if uplink:
            if kind == "rrcSetupComplete":
                for octets in rrc.nas_of(message):
                    key = (connection.gnb.address, octets)
                    _remember(self._first_messages, key, connection)
            return
        try:
            if kind in ("rrcReconfiguration", "rrcResume"):
                self._reconfigured(connection, reconfiguration.read(message))
            elif kind == "rrcRelease":
                config = establishment.suspend_config_of(message)
                if config is not None:
                    kept = (connection, config.chaining_count)
                    _remember(self._suspended, config.short_i_rnti, kept)
                    _remember(self._suspended, config.full_i_rnti, kept)
        except DecodeError:
            return

    def _reconfigured(self, connection: RadioConnection, said: rrc.Reconfiguration) -> None:
        sync, update = said.sync, said.key_update
        if sync is not None and update is not None:
            if sync.cell not in self._cells:
                self._cells.append(sync.cell)
            after = RadioConnection(
                connection.gnb, connection.ue, sync.c_rnti, connection.user_equipment
            )
            after.algorithms = said.algorithms or connection.algorithms
            if after.algorithms is not None:
                after.keys = connection.successors(
                    sync.cell, update.chaining_count, after.algorithms, update.key_set_changed
                )
            after.drbs = {each.identity: each for each in said.drbs}
            _remember(self._moving, sync.c_rnti, after)
            return
        for identity in said.released_drbs:
            connection.drbs.pop(identity, None)
        for drb in said.drbs:
            connection.drbs[drb.identity] = drb
            for uplink in (True, False):
                connection.counts.pop((Plane.USER, drb.identity, uplink), None)

    def _user_data(
        self,
        ends: tuple[tuple[int, ...], int, Endpoint, Endpoint],
        framed: FramedPdu,
        pdu: pdcp.DataPdu,
        connection: RadioConnection,
        count: int,
    ) -> RadioMessage:
        bearer, uplink = framed.bearer, framed.uplink
        drb = connection.drbs.get(bearer.identity)
        direction = Direction.UPLINK if uplink else Direction.DOWNLINK
        clear = 1 if bearer.sdap_header and uplink else 0
        has_mac = bearer.mac_present if drb is None else drb.integrity
        payload: bytes | None = None
        verified: bool | None = None
        ciphered: bool | None = None
        for key in connection.keys:
            protection = key.security
            cipher = protection.user_cipher(bearer.identity, direction)
            for deciphers in (True, False) if cipher is not None else (False,):
                body = pdu.payload
                if cipher is not None and deciphers:
                    body = body[:clear] + cipher(count, body[clear:])
                if has_mac:
                    mac = protection.user_mac(bearer.identity, direction)
                    sdu, given = body[: -pdcp.MAC_OCTETS], body[-pdcp.MAC_OCTETS :]
                    right = mac(count, pdu.header + sdu) == given and protection.integrity != 0
                    if right:
                        payload, verified, ciphered = sdu[clear:], True, deciphers
                        break
                    verified = False
                    forged = next(
                        (each for each in (sdu[clear:], body[clear:]) if is_packet(each)), None
                    )
                    if forged is not None:
                        payload, ciphered = forged, deciphers
                        break
                elif is_packet(body[clear:]):
                    payload, ciphered = body[clear:], deciphers
                    break
            if payload is not None:
                if verified is not False:
                    connection.keys = [key]
                break
        if payload is None and is_packet(pdu.payload[clear:]):
            payload, ciphered = pdu.payload[clear:], False
        if verified is not False:
            connection.note_count(Plane.USER, bearer.identity, uplink, count)
        return PdcpMessage(*ends, framed, connection, count, verified, payload, ciphered, drb)


def _remember(table: OrderedDict[K, V], key: K, value: V) -> None:
    """Put an entry at the end, and forget the oldest beyond a bound."""
    table[key] = value
    table.move_to_end(key)
    if len(table) > _MOST:
        table.popitem(last=False)


def _decoded(channel: rrc.Channel, sdu: bytes, *, strict: bool) -> rrc.Message | None:
    """A message; ``strict``: only if its octets are just what it would be encoded as, since
    octets that are ciphered may happen to be one.
    """
    try:
        message = rrc.decode(channel, sdu)
        if strict and rrc.build(channel, message.kind, message.value).octets != sdu:
            return None
    except (DecodeError, ValueError):
        return None
    return message


def _k_gnbs(user_equipment: UserEquipment | None) -> Iterable[bytes]:
    """KgNB: the one that N2 showed, or from KAMF and the uplink NAS COUNT (33.501, A.9)."""
    if user_equipment is None:
        return
    if user_equipment.k_gnb is not None:
        yield user_equipment.k_gnb
    context = user_equipment.current
    if context is not None and context.k_amf is not None:
        latest = max(context.uplink_count, 0)
        for count in range(latest, max(latest - _EARLIER_COUNTS, -1), -1):
            yield keys.k_gnb(context.k_amf, count)


def is_packet(octets: bytes) -> bool:
    """Whether octets are a whole IP packet, as user data in clear is."""
    if len(octets) >= 20 and octets[0] >> 4 == 4:
        return int.from_bytes(octets[2:4], "big") == len(octets)
    if len(octets) >= 40 and octets[0] >> 4 == 6:
        return int.from_bytes(octets[4:6], "big") + 40 == len(octets)
    return False
