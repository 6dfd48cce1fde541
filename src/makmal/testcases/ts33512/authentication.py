"""TS 33.512, 4.2.2.1.1 to 4.2.2.1.3: primary authentication and redirection."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from makmal.judges.verdict import Findings, Verdict
from makmal.protocol import nas
from makmal.testcases.reading import (
    AUSF,
    answer_to,
    document,
    first,
    is_reaction,
    requests,
    variant,
)
from makmal.testcases.test_case import TestCase
from makmal.trace.message import SbiMessage
from makmal.trace.trace import Section, Trace

if TYPE_CHECKING:
    from makmal.bench.bench import Bench

M = nas.MessageType
_SYNCH_FAILURE = 21


def _resynchronisations(section: Section) -> list[SbiMessage]:
    return [
        each
        for each in requests(section, AUSF)
        if isinstance(document(each).get("resynchronizationInfo"), dict)
    ]


class SynchronisationFailure(TestCase):
    """4.2.2.1.1: no new challenge before the AUSF has answered; unsolicited failures ignored."""

    name = "TC_SYNC_FAIL_SEAF_AMF"
    needs: ClassVar[tuple[str, ...]] = ("neighbours",)
    AT_ONCE = "A: synchronisation failure, the AUSF answers at once"
    SILENT = "B: synchronisation failure, the AUSF stays silent"
    UNSOLICITED = "C: an unsolicited synchronisation failure"

    async def procedure(self, bench: Bench) -> None:
        """A, B and C of the standard."""
        bench.needs_neighbours()
        with bench.variant(self.AT_ONCE):
            ue = await bench.ue(synchronisation_failures=1)
            await ue.register()
        with bench.variant(self.SILENT):
            ue = await bench.ue(synchronisation_failures=1)
            with bench.no_answer("AUSF", "resynchronizationInfo"):
                await ue.register()
                await bench.quiet()
        with bench.variant(self.UNSOLICITED, preparing=True):
            ue = await bench.registered_ue()
            bench.mark(self.UNSOLICITED)
            ue.send_unsolicited_synchronisation_failure()
            await bench.quiet()
            await bench.prove_alive(ue)

    def judge(self, trace: Trace) -> Verdict:
        """Fail on a challenge between the failure and the AUSF's answer."""
        findings = Findings()
        for name in (self.AT_ONCE, self.SILENT):
            section = variant(trace, findings, name)
            if section is not None:
                self._judge_failure(findings, name, section)
        section = variant(trace, findings, self.UNSOLICITED)
        if section is not None:
            self._judge_unsolicited(findings, section)
        return self.conclude(findings, trace, "no UE reported a synchronisation failure")

    def _judge_failure(self, findings: Findings, name: str, section: Section) -> None:
        failure = next(
            (
                each
                for each in section.uplink
                if each.plain is not None
                and each.message_type == M.AUTHENTICATION_FAILURE
                and each.plain.get(nas.ie.FIVE_GMM_CAUSE) == _SYNCH_FAILURE
            ),
            None,
        )
        if failure is None or failure.plain is None:
            findings.doubt(f"{name}: the UE was not challenged, or did not report the failure")
            return
        after = section.after(failure.frame).of(failure.user_equipment)
        asked = next(iter(_resynchronisations(after)), None)
        answer = None if asked is None else answer_to(after, asked)
        challenge = first(after.downlink, M.AUTHENTICATION_REQUEST)
        if asked is not None:
            auts = failure.plain.get(nas.ie.AUTHENTICATION_FAILURE_PARAMETER) or b""
            information = document(asked)["resynchronizationInfo"]
            if str(information.get("auts")).lower() != auts.hex():
                findings.violation(
                    f"{name}: the AUSF was given another AUTS than the UE sent",
                    failure.frame,
                    asked.frame,
                )
        if challenge is not None and (answer is None or challenge.frame < answer.frame):
            findings.violation(
                f"{name}: a new Authentication Request before the AUSF answered",
                failure.frame,
                challenge.frame,
            )
        elif asked is None:
            findings.violation(
                f"{name}: the AUSF was not told of the synchronisation failure", failure.frame
            )
        elif name == self.SILENT and answer is not None:
            findings.doubt(f"{name}: the AUSF answered", asked.frame, answer.frame)
        else:
            findings.conforming(
                f"{name}: the AUSF was told, and no new challenge came before its answer",
                failure.frame,
                asked.frame,
            )

    def _judge_unsolicited(self, findings: Findings, section: Section) -> None:
        name = self.UNSOLICITED
        sent = first(section.uplink, M.AUTHENTICATION_FAILURE)
        if sent is None:
            findings.doubt(f"{name}: it was not sent")
            return
        after = section.after(sent.frame).of(sent.user_equipment)
        good = next(
            (each for each in after.uplink if each.message_type != M.AUTHENTICATION_FAILURE), None
        )
        limit = None if good is None else good.frame
        reactions = [
            each.frame
            for each in (
                *(each for each in after.downlink if is_reaction(each)),
                *_resynchronisations(after),
            )
            if limit is None or each.frame < limit
        ]
        if reactions:
            findings.violation(f"{name} was processed", sent.frame, reactions[0])
        elif good is None or not any(after.after(good.frame).downlink):
            findings.doubt(f"{name}: no answer to a later good message shows the link alive")
        else:
            findings.conforming(f"{name} was ignored, and a good message answered", sent.frame)


