"""The input strings of the key hierarchy, written out as TS 33.501, annex A, gives them.

3GPP publishes no test data for these functions; what can be checked is what goes into HMAC.
"""

from __future__ import annotations

import hashlib
import hmac

import pytest

from makmal.security import keys

KEY = bytes(range(32))
CK, IK = KEY[:16], KEY[16:]
NAME = "5G:mnc070.mcc999.3gppnetwork.org"
NAME_OCTETS = NAME.encode() + b"\x00\x20"
RAND, RES = bytes(range(64, 80)), bytes(range(80, 88))
SQN_XOR_AK = b"\xbb\x52\xe9\x1c\x74\x7a"


@pytest.mark.parametrize(
    ("derived", "text"),
    [
        pytest.param(
            keys.k_ausf(CK, IK, NAME, SQN_XOR_AK),
            b"\x6a" + NAME_OCTETS + SQN_XOR_AK + b"\x00\x06",
            id="A.2 KAUSF",
        ),
        pytest.param(
            b"".join(keys.ck_ik_prime(CK, IK, NAME, SQN_XOR_AK)),
            b"\x20" + NAME_OCTETS + SQN_XOR_AK + b"\x00\x06",
            id="A.3 CK' IK'",
        ),
        pytest.param(keys.k_seaf(KEY, NAME), b"\x6c" + NAME_OCTETS, id="A.6 KSEAF"),
        pytest.param(
            keys.k_amf(KEY, "imsi-999700000000001", b"\x00\x00"),
            b"\x6d999700000000001\x00\x0f\x00\x00\x00\x02",
            id="A.7 KAMF of an IMSI",
        ),
        pytest.param(
            keys.k_amf(KEY, "nai-user@realm", b"\x00\x00"),
            b"\x6duser@realm\x00\x0a\x00\x00\x00\x02",
            id="A.7 KAMF of a NAI",
        ),
        pytest.param(
            keys.k_gnb(KEY, 0x01020304),
            b"\x6e\x01\x02\x03\x04\x00\x04\x01\x00\x01",
            id="A.9 KgNB",
        ),
        pytest.param(
            keys.k_gnb(KEY, 0x01020304, access_type=2),
            b"\x6e\x01\x02\x03\x04\x00\x04\x02\x00\x01",
            id="A.9 KN3IWF",
        ),
        pytest.param(keys.nh(KEY, KEY), b"\x6f" + KEY + b"\x00\x20", id="A.10 NH"),
        pytest.param(
            keys.k_ng_ran_star(KEY, 1007, 632628),
            b"\x70\x03\xef\x00\x02\x09\xa7\x34\x00\x03",
            id="A.11 KNG-RAN*",
        ),
        pytest.param(
            keys.k_amf_prime(KEY, 1, 0x01020304),
            b"\x72\x01\x00\x01\x01\x02\x03\x04\x00\x04",
            id="A.13 KAMF'",
        ),
    ],
)
def test_whole_keys(derived: bytes, text: bytes) -> None:
    assert derived == hmac.digest(KEY, text, "sha256")


@pytest.mark.parametrize(
    ("derived", "text"),
    [
        pytest.param(
            keys.res_star(CK, IK, NAME, RAND, RES),
            b"\x6b" + NAME_OCTETS + RAND + b"\x00\x10" + RES + b"\x00\x08",
            id="A.4 RES*",
        ),
        *(
            pytest.param(
                function(KEY, 2),
                bytes((0x69, kind, 0, 1, 2, 0, 1)),
                id=f"A.8 {function.__name__}",
            )
            for kind, function in enumerate(
                (
                    keys.k_nas_enc,
                    keys.k_nas_int,
                    keys.k_rrc_enc,
                    keys.k_rrc_int,
                    keys.k_up_enc,
                    keys.k_up_int,
                ),
                start=1,
            )
        ),
    ],
)
def test_keys_of_the_last_sixteen_octets(derived: bytes, text: bytes) -> None:
    assert derived == hmac.digest(KEY, text, "sha256")[16:]


def test_hres_star_is_a_hash_and_no_derivation() -> None:
    """TS 33.501, A.5: the 128 least significant bits of SHA-256."""
    res_star = bytes(range(16))
    assert keys.hres_star(RAND, res_star) == hashlib.sha256(RAND + res_star).digest()[16:]
