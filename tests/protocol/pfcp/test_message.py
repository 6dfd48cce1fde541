"""Header, bundling, vendor's elements, and messages that are wrong (TS 29.244, 7.2.2 and 8.1.1)."""

from __future__ import annotations

import pytest

from makmal.protocol import pfcp
from makmal.protocol.errors import DecodeError, EncodeError

HEARTBEAT = bytes.fromhex("2001000c00000100 0060 0004 e55e7d96")
SESSION_DELETION = bytes.fromhex("2136000c 0123456789abcdef 00000a 00")


def test_node_message_has_no_seid() -> None:
    message = pfcp.decode(HEARTBEAT)
    assert message.message_type is pfcp.MessageType.HEARTBEAT_REQUEST
    assert message.name == "PFCP Heartbeat Request"
    assert message.seid is None
    assert message.priority is None
    assert message.sequence_number == 1
    assert message.is_request
    assert message.get(pfcp.ie.RECOVERY_TIME_STAMP) == 0xE55E7D96 - 2_208_988_800
    assert message.raw(96) == bytes.fromhex("e55e7d96")
    assert message.encode() == HEARTBEAT


def test_session_message_has_a_seid() -> None:
    message = pfcp.decode(SESSION_DELETION)
    assert message.message_type is pfcp.MessageType.SESSION_DELETION_REQUEST
    assert message.seid == 0x0123456789ABCDEF
    assert message.sequence_number == 10
    assert len(message) == 0


def test_priority_stands_in_the_high_half_of_the_last_octet() -> None:
    data = bytearray(SESSION_DELETION)
    data[0] |= 2
    data[15] = 0xC5
    assert pfcp.decode(bytes(data)).priority == 12
    data[0] &= ~2
    assert pfcp.decode(bytes(data)).priority is None


def test_build_writes_the_octets_of_the_specification() -> None:
    built = pfcp.build(
        pfcp.MessageType.HEARTBEAT_REQUEST,
        sequence_number=1,
        elements=[(pfcp.ie.RECOVERY_TIME_STAMP, 0xE55E7D96 - 2_208_988_800)],
    )
    assert built.encode() == HEARTBEAT
    built = pfcp.build(
        pfcp.MessageType.SESSION_DELETION_REQUEST, seid=0x0123456789ABCDEF, sequence_number=10
    )
    assert built.encode() == SESSION_DELETION
    assert built == pfcp.decode(SESSION_DELETION)


def test_bundled_messages_come_apart_and_together() -> None:
    first = pfcp.build(54, seid=1, sequence_number=1, follow_on=True)
    second = pfcp.build(54, seid=2, sequence_number=2, follow_on=True, priority=3)
    third = pfcp.build(54, seid=3, sequence_number=3)
    data = first.encode() + second.encode() + third.encode() + b"padding"
    messages = pfcp.decode_all(data)
    assert [message.seid for message in messages] == [1, 2, 3]
    assert [message.follow_on for message in messages] == [True, True, False]
    assert messages[0] == first
    assert messages[2].trailing == b"padding"
    assert b"".join(message.encode() for message in messages) == data


def test_decode_alone_keeps_what_follows() -> None:
    data = pfcp.build(54, seid=1, follow_on=True).encode() + SESSION_DELETION
    message = pfcp.decode(data)
    assert message.seid == 1
    assert message.trailing == SESSION_DELETION
    assert message.encode() == data


def test_a_bundle_error_names_the_octet_of_the_datagram() -> None:
    first = pfcp.build(54, seid=1, follow_on=True).encode()
    with pytest.raises(DecodeError) as caught:
        pfcp.decode_all(first)
    assert caught.value.offset == len(first)
    with pytest.raises(DecodeError) as caught:
        pfcp.decode_all(first + b"\x41" + HEARTBEAT[1:])
    assert caught.value.offset == len(first)


@pytest.mark.parametrize(
    ("data", "offset"),
    [
        (b"", 0),
        (HEARTBEAT[:7], 0),
        (b"\x40" + HEARTBEAT[1:], 0),
        (HEARTBEAT[:-1], 2),
        (bytes.fromhex("2136000a 0123456789abcdef 00000a 00"), 2),
        (bytes.fromhex("2001000300000100"), 2),
        (bytes.fromhex("2001000700000100 006000"), 8),
        (bytes.fromhex("2001000c00000100 0060 0005 e55e7d96"), 8),
    ],
)
def test_cut_and_wrong_messages_are_refused(data: bytes, offset: int) -> None:
    with pytest.raises(DecodeError) as caught:
        pfcp.decode(data)
    assert caught.value.offset == offset


def test_unknown_and_vendor_elements_are_kept() -> None:
    message = pfcp.build(
        52,
        seid=1,
        elements=[
            (9999, b"future"),
            (32770, pfcp.VendorSpecific(18681, b"\1\2")),
            (40000, b"\0"),
            (pfcp.ie.PDR_ID, b""),
        ],
    )
    again = pfcp.decode(message.encode())
    assert list(again.items()) == [
        ("Unknown element 9999", b"future"),
        ("Vendor-specific element 32770", pfcp.VendorSpecific(18681, b"\1\2")),
        ("Vendor-specific element 40000", b"\0"),
        ("PDR ID", b""),
    ]
    assert again.raw(32770) == bytes.fromhex("48f90102")
    with pytest.raises(DecodeError):
        again.get(pfcp.ie.PDR_ID)


