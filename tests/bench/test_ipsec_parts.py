"""The parts of the other end of IPsec: its target fields, charon's protocol and log, frames."""

from __future__ import annotations

import asyncio
import re
import shutil
from io import BytesIO
from ipaddress import ip_network
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makmal.bench.hooks import Hooks
from makmal.bench.ipsec import charon, vici, wire
from makmal.bench.ipsec.charon_log import CharonLog
from makmal.bench.ipsec.offers import IKE_OFFERS
from makmal.bench.ipsec.peer import altered
from makmal.bench.not_done import NotDoneError
from makmal.bench.opening import bench_opener
from makmal.bench.target import Target, TargetError, parse_target
from makmal.judges.verdict import Outcome
from makmal.network.frame_recorder import FrameRecorder
from makmal.network.upf import packets
from makmal.testcases.registry import test_cases
from makmal.trace.capture import open_capture
from makmal.trace.dissect import Dissector
from makmal.trace.trace import Trace

HEAD = """
[product]
name = "a UPF"
vendor = "somebody"
version = "1"
class = "UPF"
attachment = "surrounded"
[addresses]
n3 = "127.0.2.1"
n4 = "127.0.2.1"
[laboratory]
first_address = "127.0.2.10"
[scope]
networks = ["127.0.0.0/8", "10.60.0.0/16"]
"""
IPSEC = """
[ipsec]
local = "127.0.3.1"
pre_shared_key = "secret"
[ipsec.n3]
peer = "127.0.3.2"
[ipsec.n4]
peer = "127.0.3.3"
our_networks = ["127.0.2.0/24"]
"""


def test_a_tunnel_is_for_the_addresses_of_its_interface_unless_others_are_named() -> None:
    settings = parse_target(HEAD + IPSEC).ipsec
    assert settings is not None
    assert settings.tunnels["n3"].our_networks == (
        ip_network("127.0.2.10"),
        ip_network("127.0.2.11"),
    )
    assert settings.tunnels["n3"].peer_networks == (ip_network("127.0.2.1"),)
    assert settings.tunnels["n4"].our_networks == (ip_network("127.0.2.0/24"),)
    assert "secret" not in repr(settings)
    known = parse_target(HEAD + IPSEC).knowledge()
    assert known.security_gateways["n4"] == (ip_network("127.0.3.3"), ip_network("127.0.3.1"))
    assert known.interface_between("127.0.3.3", "127.0.3.1") == "n4"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (IPSEC.replace('pre_shared_key = "secret"', ""), "give either pre_shared_key, or"),
        (IPSEC.replace('"127.0.3.2"', '"192.0.2.1"'), "192.0.2.1 is outside the scope"),
        (IPSEC.replace("[ipsec.n3]", "[ipsec.n2]"), "n2"),
        ('[ipsec]\nlocal = "127.0.3.1"\npre_shared_key = "s"', "name the product's end under"),
        (
            IPSEC.replace('pre_shared_key = "secret"', 'certificate = "a.pem"'),
            "private_key.* is missing beside certificate",
        ),
        (IPSEC.replace('peer = "127.0.3.2"', ""), "peer.* is missing in .ipsec.n3."),
    ],
)
def test_a_mistake_is_one_sentence(text: str, reason: str) -> None:
    with pytest.raises(TargetError, match=reason):
        parse_target(HEAD + text)


def test_only_a_surrounded_upf_has_it() -> None:
    embedded = '[product]\nclass = "UPF"\nattachment = "embedded"\n'
    with pytest.raises(TargetError, match="is for a UPF that is surrounded"):
        parse_target(embedded + IPSEC)


# What a machine lacks.


