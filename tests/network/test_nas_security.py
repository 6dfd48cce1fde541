"""NAS protection between two ends: COUNT estimation, MAC, replay (TS 24.501, 4.4.3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makmal.network.nas_security import NasSecurity
from makmal.protocol import nas
from makmal.security import keys
from makmal.security.nas_algorithms import Direction, cipher, integrity

H = nas.SecurityHeaderType
UP, DOWN = Direction.UPLINK, Direction.DOWNLINK
K_AMF = bytes(range(32))
STATUS = nas.build(nas.MessageType.FIVE_GMM_STATUS, {nas.ie.FIVE_GMM_CAUSE: 111})


def ends(ciphering: int = 2, integrity: int = 2) -> tuple[NasSecurity, NasSecurity]:
    algorithms = nas.SecurityAlgorithms(ciphering, integrity)
    return NasSecurity(K_AMF, algorithms), NasSecurity(K_AMF, algorithms)


def opened(end: NasSecurity, octets: bytes, direction: Direction = UP, count: int | None = None):
    outer = nas.decode(octets)
    assert isinstance(outer, nas.SecurityProtected)
    return end.unprotect(outer, direction, count=count)


@pytest.mark.parametrize("number", [0, 1, 2, 3])
@pytest.mark.parametrize("direction", [UP, DOWN])
def test_what_one_end_protects_the_other_opens(number: int, direction: Direction) -> None:
    one, other = ends(number, number)
    for count in range(3):
        result = opened(other, one.protect(STATUS, direction), direction)
        assert result.octets == STATUS.encode()
        assert result.count == count
        assert result.acceptable


def test_octets_are_those_of_the_algorithms() -> None:
    one, _ = ends()
    one.counts[UP] = 0x1FE
    octets = one.protect(STATUS, UP)
    payload = cipher(2, keys.k_nas_enc(K_AMF, 2), 0x1FE, 1, UP, STATUS.encode())
    mac = integrity(2, keys.k_nas_int(K_AMF, 2), 0x1FE, 1, UP, b"\xfe" + payload)
    assert octets == b"\x7e\x02" + mac + b"\xfe" + payload


def test_integrity_protected_only_stays_legible() -> None:
    one, other = ends()
    octets = one.protect(STATUS, UP, H.INTEGRITY_PROTECTED)
    assert octets[7:] == STATUS.encode()
    assert opened(other, octets).octets == STATUS.encode()


@given(st.integers(0, 0xFFFF), st.integers(0, 255))
def test_the_count_is_estimated_over_a_gap(expected: int, gap: int) -> None:
    one, other = ends()
    one.counts[UP], other.counts[UP] = expected + gap, expected
    result = opened(other, one.protect(STATUS, UP))
    assert result.acceptable
    assert result.count == expected + gap
    assert other.counts[UP] == expected + gap + 1


@given(st.integers(1, 700), st.data())
def test_a_replay_is_told_and_never_acceptable(sent: int, data: st.DataObject) -> None:
    one, other = ends(ciphering=0)
    one.counts[UP] = other.counts[UP] = data.draw(st.integers(0, 300))
    messages = [one.protect(STATUS, UP) for _ in range(sent)]
    for octets in messages:
        assert opened(other, octets).acceptable
    expected = other.counts[UP]
    index = data.draw(st.integers(0, sent - 1))
    result = opened(other, messages[index])
    assert not result.acceptable
    # Beyond one round of the sequence number an old message is only one with a wrong MAC.
    assert result.replayed is result.mac_ok is (sent - index <= 256)
    assert other.counts[UP] == expected


@given(st.integers(0, 3), st.binary(min_size=4, max_size=4))
def test_a_wrong_mac_is_refused_and_changes_nothing(number: int, mac: bytes) -> None:
    one, other = ends(2, 2)
    right = one.protect(STATUS, UP, count=number)
    octets = one.protect(STATUS, UP, count=number, mac=mac)
    result = opened(other, octets)
    assert result.mac_ok is (right == octets)
    assert result.octets == STATUS.encode()
    assert other.counts[UP] == (number + 1 if result.mac_ok else 0)


def test_a_given_count_does_not_move_the_next_one() -> None:
    one, other = ends()
    octets = one.protect(STATUS, UP, count=1000)
    assert one.counts[UP] == 0
    assert not opened(other, octets).mac_ok
    assert opened(other, octets, count=1000).acceptable


def test_another_direction_or_key_opens_nothing() -> None:
    one, other = ends()
    octets = one.protect(STATUS, UP)
    assert not opened(other, octets, DOWN).mac_ok
    stranger = NasSecurity(bytes(32), other.algorithms)
    result = opened(stranger, octets)
    assert not result.mac_ok
    assert result.octets != STATUS.encode()


def test_null_integrity_tells_no_replay() -> None:
    one, other = ends(0, 0)
    octets = one.protect(STATUS, UP)
    assert octets[2:6] == bytes(4)
    assert opened(other, octets).acceptable
    assert opened(other, octets).acceptable


def test_keys_are_not_shown() -> None:
    one, _ = ends()
    assert K_AMF.hex() not in repr(one).replace("\\x", "")
    assert "k_nas" not in repr(one)
