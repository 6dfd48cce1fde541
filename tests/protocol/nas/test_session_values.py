"""QoS rules, QoS flow descriptions and configuration options: pycrate's fields, the same octets."""

from __future__ import annotations

import random
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makmal.protocol import nas
from makmal.protocol.errors import DecodeError, EncodeError
from makmal.protocol.nas import ie
from makmal.protocol.nas.capabilities import FiveGsmCapability, FiveGsmFeature
from makmal.protocol.nas.configuration_options import (
    ConfigurationOption,
    ConfigurationOptions,
    ConfigurationOptionType,
)
from makmal.protocol.nas.packet_filters import (
    ComponentType,
    Direction,
    PacketFilter,
    PacketFilterComponent,
)
from makmal.protocol.nas.qos import (
    FlowBitRate,
    QosFlowDescription,
    QosFlowOperation,
    QosFlowParameter,
    QosFlowParameterType,
    QosRule,
    QosRuleOperation,
)

Parse = Callable[[bytes], Any]
C, P, T, R = ComponentType, QosFlowParameterType, ConfigurationOptionType, QosRuleOperation

# Type, our value, pycrate's value.
COMPONENTS: list[tuple[ComponentType, int | str | None, Any]] = [
    (C.MATCH_ALL, None, b""),
    (
        C.IPV4_REMOTE_ADDRESS,
        "192.0.2.0/255.255.255.0",
        {"Addr": IPv4Address("192.0.2.0").packed, "Mask": b"\xff\xff\xff\0"},
    ),
    (
        C.IPV4_LOCAL_ADDRESS,
        "10.0.0.1/255.0.255.0",
        {"Addr": b"\x0a\0\0\1", "Mask": b"\xff\0\xff\0"},
    ),
    (
        C.IPV6_REMOTE_ADDRESS_AND_PREFIX_LENGTH,
        "2001:db8::1/32",
        {"Addr": IPv6Address("2001:db8::1").packed, "Pref": 32},
    ),
    (
        C.IPV6_LOCAL_ADDRESS_AND_PREFIX_LENGTH,
        "2001:db8::/128",
        {"Addr": IPv6Address("2001:db8::").packed, "Pref": 128},
    ),
    (C.PROTOCOL_IDENTIFIER_OR_NEXT_HEADER, 17, 17),
    (C.SINGLE_LOCAL_PORT, 53, 53),
    (C.LOCAL_PORT_RANGE, "1000-2000", {"Low": 1000, "High": 2000}),
    (C.SINGLE_REMOTE_PORT, 5060, 5060),
    (C.REMOTE_PORT_RANGE, "0-65535", {"Low": 0, "High": 65535}),
    (C.SECURITY_PARAMETER_INDEX, 0xDEADBEEF, 0xDEADBEEF),
    (C.TYPE_OF_SERVICE_OR_TRAFFIC_CLASS, "0xb8/0xfc", {"Class": 0xB8, "Mask": 0xFC}),
    (C.FLOW_LABEL, 0xABCDE, {"spare": 0, "Value": 0xABCDE}),
    (C.DESTINATION_MAC_ADDRESS, "00:11:22:33:44:55", bytes.fromhex("001122334455")),
    (C.SOURCE_MAC_ADDRESS, "66:77:88:99:aa:bb", bytes.fromhex("66778899aabb")),
    (C.C_TAG_VLAN_IDENTIFIER, 4095, {"spare": 0, "Value": 4095}),
    (C.S_TAG_VLAN_IDENTIFIER, 1, {"spare": 0, "Value": 1}),
    (C.C_TAG_PRIORITY, 15, {"spare": 0, "PCP": 7, "DEI": 1}),
    (C.S_TAG_PRIORITY, 2, {"spare": 0, "PCP": 1, "DEI": 0}),
    (C.ETHERTYPE, 0x0800, 0x0800),
    (
        C.DESTINATION_MAC_ADDRESS_RANGE,
        "00:00:00:00:00:00-ff:ff:ff:ff:ff:ff",
        {"MACLow": bytes(6), "MACHigh": b"\xff" * 6},
    ),
    (
        C.SOURCE_MAC_ADDRESS_RANGE,
        "00:00:00:00:00:01-00:00:00:00:00:02",
        {"MACLow": b"\0\0\0\0\0\1", "MACHigh": b"\0\0\0\0\0\2"},
    ),
]
FILTERS = tuple(
    PacketFilter(index % 16, Direction(index % 3 + 1), (PacketFilterComponent(kind, value),))
    for index, (kind, value, _) in enumerate(COMPONENTS)
)
RULES = (
    QosRule(1, R.CREATE, True, FILTERS[:15], 255, 9),
    QosRule(2, R.MODIFY_AND_ADD_PACKET_FILTERS, False, FILTERS[15:], 1, 63, True),
    QosRule(3, R.MODIFY_AND_REPLACE_ALL_PACKET_FILTERS, False, FILTERS[:2], 0, 1),
    QosRule(4, R.MODIFY_WITHOUT_PACKET_FILTERS, False, (), 7, 2),
)
# pycrate reads a precedence and a flow in every rule, though table 9.11.4.13.1 has none of them
# where packet filters or the whole rule are deleted.
DELETIONS = (
    QosRule(255, R.DELETE),
    QosRule(5, R.MODIFY_AND_DELETE_PACKET_FILTERS, False, (PacketFilter(3), PacketFilter(15))),
)
FLOWS = (
    QosFlowDescription(
        9,
        QosFlowOperation.CREATE,
        (
            QosFlowParameter(P.FIVE_QI, 1),
            QosFlowParameter(P.GUARANTEED_BIT_RATE_UPLINK, FlowBitRate(6, 100)),
            QosFlowParameter(P.GUARANTEED_BIT_RATE_DOWNLINK, FlowBitRate(1, 65535)),
            QosFlowParameter(P.MAXIMUM_BIT_RATE_UPLINK, FlowBitRate(7, 2)),
            QosFlowParameter(P.MAXIMUM_BIT_RATE_DOWNLINK, FlowBitRate(11, 1)),
            QosFlowParameter(P.AVERAGING_WINDOW, 2000),
            QosFlowParameter(P.EPS_BEARER_IDENTITY, 5),
        ),
        True,
    ),
    QosFlowDescription(63, QosFlowOperation.DELETE),
)
OPTIONS = ConfigurationOptions(
    (
        ConfigurationOption(T.DNS_SERVER_IPV4_ADDRESS, "8.8.8.8"),
        ConfigurationOption(T.DNS_SERVER_IPV6_ADDRESS, "2001:4860:4860::8888"),
        ConfigurationOption(T.P_CSCF_IPV4_ADDRESS),
        ConfigurationOption(T.P_CSCF_IPV6_ADDRESS, "2001:db8::5"),
        ConfigurationOption(T.IPV4_LINK_MTU, 1400),
        ConfigurationOption(0xFF00, b"abc"),
        ConfigurationOption(T.PAP, b"\x02\x01\0\x05\0"),
    )
)


