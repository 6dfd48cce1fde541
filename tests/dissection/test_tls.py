"""Decryption of TLS: the trace of RFC 8448, conversations of OpenSSL, tshark as the witness."""

from __future__ import annotations

import contextlib
import shutil
import ssl
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makmal.network.frame_recorder import FrameRecorder
from makmal.network.recorder import PayloadRecorder, Recorder
from makmal.played.services import ServerTls
from makmal.protocol.errors import DecodeError
from makmal.protocol.tls import ClientHello, HandshakeMessage, HandshakeType, ServerHello
from makmal.security.tls_protection import SUITES
from makmal.trace.capture import open_capture
from makmal.trace.dissect import Dissector
from makmal.trace.frame import Endpoint
from makmal.trace.knowledge import Knowledge, KnowledgeError, knowledge_text, parse_knowledge
from makmal.trace.message import Message, SbiMessage, TlsHandshake, TlsMessage
from makmal.trace.tls_reading import Alert, ApplicationData, TlsReading
from makmal.trace.tls_secrets import TlsSecrets

VECTORS = Path(__file__).parents[1] / "security" / "vectors" / "tls13.toml"
SERVER = ServerTls()
NAME = "udm.5gc.mnc070.mcc999.3gppnetwork.org"
# From OpenSSL's names to what it offers alone at TLS 1.2.
SUITES_1_2 = (
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-ECDSA-AES128-CCM",
    "ECDHE-ECDSA-AES256-CCM8",
    "ECDHE-ECDSA-AES128-SHA",
    "ECDHE-ECDSA-AES128-SHA256",
    "ECDHE-ECDSA-AES256-SHA384",
    "ECDHE-ECDSA-NULL-SHA",
)


def test_published_trace() -> None:
    vectors = tomllib.loads(VECTORS.read_text())
    secrets = TlsSecrets(
        "\n".join(
            f"{label} {vectors['client_random']} {secret}"
            for label, secret in vectors["secrets"].items()
        )
    )
    reading = TlsReading(secrets)
    events = [
        event
        for record in vectors["record"]
        for event in reading.feed(record["from"], bytes.fromhex(record["octets"]))
    ]
    assert isinstance(events[0], ClientHello)
    assert isinstance(events[1], ServerHello)
    kinds = [each.kind for each in events if isinstance(each, HandshakeMessage)]
    kind = HandshakeType
    assert kinds == [
        kind.ENCRYPTED_EXTENSIONS,
        kind.CERTIFICATE,
        kind.CERTIFICATE_VERIFY,
        kind.FINISHED,
        kind.FINISHED,
        kind.NEW_SESSION_TICKET,
    ]
    content = ApplicationData(bytes(range(50)))
    assert events[-4:] == [content, content, Alert(1, 0), Alert(1, 0)]


class Conversation:
    """Two ends of OpenSSL, and what they wrote in order."""

    def __init__(
        self, version: ssl.TLSVersion, suite: str | None, curve: str | None = None
    ) -> None:
        client = ssl.create_default_context(cadata=SERVER.certificate)
        client.set_alpn_protocols(["h2", "http/1.1"])
        client.minimum_version = client.maximum_version = version
        server = ServerTls().context
        if suite is not None:
            for context in (client, server):
                context.set_ciphers(f"{suite}:@SECLEVEL=0")
        server.set_alpn_protocols(["http/1.1"])
        if curve is not None:
            server.set_ecdh_curve(curve)
        self.written: list[tuple[bool, bytes]] = []
        with NamedTemporaryFile() as file:
            client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
            client.keylog_filename = file.name
            incoming = {side: ssl.MemoryBIO() for side in (True, False)}
            outgoing = {side: ssl.MemoryBIO() for side in (True, False)}
            self._in, self._out = incoming, outgoing
            self._ends = {
                True: client.wrap_bio(incoming[True], outgoing[True], server_hostname=NAME),
                False: server.wrap_bio(incoming[False], outgoing[False], server_side=True),
            }
            for _ in range(4):
                for side in (True, False):
                    with contextlib.suppress(ssl.SSLWantReadError):
                        self._ends[side].do_handshake()
                    self._flush(side)
            self.key_log = Path(file.name).read_bytes()

    def _flush(self, side: bool) -> None:
        octets = self._out[side].read()
        if octets:
            self.written.append((side, octets))
            self._in[not side].write(octets)

    def say(self, side: bool, octets: bytes) -> None:
        self._ends[side].write(octets)
        self._flush(side)
        heard = b""
        while len(heard) < len(octets):
            heard += self._ends[not side].read()

    def close(self) -> None:
        with contextlib.suppress(ssl.SSLError):
            self._ends[True].unwrap()
        self._flush(True)

    def record(self, recorder: Recorder, client: Endpoint, server: Endpoint) -> None:
        recorder.key_log(self.key_log)
        note = recorder.tcp(1, client, server)
        for side, octets in self.written:
            note(2, side, octets)
        note(3, True, None)


