"""Did the network react to something that it had to ignore?

Nothing having happened proves nothing by itself: only when a later good message of the same UE is
answered was the link alive, and the silence a decision of the network.
"""

from __future__ import annotations

from dataclasses import dataclass

from makmal.judges.absence import Absences
from makmal.judges.verdict import Findings
from makmal.trace.message import CaptureLoss, Interface, NasMessage
from makmal.trace.user_equipment import UserEquipment


@dataclass(slots=True)
class _Stimulus:
    description: str
    frames: tuple[int, ...]
    time_ns: int
    answer_outstanding: bool
    passed_over: bool = False


class Reactions:
    """Follows stimuli that must be ignored, one at a time for each UE, into the findings."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._absences = Absences(findings, Interface.N2)
        self._open: dict[UserEquipment, _Stimulus] = {}

    def stimulus(
        self,
        user_equipment: UserEquipment,
        description: str,
        *frames: int,
        time_ns: int,
        answer_outstanding: bool = False,
    ) -> None:
        """An uplink message came that must be ignored.

        ``answer_outstanding``: an earlier good message was not answered yet, so that the next
        downlink message may be its answer.
        """
        if user_equipment in self._open:
            previous = self._open.pop(user_equipment)
            self._unresolved(previous)
        self._open[user_equipment] = _Stimulus(description, frames, time_ns, answer_outstanding)

    def good_uplink(self, user_equipment: UserEquipment) -> None:
        """The UE sent a message that is to be answered."""
        stimulus = self._open.get(user_equipment)
        if stimulus is not None:
            stimulus.passed_over = True

    def downlink(self, message: NasMessage) -> None:
        """The network sent the UE a NAS message."""
        stimulus = self._open.pop(message.user_equipment, None)
        if stimulus is None:
            return
        frames = (*stimulus.frames, message.frame)
        if stimulus.passed_over:
            self._findings.conforming(
                f"{stimulus.description} got no answer, and the next good message did", *frames
            )
        elif stimulus.answer_outstanding:
            self._findings.doubt(
                f"{stimulus.description} was followed by a message that may answer an earlier one",
                *frames,
            )
        else:
            self._absences.violation(
                f"{stimulus.description} was answered with {message.name}",
                *frames,
                since_ns=stimulus.time_ns,
                until_ns=message.time_ns,
            )

    def on_loss(self, message: CaptureLoss) -> None:
        """The capture lacks packets."""
        self._absences.on_loss(message)

    def finish(self) -> None:
        """The trace is over."""
        for stimulus in self._open.values():
            self._unresolved(stimulus)
        self._open.clear()
        self._absences.finish()

    def _unresolved(self, stimulus: _Stimulus) -> None:
        self._findings.doubt(
            f"{stimulus.description} got no answer, but no later good message shows that the "
            "network still answered this UE at all",
            *stimulus.frames,
        )
