"""PDCP PDUs and Wireshark's framing of them, both ways."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makmal.protocol import pdcp
from makmal.protocol.errors import DecodeError, EncodeError
from makmal.protocol.pdcp import Bearer, DataPdu, FramedPdu, Plane, StatusReport

BITS = st.sampled_from((12, 18))


def test_the_layouts_of_the_three_data_pdus() -> None:
    # TS 38.323, figures 6.2.2.1-1, 6.2.2.2-1 and 6.2.2.3-1.
    assert DataPdu(Plane.SIGNALLING, 12, 0xABC, b"x").encode() == b"\x0a\xbcx"
    assert DataPdu(Plane.USER, 12, 0xABC, b"x").encode() == b"\x8a\xbcx"
    assert DataPdu(Plane.USER, 18, 0x2ABCD, b"x").encode() == b"\x82\xab\xcdx"


@given(BITS, st.data(), st.binary(min_size=4, max_size=40))
def test_data_pdus_of_user_data_go_both_ways(
    bits: int, data: st.DataObject, payload: bytes
) -> None:
    number = data.draw(st.integers(0, (1 << bits) - 1))
    pdu = DataPdu(Plane.USER, bits, number, payload)
    assert pdcp.decode(pdu.encode(), Plane.USER, bits) == pdu


@given(st.integers(0, 4095), st.binary(min_size=4, max_size=40))
def test_data_pdus_of_signalling_go_both_ways(number: int, payload: bytes) -> None:
    pdu = DataPdu(Plane.SIGNALLING, 12, number, payload)
    assert pdcp.decode(pdu.encode(), Plane.SIGNALLING) == pdu


@given(st.binary(max_size=60), st.sampled_from(Plane), BITS)
def test_any_octets_are_a_pdu_or_the_one_error(octets: bytes, plane: Plane, bits: int) -> None:
    bits = 12 if plane is Plane.SIGNALLING else bits
    try:
        pdu = pdcp.decode(octets, plane, bits)
    except DecodeError as error:
        assert error.protocol == "PDCP"
        return
    assert pdu.encode() == octets
    if isinstance(pdu, pdcp.ControlPdu):
        with contextlib.suppress(DecodeError):
            report = pdu.status_report
            assert report is None or report.encode() == bytes((octets[0] & 0xF0,)) + octets[1:]


@given(st.integers(0, (1 << 32) - 500), st.sets(st.integers(1, 400), max_size=30))
def test_status_reports_name_what_came(first: int, after: set[int]) -> None:
    report = StatusReport.of(first, [first + each for each in after])
    read = pdcp.decode(report.encode(), Plane.USER, 18)
    assert isinstance(read, pdcp.ControlPdu)
    assert read.status_report == report
    assert report.received == tuple(first + each for each in sorted(after))


def test_what_has_no_room_is_refused() -> None:
    with pytest.raises(EncodeError, match="4096 is not of 12 bits"):
        DataPdu(Plane.USER, 12, 4096, b"").encode()
    with pytest.raises(EncodeError, match="not after the first missing"):
        StatusReport.of(5, [5])
    with pytest.raises(EncodeError, match="16 bits"):
        FramedPdu(Bearer(Plane.USER, 1, 1 << 16), True, b"").encode()


@given(
    st.sampled_from(Plane), st.integers(1, 32), st.integers(0, 0xFFFF), BITS, st.booleans(),
    st.booleans(), st.booleans(), st.binary(max_size=30),
)  # fmt: skip
def test_framing_goes_both_ways(
    plane: Plane, identity: int, ue: int, bits: int, mac: bool, sdap: bool, up: bool, pdu: bytes
) -> None:
    if plane is Plane.SIGNALLING:
        bits, mac, sdap = 12, True, False
    framed = FramedPdu(Bearer(plane, identity, ue, bits, mac, sdap), up, pdu)
    assert pdcp.unframe(framed.encode()) == framed


@given(st.binary(max_size=40))
def test_any_framing_is_read_or_the_one_error(octets: bytes) -> None:
    with contextlib.suppress(DecodeError):
        pdcp.unframe(b"pdcp-nr" + octets)
