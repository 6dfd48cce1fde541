"""Real PFCP of two cores: what we read is what tshark reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from makmal.protocol import pfcp
from makmal.protocol.pfcp import ie

Rows = Callable[..., list[list[str]]]

CAPTURES = ["oai-registration-session.pcap", "open5gs-registration-sbi.pcap"]


def messages(fields: Rows, capture: str) -> Iterator[tuple[pfcp.Message, list[str]]]:
    """Each PFCP message of a capture beside what tshark reads in it."""
    names = [
        "udp.payload",
        "pfcp.msg_type",
        "pfcp.seid",
        "pfcp.seqno",
        "pfcp.ie_type",
        "pfcp.cause",
        "pfcp.f_teid.teid",
        "pfcp.f_teid.ipv4_addr",
        "pfcp.ue_ip_addr_ipv4",
        "pfcp.outer_hdr_creation.teid",
        "pfcp.outer_hdr_creation.ipv4",
        "pfcp.node_id_ipv4",
        "pfcp.f_seid.ipv4",
        "pfcp.pdr_id",
        "pfcp.far_id",
        "pfcp.qfi_value",
        "pfcp.network_instance",
        "pfcp.flow_desc",
        "e212.imsi",
        "pfcp.ul_mbr",
        "pfcp.volume_threshold.tovol",
    ]
    for row in fields(capture, "pfcp", *names):
        (message,) = pfcp.decode_all(bytes.fromhex(row[0]))
        yield message, row


def flat(elements: pfcp.Elements) -> Iterator[tuple[int, bytes, Any]]:
    """Type, octets and value of every element, groups before their elements."""
    for (element_type, octets), (_, value) in zip(elements.pairs, elements.items(), strict=True):
        yield element_type, octets, value
        if isinstance(value, pfcp.Elements):
            yield from flat(value)


@pytest.mark.parametrize("capture", CAPTURES)
def test_tshark_reads_the_same(fields: Rows, capture: str) -> None:
    seen = set()
    for message, row in messages(fields, capture):
        seen.add(message.message_type)
        every = list(flat(message))
        of = [value for _, _, value in every]

        def values(kind: type[Any], attribute: str, of: list[Any] = of) -> str:
            found = [getattr(value, attribute) for value in of if isinstance(value, kind)]
            return ",".join(str(one) for one in found if one is not None)

        def numbers(*types: int, every: list[tuple[int, bytes, Any]] = every) -> str:
            return ",".join(str(int(value)) for kind, _, value in every if kind in types)

        assert message.encode() == bytes.fromhex(row[0])
        assert str(int(message.message_type)) == row[1]
        # tshark's field holds the SEID of the header and those of F-SEIDs.
        seids = [] if message.seid is None else [message.seid]
        seids += [value.seid for value in of if isinstance(value, pfcp.FSeid)]
        assert seids == [int(seid, 16) for seid in row[2].split(",") if seid]
        assert str(message.sequence_number) == row[3]
        assert [kind for kind, _, _ in every] == [int(kind) for kind in row[4].split(",")]
        assert numbers(19) == row[5]
        teids = [value.teid for value in of if isinstance(value, pfcp.FTeid)]
        assert [teid for teid in teids if teid is not None] == hexadecimal(row[6])
        assert values(pfcp.FTeid, "ipv4") == row[7]
        assert values(pfcp.UeIpAddress, "ipv4") == row[8]
        created = [value.teid for value in of if isinstance(value, pfcp.OuterHeaderCreation)]
        assert created == hexadecimal(row[9])
        assert values(pfcp.OuterHeaderCreation, "ipv4") == row[10]
        nodes = [value for value in of if isinstance(value, pfcp.NodeId)]
        assert [node.value for node in nodes if node.type == 0] == row[11].split(",") or not row[11]
        assert values(pfcp.FSeid, "ipv4") == row[12]
        assert numbers(56) == row[13]
        assert numbers(108) == row[14]
        assert [value for kind, _, value in every if kind == 124] == hexadecimal(row[15])
        assert values(pfcp.NetworkInstance, "name").split(",")[: row[16].count(",") + 1] == row[
            16
        ].split(",")
        assert values(pfcp.SdfFilter, "flow_description") == row[17]
        assert values(pfcp.UserId, "imsi") == row[18]
        rates = [value for kind, _, value in every if kind == 26]
        assert ",".join(str(rate.uplink) for rate in rates) == row[19]
        assert values(pfcp.Volume, "total") == row[20]
        # Nothing stays octets that has a meaning here.
        assert not any(isinstance(value, bytes) for value in of)
    assert pfcp.MessageType.SESSION_ESTABLISHMENT_REQUEST in seen
    assert pfcp.MessageType.SESSION_MODIFICATION_RESPONSE in seen


def hexadecimal(column: str) -> list[int]:
    """The numbers of a column of hexadecimal ones."""
    return [int(number, 16) for number in column.split(",") if number]


@pytest.mark.parametrize("capture", CAPTURES)
def test_values_encode_to_the_octets_that_came(fields: Rows, capture: str) -> None:
    keys = {key.identifier: key for key in vars(ie).values() if hasattr(key, "identifier")}
    count = 0
    for message, _ in messages(fields, capture):
        for element_type, octets, value in flat(message):
            # The OAI core sends the one octet of Release 15, we the two of Release 17.
            if element_type == ie.APPLY_ACTION.identifier:
                assert keys[element_type].encode(value).rstrip(b"\0") == octets.rstrip(b"\0")
                continue
            assert keys[element_type].encode(value) == octets
            count += 1
    assert count > 40


def test_the_session_of_the_oai_core(fields: Rows) -> None:
    by_type = {message.message_type: message for message, _ in messages(fields, CAPTURES[0])}
    request = by_type[pfcp.MessageType.SESSION_ESTABLISHMENT_REQUEST]
    response = by_type[pfcp.MessageType.SESSION_ESTABLISHMENT_RESPONSE]
    assert request.name == "PFCP Session Establishment Request"
    assert request.seid == 0
    control_plane = request.get(ie.F_SEID)
    assert control_plane == pfcp.FSeid(15, "192.168.70.133")
    assert response.seid == 15
    assert response.is_accepted
    assert response.get(ie.NODE_ID) == pfcp.NodeId(pfcp.NodeIdType.FQDN, "oai-spgwu")
    (created,) = response.all(ie.CREATED_PDR)
    assert created.get(ie.PDR_ID) == 1
    assert created.get(ie.F_TEID) == pfcp.FTeid(8, "192.168.70.134")
    modification = by_type[pfcp.MessageType.SESSION_MODIFICATION_RESPONSE]
    (created,) = modification.all(ie.CREATED_PDR)
    assert created.get(ie.F_TEID) is None
