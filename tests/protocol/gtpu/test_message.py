"""Headers, extension headers and elements, by hand from TS 29.281, and messages that are wrong."""

from __future__ import annotations

from typing import Any

import pytest

from makmal.protocol import gtpu
from makmal.protocol.element import InformationElement
from makmal.protocol.errors import DecodeError, EncodeError
from makmal.protocol.gtpu import ie

PLAIN = bytes.fromhex("30ff0004 00000008 45000001")
# E flag, PDU Session Container of one unit with QFI 9, then the T-PDU.
CONTAINED = bytes.fromhex("34ff000c ca6fe0dd 00000085 01100900 45000001")
ECHO = bytes.fromhex("32020006 00000000 00070000 0e00")


def test_plain_g_pdu() -> None:
    message = gtpu.decode(PLAIN)
    assert message.message_type is gtpu.MessageType.G_PDU
    assert message.name == "G-PDU"
    assert message.teid == 8
    assert message.sequence_number is None
    assert message.n_pdu_number is None
    assert message.extension_headers == ()
    assert message.pdu_session_container is None
    assert message.payload == bytes.fromhex("45000001")
    assert message.encode() == PLAIN
    assert list(message.items()) == [("T-PDU", bytes.fromhex("45000001"))]
    assert gtpu.peek(PLAIN) == (255, 8, 8)


def test_g_pdu_with_container() -> None:
    message = gtpu.decode(CONTAINED)
    assert message.extension_headers == (
        (gtpu.ExtensionHeaderType.PDU_SESSION_CONTAINER, bytes.fromhex("1009")),
    )
    assert message.pdu_session_container == gtpu.UlPduSessionInformation(9)
    assert message.sequence_number is None
    assert message.payload == bytes.fromhex("45000001")
    assert gtpu.peek(CONTAINED) == (255, 0xCA6FE0DD, 16)
    built = gtpu.build(
        gtpu.MessageType.G_PDU,
        0xCA6FE0DD,
        bytes.fromhex("45000001"),
        extension_headers=[
            (gtpu.ExtensionHeaderType.PDU_SESSION_CONTAINER, gtpu.UlPduSessionInformation(9))
        ],
    )
    assert built.encode() == CONTAINED
    assert built == message


def test_echo_response() -> None:
    message = gtpu.decode(ECHO)
    assert message.message_type is gtpu.MessageType.ECHO_RESPONSE
    assert message.name == "Echo Response"
    assert message.sequence_number == 7
    assert message.get(ie.RECOVERY) == 0
    assert list(message.items()) == [("Recovery", 0)]
    built = gtpu.build(
        gtpu.MessageType.ECHO_RESPONSE, sequence_number=7, elements=[(ie.RECOVERY, 0)]
    )
    assert built.encode() == ECHO


def test_error_indication() -> None:
    data = bytes.fromhex("321a0010 00000000 00000000 10 ca6fe0dd 85 0004 c0000201")
    message = gtpu.decode(data)
    assert message.name == "Error Indication"
    assert message.get(ie.TEID_DATA_I) == 0xCA6FE0DD
    assert message.get(ie.GTP_U_PEER_ADDRESS) == "192.0.2.1"
    assert message.get(ie.PRIVATE_EXTENSION) is None
    built = gtpu.build(
        gtpu.MessageType.ERROR_INDICATION,
        sequence_number=0,
        elements=[(ie.TEID_DATA_I, 0xCA6FE0DD), (ie.GTP_U_PEER_ADDRESS, "192.0.2.1")],
    )
    assert built.encode() == data


def test_supported_extension_headers_notification() -> None:
    data = bytes.fromhex("321f0008 00000000 00000000 8d 02 85c0")
    message = gtpu.decode(data)
    assert message.name == "Supported Extension Headers Notification"
    assert message.get(ie.EXTENSION_HEADER_TYPE_LIST) == b"\x85\xc0"
    assert message.encode() == data


