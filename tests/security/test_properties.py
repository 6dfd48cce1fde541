"""What must hold of the algorithms for any input, and what they say about wrong ones."""

from __future__ import annotations

from typing import Any

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


@given(st.integers(0, 3), KEY, st.binary(max_size=24), st.data())
def test_bits_beyond_the_length_count_for_nothing(
    algorithm: int, key: bytes, data: bytes, draw: st.DataObject
) -> None:
    bits = draw.draw(st.integers(0, len(data) * 8))
    size = (bits + 7) // 8
    kept = (int.from_bytes(data, "big") >> len(data) * 8 - bits << -bits % 8).to_bytes(size, "big")
    arguments = (algorithm, key, 7, 3, Direction.DOWNLINK)
    text = cipher(*arguments, data, bits)
    assert text == cipher(*arguments, kept, bits)
    assert cipher(*arguments, text, bits) == kept
    assert integrity(*arguments, data, bits) == integrity(*arguments, kept, bits)


def test_null_algorithms() -> None:
    assert cipher(0, bytes(16), 1, 1, Direction.UPLINK, b"abc") == b"abc"
    assert integrity(0, bytes(16), 1, 1, Direction.UPLINK, b"abc") == bytes(4)


@pytest.mark.parametrize("function", [cipher, integrity])
@pytest.mark.parametrize("algorithm", range(4))
def test_inputs_that_do_not_fit_are_refused(function: object, algorithm: int) -> None:
    """A larger input would run into its neighbour (TS 33.401, B.1.1)."""
    assert callable(function)
    for count, bearer, bits, expected in (
        (2**32, 0, None, "32 bits"),
        (-1, 0, None, "32 bits"),
        (0, 32, None, "5 bits"),
        (0, -1, None, "5 bits"),
        (0, 0, 17, "17 bits"),
        (0, 0, -1, "-1 bits"),
    ):
        with pytest.raises(ValueError, match=expected):
            function(algorithm, bytes(16), count, bearer, Direction.UPLINK, b"ab", bits)


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
    result = tuak.f2_to_f5(key, topc, rand)
    assert tuak.ck_ik(key, topc, rand) == (result.ck, result.ik)


@pytest.mark.parametrize("wrong", range(5))
def test_authentication_functions_refuse_inputs_of_wrong_lengths(wrong: int) -> None:
    for module, sizes in ((milenage, (16, 16, 16, 6, 2)), (tuak, (32, 32, 16, 6, 2))):
        assert len(module.f1(*map(bytes, sizes))) == 8
        for by in (-1, 1):
            changed = [size + by * (index == wrong) for index, size in enumerate(sizes)]
            with pytest.raises(ValueError, match=f"of {changed[wrong]} octets"):
                module.f1(*map(bytes, changed))
            if wrong < 3:
                with pytest.raises(ValueError, match=f"of {changed[wrong]} octets"):
                    module.f2_to_f5(*map(bytes, changed[:3]))
    with pytest.raises(ValueError, match="OP of 15 octets"):
        milenage.compute_opc(bytes(16), bytes(15))


def test_tuak_refuses_lengths_that_it_does_not_have() -> None:
    inputs = bytes(16), bytes(32), bytes(16)
    for name, sizes in (("res", (5, 64)), ("ck", (8, 24)), ("ik", (8, 24))):
        for size in sizes:
            with pytest.raises(ValueError, match=f"no {name.upper()} of {size} octets"):
                tuak.f2_to_f5(*inputs, **{f"{name}_octets": size})
    for size in (4, 12):
        with pytest.raises(ValueError, match=f"no MAC of {size} octets"):
            tuak.f1(*inputs, bytes(6), bytes(2), mac_octets=size)


@given(st.sampled_from((1, 2)), st.binary(max_size=40))
def test_what_is_concealed_can_be_revealed_by_the_home_network_only(
    scheme: int, plain: bytes
) -> None:
    private_key = PRIVATE_KEYS[scheme]
    output = suci.conceal(scheme, suci.public_key(scheme, private_key), plain)
    assert suci.deconceal(scheme, private_key, output) == plain
    with pytest.raises(suci.SuciError, match="MAC tag"):
        suci.deconceal(scheme, bytes(range(2, 34)), output)


