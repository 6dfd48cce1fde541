"""PDU sessions: N1, N2, N4 and the services between AMF, SMF and UDM (TS 23.502, 4.3.2.2)."""

from __future__ import annotations

from dataclasses import dataclass

from makmal.network import n2_messages, n4_messages
from makmal.played.device import Device
from makmal.played.network import GNB, SMF, UPF, Network
from makmal.played.registration import uplink
from makmal.played.services import json_body, multipart_body
from makmal.protocol import nas, pfcp
from makmal.protocol.nas import ie
from makmal.protocol.ngap.values import GTPTunnel
from makmal.security.nas_algorithms import Direction
from makmal.trace.checksum import internet_checksum

DNN = "internet"
_N1_TYPE, _N2_TYPE = "application/vnd.3gpp.5gnas", "application/vnd.3gpp.ngap"
_N1_SM_INFORMATION = 1
_INITIAL_REQUEST = 1
# The rule that lets every packet pass, and its one flow: TS 24.501, 9.11.4.13.
_MATCH_ALL_RULE = bytes.fromhex("01000631310101ff01")
_SERVER = bytes((203, 0, 113, 1))


@dataclass(frozen=True, slots=True)
class Session:
    """A session that is up."""

    identity: int
    smf_seid: int
    upf_seid: int
    upf_teid: int
    gnb_teid: int
    ue_address: str


def establishment_request(identity: int) -> nas.Message:
    """UL NAS TRANSPORT with a PDU SESSION ESTABLISHMENT REQUEST (TS 24.501, 8.2.10)."""
    inner = nas.build(
        nas.MessageType.PDU_SESSION_ESTABLISHMENT_REQUEST,
        {ie.INTEGRITY_PROTECTION_MAXIMUM_DATA_RATE: 0xFFFF, ie.PDU_SESSION_TYPE: 1},
        pdu_session_id=identity,
        procedure_transaction_identity=1,
    )
    return nas.build(
        nas.MessageType.UL_NAS_TRANSPORT,
        {
            ie.PAYLOAD_CONTAINER_TYPE: _N1_SM_INFORMATION,
            ie.PAYLOAD_CONTAINER: inner.encode(),
            ie.PDU_SESSION_ID: identity,
            ie.REQUEST_TYPE: _INITIAL_REQUEST,
            ie.DNN: DNN,
        },
    )


def establish(network: Network, device: Device, identity: int) -> tuple[Session, bytes]:
    """A session from request to user plane; also the protected request as it travelled."""
    request = establishment_request(identity)
    octets = device.context.protect(request, Direction.UPLINK)
    uplink(network, device, octets)
    supi = device.subscription.supi
    _create_context(network, supi, identity, request)
    session = _n4(network, supi, identity)
    accept = _establishment_accept(session)
    policy = ("NOT_NEEDED", "NOT_NEEDED")
    if not network.policy.core.ignores_udm_policy:
        policy = ("REQUIRED", "REQUIRED")
    transfer = n2_messages.setup_request_transfer(
        GTPTunnel(UPF, session.upf_teid), n2_messages.security_indication(*policy)
    )
    _message_transfer(network, supi, identity, accept, transfer)
    to_ue = nas.build(
        nas.MessageType.DL_NAS_TRANSPORT,
        {
            ie.PAYLOAD_CONTAINER_TYPE: _N1_SM_INFORMATION,
            ie.PAYLOAD_CONTAINER: accept,
            ie.PDU_SESSION_ID: identity,
        },
    )
    ids = device.amf_ue_ngap_id, device.ran_ue_ngap_id
    protected = device.context.protect(to_ue, Direction.DOWNLINK)
    network.to_gnb(
        n2_messages.pdu_session_resource_setup_request(*ids, identity, protected, transfer)
    )
    response = n2_messages.setup_response_transfer(GTPTunnel(GNB, session.gnb_teid))
    network.to_amf(n2_messages.pdu_session_resource_setup_response(*ids, identity, response))
    _update_context(network, session, response)
    return session, octets


def _create_context(network: Network, supi: str, identity: int, request: nas.Message) -> None:
    content = request.get(ie.PAYLOAD_CONTAINER) or b""
    network.services.exchange(
        "AMF",
        "SMF",
        "POST",
        "/nsmf-pdusession/v1/sm-contexts",
        multipart_body(
            {
                "supi": supi,
                "pduSessionId": identity,
                "dnn": DNN,
                "sNssai": {"sst": 1},
                "requestType": "INITIAL_REQUEST",
                "n1SmMsg": {"contentId": "n1"},
            },
            {"n1": (_N1_TYPE, content)},
        ),
        status=201,
        answer=json_body({}),
        token=network.token("AMF", "SMF", "nsmf-pdusession"),
    )
    subscribed = {
        "pduSessionTypes": {"defaultSessionType": "IPV4"},
        "sscModes": {"defaultSscMode": "SSC_MODE_1"},
        "upSecurity": {"upIntegr": "REQUIRED", "upConfid": "REQUIRED"},
    }
    network.services.exchange(
        "SMF",
        "UDM",
        "GET",
        f"/nudm-sdm/v2/{supi}/sm-data?dnn={DNN}",
        answer=json_body([{"singleNssai": {"sst": 1}, "dnnConfigurations": {DNN: subscribed}}]),
        token=network.token("SMF", "UDM", "nudm-sdm"),
    )


