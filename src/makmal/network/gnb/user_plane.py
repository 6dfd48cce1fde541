"""User data between the UE and the tunnels of N3 (TS 29.281; TS 38.415)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makmal.network.ue.access import NoUserPlaneError
from makmal.protocol import gtpu
from makmal.protocol.errors import DecodeError
from makmal.trace.frame import Endpoint

if TYPE_CHECKING:
    from makmal.network.gnb.context import UeContext
    from makmal.network.gnb.gnb import Gnb


def uplink(gnb: Gnb, context: UeContext, pdu_session_id: int, packet: bytes) -> None:
    """A packet of the UE. Raises NoUserPlaneError."""
    resources = context.sessions.get(pdu_session_id)
    if resources is None or gnb.user_plane is None:
        raise NoUserPlaneError(f"PDU session {pdu_session_id} has no radio resources")
    flow = gtpu.UlPduSessionInformation(qfi=resources.flows[0])
    message = gtpu.build(
        gtpu.MessageType.G_PDU,
        resources.uplink.gtp_teid,
        packet,
        extension_headers=[(gtpu.ExtensionHeaderType.PDU_SESSION_CONTAINER, flow)],
    )
    # TS 38.414: of an address in both versions, the first is that of IPv4.
    address = resources.uplink.transport_layer_address.split(" ")[0]
    gnb.user_plane.send(message.encode(), Endpoint(address, gtpu.PORT))


def received(gnb: Gnb, octets: bytes, source: Endpoint) -> None:
    """A datagram on N3: user data, or a question whether the path is there."""
    try:
        message = gtpu.decode(octets)
    except DecodeError as error:
        gnb.log.append(f"undecodable datagram on N3: {error}")
        return
    if message.message_type == gtpu.MessageType.ECHO_REQUEST:
        answer = gtpu.build(
            gtpu.MessageType.ECHO_RESPONSE,
            0,
            sequence_number=message.sequence_number or 0,
            elements=[(gtpu.ie.RECOVERY, 0)],
        )
        if gnb.user_plane is not None:
            gnb.user_plane.send(answer.encode(), source)
        return
    if message.message_type != gtpu.MessageType.G_PDU:
        return
    found = gnb.tunnels.get(message.teid)
    if found is None:
        gnb.log.append(f"user data for TEID {message.teid:#x}, which is not in use")
        return
    context, identity = found
    if context.terminal is not None:
        context.terminal.receive_packet(identity, message.payload)
