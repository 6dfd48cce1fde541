"""The PFCP messages of the reference network's SMF and UPF, and its user packets."""

from __future__ import annotations

from makmal.protocol import gtpu, pfcp
from makmal.protocol.pfcp import ie
from makmal.protocol.pfcp.message import ElementSpec

_UPLINK_RULE, _DOWNLINK_RULE = 1, 2


def association_setup(
    node: str, started: int, sequence_number: int, response: bool = False
) -> pfcp.Message:
    """SMF and UPF meet (TS 29.244, 7.4.4.1); ``started`` is in seconds since 1970."""
    elements: list[ElementSpec] = [(ie.NODE_ID, pfcp.NodeId(0, node))]
    if response:
        elements.append((ie.CAUSE, pfcp.Cause.REQUEST_ACCEPTED))
    elements.append((ie.RECOVERY_TIME_STAMP, started))
    kind = pfcp.MessageType.ASSOCIATION_SETUP_REQUEST + response
    return pfcp.build(kind, sequence_number=sequence_number, elements=elements)


def heartbeat(started: int, sequence_number: int, response: bool = False) -> pfcp.Message:
    """Still there (7.4.2)."""
    kind = pfcp.MessageType.HEARTBEAT_REQUEST + response
    elements: list[ElementSpec] = [(ie.RECOVERY_TIME_STAMP, started)]
    return pfcp.build(kind, sequence_number=sequence_number, elements=elements)


def session_establishment_request(
    smf: str, smf_seid: int, sequence_number: int, supi: str, ue_address: str
) -> pfcp.Message:
    """Rules for both directions of a session; the UPF is to choose its tunnel (7.5.2)."""
    uplink: list[ElementSpec] = [
        (ie.PDR_ID, _UPLINK_RULE),
        (ie.PRECEDENCE, 255),
        (
            ie.PDI,
            [
                (ie.SOURCE_INTERFACE, pfcp.SourceInterface.ACCESS),
                (ie.F_TEID, pfcp.FTeid(choose=True, choose_ipv4=True)),
                (ie.UE_IP_ADDRESS, pfcp.UeIpAddress(ipv4=ue_address)),
            ],
        ),
        (ie.OUTER_HEADER_REMOVAL, pfcp.OuterHeaderRemoval(pfcp.OuterHeader.GTP_U_UDP_IPV4)),
        (ie.FAR_ID, _UPLINK_RULE),
    ]
    downlink: list[ElementSpec] = [
        (ie.PDR_ID, _DOWNLINK_RULE),
        (ie.PRECEDENCE, 255),
        (
            ie.PDI,
            [
                (ie.SOURCE_INTERFACE, pfcp.SourceInterface.CORE),
                (ie.UE_IP_ADDRESS, pfcp.UeIpAddress(ipv4=ue_address, destination=True)),
            ],
        ),
        (ie.FAR_ID, _DOWNLINK_RULE),
    ]
    to_core: list[ElementSpec] = [
        (ie.FAR_ID, _UPLINK_RULE),
        (ie.APPLY_ACTION, pfcp.ApplyAction.FORW),
        (ie.FORWARDING_PARAMETERS, [(ie.DESTINATION_INTERFACE, pfcp.DestinationInterface.CORE)]),
    ]
    hold: list[ElementSpec] = [
        (ie.FAR_ID, _DOWNLINK_RULE),
        (ie.APPLY_ACTION, pfcp.ApplyAction.BUFF),
    ]
    return pfcp.build(
        pfcp.MessageType.SESSION_ESTABLISHMENT_REQUEST,
        seid=0,
        sequence_number=sequence_number,
        elements=[
            (ie.NODE_ID, pfcp.NodeId(0, smf)),
            (ie.F_SEID, pfcp.FSeid(smf_seid, ipv4=smf)),
            (ie.CREATE_PDR, uplink),
            (ie.CREATE_PDR, downlink),
            (ie.CREATE_FAR, to_core),
            (ie.CREATE_FAR, hold),
            (ie.USER_ID, pfcp.UserId(imsi=supi.removeprefix("imsi-"))),
        ],
    )


def session_establishment_response(
    upf: str, smf_seid: int, upf_seid: int, sequence_number: int, teid: int
) -> pfcp.Message:
    """The UPF has the session and chose its tunnel (7.5.3)."""
    return pfcp.build(
        pfcp.MessageType.SESSION_ESTABLISHMENT_RESPONSE,
        seid=smf_seid,
        sequence_number=sequence_number,
        elements=[
            (ie.NODE_ID, pfcp.NodeId(0, upf)),
            (ie.CAUSE, pfcp.Cause.REQUEST_ACCEPTED),
            (ie.F_SEID, pfcp.FSeid(upf_seid, ipv4=upf)),
            (
                ie.CREATED_PDR,
                [(ie.PDR_ID, _UPLINK_RULE), (ie.F_TEID, pfcp.FTeid(teid, ipv4=upf))],
            ),
        ],
    )


def session_modification_request(
    upf_seid: int, sequence_number: int, gnb: str, teid: int
) -> pfcp.Message:
    """Downlink packets are to go to the gNB's end of the tunnel (7.5.4)."""
    creation = pfcp.OuterHeaderCreation(
        pfcp.OuterHeaderDescription.GTP_U_UDP_IPV4, teid=teid, ipv4=gnb
    )
    forwarding: list[ElementSpec] = [
        (ie.DESTINATION_INTERFACE, pfcp.DestinationInterface.ACCESS),
        (ie.OUTER_HEADER_CREATION, creation),
    ]
    update: list[ElementSpec] = [
        (ie.FAR_ID, _DOWNLINK_RULE),
        (ie.APPLY_ACTION, pfcp.ApplyAction.FORW),
        (ie.UPDATE_FORWARDING_PARAMETERS, forwarding),
    ]
    return pfcp.build(
        pfcp.MessageType.SESSION_MODIFICATION_REQUEST,
        seid=upf_seid,
        sequence_number=sequence_number,
        elements=[(ie.UPDATE_FAR, update)],
    )


def session_deletion_request(upf_seid: int, sequence_number: int) -> pfcp.Message:
    """The session is over (7.5.6)."""
    return pfcp.build(
        pfcp.MessageType.SESSION_DELETION_REQUEST, seid=upf_seid, sequence_number=sequence_number
    )


def accepted(kind: pfcp.MessageType, smf_seid: int, sequence_number: int) -> pfcp.Message:
    """The answer that says no more than that the request was carried out."""
    return pfcp.build(
        kind,
        seid=smf_seid,
        sequence_number=sequence_number,
        elements=[(ie.CAUSE, pfcp.Cause.REQUEST_ACCEPTED)],
    )


def user_packet(teid: int, packet: bytes, uplink: bool) -> bytes:
    """A G-PDU with the PDU session container (TS 38.415, 5.5.2)."""
    flow = gtpu.UlPduSessionInformation(qfi=1) if uplink else gtpu.DlPduSessionInformation(qfi=1)
    return gtpu.build(
        gtpu.MessageType.G_PDU,
        teid,
        packet,
        extension_headers=[(gtpu.ExtensionHeaderType.PDU_SESSION_CONTAINER, flow)],
    ).encode()
