"""TS 33.513, 4.2.2.1 to 4.2.2.5: user data on N3 and N9 and signalling on N4 are in IPsec."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from makmal.judges.verdict import Findings, Outcome, Verdict
from makmal.testcases.reading import variant
from makmal.testcases.test_case import TestCase
from makmal.trace.message import GtpuMessage, PfcpMessage, ProtectedPacket, UserDatagram
from makmal.trace.trace import Section, Trace

if TYPE_CHECKING:
    from makmal.bench.user_plane.smf import TesterSession
    from makmal.bench.user_plane.upf_bench import UpfBench

# Where the last octets of what is inside an ESP packet are: before the integrity check value of 16
# octets, the trailer and the padding.
_ALTERED = -24


class _Protection(TestCase):
    """What the test cases share. ``interface`` is "n3", "n4" or "n9"; ``what`` stands in words."""

    interface: ClassVar[str]
    what: ClassVar[str]
    confidentiality: ClassVar[bool] = True
    integrity: ClassVar[bool] = True
    replay: ClassVar[bool] = True

    GOOD = "traffic in IPsec"
    CLEAR = "a message without IPsec"
    ALTERED = "an ESP packet with an altered octet"
    REPLAYED = "an ESP packet that was there before"
    AFTER = "good traffic after "

    async def procedure(self, bench: UpfBench) -> None:
        """Traffic in IPsec between our end and the UPF; then what must have no effect."""
        with bench.variant("IPsec is set up"):
            await bench.associated()
            if self.interface == "n9":
                session, _ = await bench.roaming_session()
            else:
                session = await bench.session()
            await bench.good(self.interface, session)
            async with bench.protected(self.interface) as gateway:
                with bench.variant(self.GOOD):
                    await bench.good(self.interface, session)
                local, octets, to = bench.message(self.interface, session)
                if self.confidentiality:
                    with bench.variant(self.CLEAR):
                        gateway.send_in_clear(local.port, octets, to)
                        await self._after(bench, session, self.CLEAR)
                if self.integrity:
                    with bench.variant(self.ALTERED):
                        altered = bytearray(gateway.seal(local, to, octets))
                        altered[_ALTERED] ^= 0x01
                        gateway.send_sealed(bytes(altered), to.address)
                        await self._after(bench, session, self.ALTERED)
                if self.replay:
                    local, octets, to = bench.message(self.interface, session)
                    esp = gateway.seal(local, to, octets)
                    with bench.variant(f"preparation of {self.REPLAYED}"):
                        gateway.send_sealed(esp, to.address)
                        await bench.quiet()
                    with bench.variant(self.REPLAYED):
                        gateway.send_sealed(esp, to.address)
                        await self._after(bench, session, self.REPLAYED)

    async def _after(self, bench: UpfBench, session: TesterSession, step: str) -> None:
        await bench.quiet()
        bench.mark(self.AFTER + step)
        await bench.good(self.interface, session)

    def judge(self, trace: Trace) -> Verdict:
        """Fail on clear text that the UPF sends or takes, and on what it takes altered or twice."""
        findings = Findings()
        addresses = [
            str(each.network_address)
            for each in trace.knowledge.interface_addresses.get(self.interface, ())
        ]
        product, peers = (addresses[0], addresses[1:]) if addresses else ("", [])
        if self.confidentiality:
            section = variant(trace, findings, self.GOOD)
            if section is not None:
                self._judge_traffic(findings, section, product, peers)
        for wanted, name in (
            (self.confidentiality, self.CLEAR),
            (self.integrity, self.ALTERED),
            (self.replay, self.REPLAYED),
        ):
            section = variant(trace, findings, name) if wanted else None
            if section is not None:
                self._judge_attack(findings, trace, section, product)
        verdict = self.conclude(findings, trace, f"no {self.what} was seen in IPsec")
        return self._declared(verdict, trace)

    def _declared(self, verdict: Verdict, trace: Trace) -> Verdict:
        """Where nothing could be tested, what the product's owner states decides who is asked."""
        statement = trace.declarations.get(f"{self.interface}-protection")
        if verdict.outcome is not Outcome.INCONCLUSIVE or statement is None:
            return verdict
        return Verdict(
            verdict.test_case,
            verdict.requirement,
            Outcome.NOT_APPLICABLE,
            f"{self.what} is declared to be protected by other means than the product's IPsec: "
            f"{statement}. Nothing of it was tested",
            verdict.frames,
            verdict.reading,
        )

    def _judge_traffic(
        self, findings: Findings, section: Section, product: str, peers: Sequence[str]
    ) -> None:
        protected = [each for each in section.messages if isinstance(each, ProtectedPacket)]
        clear = [
            each
            for each in section.messages
            if isinstance(each, GtpuMessage | PfcpMessage)
            and each.source.address == product
            and each.destination.address in peers
        ]
        for message in clear:
            findings.violation(f"{self.what} in clear text", message.frame)
        legible = [each for each in protected if each.legible]
        for packet in legible:
            findings.violation(f"{packet.name}: the content can be read", packet.frame)
        if any(each.source.address == product for each in protected):
            if not clear and not legible:
                findings.conforming(
                    f"{self.what} in IPsec ESP", *(each.frame for each in protected)
                )
        elif not clear:
            findings.doubt("the UPF sent nothing in IPsec", section.frame)

    def _judge_attack(
        self, findings: Findings, trace: Trace, section: Section, product: str
    ) -> None:
        reactions = [each.frame for each in section.messages if self._is_reaction(each, product)]
        after = trace.section(self.AFTER + section.name)
        alive = after is not None and any(
            self._is_reaction(each, product) for each in after.messages
        )
        if reactions:
            findings.violation(f"{section.name} was processed", section.frame, reactions[0])
        elif alive:
            findings.conforming(f"{section.name} had no effect", section.frame)
        else:
            findings.doubt(f"nothing good was processed after {section.name}", section.frame)

    @staticmethod
    def _is_reaction(message: object, product: str) -> bool:
        if isinstance(message, UserDatagram):
            return True
        return (
            isinstance(message, ProtectedPacket | GtpuMessage | PfcpMessage)
            and message.source.address == product
        )


class N3Confidentiality(_Protection):
    """4.2.2.1: what is on N3 cannot be read."""

    name = "TC_UP_DATA_CONF_UPF"
    interface = "n3"
    what = "user data on N3"
    integrity = replay = False


class N3Integrity(_Protection):
    """4.2.2.2: what was altered on N3 is discarded."""

    name = "TC_UP_DATA_INT_UPF"
    interface = "n3"
    what = "user data on N3"
    confidentiality = replay = False


class N3Replay(_Protection):
    """4.2.2.3: what is repeated on N3 is discarded."""

    name = "TC_UP_DATA_REPLAY_UPF"
    interface = "n3"
    what = "user data on N3"
    confidentiality = integrity = False


class N9Protection(_Protection):
    """4.2.2.4: user data on N9 within a PLMN."""

    name = "TC_UP_DATA_CONF_UPF_N9"
    features: ClassVar[tuple[str, ...]] = ("ipups",)
    interface = "n9"
    what = "user data on N9"


class N4Protection(_Protection):
    """4.2.2.5: signalling on N4."""

    name = "TC_CP_DATA_CONF_UPF_N4"
    interface = "n4"
    what = "signalling on N4"
