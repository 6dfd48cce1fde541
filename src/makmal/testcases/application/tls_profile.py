"""TLS: versions, cipher suites and the certificate (RFC 9325; RFC 8996; RFC 5280)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makmal.judges.tls_profile import certificate_problems
from makmal.judges.verdict import Findings, Verdict
from makmal.testcases.application.case import ApplicationCase, handshakes
from makmal.testcases.reading import variant
from makmal.trace.message import ApplicationMessage, TlsConnection
from makmal.trace.trace import Section, Trace

if TYPE_CHECKING:
    from makmal.bench.application.bench import ApplicationBench

OLD = {"SSL 3.0": 0x0300, "TLS 1.0": 0x0301, "TLS 1.1": 0x0302}
SOUND_1_2 = (0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8, 0x009E, 0x009F)
SOUND_1_3 = (0x1301, 0x1302, 0x1303)
WEAK_1_2 = (
    *(0x0001, 0x0002, 0x003B, 0xC006, 0xC010, 0x0004, 0x0005, 0x000A, 0x0016, 0xC012, 0xC008),
    *(0x0034, 0x006C, 0x00A6, 0xC018, 0x002F, 0x0035, 0x003C, 0x003D, 0x009C, 0x009D),
    *(0xC007, 0xC011, 0x0003, 0x0008, 0x0009, 0x0018, 0x001B),
)
ANY = (*SOUND_1_2, *WEAK_1_2, 0xC013, 0xC014, 0xC009, 0xC00A, 0x0033, 0x0039)

OFFER = "only this is offered: "
MODERN = ("TLS 1.3", "TLS 1.2 with good cipher suites")
WEAK = "TLS 1.2 with weak cipher suites"


class TlsProfile(ApplicationCase):
    """Old versions and weak cipher suites are refused, new ones taken; the certificate is good."""

    name = "MAKMAL_APPLICATION_TLS"
    CLEAR = "a request"

    async def drive(self, bench: ApplicationBench) -> None:
        """One ClientHello for each."""
        if not bench.settings.is_tls:
            with bench.variant(self.CLEAR):
                await bench.request("GET", "/")
            return
        for name, version in OLD.items():
            with bench.variant(f"{OFFER}{name}"):
                await bench.offer(version, ANY)
        with bench.variant(f"{OFFER}{WEAK}"):
            await bench.offer(0x0303, WEAK_1_2)
        with bench.variant(f"{OFFER}{MODERN[1]}"):
            await bench.offer(0x0303, SOUND_1_2)
        with bench.variant(f"{OFFER}{MODERN[0]}"):
            await bench.offer(0x0304, SOUND_1_3)

    def judge(self, trace: Trace) -> Verdict:
        """Fail on what is taken and should not be, and on the certificate."""
        findings = Findings()
        section = trace.section(self.CLEAR)
        if section is not None:
            spoken = [each for each in section.messages if isinstance(each, ApplicationMessage)]
            if spoken:
                findings.violation("it is served without TLS", *spoken[-1].frames)
        else:
            judge_offers(findings, trace, OFFER)
        return self.conclude(findings, trace, "no TLS handshake was seen")


def judge_offers(findings: Findings, trace: Trace, beginning: str) -> None:
    """Judge the answers to the ClientHellos whose steps begin so."""
    taken = [name for name in MODERN if _accepted(trace.section(f"{beginning}{name}"))]
    for name in (*OLD, WEAK):
        section = variant(trace, findings, f"{beginning}{name}")
        if section is None:
            continue
        found = handshakes(section)
        if not found:
            findings.doubt(f"{name}: no answer was seen")
        elif (hello := found[-1].server_hello) is not None:
            findings.violation(
                f"{name} was taken ({hello.version_name}, {hello.cipher_suite_name})",
                *found[-1].frames,
            )
        elif not taken:
            findings.doubt(f"{name} was refused, but good ones were too", *found[-1].frames)
        else:
            findings.conforming(f"{name} was refused", *found[-1].frames)
    sections = [variant(trace, findings, f"{beginning}{name}") for name in MODERN]
    offered = [each for section in sections if section is not None for each in handshakes(section)]
    if offered and not taken:
        findings.violation(
            "neither TLS 1.2 nor TLS 1.3 with good suites was taken", offered[0].frame
        )
    certified = [each for each in offered if each.certificates]
    if certified:
        _judge_certificate(findings, certified[0])
    elif taken:
        findings.doubt("the certificate was not seen in clear: TLS 1.2 was not taken")


def _accepted(section: Section | None) -> bool:
    found = [] if section is None else handshakes(section)
    return bool(found) and found[-1].server_hello is not None


def _judge_certificate(findings: Findings, handshake: TlsConnection) -> None:
    name = handshake.client_hello.server_name or handshake.destination.address
    problems = certificate_problems(handshake.certificates[0], name, handshake.time_ns)
    for each in problems:
        findings.violation(f"the certificate {each}", *handshake.frames)
    if not problems:
        findings.conforming(
            "the certificate is valid, names the host, has a long key", *handshake.frames
        )
