"""Elements beside those of the usual procedures: pycrate reads the same values in our octets."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makmal.protocol import ngap
from makmal.protocol.element import InformationElement
from makmal.protocol.errors import DecodeError, EncodeError
from makmal.protocol.ngap import ie, values
from makmal.protocol.ngap.configuration import (
    AmfTnlAssociation,
    AmfTnlAssociationToAdd,
    AmfTnlAssociationToUpdate,
    ExtendedName,
    OverloadResponse,
    OverloadStartNssai,
    RanTnlAssociation,
    TnlAssociation,
    UePresenceInAreaOfInterest,
)
from makmal.protocol.ngap.types import ProtocolElement, UnknownChoice
from makmal.protocol.ngap.ue_services import (
    AmfInformationReroute,
    CellCagList,
    PagingAssistanceForCoverageEnhancement,
    PagingEdrx,
    PeipsAssistanceInformation,
    ProseAuthorized,
    ScheduledCommunicationTime,
    SidelinkAggregateMaximumBitRate,
    TargetNssai,
    TimeSyncAssistanceInformation,
    UeDifferentiationInformation,
    UeSliceMaximumBitRate,
    V2xServicesAuthorized,
    WusAssistanceInformation,
)

from .comparison import Comparison
from .conftest import Pycrate

PLMN = "310410"
SLICE = values.SNssai(1, 0x010203)
SLICES = (values.SliceItem(SLICE), values.SliceItem(values.SNssai(255)))
CAUSE = values.Cause(ngap.CauseGroup.MISC, 2)
NR, EUTRA = values.NrCgi(PLMN, 2**36 - 1), values.EutraCgi(PLMN, 1)
TAI = values.TrackingArea(PLMN, 0xFFFFFF)
# TS 38.413, 9.4.5: EndpointIPAddressAndPort, the alternative that Release 16 added.
WITH_PORT = UnknownChoice(ProtocolElement(169, 0, bytes.fromhex("07c0c0000201960c")))

ELEMENTS: list[tuple[InformationElement[Any], Any]] = [
    (ie.OVERLOAD_RESPONSE, OverloadResponse(3)),
    (ie.AMF_TNL_ASSOCIATION_FAILED_TO_SETUP_LIST, (TnlAssociation("192.0.2.1", CAUSE),)),
    (
        ie.AMF_TNL_ASSOCIATION_SETUP_LIST,
        (AmfTnlAssociation("2001:db8::1"), AmfTnlAssociation("192.0.2.1 2001:db8::1")),
    ),
    (
        ie.AMF_TNL_ASSOCIATION_TO_ADD_LIST,
        (
            AmfTnlAssociationToAdd("192.0.2.1", 2, 255),
            AmfTnlAssociationToAdd("192.0.2.2", None, 0),
        ),
    ),
    (ie.AMF_TNL_ASSOCIATION_TO_REMOVE_LIST, (AmfTnlAssociation("192.0.2.1"),) * 32),
    (
        ie.AMF_TNL_ASSOCIATION_TO_UPDATE_LIST,
        (AmfTnlAssociationToUpdate("192.0.2.1"), AmfTnlAssociationToUpdate("192.0.2.2", 1, 7)),
    ),
    (ie.AMF_TRAFFIC_LOAD_REDUCTION_INDICATION, 99),
    (ie.NGRAN_CGI, NR),
    (ie.NGRAN_CGI, EUTRA),
    (ie.NGRAN_TRACE_ID, bytes(range(8))),
    (
        ie.OVERLOAD_START_NSSAI_LIST,
        (OverloadStartNssai(SLICES, OverloadResponse(0), 1), OverloadStartNssai(SLICES)),
    ),
    (ie.TAI_LIST_FOR_RESTART, (TAI, values.TrackingArea("99970", 0))),
    (ie.TRACE_COLLECTION_ENTITY_IP_ADDRESS, "192.0.2.1"),
    (
        ie.UE_PRESENCE_IN_AREA_OF_INTEREST_LIST,
        (UePresenceInAreaOfInterest(64, 2), UePresenceInAreaOfInterest(1, 0)),
    ),
    (ie.HANDOVER_FLAG, 0),
    (
        ie.NGRAN_TNL_ASSOCIATION_TO_REMOVE_LIST,
        (RanTnlAssociation("192.0.2.1", "192.0.2.9"), RanTnlAssociation("2001:db8::1")),
    ),
    (
        ie.SOURCE_TO_TARGET_AMF_INFORMATION_REROUTE,
        AmfInformationReroute(bytes(range(128)), None, bytes(32)),
    ),
    (ie.NB_IOT_PAGING_EDRX_INFO, PagingEdrx(13, 15)),
    (
        ie.PAGING_ASSISTANCE_FOR_COVERAGE_ENHANCEMENT,
        PagingAssistanceForCoverageEnhancement(EUTRA, b"\x01\x02"),
    ),
    (ie.WUS_ASSISTANCE_INFORMATION, WusAssistanceInformation(20)),
    (
        ie.UE_DIFFERENTIATION_INFORMATION,
        UeDifferentiationInformation(1, 3600, ScheduledCommunicationTime(0x55, 0, 86_399), 0, 2, 1),
    ),
    (ie.UE_DIFFERENTIATION_INFORMATION, UeDifferentiationInformation()),
    (ie.NB_IOT_UE_PRIORITY, 255),
    (ie.TAI, TAI),
    (ie.LTE_V2X_SERVICES_AUTHORIZED, V2xServicesAuthorized(0, 1)),
    (ie.NR_V2X_SERVICES_AUTHORIZED, V2xServicesAuthorized()),
    (ie.LTE_UE_SIDELINK_AGGREGATE_MAXIMUM_BIT_RATE, SidelinkAggregateMaximumBitRate(1)),
    (
        ie.NR_UE_SIDELINK_AGGREGATE_MAXIMUM_BIT_RATE,
        SidelinkAggregateMaximumBitRate(4_000_000_000_001),
    ),
    (ie.EUTRA_PAGING_EDRX_INFORMATION, PagingEdrx(0)),
    (ie.SUSPEND_REQUEST_INDICATION, 0),
    (ie.SUSPEND_RESPONSE_INDICATION, 0),
    (ie.MDT_PLMN_LIST, ("99970", PLMN)),
    (ie.PRIVACY_INDICATOR, 1),
    (ie.NPN_ACCESS_INFORMATION, CellCagList((1, 2**32 - 1))),
    (ie.TARGET_TO_SOURCE_FAILURE_TRANSPARENT_CONTAINER, bytes(200)),
    (ie.EXTENDED_RAN_NODE_NAME, ExtendedName("gnb", "gnb-試験")),
    (ie.EXTENDED_AMF_NAME, ExtendedName(None, "é" * 150)),
    (ie.TIME_SYNC_ASSISTANCE_INFORMATION, TimeSyncAssistanceInformation(1, 1_000_000)),
    (ie.NR_PAGING_EDRX_INFORMATION, PagingEdrx(12, 20)),
    (ie.TARGET_NSSAI_INFORMATION, TargetNssai(SLICES, 256)),
    (ie.UE_SLICE_MAXIMUM_BIT_RATE_LIST, (UeSliceMaximumBitRate(SLICE, 1, 2),) * 8),
    (ie.PEIPS_ASSISTANCE_INFORMATION, PeipsAssistanceInformation(7)),
    (ie.FIVE_G_PROSE_AUTHORIZED, ProseAuthorized(0, 1, None, 0, 1)),
    (ie.NID, 2**44 - 1),
    (ie.CANCEL_ALL_WARNING_MESSAGES, 0),
    (ie.CONCURRENT_WARNING_MESSAGE_INDICATOR, 0),
    (ie.DATA_CODING_SCHEME, 0x0F),
    (ie.MESSAGE_IDENTIFIER, 4370),
    (ie.NUMBER_OF_BROADCASTS_REQUESTED, 65_535),
    (ie.REPETITION_PERIOD, 131_071),
    (ie.SERIAL_NUMBER, 0x8001),
    (ie.WARNING_TYPE, b"\x05\x80"),
    (ie.W_AGF_IDENTITY_INFORMATION, b"agf"),
    (ie.TNGF_IDENTITY_INFORMATION, b""),
    (ie.TWIF_IDENTITY_INFORMATION, bytes(128)),
    (ie.MOBILE_IAB_AUTHORIZED, 1),
    (ie.MOBILE_IAB_NODE_INDICATION, 0),
    (ie.NO_PDU_SESSION_INDICATION, 0),
    (ie.MOBILE_IAB_SUPPORTED, 0),
    (ie.E_RED_CAP_INDICATION, 0),
]


@pytest.fixture(scope="module")
def comparison(pycrate: Pycrate) -> Comparison:
    return Comparison(pycrate.module)


@pytest.mark.parametrize(("key", "value"), ELEMENTS, ids=lambda each: getattr(each, "name", ""))
def test_elements_are_what_pycrate_reads(
    key: InformationElement[Any], value: Any, comparison: Comparison
) -> None:
    octets = key.encode(value)
    assert key.decode(octets) == value
    kind = comparison.types[key.identifier]
    kind.from_aper(octets)
    comparison.element(key.identifier, kind.get_val(), value)
    assert kind.to_aper() == octets


def test_an_endpoint_with_a_port_is_kept(comparison: Comparison) -> None:
    key = ie.AMF_TNL_ASSOCIATION_SETUP_LIST
    octets = key.encode((AmfTnlAssociation(WITH_PORT),))
    assert key.decode(octets) == (AmfTnlAssociation(WITH_PORT),)
    kind = comparison.types[key.identifier]
    kind.from_aper(octets)
    name, value = kind.get_val()[0]["aMF-TNLAssociationAddress"]
    assert (name, value["id"]) == ("choice-Extensions", 169)
    assert kind.to_aper() == octets


def test_messages_that_carry_them(pycrate: Pycrate, comparison: Comparison) -> None:
    by_identifier = {key.identifier: (key, value) for key, value in ELEMENTS}
    code = ngap.ProcedureCode
    for kind, procedure, identifiers in (
        (ngap.Kind.INITIATING_MESSAGE, code.AMF_CONFIGURATION_UPDATE, (6, 7, 8, 274)),
        (ngap.Kind.SUCCESSFUL_OUTCOME, code.AMF_CONFIGURATION_UPDATE, (5, 4)),
        (ngap.Kind.INITIATING_MESSAGE, code.OVERLOAD_START, (2, 9, 49)),
        (ngap.Kind.INITIATING_MESSAGE, code.RAN_CONFIGURATION_UPDATE, (167, 273)),
    ):
        pdu = ngap.build(kind, procedure, [by_identifier[number] for number in identifiers])
        _, value = pycrate.decode(pdu.encode())
        assert value["value"][0] == pdu.name
        for (number, theirs), expected in zip(pycrate.elements(value), identifiers, strict=True):
            assert number == expected
            comparison.element(number, theirs, pdu.get(by_identifier[number][0]))


def test_a_cause_of_a_later_version_is_kept() -> None:
    cause = UnknownChoice(ProtocolElement(9999, 1, b"\x01\x02"))
    assert ie.CAUSE.decode(ie.CAUSE.encode(cause)) == cause


@pytest.mark.parametrize("size", [1, 7, 31, 33, 64, 129, 200])
def test_addresses_of_no_known_size_are_kept(size: int) -> None:
    text = f"{((1 << size) - 1 << -size % 8).to_bytes((size + 7) // 8, 'big').hex()}/{size}"
    key = ie.TRACE_COLLECTION_ENTITY_IP_ADDRESS
    assert key.decode(key.encode(text)) == text


def test_a_name_that_is_no_text_names_its_octet() -> None:
    octets = ie.EXTENDED_AMF_NAME.encode(ExtendedName(None, "abcd"))[:-1] + b"\xff"
    with pytest.raises(DecodeError, match="UTF-8") as raised:
        ie.EXTENDED_AMF_NAME.decode(octets)
    assert raised.value.offset == len(octets) - 1


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (ie.AMF_TRAFFIC_LOAD_REDUCTION_INDICATION, 100),
        (ie.AMF_TNL_ASSOCIATION_SETUP_LIST, ()),
        (ie.AMF_TNL_ASSOCIATION_SETUP_LIST, (AmfTnlAssociation("example"),)),
        (ie.TRACE_COLLECTION_ENTITY_IP_ADDRESS, "zz/8"),
        (ie.NGRAN_TRACE_ID, b"short"),
        (ie.NGRAN_CGI, TAI),
        (ie.SOURCE_TO_TARGET_AMF_INFORMATION_REROUTE, AmfInformationReroute(b"short")),
    ],
)
def test_what_an_element_cannot_hold_is_refused(key: InformationElement[Any], value: Any) -> None:
    with pytest.raises(EncodeError):
        key.encode(value)


# Of every element, the octets of a legal value, changed in a few places.
SEEDS = [(key, key.encode(value)) for key, value in ELEMENTS]


@given(st.sampled_from(SEEDS), st.data())
def test_changed_octets_are_a_value_or_the_documented_error(
    seed: tuple[InformationElement[Any], bytes], data: st.DataObject
) -> None:
    key, octets = seed
    changed = bytearray(octets)
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    octets = bytes(changed[: data.draw(st.integers(0, len(changed)))])
    try:
        value = key.decode(octets)
    except DecodeError as error:
        assert 0 <= error.offset <= len(octets)
        return
    assert key.decode(key.encode(value)) == value
