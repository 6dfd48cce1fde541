"""TS 33.514, 4.2.7.1 and 4.2.8.1: the user plane security policy for TSC and for 5G LAN groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from makmal.judges.verdict import Findings, Verdict
from makmal.testcases.reading import exchange, variant
from makmal.testcases.test_case import TestCase
from makmal.trace.message import SbiMessage
from makmal.trace.trace import Trace

if TYPE_CHECKING:
    from makmal.bench.bench import Bench

_Policies = dict[str, tuple[Any, Any]]


def _policies(answer: SbiMessage | None) -> _Policies:
    """The policies in session data, by DNN: integrity, confidentiality (TS 29.503, 6.1.6.2.9)."""
    value = None if answer is None or answer.document is None else answer.document.value
    if isinstance(value, dict):
        value = value.get("individualSmSubsData", [value])
    found: _Policies = {}
    for entry in value if isinstance(value, list) else ():
        configurations = entry.get("dnnConfigurations") if isinstance(entry, dict) else None
        for dnn, each in (configurations if isinstance(configurations, dict) else {}).items():
            security = each.get("upSecurity") if isinstance(each, dict) else None
            if isinstance(security, dict):
                found[dnn] = security.get("upIntegr"), security.get("upConfid")
    return found


class TimeSensitiveCommunication(TestCase):
    """4.2.7.1: for the DNN and slice of TSC, both protections are required."""

    name = "MAKMAL_UDM_UP_SECURITY_FOR_TSC"
    features = ("tsc",)
    needs: ClassVar[tuple[str, ...]] = ("neighbours",)
    STEP = "the session data of the DNN for TSC"

    async def procedure(self, bench: Bench) -> None:
        """As SMF. The first slice and DNN of the target are those of TSC."""
        with bench.variant(self.STEP):
            await bench.services.session_data(bench.services.subscription())

    def judge(self, trace: Trace) -> Verdict:
        """Fail when one of the two is not required."""
        findings = Findings()
        section = variant(trace, findings, self.STEP)
        found = None if section is None else exchange(section)
        if section is not None and (found is None or not _policies(found[1])):
            findings.doubt("the UDM gave no user plane security policy", section.frame)
        elif found is not None and found[1] is not None:
            for dnn, policy in _policies(found[1]).items():
                if policy == ("REQUIRED", "REQUIRED"):
                    findings.conforming(f"{dnn}: both are required", found[1].frame)
                else:
                    findings.violation(
                        f"{dnn}: integrity {policy[0]}, confidentiality {policy[1]}",
                        found[1].frame,
                    )
        return self.conclude(findings, trace, "no session data was asked for")


class LanGroup(TestCase):
    """4.2.8.1: the UEs of a 5G LAN group have one policy."""

    name = "MAKMAL_UDM_UP_SECURITY_OF_5G_LAN"
    features = ("5g-lan",)
    needs: ClassVar[tuple[str, ...]] = ("neighbours",)
    STEPS = ("the first UE of the group", "the second UE of the group")

    async def procedure(self, bench: Bench) -> None:
        """As the SMFs of two UEs. The subscribers of the target are of one group."""
        for name in self.STEPS:
            with bench.variant(name):
                await bench.services.session_data(bench.new_subscription())

    def judge(self, trace: Trace) -> Verdict:
        """Fail when the policies differ."""
        findings = Findings()
        seen: list[tuple[_Policies, int]] = []
        for name in self.STEPS:
            section = variant(trace, findings, name)
            found = None if section is None else exchange(section)
            if found is not None and found[1] is not None and _policies(found[1]):
                seen.append((_policies(found[1]), found[1].frame))
            elif section is not None:
                findings.doubt(f"{name}: the UDM gave no policy", section.frame)
        if len(seen) == len(self.STEPS):
            (one, frame), (other, other_frame) = seen
            if one == other:
                findings.conforming("both UEs have one policy", frame, other_frame)
            else:
                findings.violation(
                    f"the policies differ: {sorted(one.items())}, {sorted(other.items())}",
                    frame,
                    other_frame,
                )
        return self.conclude(findings, trace, "no session data was asked for")