@pytest.mark.parametrize(
    ("message_type", "name"),
    [
        (1, "Echo Request"),
        (2, "Echo Response"),
        (26, "Error Indication"),
        (31, "Supported Extension Headers Notification"),
        (253, "Tunnel Status"),
        (254, "End Marker"),
        (255, "G-PDU"),
        (16, "GTP-U message type 16"),
    ],
)
def test_names(message_type: int, name: str) -> None:
    assert gtpu.message_name(message_type) == name
    assert gtpu.decode(gtpu.build(message_type).encode()).name == name


@pytest.mark.parametrize(
    ("flags", "sequence_number", "n_pdu_number", "headers"),
    [
        (0x31, None, 0xAB, 0),
        (0x32, 0x1234, None, 0),
        (0x33, 0x1234, 0xAB, 0),
        (0x34, None, None, 1),
        (0x36, 0x1234, None, 1),
        (0x37, 0x1234, 0xAB, 1),
        # The spare bit says nothing.
        (0x3A, 0x1234, None, 0),
    ],
)
def test_one_flag_brings_all_optional_fields(
    flags: int, sequence_number: int | None, n_pdu_number: int | None, headers: int
) -> None:
    # The next type of the optional fields counts only with the flag E.
    data = bytes((flags,)) + bytes.fromhex("ff000c 00000001 1234ab85 01000500 45000001")
    message = gtpu.decode(data)
    assert message.sequence_number == sequence_number
    assert message.n_pdu_number == n_pdu_number
    assert len(message.extension_headers) == headers
    assert gtpu.peek(data)[2] == (16 if headers else 12)
    assert len(message.payload) == (4 if headers else 8)
    assert message.encode() == data


def test_no_extension_header_in_spite_of_the_flag() -> None:
    data = bytes.fromhex("34ff0008 00000001 00000000 45000001")
    message = gtpu.decode(data)
    assert message.extension_headers == ()
    assert message.payload == bytes.fromhex("45000001")


def test_several_extension_headers() -> None:
    specs = [
        (gtpu.ExtensionHeaderType.UDP_PORT, 2152),
        (gtpu.ExtensionHeaderType.LONG_PDCP_PDU_NUMBER_REQUIRED, 0x3FFFF),
        (gtpu.ExtensionHeaderType.SERVICE_CLASS_INDICATOR, 5),
        (gtpu.ExtensionHeaderType.PDCP_PDU_NUMBER, 0x7FFF),
        (gtpu.ExtensionHeaderType.NR_RAN_CONTAINER, b"123456"),
        (gtpu.ExtensionHeaderType.PDU_SESSION_CONTAINER, gtpu.DlPduSessionInformation(9, True, 3)),
        (0x7F, b"12"),
    ]
    built = gtpu.build(255, 1, b"payload", extension_headers=specs)
    message = gtpu.decode(built.encode())
    assert message == built
    assert message.extension_headers == built.extension_headers
    assert message.payload == b"payload"
    assert list(message.items()) == [
        ("UDP Port", 2152),
        ("Long PDCP PDU Number", 0x3FFFF),
        ("Service Class Indicator", 5),
        ("PDCP PDU Number", 0x7FFF),
        ("NR RAN Container", b"123456"),
        ("PDU Session Container", gtpu.DlPduSessionInformation(9, True, 3)),
        ("Extension header 127", b"12"),
        ("T-PDU", b"payload"),
    ]
    assert message.extension_header(0x7F) == b"12"
    assert "UDP Port=2152" in repr(message)


def test_octets_behind_the_length_are_kept_apart() -> None:
    message = gtpu.decode(PLAIN + b"\0\0")
    assert message.payload == bytes.fromhex("45000001")
    assert message.trailing == b"\0\0"
    assert message.encode() == PLAIN + b"\0\0"


@pytest.mark.parametrize(
    ("data", "offset"),
    [
        ("", 0),
        ("30ff0000 000000", 0),
        ("50ff0000 00000000", 0),
        ("20ff0000 00000000", 0),
        ("30ff0005 00000000 45000001", 2),
        ("32ff0003 00000000 000000", 2),
        ("34ff0004 00000000 00000085", 12),
        ("34ff0008 00000000 00000085 00000000", 12),
        ("34ff0008 00000000 00000085 02000000", 12),
        ("34ff0008 00000000 00000085 01000085", 16),
    ],
)
def test_wrong_headers_are_refused_by_both(data: str, offset: int) -> None:
    for read in (gtpu.decode, gtpu.peek):
        with pytest.raises(DecodeError) as caught:
            read(bytes.fromhex(data))
        assert caught.value.offset == offset


