"""Every typed element: there and back, cut, with further octets, and before two witnesses."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from makmal.protocol import pfcp
from makmal.protocol.element import InformationElement
from makmal.protocol.errors import DecodeError, EncodeError
from makmal.protocol.pfcp import (
    addressing,
    ethernet,
    flags,
    ie,
    less_common,
    measurement,
    multicast,
    traffic,
)
from makmal.protocol.pfcp.element_names import ELEMENT_NAMES
from makmal.protocol.pfcp.message import Elements, decode_elements

KEYS: dict[str, InformationElement[Any]] = {
    name: key for name, key in vars(ie).items() if isinstance(key, InformationElement)
}
V4 = "192.0.2.1"
V6 = "2001:db8::1"
SSM = multicast.SourceSpecificMulticastAddress("232.0.0.1", V4)
MAC = bytes.fromhex("020000000001")

# Element octets by hand from the figures of TS 29.244, 8.2.
VECTORS: list[tuple[InformationElement[Any], str, Any]] = [
    (ie.CAUSE, "01", pfcp.Cause.REQUEST_ACCEPTED),
    (ie.CAUSE, "41", pfcp.Cause.SESSION_CONTEXT_NOT_FOUND),
    (ie.CAUSE, "c8", 200),
    (ie.SOURCE_INTERFACE, "01", pfcp.SourceInterface.CORE),
    (ie.F_TEID, "01 00000008 c0a84686", pfcp.FTeid(8, "192.168.70.134")),
    (ie.F_TEID, "02 00000001 20010db8000000000000000000000001", pfcp.FTeid(1, None, V6)),
    (
        ie.F_TEID,
        "03 00000001 c0000201 20010db8000000000000000000000001",
        pfcp.FTeid(1, V4, V6),
    ),
    (ie.F_TEID, "05", pfcp.FTeid(choose=True, choose_ipv4=True)),
    (
        ie.F_TEID,
        "0f 05",
        pfcp.FTeid(choose=True, choose_id=5, choose_ipv4=True, choose_ipv6=True),
    ),
    (ie.NETWORK_INSTANCE, "08 696e7465726e6574", pfcp.NetworkInstance("internet")),
    (ie.NETWORK_INSTANCE, "696e7465726e6574", pfcp.NetworkInstance("internet", False)),
    (ie.NETWORK_INSTANCE, "03696d73 00", pfcp.NetworkInstance("ims.")),
    (ie.NETWORK_INSTANCE, "00", pfcp.NetworkInstance("\0", False)),
    (ie.NETWORK_INSTANCE, "", pfcp.NetworkInstance("")),
    (ie.APN_DNN, "0161 0162", pfcp.NetworkInstance("a.b")),
    (
        ie.SDF_FILTER,
        "1f 00 0003 616263 30fc 00000005 0a1234 00000009",
        pfcp.SdfFilter("abc", 0x30FC, 5, 0xA1234, 9),
    ),
    (ie.GATE_STATUS, "04", pfcp.GateStatus(pfcp.Gate.CLOSED, pfcp.Gate.OPEN)),
    (ie.MBR, "0000000001 00000f4240", pfcp.BitRates(1, 1_000_000)),
    (
        ie.VOLUME_THRESHOLD,
        "05 0000000000000001 0000000000000002",
        pfcp.Volume(1, None, 2),
    ),
    (
        ie.VOLUME_MEASUREMENT,
        "3f 0000000000000001 0000000000000002 0000000000000003"
        "0000000000000004 0000000000000005 0000000000000006",
        pfcp.VolumeMeasurement(1, 2, 3, 4, 5, 6),
    ),
    (
        ie.REPORTING_TRIGGERS,
        "020001",
        flags.ReportingTriggers.VOLTH | flags.ReportingTriggers.REEMR,
    ),
    (ie.REPORT_TYPE, "02", flags.ReportType.USAR),
    (ie.APPLY_ACTION, "0c00", flags.ApplyAction.BUFF | flags.ApplyAction.NOCP),
    (ie.APPLY_ACTION, "0201", flags.ApplyAction.FORW | flags.ApplyAction.EDRT),
    (
        ie.UP_FUNCTION_FEATURES,
        "1001",
        flags.UpFunctionFeatures.FTUP | flags.UpFunctionFeatures.EMPU,
    ),
    (
        ie.UP_FUNCTION_FEATURES,
        "000000000000000001",
        flags.UpFunctionFeatures(1 << 64),
    ),
    (ie.TIMER, "23", pfcp.Timer(1, 3)),
    (ie.F_SEID, "02 0000000000000001 c0000201", pfcp.FSeid(1, V4)),
    (ie.F_SEID, "01 0000000000000001 20010db8000000000000000000000001", pfcp.FSeid(1, None, V6)),
    (ie.NODE_ID, "00 c0000201", pfcp.NodeId(pfcp.NodeIdType.IPV4, V4)),
    (
        ie.NODE_ID,
        "02 03736d66 076578616d706c65",
        pfcp.NodeId(pfcp.NodeIdType.FQDN, "smf.example"),
    ),
    (ie.NODE_ID, "02 736d66", pfcp.NodeId(pfcp.NodeIdType.FQDN, b"smf")),
    (ie.NODE_ID, "0f abcd", pfcp.NodeId(15, b"\xab\xcd")),
    (
        ie.OUTER_HEADER_CREATION,
        "0100 00000001 c0000201",
        pfcp.OuterHeaderCreation(pfcp.OuterHeaderDescription.GTP_U_UDP_IPV4, 1, V4),
    ),
    (
        ie.OUTER_HEADER_CREATION,
        "4801 20010db8000000000000000000000001 0868 010203",
        pfcp.OuterHeaderCreation(
            pfcp.OuterHeaderDescription.UDP_IPV6
            | pfcp.OuterHeaderDescription.C_TAG
            | pfcp.OuterHeaderDescription.N19,
            None,
            None,
            V6,
            2152,
            b"\1\2\3",
        ),
    ),
    (ie.OUTER_HEADER_REMOVAL, "00", pfcp.OuterHeaderRemoval(0)),
    (ie.OUTER_HEADER_REMOVAL, "06 01", pfcp.OuterHeaderRemoval(6, 1)),
    (ie.UE_IP_ADDRESS, "06 0a2d0002", pfcp.UeIpAddress("10.45.0.2", destination=True)),
    (
        ie.UE_IP_ADDRESS,
        "4b c0000201 20010db8000000000000000000000001 08 40",
        pfcp.UeIpAddress(V4, V6, False, 8, 64),
    ),
    (ie.UE_IP_ADDRESS, "30", pfcp.UeIpAddress(choose_ipv4=True, choose_ipv6=True)),
    # NTP's era changes on 2036-02-07 at 06:28:16 UTC.
    (ie.RECOVERY_TIME_STAMP, "83aa7e80", 0),
    (ie.RECOVERY_TIME_STAMP, "ffffffff", 2_085_978_495),
    (ie.RECOVERY_TIME_STAMP, "00000000", 2_085_978_496),
    (ie.PDN_TYPE, "01", pfcp.PdnType.IPV4),
    (ie.QFI, "09", 9),
    (
        ie.USER_ID,
        "09 08 99990700000000f1 03 616263",
        pfcp.UserId(imsi="999970000000001", nai="abc"),
    ),
    (ie.USER_ID, "07 01 f1 01 21 02 2143", pfcp.UserId("1", "12", "1234")),
    (
        ie.FQ_CSID,
        "02 c0000201 0001 0002 05",
        pfcp.FqCsid(V4, (1, 2), 5),
    ),
    (ie.FAILED_RULE_ID, "00 0007", pfcp.FailedRuleId(pfcp.RuleType.PDR, 7)),
    (ie.FAILED_RULE_ID, "04 07", pfcp.FailedRuleId(pfcp.RuleType.BAR, 7)),
    (ie.C_TAG, "07 1d 23", ethernet.VlanTag(5, True, 0x123)),
    (ie.S_NSSAI, "01 000001", pfcp.SNssai(1, 1)),
    (ie.OFFENDING_IE, "003c", 60),
]

# Further values, one or more for each key whose value has a shape of its own.
SAMPLES: dict[str, list[Any]] = {
    "REDIRECT_INFORMATION": [
        traffic.RedirectInformation(2, "https://example/"),
        traffic.RedirectInformation(4, V4, V6),
    ],
    "FORWARDING_POLICY": [b"policy"],
    "DOWNLINK_DATA_SERVICE_INFORMATION": [
        traffic.DownlinkDataServiceInformation(3, 9),
        traffic.DownlinkDataServiceInformation(None, 9),
    ],
    "DL_BUFFERING_SUGGESTED_PACKET_COUNT": [7, 300],
    "PFD_CONTENTS": [
        traffic.PfdContents(b"fd", b"url", b"dn", b"cp", b"dnp"),
        traffic.PfdContents(
            additional_flow_descriptions=(b"a", b"bc"),
            additional_urls=(b"u",),
            additional_domain_names_and_protocols=(b"d", b"p"),
        ),
    ],
    "FQ_CSID": [pfcp.FqCsid(V6, (1,), None), pfcp.FqCsid(b"\x00\x10\x10\x01", (), 0)],
    "DROPPED_DL_TRAFFIC_THRESHOLD": [measurement.DroppedDlTrafficThreshold(1, 2)],
    "FLOW_INFORMATION": [pfcp.FlowInformation(1, "permit out ip from any to assigned")],
    "PACKET_RATE": [
        measurement.PacketRate(measurement.Rate(0, 5), measurement.Rate(4, 6)),
        measurement.PacketRate(
            measurement.Rate(0, 5),
            measurement.Rate(4, 6),
            measurement.Rate(1, 1),
            measurement.Rate(2, 2),
        ),
    ],
    "DL_FLOW_LEVEL_MARKING": [traffic.DlFlowLevelMarking(0x30FC, 0x8001)],
    "HEADER_ENRICHMENT": [traffic.HeaderEnrichment(0, b"X-Name", b"value")],
    "REMOTE_GTP_U_PEER": [
        pfcp.RemoteGtpuPeer(V4),
        pfcp.RemoteGtpuPeer(None, V6, 1, b"\x03ims"),
    ],
    "TIME_QUOTA_MECHANISM": [measurement.TimeQuotaMechanism(1, 60)],
    "USER_PLANE_IP_RESOURCE_INFORMATION": [
        less_common.UserPlaneIpResource(V4, V6, 3, 0xA0, b"\x03ims", 1),
        less_common.UserPlaneIpResource(V4, network_instance=b"net"),
        less_common.UserPlaneIpResource(V4, source_interface=2),
    ],
    "MULTIPLIER": [measurement.Multiplier(-15, -1)],
    "ADDITIONAL_USAGE_REPORTS_INFORMATION": [measurement.AdditionalUsageReports(True, 3)],
    "MAC_ADDRESS": [ethernet.MacAddresses(MAC, MAC, MAC, MAC), ethernet.MacAddresses(None, MAC)],
    "MAC_ADDRESSES_DETECTED": [
        ethernet.SeenMacAddresses((MAC, MAC), b"\1\2\3", b"\4\5\6"),
        ethernet.SeenMacAddresses((MAC,), b"", b""),
    ],
    "TRACE_INFORMATION": [
        less_common.TraceInformation(b"\x99\xf9\x07", 1, b"\1", 2, b"\3", b"\xc0\0\2\1")
    ],
    "UE_IP_ADDRESS_POOL_IDENTITY": ["pool"],
    "ALTERNATIVE_SMF_IP_ADDRESS": [addressing.NodeAddresses(V4, V6, True)],
    "CP_PFCP_ENTITY_IP_ADDRESS": [addressing.NodeAddresses(V4), addressing.NodeAddresses(V4, V6)],
    "SMF_SET_ID": ["set1.smfset.example"],
    "IP_MULTICAST_ADDRESS": [
        addressing.IpMulticastAddress("224.0.0.1"),
        addressing.IpMulticastAddress("224.0.0.1", None, "224.0.0.9"),
        addressing.IpMulticastAddress(None, "ff02::1", None, "ff02::2"),
        addressing.IpMulticastAddress(any=True),
    ],
    "SOURCE_IP_ADDRESS": [addressing.SourceIpAddress(V4, None, 24)],
    "PACKET_RATE_STATUS": [
        measurement.PacketRateStatus(1, None, 2, None, 3),
        measurement.PacketRateStatus(1, 2, 3, 4, 5),
    ],
    "FIVE_GS_USER_PLANE_NODE": [b"12345678", None],
    "ACCESS_AVAILABILITY_INFORMATION": [less_common.AccessAvailability(1, 1)],
    "PMF_CONTROL_INFORMATION": [less_common.PmfControl(1), less_common.PmfControl(5, (1, 9))],
    "MPTCP_ADDRESS_INFORMATION": [less_common.MptcpAddress(1, 80, V4, V6)],
    "UE_LINK_SPECIFIC_IP_ADDRESS": [
        less_common.LinkSpecificAddresses(V4, V6, V4, V6),
        less_common.LinkSpecificAddresses(None, None, V4),
    ],
    "PMF_ADDRESS_INFORMATION": [
        less_common.PmfAddress(V4, V6, 1, 2, MAC, MAC),
        less_common.PmfAddress(mac=MAC, non_3gpp_mac=MAC),
    ],
    "PACKET_DELAY_THRESHOLDS": [measurement.PacketDelays(1, 2, 3)],
    "QOS_MONITORING_MEASUREMENT": [measurement.PacketDelays(None, 2, None, True)],
    "NF_INSTANCE_ID": ["12345678-9abc-4def-8012-3456789abcde"],
    "NUMBER_OF_UE_IP_ADDRESSES": [measurement.NumberOfUeIpAddresses(5, 6)],
    "OFFENDING_IE_INFORMATION": [measurement.OffendingIeInformation(21, b"\5")],
    "L2TP_USER_AUTHENTICATION": [less_common.L2tpUserAuthentication(2, b"n", b"c", b"r", 7)],
    "LNS_ADDRESS": [V4, V6],
    "THRESHOLDS": [less_common.Thresholds(100, 5)],
    "CP_IP_ADDRESS": [addressing.NodeAddresses(None, V6)],
    "IP_ADDRESS_AND_PORT_NUMBER_REPLACEMENT": [
        traffic.Replacement(V4, V6, 80, V4, V6, 8080),
        traffic.Replacement(V4, None, 80),
    ],
    "MBS_SESSION_IDENTIFIER": [
        multicast.MbsSessionIdentifier(b"\1\2\3\4\5\6", SSM, b"\1\2\3\4\5\x60"),
        multicast.MbsSessionIdentifier(b"\1\2\3\4\5\6"),
    ],
    "MULTICAST_TRANSPORT_INFORMATION": [
        multicast.MulticastTransportInformation(7, SSM),
        multicast.MulticastTransportInformation(
            7, multicast.SourceSpecificMulticastAddress("ff35::1", V6)
        ),
    ],
    "VENDOR_SPECIFIC_NODE_REPORT_TYPE": [pfcp.VendorSpecific(3561, b"\1")],
    "NOTIFICATION_CORRELATION_ID": [b"1234"],
    "DNS_QUERY_FILTER": ["*.example"],
    "LOCAL_INGRESS_TUNNEL": [
        multicast.LocalIngressTunnel(2152, V4),
        multicast.LocalIngressTunnel(choose=True, choose_ipv6=True),
    ],
    "DSCP_TO_PPI_MAPPING_INFORMATION": [less_common.DscpToPpiMapping(3, (10, 46))],
}

# Elements that fill all of their octets, so that further ones mean something.
OPEN_ENDED = {
    "NETWORK_INSTANCE",
    "APN_DNN",
    "NODE_ID",
    "USER_PLANE_IP_RESOURCE_INFORMATION",
    "LNS_ADDRESS",
    "SMF_SET_ID",
    "OFFENDING_IE_INFORMATION",
    "DSCP_TO_PPI_MAPPING_INFORMATION",
    "UP_FUNCTION_FEATURES",
    "APPLY_ACTION",
    "REPORTING_TRIGGERS",
    "REPORT_TYPE",
    "OUTER_HEADER_REMOVAL",
    "MAC_ADDRESSES_DETECTED",
    "FQ_CSID",
    "DL_BUFFERING_SUGGESTED_PACKET_COUNT",
    "VENDOR_SPECIFIC_NODE_REPORT_TYPE",
    "NOTIFICATION_CORRELATION_ID",
}


def cases() -> Iterator[tuple[str, Any, bytes]]:
    """Name, value and octets of every vector and sample."""
    names = {id(key): name for name, key in KEYS.items()}
    for key, octets, value in VECTORS:
        yield names[id(key)], value, bytes.fromhex(octets)
    for name, values in SAMPLES.items():
        for value in values:
            yield name, value, KEYS[name].encode(value)


CASES = list(cases())


def simple_value(key: InformationElement[Any]) -> Any:
    """A value that a key of a common shape (number, flags, text, octets, group) takes."""
    for octets in (b"", b"\1", b"\0\1", b"\0\0\1", b"\0\0\0\1", bytes(7) + b"\1", bytes(25)):
        try:
            return key.decode(octets)
        except DecodeError:
            continue
    raise AssertionError(key.name)


@pytest.mark.parametrize(("key", "octets", "value"), VECTORS)
def test_vectors(key: InformationElement[Any], octets: str, value: Any) -> None:
    data = bytes.fromhex(octets)
    decoded = key.decode(data)
    assert decoded == value
    assert type(decoded) is type(value)
    assert key.encode(value) == data


@pytest.mark.parametrize(("name", "value", "data"), CASES)
def test_values_come_back_and_cut_ones_are_refused_or_read(
    name: str, value: Any, data: bytes
) -> None:
    key = KEYS[name]
    assert key.decode(data) == value
    assert key.encode(value) == data
    if name not in OPEN_ENDED:
        assert key.decode(data + b"\xaa\xbb\xcc") == value
    for end in range(len(data)):
        offset = 0
        try:
            key.decode(data[:end])
        except DecodeError as error:
            offset = error.offset
        assert 0 <= offset <= end


def test_every_element_of_the_specification_has_a_key() -> None:
    assert set(ELEMENT_NAMES) == set(range(1, 321))
    numbers = [key.identifier for key in KEYS.values()]
    assert sorted(numbers) == list(range(1, 321))
    assert all(key.name == ELEMENT_NAMES[key.identifier] for key in KEYS.values())


@pytest.mark.parametrize("name", KEYS)
def test_every_key_reads_what_it_writes_and_refuses_other_types(name: str) -> None:
    key = KEYS[name]
    value = next((value for known, value, _ in CASES if known == name), None)
    if value is None:
        value = simple_value(key)
    assert key.decode(key.encode(value)) == value
    with pytest.raises(EncodeError):
        key.encode(object())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (ie.F_TEID, pfcp.FTeid()),
        (ie.F_TEID, pfcp.FTeid(1, V4, choose=True)),
        (ie.F_TEID, pfcp.FTeid(1, V4, choose_id=1)),
        (ie.F_TEID, pfcp.FTeid(1 << 32, V4)),
        (ie.F_TEID, pfcp.FTeid(1, "192.0.2.256")),
        (ie.F_SEID, pfcp.FSeid(1, None, "192.0.2.1")),
        (ie.NODE_ID, pfcp.NodeId(2, "a..b")),
        (ie.NODE_ID, pfcp.NodeId(2, "é")),
        (ie.NODE_ID, pfcp.NodeId(2, "a" * 64)),
        (ie.NODE_ID, pfcp.NodeId(16, b"")),
        (ie.NETWORK_INSTANCE, pfcp.NetworkInstance("\ud800", False)),
        (ie.APPLICATION_ID, "\ud800"),
        (ie.OUTER_HEADER_CREATION, pfcp.OuterHeaderCreation(pfcp.OuterHeaderDescription.IPV4)),
        (
            ie.OUTER_HEADER_CREATION,
            pfcp.OuterHeaderCreation(pfcp.OuterHeaderDescription.C_TAG, c_tag=b"12"),
        ),
        (ie.QFI, 64),
        (ie.PDN_TYPE, 8),
        (ie.GATE_STATUS, pfcp.GateStatus(4, 0)),
        (ie.USER_ID, pfcp.UserId(imsi="12x")),
        (ie.RECOVERY_TIME_STAMP, 1 << 33),
        (ie.TIME_OFFSET_THRESHOLD, 1 << 63),
        (ie.FAILED_RULE_ID, pfcp.FailedRuleId(9, 1)),
        (ie.PACKET_RATE, measurement.PacketRate(additional_uplink=measurement.Rate(0, 1))),
        (ie.PACKET_RATE_STATUS, measurement.PacketRateStatus(1)),
        (ie.PMF_CONTROL_INFORMATION, less_common.PmfControl(1, (2,))),
        (ie.MAC_ADDRESS, ethernet.MacAddresses(b"12345")),
        (ie.NF_INSTANCE_ID, "no uuid"),
        (ie.FORWARDING_POLICY, bytes(256)),
        (ie.APPLY_ACTION, flags.ApplyAction(-1) - (1 << 70)),
    ],
)
def test_values_without_a_form_are_refused(key: InformationElement[Any], value: Any) -> None:
    with pytest.raises(EncodeError):
        key.encode(value)


def test_names_are_those_of_wireshark(tshark: str) -> None:
    run = subprocess.run([tshark, "-G", "values"], capture_output=True, text=True, check=True)
    # Wireshark 4.0 counts the two accesses, names three groups otherwise and misspells one name.
    differently = {166, 167, 175, 176, 200, 201, 264, 311, 314}
    seen = 0
    for line in run.stdout.splitlines():
        kind, *rest = line.split("\t")
        if kind != "V" or rest[0] != "pfcp.ie_type" or not rest[1].isdigit():
            continue
        number = int(rest[1])
        if number == 0 or number in differently:
            continue
        seen += 1
        theirs, ours = plain(rest[2]), plain(ELEMENT_NAMES[number])
        assert theirs.startswith(ours), number
    assert seen > 290


def plain(name: str) -> str:
    """A name without what only the layout of a table puts in."""
    name = name.lower().split(" ie within")[0].split(" within")[0].split(" ie in")[0]
    name = name.replace("pfcp ", "").split(" (")[0]
    return "".join(letter for letter in name if letter.isalnum())


def test_pycrate_reads_the_same_octets() -> None:
    module = pytest.importorskip("pycrate_mobile.TS29244_PFCP")
    read = 0
    # pycrate 0.7 has one bit of priority in a tag, two of the count wrong, and no Release 17.
    differently = {
        ("C_TAG", "071d23"),
        ("DL_BUFFERING_SUGGESTED_PACKET_COUNT", "07"),
        ("DL_BUFFERING_SUGGESTED_PACKET_COUNT", "012c"),
        ("PMF_CONTROL_INFORMATION", "05020109"),
        ("UP_FUNCTION_FEATURES", "000000000000000001"),
        # An FQDN without labels, wrong on purpose.
        ("NODE_ID", "02736d66"),
    }
    for name, _, data in CASES:
        number = KEYS[name].identifier
        if number > 275 or (name, data.hex()) in differently or not data:
            continue
        witness = module.PFCPIE()
        element = pfcp.elements([(number, data)]).encode()
        witness.from_bytes(element)
        assert witness.to_bytes() == element, name
        content = witness["Data"] if "Data" in witness._by_name else witness[-1]
        if "ext" in getattr(content, "_by_name", ()):
            assert content["ext"].get_val() == b"", name
        read += 1
    assert read > 60


def one_frame_each(messages: list[bytes]) -> bytes:
    """A capture file with each PFCP message in a UDP datagram of its own."""
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)]
    for number, message in enumerate(messages):
        length = 28 + len(message)
        ip = struct.pack(
            ">BBHHHBBH4s4s", 69, 0, length, number, 0, 64, 17, 0, b"\x7f\0\0\1", b"\x7f\0\0\2"
        )
        udp = struct.pack(">HHHH", 8805, 8805, length - 20, 0)
        parts.append(struct.pack("<IIII", number, 0, length, length) + ip + udp + message)
    return b"".join(parts)


def test_tshark_finds_nothing_wrong_or_left_over(tshark: str, tmp_path: Path) -> None:
    named = [(name, data) for name, _, data in CASES if data]
    known = {name for name, _ in named}
    others = [
        (name, key.encode(simple_value(key))) for name, key in KEYS.items() if name not in known
    ]
    named += [
        (name, data or b"\1") for name, data in others if simple_value(KEYS[name]) != Elements()
    ]
    messages = [
        pfcp.build(52, seid=1, sequence_number=number, elements=[(KEYS[name], data)]).encode()
        for number, (name, data) in enumerate(named)
    ]
    capture = tmp_path / "elements.pcap"
    capture.write_bytes(one_frame_each(messages))
    names = ("ie_type", "ie_encoding_error", "ie_data_not_decoded")
    command = [tshark, "-r", str(capture), "-T", "fields"]
    for field in (*(f"pfcp.{name}" for name in names), "_ws.malformed", "_ws.expert"):
        command += ["-e", field]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = run.stdout.splitlines()
    assert len(rows) == len(named)
    for (name, data), row in zip(named, rows, strict=True):
        number, *troubles = row.split("\t")
        assert number.split(",")[0] == str(KEYS[name].identifier)
        if (name, data.hex()) not in NOT_READ_BY_WIRESHARK:
            assert not any(troubles), (name, data.hex(), troubles)


# What Wireshark 4.0 reads otherwise: it looks for a mask before the end of an address, ports
# without an address, six octets of eight, no additional rates, the first address of a tunnel one
# octet late. For Source IP Address, UE Link-Specific IP Address and Multicast Transport Information
# the text of TS 29.244 was looked up and is as we have it; for the others it stands between
# Wireshark's reading and ours. Node ID, User ID and UP Function Features are unusual on purpose.
NOT_READ_BY_WIRESHARK = {
    ("SOURCE_IP_ADDRESS", "06c000020118"),
    ("PMF_ADDRESS_INFORMATION", "04020000000001020000000001"),
    ("FIVE_GS_USER_PLANE_NODE", "013132333435363738"),
    ("PACKET_RATE", "07000005040006010001020002"),
    ("PACKET_RATE_STATUS", "03000100020000000000000003"),
    ("PACKET_RATE_STATUS", "0700010002000300040000000000000005"),
    ("UE_LINK_SPECIFIC_IP_ADDRESS", "04c0000201"),
    ("UP_FUNCTION_FEATURES", "000000000000000001"),
    ("NODE_ID", "02736d66"),
    ("NODE_ID", "0fabcd"),
    ("USER_ID", "0701f10121022143"),
    ("MULTICAST_TRANSPORT_INFORMATION", "000000000704e800000104c0000201"),
    (
        "MULTICAST_TRANSPORT_INFORMATION",
        "000000000750ff3500000000000000000000000000015020010db8000000000000000000000001",
    ),
}


def test_enumerated_fields_are_members_where_known() -> None:
    assert type(ie.GATE_STATUS.decode(b"\x04").uplink) is pfcp.Gate
    assert type(ie.OUTER_HEADER_REMOVAL.decode(b"\x06").description) is pfcp.OuterHeader
    assert type(ie.OUTER_HEADER_REMOVAL.decode(b"\xff").description) is int
    assert type(ie.FAILED_RULE_ID.decode(b"\x01\0\0\0\1").type) is pfcp.RuleType


def test_decode_elements_reads_a_group() -> None:
    group = decode_elements(bytes.fromhex("0038 0002 0001 006c 0004 00000002"))
    assert group.get(ie.PDR_ID) == 1
    assert group.get(ie.FAR_ID) == 2
    assert group == pfcp.elements([(ie.PDR_ID, 1), (ie.FAR_ID, 2)])
    assert hash(group) == hash(pfcp.elements([(ie.PDR_ID, 1), (ie.FAR_ID, 2)]))