def test_unknown_message_type_stays_a_number() -> None:
    message = pfcp.decode(pfcp.build(99).encode())
    assert message.message_type == 99
    assert not isinstance(message.message_type, pfcp.MessageType)
    assert message.name == "PFCP message type 99"
    assert not message.is_request


def test_messages_can_be_wrong_on_purpose() -> None:
    assert pfcp.build(1, version=2).encode()[0] == 0x40
    assert pfcp.build(1, message_length=0xFFFF).encode()[2:4] == b"\xff\xff"
    with pytest.raises(DecodeError):
        pfcp.decode(pfcp.build(1, message_length=0xFFFF).encode())
    truncated = pfcp.build(50, seid=0, elements=[(pfcp.ie.F_SEID, b"\x02\0\0")])
    with pytest.raises(DecodeError) as caught:
        pfcp.decode(truncated.encode()).get(pfcp.ie.F_SEID)
    assert caught.value.offset == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"message_type": 256},
        {"message_type": 1, "seid": 1 << 64},
        {"message_type": 1, "sequence_number": 1 << 24},
        {"message_type": 1, "priority": 16},
        {"message_type": 1, "version": 8},
        {"message_type": 1, "message_length": 65536},
        {"message_type": 1, "elements": [(pfcp.ie.PDR_ID, 65536)]},
        {"message_type": 1, "elements": [(pfcp.ie.PDR_ID, "text")]},
        {"message_type": 1, "elements": [(56, 1)]},
        {"message_type": 1, "elements": [(65536, b"")]},
        {"message_type": 1, "elements": [(56, bytes(65536))]},
        {"message_type": 1, "elements": [(56, bytes(60000)), (56, bytes(60000))]},
    ],
)
def test_values_that_do_not_fit_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(EncodeError):
        pfcp.build(**wrong)  # type: ignore[arg-type]  # wrong on purpose


def test_nested_elements_are_built_and_read() -> None:
    message = pfcp.build(
        pfcp.MessageType.SESSION_ESTABLISHMENT_REQUEST,
        seid=0,
        sequence_number=7,
        elements=[
            (pfcp.ie.NODE_ID, pfcp.NodeId(pfcp.NodeIdType.IPV4, "192.0.2.1")),
            (pfcp.ie.F_SEID, pfcp.FSeid(1, "192.0.2.1")),
            (
                pfcp.ie.CREATE_PDR,
                [
                    (pfcp.ie.PDR_ID, 1),
                    (
                        pfcp.ie.PDI,
                        [
                            (pfcp.ie.SOURCE_INTERFACE, pfcp.SourceInterface.ACCESS),
                            (pfcp.ie.F_TEID, pfcp.FTeid(choose=True, choose_ipv4=True)),
                        ],
                    ),
                ],
            ),
            (pfcp.ie.CREATE_PDR, pfcp.elements([(pfcp.ie.PDR_ID, 2)])),
            (pfcp.ie.CREATE_FAR, bytes.fromhex("006c000400000005")),
        ],
    )
    again = pfcp.decode(message.encode())
    first, second = again.all(pfcp.ie.CREATE_PDR)
    assert first.get(pfcp.ie.PDR_ID) == 1
    assert second.get(pfcp.ie.PDR_ID) == 2
    pdi = first.get(pfcp.ie.PDI)
    assert pdi is not None
    assert pdi.get(pfcp.ie.SOURCE_INTERFACE) is pfcp.SourceInterface.ACCESS
    assert pdi.get(pfcp.ie.F_TEID) == pfcp.FTeid(choose=True, choose_ipv4=True)
    assert second.get(pfcp.ie.PDI) is None
    far = again.get(pfcp.ie.CREATE_FAR)
    assert far is not None
    assert list(far.items()) == [("FAR ID", 5)]
    assert first.encode() == again.raw(1)
    assert "Source Interface" in repr(again)


def test_grouped_elements_nest_to_a_bound_only() -> None:
    data = b""
    for _ in range(12_000):
        if len(data) > 65_000:
            break
        data = pfcp.elements([(pfcp.ie.CREATE_PDR, data)]).encode()
    message = pfcp.decode(pfcp.build(50, seid=0, elements=[(pfcp.ie.CREATE_PDR, data)]).encode())
    depth = 0
    inside: object = message
    while isinstance(inside, pfcp.Elements):
        ((_, inside),) = inside.items()
        depth += 1
    assert isinstance(inside, bytes)
    assert depth < 20
    assert len(repr(message)) > len(data)
    deepest: pfcp.Elements = message
    for _ in range(8):
        inner = deepest.get(pfcp.ie.CREATE_PDR)
        assert inner is not None
        deepest = inner
    with pytest.raises(DecodeError):
        deepest.get(pfcp.ie.CREATE_PDR)


@pytest.mark.parametrize(
    ("cause", "accepted"),
    [(b"\0", False), (b"\1", True), (b"\3", True), (b"\x3f", True), (b"\x40", False), (b"", False)],
)
def test_acceptance_is_told_by_the_cause(cause: bytes, accepted: bool) -> None:
    response = pfcp.build(51, seid=1, elements=[(pfcp.ie.CAUSE, cause)])
    assert response.is_accepted is accepted
    assert not pfcp.build(2).is_accepted