def verdict_of(name: str, target: Target, tmp_path: Path) -> tuple[Outcome, str]:
    stream, case = BytesIO(), test_cases()[name]()

    async def run() -> None:
        opener = bench_opener(Hooks({}, tmp_path))
        async with opener(target, FrameRecorder(stream)) as bench:
            assert await bench.probe() is None
            try:
                await case.procedure(bench)
            except NotDoneError as error:
                bench.not_done(str(error))

    asyncio.run(run())
    file = tmp_path / "trace.pcapng"
    file.write_bytes(stream.getvalue())
    with open_capture(file) as capture:
        dissector = Dissector(target.knowledge(), capture.secrets)
        messages = [each for frame in capture for each in dissector.feed(frame)]
    verdict = case.judge(Trace(tuple(messages), target.knowledge()))
    return verdict.outcome, verdict.reason


@pytest.mark.parametrize("name", ["TC_UP_DATA_CONF_UPF", "TC_TEID_ID_UNIQUENESS_UPF"])
def test_without_strongswan_nothing_is_sent_and_the_verdict_says_what_to_install(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(charon, "_CHARON", (str(tmp_path / "charon"),))
    outcome, reason = verdict_of(name, parse_target(HEAD + IPSEC), tmp_path)
    assert outcome is Outcome.INCONCLUSIVE
    assert "apt-get install strongswan-charon" in reason


def test_what_is_missing_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "charon"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o700)
    monkeypatch.setattr(charon, "_CHARON", (str(program),))
    monkeypatch.setattr(charon.os, "geteuid", lambda: 1000)
    assert charon.what_is_missing() == (
        "strongSwan needs TUN interfaces and raw sockets: run as root"
    )
    monkeypatch.setattr(charon.os, "geteuid", lambda: 0)
    monkeypatch.setattr(charon, "_TUN", tmp_path / "tun")
    assert "modprobe tun" in (charon.what_is_missing() or "")
    (tmp_path / "plugins").mkdir()
    assert "plugin vici is not on this machine" in (charon.what_is_missing() or "")


# charon's protocol.


@given(
    st.recursive(
        st.dictionaries(
            st.text(max_size=8), st.text(max_size=20) | st.lists(st.text(max_size=8), max_size=3)
        ),
        lambda inner: st.dictionaries(st.text(max_size=8), inner | st.text(max_size=5)),
        max_leaves=8,
    )
)
def test_a_message_is_read_back(message: dict[str, vici.Value]) -> None:
    assert vici.decode(vici.encode(message)) == message


@given(st.binary(max_size=60))
def test_any_octets_are_read_or_refused(octets: bytes) -> None:
    try:
        vici.decode(octets)
    except vici.ViciError as error:
        assert str(error).startswith("charon's answer")


def answered(answer: bytes | None) -> vici.Section:
    async def run() -> vici.Section:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            length = int.from_bytes(await reader.readexactly(4), "big")
            assert (await reader.readexactly(length))[:9] == b"\0\x07version"
            if answer is not None:
                writer.write(len(answer).to_bytes(4, "big") + answer)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            client = vici.ViciClient(
                *await asyncio.open_connection(*server.sockets[0].getsockname())
            )
            try:
                return await client.request("version", seconds=5.0)
            finally:
                client.close()

    return asyncio.run(run())


def test_charon_answers_refuses_or_is_gone() -> None:
    assert answered(b"\x01" + vici.encode({"daemon": "charon"})) == {"daemon": "charon"}
    refused = b"\x01" + vici.encode({"success": "no", "errmsg": "why"})
    for answer, reason in (
        (refused, "version: why"),
        (b"\x02", "knows no command version"),
        (None, "ended before it answered version"),
    ):
        with pytest.raises(vici.ViciError, match=reason):
            answered(answer)


# charon's log.