def _modification(key: Any, value: Any) -> nas.Message:
    kind = nas.MessageType.PDU_SESSION_MODIFICATION_COMMAND
    return nas.build(kind, {key: value}, pdu_session_id=5, procedure_transaction_identity=0)


def test_qos_rules_read_the_same_in_pycrate(parse_with_pycrate: Parse) -> None:
    message = _modification(ie.AUTHORIZED_QOS_RULES, RULES)
    assert nas.decode(message.encode()) == message
    assert message.get(ie.AUTHORIZED_QOS_RULES) == RULES
    theirs = parse_with_pycrate(message.encode())
    assert theirs.to_bytes() == message.encode()
    components = []
    for rule, their_rule in zip(RULES, theirs["QoSRules"].get_val_d()["QoSRules"], strict=True):
        assert their_rule["ID"] == rule.identifier
        assert their_rule["OpCode"] == rule.operation
        assert bool(their_rule["DQR"]) == rule.is_default
        assert their_rule["Precedence"] == rule.precedence
        assert their_rule["Flow"]["QFI"] == rule.qos_flow_identifier
        assert bool(their_rule["Flow"]["Segregation"]) == rule.segregation
        filters = their_rule.get("PktFilterList", [])
        for ours, their_filter in zip(rule.packet_filters, filters, strict=True):
            assert their_filter["Id"] == ours.identifier
            assert their_filter["Dir"] == ours.direction
            components += [(each["Type"], each["Value"]) for each in their_filter["PktFilter"]]
    expected = [(int(kind), value) for kind, _, value in COMPONENTS]
    assert components == expected + expected[:2]


