"""TS 33.513, 4.2.2.1 to 4.2.2.5: user data on N3 and N9 and signalling on N4 are in IPsec."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from makmal.judges.verdict import Findings, Outcome, Verdict
from makmal.testcases.reading import variant
from makmal.testcases.test_case import TestCase
from makmal.testcases.ts33513.ipsec_reading import IpsecReading
from makmal.trace.trace import Section, Trace

if TYPE_CHECKING:
    from makmal.bench.ipsec.peer import IpsecPeer
    from makmal.bench.user_plane.smf import TesterSession
    from makmal.bench.user_plane.upf_bench import UpfBench


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
    IKE_OFFER = "IKE is offered with a forbidden algorithm only: "
    ESP_OFFER = "ESP is offered with a forbidden algorithm only: "
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
            async with bench.protected(self.interface) as peer:
                with bench.variant(self.GOOD):
                    await bench.good(self.interface, session)
                await self._attacks(bench, session, peer)
                await self._offers(bench, session, peer)

    async def _attacks(self, bench: UpfBench, session: TesterSession, peer: IpsecPeer) -> None:
        if self.confidentiality:
            with bench.variant(self.CLEAR):
                peer.send_in_clear(*bench.message(self.interface, session))
                await self._after(bench, session, self.CLEAR)
        if self.integrity:
            with bench.variant(self.ALTERED, preparing=True):
                esp = await peer.send_and_keep(*bench.message(self.interface, session))
                await bench.quiet()
                bench.mark(self.ALTERED)
                peer.send_altered(esp)
                await self._after(bench, session, self.ALTERED)
        if self.replay:
            with bench.variant(self.REPLAYED, preparing=True):
                esp = await peer.send_and_keep(*bench.message(self.interface, session))
                await bench.quiet()
                bench.mark(self.REPLAYED)
                peer.send_again(esp)
                await self._after(bench, session, self.REPLAYED)

    async def _offers(self, bench: UpfBench, session: TesterSession, peer: IpsecPeer) -> None:
        """TS 33.117, 4.2.3.2.4: no connection comes about by what the profile forbids."""
        for name in peer.ike_offers:
            with bench.variant(self.IKE_OFFER + name):
                await peer.offer_ike(name)
        for name in peer.esp_offers:
            with bench.variant(self.ESP_OFFER + name):
                async with peer.offering_esp(name):
                    await bench.try_good(self.interface, session)
                    bench.mark(self.AFTER + self.ESP_OFFER + name)
        if peer.ike_offers or peer.esp_offers:
            bench.mark(self.AFTER + "forbidden algorithms")
            await bench.good(self.interface, session)

    async def _after(self, bench: UpfBench, session: TesterSession, step: str) -> None:
        await bench.quiet()
        bench.mark(self.AFTER + step)
        await bench.good(self.interface, session)

    def judge(self, trace: Trace) -> Verdict:
        """Fail on clear text that the UPF sends or takes, on what it takes altered or twice, and
        on algorithms that nobody may use.
        """
        findings = Findings()
        reading = IpsecReading(trace, self.interface)
        # In each test case, packets have to come through for silence to tell something.
        section = variant(trace, findings, self.GOOD)
        if section is not None:
            self._judge_traffic(findings, section, reading)
        for wanted, name in (
            (self.confidentiality, self.CLEAR),
            (self.integrity, self.ALTERED),
            (self.replay, self.REPLAYED),
        ):
            section = variant(trace, findings, name) if wanted else None
            if section is not None:
                self._judge_attack(findings, trace, section, reading)
        for each in trace.sections():
            if each.name.startswith(self.IKE_OFFER):
                self._judge_ike_offer(findings, trace, each, reading)
            elif each.name.startswith(self.ESP_OFFER):
                self._judge_esp_offer(findings, each, reading)
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

    def _judge_traffic(self, findings: Findings, section: Section, reading: IpsecReading) -> None:
        protected = reading.protected(section)
        clear = reading.clear(section)
        legible = [each for each in protected if each.legible]
        if self.confidentiality:
            for message in clear:
                findings.violation(f"{self.what} in clear text", message.frame)
            for packet in legible:
                findings.violation(f"{packet.name}: the content can be read", packet.frame)
        for packet in protected:
            if packet.association is not None and packet.association.is_weak:
                findings.violation(
                    f"{self.what} in ESP with {packet.association.algorithms}", packet.frame
                )
        if any(reading.is_products(each) for each in protected):
            if not clear and not legible:
                names = {each.association.algorithms for each in protected if each.association}
                by = f" ({', '.join(sorted(names))})" if names else ""
                findings.conforming(
                    f"{self.what} in IPsec ESP{by}", *(each.frame for each in protected)
                )
        elif not clear:
            findings.doubt("the UPF sent nothing in IPsec", section.frame)

    def _judge_attack(
        self, findings: Findings, trace: Trace, section: Section, reading: IpsecReading
    ) -> None:
        reactions = reading.reactions(section)
        closed = reading.closed(section)
        after = trace.section(self.AFTER + section.name)
        alive = after is not None and (reading.reactions(after) or reading.closed(after))
        if reactions:
            findings.violation(f"{section.name} was processed", section.frame, reactions[0])
        elif closed:
            findings.doubt(
                f"whether {section.name} was processed: the UPF sent ESP that is not opened here",
                closed[0],
            )
        elif alive:
            findings.conforming(f"{section.name} had no effect", section.frame)
        else:
            findings.doubt(f"nothing good was processed after {section.name}", section.frame)

    def _judge_ike_offer(
        self, findings: Findings, trace: Trace, section: Section, reading: IpsecReading
    ) -> None:
        name = section.name.removeprefix(self.IKE_OFFER)
        chosen = reading.forbidden_choice(section)
        if chosen is not None:
            findings.violation(f"IKE is done with {chosen.name}", section.frame, chosen.frame)
        elif reading.refused_ike(section):
            findings.conforming(f"IKE with {name} was refused", section.frame)
        elif reading.answers_ike_after(trace, section.frame):
            findings.conforming(f"IKE with {name} was not answered", section.frame)
        else:
            findings.doubt(f"IKE was not answered any more after {name} was offered", section.frame)

    def _judge_esp_offer(self, findings: Findings, section: Section, reading: IpsecReading) -> None:
        name = section.name.removeprefix(self.ESP_OFFER)
        weak = reading.weak(section)
        if weak is not None and weak.association is not None:
            findings.violation(
                f"ESP is done with {weak.association.algorithms}", section.frame, weak.frame
            )
        elif reading.answered_authentication(section):
            findings.conforming(f"ESP with {name} was refused", section.frame)
        else:
            findings.doubt(f"IKE did not come as far as ESP with {name}", section.frame)


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
