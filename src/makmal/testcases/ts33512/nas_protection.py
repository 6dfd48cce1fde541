"""TS 33.512, 4.2.2.1.4 and 4.2.2.3: integrity, replay, and the choice of algorithms."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from makmal.judges.verdict import Findings, Verdict
from makmal.protocol import nas
from makmal.testcases.reading import NOT_APPLICABLE, first, last, variant
from makmal.testcases.test_case import TestCase
from makmal.trace.message import NasMessage, SbiMessage
from makmal.trace.trace import Section, Trace

if TYPE_CHECKING:
    from makmal.bench.bench import Bench

M = nas.MessageType
_NEW_CONTEXT = nas.SecurityHeaderType.INTEGRITY_PROTECTED_WITH_NEW_5G_NAS_SECURITY_CONTEXT


def _ignored(findings: Findings, name: str, section: Section, sent: NasMessage | None) -> None:
    """Judge that the message ``sent`` was ignored: no reaction before the next good message, and
    that one answered.
    """
    if sent is None:
        findings.doubt(f"{name}: it was not sent")
        return
    context = sent.user_equipment.current
    if context is not None and context.algorithms.integrity == 0:
        findings.doubt(f"{name}: the AMF chose NIA0, under which nothing can be told", sent.frame)
        return
    after = section.after(sent.frame)
    good = next((each for each in after.uplink if each.user_equipment is sent.user_equipment), None)
    limit = None if good is None else good.frame
    reactions = [
        each
        for each in after.messages
        if (limit is None or each.frame < limit)
        and (
            (isinstance(each, NasMessage) and not each.uplink and each.interface == "N1")
            or (isinstance(each, SbiMessage) and _forwards(each))
        )
    ]
    if reactions:
        findings.violation(
            f"{name} was answered with {reactions[0].name}", sent.frame, reactions[0].frame
        )
    elif good is None or not any(after.after(good.frame).downlink):
        findings.doubt(
            f"{name} got no answer, but no later good message shows the link alive", sent.frame
        )
    else:
        findings.conforming(
            f"{name} got no answer, and the next good message did", sent.frame, good.frame
        )


def _forwards(message: SbiMessage) -> bool:
    """Whether a request carries on what the UE asked for."""
    return (
        message.http.is_request
        and message.operation is not None
        and message.operation.service == "nsmf-pdusession"
        and message.operation.resource == "sm-contexts"
    )


class IntegrityFailure(TestCase):
    """4.2.2.1.4: NAS messages with a wrong MAC, or none, are discarded."""

    name = "TC_AMF_NAS_INTEGRITY_FAILURE"
    WRONG = "a NAS message with a wrong MAC"
    NONE = "a NAS message without MAC"

    async def procedure(self, bench: Bench) -> None:
        """A session request, which TS 24.501, 4.4.4.3, does not exempt, first wrong, then good."""
        with bench.variant(self.WRONG, preparing=True):
            ue = await bench.registered_ue()
            bench.mark(self.WRONG)
            ue.request_session(identity=5, mac=b"\xde\xad\xbe\xef")
            await bench.quiet()
            await bench.prove_alive(ue)
        with bench.variant(self.NONE, preparing=True):
            ue = await bench.registered_ue()
            bench.mark(self.NONE)
            ue.request_session(identity=5, unprotected=True)
            await bench.quiet()
            await bench.prove_alive(ue)

    def judge(self, trace: Trace) -> Verdict:
        """Fail on any reaction."""
        findings = Findings()
        for name in (self.WRONG, self.NONE):
            section = variant(trace, findings, name)
            if section is not None:
                _ignored(findings, name, section, next(section.uplink, None))
        return self.conclude(findings, trace, "no such message was sent")


class Replay(TestCase):
    """4.2.2.3.1: a Security Mode Complete sent again is not processed; nor is the last message.

    An AMF that expects no Security Mode Complete any more does nothing about one, whether or not it
    noticed the replay. A session request would be forwarded, and a COUNT that is the latest is the
    one that a careless comparison lets through.
    """

    name = "TC_NAS_REPLAY_AMF"
    # What is recorded first, then what is sent again, and its type and name.
    VARIANTS: ClassVar[dict[str, tuple[str, int, str]]] = {
        "a registration to record the Security Mode Complete of": (
            "the Security Mode Complete sent again",
            M.SECURITY_MODE_COMPLETE,
            "Security Mode Complete",
        ),
        "a session to record the request of": (
            "the session request, the last message, sent again",
            M.UL_NAS_TRANSPORT,
            "session request",
        ),
    }

    async def procedure(self, bench: Bench) -> None:
        """In a new NGAP message with a new TSN, or SCTP would drop it as a duplicate."""
        for before, (step, kind, _) in self.VARIANTS.items():
            with bench.variant(before):
                ue = await bench.registered_ue(session=kind == M.UL_NAS_TRANSPORT)
                octets = ue.last_sent(kind)
                # What the original sets going is no reaction to the replay.
                await bench.quiet()
                with bench.variant(step):
                    ue.send_octets(octets)
                    await bench.quiet()
                    await bench.prove_alive(ue)

    def judge(self, trace: Trace) -> Verdict:
        """Fail on any reaction to the repeated octets."""
        findings = Findings()
        for name, (step, kind, what) in self.VARIANTS.items():
            before, section = (variant(trace, findings, each) for each in (name, step))
            if before is None or section is None:
                continue
            original = last(before.uplink, kind)
            sent = next(section.uplink, None)
            if original is None:
                findings.doubt(f"the original {what} was not seen")
            elif sent is None or sent.outer.encode() != original.outer.encode():
                findings.doubt(f"the {what} was not sent again", original.frame)
            else:
                _ignored(findings, f"the replayed {what}", section, sent)
        return self.conclude(findings, trace, "nothing was replayed")


class NullIntegrity(TestCase):
    """4.2.2.3.2: where every UE is authenticated, NIA0 is never chosen."""

    name = "TC_NAS_NULL_INT_AMF"
    EMERGENCY = "A: an emergency registration"
    NORMAL = "B: a registration"

    async def procedure(self, bench: Bench) -> None:
        """Both kinds of registration, by a UE with a USIM."""
        if bench.has("emergency"):
            with bench.variant(self.EMERGENCY):
                ue = await bench.ue()
                await ue.register(emergency=True)
        else:
            bench.mark(f"{NOT_APPLICABLE}{self.EMERGENCY}: the product declares no emergency")
        with bench.variant(self.NORMAL):
            ue = await bench.ue()
            await ue.register()

    def judge(self, trace: Trace) -> Verdict:
        """Fail when NIA0 is selected, or the command is not protected."""
        findings = Findings()
        for name in (self.EMERGENCY, self.NORMAL):
            section = variant(trace, findings, name)
            if section is not None:
                self._judge(findings, name, section)
        return self.conclude(findings, trace, "no registration was seen")

    def _judge(self, findings: Findings, name: str, section: Section) -> None:
        response = first(section.uplink, M.AUTHENTICATION_RESPONSE)
        command = first(section.downlink, M.SECURITY_MODE_COMMAND)
        if command is None or command.plain is None:
            findings.doubt(f"{name}: no Security Mode Command was seen")
            return
        algorithms = command.plain.get(nas.ie.SELECTED_NAS_SECURITY_ALGORITHMS)
        if algorithms is None:
            findings.doubt(f"{name}: the Security Mode Command names no algorithms", command.frame)
        elif response is None:
            findings.violation(f"{name}: security without authentication", command.frame)
        elif algorithms.integrity == 0:
            findings.violation(f"{name}: the AMF selected NIA0", command.frame)
        elif command.protected is None or (
            command.protected.security_header_type is not _NEW_CONTEXT
        ):
            findings.violation(
                f"{name}: the Security Mode Command is not integrity protected", command.frame
            )
        elif command.integrity_verified is False:
            findings.violation(
                f"{name}: the MAC of the Security Mode Command is wrong", command.frame
            )
        elif command.integrity_verified is None:
            findings.doubt(f"{name}: no key to check the MAC of the command with", command.frame)
        else:
            findings.conforming(
                f"{name}: authenticated, 128-NIA{algorithms.integrity}, the command protected",
                response.frame,
                command.frame,
            )


class AlgorithmSelection(TestCase):
    """4.2.2.3.3: the first algorithm of the configured list that the UE offers."""

    name = "TC_NAS_INT_SELECTION_USE_AMF"
    needs: ClassVar[tuple[str, ...]] = ("configuration",)
    STEP = "integrity priority"
    _LIST = re.compile(r"integrity priority ((?:NIA[0-7](?:, )?)+)")

    async def procedure(self, bench: Bench) -> None:
        """With the default list, then with another order of it."""
        usual = bench.integrity_priority
        other = (*usual[1:], usual[0]) if len(usual) > 1 else usual
        await self._register(bench, usual)
        if other == usual:
            bench.not_done("a list of one algorithm has no other order")
            return
        with bench.variant("another order of the list"):
            async with bench.configured(integrity_priority=other):
                await self._register(bench, other)

    async def _register(self, bench: Bench, priority: tuple[int, ...]) -> None:
        names = ", ".join(f"NIA{each}" for each in priority)
        with bench.variant(f"{self.STEP} {names}"):
            ue = await bench.ue()
            await ue.register()

    def judge(self, trace: Trace) -> Verdict:
        """Fail on another algorithm, or when the Security Mode Complete does not verify."""
        findings = Findings()
        lists = []
        for section in trace.sections():
            match = self._LIST.fullmatch(section.name)
            if match is not None:
                priority = tuple(int(number) for number in re.findall(r"NIA(\d)", match[1]))
                lists.append(priority)
                self._judge(findings, section, priority)
        if len(set(lists)) == 1:
            findings.doubt("only one order of the list was tried")
        return self.conclude(findings, trace, "no registration was seen")

    def _judge(self, findings: Findings, section: Section, priority: tuple[int, ...]) -> None:
        name = section.name
        request = first(section.uplink, M.REGISTRATION_REQUEST)
        command = first(section.downlink, M.SECURITY_MODE_COMMAND)
        if request is None or command is None or command.plain is None or request.plain is None:
            findings.doubt(f"{name}: no Security Mode Command was seen")
            return
        capability = request.plain.get(nas.ie.UE_SECURITY_CAPABILITY)
        algorithms = command.plain.get(nas.ie.SELECTED_NAS_SECURITY_ALGORITHMS)
        replayed = command.plain.get(nas.ie.REPLAYED_UE_SECURITY_CAPABILITIES)
        if capability is None or algorithms is None:
            findings.doubt(f"{name}: algorithms or capabilities are missing", command.frame)
            return
        best = next((each for each in priority if capability.supports_integrity(each)), None)
        frames = (request.frame, command.frame)
        if algorithms.integrity != best:
            findings.violation(
                f"{name}: NIA{algorithms.integrity} was selected, not NIA{best}", *frames
            )
            return
        if replayed is not None and replayed.octets[:2] != capability.octets[:2]:
            findings.violation(f"{name}: other capabilities replayed than the UE sent", *frames)
            return
        complete = first(section.uplink, M.SECURITY_MODE_COMPLETE)
        if complete is None:
            findings.doubt(f"{name}: no Security Mode Complete was seen", *frames)
        elif complete.integrity_verified is False:
            findings.violation(f"{name}: the Security Mode Complete does not verify", *frames)
        elif complete.integrity_verified is None:
            findings.doubt(f"{name}: no key to verify the Security Mode Complete with", *frames)
        elif first(section.after(complete.frame).downlink, M.REGISTRATION_ACCEPT) is None:
            findings.doubt(
                f"{name}: the AMF did not go on after the Security Mode Complete",
                *frames,
                complete.frame,
            )
        else:
            findings.conforming(
                f"{name}: NIA{best} selected, the Security Mode Complete verified and accepted",
                *frames,
                complete.frame,
            )