REQUEST = b"GET /nudm-sdm/v2/imsi-999700000000001/nssai HTTP/1.1\r\nhost: udm\r\n\r\n"
RESPONSE = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
CLIENT, UDM = Endpoint("192.0.2.1", 40001), Endpoint("192.0.2.2", 443)
# With a curve that the client has no key for at first: it is asked again (RFC 8446, 4.1.4).
RETRY = (ssl.TLSVersion.TLSv1_3, None, "secp384r1")
KINDS = [
    (ssl.TLSVersion.TLSv1_3, None),
    RETRY,
    *((ssl.TLSVersion.TLSv1_2, each) for each in SUITES_1_2),
]


def conversation(
    version: ssl.TLSVersion, suite: str | None, curve: str | None = None
) -> Conversation:
    spoken = Conversation(version, suite, curve)
    spoken.say(True, REQUEST)
    spoken.say(False, RESPONSE)
    spoken.close()
    return spoken


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: str(kind[-1] or kind[0].name))
def spoken(request: pytest.FixtureRequest) -> Conversation:
    return conversation(*request.param)


def messages_of(spoken: Conversation, secrets: bool = True) -> list[Message]:
    recorder = PayloadRecorder()
    if not secrets:
        spoken.key_log, kept = b"", spoken.key_log
    spoken.record(recorder, CLIENT, UDM)
    if not secrets:
        spoken.key_log = kept
    return Dissector().payloads(recorder.payloads)


def test_what_openssl_says(spoken: Conversation) -> None:
    messages = messages_of(spoken)
    http = [each for each in messages if isinstance(each, SbiMessage)]
    assert [each.http.status for each in http] == [None, 200]
    assert http[0].operation is not None
    assert http[0].operation.service == "nudm-sdm"
    assert all(each.over_tls for each in http)
    handshake = next(each for each in messages if isinstance(each, TlsHandshake))
    assert handshake.established
    assert handshake.server_hello is not None
    assert handshake.server_hello.cipher_suite in SUITES
    further = [each for each in messages if isinstance(each, TlsMessage)]
    certificate = next(each for each in further if each.certificates)
    assert not certificate.from_client
    assert ssl.DER_cert_to_PEM_cert(certificate.certificates[0])
    finished = {
        each.from_client for each in further if each.handshake_type == HandshakeType.FINISHED
    }
    assert finished == {True, False}
    assert further[-1].name == "Alert: close notify"


def test_without_secrets_nothing_is_opened(spoken: Conversation) -> None:
    messages = messages_of(spoken, secrets=False)
    assert any(isinstance(each, TlsHandshake) for each in messages)
    assert not any(isinstance(each, SbiMessage) for each in messages)


def test_wrong_secrets_open_nothing(spoken: Conversation) -> None:
    lines = spoken.key_log.decode().splitlines()
    wrong = "\n".join(f"{line[:-4]}{'0000' if line[-4:] != '0000' else '1111'}" for line in lines)
    spoken.key_log, kept = wrong.encode(), spoken.key_log
    messages = messages_of(spoken)
    spoken.key_log = kept
    assert not any(isinstance(each, SbiMessage) for each in messages)


