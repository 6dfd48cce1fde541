"""TS 29.510, 5.2.2: whose profile is whose, and who is told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from makmal.judges.verdict import Findings, Verdict
from makmal.testcases.reading import document, variant
from makmal.testcases.test_case import TestCase
from makmal.testcases.ts33117.exchanges import NOT_AUTHORIZED, judge_refused, judge_served
from makmal.trace.trace import Section, Trace

if TYPE_CHECKING:
    from makmal.bench.bench import Bench

_INSTANCES = "/nnrf-nfm/v1/nf-instances/"


class ProfileIdentity(TestCase):
    """A profile is registered under the identity that it has."""

    name = "MAKMAL_NRF_PROFILE_IDENTITY"
    needs: ClassVar[tuple[str, ...]] = ("neighbours",)
    GOOD = "a profile under its own identity"
    OTHER = "a profile under the identity of another function"

    async def procedure(self, bench: Bench) -> None:
        """Two functions; the second writes its profile over the first's."""
        nrf = bench.services.nrf
        with bench.variant(self.GOOD):
            first = await nrf.register("AF")
            with bench.variant(self.OTHER):
                await nrf.register("AF", at=first)

    def judge(self, trace: Trace) -> Verdict:
        """Fail when the second profile is taken in place of the first."""
        findings = Findings()
        good, other = (variant(trace, findings, each) for each in (self.GOOD, self.OTHER))
        if good is not None and judge_served(findings, self.GOOD, good) and other is not None:
            judge_refused(findings, self.OTHER, other)
        return self.conclude(findings, trace, "no profile was registered")


class NotificationAuthorization(TestCase):
    """Who may not discover a function is not told of it either (5.2.2.6)."""

    name = "MAKMAL_NRF_NOTIFICATION_AUTHORIZATION"
    needs: ClassVar[tuple[str, ...]] = ("neighbours",)
    PREPARATION = "subscriptions of an allowed and of another consumer"
    CHANGE = "a function registers that allows one of them"
    ALLOWED, OTHER = "status-of-allowed", "status-of-other"

    async def procedure(self, bench: Bench) -> None:
        """Both subscribe to functions of one type, of which one then registers."""
        nrf = bench.services.nrf
        with bench.variant(self.PREPARATION):
            await nrf.subscribe(self.ALLOWED, "SMF")
            await nrf.subscribe(self.OTHER, "NEF")
        with bench.variant(self.CHANGE):
            await nrf.register("AF", allowedNfTypes=["SMF"])
            await bench.quiet()

    def judge(self, trace: Trace) -> Verdict:
        """Fail when the other is told."""
        findings = Findings()
        section = variant(trace, findings, self.CHANGE)
        if section is not None:
            allowed, other = (
                _told(section, each, _registered(section)) for each in (self.ALLOWED, self.OTHER)
            )
            unanswered = self._is_unanswered(findings, trace)
            if other is not None:
                findings.violation("a consumer that is not allowed was told", other)
            elif unanswered:
                findings.doubt("the subscriptions were not all answered", section.frame)
            elif allowed is None:
                findings.doubt("nobody was told, so that nothing is shown", section.frame)
            else:
                findings.conforming("only the consumer that is allowed was told", allowed)
        return self.conclude(findings, trace, "nothing changed")

    def _is_unanswered(self, findings: Findings, trace: Trace) -> bool:
        """Whether one of the two subscriptions is missing, or was not answered. The one that is not
        allowed may be refused.
        """
        section = variant(trace, findings, self.PREPARATION)
        answered = set()
        for each in () if section is None else section.services:
            if each.http.is_request or each.request is None:
                continue
            uri, status = document(each.request).get("nfStatusNotificationUri"), each.http.status
            for name in (self.ALLOWED, self.OTHER):
                if isinstance(uri, str) and uri.endswith(f"/{name}") and status is not None:
                    good = status == 201 or (name == self.OTHER and status in NOT_AUTHORIZED)
                    answered |= {name} if good else set()
        return len(answered) < 2


def _registered(section: Section) -> str | None:
    """The NF instance id of the function that registers in a section."""
    for each in section.services:
        path = each.http.path or ""
        if each.http.is_request and each.http.method == "PUT" and _INSTANCES in path:
            return path.rpartition("/")[2]
    return None


def _told(section: Section, name: str, instance: str | None) -> int | None:
    """The frame of a notification of a function to a subscriber. Of others it may be told in the
    same moment: of one that was not heard of any more, and was anybody's.
    """
    for each in section.services:
        if not each.http.is_request or not (each.http.path or "").endswith(f"/{name}"):
            continue
        uri = document(each).get("nfInstanceUri")
        if instance is not None and isinstance(uri, str) and uri.endswith(f"/{instance}"):
            return each.frame
    return None
