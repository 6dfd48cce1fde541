"""TS 33.512, 4.2.2.5.1; TS 33.501, 6.12.3: a new 5G-GUTI at every registration."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary, WeakValueDictionary

from makmal.judges.absence import Absences
from makmal.judges.judge import Judge
from makmal.judges.verdict import Verdict
from makmal.protocol import nas, ngap
from makmal.trace.identification import mobile_identity
from makmal.trace.knowledge import Knowledge
from makmal.trace.message import CaptureLoss, Interface, NasMessage, NgapMessage
from makmal.trace.user_equipment import UserEquipment

_OCCASIONS = {1: "initial registration", 2: "mobility registration update"}
# Service type "mobile terminated services", TS 24.501, 9.11.3.50: the answer to a paging.
_MOBILE_TERMINATED = 2
_MOST_PAGED = 10_000


@dataclass(slots=True)
class _State:
    """The 5G-GUTIs of one UE, and the occasion at which a new one is now due."""

    assigned: nas.FiveGGuti | None = None
    earlier: set[nas.FiveGGuti] = field(default_factory=set)
    occasion: str | None = None
    since: int = 0
    since_ns: int = 0
    accepted: int | None = None


class GutiAllocation(Judge):
    """Each registration, and each answer to a paging, must bring a different 5G-GUTI."""

    test_case = "TC_5G_GUTI_ALLOCATION_AMF"

    def __init__(self, knowledge: Knowledge) -> None:
        super().__init__(knowledge)
        self._states: WeakKeyDictionary[UserEquipment, _State] = WeakKeyDictionary()
        self._holders: WeakValueDictionary[nas.FiveGGuti, UserEquipment] = WeakValueDictionary()
        self._paged: OrderedDict[int, None] = OrderedDict()
        self._open: dict[UserEquipment, _State] = {}
        # A UE's first 5G-GUTI has none before it to compare with: no occasion to judge, but to be
        # told when there is no other.
        self._first: tuple[str, tuple[int, ...]] | None = None
        self._absences = Absences(self.findings, Interface.N2)

    def on_loss(self, message: CaptureLoss) -> None:
        """The capture lacks packets: a 5G-GUTI may have been among them."""
        self._absences.on_loss(message)

    def on_ngap(self, message: NgapMessage) -> None:
        """Note who is paged, and when a connection ends with a 5G-GUTI still due."""
        code = message.pdu.procedure_code
        if code == ngap.ProcedureCode.PAGING:
            identity = message.pdu.get(ngap.ie.UE_PAGING_IDENTITY)
            if identity is not None:
                self._paged[identity.five_g_tmsi] = None
                if len(self._paged) > _MOST_PAGED:
                    self._paged.popitem(last=False)
        elif (
            code == ngap.ProcedureCode.UE_CONTEXT_RELEASE
            and message.pdu.kind is ngap.Kind.SUCCESSFUL_OUTCOME
            and message.user_equipment is not None
        ):
            state = self._open.pop(message.user_equipment, None)
            if state is not None:
                self._ended_without(state, message)

    def _ended_without(self, state: _State, released: NgapMessage) -> None:
        if state.accepted is not None:
            self._absences.violation(
                f"{state.occasion} without a new 5G-GUTI before the connection was released",
                state.since,
                state.accepted,
                released.frame,
                since_ns=state.since_ns,
                until_ns=released.time_ns,
            )
        state.occasion = state.accepted = None

    def on_nas(self, message: NasMessage) -> None:
        """Follow each occasion from the UE's message to the 5G-GUTI that it brings."""
        if message.interface is not Interface.N1:
            return
        user_equipment = message.user_equipment
        state = self._states.get(user_equipment)
        if state is None:
            state = self._states[user_equipment] = _State()
        if message.uplink:
            self._uplink(message, state)
        elif state.occasion is not None:
            self._downlink(message, state)

    def _uplink(self, message: NasMessage, state: _State) -> None:
        plain = message.plain
        if plain is None or not message.initial:
            return
        identity = mobile_identity(plain)
        if isinstance(identity, nas.FiveGGuti) and state.assigned is None:
            state.assigned = identity
        if plain.message_type == nas.MessageType.REGISTRATION_REQUEST:
            registration = plain.get(nas.ie.FIVE_GS_REGISTRATION_TYPE)
            occasion = None if registration is None else _OCCASIONS.get(registration.value)
        elif plain.message_type == nas.MessageType.SERVICE_REQUEST:
            service = plain.get(nas.ie.SERVICE_TYPE)
            paged = isinstance(identity, nas.FiveGSTmsi) and identity.tmsi in self._paged
            if isinstance(identity, nas.FiveGSTmsi):
                self._paged.pop(identity.tmsi, None)
            answered = paged and service == _MOBILE_TERMINATED
            occasion = "service request after paging" if answered else None
        else:
            return
        state.occasion, state.since, state.accepted = occasion, message.frame, None
        state.since_ns = message.time_ns
        if occasion is not None:
            self._open[message.user_equipment] = state

    def _downlink(self, message: NasMessage, state: _State) -> None:
        plain = message.plain
        if plain is None:
            self.findings.doubt(
                f"the answer to {state.occasion} is ciphered with a key that was not given",
                state.since,
                message.frame,
            )
            self._close(message.user_equipment, state)
            return
        kind = plain.message_type
        if kind in (nas.MessageType.REGISTRATION_REJECT, nas.MessageType.SERVICE_REJECT):
            self._close(message.user_equipment, state)
            return
        if kind in (nas.MessageType.REGISTRATION_ACCEPT, nas.MessageType.SERVICE_ACCEPT):
            state.accepted = message.frame
        elif kind != nas.MessageType.CONFIGURATION_UPDATE_COMMAND:
            return
        guti = plain.get(nas.ie.FIVE_G_GUTI)
        if isinstance(guti, nas.FiveGGuti):
            self._assigned(message, state, guti)

    def _close(self, user_equipment: UserEquipment, state: _State) -> None:
        state.occasion = state.accepted = None
        self._open.pop(user_equipment, None)

    def _assigned(self, message: NasMessage, state: _State, guti: nas.FiveGGuti) -> None:
        user_equipment, occasion = message.user_equipment, state.occasion
        frames = (state.since, message.frame)
        holder = self._holders.get(guti)
        protected = message.protected
        if protected is None or protected.security_header_type not in _CIPHERED:
            self.findings.violation(
                f"{occasion}: the 5G-GUTI was sent in a message that is not ciphered", *frames
            )
        elif guti == state.assigned or guti in state.earlier:
            self.findings.violation(f"{occasion}: the UE got a 5G-GUTI that it had before", *frames)
        elif holder is not None and holder is not user_equipment and not holder.deregistered:
            self.findings.violation(
                f"{occasion}: the UE got a 5G-GUTI that another UE holds", *frames
            )
        elif state.assigned is None:
            self._first = self._first or (occasion or "", frames)
        else:
            self.findings.conforming(f"{occasion}: a different 5G-GUTI", *frames)
        if state.assigned is not None:
            state.earlier.add(state.assigned)
            if len(state.earlier) > 64:
                state.earlier.pop()
        state.assigned = guti
        self._holders[guti] = user_equipment
        self._close(user_equipment, state)

    def verdict(self) -> Verdict:
        """Fail when a UE kept its 5G-GUTI, got it back, or shares it with another."""
        for state in self._open.values():
            if state.occasion is not None:
                self.findings.doubt(
                    f"{state.occasion}: the trace ends before a 5G-GUTI was sent", state.since
                )
        self._open.clear()
        self._absences.finish()
        if self._first is not None and not self.findings.occasions:
            occasion, frames = self._first
            self.findings.doubt(
                f"{occasion}: a first 5G-GUTI, with none before it in the trace to compare with",
                *frames,
            )
        return self.conclude("no registration, and no answer to a paging, was seen")


_CIPHERED = frozenset(
    {
        nas.SecurityHeaderType.INTEGRITY_PROTECTED_AND_CIPHERED,
        nas.SecurityHeaderType.INTEGRITY_PROTECTED_AND_CIPHERED_WITH_NEW_5G_NAS_SECURITY_CONTEXT,
    }
)
