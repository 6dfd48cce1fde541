"""Every published test set of the algorithms (the files in ``vectors`` name the clauses)."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from makmal.security import eap_aka_prime, keccak, keys, milenage, snow3g, suci, tuak, zuc
from makmal.security.nas_algorithms import Direction, cipher, integrity, uia2

VECTORS = Path(__file__).parent / "vectors"


def sets(file: str, table: str) -> list[Any]:
    document = tomllib.loads((VECTORS / file).read_text(encoding="utf-8"))
    return [pytest.param(entry, id=f"{table} {n}") for n, entry in enumerate(document[table], 1)]


def octets(text: str) -> bytes:
    return bytes.fromhex(text)


@pytest.mark.parametrize(
    "given", sets("milenage.toml", "ts_35_207") + sets("milenage.toml", "ts_35_208")
)
def test_milenage(given: dict[str, str]) -> None:
    k, opc, rand = octets(given["k"]), octets(given["opc"]), octets(given["rand"])
    sqn, amf = octets(given["sqn"]), octets(given["amf"])
    assert milenage.compute_opc(k, octets(given["op"])) == opc
    assert milenage.f1(k, opc, rand, sqn, amf).hex() == given["f1"]
    assert milenage.f1_star(k, opc, rand, sqn, amf).hex() == given["f1_star"]
    assert milenage.f2(k, opc, rand).hex() == given["res"]
    assert milenage.f3(k, opc, rand).hex() == given["ck"]
    assert milenage.f4(k, opc, rand).hex() == given["ik"]
    assert milenage.f5(k, opc, rand).hex() == given["ak"]
    assert milenage.f5_star(k, opc, rand).hex() == given["ak_star"]
    result = milenage.f2_to_f5(k, opc, rand)
    for name in ("res", "ck", "ik", "ak"):
        assert getattr(result, name).hex() == given[name]
    # TS 33.102, 6.3.2: AUTN is SQN xor AK, AMF and MAC-A.
    concealed = int(given["sqn"], 16) ^ int(given["ak"], 16)
    autn = concealed.to_bytes(6, "big") + amf + octets(given["f1"])
    assert milenage.generate_autn(k, opc, rand, sqn, amf) == autn
    assert milenage.verifies_autn(k, opc, rand, autn)


@pytest.mark.parametrize("given", sets("tuak.toml", "keccak"))
def test_keccak(given: dict[str, str]) -> None:
    assert keccak.permute(octets(given["input"])).hex() == given["output"]


@pytest.mark.parametrize("given", sets("tuak.toml", "tuak"))
def test_tuak(given: dict[str, Any]) -> None:
    k, rand, iterations = octets(given["k"]), octets(given["rand"]), given["iterations"]
    sqn, amf = octets(given["sqn"]), octets(given["amf"])
    topc = tuak.compute_topc(k, octets(given["top"]), iterations)
    assert topc.hex() == given["topc"]
    size = len(given["f1"]) // 2
    for function, name in ((tuak.f1, "f1"), (tuak.f1_star, "f1_star")):
        mac = function(k, topc, rand, sqn, amf, mac_octets=size, iterations=iterations)
        assert mac.hex() == given[name]
    results = tuak.f2_to_f5(
        k,
        topc,
        rand,
        res_octets=len(given["res"]) // 2,
        ck_octets=len(given["ck"]) // 2,
        ik_octets=len(given["ik"]) // 2,
        iterations=iterations,
    )
    for name in ("res", "ck", "ik", "ak"):
        assert getattr(results, name).hex() == given[name]
    assert tuak.f5_star(k, topc, rand, iterations=iterations).hex() == given["ak_star"]


def _words_reversed(text: str) -> bytes:
    data = octets(text)
    return b"".join(data[at : at + 4] for at in (12, 8, 4, 0))


def _joined(words: list[int]) -> str:
    return b"".join(word.to_bytes(4, "big") for word in words).hex()


@pytest.mark.parametrize("given", sets("snow3g.toml", "keystream"))
def test_snow3g_keystream(given: dict[str, Any]) -> None:
    stream = _joined(
        snow3g.keystream(
            _words_reversed(given["key"]),
            _words_reversed(given["initialisation_vector"]),
            given.get("words", 2),
        )
    )
    assert stream.startswith(given["first"])
    assert stream.endswith(given.get("last", ""))


@pytest.mark.parametrize("given", sets("zuc.toml", "keystream"))
def test_zuc_keystream(given: dict[str, Any]) -> None:
    key, vector = octets(given["key"]), octets(given["initialisation_vector"])
    stream = _joined(zuc.keystream(key, vector, given.get("words", 2)))
    assert stream.startswith(given["first"])
    assert stream.endswith(given.get("last", ""))


@pytest.mark.parametrize(
    ("algorithm", "given"),
    [
        pytest.param(algorithm, *parameter.values, id=str(parameter.id))
        for algorithm, file, table in (
            (1, "snow3g.toml", "uea2"),
            (1, "snow3g.toml", "uea2_conformance"),
            (2, "aes.toml", "eea2"),
            (3, "zuc.toml", "eea3"),
        )
        for parameter in sets(file, table)
    ],
)
def test_ciphering(algorithm: int, given: dict[str, Any]) -> None:
    arguments = (octets(given["key"]), given["count"], given["bearer"])
    direction, bits = Direction(given["direction"]), given["bit_length"]
    data, output = octets(given["data"]), octets(given["output"])
    last = 0xFF00 >> bits % 8 & 0xFF if bits % 8 else 0xFF
    # The published outputs leave the bits beyond the length as they fell.
    expected = output[:-1] + bytes((output[-1] & last,))
    assert cipher(algorithm, *arguments, direction, data, bits) == expected
    back = cipher(algorithm, *arguments, direction, expected, bits)
    assert back == data[:-1] + bytes((data[-1] & last,))


@pytest.mark.parametrize(
    ("algorithm", "given"),
    [
        pytest.param(algorithm, *parameter.values, id=str(parameter.id))
        for algorithm, file, table in (
            (1, "snow3g.toml", "eia1"),
            (2, "aes.toml", "eia2"),
            (3, "zuc.toml", "eia3"),
        )
        for parameter in sets(file, table)
    ],
)
def test_integrity(algorithm: int, given: dict[str, Any]) -> None:
    mac = integrity(
        algorithm,
        octets(given["key"]),
        given["count"],
        given["bearer"],
        Direction(given["direction"]),
        octets(given["data"]),
        given["bit_length"],
    )
    assert mac.hex() == given["output"]


@pytest.mark.parametrize("given", sets("snow3g.toml", "uia2"))
def test_uia2(given: dict[str, Any]) -> None:
    mac = uia2(
        octets(given["key"]),
        given["count"],
        given["fresh"],
        given["direction"],
        octets(given["data"]),
        given["bit_length"],
    )
    assert mac.hex() == given["output"]


@pytest.mark.parametrize("given", sets("suci.toml", "suci"))
def test_suci(given: dict[str, Any]) -> None:
    scheme, plain = given["scheme"], octets(given["plain"])
    output = suci.conceal(
        scheme, octets(given["public_key"]), plain, octets(given["ephemeral_private_key"])
    )
    assert output.hex() == given["output"]
    assert suci.deconceal(scheme, octets(given["private_key"]), output) == plain
    if scheme:
        public = suci.public_key(scheme, octets(given["private_key"]))
        assert public[1:33] in octets(given["public_key"])


@pytest.mark.parametrize("given", sets("eap_aka_prime.toml", "case"))
def test_eap_aka_prime(given: dict[str, str]) -> None:
    ck_prime, ik_prime = keys.ck_ik_prime(
        octets(given["ck"]), octets(given["ik"]), given["network"], octets(given["autn"])[:6]
    )
    assert (ck_prime.hex(), ik_prime.hex()) == (given["ck_prime"], given["ik_prime"])
    derived = eap_aka_prime.derive_keys(ik_prime, ck_prime, given["identity"])
    for name in ("k_encr", "k_aut", "k_re", "msk", "emsk"):
        assert getattr(derived, name).hex() == given[name]
