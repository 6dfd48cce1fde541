"""Any octets give a message or DecodeError, any values give themselves, and neither takes long."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from makmal.protocol import pfcp
from makmal.protocol.element import InformationElement
from makmal.protocol.errors import DecodeError, EncodeError
from makmal.protocol.pfcp import ie

KEYS: list[InformationElement[Any]] = [
    key for key in vars(ie).values() if isinstance(key, InformationElement)
]
ADDRESSES_V4 = st.none() | st.ip_addresses(v=4).map(str)
ADDRESSES_V6 = st.none() | st.ip_addresses(v=6).map(str)

# Whole messages whose elements are of known types but any content.
ELEMENTS = st.recursive(
    st.tuples(st.integers(0, 340), st.binary(max_size=40)),
    lambda inner: st.tuples(
        st.sampled_from([1, 2, 3, 4, 8, 9, 10, 11, 80]),
        st.lists(inner, max_size=4).map(lambda specs: pfcp.elements(specs).encode()),
    ),
    max_leaves=10,
)


def walk(elements: pfcp.Elements) -> int:
    """Look at every element; how many there are."""
    count = 0
    for _name, value in list(elements.items()):
        count += 1
        if isinstance(value, pfcp.Elements):
            count += walk(value)
    return count


def check(refusal: DecodeError, data: bytes) -> None:
    """The error says where in the octets it is."""
    assert refusal.protocol == "PFCP"
    assert 0 <= refusal.offset <= len(data)


@given(st.binary(max_size=80) | st.binary(max_size=80).map(lambda tail: b"\x21\x32" + tail))
@example(b"\x24\x01\x00\x04\0\0\0\0" * 3)
def test_any_octets(data: bytes) -> None:
    try:
        messages = pfcp.decode_all(data)
    except DecodeError as refusal:
        check(refusal, data)
        return
    assert b"".join(message.encode() for message in messages) == data
    for message in messages:
        walk(message)
        repr(message)


@given(st.lists(ELEMENTS, max_size=6), st.none() | st.integers(0, 2**64 - 1))
def test_any_elements(specs: list[tuple[int, bytes]], seid: int | None) -> None:
    built = pfcp.build(52, seid=seid, sequence_number=5, elements=list(specs))
    message = pfcp.decode(built.encode())
    assert message == built
    assert message.pairs == tuple(specs)
    assert walk(message) >= len(specs)
    for key in KEYS:
        with contextlib.suppress(DecodeError):
            message.all(key)


@settings(max_examples=300)
@given(st.sampled_from(KEYS), st.binary(max_size=60))
def test_any_value_octets_that_can_be_read_have_a_form(
    key: InformationElement[Any], data: bytes
) -> None:
    try:
        value = key.decode(data)
    except DecodeError as refusal:
        check(refusal, data)
        return
    # What was read is written, and read as the same again: no field gets lost on the way.
    try:
        again = key.encode(value)
    except EncodeError:
        # A value that contradicts itself, which only odd octets make.
        return
    assert key.decode(again) == value


@given(st.integers(0, 2**32 - 1), ADDRESSES_V4, ADDRESSES_V6)
def test_f_teids_come_back(teid: int, ipv4: str | None, ipv6: str | None) -> None:
    value = pfcp.FTeid(teid, ipv4, ipv6)
    assert ie.F_TEID.decode(ie.F_TEID.encode(value)) == value


@given(st.builds(pfcp.FSeid, st.integers(0, 2**64 - 1), ADDRESSES_V4, ADDRESSES_V6))
def test_f_seids_come_back(value: pfcp.FSeid) -> None:
    assert ie.F_SEID.decode(ie.F_SEID.encode(value)) == value


@given(
    st.builds(
        pfcp.UeIpAddress,
        ADDRESSES_V4,
        ADDRESSES_V6,
        st.booleans(),
        st.none() | st.integers(0, 64),
        st.none() | st.integers(0, 128),
        st.booleans(),
        st.booleans(),
    )
)
def test_ue_ip_addresses_come_back(value: pfcp.UeIpAddress) -> None:
    assert ie.UE_IP_ADDRESS.decode(ie.UE_IP_ADDRESS.encode(value)) == value


@given(st.binary(max_size=40))
def test_network_instances_keep_their_octets(data: bytes) -> None:
    try:
        value = ie.NETWORK_INSTANCE.decode(data)
    except DecodeError:
        with pytest.raises(UnicodeDecodeError):
            data.decode()
        return
    assert ie.NETWORK_INSTANCE.encode(value) == data


def test_many_small_elements_take_linear_time() -> None:
    empty = pfcp.build(50, seid=0, elements=[(56, b"")] * 16_000).encode()
    bundle = pfcp.build(1, follow_on=True).encode() * 8_000 + pfcp.build(1).encode()
    start = time.perf_counter()
    assert walk(pfcp.decode(empty)) == 16_000
    assert len(pfcp.decode_all(bundle)) == 8_001
    assert time.perf_counter() - start < 2
