"""Readings of Uu, N2 and N3 that several judges of a gNB share."""

from __future__ import annotations

from collections.abc import Iterator

from makmal.protocol import gtpu, ngap, rrc
from makmal.protocol.errors import DecodeError
from makmal.protocol.ngap import transfer
from makmal.trace.dissect import nas_pdus_of
from makmal.trace.message import GtpuMessage, NgapMessage, PdcpMessage, RrcMessage
from makmal.trace.radio_connections import RadioConnection
from makmal.trace.trace import Section, Trace

# Messages of the procedures that begin ciphering: themselves not ciphered (TS 38.331, 5.3.4.2 and
# 5.3.7.4).
BEGINS_CIPHERING = frozenset({"securityModeCommand", "rrcReestablishment"})


def signalling(section: Section) -> Iterator[RrcMessage]:
    """The RRC messages on Uu."""
    return (each for each in section.messages if isinstance(each, RrcMessage))


def secured_downlink(section: Section) -> Iterator[RrcMessage | PdcpMessage]:
    """What the gNB says on SRBs from the Security Mode Command on, that included."""
    begun: list[RadioConnection] = []
    for each in section.messages:
        if not isinstance(each, RrcMessage | PdcpMessage) or each.uplink:
            continue
        connection = each.connection
        if isinstance(each, PdcpMessage):
            if not each.is_user_packet:
                yield each
        elif each.bearer is not None and connection is not None:
            if each.message.kind == "securityModeCommand":
                begun.append(connection)
            # A connection that goes on from another one is protected from its beginning.
            if connection in begun or not connection.from_setup:
                yield each


def user_data(section: Section, *, uplink: bool | None = None) -> Iterator[PdcpMessage]:
    """The user packets on Uu, of one direction or both."""
    return (
        each
        for each in section.messages
        if isinstance(each, PdcpMessage)
        and each.is_user_packet
        and each.count is not None
        and uplink in (None, each.uplink)
    )


def forwarded(section: Section, packet: bytes) -> list[int]:
    """The frames in which a user's packet left on N3."""
    return [
        each.frame
        for each in section.messages
        if isinstance(each, GtpuMessage) and each.is_user_packet and _content(each) == packet
    ]


def _content(message: GtpuMessage) -> bytes:
    try:
        pdu: gtpu.Message = message.pdu
    except DecodeError:
        return b""
    return pdu.payload


def passed_on(section: Section, octets: bytes) -> list[int]:
    """The frames in which a NAS message went to the AMF."""
    return [
        each.frame
        for each in section.ngap
        if each.from_access_network and octets in nas_pdus_of(each.pdu)
    ]


def indications(trace: Trace) -> dict[tuple[str, int], ngap.SecurityIndication]:
    """The UP security policy that N2 carried last, by UE and PDU session."""
    found: dict[tuple[str, int], ngap.SecurityIndication] = {}
    for each in trace.messages:
        if not isinstance(each, NgapMessage) or each.user_equipment is None:
            continue
        for key in (
            ngap.ie.PDU_SESSION_RESOURCE_SETUP_LIST_SU_REQ,
            ngap.ie.PDU_SESSION_RESOURCE_SETUP_LIST_CXT_REQ,
        ):
            for item in each.pdu.get(key) or ():
                try:
                    request = transfer.decode_setup_request(item.transfer)
                except DecodeError:
                    continue
                if request.security_indication is not None:
                    identity = each.user_equipment.identity, item.pdu_session_id
                    found[identity] = request.security_indication
    return found


def reconfigurations(section: Section) -> Iterator[tuple[RrcMessage, rrc.Reconfiguration]]:
    """The RRCReconfiguration messages that could be read, with what is in them."""
    for each in signalling(section):
        if each.message.kind == "rrcReconfiguration" and not each.uplink:
            try:
                yield each, rrc.reconfiguration.read(each.message)
            except DecodeError:
                continue