def _n4(network: Network, supi: str, identity: int) -> Session:
    core = network.policy.core
    smf_seid = network.next("SMF SEID", first=0x100)
    upf_seid = 0x200 if core.reuses_seid else network.next("UPF SEID", first=0x200)
    upf_teid = 0x300 if core.reuses_teid else network.next("UPF TEID", first=0x300)
    number = network.next("UE address")
    address = f"10.45.0.{number}"
    sequence_number = network.next("PFCP sequence number")
    request = n4_messages.session_establishment_request(
        SMF, smf_seid, sequence_number, supi, address
    )
    network.n4(True, request.encode())
    answer = n4_messages.session_establishment_response(
        UPF, smf_seid, upf_seid, sequence_number, upf_teid
    )
    network.n4(False, answer.encode())
    gnb_teid = network.next("gNB TEID", first=0x400)
    return Session(identity, smf_seid, upf_seid, upf_teid, gnb_teid, address)


def _establishment_accept(session: Session) -> bytes:
    return nas.build(
        nas.MessageType.PDU_SESSION_ESTABLISHMENT_ACCEPT,
        {
            ie.SELECTED_PDU_SESSION_TYPE: 1,
            ie.SELECTED_SSC_MODE: 1,
            ie.AUTHORIZED_QOS_RULES: _MATCH_ALL_RULE,
            ie.SESSION_AMBR: nas.SessionAmbr(6, 1000, 6, 500),
            ie.PDU_ADDRESS: nas.PduAddress(1, session.ue_address),
            ie.S_NSSAI: nas.SNssai(1),
            ie.DNN: DNN,
        },
        pdu_session_id=session.identity,
        procedure_transaction_identity=1,
    ).encode()


def _message_transfer(
    network: Network, supi: str, identity: int, accept: bytes, transfer: bytes
) -> None:
    network.services.exchange(
        "SMF",
        "AMF",
        "POST",
        f"/namf-comm/v1/ue-contexts/{supi}/n1-n2-messages",
        multipart_body(
            {
                "pduSessionId": identity,
                "n1MessageContainer": {
                    "n1MessageClass": "SM",
                    "n1MessageContent": {"contentId": "n1"},
                },
                "n2InfoContainer": {
                    "n2InformationClass": "SM",
                    "smInfo": {
                        "pduSessionId": identity,
                        "n2InfoContent": {
                            "ngapIeType": "PDU_RES_SETUP_REQ",
                            "ngapData": {"contentId": "n2"},
                        },
                    },
                },
            },
            {"n1": (_N1_TYPE, accept), "n2": (_N2_TYPE, transfer)},
        ),
        answer=json_body({"cause": "N1_N2_TRANSFER_INITIATED"}),
        token=network.token("SMF", "AMF", "namf-comm"),
    )


def _update_context(network: Network, session: Session, response: bytes) -> None:
    network.services.request(
        "AMF",
        "SMF",
        "POST",
        f"/nsmf-pdusession/v1/sm-contexts/{session.smf_seid}/modify",
        multipart_body(
            {"n2SmInfo": {"contentId": "n2"}, "n2SmInfoType": "PDU_RES_SETUP_RSP"},
            {"n2": (_N2_TYPE, response)},
        ),
        token=network.token("AMF", "SMF", "nsmf-pdusession"),
    )
    sequence_number = network.next("PFCP sequence number")
    network.n4(
        True,
        n4_messages.session_modification_request(
            session.upf_seid, sequence_number, GNB, session.gnb_teid
        ).encode(),
    )
    kind = pfcp.MessageType.SESSION_MODIFICATION_RESPONSE
    network.n4(False, n4_messages.accepted(kind, session.smf_seid, sequence_number).encode())
    network.services.respond("AMF", "SMF", 204)


def exchange_packets(network: Network, session: Session, count: int) -> None:
    """Echo requests from the UE, and the answers."""
    for number in range(count):
        address = bytes(int(part) for part in session.ue_address.split("."))
        ping = _echo(address, _SERVER, 8, number)
        network.n3(True, n4_messages.user_packet(session.upf_teid, ping, uplink=True))
        answer = _echo(_SERVER, address, 0, number)
        network.n3(False, n4_messages.user_packet(session.gnb_teid, answer, uplink=False))


def _echo(source: bytes, destination: bytes, kind: int, number: int) -> bytes:
    content = bytes((kind, 0, 0, 0, 0, 1)) + number.to_bytes(2, "big") + bytes(range(32))
    checksum = internet_checksum(content).to_bytes(2, "big")
    content = content[:2] + checksum + content[4:]
    header = (
        bytes((0x45, 0)) + (20 + len(content)).to_bytes(2, "big") + bytes((0, 0, 0x40, 0, 64, 1))
    )
    checksum = internet_checksum(header + b"\0\0" + source + destination).to_bytes(2, "big")
    return header + checksum + source + destination + content


def delete(network: Network, session: Session) -> None:
    """The session is over."""
    sequence_number = network.next("PFCP sequence number")
    request = n4_messages.session_deletion_request(session.upf_seid, sequence_number)
    network.n4(True, request.encode())
    kind = pfcp.MessageType.SESSION_DELETION_RESPONSE
    network.n4(False, n4_messages.accepted(kind, session.smf_seid, sequence_number).encode())
