"""What a trace shows of IPsec on one interface of a UPF: who sent what, protected or not."""

from __future__ import annotations

from dataclasses import dataclass

from makmal.protocol import gtpu, ike
from makmal.protocol.errors import DecodeError
from makmal.trace.message import (
    Carried,
    GtpuMessage,
    IkeMessage,
    Message,
    PfcpMessage,
    ProtectedPacket,
    UserDatagram,
)
from makmal.trace.trace import Section, Trace


@dataclass(frozen=True, slots=True)
class ForbiddenChoice:
    """An algorithm that nobody may use, chosen by the product in an IKE_SA_INIT response."""

    name: str
    frame: int


class IpsecReading:
    """``interface`` is "n3", "n4" or "n9"."""

    def __init__(self, trace: Trace, interface: str) -> None:
        self._interface = interface
        ends = [
            [str(each.network_address) for each in known.get(interface, ())]
            for known in (trace.knowledge.interface_addresses, trace.knowledge.security_gateways)
        ]
        self._product = {addresses[0] for addresses in ends if addresses}
        self._peers = {each for addresses in ends for each in addresses[1:]}

    def is_products(self, message: Carried) -> bool:
        """Whether the product sent it."""
        return message.source.address in self._product

    def protected(self, section: Section) -> list[ProtectedPacket]:
        """ESP of this interface, as far as that can be told."""
        return [
            each
            for each in section.messages
            if isinstance(each, ProtectedPacket)
            and (not each.is_open or each.interface.lower() == self._interface)
        ]

    def clear(self, section: Section) -> list[GtpuMessage | PfcpMessage]:
        """What the product sends for everyone to read."""
        return [
            each
            for each in section.messages
            if isinstance(each, GtpuMessage | PfcpMessage)
            and not each.inside_esp
            and self.is_products(each)
            and each.destination.address in self._peers
        ]

    def reactions(self, section: Section) -> list[int]:
        """The frames that show that something was processed."""
        return [each.frame for each in section.messages if self._is_reaction(each)]

    def _is_reaction(self, message: Message) -> bool:
        if isinstance(message, UserDatagram):
            return True
        if not isinstance(message, GtpuMessage | PfcpMessage) or not self.is_products(message):
            return False
        # What a product asks of its own accord is no answer.
        if isinstance(message, PfcpMessage):
            return not message.pdu.is_request
        return message.message_type != gtpu.MessageType.ECHO_REQUEST

    def closed(self, section: Section) -> list[int]:
        """The frames of ESP that the product sent and that no key here opens."""
        return [
            each.frame
            for each in self.protected(section)
            if self.is_products(each) and not each.is_open
        ]

    def weak(self, section: Section) -> ProtectedPacket | None:
        """ESP under an association with algorithms that nobody may use: both ends agreed to it."""
        return next(
            (
                each
                for each in section.messages
                if isinstance(each, ProtectedPacket)
                and each.association is not None
                and each.association.is_weak
            ),
            None,
        )

    def _ike(self, section: Section, *exchanges: ike.ExchangeType) -> list[IkeMessage]:
        return [
            each
            for each in section.messages
            if isinstance(each, IkeMessage)
            and each.message.is_response
            and each.message.exchange in exchanges
            and self.is_products(each)
        ]

    def forbidden_choice(self, section: Section) -> ForbiddenChoice | None:
        """What the product chose and must not, in IKE_SA_INIT, which is in clear."""
        for each in self._ike(section, ike.ExchangeType.IKE_SA_INIT):
            try:
                proposals = each.message.proposals
            except DecodeError:
                continue
            for proposal in proposals:
                forbidden = [one.name for one in proposal.transforms if one.is_forbidden]
                if forbidden:
                    return ForbiddenChoice(" and ".join(forbidden), each.frame)
        return None

    def refused_ike(self, section: Section) -> bool:
        """Whether the product said that it will not."""
        for each in self._ike(section, ike.ExchangeType.IKE_SA_INIT):
            try:
                said = each.message.notifications
            except DecodeError:
                continue
            # A cookie is asked for before anything is decided (RFC 7296, 2.6).
            if said and ike.NotifyType.COOKIE not in said and not _proposes(each):
                return True
        return False

    def answers_ike_after(self, trace: Trace, frame: int) -> bool:
        """Whether the product answered IKE later on."""
        return any(
            self._ike(section, ike.ExchangeType.IKE_SA_INIT)
            for section in trace.sections()
            if section.frame > frame
        )

    def answered_authentication(self, section: Section) -> bool:
        """Whether the exchange in which ESP is agreed upon was answered."""
        kinds = ike.ExchangeType.IKE_AUTH, ike.ExchangeType.CREATE_CHILD_SA
        return bool(self._ike(section, *kinds))


def _proposes(message: IkeMessage) -> bool:
    return any(
        each.kind == ike.PayloadType.SECURITY_ASSOCIATION for each in message.message.payloads
    )