LOG = """00[DMN] Starting IKE charon daemon
16[CHD]   using AES_CBC for encryption
16[CHD]   using HMAC_SHA2_256_128 for integrity
16[CHD] seed => 64 bytes @ 0x7f38599d1960
16[CHD]    0: F2 AA 58 3F BD F3 AB AF 39 06 66 45 CD F4 A8 11  ..X?....9.fE....
16[CHD] encryption initiator key => 16 bytes @ 0x7f382c003d40
16[CHD]    0: AE 1E 42 9E CF 6B 37 AE 3D 2D A5 BA F6 B9 E0 9E  ..B..k7.=-......
16[CHD] encryption responder key => 16 bytes @ 0x7f382c00cf70
16[CHD]    0: 5E 66 7A 18 9D 43 33 7F 4F 52 F2 7D 5E D2 C3 40  ^fz..C3.OR.}^..@
16[CHD] integrity initiator key => 20 bytes @ 0x7f382c00cf70
16[CHD]    0: 00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F  ................
16[CHD]   16: 42 74 02 DF                                      Bt..
16[CHD] integrity responder key => 4 bytes @ 0x7f382c00cf70
16[CHD]    0: 88 67 85 76                                      .g.v
16[CHD] adding inbound ESP SA
16[CHD]   SPI 0xf06c9ac2, src 198.18.9.2 dst 198.18.9.1
16[CHD] adding outbound ESP SA
16[CHD]   SPI 0xea6a969f, src 198.18.9.1 dst 198.18.9.2
11[IKE] received AUTHENTICATION_FAILED notify error
"""


@given(st.lists(st.integers(0, len(LOG)), max_size=6))
def test_the_keys_of_both_directions_are_read_wherever_the_log_is_cut(cuts: list[int]) -> None:
    log = CharonLog()
    places = [0, *sorted(cuts), len(LOG)]
    found = [each for start, end in pairwise(places) for each in log.feed(LOG[start:end])]
    inbound, outbound = found
    assert (inbound.index, inbound.receiver) == (0xF06C9AC2, "198.18.9.1")
    assert inbound.algorithms == "ENCR_AES_CBC AUTH_HMAC_SHA2_256_128"
    assert inbound.encryption_key.hex().startswith("5e667a18")
    assert inbound.integrity_key.hex() == "88678576"
    assert (outbound.index, outbound.receiver) == (0xEA6A969F, "198.18.9.2")
    assert outbound.integrity_key == bytes(range(16)) + bytes.fromhex("427402df")
    assert log.reasons == ["the product answered AUTHENTICATION_FAILED"]


# Frames and offers.

NEAR, FAR = bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2))


def test_a_datagram_is_found_in_its_frame_and_nothing_else_is() -> None:
    packet = packets.udp_packet(NEAR, FAR, 4500, 500, b"content")
    link = bytes(range(12)) + b"\x08\x00"
    found = wire.datagram_of(link + packet + bytes(6), outgoing=True)
    assert found is not None
    assert (found.source, found.destination) == (("192.0.2.1", 4500), ("192.0.2.2", 500))
    assert (found.payload, found.link, found.outgoing) == (b"content", link, True)
    fragment = packet[:6] + b"\x20" + packet[7:]
    for octets in (link, link + fragment, link + packet[:20], b"", link + packet[:9] + b"\x06"):
        assert wire.datagram_of(octets, outgoing=False) is None


def test_an_interface_is_told_or_why_it_is_not() -> None:
    if shutil.which("ip") is None:
        pytest.skip("the program ip is not installed (Debian: iproute2)")
    with pytest.raises(NotDoneError, match="both addresses of this machine"):
        asyncio.run(wire.interface_towards("127.0.0.1", "127.0.0.2"))
    with pytest.raises(NotDoneError, match=re.escape("there is no way from 192.0.2.77")):
        asyncio.run(wire.interface_towards("192.0.2.77", "192.0.2.78"))


def test_an_altered_packet_differs_in_its_sequence_number() -> None:
    esp = bytes.fromhex("0000123400000009") + b"content"
    assert altered(esp) == bytes.fromhex("000012340000000a") + b"content"
    assert altered(esp[:4] + b"\xff\xff\xff\xff" + esp[8:])[4:8] == bytes(4)


@pytest.mark.parametrize("name", IKE_OFFERS)
def test_each_offer_has_what_it_is_named_after_and_nothing_else_that_is_forbidden(
    name: str,
) -> None:
    forbidden = [each.name for each in IKE_OFFERS[name] if each.is_forbidden]
    assert sorted(forbidden) == sorted(re.split(", | and ", name))
    assert len(IKE_OFFERS[name]) == 4