def test_deletions_of_rules_come_back() -> None:
    octets = ie.AUTHORIZED_QOS_RULES.encode(DELETIONS)
    assert octets == bytes.fromhex("ff000140 050003a2030f")
    assert ie.AUTHORIZED_QOS_RULES.decode(octets) == DELETIONS


def test_a_component_that_nobody_knows_takes_the_rest_of_its_filter() -> None:
    octets = bytes.fromhex("01 000c 21 31 06 3011 ee 010203 ff 49 aa")
    (rule,) = ie.AUTHORIZED_QOS_RULES.decode(octets)
    assert rule.packet_filters[0].components == (
        PacketFilterComponent(C.PROTOCOL_IDENTIFIER_OR_NEXT_HEADER, 0x11),
        PacketFilterComponent(0xEE, b"\1\2\3"),
    )
    assert (rule.qos_flow_identifier, rule.segregation, rule.trailing) == (9, True, b"\xaa")
    assert ie.AUTHORIZED_QOS_RULES.encode((rule,)) == octets


def test_qos_flow_descriptions_read_the_same_in_pycrate(parse_with_pycrate: Parse) -> None:
    message = _modification(ie.AUTHORIZED_QOS_FLOW_DESCRIPTIONS, FLOWS)
    assert message.get(ie.AUTHORIZED_QOS_FLOW_DESCRIPTIONS) == FLOWS
    theirs = parse_with_pycrate(message.encode())
    assert theirs.to_bytes() == message.encode()
    described = theirs["QoSFlowDesc"].get_val_d()["QoSFlowDesc"]
    for flow, their_flow in zip(FLOWS, described, strict=True):
        assert their_flow["QFI"] == flow.qos_flow_identifier
        assert their_flow["OpCode"] == flow.operation
        assert bool(their_flow["E"]) == flow.extension
        parameters = their_flow.get("Params", [])
        for ours, each in zip(flow.parameters, parameters, strict=True):
            assert each["Type"] == ours.type
            if isinstance(ours.value, FlowBitRate):
                assert each["Content"] == {"Unit": ours.value.unit, "Value": ours.value.value}
            elif ours.type == P.EPS_BEARER_IDENTITY:
                # pycrate takes the upper half for the spare one. TS 24.501, table 9.11.4.12.1, and
                # tshark have the identity there.
                assert each["Content"] == {"spare": ours.value, "EBI": 0}
            else:
                assert each["Content"] == ours.value
    assert FlowBitRate(7, 2).kbps == 8_000
    assert FlowBitRate(200, 1).kbps == FlowBitRate(25, 1).kbps == 256 * 10**12


def test_a_qos_parameter_of_the_wrong_form_stays_octets() -> None:
    octets = bytes.fromhex("09 20 45 01020909 070155 0601ff 2003010203 0200")
    (flow,) = ie.AUTHORIZED_QOS_FLOW_DESCRIPTIONS.decode(octets)
    assert all(isinstance(parameter.value, bytes) for parameter in flow.parameters)
    assert ie.AUTHORIZED_QOS_FLOW_DESCRIPTIONS.encode((flow,)) == octets


