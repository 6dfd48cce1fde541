"""EAP, local networks, access groups, emergency numbers, EPS: pycrate's fields, the same octets."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makmal.protocol import nas
from makmal.protocol.errors import DecodeError, EncodeError
from makmal.protocol.nas import ie
from makmal.protocol.nas.access_groups import ClosedAccessGroups, LocalDataNetwork
from makmal.protocol.nas.eap import (
    EapAttribute,
    EapAttributeType,
    EapCode,
    EapMethod,
    EapPacket,
    EapSubtype,
)
from makmal.protocol.nas.emergency_numbers import (
    EmergencyNumber,
    ExtendedEmergencyNumber,
    ExtendedEmergencyNumbers,
)
from makmal.protocol.nas.eps import (
    EpsBearerOperation,
    EpsParameter,
    EpsParameterType,
    MappedEpsBearer,
    S1UENetworkCapability,
)

Parse = Callable[[bytes], Any]

CHALLENGE = EapPacket(
    EapCode.REQUEST,
    7,
    EapMethod.AKA_PRIME,
    EapSubtype.CHALLENGE,
    (
        EapAttribute(EapAttributeType.AT_RAND, bytes(2) + bytes(range(16))),
        EapAttribute(EapAttributeType.AT_AUTN, bytes(2) + bytes(range(16, 32))),
        EapAttribute(EapAttributeType.AT_KDF, b"\0\1"),
        EapAttribute(EapAttributeType.AT_KDF_INPUT, b"\0\x205G:mnc070.mcc999.3gppnetwork.org"),
        EapAttribute(EapAttributeType.AT_MAC, bytes(18)),
        EapAttribute(200, b"\0\0"),
    ),
)
PACKETS = {
    "challenge": CHALLENGE,
    "success": EapPacket(EapCode.SUCCESS, 8),
    "failure": EapPacket(EapCode.FAILURE, 8),
    "identity": EapPacket(EapCode.RESPONSE, 9, EapMethod.IDENTITY, data=b"nai@example"),
    "TLS": EapPacket(EapCode.REQUEST, 9, EapMethod.TLS, data=b"\x20"),
    "no method": EapPacket(EapCode.REQUEST, 9),
    "unknown": EapPacket(9, 9, data=b"\1\2"),
    "trailing": EapPacket(EapCode.SUCCESS, 8, trailing=b"\1"),
    "AKA without a body": EapPacket(EapCode.REQUEST, 1, EapMethod.AKA),
}
NETWORKS = (
    LocalDataNetwork("factory.local", (nas.TrackingArea("99970", 1), nas.TrackingArea("99970", 5))),
    LocalDataNetwork("yard", (nas.TrackingArea("310410", 9),)),
)
GROUPS = (
    ClosedAccessGroups("99970", True, (1, 0xDEADBEEF)),
    ClosedAccessGroups("310410", False, spare=0x40),
)
NUMBERS = (EmergencyNumber("112", 0x1F), EmergencyNumber("9110", 1))
EXTENDED = ExtendedEmergencyNumbers(
    True,
    (
        ExtendedEmergencyNumber("999", "police.municipal"),
        ExtendedEmergencyNumber("18", "fire.ab"),
        ExtendedEmergencyNumber("17", "mountain"),
        ExtendedEmergencyNumber("15", ""),
    ),
)
BEARERS = (
    MappedEpsBearer(
        5,
        EpsBearerOperation.CREATE,
        True,
        (
            EpsParameter(EpsParameterType.MAPPED_EPS_QOS_PARAMETERS, b"\x09"),
            EpsParameter(EpsParameterType.APN_AMBR, b"\x10\x20"),
            EpsParameter(99, b""),
        ),
        b"\1",
    ),
    MappedEpsBearer(6, EpsBearerOperation.DELETE, False, (), spare=0x1F),
)
CAPABILITY = S1UENetworkCapability(bytes.fromhex("f070c040"))


def _accept(key: Any, value: Any) -> nas.Message:
    elements = {ie.FIVE_GS_REGISTRATION_RESULT: 1, key: value}
    message = nas.build(nas.MessageType.REGISTRATION_ACCEPT, elements)
    assert nas.decode(message.encode()).get(key) == value
    return message


@pytest.mark.parametrize("packet", PACKETS.values(), ids=PACKETS)
def test_eap_packets_come_back(packet: EapPacket) -> None:
    assert ie.EAP_MESSAGE.decode(ie.EAP_MESSAGE.encode(packet)) == packet


def test_an_eap_packet_reads_the_same_in_pycrate(parse_with_pycrate: Parse) -> None:
    message = nas.build(
        nas.MessageType.AUTHENTICATION_REQUEST,
        {
            ie.NAS_KEY_SET_IDENTIFIER: nas.KeySetIdentifier(0),
            ie.ABBA: b"\0\0",
            ie.EAP_MESSAGE: CHALLENGE,
        },
    )
    theirs = parse_with_pycrate(message.encode())
    assert theirs.to_bytes() == message.encode()
    fields = theirs["EAPMsg"].get_val_d()["EAP"]
    assert (fields["Code"], fields["Ident"], fields["Data"]["Type"]) == (1, 7, 50)
    # pycrate reads no further than the type.
    assert fields["Data"]["Data"] == ie.EAP_MESSAGE.encode(CHALLENGE)[5:]
    assert CHALLENGE.attribute(EapAttributeType.AT_KDF) == b"\0\1"
    assert CHALLENGE.attribute(EapAttributeType.AT_RES) is None


@pytest.mark.parametrize(
    ("octets", "offset", "reason"),
    [
        ("010700", 3, "4 octets"),
        ("01070003", 2, "shorter than its header"),
        ("0107000832010000", None, None),
        ("01070009320100000b", 9, "attribute"),
        ("0107000a320100000b00", 9, "length of 0"),
        ("0107000a320100000b05", 10, "attribute"),
        ("010700063201", 6, "EAP-AKA"),
        ("01070010", 4, "16 octets"),
    ],
)
def test_eap_packets_of_a_wrong_form_are_refused(
    octets: str, offset: int | None, reason: str | None
) -> None:
    data = bytes.fromhex(octets)
    if offset is None:
        assert ie.EAP_MESSAGE.decode(data).attributes == ()
        return
    with pytest.raises(DecodeError) as caught:
        ie.EAP_MESSAGE.decode(data)
    assert caught.value.offset == offset
    assert reason is not None
    assert reason in caught.value.reason


def test_local_networks_come_back() -> None:
    # pycrate lacks the length of the list of areas (TS 24.501, table 9.11.3.30.1); tshark has it,
    # and reads these networks as we do (test_witness.py).
    _accept(ie.LADN_INFORMATION, NETWORKS)
    assert ie.LADN_INDICATION.decode(b"\x05\x04yard\x02\x01a") == ("yard", "a")
    assert ie.LADN_INDICATION.encode(("yard", "a")) == b"\x05\x04yard\x02\x01a"


def test_emergency_numbers_read_the_same_in_pycrate(parse_with_pycrate: Parse) -> None:
    message = _accept(ie.EMERGENCY_NUMBER_LIST, NUMBERS)
    theirs = parse_with_pycrate(message.encode())
    assert theirs.to_bytes() == message.encode()
    found = theirs["EmergNumList"]["EmergNumList"]
    assert [entry["Num"].decode() for entry in found] == ["112", "9110"]
    message = _accept(ie.EXTENDED_EMERGENCY_NUMBER_LIST, EXTENDED)
    theirs = parse_with_pycrate(message.encode())
    assert theirs.to_bytes() == message.encode()
    found = theirs["ExtEmergNumList"]["ExtEmergNumList"]["EENL"]
    for ours, entry in zip(EXTENDED.numbers, found, strict=True):
        assert entry["Num"].decode() == ours.digits
        # pycrate reads the filling of seven characters as an eighth.
        assert entry["SubServices"].decode().rstrip("@\0") == ours.sub_services


def test_access_groups_bearers_and_capabilities_come_back() -> None:
    _accept(ie.CAG_INFORMATION_LIST, GROUPS)
    for key, value in (
        (ie.MAPPED_EPS_BEARER_CONTEXTS, BEARERS),
        (ie.S1_UE_NETWORK_CAPABILITY, CAPABILITY),
    ):
        assert key.decode(key.encode(value)) == value
    assert (CAPABILITY.encryption, CAPABILITY.integrity) == (0xF0, 0x70)


LOSSLESS = [
    ie.EAP_MESSAGE,
    ie.CAG_INFORMATION_LIST,
    ie.EXTENDED_EMERGENCY_NUMBER_LIST,
    ie.MAPPED_EPS_BEARER_CONTEXTS,
    ie.S1_UE_NETWORK_CAPABILITY,
]
_SAMPLES = {
    ie.EAP_MESSAGE: CHALLENGE,
    ie.LADN_INDICATION: ("factory.local", "yard"),
    ie.LADN_INFORMATION: NETWORKS,
    ie.EMERGENCY_NUMBER_LIST: NUMBERS,
    ie.CAG_INFORMATION_LIST: GROUPS,
    ie.EXTENDED_EMERGENCY_NUMBER_LIST: EXTENDED,
    ie.MAPPED_EPS_BEARER_CONTEXTS: BEARERS,
    ie.S1_UE_NETWORK_CAPABILITY: CAPABILITY,
}


@given(st.sampled_from(list(_SAMPLES)), st.data(), st.randoms(use_true_random=False))
def test_any_octets_give_a_value_or_the_documented_error(
    key: Any, data: st.DataObject, chance: random.Random
) -> None:
    valid = bytearray(key.encode(_SAMPLES[key]))
    for _ in range(data.draw(st.integers(0, 3))):
        valid[chance.randrange(len(valid))] = data.draw(st.integers(0, 255))
    cut = bytes(valid[: data.draw(st.integers(0, len(valid)))])
    for sample in (bytes(valid), cut, data.draw(st.binary(max_size=24))):
        try:
            value = key.decode(sample)
        except DecodeError as error:
            assert 0 <= error.offset <= len(sample)
            continue
        if key in LOSSLESS and not _has_odd_digits(sample, key):
            assert key.encode(value) == sample


def _has_odd_digits(sample: bytes, key: Any) -> bool:
    """Digits are text: what is no digit may be written another way, or not at all."""
    return key in (ie.CAG_INFORMATION_LIST, ie.EXTENDED_EMERGENCY_NUMBER_LIST) and any(
        octet >> 4 == 15 or octet & 15 == 15 for octet in sample
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (ie.EAP_MESSAGE, EapPacket(1, 1, 50, 1, (EapAttribute(1, b"\0"),))),
        (ie.EAP_MESSAGE, EapPacket(256, 1)),
        (ie.LADN_INDICATION, ("a" * 64,)),
        (ie.LADN_INDICATION, (".".join(["a" * 63] * 5),)),
        (ie.CAG_INFORMATION_LIST, (ClosedAccessGroups("9", False),)),
        (ie.CAG_INFORMATION_LIST, (ClosedAccessGroups("99970", False, (1 << 32,)),)),
        (ie.CAG_INFORMATION_LIST, (ClosedAccessGroups("99970", False, (1,) * 63),)),
        (ie.EMERGENCY_NUMBER_LIST, (EmergencyNumber("one", 1),)),
        (
            ie.EXTENDED_EMERGENCY_NUMBER_LIST,
            ExtendedEmergencyNumbers(False, (ExtendedEmergencyNumber("1", "试"),)),
        ),
        (
            ie.MAPPED_EPS_BEARER_CONTEXTS,
            (MappedEpsBearer(5, EpsBearerOperation.CREATE, True, (EpsParameter(1, b""),) * 16),),
        ),
    ],
)
def test_what_an_element_cannot_hold_is_refused(key: Any, value: Any) -> None:
    with pytest.raises(EncodeError):
        key.encode(value)


@pytest.mark.parametrize(
    ("key", "octets"),
    [
        (ie.LADN_INFORMATION, "0504796172"),
        (ie.LADN_INFORMATION, "0504796172640160"),
        (ie.LADN_INDICATION, "0205"),
        (ie.CAG_INFORMATION_LIST, "0399f907"),
        (ie.CAG_INFORMATION_LIST, "0599f9070000"),
        (ie.EMERGENCY_NUMBER_LIST, "00"),
        (ie.EMERGENCY_NUMBER_LIST, "0401"),
        (ie.EXTENDED_EMERGENCY_NUMBER_LIST, ""),
        (ie.EXTENDED_EMERGENCY_NUMBER_LIST, "000111"),
        (ie.MAPPED_EPS_BEARER_CONTEXTS, "500000"),
        (ie.MAPPED_EPS_BEARER_CONTEXTS, "50000000"),
        (ie.MAPPED_EPS_BEARER_CONTEXTS, "50000151"),
        (ie.S1_UE_NETWORK_CAPABILITY, "f0"),
    ],
)
def test_elements_of_a_wrong_form_are_refused(key: Any, octets: str) -> None:
    data = bytes.fromhex(octets)
    with pytest.raises(DecodeError) as caught:
        key.decode(data)
    assert 0 <= caught.value.offset <= len(data)
