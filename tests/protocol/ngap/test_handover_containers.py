"""The containers that gNBs send each other at a handover, with pycrate as the witness."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycrate_asn1dir import NGAP

from makmal.network.gnb.handover_containers import handover_preparation
from makmal.protocol.errors import DecodeError
from makmal.protocol.ngap import Cause, CauseGroup, NrCgi
from makmal.protocol.ngap import handover_containers as c
from makmal.protocol.ngap.values import EutraCgi

_CELL = NrCgi("99970", 0x123456789)
WHOLE = c.SourceToTarget(
    b"\x01\x02",
    _CELL,
    (
        c.VisitedCell(
            c.LastVisitedCell(
                EutraCgi("00101", 0x1234567),
                c.CellType(c.LARGE),
                4095,
                40_950,
                Cause(CauseGroup.RADIO_NETWORK, 3),
            )
        ),
        c.VisitedCell(c.OtherCell(2, b"\xaa")),
    ),
    (
        c.SessionInformation(5, (c.QosFlowInformation(1, 0), c.QosFlowInformation(2))),
        c.SessionInformation(
            6, (c.QosFlowInformation(9),), (c.DrbToQosFlows(3, (c.MappedFlow(9, 1),)),)
        ),
    ),
    (c.ErabInformation(5, 0),),
    7,
)


def test_a_whole_one_is_what_pycrate_makes_of_it() -> None:
    octets = c.SOURCE_TO_TARGET.encode(WHOLE)
    kind = NGAP.NGAP_IEs.SourceNGRANNode_ToTargetNGRANNode_TransparentContainer
    kind.from_aper(octets)
    value = kind.get_val()
    assert value["rRCContainer"] == b"\x01\x02"
    sessions = value["pDUSessionResourceInformationList"]
    assert [each["pDUSessionID"] for each in sessions] == [5, 6]
    assert sessions[1]["dRBsToQosFlowsMappingList"][0]["dRB-ID"] == 3
    assert value["targetCell-ID"][0] == "nR-CGI"
    assert value["targetCell-ID"][1]["nRCellIdentity"] == (0x123456789, 36)
    assert value["indexToRFSP"] == 7
    visited = value["uEHistoryInformation"]
    assert visited[0]["lastVisitedCellInformation"][1]["timeUEStayedInCell"] == 4095
    assert visited[1]["lastVisitedCellInformation"] == ("uTRANCell", b"\xaa")
    assert kind.to_aper() == octets
    assert c.SOURCE_TO_TARGET.decode(octets) == WHOLE


def test_the_answer_is_what_pycrate_makes_of_it() -> None:
    octets = c.TARGET_TO_SOURCE.encode(c.TargetToSource(b"\x00\x10\x00"))
    kind = NGAP.NGAP_IEs.TargetNGRANNode_ToSourceNGRANNode_TransparentContainer
    kind.from_aper(octets)
    assert kind.get_val() == {"rRCContainer": b"\x00\x10\x00"}
    assert c.TARGET_TO_SOURCE.decode(octets) == c.TargetToSource(b"\x00\x10\x00")


@pytest.mark.parametrize("mac", [0, 0x1234, 0xFFFF])
def test_the_preparation_without_radio_is_rrc(mac: int) -> None:
    from pycrate_asn1dir import RRCNR

    kind = RRCNR.NR_InterNodeDefinitions.HandoverPreparationInformation
    kind.from_uper(handover_preparation(mac))
    content = kind.get_val()["criticalExtensions"][1][1]
    assert content["ue-CapabilityRAT-List"] == []
    information = content["as-Context"]["reestablishmentInfo"]
    assert information == {"sourcePhysCellId": 0, "targetCellShortMAC-I": (mac, 16)}


@given(st.binary(max_size=60))
def test_any_octets_are_a_container_or_the_one_error(octets: bytes) -> None:
    for kind in (c.SOURCE_TO_TARGET, c.TARGET_TO_SOURCE):
        try:
            kind.decode(octets)
        except DecodeError as error:
            assert error.protocol == "NGAP"


@given(st.binary(max_size=300))
def test_an_element_gives_its_container_back(container: bytes) -> None:
    assert c.of_element(c.as_element(container)) == container


def test_a_container_that_stands_alone_is_taken_as_it_is() -> None:
    octets = c.SOURCE_TO_TARGET.encode(WHOLE)
    assert c.of_element(octets) == octets
