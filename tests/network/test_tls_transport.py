"""Services over TLS, in both worlds: who connects to whom, who is refused, what the trace shows."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from makmal.network import service
from makmal.network.frame_recorder import FrameRecorder
from makmal.network.recorder import PayloadRecorder, Recorder
from makmal.network.simulated_world import SimulatedWorld, simulate
from makmal.network.transport.sctp_paths import Carriage
from makmal.network.transport.tls import ClientTls, ServerTls
from makmal.network.transport.tls_policy import TLS_1_2, TLS_1_3, TlsPolicy
from makmal.network.wire_world import WireWorld
from makmal.network.world import TlsTo, UnreachableError, World
from makmal.protocol.sbi import HttpMessage
from makmal.protocol.tls import HandshakeType, build
from makmal.security.certificates import CertificateAuthority, Credential, Flaw, Subject
from makmal.trace.capture import open_capture
from makmal.trace.dissect import Dissector
from makmal.trace.frame import Endpoint
from makmal.trace.knowledge import parse_knowledge
from makmal.trace.message import Message, SbiMessage, TlsHandshake, TlsMessage

DOMAIN = "5gc.mnc070.mcc999.3gppnetwork.org"
AUTHORITY = CertificateAuthority(DOMAIN)
UDM_NAME = f"udm.{DOMAIN}"
UDM, AMF = Endpoint("127.0.0.43", 18443), Endpoint("127.0.0.44", 0)
UDM_SUBJECT = Subject(UDM_NAME, "11111111-1111-4111-8111-111111111111", "UDM", (UDM.address,))
AMF_SUBJECT = Subject(f"amf.{DOMAIN}", "22222222-2222-4222-8222-222222222222", "AMF")
PATH = "/nudm-sdm/v2/imsi-999700000000001/nssai"
SOUND = TlsPolicy()
Work = Callable[[World], Awaitable[None]]


async def answer(message: HttpMessage) -> HttpMessage:
    return service.response(200, service.json_body({"asked": message.path}))


def run(kind: str, work: Work, recorder: Recorder | None = None) -> None:
    async def simulated() -> None:
        world = SimulatedWorld(recorder)
        try:
            await work(world)
        finally:
            await world.close()
        assert not world.failures

    async def wire() -> None:
        world = WireWorld(recorder, carriage=Carriage.UDP)
        try:
            async with asyncio.timeout(20):
                await work(world)
        finally:
            await world.close()
        assert not world.failures

    if kind == "wire":
        asyncio.run(wire())
    else:
        simulate(simulated())


def server(
    policy: TlsPolicy = SOUND, flaw: Flaw | None = None, authorities: bytes = b""
) -> ServerTls:
    credential = AUTHORITY.issue(UDM_SUBJECT, flaw, with_rsa=policy.rsa_certificate)
    return ServerTls(policy, credential, authorities or AUTHORITY.certificate)


def client(policy: TlsPolicy = SOUND, flaw: Flaw | None = None, name: str = UDM_NAME) -> TlsTo:
    credential = AUTHORITY.issue(AMF_SUBJECT, flaw)
    return TlsTo(ClientTls(policy, credential, AUTHORITY.certificate), name)


async def ask(world: World, to: TlsTo | None, seconds: float = 5.0) -> HttpMessage:
    return await world.request(AMF, UDM, service.request("GET", PATH), seconds, to)


def conversation(kind: str, serving: ServerTls, asking: TlsTo | None) -> tuple[str, list[Message]]:
    """How a request ended, and the messages of the trace."""
    recorder, ended = PayloadRecorder(), []

    async def work(world: World) -> None:
        await world.serve(UDM, answer, serving)
        try:
            ended.append(str((await ask(world, asking)).status))
        except UnreachableError as error:
            ended.append(str(error))
            # An alert is still on its way.
            await asyncio.sleep(0.02)

    run(kind, work, recorder)
    return ended[0], Dissector().payloads(recorder.payloads)


worlds = pytest.mark.parametrize("kind", ["simulated", "wire"])


@worlds
@pytest.mark.parametrize(
    "policy",
    [
        SOUND,
        replace(SOUND, versions=(TLS_1_2,)),
        replace(SOUND, versions=(TLS_1_3,)),
        replace(SOUND, versions=(TLS_1_2,), rsa_certificate=True),
        replace(SOUND, versions=(TLS_1_2,), suites=("ECDHE-ECDSA-CHACHA20-POLY1305",)),
    ],
)
def test_a_request_is_answered_and_read(kind: str, policy: TlsPolicy) -> None:
    ended, messages = conversation(kind, server(policy), client())
    assert ended == "200"
    http = [each for each in messages if isinstance(each, SbiMessage)]
    assert [each.name for each in http] == [f"GET {PATH}", f"200 to GET {PATH}"]
    assert all(each.over_tls and each.http.version == "2" for each in http)
    certificates = {
        each.from_client for each in messages if isinstance(each, TlsMessage) and each.certificates
    }
    assert certificates == {True, False}


@worlds
@pytest.mark.parametrize("flaw", list(Flaw))
@pytest.mark.parametrize("version", [TLS_1_2, TLS_1_3])
def test_a_client_with_a_flaw_is_refused(kind: str, version: int, flaw: Flaw) -> None:
    policy = replace(SOUND, versions=(version,))
    ended, messages = conversation(kind, server(policy), client(flaw=flaw))
    if flaw is Flaw.WRONG_NAME:
        # Whose request it may be, TLS does not know.
        assert ended == "200"
        return
    assert "TLS" in ended or "closed" in ended
    assert not [each for each in messages if isinstance(each, SbiMessage) and each.http.status]
    alerts = [each for each in messages if isinstance(each, TlsMessage) and each.alert]
    assert [each.from_client for each in alerts][:1] == [False]


@worlds
@pytest.mark.parametrize("flaw", list(Flaw))
def test_a_server_with_a_flaw_is_refused(kind: str, flaw: Flaw) -> None:
    ended, messages = conversation(kind, server(flaw=flaw), client())
    assert "the other side's certificate was refused" in ended
    assert not [each for each in messages if isinstance(each, SbiMessage)]
    alerts = [each for each in messages if isinstance(each, TlsMessage) and each.alert]
    assert [each.from_client for each in alerts] == [True]


def test_names_are_addresses_too() -> None:
    assert conversation("simulated", server(), client(name=UDM.address))[0] == "200"
    ended, _ = conversation("simulated", server(), client(name="127.0.0.99"))
    assert "IP address mismatch" in ended


@worlds
def test_who_has_no_certificate_is_refused(kind: str) -> None:
    policy = replace(SOUND, presents_certificate=False)
    ended, _ = conversation(kind, server(), client(policy))
    assert "certificate required" in ended or "alert" in ended
    lax = server(replace(SOUND, demands_client_certificate=False))
    assert conversation(kind, lax, client(policy))[0] == "200"


@pytest.mark.parametrize(
    ("flaw", "choice"),
    [
        (Flaw.EXPIRED, "verifies_server_validity"),
        (Flaw.NOT_YET_VALID, "verifies_server_validity"),
        (Flaw.WRONG_NAME, "verifies_server_name"),
        (Flaw.FOREIGN_ISSUER, "verifies_server_issuer"),
        (Flaw.SELF_SIGNED, "verifies_server_issuer"),
    ],
)
def test_faulty_clients_accept(flaw: Flaw, choice: str) -> None:
    faulty = client(replace(SOUND, **{choice: False}))
    assert conversation("simulated", server(flaw=flaw), faulty)[0] == "200"


def test_faulty_servers_accept() -> None:
    lax = replace(SOUND, verifies_client_validity=False)
    for flaw in (Flaw.EXPIRED, Flaw.NOT_YET_VALID):
        assert conversation("simulated", server(lax), client(flaw=flaw))[0] == "200"
    foreign = CertificateAuthority(DOMAIN, "foreign to Makmal").certificate
    lax_server = server(authorities=AUTHORITY.certificate + foreign)
    assert conversation("simulated", lax_server, client(flaw=Flaw.FOREIGN_ISSUER))[0] == "200"


@worlds
def test_clear_text_on_the_port_of_tls(kind: str) -> None:
    ended, messages = conversation(kind, server(), None)
    assert "closed" in ended
    assert not [each for each in messages if isinstance(each, SbiMessage) and each.http.status]
    faulty = server(replace(SOUND, answers_clear_text=True))
    ended, messages = conversation(kind, faulty, None)
    assert ended == "200"
    assert not any(each.over_tls for each in messages if isinstance(each, SbiMessage))
    # And TLS all the same.
    assert conversation(kind, faulty, client())[0] == "200"


class Probe:
    def __init__(self) -> None:
        self.heard, self.reason = b"", ""

    def ready(self) -> None:
        pass

    def received(self, octets: bytes) -> None:
        self.heard += octets

    def ended(self, reason: str) -> None:
        self.reason = reason


def probe(kind: str, serving: ServerTls, hello: bytes) -> list[Message]:
    recorder = PayloadRecorder()

    async def work(world: Any) -> None:
        await world.serve(UDM, answer, serving)
        channel, speaker = world.http.channel_to(), Probe()
        channel.attach(speaker)
        await world.connect_tcp(AMF.address, UDM, channel)
        channel.write(hello)
        await asyncio.sleep(0.1)
        channel.close()

    run(kind, work, recorder)
    knowledge = parse_knowledge(f'[interface_addresses]\nsbi = ["{UDM.address}"]')
    return Dissector(knowledge).payloads(recorder.payloads)


def hello_of(suite: int, version: int = TLS_1_2) -> bytes:
    return build.client_hello(bytes(range(32)), (suite,), version, server_name=UDM_NAME)


@worlds
def test_forbidden_suites_are_chosen_by_faulty_servers_only(kind: str) -> None:
    for suite, version in ((0x0005, TLS_1_2), (0x000A, TLS_1_2), (0xC013, 0x0301), (0x0004, 0x300)):
        messages = probe(kind, server(), hello_of(suite, version))
        found = [each for each in messages if isinstance(each, TlsHandshake)]
        assert [each.established for each in found] == [False]
        faulty = replace(SOUND, also_chooses=frozenset({suite}), also_speaks=frozenset({version}))
        messages = probe(kind, server(faulty), hello_of(suite, version))
        found = [each for each in messages if isinstance(each, TlsHandshake)]
        assert [each.established for each in found] == [True]
        assert found[0].server_hello is not None
        assert found[0].server_hello.cipher_suite == suite
        assert found[0].server_hello.negotiated_version == version
        # Whoever offers better gets better.
        assert conversation(kind, server(faulty), client())[0] == "200"


@worlds
def test_a_capture_file_of_it_is_read_by_tshark(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "trace.pcapng"

    async def work(world: World) -> None:
        await world.serve(UDM, answer, server())
        for version in (TLS_1_2, TLS_1_3):
            await ask(world, client(replace(SOUND, versions=(version,))))

    with path.open("wb") as file:
        run(kind, work, FrameRecorder(file))
    with open_capture(path) as capture:
        dissector = Dissector(secrets=capture.secrets)
        messages = [each for frame in capture for each in dissector.feed(frame)]
    ours = [each.http.path for each in messages if isinstance(each, SbiMessage)]
    assert ours == [PATH, None, PATH, None]
    finished = [
        each
        for each in messages
        if isinstance(each, TlsMessage) and each.handshake_type == HandshakeType.FINISHED
    ]
    assert len(finished) == 4
    if shutil.which("tshark") is None:
        pytest.skip("tshark, the independent witness, is not installed")
    fields = ["-T", "fields", "-e", "http2.headers.path"]
    command = ["tshark", "-n", "-r", str(path), "-d", f"tcp.port=={UDM.port},tls"]
    result = subprocess.run(
        [*command, "-Y", "http2.headers.path", *fields],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert result.stdout.split() == [PATH, PATH]


def test_a_server_may_show_another_certificate() -> None:
    async def work(world: World) -> None:
        serving = server()
        await world.serve(UDM, answer, serving)
        assert (await ask(world, client())).status == 200
        serving.present(AUTHORITY.issue(UDM_SUBJECT, Flaw.EXPIRED))
        with pytest.raises(UnreachableError, match="certificate has expired"):
            await ask(world, client())
        serving.present(AUTHORITY.issue(UDM_SUBJECT))
        assert (await ask(world, client())).status == 200

    run("simulated", work)


def test_hanging_up_makes_a_new_connection() -> None:
    async def work(world: World) -> None:
        await world.serve(UDM, answer, server())
        asking = client()
        await ask(world, asking)
        world.hang_up(AMF.address)
        await ask(world, asking)

    recorder = PayloadRecorder()
    run("simulated", work, recorder)
    messages = Dissector().payloads(recorder.payloads)
    assert sum(isinstance(each, TlsHandshake) for each in messages) == 2


def test_credentials_are_the_same_each_time() -> None:
    first, second = CertificateAuthority(DOMAIN), CertificateAuthority(DOMAIN)
    assert isinstance(first.issue(UDM_SUBJECT), Credential)
    assert first.issue(UDM_SUBJECT) == second.issue(UDM_SUBJECT)
    secret = CertificateAuthority(DOMAIN, seed="a secret")
    assert secret.certificate != first.certificate
    assert secret.issue(UDM_SUBJECT).key != first.issue(UDM_SUBJECT).key
