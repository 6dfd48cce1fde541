"""Names, times, capabilities, areas and reasons: pycrate's fields, the same octets."""

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
from makmal.protocol.nas.areas import RejectedSlice, RejectedSlices, ServiceAreas, SessionCause
from makmal.protocol.nas.capabilities import (
    FeatureSet,
    FiveGmmFeature,
    NetworkFeature,
    NetworkFeatureSupport,
)
from makmal.protocol.nas.network_names import NetworkName, TimeZone, UniversalTime

Parse = Callable[[bytes], Any]

NAMES = [
    NetworkName("Makmal 5G"),
    NetworkName("Makmal5G"),
    NetworkName(""),
    NetworkName("åäö £5", add_country_initials=True),
    NetworkName("Büro 试验", 1, True),
]
AREAS = (
    ServiceAreas(True, 0, (nas.TrackingArea("99970", 1), nas.TrackingArea("99970", 5))),
    ServiceAreas(False, 1, (nas.TrackingArea("99970", 7), nas.TrackingArea("99970", 8))),
    ServiceAreas(True, 2, (nas.TrackingArea("99970", 1), nas.TrackingArea("310410", 0xFFFFFF))),
    ServiceAreas(False, 3, (), "310410"),
)
REJECTED = (
    RejectedSlices((RejectedSlice(2, nas.SNssai(1, 0x10203)), RejectedSlice(0, nas.SNssai(2)))),
    RejectedSlices((RejectedSlice(3, nas.SNssai(4, 5, 6, 7)),), 0x21),
)


def _command(key: Any, value: Any) -> nas.Message:
    return nas.build(nas.MessageType.CONFIGURATION_UPDATE_COMMAND, {key: value})


def _accept(key: Any, value: Any) -> nas.Message:
    elements = {ie.FIVE_GS_REGISTRATION_RESULT: 1, key: value}
    return nas.build(nas.MessageType.REGISTRATION_ACCEPT, elements)


@pytest.mark.parametrize("name", NAMES, ids=lambda name: name.text)
def test_network_names_read_the_same_in_pycrate(
    name: NetworkName, parse_with_pycrate: Parse
) -> None:
    message = _command(ie.FULL_NAME_FOR_NETWORK, name)
    assert message.get(ie.FULL_NAME_FOR_NETWORK) == name
    theirs = parse_with_pycrate(message.encode())
    assert theirs.to_bytes() == message.encode()
    fields = theirs["NetFullName"]["NetworkName"]
    assert fields["Coding"].get_val() == name.coding_scheme
    assert bool(fields["AddCountryInitials"].get_val()) == name.add_country_initials
    spare, octets = fields["SpareBits"].get_val(), fields["Name"].get_val()
    if name.coding_scheme == 1:
        assert octets.decode("utf-16-be") == name.text
    else:
        assert (len(octets) * 8 - spare) // 7 == len(name.text)


@pytest.mark.parametrize("octets", ["90", "0049", "9000", "a041", "81ffff", "9000d8", "80c1e0"])
def test_network_names_of_an_odd_form_keep_their_octets(octets: str) -> None:
    data = bytes.fromhex(octets)
    assert ie.FULL_NAME_FOR_NETWORK.encode(ie.FULL_NAME_FOR_NETWORK.decode(data)) == data


def test_times_read_the_same_in_pycrate(parse_with_pycrate: Parse) -> None:
    zone = TimeZone("-05:30")
    fields = parse_with_pycrate(_command(ie.LOCAL_TIME_ZONE, zone).encode())["LocalTimeZone"]
    assert fields.get_val_d()["TimeZone"] == {"TZ1": 2, "TZS": 1, "TZ0": 2}
    value = UniversalTime("26-11-24 08:30:59", TimeZone("+02:00"))
    message = _command(ie.UNIVERSAL_TIME_AND_LOCAL_TIME_ZONE, value)
    assert message.get(ie.UNIVERSAL_TIME_AND_LOCAL_TIME_ZONE) == value
    theirs = parse_with_pycrate(message.encode())
    assert theirs.to_bytes() == message.encode()
    fields = theirs["UnivTimeAndTimeZone"].get_val_d()["TimeZoneTime"]
    # The names of pycrate's half octets are those of their places: Y0 holds the tens.
    assert (fields["Year"]["Y0"], fields["Year"]["Y1"]) == (2, 6)
    assert (fields["Hour"]["H0"], fields["Hour"]["H1"]) == (0, 8)
    assert (fields["Sec"]["S0"], fields["Sec"]["S1"]) == (5, 9)
    assert fields["TimeZone"] == {"TZ1": 8, "TZS": 0, "TZ0": 0}


