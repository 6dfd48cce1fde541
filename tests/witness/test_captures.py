"""Every shared capture, read by tshark and by us: the same frames, names and values.

Where the two differ, a comment says who is right, and why.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TypeVar

import pytest

from makmal.protocol import nas, ngap, pfcp
from makmal.trace.capture import open_capture
from makmal.trace.dissect import Dissector
from makmal.trace.message import (
    GtpuMessage,
    Interface,
    Message,
    NasMessage,
    NgapMessage,
    PfcpMessage,
    SbiMessage,
)

from .conftest import Witness

M = TypeVar("M")


@pytest.fixture(scope="module")
def messages(witness: Witness) -> list[Message]:
    dissector = Dissector()
    found: list[Message] = []
    with open_capture(witness.path) as capture:
        for frame in capture:
            found += dissector.feed(frame)
    return found + dissector.finish()


def by_frame(messages: list[Message], kind: type[M]) -> dict[int, list[M]]:
    found: dict[int, list[M]] = defaultdict(list)
    for message in messages:
        if isinstance(message, kind):
            found[message.frame].append(message)
    return dict(found)


def test_ngap(witness: Witness, messages: list[Message]) -> None:
    rows = witness.rows(
        "ngap",
        "ngap.procedureCode",
        "ngap.initiatingMessage_element",
        "ngap.successfulOutcome_element",
        "ngap.unsuccessfulOutcome_element",
        "ngap.RAN_UE_NGAP_ID",
        "ngap.AMF_UE_NGAP_ID",
    )
    ours = by_frame(messages, NgapMessage)
    # tshark reads the N2 parts of service bodies with its NGAP dissector too; those frames are no
    # NGAP PDUs, and have no procedure code.
    assert set(ours) == {frame for frame, row in rows.items() if row[0]}
    for frame, found in ours.items():
        codes, initiating, successful, unsuccessful, ran_ids, amf_ids = rows[frame]
        assert [str(int(message.pdu.procedure_code)) for message in found] == list(codes)
        kinds = [message.pdu.kind for message in found]
        assert kinds.count(ngap.Kind.INITIATING_MESSAGE) == len(initiating)
        assert kinds.count(ngap.Kind.SUCCESSFUL_OUTCOME) == len(successful)
        assert kinds.count(ngap.Kind.UNSUCCESSFUL_OUTCOME) == len(unsuccessful)
        assert _ids(found, ngap.ie.RAN_UE_NGAP_ID) == [int(value) for value in ran_ids]
        assert _ids(found, ngap.ie.AMF_UE_NGAP_ID) == [int(value) for value in amf_ids]


def _ids(messages: list[NgapMessage], key: object) -> list[int]:
    found = []
    for message in messages:
        identifiers = message.pdu.get(ngap.ie.UE_NGAP_IDS)
        if identifiers is None:
            value = message.pdu.get(key)
        elif key is ngap.ie.RAN_UE_NGAP_ID:
            value = identifiers.ran_ue_ngap_id
        else:
            value = identifiers.amf_ue_ngap_id
        if value is not None:
            found.append(value)
    return found


def test_ngap_tunnels_and_causes(witness: Witness, messages: list[Message]) -> None:
    rows = witness.rows("ngap.gTP_TEID", "ngap.gTP_TEID")
    ours: dict[int, list[int]] = defaultdict(list)
    for frame, found in by_frame(messages, NgapMessage).items():
        for message in found:
            for item in message.pdu.get(ngap.ie.PDU_SESSION_RESOURCE_SETUP_LIST_SU_REQ) or ():
                request = ngap.transfer.decode_setup_request(item.transfer)
                if request.ul_ngu_up_tnl_information is not None:
                    ours[frame].append(request.ul_ngu_up_tnl_information.gtp_teid)
            for item in message.pdu.get(ngap.ie.PDU_SESSION_RESOURCE_SETUP_LIST_SU_RES) or ():
                response = ngap.transfer.decode_setup_response(item.transfer)
                ours[frame].append(response.dl_ngu_up_tnl_information.gtp_teid)
    in_ngap = witness.rows("ngap.procedureCode and ngap.gTP_TEID", "ngap.gTP_TEID")
    assert {frame: [_octets(value) for value in row[0]] for frame, row in in_ngap.items()} == ours
    assert set(in_ngap) <= set(rows)


def _octets(text: str) -> int:
    return int(text.replace(":", ""), 16)


def test_nas_names(witness: Witness, messages: list[Message]) -> None:
    rows = witness.rows("nas-5gs", "nas_5gs.mm.message_type", "nas_5gs.sm.message_type")
    ours = by_frame(messages, NasMessage)
    assert set(ours) == set(rows)
    for frame, found in ours.items():
        mobility, session = ([int(text, 16) for text in column] for column in rows[frame])
        types = [kind for message in found for kind in _types_inside(message.plain)]
        assert [kind for kind in types if kind < 0xC0] == mobility
        assert [kind for kind in types if kind >= 0xC0] == session


def _types_inside(message: nas.Message | None) -> list[int]:
    """The message and those in its containers, as tshark lists them."""
    if message is None:
        return []
    found = [int(message.message_type)]
    for key in (nas.ie.NAS_MESSAGE_CONTAINER, nas.ie.PAYLOAD_CONTAINER):
        octets = message.get(key)
        if octets:
            inner = nas.decode(octets)
            assert isinstance(inner, nas.Message)
            found += _types_inside(inner)
    return found


def test_nas_security(witness: Witness, messages: list[Message]) -> None:
    rows = witness.rows(
        "nas-5gs and ngap.procedureCode",
        "nas_5gs.seq_no",
        "nas_5gs.msg_auth_code",
        "nas_5gs.mm.nas_sec_algo_enc",
        "nas_5gs.mm.nas_sec_algo_ip",
        "nas_5gs.mm.5gmm_cause",
    )
    ours = {
        frame: [message for message in found if message.interface is Interface.N1]
        for frame, found in by_frame(messages, NasMessage).items()
    }
    for frame, row in rows.items():
        numbers, codes, enciphering, integrity, causes = row
        protected = [each.protected for each in ours[frame] if each.protected is not None]
        assert [each.sequence_number for each in protected] == [int(value) for value in numbers]
        macs = [f"0x{each.message_authentication_code.hex()}" for each in protected]
        assert macs == list(codes)
        plain = [each.plain for each in ours[frame] if each.plain is not None]
        selected = [each.get(nas.ie.SELECTED_NAS_SECURITY_ALGORITHMS) for each in plain]
        assert [str(each.ciphering) for each in selected if each is not None] == list(enciphering)
        assert [str(each.integrity) for each in selected if each is not None] == list(integrity)
        given = [each.get(nas.ie.FIVE_GMM_CAUSE) for each in plain]
        assert [str(each) for each in given if each is not None] == list(causes)


def test_nas_identities(witness: Witness, messages: list[Message]) -> None:
    rows = witness.rows("nas-5gs", "nas_5gs.mm.suci.msin", "nas_5gs.5g_tmsi")
    for frame, found in by_frame(messages, NasMessage).items():
        msins, tmsis = [], []
        for message in found:
            for plain in _messages_inside(message.plain):
                for key in (nas.ie.FIVE_GS_MOBILE_IDENTITY, nas.ie.FIVE_G_GUTI):
                    identity = plain.get(key)
                    if isinstance(identity, nas.Suci) and identity.supi is not None:
                        msins.append(identity.supi[5 + len(identity.mcc + identity.mnc) :])
                    elif isinstance(identity, nas.FiveGGuti):
                        tmsis.append(identity.tmsi)
        assert msins == list(rows[frame][0])
        assert tmsis == [int(value) for value in rows[frame][1]]


def _messages_inside(message: nas.Message | None) -> list[nas.Message]:
    if message is None:
        return []
    found = [message]
    octets = message.get(nas.ie.NAS_MESSAGE_CONTAINER)
    if octets:
        inner = nas.decode(octets)
        assert isinstance(inner, nas.Message)
        found += _messages_inside(inner)
    return found


def test_pfcp(witness: Witness, messages: list[Message]) -> None:
    rows = witness.rows(
        "pfcp",
        "pfcp.msg_type",
        "pfcp.seid",
        "pfcp.seqno",
        "pfcp.cause",
        "pfcp.f_teid.teid",
        "pfcp.outer_hdr_creation.teid",
    )
    ours = by_frame(messages, PfcpMessage)
    assert set(ours) == set(rows)
    for frame, found in ours.items():
        types, seids, numbers, causes, f_teids, creations = rows[frame]
        (message,) = found
        pdu = message.pdu
        assert [str(int(pdu.message_type))] == list(types)
        # tshark lists the SEID of the header, then that of the F-SEID.
        f_seid = pdu.get(pfcp.ie.F_SEID)
        expected = [] if pdu.seid is None else [pdu.seid]
        expected += [] if f_seid is None else [f_seid.seid]
        assert expected == [int(value, 16) for value in seids]
        assert [str(pdu.sequence_number)] == list(numbers)
        cause = pdu.get(pfcp.ie.CAUSE)
        assert ([] if cause is None else [str(int(cause))]) == list(causes)
        assert _f_teids(pdu) == [int(value, 16) for value in f_teids]
        assert _outer_headers(pdu) == [int(value, 16) for value in creations]


def _f_teids(pdu: pfcp.Message) -> list[int]:
    found = []
    for key in (pfcp.ie.CREATE_PDR, pfcp.ie.CREATED_PDR):
        for rule in pdu.all(key):
            pdi = rule.get(pfcp.ie.PDI) if key is pfcp.ie.CREATE_PDR else rule
            f_teid = None if pdi is None else pdi.get(pfcp.ie.F_TEID)
            if f_teid is not None and f_teid.teid is not None:
                found.append(f_teid.teid)
    return found


def _outer_headers(pdu: pfcp.Message) -> list[int]:
    found = []
    for rule_key, parameters_key in (
        (pfcp.ie.CREATE_FAR, pfcp.ie.FORWARDING_PARAMETERS),
        (pfcp.ie.UPDATE_FAR, pfcp.ie.UPDATE_FORWARDING_PARAMETERS),
    ):
        for rule in pdu.all(rule_key):
            parameters = rule.get(parameters_key)
            creation = None if parameters is None else parameters.get(pfcp.ie.OUTER_HEADER_CREATION)
            if creation is not None and creation.teid is not None:
                found.append(creation.teid)
    return found


def test_gtpu(witness: Witness, messages: list[Message]) -> None:
    # GTP-C and GTP' go by the same dissector name; only port 2152 is ours.
    rows = witness.rows("gtp and udp.port == 2152", "gtp.message", "gtp.teid")
    ours = by_frame(messages, GtpuMessage)
    assert set(ours) == set(rows)
    for frame, found in ours.items():
        types, teids = rows[frame]
        assert [message.message_type for message in found] == [int(value, 16) for value in types]
        assert [message.teid for message in found] == [int(value, 16) for value in teids]


def test_http(witness: Witness, messages: list[Message]) -> None:
    ours = by_frame(messages, SbiMessage)
    rows = witness.rows("http", "http.request.method", "http.request.uri", "http.response.code")
    # A web page that is not of the core: Open5GS's user interface on port 3000, and the root of a
    # server that answers "moved". tshark cannot tell, since it does not know services.
    others = witness.rows('http and (tcp.port == 3000 or http.request.uri == "/")', "tcp.stream")
    streams = {row[0] for row in others.values()}
    rows = {
        frame: row
        for frame, row in rows.items()
        if witness.rows(f"frame.number == {frame}", "tcp.stream")[frame][0] not in streams
    }
    http1 = {frame for frame, found in ours.items() if found[0].http.version != "2"}
    assert http1 == set(rows)
    for frame in http1:
        (message,) = ours[frame]
        methods, uris, codes = rows[frame]
        assert [message.http.method or ""] == (list(methods) or [""])
        assert [message.http.path or ""] == (list(uris) or [""])
        assert ([] if message.http.status is None else [str(message.http.status)]) == list(codes)


def test_http2(witness: Witness, messages: list[Message]) -> None:
    ours = {
        frame: found
        for frame, found in by_frame(messages, SbiMessage).items()
        if found[0].http.version == "2"
    }
    rows = witness.rows(
        "http2.headers",
        "http2.headers.method",
        "http2.headers.path",
        "http2.headers.status",
        "http2.streamid",
    )
    # tshark shows headers in the frame that ends them, we the message in the frame that ends it.
    first = {found.http.positions[0]: found for each in ours.values() for found in each}
    assert set(first) == set(rows)
    for frame, message in first.items():
        methods, paths, statuses, stream_ids = rows[frame]
        assert str(message.http.stream_id) in stream_ids
        # Both read the capture from the middle of its connections. What neither was told is
        # missing in both.
        assert ([] if message.http.method is None else [message.http.method]) == list(methods)
        assert ([] if message.http.path is None else [message.http.path]) == list(paths)
        assert ([] if message.http.status is None else [str(message.http.status)]) == list(statuses)


def test_nothing_undecodable_but_what_is_wrong(witness: Witness, messages: list[Message]) -> None:
    undecodable = [
        (message.frame, message.error.reason)
        for message in messages
        if message.protocol == "undecodable"
    ]
    # The UE of the OAI capture counts the length octet of a DNN label into the label (TS 23.003,
    # 9.1: it is not). tshark reads the label past its end and says nothing.
    expected = (
        [(149, "a label runs past the end of the DNN")]
        if witness.path.name == "oai-registration-session.pcap"
        else []
    )
    assert undecodable == expected
