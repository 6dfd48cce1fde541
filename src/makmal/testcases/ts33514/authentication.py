"""TS 33.514, 4.2.1 and 4.2.2: concealed identities, synchronisation failures, stored results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from makmal.judges.verdict import Findings, Verdict
from makmal.protocol.sbi.date_time import instant
from makmal.security import milenage, suci, tuak
from makmal.security.authentication import xor
from makmal.testcases.reading import answer_to, document, exchange, requests, variant
from makmal.testcases.test_case import TestCase
from makmal.trace.knowledge import Knowledge, Subscriber
from makmal.trace.message import SbiMessage
from makmal.trace.trace import Section, Trace

if TYPE_CHECKING:
    from makmal.bench.bench import Bench

_SQN_OCTETS = 6
# What says nothing of the request (RFC 9110, 15; RFC 6585, 4).
_NOT_NOW = frozenset({301, 302, 303, 307, 308, 429, 502, 503, 504})


class Deconcealment(TestCase):
    """4.2.1.1: the SUPI in the UDM's answer is the one that the SUCI conceals."""

    name = "TC_DE-CONCEAL_SUPI_from_SUCI_UDM"
    needs: ClassVar[tuple[str, ...]] = ("neighbours",)
    PROFILES: ClassVar[dict[str, int]] = {
        "profile A": suci.PROFILE_A,
        "profile B": suci.PROFILE_B,
    }

    async def procedure(self, bench: Bench) -> None:
        """As AUSF. The null scheme conceals nothing, and is not tried."""
        authentication = bench.services.authentication
        for name, scheme in self.PROFILES.items():
            with bench.variant(name):
                subscription = bench.new_subscription()
                await authentication.get_vector(authentication.suci(subscription, scheme))

    def judge(self, trace: Trace) -> Verdict:
        """Fail when another SUPI comes back."""
        findings = Findings()
        for name in self.PROFILES:
            section = variant(trace, findings, name)
            found = None if section is None else exchange(section)
            if section is None:
                continue
            if found is None or found[1] is None or found[1].http.status != 200:
                findings.doubt(f"{name}: no authentication vector came back", section.frame)
                continue
            request, answer = found[0], found[1]
            expected = _deconcealed(request.http.path or "", trace.knowledge)
            supi = document(answer).get("supi")
            frames = request.frame, answer.frame
            if expected is None:
                findings.doubt(f"{name}: the laboratory cannot open this SUCI", request.frame)
            elif supi == expected:
                findings.conforming(f"{name}: the SUPI is the one concealed", *frames)
            elif supi is None:
                findings.violation(f"{name}: the answer names no SUPI", *frames)
            else:
                findings.violation(f"{name}: the answer names {supi}, not {expected}", *frames)
        return self.conclude(findings, trace, "no SUCI was sent")


def _deconcealed(path: str, knowledge: Knowledge) -> str | None:
    """The SUPI of the SUCI in a path, by the home network's keys (TS 33.501, 6.12.2)."""
    text = next((each for each in path.split("/") if each.startswith("suci-0-")), "")
    parts = text.split("-")
    if len(parts) != 8 or not parts[6].isdigit():
        return None
    mcc, mnc, scheme, identifier, output = parts[2], parts[3], parts[5], parts[6], parts[7]
    for key in knowledge.home_network_keys:
        if (str(key.scheme), str(key.identifier)) != (scheme, identifier):
            continue
        try:
            plain = suci.deconceal(key.scheme, key.private_key, bytes.fromhex(output))
        except (suci.SuciError, ValueError):
            return None
        digits = "".join(f"{each & 0xF:x}{each >> 4:x}" for each in plain).removesuffix("f")
        return f"imsi-{mcc}{mnc}{digits}"
    return None