@given(st.sampled_from((1, 2)), st.binary(max_size=40), st.data())
def test_a_mangled_scheme_output_is_refused(scheme: int, plain: bytes, draw: st.DataObject) -> None:
    output = suci.conceal(scheme, suci.public_key(scheme, PRIVATE_KEYS[scheme]), plain)
    bit = draw.draw(st.integers(0, len(output) * 8 - 1))
    changed = (int.from_bytes(output, "big") ^ 1 << bit).to_bytes(len(output), "big")
    shorter = output[: draw.draw(st.integers(0, len(output) - 1))]
    for mangled in (changed, shorter, output + b"\0"):
        with pytest.raises(suci.SuciError):
            suci.deconceal(scheme, PRIVATE_KEYS[scheme], mangled)


@given(st.sampled_from((1, 2, 3, 15)), st.binary(max_size=80))
def test_any_scheme_output_is_revealed_or_refused(scheme: int, output: bytes) -> None:
    with pytest.raises(suci.SuciError):
        suci.deconceal(scheme, PRIVATE_KEYS.get(scheme, bytes(32)), output)


def test_wrong_suci_keys_are_refused() -> None:
    for scheme in (1, 2):
        with pytest.raises(suci.SuciError):
            suci.conceal(scheme, b"short", b"plain")
        public = suci.public_key(scheme, PRIVATE_KEYS[scheme])
        for wrong in (bytes(31), b"\1" * 33, b""):
            with pytest.raises(suci.SuciError, match="private key"):
                suci.conceal(scheme, public, b"plain", wrong)
            with pytest.raises(suci.SuciError, match="private key"):
                suci.deconceal(scheme, wrong, suci.conceal(scheme, public, b"plain"))
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
    for wrong in (bytes(20), packet[:27], packet[:9] + b"\4" + packet[10:], packet[:8]):
        with pytest.raises(ValueError, match="AT_MAC"):
            eap_aka_prime.at_mac(bytes(32), wrong)


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


def test_es256_goes_with_p256_only() -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    with pytest.raises(ValueError, match="does not go with"):
        tokens.sign(CLAIMS, key, "ES256")
    token = tokens.parse(tokens.sign(CLAIMS, ec.generate_private_key(ec.SECP256R1()), "ES256"))
    assert not tokens.verify(token, key.public_key())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("iss", 1), ("sub", ["a"]), ("scope", ["a"]), ("scope", None), ("aud", 1)),
        *(("aud", ["a", 1]), ("aud", {}), ("exp", "99"), ("exp", True), ("exp", None)),
        *(("exp", float("nan")), ("exp", float("inf"))),
    ],
)
def test_claims_of_wrong_types_make_no_token(name: str, value: object) -> None:
    """TS 29.510, 6.3.5.2.4: the types of AccessTokenClaims."""
    with pytest.raises(tokens.TokenError):
        tokens.parse(tokens.unsigned({**CLAIMS, name: value}))


def test_claims_may_be_missing_or_of_several_kinds() -> None:
    token = tokens.parse("e30.e30.")
    assert (token.algorithm, token.issuer, token.subject, token.audience) == (None,) * 4
    assert (token.scope, token.expires) == (frozenset(), None)
    token = tokens.parse(tokens.unsigned({"aud": ["a", "b"], "exp": 1.5}))
    assert (token.audience, token.expires) == (("a", "b"), 1)
    assert tokens.parse(tokens.unsigned({"exp": 10**400})).expires is None


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


@pytest.mark.parametrize("algorithms", [milenage, tuak])
@pytest.mark.parametrize("octets", [0, 3, 6, 7, 13, 15, 17, 40])
def test_a_challenge_of_another_length_is_not_verified(algorithms: Any, octets: int) -> None:
    constant = bytes(32 if algorithms is tuak else 16)
    arguments = (bytes(16), constant, bytes(16), bytes(octets))
    assert algorithms.verifies_autn(*arguments) is False
    assert algorithms.sqn_of_auts(*arguments) is None
