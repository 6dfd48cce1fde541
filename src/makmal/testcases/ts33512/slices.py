"""TS 33.512, 4.2.2.8.1 and 4.2.2.9.1: slices that need authentication of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from makmal.judges.verdict import Findings, Verdict
from makmal.protocol import nas
from makmal.testcases.reading import first, requests, variant
from makmal.testcases.test_case import TestCase
from makmal.trace.message import SbiMessage
from makmal.trace.trace import Section, Trace

if TYPE_CHECKING:
    from makmal.bench.bench import Bench

M = nas.MessageType
_FAILED_OR_REVOKED = 2


def _create_requests(section: Section) -> list[SbiMessage]:
    return [
        each
        for each in requests(section, "nsmf-pdusession")
        if each.operation is not None and each.operation.resource == "sm-contexts"
    ]


class SliceOfSession(TestCase):
    """4.2.2.8.1: a session in a slice that is not allowed is not forwarded to the SMF."""

    name = "TC_VALIDTATION_SNSSAI_IN_PDU_REQUEST"
    features: ClassVar[tuple[str, ...]] = ("nssaa",)
    needs: ClassVar[tuple[str, ...]] = ("neighbours",)
    SUCCESS = "A: the slice authentication succeeds"
    FAILURE = "B: the slice authentication fails"

    async def procedure(self, bench: Bench) -> None:
        """The NSSAAF says yes, then no; the UE asks for a session each time."""
        bench.needs_neighbours()
        for name, succeeds in ((self.SUCCESS, True), (self.FAILURE, False)):
            with bench.variant(name), bench.slice_authentication(succeeds=succeeds):
                # A second slice, without authentication, keeps the UE registered.
                ue = await bench.slice_ue(only_authenticated=False)
                await bench.register(ue)
                await bench.quiet()
                ue.request_session(identity=1, s_nssai=bench.authenticated_slice)
                await bench.quiet()

    def judge(self, trace: Trace) -> Verdict:
        """The SMF hears of the session after success, and nothing after failure."""
        findings = Findings()
        for name, succeeds in ((self.SUCCESS, True), (self.FAILURE, False)):
            section = variant(trace, findings, name)
            if section is not None:
                self._judge(findings, name, section, succeeds)
        return self.conclude(findings, trace, "no slice was authenticated")

    def _judge(self, findings: Findings, name: str, section: Section, succeeds: bool) -> None:
        result = next(
            (
                each
                for each in section.services
                if not each.http.is_request
                and each.operation is not None
                and each.operation.service == "nnssaaf-nssaa"
                and each.document is not None
                and isinstance(each.document.value, dict)
                and each.document.value.get("authResult")
            ),
            None,
        )
        if result is None:
            findings.doubt(f"{name}: the NSSAAF was not asked, or gave no result")
            return
        after = section.after(result.frame)
        asked = first(after.uplink, M.UL_NAS_TRANSPORT)
        if asked is None or asked.plain is None:
            findings.doubt(f"{name}: the UE did not ask for a session", result.frame)
            return
        after = section.after(asked.frame)
        created = next(iter(_create_requests(after)), None)
        returned = first(after.downlink, M.DL_NAS_TRANSPORT)
        frames = (result.frame, asked.frame)
        if succeeds:
            if created is not None:
                findings.conforming(f"{name}: the SMF was asked", *frames, created.frame)
            else:
                findings.violation(f"{name}: the SMF was not asked", *frames)
            return
        content = asked.plain.get(nas.ie.PAYLOAD_CONTAINER)
        if created is not None:
            findings.violation(f"{name}: the SMF was asked all the same", *frames, created.frame)
        elif returned is None or returned.plain is None:
            findings.violation(f"{name}: the session request was not sent back", *frames)
        elif returned.plain.get(nas.ie.PAYLOAD_CONTAINER) != content:
            findings.violation(
                f"{name}: something else than the request was sent back", *frames, returned.frame
            )
        else:
            findings.conforming(f"{name}: the request was sent back", *frames, returned.frame)


class Revocation(TestCase):
    """4.2.2.9.1: without a slice left, the UE is deregistered and told why."""

    name = "TC_NSSAA_REVOCATION"
    features: ClassVar[tuple[str, ...]] = ("nssaa",)
    needs: ClassVar[tuple[str, ...]] = ("neighbours",)
    STEP = "the NSSAAF revokes the only allowed slice"

    async def procedure(self, bench: Bench) -> None:
        """A UE with one slice and no default; the NSSAAF takes it away."""
        bench.needs_neighbours()
        with bench.variant("a UE with one authenticated slice"):
            with bench.slice_authentication(succeeds=True):
                ue = await bench.slice_ue(only_authenticated=True)
                await bench.register(ue)
                await bench.quiet()
            with bench.variant(self.STEP):
                await bench.revoke_slice(ue)
                await bench.quiet()

    def judge(self, trace: Trace) -> Verdict:
        """Fail without a Deregistration Request that lists the slice with its cause."""
        findings = Findings()
        section = variant(trace, findings, self.STEP)
        if section is not None:
            self._judge(findings, section)
        return self.conclude(findings, trace, "no slice was revoked")

    def _judge(self, findings: Findings, section: Section) -> None:
        sent = next(
            (
                each
                for each in section.services
                if each.http.is_request and "snssai" in str(each.http.body[:400])
            ),
            None,
        )
        if sent is None:
            findings.doubt("the revocation was not sent")
            return
        answered = any(each.request is sent for each in section.services)
        after = section.after(sent.frame)
        request = first(after.downlink, M.DEREGISTRATION_REQUEST_UE_TERMINATED)
        if request is None or request.plain is None:
            if answered:
                findings.violation("no Deregistration Request followed the revocation", sent.frame)
            else:
                findings.doubt("the AMF did not answer the revocation", sent.frame)
            return
        rejected = request.plain.get(nas.ie.REJECTED_NSSAI) or ()
        causes = {each.cause for each in rejected}
        frames = (sent.frame, request.frame)
        if not rejected:
            findings.violation("the Deregistration Request lists no rejected S-NSSAI", *frames)
        elif causes != {_FAILED_OR_REVOKED}:
            findings.violation(
                f"the rejected S-NSSAI has cause {sorted(causes)}, not {_FAILED_OR_REVOKED}",
                *frames,
            )
        else:
            findings.conforming("deregistered, with the rejected S-NSSAI and its cause", *frames)
