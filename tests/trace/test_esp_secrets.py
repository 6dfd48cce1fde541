"""Keys of ESP associations: what they open, what stays closed, and what nobody may use."""

from __future__ import annotations

import hmac
import shutil
import subprocess
from io import BytesIO
from ipaddress import ip_network
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from makmal.network.esp import EspChoices, OutboundAssociation
from makmal.network.frame_recorder import FrameRecorder
from makmal.network.upf import packets
from makmal.protocol import ike
from makmal.trace.capture import open_capture
from makmal.trace.dissect import Dissector
from makmal.trace.esp_secrets import EspAssociation, EspSecrets
from makmal.trace.frame import Endpoint
from makmal.trace.knowledge import Knowledge, knowledge_text, parse_knowledge
from makmal.trace.message import GtpuMessage, IkeMessage, ProtectedPacket, Undecodable

KEY = bytes(range(20))
NEAR, FAR = bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2))
PACKET = packets.udp_packet(NEAR, FAR, 2152, 2152, b"\x30\xff\0\x04\0\0\0\x01data")
GCM = EspAssociation(0x1234, "198.18.0.2", "ENCR_AES_GCM_16", KEY)
GATEWAYS = Endpoint("198.18.0.1", 4500), Endpoint("198.18.0.2", 4500)
KNOWN = Knowledge(
    interface_addresses={"n3": (ip_network("192.0.2.2"), ip_network("192.0.2.1"))},
    security_gateways={"n3": (ip_network("198.18.0.2"), ip_network("198.18.0.1"))},
)


def with_hash(encryption: str, name: str) -> tuple[EspAssociation, bytes]:
    """An association without combined mode, and a packet of it."""
    key, integrity_key = bytes(range(16)), bytes(range(32))
    header = (0x1234).to_bytes(4, "big") + (1).to_bytes(4, "big")
    block = 16 if encryption == "ENCR_AES_CBC" else 4
    padding = -(len(PACKET) + 2) % block
    body = PACKET + bytes(range(1, padding + 1)) + bytes((padding, 4))
    if encryption == "ENCR_AES_CBC":
        vector = bytes(range(100, 116))
        encryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
        body = vector + encryptor.update(body) + encryptor.finalize()
    size = {"sha256": 16, "sha1": 12}[name]
    value = hmac.digest(integrity_key, header + body, name)[:size]
    full = {"sha256": "AUTH_HMAC_SHA2_256_128", "sha1": "AUTH_HMAC_SHA1_96"}[name]
    encryption_key = b"" if encryption == "ENCR_NULL" else key
    association = EspAssociation(
        0x1234, "198.18.0.2", encryption, encryption_key, full, integrity_key
    )
    return association, header + body + value


@pytest.mark.parametrize("encryption", ["ENCR_AES_CBC", "ENCR_NULL"])
@pytest.mark.parametrize("name", ["sha256", "sha1"])
def test_packets_with_a_hash_are_opened_and_altered_ones_are_not(
    encryption: str, name: str
) -> None:
    association, packet = with_hash(encryption, name)
    assert association.open(packet) == PACKET
    assert association.open(packet[:-1] + bytes((packet[-1] ^ 1,))) is None


@pytest.mark.parametrize("encrypts", [True, False])
def test_packets_of_combined_mode_are_opened_and_altered_ones_are_not(encrypts: bool) -> None:
    packet = OutboundAssociation(0x1234, KEY, EspChoices(encrypts=encrypts)).protect(PACKET)
    name = "ENCR_AES_GCM_16" if encrypts else "ENCR_NULL_AUTH_AES_GMAC"
    association = EspAssociation(0x1234, "198.18.0.2", name, KEY)
    assert association.open(packet) == PACKET
    assert association.open(packet[:-20] + bytes((packet[-20] ^ 1,)) + packet[-19:]) is None


@given(st.binary(max_size=100))
def test_any_octets_stay_closed(octets: bytes) -> None:
    assert GCM.open(octets) is None
    assert with_hash("ENCR_AES_CBC", "sha256")[0].open(octets) is None


