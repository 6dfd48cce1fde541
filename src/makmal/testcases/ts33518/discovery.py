"""TS 33.518, 4.2.2.2.1: who may discover whom; and the same for the other lists of a profile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from makmal.judges.verdict import Findings, Verdict
from makmal.testcases.reading import PREPARATION, document, exchange, variant
from makmal.testcases.test_case import TestCase
from makmal.trace.trace import Section, Trace

if TYPE_CHECKING:
    from makmal.bench.bench import Bench

_HIDDEN = ("allowedPlmns", "allowedNfTypes", "allowedNfDomains", "allowedNssais")


def _found(section: Section) -> tuple[int | None, list[dict[str, Any]], tuple[int, ...]]:
    """The status of the tester's discovery, the profiles in the answer, and the frames."""
    found = exchange(section)
    if found is None or found[1] is None:
        return None, [], (section.frame,)
    profiles = document(found[1]).get("nfInstances")
    listed = [each for each in profiles or () if isinstance(each, dict)]
    return found[1].http.status, listed, (found[0].frame, found[1].frame)


class _Discovery(TestCase):
    """A producer, a consumer that it allows, and one that it does not."""

    needs: ClassVar[tuple[str, ...]] = ("neighbours",)
    ALLOWED = "discovery by a consumer that is allowed"
    OTHERS: ClassVar[tuple[str, ...]]
    # Whether leaving out the producer is as good as refusing.
    may_find_nothing: ClassVar[bool] = False

    def _judge(self, findings: Findings, trace: Trace, producer: str) -> None:
        control = variant(trace, findings, self.ALLOWED)
        if control is None:
            return
        status, profiles, frames = _found(control)
        if status != 200 or not _holds(profiles, producer):
            findings.doubt(
                f"{self.ALLOWED}: {status} without the producer, so that nothing is shown", *frames
            )
            return
        findings.conforming(f"{self.ALLOWED}: the producer was found", *frames)
        self._judge_control(findings, profiles, frames)
        for name in self.OTHERS:
            section = variant(trace, findings, name)
            if section is not None:
                self._judge_other(findings, name, section, producer)

    def _judge_control(
        self, findings: Findings, profiles: list[dict[str, Any]], frames: tuple[int, ...]
    ) -> None:
        """What else can be told of the answer to who is allowed."""

    def _judge_other(self, findings: Findings, name: str, section: Section, producer: str) -> None:
        status, profiles, frames = _found(section)
        if status is None:
            findings.doubt(f"{name}: no answer", *frames)
        elif _holds(profiles, producer):
            findings.violation(f"{name}: the producer was found", *frames)
        elif status == 403 or (status == 200 and self.may_find_nothing):
            findings.conforming(f"{name}: not found ({status})", *frames)
        else:
            findings.doubt(f"{name}: nothing was found, but {status} instead of 403", *frames)


def _holds(profiles: list[dict[str, Any]], producer: str) -> bool:
    return any(each.get("nfInstanceId") == producer for each in profiles)


class SliceDiscovery(_Discovery):
    """4.2.2.2.1: a consumer of another slice does not discover a producer of this one."""

    name = "TC_DISC_AUTHORIZATION_SLICE_NRF"
    PREPARATION = "registration of the producer and the consumers"
    OTHERS = ("discovery by a consumer of another slice",)

    async def procedure(self, bench: Bench) -> None:
        """Three functions of ours: a producer for slice A, consumers of slices A and B."""
        nrf = bench.services.nrf
        with bench.variant(self.PREPARATION):
            producer = await nrf.register("AF", allowedNssais=[nrf.SLICE_A])
            allowed = await nrf.register("SMF", sNssais=[nrf.SLICE_A])
            other = await nrf.register("SMF", sNssais=[nrf.SLICE_B])
        with bench.variant(self.ALLOWED):
            await nrf.discover(producer, allowed, requester_snssais=[nrf.SLICE_A])
        with bench.variant(self.OTHERS[0]):
            await nrf.discover(producer, other, requester_snssais=[nrf.SLICE_B])

    def judge(self, trace: Trace) -> Verdict:
        """Fail when the consumer of slice B finds the producer."""
        findings = Findings()
        section = variant(trace, findings, self.PREPARATION)
        producer = None if section is None else _registered(section)
        if producer is not None:
            self._judge(findings, trace, producer)
        elif section is not None:
            findings.doubt("the producer could not be registered", section.frame)
        return self.conclude(findings, trace, "nothing was discovered")