def test_configuration_options_read_the_same_in_pycrate(parse_with_pycrate: Parse) -> None:
    key = ie.EXTENDED_PROTOCOL_CONFIGURATION_OPTIONS
    message = _modification(key, OPTIONS)
    assert message.get(key) == OPTIONS
    theirs = parse_with_pycrate(message.encode())
    assert theirs.to_bytes() == message.encode()
    fields = theirs["ExtProtConfig"].get_val_d()["ProtConfig"]
    octets = [each["Cont"] for each in fields["Config"]]
    assert [each["ID"] for each in fields["Config"]] == [each.type for each in OPTIONS.options]
    assert octets[:3] == [b"\x08\x08\x08\x08", IPv6Address("2001:4860:4860::8888").packed, b""]
    assert octets[4:6] == [b"\x05\x78", b"abc"]


def test_lengths_of_two_octets_in_configuration_options() -> None:
    # TS 24.008, 10.5.6.3: the network's QoS rules here have two octets of length, the UE's
    # indication that it can read them has one.
    key = ie.EXTENDED_PROTOCOL_CONFIGURATION_OPTIONS
    from_network = bytes.fromhex("80 0023 0004 01020304 000d 04 08080404")
    options = key.decode(from_network)
    assert options.options == (
        ConfigurationOption(T.QOS_RULES_WITH_LENGTH_OF_TWO_OCTETS, b"\1\2\3\4", True),
        ConfigurationOption(T.DNS_SERVER_IPV4_ADDRESS, "8.8.4.4"),
    )
    assert key.encode(options) == from_network
    from_ue = bytes.fromhex("80 0023 00 0024 00 000d 00")
    options = key.decode(from_ue)
    assert [option.type for option in options.options] == [0x23, 0x24, 0x0D]
    assert key.encode(options) == from_ue
    assert key.encode(key.decode(b"\xf8")) == b"\xf8"


def test_5gsm_capability_reads_the_same_in_pycrate(parse_with_pycrate: Parse) -> None:
    features = FiveGsmFeature.REFLECTIVE_QOS | FiveGsmFeature.TRANSFER_OF_PORT_MANAGEMENT
    features |= FiveGsmFeature.ACCESS_PERFORMANCE_MEASUREMENTS_PER_QOS_FLOW
    value = FiveGsmCapability(features, 3, 2)
    kind = nas.MessageType.PDU_SESSION_ESTABLISHMENT_REQUEST
    elements = {ie.INTEGRITY_PROTECTION_MAXIMUM_DATA_RATE: 0xFFFF, ie.FIVE_GSM_CAPABILITY: value}
    message = nas.build(kind, elements, pdu_session_id=1)
    assert message.get(ie.FIVE_GSM_CAPABILITY) == value
    fields = parse_with_pycrate(message.encode())["5GSMCap"]["5GSMCap"].get_val_d()
    assert {name for name, bit in fields.items() if bit == 1} == {"RQoS", "TPMIC", "APMQF"}
    assert fields["ATSSS-ST"] == 3


@pytest.mark.parametrize("session_type", range(8))
@pytest.mark.parametrize("flag", [0, 8])
def test_pdu_addresses_keep_their_octets(session_type: int, flag: int) -> None:
    octets = bytes((session_type | flag,)) + bytes(range(1, 30))
    value = ie.PDU_ADDRESS.decode(octets)
    assert value.has_smf_address is bool(flag)
    assert ie.PDU_ADDRESS.encode(value) == octets


LOSSLESS = [
    ie.AUTHORIZED_QOS_RULES,
    ie.REQUESTED_QOS_RULES,
    ie.AUTHORIZED_QOS_FLOW_DESCRIPTIONS,
    ie.REQUESTED_QOS_FLOW_DESCRIPTIONS,
    ie.EXTENDED_PROTOCOL_CONFIGURATION_OPTIONS,
    ie.FIVE_GSM_CAPABILITY,
    ie.FIVE_GSM_NETWORK_FEATURE_SUPPORT,
]


