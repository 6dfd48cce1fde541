"""The PFCP messages of the reference network's SMF and UPF, and its user packets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from makmal.protocol import gtpu, pfcp
from makmal.protocol.pfcp import ie
from makmal.protocol.pfcp.message import ElementSpec

_UPLINK_RULE, _DOWNLINK_RULE = 1, 2
# S-NSSAI without an SD (TS 29.244, 8.2.176).
_NO_SD = 0xFFFFFF


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


# What the running SMF and UPF exchange: the elements of messages that their PFCP node numbers.


@dataclass(frozen=True, slots=True)
class FlowRule:
    """A QoS flow on N4. ``filters`` are IPFilterRules worded for the downlink (29.244, 8.2.5).

    Without filters it is the flow of every packet that no other rule takes. Rates are in kbit/s.
    """

    qfi: int
    precedence: int = 255
    filters: tuple[str, ...] = ()
    maximum_rate: pfcp.BitRates | None = None
    guaranteed_rate: pfcp.BitRates | None = None


@dataclass(frozen=True, slots=True)
class SessionRules:
    """What the SMF wants of the UPF for a session; ``ambr`` in kbit/s."""

    supi: str
    dnn: str
    sst: int
    sd: int | None
    pdn_type: pfcp.PdnType
    ipv4: str | None
    ipv6: str | None
    ambr: pfcp.BitRates
    flows: tuple[FlowRule, ...]


UPLINK_FAR, DOWNLINK_FAR = 1, 2
_AMBR_QER = 1000
_CHOOSE_ID = 1
# Until the gNB's end of the tunnel is known, downlink packets wait (TS 23.502, 4.3.2.2.1, 10a).
_HOLD = pfcp.ApplyAction.BUFF
_HOLD_AND_NOTIFY = pfcp.ApplyAction.BUFF | pfcp.ApplyAction.NOCP
_OPEN = pfcp.GateStatus(pfcp.Gate.OPEN, pfcp.Gate.OPEN)
_TO_CORE: list[ElementSpec] = [
    (ie.FAR_ID, UPLINK_FAR),
    (ie.APPLY_ACTION, pfcp.ApplyAction.FORW),
    (
        ie.FORWARDING_PARAMETERS,
        [
            (ie.DESTINATION_INTERFACE, pfcp.DestinationInterface.CORE),
            (ie.INTERFACE_TYPE, pfcp.InterfaceType.N6),
        ],
    ),
]
_WAITING: list[ElementSpec] = [(ie.FAR_ID, DOWNLINK_FAR), (ie.APPLY_ACTION, _HOLD)]
# These two are in every establishment as they are: encoded once.
_FARS: list[ElementSpec] = [
    (ie.CREATE_FAR, pfcp.elements(_TO_CORE).encode()),
    (ie.CREATE_FAR, pfcp.elements(_WAITING).encode()),
]


def association_elements(
    node: str,
    started: int,
    cause: pfcp.Cause | None = None,
    up_features: pfcp.UpFunctionFeatures | None = None,
) -> list[ElementSpec]:
    """Association setup and its response (7.4.4.1, 7.4.4.2); ``cause`` in a response."""
    elements: list[ElementSpec] = [(ie.NODE_ID, pfcp.NodeId(0, node))]
    if cause is not None:
        elements.append((ie.CAUSE, cause))
    elements.append((ie.RECOVERY_TIME_STAMP, started))
    if up_features is not None:
        elements.append((ie.UP_FUNCTION_FEATURES, up_features))
    return elements


def establishment_elements(smf: str, smf_seid: int, rules: SessionRules) -> list[ElementSpec]:
    """Session establishment (7.5.2): rules for both directions; the UPF chooses its tunnel."""
    elements: list[ElementSpec] = [
        (ie.NODE_ID, pfcp.NodeId(0, smf)),
        (ie.F_SEID, pfcp.FSeid(smf_seid, ipv4=smf)),
    ]
    for flow in rules.flows:
        elements += detection_rules(rules, flow, None)
    elements += _FARS
    elements.append((ie.CREATE_QER, _ambr(rules.ambr)))
    elements += [(ie.CREATE_QER, _flow_qer(flow)) for flow in rules.flows]
    elements += [
        (ie.PDN_TYPE, rules.pdn_type),
        (ie.USER_ID, pfcp.UserId(imsi=rules.supi.removeprefix("imsi-"))),
        (ie.APN_DNN, pfcp.NetworkInstance(rules.dnn)),
        (ie.S_NSSAI, pfcp.SNssai(rules.sst, _NO_SD if rules.sd is None else rules.sd)),
    ]
    return elements


def roaming_elements(
    smf: str,
    smf_seid: int,
    rules: SessionRules,
    access: tuple[str, int],
    core: tuple[str, int],
) -> list[ElementSpec]:
    """A session between two tunnels (TS 23.501, 5.8.2.14, IPUPS): ``access`` is the gNB's end on
    N3, ``core`` that of the UPF of the other PLMN on N9; of each the UPF chooses its own.
    """
    instance: ElementSpec = (ie.NETWORK_INSTANCE, pfcp.NetworkInstance(rules.dnn))
    elements: list[ElementSpec] = [
        (ie.NODE_ID, pfcp.NodeId(0, smf)),
        (ie.F_SEID, pfcp.FSeid(smf_seid, ipv4=smf)),
    ]
    n3, n9 = pfcp.InterfaceType.N3_3GPP_ACCESS, pfcp.InterfaceType.N9_ROAMING
    to_core, to_access = pfcp.DestinationInterface.CORE, pfcp.DestinationInterface.ACCESS
    sides = (
        (UPLINK_FAR, (pfcp.SourceInterface.ACCESS, n3), (to_core, n9), core),
        (DOWNLINK_FAR, (pfcp.SourceInterface.CORE, n9), (to_access, n3), access),
    )
    for number, (source, came), (destination, goes), (address, teid) in sides:
        chosen = pfcp.FTeid(choose=True, choose_ipv4=True, choose_id=number)
        of_ue = pfcp.UeIpAddress(
            ipv4=rules.ipv4, ipv6=rules.ipv6, destination=source == pfcp.SourceInterface.CORE
        )
        pdi: list[ElementSpec] = [
            (ie.SOURCE_INTERFACE, source),
            (ie.F_TEID, chosen),
            instance,
            (ie.UE_IP_ADDRESS, of_ue),
            (ie.INTERFACE_TYPE, came),
        ]
        pdr: list[ElementSpec] = [
            (ie.PDR_ID, number),
            (ie.PRECEDENCE, 255),
            (ie.PDI, pdi),
            (ie.OUTER_HEADER_REMOVAL, pfcp.OuterHeaderRemoval(pfcp.OuterHeader.GTP_U_UDP_IPV4)),
            (ie.FAR_ID, number),
            (ie.QER_ID, 1),
        ]
        header = pfcp.OuterHeaderCreation(
            pfcp.OuterHeaderDescription.GTP_U_UDP_IPV4, teid=teid, ipv4=address
        )
        far: list[ElementSpec] = [
            (ie.FAR_ID, number),
            (ie.APPLY_ACTION, pfcp.ApplyAction.FORW),
            (
                ie.FORWARDING_PARAMETERS,
                [
                    (ie.DESTINATION_INTERFACE, destination),
                    instance,
                    (ie.OUTER_HEADER_CREATION, header),
                    (ie.INTERFACE_TYPE, goes),
                ],
            ),
        ]
        elements += [(ie.CREATE_PDR, pdr), (ie.CREATE_FAR, far)]
    qer: list[ElementSpec] = [(ie.QER_ID, 1), (ie.GATE_STATUS, _OPEN), (ie.QFI, 1)]
    elements.append((ie.CREATE_QER, qer))
    elements.append((ie.PDN_TYPE, rules.pdn_type))
    return elements


def detection_rules(
    rules: SessionRules, flow: FlowRule, tunnel: pfcp.FTeid | None
) -> list[ElementSpec]:
    """The two PDRs of a flow (7.5.2.2), in the tunnel that there is or one to be chosen."""
    filters: list[ElementSpec] = [
        (ie.SDF_FILTER, pfcp.SdfFilter(flow_description=each)) for each in flow.filters
    ]
    if tunnel is None:
        tunnel = pfcp.FTeid(choose=True, choose_ipv4=True, choose_id=_CHOOSE_ID)
    instance: ElementSpec = (ie.NETWORK_INSTANCE, pfcp.NetworkInstance(rules.dnn))
    qers: list[ElementSpec] = [(ie.QER_ID, flow.qfi), (ie.QER_ID, _AMBR_QER)]
    uplink: list[ElementSpec] = [
        (ie.PDR_ID, uplink_pdr(flow.qfi)),
        (ie.PRECEDENCE, flow.precedence),
        (
            ie.PDI,
            [
                (ie.SOURCE_INTERFACE, pfcp.SourceInterface.ACCESS),
                (ie.F_TEID, tunnel),
                instance,
                (ie.UE_IP_ADDRESS, pfcp.UeIpAddress(ipv4=rules.ipv4, ipv6=rules.ipv6)),
                *filters,
                (ie.QFI, flow.qfi),
                (ie.INTERFACE_TYPE, pfcp.InterfaceType.N3_3GPP_ACCESS),
            ],
        ),
        (ie.OUTER_HEADER_REMOVAL, pfcp.OuterHeaderRemoval(pfcp.OuterHeader.GTP_U_UDP_IPV4)),
        (ie.FAR_ID, UPLINK_FAR),
        *qers,
    ]
    downlink: list[ElementSpec] = [
        (ie.PDR_ID, downlink_pdr(flow.qfi)),
        (ie.PRECEDENCE, flow.precedence),
        (
            ie.PDI,
            [
                (ie.SOURCE_INTERFACE, pfcp.SourceInterface.CORE),
                instance,
                (
                    ie.UE_IP_ADDRESS,
                    pfcp.UeIpAddress(ipv4=rules.ipv4, ipv6=rules.ipv6, destination=True),
                ),
                *filters,
                (ie.INTERFACE_TYPE, pfcp.InterfaceType.N6),
            ],
        ),
        (ie.FAR_ID, DOWNLINK_FAR),
        *qers,
    ]
    return [(ie.CREATE_PDR, uplink), (ie.CREATE_PDR, downlink)]


def f_teid(address: str, teid: int) -> pfcp.FTeid:
    """An end of a tunnel (8.2.3)."""
    if ":" in address:
        return pfcp.FTeid(teid, ipv6=address)
    return pfcp.FTeid(teid, ipv4=address)


def uplink_pdr(qfi: int) -> int:
    """The rule number of a flow towards the data network."""
    return 2 * qfi - 1


def downlink_pdr(qfi: int) -> int:
    """The rule number of a flow towards the UE."""
    return 2 * qfi


@lru_cache(maxsize=256)
def _ambr(rates: pfcp.BitRates) -> bytes:
    return pfcp.elements(
        [(ie.QER_ID, _AMBR_QER), (ie.GATE_STATUS, _OPEN), (ie.MBR, rates)]
    ).encode()


@lru_cache(maxsize=256)
def _flow_qer(flow: FlowRule) -> bytes:
    elements: list[ElementSpec] = [(ie.QER_ID, flow.qfi), (ie.GATE_STATUS, _OPEN)]
    if flow.maximum_rate is not None:
        elements.append((ie.MBR, flow.maximum_rate))
    if flow.guaranteed_rate is not None:
        elements.append((ie.GBR, flow.guaranteed_rate))
    elements.append((ie.QFI, flow.qfi))
    return pfcp.elements(elements).encode()


def forward_downlink(address: str, teid: int, *, end_marker: bool = False) -> ElementSpec:
    """Downlink packets go to this gNB (7.5.4.3); the one before is told that no more come."""
    is_ipv6 = ":" in address
    forwarding: list[ElementSpec] = [
        (ie.DESTINATION_INTERFACE, pfcp.DestinationInterface.ACCESS),
        (
            ie.OUTER_HEADER_CREATION,
            pfcp.OuterHeaderCreation(
                pfcp.OuterHeaderDescription.GTP_U_UDP_IPV6
                if is_ipv6
                else pfcp.OuterHeaderDescription.GTP_U_UDP_IPV4,
                teid=teid,
                ipv4=None if is_ipv6 else address,
                ipv6=address if is_ipv6 else None,
            ),
        ),
        (ie.INTERFACE_TYPE, pfcp.InterfaceType.N3_3GPP_ACCESS),
    ]
    if end_marker:
        forwarding.append((ie.PFCPSMREQ_FLAGS, pfcp.flags.PfcpSmReqFlags.SNDEM))
    return (
        ie.UPDATE_FAR,
        [
            (ie.FAR_ID, DOWNLINK_FAR),
            (ie.APPLY_ACTION, pfcp.ApplyAction.FORW),
            (ie.UPDATE_FORWARDING_PARAMETERS, forwarding),
        ],
    )


def hold_downlink(*, notify: bool) -> ElementSpec:
    """Downlink packets wait; with ``notify`` the SMF wants to hear of the first (5.2.4.2)."""
    action = _HOLD_AND_NOTIFY if notify else _HOLD
    return (ie.UPDATE_FAR, [(ie.FAR_ID, DOWNLINK_FAR), (ie.APPLY_ACTION, action)])


def drop_buffered() -> ElementSpec:
    """What waits is not wanted any more (7.5.4.1, DROBU)."""
    return (ie.PFCPSMREQ_FLAGS, pfcp.flags.PfcpSmReqFlags.DROBU)


def update_ambr(rates: pfcp.BitRates) -> ElementSpec:
    """Another session AMBR (7.5.4.5)."""
    return (ie.UPDATE_QER, [(ie.QER_ID, _AMBR_QER), (ie.MBR, rates)])


def add_flow(rules: SessionRules, flow: FlowRule, tunnel: pfcp.FTeid) -> list[ElementSpec]:
    """One more QoS flow in the session's tunnel."""
    return [*detection_rules(rules, flow, tunnel), (ie.CREATE_QER, _flow_qer(flow))]


def remove_flow(qfi: int) -> list[ElementSpec]:
    """A QoS flow less."""
    return [
        (ie.REMOVE_PDR, [(ie.PDR_ID, uplink_pdr(qfi))]),
        (ie.REMOVE_PDR, [(ie.PDR_ID, downlink_pdr(qfi))]),
        (ie.REMOVE_QER, [(ie.QER_ID, qfi)]),
    ]