class DiscoveryAuthorization(_Discovery):
    """TS 29.510, 5.3.2.2.2: NF types, networks and domains that a producer allows, and no more."""

    name = "MAKMAL_NRF_DISCOVERY_AUTHORIZATION"
    PREPARATION = "registration of the producer"
    TYPE = "discovery by a consumer of another NF type"
    PLMN = "discovery by a consumer of another network"
    DOMAIN = "discovery by a consumer of another domain"
    SUSPENDED = "discovery of a producer that is suspended"
    OTHERS = (TYPE, PLMN, DOMAIN)
    # TS 29.510, 6.2.6.2.3: a profile that the requester may not discover is left out.
    may_find_nothing = True

    async def procedure(self, bench: Bench) -> None:
        """One producer with all three lists; each variant misses one of them."""
        nrf = bench.services.nrf
        plmn, domain = nrf.plmn, "allowed.example"
        with bench.variant(self.PREPARATION):
            producer = await nrf.register(
                "AF", allowedNfTypes=["SMF"], allowedPlmns=[plmn], allowedNfDomains=[domain]
            )
        good: dict[str, Any] = {
            "requester_plmn_list": [plmn],
            "requester_nf_instance_fqdn": f"smf.{domain}",
        }
        with bench.variant(self.ALLOWED):
            await nrf.discover(producer, None, **good)
        with bench.variant(self.TYPE):
            await nrf.discover(producer, None, requester_nf_type="NEF", **good)
        with bench.variant(self.PLMN):
            other = [{"mcc": "001", "mnc": "01"}]
            await nrf.discover(producer, None, **{**good, "requester_plmn_list": other})
        with bench.variant(self.DOMAIN):
            await nrf.discover(
                producer, None, **{**good, "requester_nf_instance_fqdn": "smf.other.test"}
            )
        with bench.variant(f"{PREPARATION}{self.SUSPENDED}"):
            await nrf.change(producer, "/nfStatus", "SUSPENDED")
        with bench.variant(self.SUSPENDED):
            await nrf.discover(producer, None, **good)

    def judge(self, trace: Trace) -> Verdict:
        """Fail when one finds the producer, or when the allowed lists are shown."""
        findings = Findings()
        section = variant(trace, findings, self.PREPARATION)
        producer = None if section is None else _registered(section)
        if producer is not None:
            self._judge(findings, trace, producer)
            suspended = variant(trace, findings, self.SUSPENDED)
            if suspended is not None:
                status, profiles, frames = _found(suspended)
                if not _was_changed(trace.section(f"{PREPARATION}{self.SUSPENDED}")):
                    findings.doubt(f"{self.SUSPENDED}: it could not be suspended", *frames)
                elif _holds(profiles, producer):
                    findings.violation(f"{self.SUSPENDED}: it was found", *frames)
                elif status is None:
                    findings.doubt(f"{self.SUSPENDED}: no answer", *frames)
                elif status in (200, 404):
                    findings.conforming(f"{self.SUSPENDED}: it was not found", *frames)
                else:
                    findings.doubt(f"{self.SUSPENDED}: answered with {status}", *frames)
        return self.conclude(findings, trace, "nothing was discovered")

    def _judge_control(
        self, findings: Findings, profiles: list[dict[str, Any]], frames: tuple[int, ...]
    ) -> None:
        shown = [name for name in _HIDDEN if any(name in each for each in profiles)]
        if shown:
            # TS 29.510, 6.2.6.2.3.
            findings.violation(f"the answer shows {', '.join(shown)}", *frames)


def _was_changed(section: Section | None) -> bool:
    found = None if section is None else exchange(section)
    return found is not None and found[1] is not None and found[1].http.status in (200, 204)


def _registered(section: Section) -> str | None:
    """The producer: the first that the NRF took."""
    for message in section.services:
        if message.http.is_request or message.http.status not in (200, 201):
            continue
        identity = document(message.request).get("nfInstanceId") if message.request else None
        if isinstance(identity, str):
            return identity
    return None
