"""TS 33.512, 4.2.2.1.4 and 4.2.2.3.1; TS 24.501, 4.4: NAS messages after security was set up."""

from __future__ import annotations

from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from makmal.judges.judge import Judge
from makmal.judges.reactions import Reactions
from makmal.judges.verdict import Verdict
from makmal.protocol import nas
from makmal.trace.knowledge import Knowledge
from makmal.trace.message import CaptureLoss, Interface, NasMessage
from makmal.trace.user_equipment import NasContext, UserEquipment

# TS 24.501, 4.4.4.3: even in a secure exchange the AMF may have to process these when they come
# without valid protection, since the UE may have lost its context.
_EXEMPT_UPLINK = frozenset(
    {
        nas.MessageType.REGISTRATION_REQUEST,
        nas.MessageType.SERVICE_REQUEST,
        nas.MessageType.CONTROL_PLANE_SERVICE_REQUEST,
        nas.MessageType.DEREGISTRATION_REQUEST_UE_ORIGINATING,
    }
)


class IntegrityFailure(Judge):
    """Uplink NAS with a wrong MAC, or with none, must be discarded once NAS security is up."""

    test_case = "TC_AMF_NAS_INTEGRITY_FAILURE"

    def __init__(self, knowledge: Knowledge) -> None:
        super().__init__(knowledge)
        self._reactions = Reactions(self.findings)
        self._secured: WeakKeyDictionary[UserEquipment, None] = WeakKeyDictionary()

    def on_nas(self, message: NasMessage) -> None:
        """Take unprotected and wrongly protected messages as stimuli, the rest as answers."""
        if message.interface is not Interface.N1:
            return
        user_equipment = message.user_equipment
        if not message.uplink:
            self._reactions.downlink(message)
            return
        secured_before = user_equipment in self._secured and not message.initial
        if user_equipment.secured:
            self._secured[user_equipment] = None
        else:
            self._secured.pop(user_equipment, None)
        if not secured_before or message.message_type in _EXEMPT_UPLINK:
            self._reactions.good_uplink(user_equipment)
        elif message.protected is None:
            self._reactions.stimulus(
                user_equipment,
                f"an unprotected {message.name}",
                message.frame,
                time_ns=message.time_ns,
            )
        elif message.integrity_verified is False:
            self._reactions.stimulus(
                user_equipment,
                "a NAS message with a wrong MAC",
                message.frame,
                time_ns=message.time_ns,
            )
        else:
            self._reactions.good_uplink(user_equipment)

    def on_loss(self, message: CaptureLoss) -> None:
        """The capture lacks packets: what was not seen may have happened."""
        self._reactions.on_loss(message)

    def verdict(self) -> Verdict:
        """Fail when such a message was answered."""
        self._reactions.finish()
        return self.conclude(
            "no uplink NAS message without protection or with a wrong MAC was seen after NAS "
            "security was set up (wrong MACs can be told only with keys)"
        )


class PlainDownlink(Judge):
    """After NAS security was set up the AMF must protect all that it sends (TS 24.501, 4.4.4.1)."""

    test_case = "MAKMAL_NAS_PLAIN_DOWNLINK"

    def on_nas(self, message: NasMessage) -> None:
        """Look at every downlink message of a secure exchange."""
        if (
            message.uplink
            or message.interface is not Interface.N1
            or not message.user_equipment.secured
        ):
            return
        if message.protected is None:
            self.findings.violation(
                f"{message.name} sent without protection after NAS security was set up",
                message.frame,
            )
        elif message.integrity_verified is False:
            self.findings.doubt("the MAC of a downlink message fits no key given", message.frame)
        else:
            self.findings.conforming("downlink NAS messages are protected", message.frame)

    def verdict(self) -> Verdict:
        """Fail when the AMF sent a plain message in a secure exchange."""
        return self.conclude("no downlink NAS message was seen after NAS security was set up")


@dataclass(slots=True)
class _Uplink:
    """The protected uplink messages of one security context: frame and octets by COUNT."""

    context: NasContext | None
    seen: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    unanswered: int | None = None


class NasReplay(Judge):
    """A NAS message whose COUNT was used before must not be processed (TS 33.501, 6.4.3.2)."""

    test_case = "TC_NAS_REPLAY_AMF"

    def __init__(self, knowledge: Knowledge) -> None:
        super().__init__(knowledge)
        self._reactions = Reactions(self.findings)
        self._uplink: WeakKeyDictionary[UserEquipment, _Uplink] = WeakKeyDictionary()

    def on_nas(self, message: NasMessage) -> None:
        """Recognise a COUNT that comes again; follow what the AMF does then."""
        if message.interface is not Interface.N1:
            return
        user_equipment = message.user_equipment
        state = self._uplink.get(user_equipment)
        if not message.uplink:
            if state is not None:
                state.unanswered = None
            self._reactions.downlink(message)
            return
        protected = message.protected
        if protected is None:
            return
        context = user_equipment.current
        if state is None or state.context is not context:
            state = self._uplink[user_equipment] = _Uplink(context)
        earlier = self._earlier(state, message, protected)
        if earlier is None:
            self._reactions.good_uplink(user_equipment)
            state.unanswered = message.frame
            return
        self._reactions.stimulus(
            user_equipment,
            "an uplink NAS message with a COUNT that was used before",
            earlier,
            message.frame,
            time_ns=message.time_ns,
            answer_outstanding=state.unanswered is not None,
        )

    def _earlier(
        self, state: _Uplink, message: NasMessage, protected: nas.SecurityProtected
    ) -> int | None:
        """The frame that used the COUNT before, if one did; and remember this one."""
        octets = protected.message_authentication_code + protected.payload[:32]
        key = protected.sequence_number if message.count is None else message.count
        known = state.seen.get(key)
        if known is not None and (message.count is not None or known[1] == octets):
            return known[0]
        state.seen[key] = (message.frame, octets)
        if len(state.seen) > 256:
            del state.seen[next(iter(state.seen))]
        return None

    def on_loss(self, message: CaptureLoss) -> None:
        """The capture lacks packets: what was not seen may have happened."""
        self._reactions.on_loss(message)

    def verdict(self) -> Verdict:
        """Fail when a replayed message was answered."""
        self._reactions.finish()
        return self.conclude("no NAS COUNT was used twice by any UE: nothing was replayed")