@given(st.binary(min_size=7, max_size=7))
def test_any_time_gives_its_octets_or_the_documented_error(octets: bytes) -> None:
    for key, data in (
        (ie.UNIVERSAL_TIME_AND_LOCAL_TIME_ZONE, octets),
        (ie.LOCAL_TIME_ZONE, octets[:1]),
    ):
        try:
            value: Any = key.decode(data)
        except DecodeError as error:
            assert 0 <= error.offset < len(data)
            continue
        assert key.encode(value) == data


def test_the_5gmm_capability_reads_the_same_in_pycrate(parse_with_pycrate: Parse) -> None:
    # In pycrate's order, which is that of figure 9.11.3.1.1: bit 8 of an octet first.
    theirs_by_ours = {
        FiveGmmFeature.S1_MODE: "S1Mode",
        FiveGmmFeature.HO_ATTACH: "HOAttach",
        FiveGmmFeature.LPP: "LPP",
        FiveGmmFeature.RESTRICT_EC: "RestrictEC",
        FiveGmmFeature.CONTROL_PLANE_CIOT: "5G-CP-CIoT",
        FiveGmmFeature.N3_DATA: "N3Data",
        FiveGmmFeature.SGC: "SGC",
        FiveGmmFeature.FIVE_G_SRVCC: "5GSRVCC",
        FiveGmmFeature.V2X_OVER_NR_PC5: "V2XCNPC5",
        FiveGmmFeature.NSSAA: "NSSAA",
        FiveGmmFeature.RACS: "RACS",
        FiveGmmFeature.CAG: "CAG",
        FiveGmmFeature.EHC_CONTROL_PLANE_CIOT: "5G-EHC-CP-CIoT",
        FiveGmmFeature.PROSE_LAYER_3_RELAY: "5G-ProSe-l3relay",
        FiveGmmFeature.NR_PAGING_SUBGROUPING: "NR-PSSI",
        FiveGmmFeature.PAGING_RESTRICTION: "PR",
        FiveGmmFeature.NSSRG: "NSSRG",
        FiveGmmFeature.EVENT_NOTIFICATION: "EventNotification",
        FiveGmmFeature.UAS: "UAS",
    }
    for feature, name in theirs_by_ours.items():
        elements = {
            ie.FIVE_GS_REGISTRATION_TYPE: nas.RegistrationType(1),
            ie.NAS_KEY_SET_IDENTIFIER: nas.KeySetIdentifier(7),
            ie.FIVE_GS_MOBILE_IDENTITY: nas.NoIdentity(),
            ie.FIVE_GMM_CAPABILITY: FeatureSet(feature, 5),
        }
        message = nas.build(nas.MessageType.REGISTRATION_REQUEST, elements)
        assert message.get(ie.FIVE_GMM_CAPABILITY) == FeatureSet(feature, 5)
        fields = parse_with_pycrate(message.encode())["5GMMCap"]["5GMMCap"]
        set_bits = [each._name for each in fields if not each.get_trans() and each.get_val() == 1]
        assert set_bits == [name]


def test_features_print_as_words() -> None:
    assert str(FiveGmmFeature.S1_MODE | FiveGmmFeature.LPP) == "s1 mode, lpp"
    assert str(FiveGmmFeature(0)) == "none"
    assert str(NetworkFeature(1 << 30)) == "0x40000000"