class SynchronisationFailure(TestCase):
    """4.2.2.1: after a synchronisation failure comes a new vector, in step with the USIM."""

    name = "MAKMAL_UDM_SYNCHRONISATION_FAILURE"
    needs: ClassVar[tuple[str, ...]] = ("neighbours",)
    BEFORE = "a vector before"
    TRUE = "a synchronisation failure of the USIM"
    FORGED = "a synchronisation failure with a wrong MAC-S"

    async def procedure(self, bench: Bench) -> None:
        """As AUSF: a vector, then the RAND and AUTS of a USIM that is ahead."""
        authentication = bench.services.authentication
        for name, forged in ((self.TRUE, False), (self.FORGED, True)):
            with bench.variant(f"{self.BEFORE} {name}"):
                subscription = bench.new_subscription()
                first = await authentication.get_vector(subscription.supi)
                information = authentication.resynchronisation(subscription, first, forged=forged)
                with bench.variant(name):
                    await authentication.get_vector(subscription.supi, information)

    def judge(self, trace: Trace) -> Verdict:
        """Fail without a new vector, with one that the USIM would refuse, with a false AUTS."""
        findings = Findings()
        for name in (self.TRUE, self.FORGED):
            before = variant(trace, findings, f"{self.BEFORE} {name}")
            section = variant(trace, findings, name)
            if before is not None and section is not None:
                self._judge(findings, name, before, section, trace.knowledge)
        return self.conclude(findings, trace, "no synchronisation failure was reported")

    def _judge(
        self,
        findings: Findings,
        name: str,
        before: Section,
        section: Section,
        knowledge: Knowledge,
    ) -> None:
        old, found = exchange(before), exchange(section)
        if old is None or found is None or found[1] is None:
            findings.doubt(f"{name}: no answer", section.frame)
            return
        if not isinstance(document(old[1]).get("authenticationVector"), dict):
            findings.doubt(f"{name}: there was no vector before", before.frame)
            return
        request, answer = found[0], found[1]
        frames = request.frame, answer.frame
        status = answer.http.status or 0
        information = document(request).get("resynchronizationInfo") or {}
        vector = document(answer).get("authenticationVector")
        subscriber = _subscriber(request, knowledge)
        if subscriber is None:
            findings.doubt(f"{name}: the laboratory knows no key of this subscriber", *frames)
        elif not isinstance(vector, dict):
            self._judge_refusal(findings, name, status, frames)
        else:
            self._judge_vector(findings, name, subscriber, information, vector, old[1], frames)

    def _judge_refusal(
        self, findings: Findings, name: str, status: int, frames: tuple[int, int]
    ) -> None:
        if name == self.FORGED and 400 <= status < 500:
            findings.conforming(f"{name}: refused with {status}", *frames)
        elif name == self.FORGED or status in _NOT_NOW or not 200 <= status < 600:
            findings.doubt(f"{name}: answered with {status}", *frames)
        else:
            findings.violation(f"{name}: no new vector, but {status}", *frames)

    def _judge_vector(
        self,
        findings: Findings,
        name: str,
        subscriber: Subscriber,
        information: dict[str, Any],
        vector: dict[str, Any],
        before: SbiMessage | None,
        frames: tuple[int, int],
    ) -> None:
        try:
            rand = bytes.fromhex(information["rand"])
            sqn_ms = _sqn_of_auts(subscriber, rand, bytes.fromhex(information["auts"]))
            sqn = _sqn_of(subscriber, vector)
        except (KeyError, TypeError, ValueError):
            findings.doubt(f"{name}: the vector cannot be read", *frames)
            return
        old = (document(before).get("authenticationVector") or {}).get("rand")
        if name == self.FORGED:
            # TS 33.102, 6.3.5: vectors may be sent all the same, but SQN_HE stays as it was.
            if sqn >= sqn_ms:
                findings.violation(f"{name}: SQN was set to what the false AUTS says", *frames)
            else:
                findings.conforming(f"{name}: SQN stayed as it was", *frames)
        elif sqn <= sqn_ms:
            findings.violation(f"{name}: SQN {sqn} is not beyond the USIM's {sqn_ms}", *frames)
        elif vector.get("rand") == old:
            findings.violation(f"{name}: the same RAND again", *frames)
        else:
            findings.conforming(f"{name}: a new vector with an SQN beyond the USIM's", *frames)


