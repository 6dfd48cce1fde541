"""TS 33.511, 4.2.2.1.12 and .15: the choice of AS algorithms, at first and at a handover."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from makmal.judges.verdict import Findings, Verdict
from makmal.protocol import rrc
from makmal.protocol.errors import DecodeError
from makmal.testcases.reading import variant
from makmal.testcases.test_case import TestCase
from makmal.testcases.ts33511.reading import reconfigurations, signalling
from makmal.trace.message import RrcMessage
from makmal.trace.trace import Section, Trace

if TYPE_CHECKING:
    from makmal.bench.radio.gnb_bench import GnbBench


class _Choice(NamedTuple):
    """Lists of the gNB and algorithms of the UE, and what is to be selected of them."""

    name: str
    integrity: tuple[int, ...]
    ciphering: tuple[int, ...]
    of_ue: tuple[int, ...]
    expected: rrc.Algorithms


_CHOICES = (
    _Choice("A: lists 2, 1, 3", (2, 1, 3), (2, 1, 3, 0), (0, 1, 2, 3), rrc.Algorithms(2, 2)),
    _Choice("B: lists 1, 3, 2", (1, 3, 2), (1, 3, 2, 0), (0, 1, 2, 3), rrc.Algorithms(1, 1)),
    _Choice(
        "C: lists 3, 2, 1, and a UE without ZUC",
        (3, 2, 1),
        (3, 2, 1, 0),
        (0, 1, 2),
        rrc.Algorithms(2, 2),
    ),
)


class AlgorithmSelection(TestCase):
    """4.2.2.1.12: the first algorithms of the lists that the UE has are selected."""

    name = "TC-AS-alg-select_gNB"
    needs: ClassVar[tuple[str, ...]] = ("configuration",)

    async def procedure(self, bench: GnbBench) -> None:
        """Several lists, and UEs with several sets."""
        for choice in _CHOICES:
            with bench.variant(choice.name):
                async with bench.configured(
                    integrity_priority=choice.integrity, ciphering_priority=choice.ciphering
                ):
                    await bench.registered(algorithms=choice.of_ue)

    def judge(self, trace: Trace) -> Verdict:
        """Fail when the Security Mode Command has others; its answer has to verify."""
        findings = Findings()
        for choice in _CHOICES:
            section = variant(trace, findings, choice.name)
            if section is not None:
                self._judge(findings, choice, section)
        return self.conclude(findings, trace, "no Security Mode Command was seen")

    @staticmethod
    def _judge(findings: Findings, choice: _Choice, section: Section) -> None:
        command = _first(section, "securityModeCommand")
        if command is None:
            findings.doubt(f"{choice.name}: no Security Mode Command was seen")
            return
        try:
            selected = rrc.security.commanded_algorithms(command.message)
        except DecodeError:
            selected = None
        if selected != choice.expected:
            findings.violation(
                f"{choice.name}: {_text(selected)} selected in place of {_text(choice.expected)}",
                command.frame,
            )
            return
        answer = _first(section, "securityModeComplete")
        if answer is None or not answer.integrity_verified:
            findings.doubt(f"{choice.name}: no Security Mode Complete that verifies", command.frame)
        else:
            findings.conforming(
                f"{choice.name}: {_text(selected)} selected", command.frame, answer.frame
            )


def _first(section: Section, kind: str) -> RrcMessage | None:
    return next((each for each in signalling(section) if each.message.kind == kind), None)


def _text(algorithms: rrc.Algorithms | None) -> str:
    if algorithms is None:
        return "no algorithm"
    return f"NEA{algorithms.ciphering} and NIA{algorithms.integrity}"


class AlgorithmChange(TestCase):
    """4.2.2.1.15: the target of a handover selects by its own lists."""

    name = "Alg_select_change_gNB"
    features: ClassVar[tuple[str, ...]] = ("xn",)
    needs: ClassVar[tuple[str, ...]] = ("configuration",)
    XN = "A: a handover by Xn"
    N2 = "B: a handover by N2"
    LISTS: ClassVar[tuple[int, ...]] = (2, 1, 3)
    OF_SOURCE: ClassVar[tuple[int, ...]] = (1,)
    EXPECTED = rrc.Algorithms(2, 2)

    async def procedure(self, bench: GnbBench) -> None:
        """From a gNB of ours that has other lists."""
        async with bench.configured(integrity_priority=self.LISTS, ciphering_priority=self.LISTS):
            for name in (self.XN, self.N2):
                with bench.variant(name, preparing=True):
                    source = await bench.other_gnb(
                        integrity_priority=self.OF_SOURCE, ciphering_priority=self.OF_SOURCE
                    )
                    ue = await bench.registered(gnb=source)
                    await bench.session(ue)
                    bench.mark(name)
                    if name == self.XN:
                        await bench.hand_over_by_xn(ue, source)
                    else:
                        await bench.hand_over_by_n2(ue, source)

    def judge(self, trace: Trace) -> Verdict:
        """Fail when the command at the source names others, or none: then the source's stay."""
        findings = Findings()
        for name in (self.XN, self.N2):
            section = variant(trace, findings, name)
            if section is None:
                continue
            found = next(
                (pair for pair in reconfigurations(section) if pair[1].sync is not None), None
            )
            if found is None:
                findings.doubt(f"{name}: no handover command was seen")
                continue
            message, said = found
            selected = said.algorithms or rrc.Algorithms(self.OF_SOURCE[0], self.OF_SOURCE[0])
            if selected != self.EXPECTED:
                findings.violation(
                    f"{name}: {_text(selected)} selected in place of {_text(self.EXPECTED)}",
                    message.frame,
                )
                continue
            arrived = next(
                (
                    each
                    for each in signalling(section.after(message.frame))
                    if each.uplink and each.integrity_verified
                ),
                None,
            )
            if arrived is None:
                findings.doubt(f"{name}: the UE was not seen in the target cell", message.frame)
            else:
                findings.conforming(
                    f"{name}: {_text(selected)} selected", message.frame, arrived.frame
                )
        return self.conclude(findings, trace, "no handover was seen")