def test_network_feature_support_reads_the_same_in_pycrate(parse_with_pycrate: Parse) -> None:
    theirs_by_ours = {
        NetworkFeature.IMS_VOICE_OVER_PS_3GPP: "IMS-VoPS-3GPP",
        NetworkFeature.IMS_VOICE_OVER_PS_NON_3GPP: "IMS-VoPS-N3GPP",
        NetworkFeature.INTERWORKING_WITHOUT_N26: "IWK_N26",
        NetworkFeature.MPS_INDICATOR: "MPSI",
        NetworkFeature.EMERGENCY_SERVICES_NON_3GPP: "EMCN3",
        NetworkFeature.MCS_INDICATOR: "MCSI",
        NetworkFeature.N3_DATA: "N3Data",
        NetworkFeature.USER_PLANE_CIOT: "5G-UP-CIoT",
        NetworkFeature.LOCATION_SERVICES: "5G-LCS",
        NetworkFeature.ATSSS: "ATS-IND",
        NetworkFeature.EHC_CONTROL_PLANE_CIOT: "5G-EHC-CP-CIoT",
        NetworkFeature.PAGING_RESTRICTION: "PR",
    }
    for feature, name in theirs_by_ours.items():
        value = NetworkFeatureSupport(feature, 2, 3, 2, 3)
        message = _accept(ie.FIVE_GS_NETWORK_FEATURE_SUPPORT, value)
        assert message.get(ie.FIVE_GS_NETWORK_FEATURE_SUPPORT) == value
        fields = parse_with_pycrate(message.encode())["5GSNetFeat"]["5GSNetFeat"].get_val_d()
        assert [each for each, bit in fields.items() if bit == 1] == [name]
        assert (fields["EMC"], fields["EMF"], fields["RestrictEC"]) == (2, 3, 2)


def test_service_areas_read_the_same_in_pycrate(parse_with_pycrate: Parse) -> None:
    message = _command(ie.SERVICE_AREA_LIST, AREAS)
    assert message.get(ie.SERVICE_AREA_LIST) == AREAS
    theirs = parse_with_pycrate(message.encode())
    assert theirs.to_bytes() == message.encode()
    parts = theirs["SAList"].get_val_d()["SAList"]
    assert [part["Type"] for part in parts] == [0, 1, 2, 3]
    # The bit is set where the areas are not allowed (table 9.11.3.49.1).
    assert [part["Allowed"] for part in parts] == [0, 1, 0, 1]
    assert parts[0]["PTAI"]["TACs"] == [1, 5]
    assert parts[1]["PTAI"]["TAC1"] == 7
    assert [area["TAC"] for area in parts[2]["PTAI"]["TAIs"]] == [1, 0xFFFFFF]
    assert parts[3]["PTAI"]["PLMN"] == b"\x13\x00\x14"


def test_rejected_slices_come_back(parse_with_pycrate: Parse) -> None:
    # pycrate has the back-off timer in the middle of an octet, and cannot read the element. tshark
    # reads these octets as these values.
    message = _command(ie.EXTENDED_REJECTED_NSSAI, REJECTED)
    assert message.get(ie.EXTENDED_REJECTED_NSSAI) == REJECTED
    assert message.encode()[3:].hex() == "68130142010102031002" + "10218304" + "000005" + "06000007"
    simple = (nas.RejectedSNssai(1, 5), nas.RejectedSNssai(2, 6, 7))
    message = _accept(ie.REJECTED_NSSAI, simple)
    assert message.get(ie.REJECTED_NSSAI) == simple
    theirs = parse_with_pycrate(message.encode())
    assert theirs.to_bytes() == message.encode()
    # TS 24.501, table 9.11.3.46.1, has no other lengths than 1 and 4 here.
    for octets in ("21c210", "51" + "0102030405", "01"):
        with pytest.raises(DecodeError, match="wrong length"):
            ie.REJECTED_NSSAI.decode(bytes.fromhex(octets))