@pytest.mark.parametrize(
    ("elements", "offset"),
    [
        ("0e", 12),
        ("10000000", 12),
        ("85", 12),
        ("850004c00002", 12),
        ("8d", 12),
        ("0e00 ff0003", 14),
    ],
)
def test_cut_elements_are_refused(elements: str, offset: int) -> None:
    content = bytes(4) + bytes.fromhex(elements)
    data = bytes.fromhex("3201") + len(content).to_bytes(2, "big") + bytes(4) + content
    with pytest.raises(DecodeError) as caught:
        gtpu.decode(data)
    assert caught.value.offset == offset


def test_unknown_elements_are_kept() -> None:
    message = gtpu.decode(
        gtpu.build(
            1, sequence_number=1, elements=[(200, b"abc"), (255, b"\0\1xyz"), (99, b"rest")]
        ).encode()
    )
    assert list(message.items()) == [
        ("Unknown element 200", b"abc"),
        ("Private Extension", gtpu.PrivateExtension(1, b"xyz")),
        ("Unknown element 99", b"rest"),
    ]
    assert message.raw(200) == b"abc"
    assert message.all(ie.PRIVATE_EXTENSION) == (gtpu.PrivateExtension(1, b"xyz"),)


@pytest.mark.parametrize(
    ("key", "octets", "value"),
    [
        (ie.RECOVERY, "07", 7),
        (ie.TEID_DATA_I, "00000001", 1),
        (ie.GTP_U_PEER_ADDRESS, "c0000201", "192.0.2.1"),
        (ie.GTP_U_PEER_ADDRESS, "20010db8000000000000000000000001", "2001:db8::1"),
        (ie.EXTENSION_HEADER_TYPE_LIST, "85", b"\x85"),
        (ie.GTP_U_TUNNEL_STATUS_INFORMATION, "01", gtpu.TunnelStatus.SPOC),
        (ie.RECOVERY_TIME_STAMP, "83aa7e80", 0),
        (ie.RECOVERY_TIME_STAMP, "00000000", 2_085_978_496),
        (ie.PRIVATE_EXTENSION, "0de9 01", gtpu.PrivateExtension(3561, b"\1")),
    ],
)
def test_elements(key: InformationElement[Any], octets: str, value: Any) -> None:
    data = bytes.fromhex(octets)
    assert key.decode(data) == value
    assert key.encode(value) == data
    if key is not ie.EXTENSION_HEADER_TYPE_LIST:
        with pytest.raises(DecodeError):
            key.decode(b"")
    with pytest.raises(EncodeError):
        key.encode(object())


CONTAINERS: list[tuple[str, gtpu.PduSessionInformation]] = [
    ("0009", gtpu.DlPduSessionInformation(9)),
    ("0049", gtpu.DlPduSessionInformation(9, True)),
    ("00c9 e0 000000", gtpu.DlPduSessionInformation(9, True, 7)),
    (
        "0e89 20 0102030405060708 000001 00000002",
        gtpu.DlPduSessionInformation(9, False, 1, 0x0102030405060708, 1, 2),
    ),
    ("103f", gtpu.UlPduSessionInformation(63)),
    (
        "1fc1 0000000000000001 0000000000000002 0000000000000003 00000004 00000005 000006"
        "00000007 01 01 0000",
        gtpu.UlPduSessionInformation(1, 1, 2, 3, 4, 5, 6, 7, 1, True),
    ),
    ("1041 00 000000", gtpu.UlPduSessionInformation(1, new_ie_flags=0)),
]


@pytest.mark.parametrize(("octets", "value"), CONTAINERS)
def test_pdu_session_containers(octets: str, value: gtpu.PduSessionInformation) -> None:
    data = bytes.fromhex(octets)
    encoded = gtpu.encode_pdu_session_container(value)
    assert gtpu.decode_pdu_session_container(data) == value
    assert encoded[: len(data)] == data[: len(encoded)]
    assert (len(encoded) + 2) % 4 == 0
    assert gtpu.decode_pdu_session_container(encoded) == value


