"""Real user traffic of a core: what we read is what tshark reads."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

from makmal.protocol import gtpu

Rows = Callable[..., list[list[str]]]

NAMES = (
    "udp.payload",
    "gtp.message",
    "gtp.teid",
    "gtp.ext_hdr.pdu_ses_con.pdu_type",
    "gtp.ext_hdr.pdu_ses_con.qos_flow_id",
)


def test_tshark_reads_the_same(fields: Rows) -> None:
    rows = fields("oai-registration-session.pcap", "gtp && udp.dstport == 2152 && !icmp", *NAMES)
    directions = set()
    for payload, message_type, teid, pdu_type, qfi in rows:
        # Where a user packet is UDP too, its payload comes second.
        data = bytes.fromhex(payload.split(",")[0])
        message = gtpu.decode(data)
        assert message.encode() == data
        assert not message.trailing
        assert message.message_type == int(message_type, 16)
        assert message.teid == int(teid, 16)
        assert gtpu.peek(data) == (
            message.message_type,
            message.teid,
            len(data) - len(message.payload),
        )
        container = message.pdu_session_container
        if container is None:
            assert pdu_type == ""
        else:
            assert container.qfi == int(qfi, 0)
            assert isinstance(container, gtpu.UlPduSessionInformation) == (int(pdu_type) == 1)
        # IPv4 or IPv6 stands where the payload begins.
        assert message.payload[0] >> 4 in (4, 6)
        directions.add(type(container))
    assert len(rows) > 150
    assert gtpu.DlPduSessionInformation in directions


def test_tshark_reads_what_we_build(fields: Rows, tmp_path: Path) -> None:
    kind = gtpu.ExtensionHeaderType
    built = [
        gtpu.build(1, sequence_number=300),
        gtpu.build(2, sequence_number=301, elements=[(gtpu.ie.RECOVERY, 9)]),
        gtpu.build(
            26,
            sequence_number=302,
            elements=[(gtpu.ie.TEID_DATA_I, 77), (gtpu.ie.GTP_U_PEER_ADDRESS, "192.0.2.7")],
            extension_headers=[(kind.UDP_PORT, 4000)],
        ),
        gtpu.build(
            31, sequence_number=303, elements=[(gtpu.ie.EXTENSION_HEADER_TYPE_LIST, b"\x85")]
        ),
        gtpu.build(254, teid=5),
        gtpu.build(
            255,
            6,
            b"\x45" + bytes(19),
            sequence_number=304,
            extension_headers=[
                (kind.PDCP_PDU_NUMBER, 12),
                (kind.PDU_SESSION_CONTAINER, gtpu.DlPduSessionInformation(33, True, 5)),
            ],
        ),
    ]
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)]
    for message in built:
        data = message.encode()
        length = 28 + len(data)
        addresses = bytes.fromhex("7f000001 7f000002")
        ip = struct.pack(">BBHHHBBH", 69, 0, length, 1, 0, 64, 17, 0) + addresses
        udp = struct.pack(">HHHH", 2152, 2152, length - 20, 0)
        parts.append(struct.pack("<IIII", 0, 0, length, length) + ip + udp + data)
    capture = tmp_path / "built.pcap"
    capture.write_bytes(b"".join(parts))
    rows = fields(
        capture,
        "gtp",
        "gtp.message",
        "gtp.teid",
        "gtp.seq_number",
        "gtp.recovery",
        "gtp.teid_data",
        "gtp.gsn_ipv4",
        "gtp.ext_hdr.udp_port",
        "gtp.ext_hdr.pdcp_sn",
        "gtp.ext_hdr.pdu_ses_con.qos_flow_id",
        "gtp.ext_hdr.pdu_ses_cont.ppi",
        "_ws.malformed",
    )
    numbers = [
        [int(field, 0) if field[:1].isdigit() and "." not in field else field for field in row]
        for row in rows
    ]
    assert numbers == [
        [1, 0, 300, "", "", "", "", "", "", "", ""],
        [2, 0, 301, 9, "", "", "", "", "", "", ""],
        [26, 0, 302, "", 77, "192.0.2.7", 4000, "", "", "", ""],
        [31, 0, 303, "", "", "", "", "", "", "", ""],
        [254, 5, "", "", "", "", "", "", "", "", ""],
        [255, 6, 304, "", "", "", "", 12, 33, 5, ""],
    ]
