"""TS 33.512, 4.2.2.5.1: a new 5G-GUTI, ciphered, whenever the old one may be known."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from makmal.judges.verdict import Findings, Verdict
from makmal.protocol import nas, ngap
from makmal.testcases.reading import NOT_APPLICABLE, first, variant
from makmal.testcases.test_case import TestCase
from makmal.trace.message import NasMessage
from makmal.trace.trace import Section, Trace

if TYPE_CHECKING:
    from makmal.bench.bench import Bench

M = nas.MessageType
_CIPHERED = nas.SecurityHeaderType.INTEGRITY_PROTECTED_AND_CIPHERED
# Each of three draws in a row lies so near the one before with a chance of one to thousands, even
# if only some thousand values are drawn from.
_NEXT = 1 << 8
_FEWEST_TO_TELL = 4
# Of 2^32 values, random ones do not all lie in a range of so many.
_FEW = 1 << 16


class GutiAllocation(TestCase):
    """4.2.2.5.1, its four triggers; and TS 33.501, 6.12.3: not to be foreseen."""

    name = "TC_5G_GUTI_ALLOCATION_AMF"
    INITIAL = "1: initial registration of a UE with a 5G-GUTI"
    MOBILITY = "2: mobility registration update"
    PAGED = "3: service request after paging"
    RESUMED = "4: resume of a suspended connection after paging"

    async def procedure(self, bench: Bench) -> None:
        """Each with a UE that registered before and so has an old 5G-GUTI."""
        with bench.variant(self.INITIAL):
            ue = await bench.registered_ue()
            await ue.release_connection()
            await ue.register()
        with bench.variant(self.MOBILITY):
            ue = await bench.registered_ue()
            await ue.release_connection()
            await ue.update_registration()
        with bench.variant(self.PAGED):
            ue = await bench.registered_ue(session=True)
            await ue.release_connection()
            await bench.page(ue)
            await bench.quiet()
        if bench.has("up-ciot"):
            with bench.variant(self.RESUMED):
                ue = await bench.registered_ue(session=True, mm_capability=bench.CIOT)
                await bench.suspend(ue)
                await bench.page(ue)
                await bench.quiet()
        else:
            bench.mark(
                f"{NOT_APPLICABLE}{self.RESUMED}: the product declares no UP CIoT optimisation"
            )

    def judge(self, trace: Trace) -> Verdict:
        """Fail on an old, missing, legible or foreseeable 5G-GUTI."""
        findings = Findings()
        assigned: list[tuple[int, int]] = []
        for name in (self.INITIAL, self.MOBILITY, self.PAGED, self.RESUMED):
            section = variant(trace, findings, name) if self._was_run(trace, name) else None
            if section is not None:
                self._judge(findings, name, section, assigned)
        self.judge_distances(findings, assigned)
        return self.conclude(findings, trace, "no 5G-GUTI was assigned")

    def _was_run(self, trace: Trace, name: str) -> bool:
        if name != self.RESUMED:
            return True
        return not any(
            each.name.startswith(NOT_APPLICABLE) and name in each.name for each in trace.sections()
        )

    def _judge(
        self, findings: Findings, name: str, section: Section, assigned: list[tuple[int, int]]
    ) -> None:
        given = [
            (each, guti)
            for each in section.downlink
            if each.plain is not None
            and each.message_type in (M.REGISTRATION_ACCEPT, M.CONFIGURATION_UPDATE_COMMAND)
            and isinstance(guti := each.plain.get(nas.ie.FIVE_G_GUTI), nas.FiveGGuti)
        ]
        # A retransmission brings the same 5G-GUTI again.
        distinct = [
            (message, guti)
            for at, (message, guti) in enumerate(given)
            if at == 0
            or guti != given[at - 1][1]
            or self._is_later(section, given[at - 1][0], message)
        ]
        if not distinct:
            findings.doubt(f"{name}: no 5G-GUTI was seen at all")
            return
        assigned += [(guti.tmsi, message.frame) for message, guti in distinct]
        for message, _ in distinct:
            self._judge_protection(findings, name, message)
        trigger = self._trigger(name, section, distinct[0][0])
        if trigger is None:
            findings.doubt(f"{name}: the UE did not come back", distinct[0][0].frame)
            return
        later = [(message, guti) for message, guti in distinct if message.frame > trigger]
        if not later:
            after = section.after(trigger)
            if any(after.downlink) or any(not each.from_access_network for each in after.ngap):
                findings.violation(f"{name}: no new 5G-GUTI followed", trigger)
            else:
                findings.doubt(f"{name}: the AMF did not answer", trigger)
            return
        message, guti = later[0]
        if guti == distinct[0][1]:
            findings.violation(
                f"{name}: the old 5G-GUTI again", distinct[0][0].frame, message.frame
            )
        else:
            findings.conforming(f"{name}: a new 5G-GUTI", trigger, message.frame)

    def _is_later(self, section: Section, earlier: NasMessage, message: NasMessage) -> bool:
        return any(earlier.frame < each.frame < message.frame for each in section.uplink)

    def _trigger(self, name: str, section: Section, assigned: NasMessage) -> int | None:
        """The frame with which the UE came back after it got its first 5G-GUTI."""
        complete = first(section.after(assigned.frame).uplink, M.REGISTRATION_COMPLETE)
        after = section.after(assigned.frame if complete is None else complete.frame)
        if name == self.RESUMED:
            return next(
                (
                    each.frame
                    for each in after.ngap
                    if each.pdu.procedure_code == ngap.ProcedureCode.UE_CONTEXT_RESUME
                    and each.from_access_network
                ),
                None,
            )
        return next(
            (
                each.frame
                for each in after.uplink
                if each.initial and each.message_type in (M.REGISTRATION_REQUEST, M.SERVICE_REQUEST)
            ),
            None,
        )

    def _judge_protection(self, findings: Findings, name: str, message: NasMessage) -> None:
        outer = message.protected
        if outer is None or outer.security_header_type is not _CIPHERED:
            findings.violation(f"{name}: the 5G-GUTI was sent legible", message.frame)
            return
        context = message.user_equipment.current
        if context is not None and context.algorithms.ciphering == 0:
            findings.doubt(f"{name}: NEA0 was selected, nothing is ciphered", message.frame)

    def judge_distances(self, findings: Findings, assigned: list[tuple[int, int]]) -> None:
        """Judge 5G-TMSIs with their frames, in the order in which they were assigned."""
        values = list(dict.fromkeys(tmsi for tmsi, _ in assigned))
        if len(values) < _FEWEST_TO_TELL:
            return
        frames = [frame for _, frame in assigned]
        if all(abs(one - other) < _NEXT for one, other in pairwise(values)):
            findings.violation(
                f"the 5G-TMSIs can be foreseen: {len(values)} in a row, each close to the last",
                *frames,
            )
            return
        span = max(values) - min(values) + 1
        if span <= _FEW:
            findings.conforming(
                f"the {len(values)} 5G-TMSIs do not follow from each other, but lie within {span} "
                "values: few have to be tried to hit one",
                *frames,
            )
