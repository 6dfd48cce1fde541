"""TS 33.511, 4.2.2.1.13: a new key before the identity of a radio bearer comes again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makmal.judges.verdict import Findings, Verdict
from makmal.testcases.reading import variant
from makmal.testcases.test_case import TestCase
from makmal.testcases.ts33511.reading import reconfigurations
from makmal.trace.message import RrcMessage
from makmal.trace.trace import Section, Trace
from makmal.trace.user_equipment import UserEquipment

if TYPE_CHECKING:
    from makmal.bench.radio.gnb_bench import GnbBench

# TS 38.331, 6.3.2: DRB-Identity.
_IDENTITIES = 32


class KeyRefresh(TestCase):
    """4.2.2.1.13."""

    name = "TC_GNB_KEY_REFRESH_DRB_ID"
    STEP = "bearers are set up and released until their identities run out"

    async def procedure(self, bench: GnbBench) -> None:
        """Sessions one after the other, the UE connected all the time."""
        with bench.variant(self.STEP):
            ue = await bench.registered()
            await bench.session(ue)
            for _ in range(_IDENTITIES):
                session = await bench.session(ue, identity=2)
                await bench.end_session(ue, session)

    def judge(self, trace: Trace) -> Verdict:
        """Fail when an identity comes again with the key that it was used with."""
        findings = Findings()
        section = variant(trace, findings, self.STEP)
        if section is not None:
            self._judge(findings, section)
        return self.conclude(findings, trace, "no radio bearer was set up")

    def _judge(self, findings: Findings, section: Section) -> None:
        read = {id(message): said for message, said in reconfigurations(section)}
        used: dict[UserEquipment, set[int]] = {}
        seen: dict[UserEquipment, set[int]] = {}
        active: dict[UserEquipment, set[int]] = {}
        heard: set[tuple[UserEquipment, bytes]] = set()
        for each in section.messages:
            if not isinstance(each, RrcMessage) or each.uplink or each.user_equipment is None:
                continue
            ue = each.user_equipment
            if each.message.kind in ("securityModeCommand", "rrcResume", "rrcReestablishment"):
                used[ue] = set()
            if each.message.kind in ("rrcRelease", "securityModeCommand"):
                active[ue] = set()
            said = read.get(id(each))
            if said is None:
                continue
            if said.key_update is not None and said.sync is not None:
                used[ue] = set()
            # The same PDU once more is a retransmission.
            if each.pdu and (ue, each.pdu) in heard:
                continue
            heard.add((ue, each.pdu))
            present = active.setdefault(ue, set())
            present -= set(said.released_drbs)
            for drb in said.drbs:
                # TS 38.331, 5.3.5.6.5: a DRB that is there already is reconfigured.
                if drb.identity in present:
                    continue
                present.add(drb.identity)
                if drb.identity in used.setdefault(ue, set()):
                    findings.violation(
                        "the identity of a radio bearer came again with the same key", each.frame
                    )
                elif drb.identity in seen.setdefault(ue, set()):
                    findings.conforming(
                        "the identity of a radio bearer came again with a new key", each.frame
                    )
                used[ue].add(drb.identity)
                seen[ue].add(drb.identity)
        if not findings.occasions and seen:
            findings.doubt("no identity of a radio bearer came again")
