"""TS 33.117, 4.2.2.2.2: the product protects its services as TS 33.210, 6.2, wants TLS to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from makmal.judges.verdict import Findings, Verdict
from makmal.protocol.errors import DecodeError
from makmal.protocol.tls import cipher_suite_name, is_suite_allowed, version_name
from makmal.security.certificates import Flaw, certificate_problems, has_rsa_key
from makmal.testcases.test_case import TestCase
from makmal.testcases.ts33117.forbidden_tls import FORBIDDEN, SSL_3_0, TLS_1_2, TLS_1_3
from makmal.testcases.ts33117.tls_connections import Connection, connections
from makmal.trace.trace import Section, Trace

if TYPE_CHECKING:
    from makmal.bench.bench import Bench

DECLARED = "tls-profile"
_SERVES, _CALLS = "the product serves at ", "the product is to call "
# TLS_EMPTY_RENEGOTIATION_INFO_SCSV and TLS_FALLBACK_SCSV are no suites.
_SIGNALS = frozenset({0x00FF, 0x5600})
# What a server may say to HTTP in clear on a port of TLS without serving it.
_REFUSALS = frozenset({301, 302, 307, 308, 400, 421, 426, 497})

_ECDSA = "TLS 1.2 with TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
_RSA = "TLS 1.2 with TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
_DHE = "TLS 1.2 with TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"


class TransportProtection(TestCase):
    """4.2.2.2.2: what is mandated connects, what is forbidden is refused, on either side."""

    name = "TC_PROTECT_TRANSPORT_LAYER"
    PREPARATION = "services are offered over TLS"
    MANDATED: ClassVar[dict[str, tuple[tuple[int, ...], tuple[str, ...]]]] = {
        "TLS 1.3": ((TLS_1_3,), ()),
        _ECDSA: ((TLS_1_2,), ("ECDHE-ECDSA-AES128-GCM-SHA256",)),
        _RSA: ((TLS_1_2,), ("ECDHE-RSA-AES128-GCM-SHA256",)),
        _DHE: ((TLS_1_2,), ("DHE-RSA-AES128-GCM-SHA256",)),
    }
    ALONE = "TLS 1.3 with TLS_AES_128_GCM_SHA256 alone"
    NO_CERTIFICATE = "a client without a certificate"
    CLIENT_FLAWS = (
        Flaw.FOREIGN_ISSUER,
        Flaw.SELF_SIGNED,
        Flaw.EXPIRED,
        Flaw.NOT_YET_VALID,
        Flaw.WRONG_USE,
    )
    CLEAR: ClassVar[dict[str, str]] = {"HTTP/2 in clear": "2", "HTTP/1.1 in clear": "1.1"}
    AGAIN = "a sound client at the end"
    SOUND_SERVER = "the product calls a sound server"
    SERVER_FLAWS = (*CLIENT_FLAWS, Flaw.WRONG_NAME)

    async def procedure(self, bench: Bench) -> None:
        """The product is called, then calls."""
        transport = bench.transport
        with bench.variant(self.PREPARATION):
            await transport.secure()
            bench.mark(f"{_SERVES}{transport.product.address}:{transport.product.port}")
            await self._as_server(bench)
            await self._as_client(bench)

    async def _as_server(self, bench: Bench) -> None:
        transport = bench.transport
        for name, (versions, suites) in self.MANDATED.items():
            with bench.variant(name):
                await transport.ask(versions, suites)
        with bench.variant(self.ALONE):
            await transport.offer(0x1301, TLS_1_3)
        for each in FORBIDDEN:
            with bench.variant(each.name):
                await transport.offer(each.suite, each.version)
        with bench.variant(self.NO_CERTIFICATE):
            await transport.ask(shows_certificate=False)
        for flaw in self.CLIENT_FLAWS:
            with bench.variant(f"a client with {flaw}"):
                await transport.ask(flaw=flaw)
        for name, version in self.CLEAR.items():
            with bench.variant(name):
                await transport.ask_in_clear(version)
        with bench.variant(self.AGAIN):
            await transport.ask()

    async def _as_client(self, bench: Bench) -> None:
        transport = bench.transport
        flaws = (None, *self.SERVER_FLAWS)
        with bench.variant(self.SOUND_SERVER, preparing=True):
            server = transport.neighbour.endpoint
            bench.mark(f"{_CALLS}{server.address}:{server.port}")
        for flaw in flaws:
            name, is_called = self.SOUND_SERVER if flaw is None else self._server(flaw), False
            with bench.variant(name):
                async with transport.presenting(flaw):
                    await transport.have_product_connect()
                    is_called = True
            if not is_called:
                # What keeps the product from calling one server keeps it from calling any.
                return

    @staticmethod
    def _server(flaw: Flaw) -> str:
        return f"the product calls a server with {flaw}"

    # The judge.

    def judge(self, trace: Trace) -> Verdict:
        """Each variant as the trace shows it; the documents by what is declared of them."""
        findings = Findings()
        sections = {each.name: each for each in trace.sections()}
        served, called = _end_in(sections, _SERVES), _end_in(sections, _CALLS)
        if served is not None:
            _Judgement(trace, findings, sections, served, called).judge()
            if DECLARED not in trace.declarations:
                findings.doubt(
                    "missing is what the documents say of the TLS profile (the first step): write "
                    f"[declarations.{DECLARED}] with the statement of whoever read them"
                )
        return self.conclude(findings, trace, "the product was not called over TLS")


class _Judgement:
    def __init__(
        self,
        trace: Trace,
        findings: Findings,
        sections: dict[str, Section],
        product: tuple[str, int],
        neighbour: tuple[str, int] | None,
    ) -> None:
        self._trace, self._findings, self._sections = trace, findings, sections
        self._product, self._neighbour = product, neighbour
        # Whoever calls the product is ours, and so is what it asks of others.
        self._testers = {
            each.client.address
            for section in sections.values()
            for each in connections(section)
            if tuple(each.server) == product
        }

    def judge(self) -> None:
        """All variants that the trace has."""
        case = TransportProtection
        certificate = self._certificate()
        for name in case.MANDATED:
            self._mandated(name, certificate)
        self._mandated_alone(case.ALONE)
        for each in FORBIDDEN:
            self._forbidden(each.name)
        for name in (
            case.NO_CERTIFICATE,
            *(f"a client with {flaw}" for flaw in case.CLIENT_FLAWS),
        ):
            self._unauthenticated(name)
        for name in case.CLEAR:
            self._in_clear(name)
        self._alive(case.AGAIN)
        self._client(case.SOUND_SERVER)
        undone = [said for said, _ in self._trace.not_done()]
        for flaw in case.SERVER_FLAWS:
            name = case._server(flaw)
            if name in self._sections or not any(case.SOUND_SERVER in said for said in undone):
                self._misplaced_trust(name, flaw)

    def _to_product(self, name: str) -> Connection | None:
        """The connection that the tester made in a section, or None with a doubt."""
        section = self._sections.get(name)
        if section is None:
            self._findings.doubt(f"{name}: not in this trace")
            return None
        for each in connections(section):
            if tuple(each.server) == self._product:
                return each
        if not any(name in said for said, _ in self._trace.not_done()):
            self._findings.doubt(f"{name}: the product took no connection", section.frame)
        return None

    def _certificate(self) -> bytes | None:
        """The product's certificate, judged on the way."""
        for name in TransportProtection.MANDATED:
            section = self._sections.get(name)
            for each in connections(section) if section else ():
                if tuple(each.server) != self._product:
                    continue
                try:
                    shown = each.certificates(of_client=False)
                except DecodeError:
                    continue
                if shown:
                    self._judge_certificate(shown, each)
                    return shown[0]
        return None

    def _judge_certificate(self, shown: tuple[bytes, ...], connection: Connection) -> None:
        handshake = connection.handshake
        hello = None if handshake is None else handshake.client_hello
        name = None if hello is None else hello.server_name
        names = {connection.server.address, *([name] if name else [])}
        frames = connection.frames[:1]
        time_ns = 0 if handshake is None else handshake.time_ns
        authorities = self._trace.knowledge.tls_authorities
        problems = certificate_problems(shown, names, time_ns, authorities)
        for problem in problems:
            self._findings.violation(f"the product's certificate {problem}", *frames)
        if not problems:
            self._findings.conforming("the product's certificate is as it must be", *frames)

    def _mandated(self, name: str, certificate: bytes | None) -> None:
        by_kind = certificate is not None and name in (_ECDSA, _RSA, _DHE)
        if by_kind and has_rsa_key(certificate or b"") != (name != _ECDSA):
            # A suite for certificates of another kind than the product's is not for it.
            return
        connection = self._to_product(name)
        if connection is None:
            return
        if connection.is_established:
            self._findings.conforming(f"{name}: it connects", *connection.frames)
        elif name == _DHE:
            self._findings.doubt(
                f"{name}: it does not connect: look up whether the release that the product "
                "follows mandates this suite (TS 33.210, 6.2.3)",
                *connection.frames,
            )
        else:
            self._findings.violation(f"{name}: it does not connect", *connection.frames)

    def _mandated_alone(self, name: str) -> None:
        connection = self._to_product(name)
        if connection is None:
            return
        handshake = connection.handshake
        if handshake is not None and handshake.server_hello is not None:
            self._findings.conforming(f"{name}: it is chosen", *connection.frames)
        else:
            self._findings.violation(f"{name}: it is refused", *connection.frames)

    def _forbidden(self, name: str) -> None:
        connection = self._to_product(name)
        if connection is None:
            return
        handshake = connection.handshake
        hello = None if handshake is None else handshake.server_hello
        if hello is None or (hello.negotiated_version >= TLS_1_2 and hello.is_suite_allowed):
            self._findings.conforming("what is forbidden is refused", *connection.frames)
        else:
            what = f"{hello.cipher_suite_name} of {hello.version_name}"
            self._findings.violation(f"{name}: {what} is chosen", *connection.frames)

    def _unauthenticated(self, name: str) -> None:
        connection = self._to_product(name)
        if connection is None:
            return
        if connection.responses:
            status = connection.responses[0].http.status
            self._findings.violation(
                f"{name}: it is let in (its request got {status})", *connection.frames
            )
        elif connection.is_established:
            self._findings.doubt(
                f"{name}: TLS was set up, and its request not answered", *connection.frames
            )
        else:
            self._findings.conforming(f"{name}: it is refused", *connection.frames)

    def _in_clear(self, name: str) -> None:
        connection = self._to_product(name)
        if connection is None:
            return
        served = [
            each
            for each in connection.responses
            if not each.over_tls and each.http.status not in _REFUSALS
        ]
        if served:
            self._findings.violation(
                f"{name}: a request on the port of TLS got {served[0].http.status}",
                served[0].frame,
            )
        else:
            frames = tuple(each.frame for each in connection.http[:1])
            self._findings.conforming(f"{name}: it is not served", *frames)

    def _alive(self, name: str) -> None:
        connection = self._to_product(name)
        if connection is not None and not connection.is_established:
            self._findings.doubt(
                f"{name}: it does not connect: the refusals before may have had other reasons",
                *connection.frames,
            )

    # The product as a client.

    def _from_product(self, name: str) -> list[Connection] | None:
        section = self._sections.get(name)
        if section is None:
            self._findings.doubt(f"{name}: not in this trace")
            return None
        made = [
            each
            for each in connections(section)
            if tuple(each.server) == self._neighbour
            and each.client.address not in self._testers
            and each.handshake is not None
        ]
        if made:
            return made
        if not any(name in said for said, _ in self._trace.not_done()):
            self._findings.doubt(f"{name}: the product made no connection", section.frame)
        return None

    def _client(self, name: str) -> None:
        made = self._from_product(name)
        for connection in made or ():
            frames = connection.frames
            shown = connection.certificates(of_client=True)
            if connection.was_asked_for_certificate and not shown and shown is not None:
                self._findings.violation(f"{name}: it shows no certificate", *frames)
            elif not connection.requests:
                self._findings.doubt(f"{name}: it asked for nothing", *frames)
            elif not connection.was_asked_for_certificate or shown is None:
                self._findings.doubt(f"{name}: it was not asked for its certificate", *frames)
            else:
                self._findings.conforming(f"{name}: it shows its certificate", *frames)
            self._offer(name, connection)

    def _offer(self, name: str, connection: Connection) -> None:
        hello = None if connection.handshake is None else connection.handshake.client_hello
        if hello is None:
            return
        forbidden = [
            *(version_name(each) for each in hello.versions if SSL_3_0 <= each < TLS_1_2),
            *(
                cipher_suite_name(each)
                for each in hello.cipher_suites
                if each not in _SIGNALS and not _is_grease(each) and not is_suite_allowed(each)
            ),
        ]
        if forbidden:
            self._findings.violation(
                f"{name}: it offers what is forbidden ({', '.join(forbidden)})", *connection.frames
            )

    def _misplaced_trust(self, name: str, flaw: Flaw) -> None:
        made = self._from_product(name)
        for connection in made or ():
            if connection.requests:
                self._findings.violation(
                    f"as a client it entrusts requests to a server with {flaw}",
                    *connection.frames,
                    connection.requests[0].frame,
                )
            else:
                self._findings.conforming(f"{name}: it turns away", *connection.frames)


def _end_in(sections: dict[str, Section], introduction: str) -> tuple[str, int] | None:
    """The end that a step names."""
    for name in sections:
        if name.startswith(introduction):
            address, _, port = name.removeprefix(introduction).rpartition(":")
            return address, int(port)
    return None


def _is_grease(suite: int) -> bool:
    """RFC 8701: what is offered to be ignored."""
    return suite & 0x0F0F == 0x0A0A and suite >> 8 == suite & 0xFF
