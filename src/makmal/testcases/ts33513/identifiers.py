"""TS 33.513, 4.2.2.6: TEIDs are unique; and ours: TEIDs and SEIDs cannot be guessed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from makmal.judges.judge import Panel
from makmal.judges.ts33513_upf import IdentifierUniqueness
from makmal.judges.verdict import Findings, Verdict
from makmal.protocol import pfcp
from makmal.protocol.pfcp import ie
from makmal.testcases.test_case import TestCase
from makmal.trace.message import PfcpMessage
from makmal.trace.n4_sessions import allocated_tunnels
from makmal.trace.trace import Trace

if TYPE_CHECKING:
    from makmal.bench.user_plane.upf_bench import UpfBench

_ESTABLISHED = pfcp.MessageType.SESSION_ESTABLISHMENT_RESPONSE


async def _many_sessions(bench: UpfBench, step: str) -> None:
    with bench.variant(step):
        await bench.associated()
        for _ in range(bench.settings.sessions):
            await bench.session()


class TeidUniqueness(TestCase):
    """4.2.2.6: no two live sessions have the same F-TEID."""

    name = "TC_TEID_ID_UNIQUENESS_UPF"
    STEP = "sessions at the same time"

    async def procedure(self, bench: UpfBench) -> None:
        """Our SMF has the UPF choose the tunnels of many sessions, and keeps them all."""
        await _many_sessions(bench, self.STEP)

    def judge(self, trace: Trace) -> Verdict:
        """Fail on an F-TEID that a second session gets while the first has it."""
        judge = IdentifierUniqueness(trace.knowledge)
        panel = Panel([judge])
        for message in trace.messages:
            panel.observe(message)
        judge.verdict()
        return self.conclude(judge.findings, trace, "no two sessions were seen alive together")


class Predictability(TestCase):
    """Ours: who has seen some identifiers of the UPF cannot tell others."""

    name = "MAKMAL_UPF_IDENTIFIER_PREDICTABILITY"
    STEP = "sessions one after another"

    async def procedure(self, bench: UpfBench) -> None:
        """Our SMF has the UPF choose the tunnels and SEIDs of many sessions."""
        await _many_sessions(bench, self.STEP)

    def judge(self, trace: Trace) -> Verdict:
        """Fail on numbers that follow from those before, or that there are few of."""
        findings = Findings()
        teids: list[int] = []
        seids: list[int] = []
        frames: list[int] = []
        for message in trace.messages:
            if (
                not isinstance(message, PfcpMessage)
                or message.pdu.message_type != _ESTABLISHED
                or not message.pdu.is_accepted
                or message.followed.retransmission
            ):
                continue
            # Where the SMF chose the TEID, it is none of the UPF's.
            chosen = allocated_tunnels(message.pdu, None)
            remote = message.pdu.get(ie.F_SEID)
            if chosen and remote is not None:
                teids.append(chosen[0][1])
                seids.append(remote.seid)
                frames.append(message.frame)
        for what, numbers, bits in (("TEIDs", teids, 32), ("SEIDs", seids, 64)):
            self._judge(findings, what, numbers, bits, frames)
        return self.conclude(findings, trace, "the UPF chose no identifiers")

    @staticmethod
    def _judge(
        findings: Findings, what: str, numbers: Sequence[int], bits: int, frames: Sequence[int]
    ) -> None:
        if not numbers:
            return
        if len(numbers) < LEAST_NUMBERS:
            findings.doubt(
                f"{len(numbers)} {what} are too few to tell ({LEAST_NUMBERS} are needed)",
                frames[-1],
            )
            return
        weakness = weakness_of(numbers, bits)
        ends = frames[0], frames[-1]
        if weakness is None:
            findings.conforming(
                f"{len(numbers)} {what}: none follows from those before, and "
                f"{varying_bits(numbers)} of {bits} bits vary",
                *ends,
            )
        else:
            findings.violation(f"{what} can be told in advance: {weakness}", *ends)


# With so many numbers, chance brings about none of the weaknesses below but once in 10^9 runs.
LEAST_NUMBERS = 32
# A difference that comes back in a quarter of the steps, or so small that trying all numbers that
# are as near is the work of a second.
_SHARE, _NEAR = 0.25, 1 << 16
# An attacker tries 2^20 numbers within a minute.
_LEAST_BITS = 20


def varying_bits(numbers: Sequence[int]) -> int:
    """How many bits are not the same in all of them."""
    differing = 0
    for number in numbers:
        differing |= number ^ numbers[0]
    return differing.bit_count()


def weakness_of(numbers: Sequence[int], bits: int) -> str | None:
    """Why the next number can be told, in words; None where nothing was found.

    A counter, steps from a small range, few bits that vary, and generators whose last bits follow
    from the last bits before (linear congruential ones with a power of two as modulus).
    """
    modulus = 1 << bits
    steps = [(b - a) % modulus for a, b in pairwise(numbers)]
    step, times = Counter(steps).most_common(1)[0]
    if times > _SHARE * len(steps):
        signed = step - modulus if step > modulus // 2 else step
        return f"each is {signed} more than the one before, in {times} of {len(steps)} steps"
    near = sum(min(each, modulus - each) < _NEAR for each in steps)
    if near > _SHARE * len(steps):
        return f"{near} of {len(steps)} are less than {_NEAR} away from the one before"
    vary = varying_bits(numbers)
    if vary < _LEAST_BITS:
        return f"only {vary} of {bits} bits vary"
    followers: dict[int, int] = {}
    for before, after in pairwise(numbers):
        if followers.setdefault(before & 0xF, after & 0xF) != after & 0xF:
            return None
    return "the last four bits follow from the last four bits of the one before"
