"""PDCP entities: what is sent is delivered in order and once, and nothing that nobody sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makmal.protocol.pdcp import (
    Delivery,
    IntegrityFailure,
    Plane,
    Protection,
    Receiver,
    Replayed,
    Transmitter,
)
from makmal.protocol.pdcp.entity import LAST_COUNT
from makmal.security.as_security import AsSecurity
from makmal.security.nas_algorithms import Direction

KEY = bytes(range(32))
UP = Direction.UPLINK


def _protection(plane: Plane, ciphering: int, integrity: int) -> Protection:
    security = AsSecurity(KEY, ciphering, integrity)
    if plane is Plane.SIGNALLING:
        return Protection(security.signalling_mac(1, UP), security.signalling_cipher(1, UP))
    return Protection(security.user_mac(1, UP), security.user_cipher(1, UP))


def _pair(
    plane: Plane = Plane.SIGNALLING, bits: int = 12, ciphering: int = 2, integrity: int = 2
) -> tuple[Transmitter, Receiver]:
    protection = _protection(plane, ciphering, integrity)
    return Transmitter(plane, bits, protection), Receiver(plane, bits, protection)


@pytest.mark.parametrize("plane", Plane)
@pytest.mark.parametrize("ciphering", range(4))
@pytest.mark.parametrize("integrity", range(4))
def test_every_algorithm_carries_sdus(plane: Plane, ciphering: int, integrity: int) -> None:
    sender, receiver = _pair(plane, 12, ciphering, integrity)
    for count in range(3):
        sdu = b"something %d" % count
        octets = sender.send(sdu)
        assert (sdu in octets) == (ciphering == 0)
        assert receiver.receive(octets) == [Delivery(count, sdu)]


def test_a_srb_without_security_has_a_mac_of_zeros() -> None:
    octets = Transmitter(Plane.SIGNALLING).send(b"clear")
    assert octets == b"\0\0clear\0\0\0\0"
    assert Receiver(Plane.SIGNALLING).receive(octets) == [Delivery(0, b"clear")]


def test_a_drb_without_integrity_has_no_mac() -> None:
    sender, receiver = Transmitter(Plane.USER, 18), Receiver(Plane.USER, 18)
    octets = sender.send(b"clear")
    assert octets == b"\x80\0\0clear"
    assert receiver.receive(octets) == [Delivery(0, b"clear")]


@given(st.integers(0, 40 * 8), st.binary(min_size=1, max_size=30))
def test_a_flipped_bit_is_an_integrity_failure(bit: int, sdu: bytes) -> None:
    sender, receiver = _pair()
    octets = bytearray(sender.send(sdu))
    bit %= len(octets) * 8
    octets[bit // 8] ^= 0x80 >> bit % 8
    events = receiver.receive(bytes(octets))
    assert all(isinstance(each, IntegrityFailure | Replayed) for each in events)
    assert len(events) == 1
    # The right one is still taken: a forged PDU moves nothing.
    assert receiver.receive(sender.protect(sdu, 0)) == [Delivery(0, sdu)]


def test_replays_are_discarded_and_an_entity_with_the_fault_takes_them() -> None:
    sender, receiver = _pair()
    octets = sender.send(b"once")
    assert receiver.receive(octets) == [Delivery(0, b"once")]
    assert receiver.receive(octets) == [Replayed(0)]
    receiver.discards_replays = False
    assert receiver.receive(octets) == [Delivery(0, b"once")]


def test_an_entity_with_the_fault_takes_a_wrong_mac() -> None:
    sender, receiver = _pair()
    wrong = sender.protect(b"forged", 0, mac=b"\xde\xad\xbe\xef")
    assert receiver.receive(wrong) == [IntegrityFailure(0)]
    receiver.discards_failures = False
    assert receiver.receive(wrong) == [Delivery(0, b"forged")]


@given(st.permutations(range(12)), st.sampled_from((12, 18)))
def test_any_order_is_delivered_in_order_and_once(order: list[int], bits: int) -> None:
    sender, receiver = _pair(Plane.USER, bits)
    pdus = [sender.send(bytes((count,))) for count in range(12)]
    delivered = [
        event.count
        for count in order
        for event in receiver.receive(pdus[count])
        if isinstance(event, Delivery)
    ]
    assert delivered == list(range(12))
    assert not receiver.is_reordering
    assert all(receiver.receive(pdu) == [Replayed(n)] for n, pdu in enumerate(pdus))


def test_what_is_lost_is_waited_for_until_the_timer_expires() -> None:
    sender, receiver = _pair()
    pdus = [sender.send(bytes((count,))) for count in range(4)]
    assert receiver.receive(pdus[0]) == [Delivery(0, b"\0")]
    assert receiver.receive(pdus[2]) == receiver.receive(pdus[3]) == []
    assert receiver.is_reordering
    # RX_REORD is what came after the gap when the timer began (5.2.2.2).
    assert receiver.reordering_expired() == [Delivery(2, b"\2"), Delivery(3, b"\3")]
    assert not receiver.is_reordering
    assert receiver.receive(pdus[1]) == [Replayed(1)]


def test_out_of_order_delivery_delivers_at_once_and_once() -> None:
    sender, receiver = _pair(Plane.USER, 18)
    receiver.in_order = False
    pdus = [sender.send(bytes((count,))) for count in range(3)]
    assert receiver.receive(pdus[2]) == [Delivery(2, b"\2")]
    assert receiver.receive(pdus[2]) == [Replayed(2)]
    assert receiver.receive(pdus[0]) == [Delivery(0, b"\0")]
    assert receiver.receive(pdus[1]) == [Delivery(1, b"\1")]
    assert receiver.deliver_count == 3


@given(st.integers(0, LAST_COUNT - 10), st.sampled_from((12, 18)))
def test_the_hyper_frame_number_is_followed(start: int, bits: int) -> None:
    sender, receiver = _pair(Plane.USER, bits)
    sender.next_count = receiver.next_count = receiver.deliver_count = start
    for count in range(start, start + 3):
        assert receiver.receive(sender.send(b"x")) == [Delivery(count, b"x")]


@given(st.integers(0, LAST_COUNT), st.integers(-2047, 2047))
def test_the_estimate_is_right_within_the_window(deliver: int, distance: int) -> None:
    receiver = Receiver(Plane.USER, 12, deliver_count=deliver)
    count = deliver + distance
    assert receiver.estimate(count & 0xFFF) == count


def test_the_count_ends() -> None:
    sender, _ = _pair()
    sender.next_count = LAST_COUNT
    sender.send(b"last")
    with pytest.raises(OverflowError):
        sender.send(b"one more")


def test_an_sdap_header_is_protected_and_not_ciphered() -> None:
    sender, receiver = _pair(Plane.USER, 18)
    sender.clear_octets = receiver.clear_octets = 1
    octets = sender.send(b"\x81secret")
    assert octets[3] == 0x81
    assert b"secret" not in octets
    assert receiver.receive(octets) == [Delivery(0, b"\x81secret")]
    again = bytearray(sender.send(b"\x81secret"))
    again[3] ^= 1
    assert receiver.receive(bytes(again)) == [IntegrityFailure(1)]