def test_a_capture_file_brings_its_secrets(spoken: Conversation, tmp_path: Path) -> None:
    path = tmp_path / "trace.pcapng"
    with path.open("wb") as file:
        spoken.record(FrameRecorder(file), CLIENT, UDM)
    with open_capture(path) as capture:
        dissector = Dissector(secrets=capture.secrets)
        messages = [each for frame in capture for each in dissector.feed(frame)]
        messages += dissector.finish()
    ours = [each.frame for each in messages if isinstance(each, SbiMessage)]
    assert len(ours) == 2
    if shutil.which("tshark") is None:
        pytest.skip("tshark, the independent witness, is not installed")
    command = ["tshark", "-n", "-r", str(path), "-Y", "http", "-T", "fields", "-e", "frame.number"]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert [int(line) for line in result.stdout.split()] == ours


def test_secrets_from_the_keys_file(tmp_path: Path) -> None:
    spoken = conversation(ssl.TLSVersion.TLSv1_3, None)
    (tmp_path / "log").write_bytes(spoken.key_log)
    name = str(tmp_path / "keys.toml")
    knowledge = parse_knowledge('[tls]\nkey_log_file = "log"\n', name)
    # What is stored as evidence needs no other file.
    knowledge = parse_knowledge(knowledge_text(knowledge))
    recorder = PayloadRecorder()
    spoken.key_log = b""
    spoken.record(recorder, CLIENT, UDM)
    messages = Dissector(knowledge).payloads(recorder.payloads)
    assert sum(isinstance(each, SbiMessage) for each in messages) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[tls]\nkey_log = "CLIENT_RANDOM 00 11"', "keys, line 2: key_log: line 1 of the key log"),
        ('[tls]\nkey_log_file = "nowhere"', "keys, line 2: key_log_file: nowhere cannot be read"),
    ],
)
def test_a_key_log_that_is_none(text: str, said: str) -> None:
    with pytest.raises(KnowledgeError, match=said):
        parse_knowledge(text)


def test_services_are_known_by_their_addresses() -> None:
    spoken = Conversation(ssl.TLSVersion.TLSv1_3, None)
    recorder = PayloadRecorder()
    spoken.written = [
        (True, spoken.written[0][1].replace(b"5gc", b"abc").replace(b"3gpp", b"4gpp"))
    ]
    spoken.record(recorder, CLIENT, UDM)
    assert not Dissector().payloads(recorder.payloads)
    knowledge = parse_knowledge('[interface_addresses]\nsbi = ["192.0.2.2"]')
    found = Dissector(knowledge).payloads(recorder.payloads)
    assert [type(each) for each in found] == [TlsHandshake]


def chunks(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    position = 0
    for size in sizes:
        yield data[position : position + size]
        position += size
    yield data[position:]


SPOKEN = conversation(ssl.TLSVersion.TLSv1_3, None)


@given(st.lists(st.integers(1, 400), max_size=20))
def test_any_segmentation_reads_the_same(sizes: list[int]) -> None:
    reading = TlsReading(TlsSecrets(SPOKEN.key_log.decode()))
    opened = b""
    for side, octets in SPOKEN.written:
        for piece in chunks(octets, sizes):
            events = reading.feed(side, piece)
            opened += b"".join(each.octets for each in events if isinstance(each, ApplicationData))
    assert opened == REQUEST + RESPONSE


@given(st.integers(0, 5), st.integers(0, 2000), st.integers(1, 255))
def test_altered_octets_never_break_it(at: int, position: int, mask: int) -> None:
    reading = TlsReading(TlsSecrets(SPOKEN.key_log.decode()))
    for index, (side, octets) in enumerate(SPOKEN.written):
        altered = bytearray(octets)
        if index == at:
            altered[position % len(altered)] ^= mask
        try:
            reading.feed(side, bytes(altered))
        except DecodeError:
            continue


def test_knowledge_without_secrets_is_empty() -> None:
    assert Knowledge().tls_key_log == ""
    assert "[tls]" not in knowledge_text(Knowledge())
