"""NGAP against pycrate: the same names, elements and values, and the same octets back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makmal.protocol import ngap
from makmal.protocol.errors import DecodeError, EncodeError
from makmal.protocol.ngap import ie
from makmal.protocol.ngap.procedures import PROCEDURES

from .conftest import MESSAGES, Pycrate
from .samples import samples

SAMPLES = samples()
KINDS = {
    "initiatingMessage": ngap.Kind.INITIATING_MESSAGE,
    "successfulOutcome": ngap.Kind.SUCCESSFUL_OUTCOME,
    "unsuccessfulOutcome": ngap.Kind.UNSUCCESSFUL_OUTCOME,
}


@pytest.mark.parametrize("octets", MESSAGES, ids=range(len(MESSAGES)))
def test_messages_of_captures(octets: bytes, pycrate: Pycrate) -> None:
    pdu = ngap.decode(octets)
    assert pdu.encode() == octets
    kind, value = pycrate.decode(octets)
    assert KINDS[kind] is pdu.kind
    assert value["procedureCode"] == pdu.procedure_code
    theirs = pycrate.elements(value)
    assert [element.identifier for element in pdu.elements] == [number for number, _ in theirs]
    for element, (_, their_value) in zip(pdu.elements, theirs, strict=True):
        key = ie.KEYS.get(element.identifier)
        assert key is not None, f"element {element.identifier} of a real core is not typed"
        ours = pdu.get(key)
        assert key.encode(ours) == element.value, key.name
        if isinstance(their_value, int | bytes):
            assert ours == their_value, key.name


@pytest.mark.parametrize("name", SAMPLES)
def test_messages_that_we_build_are_what_pycrate_builds(name: str, pycrate: Pycrate) -> None:
    pdu = SAMPLES[name]
    octets = pdu.encode()
    kind, value = pycrate.decode(octets)
    assert KINDS[kind] is pdu.kind
    assert value["procedureCode"] == pdu.procedure_code
    assert pycrate.encode() == octets
    for element, (number, their_value) in zip(pdu.elements, pycrate.elements(value), strict=True):
        key = ie.KEYS[number]
        ours = pdu.get(key)
        assert key.encode(ours) == element.value
        if isinstance(their_value, int | bytes):
            assert ours == their_value, key.name


@pytest.mark.parametrize("name", SAMPLES)
def test_every_element_of_a_sample_is_legal_in_its_message(name: str, pycrate: Pycrate) -> None:
    # pycrate keeps an element that the message does not have as octets of unknown type.
    _, value = pycrate.decode(SAMPLES[name].encode())
    content = value["value"][1]
    for element in content["protocolIEs"]:
        assert not element["value"][0].startswith("_unk"), element["id"]


def test_transfers_read_the_same_in_pycrate(pycrate: Pycrate) -> None:
    pdu = next(p for n, p in SAMPLES.items() if n.endswith("PDUSessionResourceSetupRequest"))
    item = (pdu.get(ie.PDU_SESSION_RESOURCE_SETUP_LIST_SU_REQ) or ())[0]
    container = pycrate.module.NGAP_IEs.PDUSessionResourceSetupRequestTransfer
    container.from_aper(item.transfer)
    theirs = {each["id"]: each["value"][1] for each in container.get_val()["protocolIEs"]}
    ours = ngap.transfer.decode_setup_request(item.transfer)
    assert ours.ul_ngu_up_tnl_information is not None
    tunnel = theirs[139][1]
    assert int.from_bytes(tunnel["gTP-TEID"], "big") == ours.ul_ngu_up_tnl_information.gtp_teid
    assert tunnel["transportLayerAddress"] == (0xC0000201, 32)
    assert ours.security_indication is not None
    assert theirs[138]["integrityProtectionIndication"] == "required"
    assert ours.security_indication.integrity_protection_indication == 0
    assert container.to_aper() == item.transfer


def test_every_procedure_of_pycrate_is_known(pycrate: Pycrate) -> None:
    constants = pycrate.module.NGAP_Constants
    for name in dir(constants):
        if name.startswith("id_") and getattr(constants, name)._typeref is not None:
            reference = getattr(constants, name)._typeref.called[1]
            if reference == "ProcedureCode":
                assert getattr(constants, name).get_val() in PROCEDURES, name


def test_an_unknown_procedure_and_an_unknown_element_are_kept() -> None:
    pdu = ngap.build(ngap.Kind.INITIATING_MESSAGE, 200, [(65_000, b"\x01\x02")])
    again = ngap.decode(pdu.encode())
    assert again.name.startswith("Unknown procedure 200")
    assert again.elements[0].identifier == 65_000
    assert again.elements[0].value == b"\x01\x02"
    assert dict(again.items())


def test_long_elements_travel_in_fragments(pycrate: Pycrate) -> None:
    for size in (127, 128, 16_383, 16_384, 65_536, 80_000):
        pdu = ngap.build(
            ngap.Kind.INITIATING_MESSAGE,
            ngap.ProcedureCode.UE_RADIO_CAPABILITY_INFO_INDICATION,
            [(ie.AMF_UE_NGAP_ID, 1), (ie.RAN_UE_NGAP_ID, 2), (ie.UE_RADIO_CAPABILITY, bytes(size))],
        )
        assert ngap.decode(pdu.encode()).get(ie.UE_RADIO_CAPABILITY) == bytes(size)
        _, value = pycrate.decode(pdu.encode())
        assert dict(pycrate.elements(value))[117] == bytes(size)


@given(st.integers(0, 2**40 - 1), st.integers(0, 2**32 - 1))
def test_any_ids_come_back(amf: int, ran: int) -> None:
    assert ie.AMF_UE_NGAP_ID.decode(ie.AMF_UE_NGAP_ID.encode(amf)) == amf
    assert ie.RAN_UE_NGAP_ID.decode(ie.RAN_UE_NGAP_ID.encode(ran)) == ran


def test_values_out_of_range_are_refused() -> None:
    for key, value in (
        (ie.AMF_UE_NGAP_ID, 2**40),
        (ie.RAN_UE_NGAP_ID, -1),
        (ie.MASKED_IMEISV, 2**64),
    ):
        with pytest.raises(EncodeError):
            key.encode(value)


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        ("", "7 octets at least"),
        ("ff150000000000", "begins no NGAP PDU"),
        ("0015ff00000000", "no criticality"),
        ("00150050000000", "are announced"),
        ("00150003000001", "cut short"),
    ],
)
def test_what_is_no_ngap_message(octets: str, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason) as raised:
        ngap.decode(bytes.fromhex(octets))
    assert 0 <= raised.value.offset <= len(octets) // 2


def _read_all(octets: bytes) -> None:
    try:
        pdu = ngap.decode(octets)
        dict(pdu.items())
        for element in pdu.elements:
            key: Any = ie.KEYS.get(element.identifier)
            if key is not None:
                pdu.get(key)
    except DecodeError as error:
        assert error.protocol == "NGAP"
        assert 0 <= error.offset <= len(octets)


@given(st.binary(max_size=300))
def test_any_octets(octets: bytes) -> None:
    _read_all(octets)


@given(st.sampled_from([pdu.encode() for pdu in SAMPLES.values()] + MESSAGES), st.data())
def test_messages_with_an_octet_changed_and_the_end_cut(octets: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(octets) - 1))
    changed = octets[:at] + bytes((data.draw(st.integers(0, 255)),)) + octets[at + 1 :]
    _read_all(changed[: data.draw(st.integers(0, len(octets)))])


@given(st.sampled_from(sorted(ie.KEYS)), st.binary(max_size=80))
def test_any_octets_in_any_element(identifier: int, octets: bytes) -> None:
    key = ie.KEYS[identifier]
    try:
        value = key.decode(octets)
    except DecodeError as error:
        assert 0 <= error.offset <= len(octets)
        return
    assert key.decode(key.encode(value)) == value