@given(st.sampled_from(LOSSLESS), st.binary(max_size=60), st.randoms(use_true_random=False))
def test_what_can_be_read_gives_the_same_octets(
    key: Any, octets: bytes, chance: random.Random
) -> None:
    # Small numbers make lengths that fit more often.
    mostly_small = bytes(octet if chance.random() < 0.3 else octet % 5 for octet in octets)
    for sample in (octets, mostly_small):
        try:
            value = key.decode(sample)
        except DecodeError as error:
            assert 0 <= error.offset <= len(sample)
            continue
        assert key.encode(value) == sample


COMPONENT = st.one_of(
    st.builds(PacketFilterComponent, st.just(C.SINGLE_LOCAL_PORT), st.integers(0, 65535)),
    st.builds(
        PacketFilterComponent,
        st.just(C.IPV6_LOCAL_ADDRESS_AND_PREFIX_LENGTH),
        st.builds("{}/{}".format, st.ip_addresses(v=6), st.integers(0, 255)),
    ),
    st.builds(
        PacketFilterComponent,
        st.just(C.IPV4_REMOTE_ADDRESS),
        st.builds("{}/{}".format, st.ip_addresses(v=4), st.ip_addresses(v=4)),
    ),
)
RULE = st.builds(
    QosRule,
    st.integers(0, 255),
    st.sampled_from((R.CREATE, R.MODIFY_AND_ADD_PACKET_FILTERS)),
    st.booleans(),
    st.lists(
        st.builds(
            PacketFilter,
            st.integers(0, 15),
            st.sampled_from(Direction),
            st.lists(COMPONENT, max_size=4).map(tuple),
        ),
        max_size=15,
    ).map(tuple),
    st.integers(0, 255),
    st.integers(0, 63),
    st.booleans(),
)


@given(st.lists(RULE, max_size=4).map(tuple))
def test_any_rules_come_back(rules: tuple[QosRule, ...]) -> None:
    assert ie.REQUESTED_QOS_RULES.decode(ie.REQUESTED_QOS_RULES.encode(rules)) == rules


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        (ie.REQUESTED_QOS_RULES, (QosRule(1, R.CREATE, False, FILTERS[:16]),), "15 packet filters"),
        (
            ie.REQUESTED_QOS_RULES,
            (QosRule(1, R.CREATE, qos_flow_identifier=1),),
            "needs a precedence",
        ),
        (
            ie.REQUESTED_QOS_RULES,
            (
                QosRule(
                    1,
                    R.CREATE,
                    False,
                    (PacketFilter(1, None, (PacketFilterComponent(C.SINGLE_LOCAL_PORT, 70000),)),),
                ),
            ),
            "no value of component",
        ),
        (
            ie.REQUESTED_QOS_FLOW_DESCRIPTIONS,
            (QosFlowDescription(1, QosFlowOperation.CREATE, FLOWS[0].parameters * 10),),
            "63 parameters",
        ),
        (
            ie.EXTENDED_PROTOCOL_CONFIGURATION_OPTIONS,
            ConfigurationOptions((ConfigurationOption(T.PAP, bytes(256)),)),
            "too long",
        ),
        (
            ie.EXTENDED_PROTOCOL_CONFIGURATION_OPTIONS,
            ConfigurationOptions((ConfigurationOption(T.IPV4_LINK_MTU, 70_000),)),
            "no value",
        ),
        (ie.FIVE_GSM_CAPABILITY, FiveGsmCapability(FiveGsmFeature(0x1FF)), "does not fit"),
        (ie.SESSION_AMBR, nas.SessionAmbr(1, 70_000, 1, 1), "too big"),
    ],
)
def test_what_an_element_cannot_hold_is_refused(key: Any, value: Any, reason: str) -> None:
    with pytest.raises(EncodeError, match=reason):
        key.encode(value)