class ResStarVerification(TestCase):
    """4.2.2.1.2: a failed RES* verification, in the SEAF or in the AUSF, or without answer."""

    name = "TC_RES_STAR_VERIFICATION_FAILURE"
    needs: ClassVar[tuple[str, ...]] = ("neighbours",)
    VARIANTS: ClassVar[dict[str, tuple[bool, str]]] = {
        # Whether the UE registers with its 5G-GUTI, and what goes wrong.
        "A: SUCI, a wrong RES*": (False, "wrong"),
        "B: 5G-GUTI, a wrong RES*": (True, "wrong"),
        "C: SUCI, the AUSF reports failure": (False, "failure"),
        "D: 5G-GUTI, the AUSF reports failure": (True, "failure"),
        "E: SUCI, the AUSF does not answer": (False, "silence"),
        "F: 5G-GUTI, the AUSF does not answer": (True, "silence"),
    }

    async def procedure(self, bench: Bench) -> None:
        """The six variants; a 5G-GUTI is of an earlier registration, shown without keys."""
        bench.needs_neighbours()
        for name, (with_guti, wrong) in self.VARIANTS.items():
            with bench.variant(name, preparing=True):
                ue = await (bench.ue_with_guti() if with_guti else bench.ue())
                bench.mark(name)
                if wrong == "wrong":
                    ue.change(alters_res_star=True)
                    await ue.register()
                elif wrong == "failure":
                    with bench.authentication_fails():
                        await ue.register()
                else:
                    with bench.no_answer("AUSF", "resStar"):
                        await ue.register()
                        await bench.quiet()

    def judge(self, trace: Trace) -> Verdict:
        """Authentication Reject after a SUCI, Identity Request after a 5G-GUTI."""
        findings = Findings()
        for name, (with_guti, wrong) in self.VARIANTS.items():
            section = variant(trace, findings, name)
            if section is not None:
                self._judge(findings, name, section, with_guti, wrong)
        return self.conclude(findings, trace, "no UE was challenged")

    def _judge(
        self, findings: Findings, name: str, section: Section, with_guti: bool, wrong: str
    ) -> None:
        response = first(section.uplink, M.AUTHENTICATION_RESPONSE)
        if response is None:
            findings.doubt(f"{name}: the UE was not challenged")
            return
        after = section.after(response.frame).of(response.user_equipment)
        confirmation = next(
            (each for each in requests(after, AUSF) if "resStar" in document(each)), None
        )
        if wrong == "wrong" and confirmation is None:
            # TS 29.509, 5.2.2.2.2: the AUSF is told with a null value.
            findings.doubt(f"{name}: the AUSF was told nothing", response.frame)
        elif wrong == "wrong" and document(confirmation).get("resStar") is not None:
            findings.violation(
                f"{name}: the AUSF was sent a RES* that is not null",
                response.frame,
                confirmation.frame if confirmation is not None else response.frame,
            )
        reaction = next(
            (
                each
                for each in after.downlink
                if each.message_type
                in (
                    M.AUTHENTICATION_REJECT,
                    M.IDENTITY_REQUEST,
                    M.SECURITY_MODE_COMMAND,
                    M.REGISTRATION_ACCEPT,
                    M.REGISTRATION_REJECT,
                    M.AUTHENTICATION_REQUEST,
                )
            ),
            None,
        )
        if reaction is None:
            findings.doubt(f"{name}: the AMF gave the UE no answer", response.frame)
            return
        wanted: tuple[int, ...] = (M.IDENTITY_REQUEST,) if with_guti else (M.AUTHENTICATION_REJECT,)
        if wrong == "silence":
            wanted = (M.IDENTITY_REQUEST, M.AUTHENTICATION_REJECT, M.REGISTRATION_REJECT)
        frames = (response.frame, reaction.frame)
        if reaction.message_type in wanted:
            findings.conforming(f"{name}: answered with {reaction.name}", *frames)
        else:
            findings.violation(f"{name}: answered with {reaction.name}", *frames)


class Redirection(TestCase):
    """4.2.2.1.3: a UE is sent to EPC only once NAS security is established."""

    name = "TC_AMF_REDIRECTION_5GS_EPS"
    features: ClassVar[tuple[str, ...]] = ("ciot",)
    needs: ClassVar[tuple[str, ...]] = ("configuration",)
    STEP = "registration of a UE that is to be redirected"
    # TS 24.501, 9.11.3.2: redirection to EPC required.
    CAUSE = 31

    async def procedure(self, bench: Bench) -> None:
        """The operator's policy redirects every UE."""
        with bench.variant("operator policy: redirect every UE"):
            async with bench.configured(redirection_to_epc=True):
                with bench.variant(self.STEP):
                    ue = await bench.ue(mm_capability=bench.CIOT)
                    await ue.register()

    def judge(self, trace: Trace) -> Verdict:
        """Fail when the reject comes before a Security Mode Complete, or unprotected."""
        findings = Findings()
        section = variant(trace, findings, self.STEP)
        if section is not None:
            self._judge(findings, section)
        return self.conclude(findings, trace, "no UE was redirected")

    def _judge(self, findings: Findings, section: Section) -> None:
        reject = first(section.downlink, M.REGISTRATION_REJECT)
        if reject is None or reject.plain is None:
            findings.doubt("the registration was not rejected")
            return
        cause = reject.plain.get(nas.ie.FIVE_GMM_CAUSE)
        if cause != self.CAUSE:
            findings.doubt(f"the reject has cause {cause}, not {self.CAUSE}", reject.frame)
            return
        complete = first(section.uplink, M.SECURITY_MODE_COMPLETE)
        if complete is None or complete.frame > reject.frame:
            findings.violation("the redirection came before NAS security", reject.frame)
        elif reject.protected is None:
            findings.violation("the redirection came unprotected", complete.frame, reject.frame)
        else:
            findings.conforming(
                "the redirection came after the security mode procedure, protected",
                complete.frame,
                reject.frame,
            )
