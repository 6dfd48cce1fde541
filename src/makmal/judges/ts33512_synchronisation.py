"""TS 33.512, 4.2.2.1.1: after a synchronisation failure the AMF waits for the AUSF."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from makmal.judges.absence import Absences
from makmal.judges.judge import Judge
from makmal.judges.verdict import Verdict
from makmal.protocol import nas
from makmal.trace.knowledge import Knowledge
from makmal.trace.message import CaptureLoss, Interface, NasMessage, SbiMessage
from makmal.trace.user_equipment import UserEquipment

# 5GMM cause 21, TS 24.501, 9.11.3.2.
_SYNCH_FAILURE = 21
# An AUSF that has not answered by then is taken as silent, and the AMF's own timer as run out:
# TS 33.501, 6.1.3.3.1, leaves its length to the operator.
_PATIENCE_NS = 6_000_000_000


@dataclass(slots=True)
class _Failure:
    frame: int
    time_ns: int
    auts: str
    request_frame: int | None = None
    answer_frame: int | None = None


class SynchronisationFailure(Judge):
    """No new Authentication Request before the AUSF's answer to the resynchronisation."""

    test_case = "TC_SYNC_FAIL_SEAF_AMF"

    def __init__(self, knowledge: Knowledge) -> None:
        super().__init__(knowledge)
        self._open: dict[UserEquipment, _Failure] = {}
        self._by_auts: dict[str, _Failure] = {}
        self._ausf_seen = False
        self._absences = Absences(self.findings, Interface.N2, Interface.SBI)

    def on_nas(self, message: NasMessage) -> None:
        """Follow Authentication Failure (synch failure) to the next Authentication Request."""
        plain, user_equipment = message.plain, message.user_equipment
        if plain is None:
            return
        if message.uplink:
            if (
                plain.message_type == nas.MessageType.AUTHENTICATION_FAILURE
                and plain.get(nas.ie.FIVE_GMM_CAUSE) == _SYNCH_FAILURE
            ):
                auts = plain.get(nas.ie.AUTHENTICATION_FAILURE_PARAMETER) or b""
                failure = _Failure(message.frame, message.time_ns, auts.hex())
                self._open[user_equipment] = self._by_auts[failure.auts] = failure
            return
        open_failure = self._open.get(user_equipment)
        if open_failure is None:
            return
        del self._open[user_equipment]
        self._by_auts.pop(open_failure.auts, None)
        if plain.message_type == nas.MessageType.AUTHENTICATION_REQUEST:
            self._new_challenge(message, open_failure)
        else:
            self.findings.conforming(
                f"the AMF answered a synchronisation failure with {plain.name}, "
                "not with a new challenge",
                open_failure.frame,
                message.frame,
            )

    def _new_challenge(self, message: NasMessage, failure: _Failure) -> None:
        if failure.answer_frame is not None:
            self.findings.conforming(
                "the new Authentication Request came after the AUSF's answer",
                failure.frame,
                failure.answer_frame,
                message.frame,
            )
        elif not self._ausf_seen:
            self.findings.doubt(
                "a new Authentication Request followed a synchronisation failure, but the "
                "capture does not show what passed between AMF and AUSF (N12)",
                failure.frame,
                message.frame,
            )
        elif message.time_ns - failure.time_ns >= _PATIENCE_NS:
            self.findings.doubt(
                "a new Authentication Request came without the AUSF's answer, so late that the "
                "AMF's timer may have run out",
                failure.frame,
                message.frame,
            )
        else:
            self._absences.violation(
                "a new Authentication Request was sent before the AUSF answered the "
                "resynchronisation",
                failure.frame,
                message.frame,
                since_ns=failure.time_ns,
                until_ns=message.time_ns,
            )

    def on_loss(self, message: CaptureLoss) -> None:
        """The capture lacks packets: the AUSF may have answered."""
        self._absences.on_loss(message)

    def on_sbi(self, message: SbiMessage) -> None:
        """Follow the resynchronisation to the AUSF and back."""
        if message.operation is None or message.operation.service != "nausf-auth":
            return
        self._ausf_seen = True
        if message.http.is_request:
            failure = self._by_auts.get(_auts_of(message))
            if failure is not None and failure.request_frame is None:
                failure.request_frame = message.frame
        elif message.request is not None:
            answered = self._by_auts.get(_auts_of(message.request))
            if answered is not None and answered.answer_frame is None:
                answered.answer_frame = message.frame

    def verdict(self) -> Verdict:
        """Fail when the AMF did not wait."""
        for failure in self._open.values():
            self.findings.doubt(
                "what followed a synchronisation failure was not seen", failure.frame
            )
        self._open.clear()
        self._absences.finish()
        return self.conclude("no UE reported a synchronisation failure")


def _auts_of(message: SbiMessage) -> str:
    value: Any = None if message.document is None else message.document.value
    information = value.get("resynchronizationInfo") if isinstance(value, dict) else None
    auts = information.get("auts") if isinstance(information, dict) else None
    return auts.lower() if isinstance(auts, str) else ""