def test_pdu_session_containers_match_pycrate() -> None:
    module = pytest.importorskip("pycrate_mobile.TS29281_GTPU")
    for _, value in CONTAINERS:
        if isinstance(value, gtpu.DlPduSessionInformation) and value.mbs_qfi_sequence_number:
            continue  # Release 17, which pycrate does not know.
        data = gtpu.build(255, 5, b"\x45", extension_headers=[(0x85, value)]).encode()
        witness, error = module.parse_GTPU(data)
        assert error == 0
        assert witness.to_bytes() == data
        assert witness["TPDU"].get_val() == b"\x45"
        info = next(iter(witness["GTPUHdr"][-1]))["PDUSessionContainer"]["Info"].get_alt()
        assert info["QFI"].get_val() == value.qfi
        if isinstance(value, gtpu.DlPduSessionInformation):
            assert info["RQI"].get_val() == value.rqi
            assert info["PPI"].get_val() == (value.ppi or 0)
        else:
            assert info["ULDelayRes"].get_val() == (value.ul_delay_result or 0)


@pytest.mark.parametrize(
    "content", [b"", b"\x00", b"\x20\x00", b"\x00\x80", b"\x08\x09" + bytes(7), b"\x10\x41"]
)
def test_cut_containers_are_refused(content: bytes) -> None:
    with pytest.raises(DecodeError):
        gtpu.decode_pdu_session_container(content)


@pytest.mark.parametrize(
    "wrong",
    [
        {"message_type": 256},
        {"message_type": 255, "teid": 1 << 32},
        {"message_type": 255, "sequence_number": 1 << 16},
        {"message_type": 255, "n_pdu_number": 256},
        {"message_type": 255, "payload": bytes(65536)},
        {"message_type": 255, "version": 8},
        {"message_type": 255, "extension_headers": [(0x85, b"123")]},
        {"message_type": 255, "extension_headers": [(0x85, b"")]},
        {"message_type": 255, "extension_headers": [(0x85, bytes(1022))]},
        {"message_type": 255, "extension_headers": [(0x85, "text")]},
        {"message_type": 255, "extension_headers": [(0x85, gtpu.DlPduSessionInformation(64))]},
        {
            "message_type": 255,
            "extension_headers": [(0x85, gtpu.DlPduSessionInformation(1, ppi=8))],
        },
        {
            "message_type": 255,
            "extension_headers": [(0x85, gtpu.UlPduSessionInformation(1, ul_sending_time_stamp=1))],
        },
        {
            "message_type": 255,
            "extension_headers": [
                (0x85, gtpu.UlPduSessionInformation(1, d1_ul_pdcp_delay_result=True))
            ],
        },
        {"message_type": 255, "extension_headers": [(0x40, 65536)]},
        {"message_type": 255, "extension_headers": [(0x03, 1 << 18)]},
        {"message_type": 1, "elements": [(ie.RECOVERY, 256)]},
        {"message_type": 1, "elements": [(ie.GTP_U_PEER_ADDRESS, "nowhere")]},
        {"message_type": 1, "elements": [(14, 0)]},
        {"message_type": 1, "elements": [(256, b"")]},
        {"message_type": 1, "elements": [(141, bytes(256))]},
    ],
)
def test_values_that_do_not_fit_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(EncodeError):
        gtpu.build(**wrong)


def test_messages_can_be_wrong_on_purpose() -> None:
    assert gtpu.build(255, version=2).encode()[0] == 0x50
    assert gtpu.build(255, protocol_type=0).encode()[0] == 0x20
    assert gtpu.build(255, message_length=9).encode()[2:4] == b"\0\x09"
    wrong = gtpu.build(26, elements=[(ie.GTP_U_PEER_ADDRESS, b"123")])
    message = gtpu.decode(wrong.encode())
    assert list(message.items()) == [("GTP-U Peer Address", b"123")]
    with pytest.raises(DecodeError):
        message.get(ie.GTP_U_PEER_ADDRESS)