def test_reasons_and_networks_read_the_same_in_pycrate(parse_with_pycrate: Parse) -> None:
    causes = (SessionCause(5, 92), SessionCause(15, 28))
    message = _accept(ie.PDU_SESSION_REACTIVATION_RESULT_ERROR_CAUSE, causes)
    assert message.get(ie.PDU_SESSION_REACTIVATION_RESULT_ERROR_CAUSE) == causes
    theirs = parse_with_pycrate(message.encode())
    assert theirs.to_bytes() == message.encode()
    plmns = ("99970", "310410")
    message = _accept(ie.EQUIVALENT_PLMNS, plmns)
    assert message.get(ie.EQUIVALENT_PLMNS) == plmns
    theirs = parse_with_pycrate(message.encode())
    assert theirs.to_bytes() == message.encode()
    for key, octets in (
        (ie.EQUIVALENT_PLMNS, b"\0\0\0\0"),
        (ie.PDU_SESSION_REACTIVATION_RESULT_ERROR_CAUSE, b"\1"),
    ):
        with pytest.raises(DecodeError):
            key.decode(octets)


@given(st.sets(st.integers(0, 15)).map(lambda found: tuple(sorted(found))))
def test_any_sessions_come_back(sessions: tuple[int, ...]) -> None:
    for key in (ie.PDU_SESSION_STATUS, ie.UPLINK_DATA_STATUS, ie.EPS_BEARER_CONTEXT_STATUS):
        assert key.decode(key.encode(sessions)) == sessions


LOSSLESS = [
    ie.FULL_NAME_FOR_NETWORK,
    ie.FIVE_GMM_CAPABILITY,
    ie.FIVE_GS_NETWORK_FEATURE_SUPPORT,
    ie.SERVICE_AREA_LIST,
    ie.REJECTED_NSSAI,
    ie.EXTENDED_REJECTED_NSSAI,
    ie.EQUIVALENT_PLMNS,
    ie.PDU_SESSION_REACTIVATION_RESULT_ERROR_CAUSE,
    ie.ALLOWED_NSSAI,
]


@given(st.sampled_from(LOSSLESS), st.binary(max_size=40), st.randoms(use_true_random=False))
def test_what_can_be_read_gives_the_same_octets(
    key: Any, octets: bytes, chance: random.Random
) -> None:
    mostly_small = bytes(octet if chance.random() < 0.3 else octet % 5 for octet in octets)
    for sample in (octets, mostly_small):
        try:
            value = key.decode(sample)
        except DecodeError as error:
            assert 0 <= error.offset <= len(sample)
            continue
        assert key.encode(value) == sample


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (ie.FULL_NAME_FOR_NETWORK, NetworkName("试验")),
        (ie.LOCAL_TIME_ZONE, TimeZone("+02:10")),
        (ie.LOCAL_TIME_ZONE, TimeZone("+20:00")),
        (ie.LOCAL_TIME_ZONE, TimeZone("")),
        (ie.UNIVERSAL_TIME_AND_LOCAL_TIME_ZONE, UniversalTime("2026-11-24", TimeZone("+00:00"))),
        (ie.SERVICE_AREA_LIST, (ServiceAreas(True, 0),)),
        (ie.SERVICE_AREA_LIST, (ServiceAreas(True, 3),)),
        (ie.EXTENDED_REJECTED_NSSAI, (RejectedSlices(()),)),
        (ie.FIVE_GMM_CAPABILITY, FeatureSet(FiveGmmFeature.UAS)),
        (ie.EQUIVALENT_PLMNS, ("9",)),
        (ie.TAI_LIST, (nas.TrackingArea("99970", 1 << 24),)),
        (ie.PDU_SESSION_STATUS, (16,)),
    ],
)
def test_what_an_element_cannot_hold_is_refused(key: Any, value: Any) -> None:
    with pytest.raises(EncodeError):
        key.encode(value)


@pytest.mark.parametrize(
    "key",
    [ie.FIVE_GS_REGISTRATION_TYPE, ie.NAS_KEY_SET_IDENTIFIER, ie.DEREGISTRATION_TYPE],
    ids=lambda key: key.name,
)
def test_no_octets_are_no_half_octet(key: Any) -> None:
    with pytest.raises(DecodeError):
        key.decode(b"")