def test_lines_are_read_back_and_others_passed_over() -> None:
    secrets = EspSecrets()
    kinds = (GCM, with_hash("ENCR_AES_CBC", "sha256")[0], with_hash("ENCR_NULL", "sha1")[0])
    for each in kinds:
        secrets.add(
            b"nonsense\n1 2 3 4 5 6\n1234 198.18.0.2 ENCR_AES_GCM_16 00 - -\n" + each.line()
        )
        assert secrets.of(bytes.fromhex("00001234"), "198.18.0.2") == each
    assert secrets.of(bytes.fromhex("00001234"), "198.18.0.1") is None


@pytest.mark.parametrize(
    ("encryption", "integrity", "weak"),
    [
        ("ENCR_DES", "AUTH_HMAC_SHA2_256_128", True),
        ("ENCR_AES_CBC", "AUTH_HMAC_MD5_96", True),
        ("ENCR_AES_CBC", "AUTH_HMAC_SHA2_256_128", False),
        ("ENCR_AES_GCM_16", "", False),
        ("ENCR_SOMETHING_NEW", "", False),
    ],
)
def test_what_nobody_may_use_is_known(encryption: str, integrity: str, weak: bool) -> None:
    assert EspAssociation(1, "::1", encryption, b"k", integrity).is_weak is weak


def recorded(tmp_path: Path, *, with_keys: bool) -> Path:
    stream = BytesIO()
    recorder = FrameRecorder(stream)
    if with_keys:
        recorder.esp_keys(GCM.line())
    esp = OutboundAssociation(0x1234, KEY, EspChoices()).protect(PACKET)
    recorder.datagram(1, *GATEWAYS, esp)
    weak = ike.Transform(ike.TransformType.DIFFIE_HELLMAN, ike.DiffieHellmanGroup.MODP_768)
    request = ike.initial_request(bytes(range(1, 9)), [weak], bytes(32))
    recorder.datagram(2, GATEWAYS[0]._replace(port=500), GATEWAYS[1]._replace(port=500), request)
    recorder.datagram(3, *GATEWAYS, bytes(4) + request)
    recorder.datagram(4, *GATEWAYS, bytes(4) + b"no IKE at all")
    file = tmp_path / "trace.pcapng"
    file.write_bytes(stream.getvalue())
    return file


@pytest.mark.parametrize("with_keys", [True, False])
def test_a_trace_with_keys_shows_what_is_inside_and_that_it_was_protected(
    tmp_path: Path, with_keys: bool
) -> None:
    with open_capture(recorded(tmp_path, with_keys=with_keys)) as capture:
        dissector = Dissector(KNOWN, capture.secrets)
        messages = [each for frame in capture for each in dissector.feed(frame)]
    packet = messages[0]
    assert isinstance(packet, ProtectedPacket)
    assert (packet.interface, packet.is_open) == ("N3", with_keys)
    inside = [each for each in messages if isinstance(each, GtpuMessage)]
    assert [each.inside_esp for each in inside] == [True] * with_keys
    exchanges = [each for each in messages if isinstance(each, IkeMessage)]
    assert [each.name for each in exchanges] == ["IKE_SA_INIT request"] * 2
    assert exchanges[1].message.proposals[0].transforms[0].is_forbidden
    assert isinstance(messages[-1], Undecodable)


def test_tshark_opens_such_a_file(tmp_path: Path) -> None:
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    file = recorded(tmp_path, with_keys=True)
    command = ["tshark", "-r", str(file), "-T", "fields", "-e", "_ws.col.Protocol"]
    read = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert read[:3] == ["ESP", "ISAKMP", "ISAKMP"]


def test_security_gateways_are_kept_in_the_file() -> None:
    assert parse_knowledge(knowledge_text(KNOWN)) == KNOWN
    assert KNOWN.interface_between("198.18.0.1", "198.18.0.2") == "n3"