def _subscriber(request: SbiMessage, knowledge: Knowledge) -> Subscriber | None:
    for segment in (request.http.path or "").split("/"):
        if segment in knowledge.subscribers:
            return knowledge.subscribers[segment]
    return None


def _sqn_of_auts(subscriber: Subscriber, rand: bytes, auts: bytes) -> int:
    functions = tuak if subscriber.algorithm_set == "tuak" else milenage
    hidden = functions.f5_star(subscriber.key, subscriber.operator_constant, rand)
    return int.from_bytes(xor(auts[:_SQN_OCTETS], hidden), "big")


def _sqn_of(subscriber: Subscriber, vector: dict[str, Any]) -> int:
    functions = tuak if subscriber.algorithm_set == "tuak" else milenage
    rand, autn = bytes.fromhex(vector["rand"]), bytes.fromhex(vector["autn"])
    hidden = functions.f5(subscriber.key, subscriber.operator_constant, rand)
    return int.from_bytes(xor(autn[:_SQN_OCTETS], hidden), "big")


class AuthenticationStatus(TestCase):
    """4.2.2.2: what the AUSF reports of an authentication is what the UDM stores."""

    name = "TC_AUTH_STATUS_STORE_UDM"
    needs: ClassVar[tuple[str, ...]] = ("neighbours",)
    RESULTS: ClassVar[dict[str, bool]] = {
        "a successful authentication": True,
        "a failed authentication": False,
    }
    _MEMBERS = ("nfInstanceId", "success", "timeStamp", "authType", "servingNetworkName")

    async def procedure(self, bench: Bench) -> None:
        """As AUSF; what the UDM writes is seen on its way to our UDR."""
        for name, success in self.RESULTS.items():
            with bench.variant(name):
                supi = bench.new_subscription().supi
                await bench.services.authentication.confirm_result(supi, success=success)

    def judge(self, trace: Trace) -> Verdict:
        """Fail when nothing is stored, or something else."""
        findings = Findings()
        for name in self.RESULTS:
            section = variant(trace, findings, name)
            if section is not None:
                self._judge(findings, name, section)
        return self.conclude(findings, trace, "no result was reported")

    def _judge(self, findings: Findings, name: str, section: Section) -> None:
        found = exchange(section)
        if found is None or found[1] is None or not 200 <= (found[1].http.status or 0) < 300:
            findings.doubt(f"{name}: the UDM took no result", section.frame)
            return
        request, _ = found
        supi = _supi_in(request)
        stored = [
            each
            for each in requests(section, "nudr-dr")
            if each.http.method == "PUT" and "authentication-status" in (each.http.path or "")
        ]
        if not stored:
            findings.violation(f"{name}: nothing was stored in the UDR", request.frame)
            return
        put = stored[0]
        frames = request.frame, put.frame
        wrong = [
            member
            for member in self._MEMBERS
            if not _is_same(document(put).get(member), document(request).get(member))
        ]
        if supi is not None and f"/{supi}/" not in (put.http.path or ""):
            findings.violation(f"{name}: stored for another SUPI", *frames)
        elif wrong:
            findings.violation(f"{name}: stored with another {', '.join(wrong)}", *frames)
        elif answer_to(section, put) is None:
            findings.doubt(f"{name}: the UDR did not answer", *frames)
        else:
            findings.conforming(f"{name}: stored as reported", *frames)


def _is_same(one: Any, other: Any) -> bool:
    """Whether two values say the same; a date-time may be written in several ways (RFC 3339)."""
    if one == other or not (isinstance(one, str) and isinstance(other, str)):
        return bool(one == other)
    then = instant(one)
    return then is not None and then == instant(other)


def _supi_in(request: SbiMessage) -> str | None:
    return next(
        (each for each in (request.http.path or "").split("/") if each.startswith("imsi-")), None
    )
