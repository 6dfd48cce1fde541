"""TLS hello messages as OpenSSL writes them, and what TS 33.210 lets a server choose."""

from __future__ import annotations

import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makmal.played.services import ServerTls
from makmal.protocol import tls
from makmal.protocol.errors import DecodeError

SERVER = ServerTls()
NAME = "amf.5gc.mnc070.mcc999.3gppnetwork.org"


def hellos(version: ssl.TLSVersion, ciphers: str | None = None) -> tuple[bytes, bytes]:
    """The first octets of client and server."""
    client = ssl.create_default_context(cadata=SERVER.certificate)
    client.set_alpn_protocols(["h2", "http/1.1"])
    client.minimum_version = client.maximum_version = version
    if ciphers is not None:
        client.set_ciphers(ciphers)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = (
        client.wrap_bio(to_client, to_server, server_hostname=NAME),
        SERVER.context.wrap_bio(to_server, to_client, server_side=True),
    )
    written = []
    for end, out in zip(ends, (to_server, to_client), strict=True):
        with pytest.raises(ssl.SSLWantReadError):
            end.do_handshake()
        octets = out.read()
        written.append(octets)
        out.write(octets)
    return written[0], written[1]


TLS_1_3 = hellos(ssl.TLSVersion.TLSv1_3)
TLS_1_2 = hellos(ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-GCM-SHA256")


def test_client_hello() -> None:
    assert tls.looks_like_tls(TLS_1_3[0])
    hello = tls.read_hello(TLS_1_3[0])
    assert isinstance(hello, tls.ClientHello)
    assert hello.server_name == NAME
    assert hello.versions == (0x0304,)
    assert hello.application_protocols == ("h2", "http/1.1")
    assert 0x1301 in hello.cipher_suites
    older = tls.read_hello(TLS_1_2[0])
    assert isinstance(older, tls.ClientHello)
    assert older.versions == (0x0303,)


def test_server_hello() -> None:
    hello = tls.read_hello(TLS_1_3[1])
    assert isinstance(hello, tls.ServerHello)
    assert (hello.negotiated_version, hello.version_name) == (0x0304, "TLS 1.3")
    assert hello.cipher_suite_name.startswith("TLS_")
    assert hello.is_suite_allowed
    older = tls.read_hello(TLS_1_2[1])
    assert isinstance(older, tls.ServerHello)
    assert (older.negotiated_version, older.version_name) == (0x0303, "TLS 1.2")
    assert older.cipher_suite_name == "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
    assert older.is_suite_allowed


@pytest.mark.parametrize("octets", [*TLS_1_3, *TLS_1_2], ids=["c3", "s3", "c2", "s2"])
def test_a_hello_that_is_cut_needs_more(octets: bytes) -> None:
    whole = tls.read_hello(octets)
    first = 5 + int.from_bytes(octets[3:5], "big")
    for cut in range(first):
        assert tls.read_hello(octets[:cut]) is None
    assert tls.read_hello(octets[:first]) == whole


def test_a_hello_in_several_records() -> None:
    octets = TLS_1_3[0]
    handshake = octets[5:]
    split = b"".join(
        octets[:3] + len(part).to_bytes(2, "big") + part
        for part in (handshake[:3], handshake[3:100], handshake[100:])
    )
    assert tls.read_hello(split) == tls.read_hello(octets)


def test_suites_that_ts_33_210_does_not_allow() -> None:
    assert tls.is_suite_allowed(0xC02F)
    for suite in (0x0000, 0x003B, 0x002F, 0x009C, 0xC013, 0xC027, 0x1305, 0xFFFF):
        assert not tls.is_suite_allowed(suite), tls.cipher_suite_name(suite)
    assert tls.cipher_suite_name(0x009C) == "TLS_RSA_WITH_AES_128_GCM_SHA256"
    assert tls.cipher_suite_name(0xFFFF) == "cipher suite 0xffff"
    assert tls.version_name(0x0301) == "TLS 1.0"


@pytest.mark.parametrize(
    "octets", [b"GET / HTTP/1.1\r\n", b"\x17\x03\x03\0\x10", b"\x16\x03\x01\0\0"]
)
def test_what_is_no_handshake(octets: bytes) -> None:
    with pytest.raises(DecodeError) as raised:
        tls.read_hello(octets + bytes(16))
    assert raised.value.protocol == "TLS"


def _read(octets: bytes) -> None:
    try:
        hello = tls.read_hello(octets)
    except DecodeError as error:
        assert 0 <= error.offset <= len(octets)
        return
    if isinstance(hello, tls.ClientHello):
        assert hello.server_name is None or isinstance(hello.server_name, str)
        assert isinstance(hello.versions, tuple)
        assert isinstance(hello.application_protocols, tuple)
    elif hello is not None:
        assert isinstance(hello.version_name, str)


@given(st.binary(max_size=300))
def test_any_octets(octets: bytes) -> None:
    _read(octets)
    _read(b"\x16\x03\x01" + octets)


@given(st.sampled_from([*TLS_1_3, *TLS_1_2]), st.data())
def test_real_hellos_changed(octets: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, min(len(octets), 400) - 1))
    _read(octets[:at] + bytes((data.draw(st.integers(0, 255)),)) + octets[at + 1 :])
