"""Keys that a trace shows or a file gives: what is of a wrong form is passed over."""

from __future__ import annotations

import pytest

from makmal.security import milenage
from makmal.trace.key_ring import KeyRing
from makmal.trace.knowledge import Knowledge, Subscriber
from makmal.trace.user_equipment import Challenge, UserEquipment

SUPI = "imsi-999700000000001"
K, OPC, RAND = bytes(range(16)), bytes(range(16, 32)), bytes(range(32, 48))
AUTN = milenage.generate_autn(K, OPC, RAND, bytes(6), b"\x80\0")
KNOWN = Knowledge(subscribers={SUPI: Subscriber(SUPI, K, OPC)})


def test_a_challenge_tells_its_subscriber() -> None:
    assert KeyRing(KNOWN).supi_of(None, Challenge(RAND, AUTN, b"\0\0")) == SUPI


@pytest.mark.parametrize("octets", [1, 6, 7, 15, 17])
def test_an_autn_of_another_length_tells_none(octets: int) -> None:
    challenge = Challenge(RAND, AUTN[:octets].ljust(octets, b"\0"), b"\0\0")
    assert KeyRing(KNOWN).supi_of(None, challenge) is None


@pytest.mark.parametrize(
    ("key", "learned"),
    [
        (K.hex(), True),
        ("00 " * 10 + "00", False),  # 32 characters, and 11 octets
        (K.hex()[2:], False),
        ("zz" * 16, False),
        (16, False),
    ],
)
def test_keys_seen_on_a_service_need_their_length(key: object, learned: bool) -> None:
    ring = KeyRing(Knowledge())
    ring.learn({"encPermanentKey": key, "encOpcKey": OPC.hex()}, SUPI)
    challenge = Challenge(RAND, AUTN, b"\0\0")
    user_equipment = UserEquipment(1, supi=SUPI, serving_plmn="99970", challenge=challenge)
    assert bool(list(ring.k_amf(user_equipment))) is learned
