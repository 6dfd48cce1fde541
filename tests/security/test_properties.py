"""What must hold of the algorithms for any input, and what they say about wrong ones."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from makmal.security import eap_aka_prime, keys, milenage, suci, tokens, tuak
from makmal.security.nas_algorithms import Direction, cipher, integrity

KEY = st.binary(min_size=16, max_size=16)
PRIVATE_KEYS = {1: bytes(range(32)), 2: bytes(range(1, 33))}
CLAIMS = {"iss": "nrf", "sub": "amf", "aud": "UDM", "scope": "nudm-sdm nudm-uecm", "exp": 99}


@given(st.integers(0, 3), KEY, st.integers(0, 2**32 - 1), st.integers(0, 31), st.binary())
def test_deciphering_undoes_ciphering(
    algorithm: int, key: bytes, count: int, bearer: int, data: bytes
) -> None:
    for direction in Direction:
        text = cipher(algorithm, key, count, bearer, direction, data)
        assert len(text) == len(data)
        assert cipher(algorithm, key, count, bearer, direction, text) == data
    if algorithm and len(data) > 8:
        assert text != data


@given(st.integers(1, 3), KEY, st.binary(min_size=1, max_size=64), st.integers(0, 511))
def test_a_mac_covers_every_bit_and_every_input(
    algorithm: int, key: bytes, data: bytes, bit: int
) -> None:
    bit %= len(data) * 8
    changed = (int.from_bytes(data, "big") ^ 1 << bit).to_bytes(len(data), "big")
    mac = integrity(algorithm, key, 5, 1, Direction.UPLINK, data)
    assert integrity(algorithm, key, 5, 1, Direction.UPLINK, changed) != mac
    assert integrity(algorithm, key, 5, 1, Direction.DOWNLINK, data) != mac
    assert integrity(algorithm, key, 6, 1, Direction.UPLINK, data) != mac
    assert integrity(algorithm, key, 5, 2, Direction.UPLINK, data) != mac


def test_null_algorithms() -> None:
    assert cipher(0, bytes(16), 1, 1, Direction.UPLINK, b"abc") == b"abc"
    assert integrity(0, bytes(16), 1, 1, Direction.UPLINK, b"abc") == bytes(4)


@pytest.mark.parametrize("function", [cipher, integrity])
def test_unknown_algorithms_and_wrong_keys_are_refused(function: object) -> None:
    assert callable(function)
    with pytest.raises(ValueError, match=r"128-N.A4"):
        function(4, bytes(16), 0, 0, Direction.UPLINK, b"")
    with pytest.raises(ValueError, match="16 octets"):
        function(2, bytes(32), 0, 0, Direction.UPLINK, b"")


@given(KEY, KEY, KEY, st.binary(min_size=6, max_size=6))
def test_milenage_challenges_verify_and_tell_sqn(
    key: bytes, opc: bytes, rand: bytes, sqn: bytes
) -> None:
    autn = milenage.generate_autn(key, opc, rand, sqn, b"\x80\0")
    assert milenage.verifies_autn(key, opc, rand, autn)
    assert not milenage.verifies_autn(key, opc, rand, autn[:15] + bytes((autn[15] ^ 1,)))
    token = milenage.auts(key, opc, rand, sqn)
    assert milenage.sqn_of_auts(key, opc, rand, token) == sqn
    assert milenage.sqn_of_auts(key, opc, rand, token[:13] + bytes((token[13] ^ 1,))) is None


def test_tuak_challenges_verify_and_tell_sqn() -> None:
    key, topc, rand, sqn = bytes(range(32)), bytes(range(32, 64)), bytes(16), bytes(range(6))
    autn = tuak.generate_autn(key, topc, rand, sqn, b"\x80\0")
    assert tuak.verifies_autn(key, topc, rand, autn)
    assert not tuak.verifies_autn(key, topc, rand, autn[:15] + bytes((autn[15] ^ 1,)))
    token = tuak.auts(key, topc, rand, sqn)
    assert tuak.sqn_of_auts(key, topc, rand, token) == sqn
    assert tuak.sqn_of_auts(key, topc, rand, bytes(14)) is None
    assert tuak.ck_ik(key, topc, rand) == tuak.f2_to_f5(key, topc, rand)[1:3]


@given(st.sampled_from((1, 2)), st.binary(max_size=40))
def test_what_is_concealed_can_be_revealed_by_the_home_network_only(
    scheme: int, plain: bytes
) -> None:
    private_key = PRIVATE_KEYS[scheme]
    output = suci.conceal(scheme, suci.public_key(scheme, private_key), plain)
    assert suci.deconceal(scheme, private_key, output) == plain
    with pytest.raises(suci.SuciError, match="MAC tag"):
        suci.deconceal(scheme, bytes(range(2, 34)), output)


@given(st.sampled_from((1, 2, 3, 15)), st.binary(max_size=80))
def test_any_scheme_output_is_revealed_or_refused(scheme: int, output: bytes) -> None:
    with pytest.raises(suci.SuciError):
        suci.deconceal(scheme, PRIVATE_KEYS.get(scheme, bytes(32)), output)


def test_wrong_suci_keys_are_refused() -> None:
    for scheme in (1, 2):
        with pytest.raises(suci.SuciError):
            suci.conceal(scheme, b"short", b"plain")
        with pytest.raises(suci.SuciError):
            suci.public_key(scheme, bytes(0) if scheme == 1 else bytes(32))
    with pytest.raises(suci.SuciError):
        suci.conceal(9, b"", b"")
    with pytest.raises(suci.SuciError):
        suci.public_key(0, bytes(32))


def test_names_and_identities_of_the_key_hierarchy() -> None:
    assert keys.serving_network_name("999", "70") == "5G:mnc070.mcc999.3gppnetwork.org"
    assert keys.serving_network_name("310", "410") == "5G:mnc410.mcc310.3gppnetwork.org"
    for text in ("imsi-999700000000001", "999700000000001"):
        assert keys.k_amf(bytes(32), text, b"\0\0") == keys.k_amf(
            bytes(32), "999700000000001", b"\0\0"
        )
    assert keys.k_amf(bytes(32), "nai-a@b", b"") == keys.k_amf(bytes(32), "a@b", b"")
    assert keys.k_ausf_from_emsk(bytes(range(64))) == bytes(range(32))


def test_keys_of_one_kind_differ_from_those_of_every_other() -> None:
    root = bytes(range(32))
    derived = [
        function(root, algorithm)
        for function in (
            keys.k_nas_enc,
            keys.k_nas_int,
            keys.k_rrc_enc,
            keys.k_rrc_int,
            keys.k_up_enc,
            keys.k_up_int,
        )
        for algorithm in (1, 2, 3)
    ]
    derived += [
        keys.k_gnb(root, 0),
        keys.k_gnb(root, 0, 2),
        keys.k_gnb(root, 1),
        keys.nh(root, bytes(32)),
        keys.k_ng_ran_star(root, 1, 2),
        keys.k_amf_prime(root, 0, 1),
        keys.k_amf_prime(root, 1, 1),
        keys.k_seaf(root, "a"),
    ]
    assert len(set(derived)) == len(derived)
    assert {len(each) for each in derived} == {16, 32}


def test_at_mac_counts_itself_as_zeros() -> None:
    packet = bytes.fromhex("0101002032010000") + bytes.fromhex("0b050000") + bytes(16) + b"abcd"
    mac = eap_aka_prime.at_mac(bytes(32), packet)
    sent = packet[:12] + mac + packet[28:]
    assert eap_aka_prime.at_mac(bytes(32), sent) == mac
    assert eap_aka_prime.at_mac(bytes(32), sent[:-1] + b"x") != mac
    with pytest.raises(ValueError, match="AT_MAC"):
        eap_aka_prime.at_mac(bytes(32), bytes(20))


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "HS256"])
def test_tokens_are_signed_and_verified(algorithm: str) -> None:
    private: tokens.SigningKey
    public: tokens.VerifyingKey
    if algorithm == "ES256":
        private = ec.generate_private_key(ec.SECP256R1())
        public = private.public_key()
    elif algorithm == "RS256":
        private = rsa.generate_private_key(65537, 2048)
        public = private.public_key()
    else:
        private = public = b"secret" * 6
    token = tokens.parse(tokens.sign(CLAIMS, private, algorithm))
    assert tokens.verify(token, public)
    assert token.algorithm == algorithm
    assert (token.issuer, token.subject, token.audience) == ("nrf", "amf", "UDM")
    assert token.scope == {"nudm-sdm", "nudm-uecm"}
    assert token.expires == 99
    other = tokens.parse(tokens.sign({**CLAIMS, "aud": "AMF"}, private, algorithm))
    forged = tokens.AccessToken(other.header, other.claims, token.signature, other.signing_input)
    assert not tokens.verify(forged, public)
    assert not tokens.verify(tokens.parse(tokens.unsigned(CLAIMS)), public)
    with pytest.raises(ValueError, match="does not go with"):
        tokens.sign(CLAIMS, private, "EdDSA")


def test_an_unsigned_token_is_read_as_what_it_is() -> None:
    token = tokens.parse(tokens.unsigned(CLAIMS))
    assert (token.algorithm, token.signature) == ("none", b"")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "1 parts"),
        ("a.b", "2 parts"),
        ("e30.e30.a=", "not in base64url"),
        ("!!.e30.", "not in base64url"),
        ("bm90IGpzb24.e30.", "no JSON"),
        ("W10.e30.", "no JSON object"),
        ("x" * 70_000, "70000 characters"),
    ],
)
def test_what_is_no_token(text: str, expected: str) -> None:
    with pytest.raises(tokens.TokenError, match=expected):
        tokens.parse(text)


@given(st.text() | st.from_regex(r"[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*"))
def test_any_text_is_a_token_or_refused(text: str) -> None:
    try:
        token = tokens.parse(text)
    except tokens.TokenError:
        return
    assert token.audience is None or isinstance(token.audience, str | tuple)
    assert isinstance(token.scope, frozenset)
