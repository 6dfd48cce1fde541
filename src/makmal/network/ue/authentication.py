"""Primary authentication, UE side: 5G AKA and EAP-AKA' (TS 24.501, 5.4.1; TS 33.501, 6.1.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from makmal.network.ue import eap_peer, protection, registration
from makmal.network.ue.state import Outcome, PartialContext, RegistrationResult
from makmal.network.ue.usim import Answered, MacFailed, SynchronisationFailed
from makmal.protocol import nas
from makmal.protocol.nas import eap, ie
from makmal.security import keys

if TYPE_CHECKING:
    from makmal.network.ue.ue import Ue

M = nas.MessageType
# 5GMM causes (TS 24.501, 9.11.3.2).
MAC_FAILURE, SYNCH_FAILURE, NOT_5G, KEY_SET_IN_USE = 20, 21, 26, 71


@dataclass(slots=True)
class Challenges:
    """The challenge that was answered last, and how many were refused on purpose.

    TS 24.501, 5.4.1.3.2: a challenge that comes again gets the same answer, since the USIM would
    take it for an old one.
    """

    rand: bytes = b""
    res_star: bytes = b""
    synchronisation_failures: int = 0
    mac_failures: int = 0
    eap: eap_peer.EapSession | None = None

    def forget_answer(self) -> None:
        """A challenge was confirmed, or the connection ended."""
        self.rand = self.res_star = b""
        self.eap = None

    def fails_synchronisation(self, wanted: int) -> bool:
        """Whether this challenge is to be found out of sequence."""
        if self.synchronisation_failures < wanted:
            self.synchronisation_failures += 1
            return True
        return False

    def fails_mac(self, wanted: int) -> bool:
        """Whether this challenge is to be found a false one."""
        if self.mac_failures < wanted:
            self.mac_failures += 1
            return True
        return False


def requested(ue: Ue, message: nas.Message) -> None:
    """AUTHENTICATION REQUEST."""
    policy, usim = ue.policy, ue.usim
    key_set = message.get(ie.NAS_KEY_SET_IDENTIFIER)
    if not policy.answers_authentication or usim is None or key_set is None:
        return
    if policy.finds_key_set_in_use or (
        ue.security is not None and key_set.value == ue.key_set_identifier
    ):
        _fail(ue, KEY_SET_IN_USE)
        return
    abba = message.get(ie.ABBA) or b""
    packet = message.get(ie.EAP_MESSAGE)
    if packet is not None:
        eap_peer.requested(ue, packet, message.raw(ie.EAP_MESSAGE) or b"", key_set.value, abba)
        return
    rand = message.get(ie.AUTHENTICATION_PARAMETER_RAND) or b""
    autn = message.get(ie.AUTHENTICATION_PARAMETER_AUTN) or b""
    if rand == ue.challenges.rand and ue.challenges.res_star:
        _respond(ue, ue.challenges.res_star)
        return
    if ue.challenges.fails_mac(policy.mac_failures):
        _fail(ue, MAC_FAILURE)
        return
    answer = usim.challenge(
        rand,
        autn,
        out_of_synchronisation=ue.challenges.fails_synchronisation(policy.synchronisation_failures),
    )
    if isinstance(answer, MacFailed):
        _fail(ue, MAC_FAILURE)
    elif isinstance(answer, SynchronisationFailed):
        _fail(ue, SYNCH_FAILURE, answer.auts)
    elif not answer.separation_bit:
        _fail(ue, NOT_5G)
    else:
        _answer(ue, rand, answer, key_set.value, abba)


def _answer(ue: Ue, rand: bytes, answer: Answered, key_set_identifier: int, abba: bytes) -> None:
    """RES*, and the keys down to KAMF (TS 33.501, 6.1.3.2.0; annex A)."""
    name = ue.plan.serving_network_name
    res_star = keys.res_star(answer.ck, answer.ik, name, rand, answer.res)
    k_ausf = keys.k_ausf(answer.ck, answer.ik, name, answer.sqn_xor_ak)
    use_k_ausf(ue, k_ausf, key_set_identifier, abba)
    ue.challenges.rand, ue.challenges.res_star = rand, res_star
    _respond(ue, res_star)


def use_k_ausf(ue: Ue, k_ausf: bytes, key_set_identifier: int, abba: bytes) -> None:
    """The partial context that an authentication leaves (TS 24.501, 4.4.2.1)."""
    if ue.subscription is None:
        return
    k_seaf = keys.k_seaf(k_ausf, ue.plan.serving_network_name)
    k_amf = keys.k_amf(k_seaf, ue.subscription.supi, abba)
    ue.partial = PartialContext(key_set_identifier, k_amf)


def _respond(ue: Ue, res_star: bytes) -> None:
    if ue.policy.alters_res_star:
        res_star = res_star[:-1] + bytes((res_star[-1] ^ 0xFF,))
    response = {ie.AUTHENTICATION_RESPONSE_PARAMETER: res_star}
    protection.send(ue, nas.build(M.AUTHENTICATION_RESPONSE, response))


def _fail(ue: Ue, cause: int, auts: bytes | None = None) -> None:
    elements: dict[Any, Any] = {ie.FIVE_GMM_CAUSE: cause}
    if auts is not None:
        elements[ie.AUTHENTICATION_FAILURE_PARAMETER] = auts
    protection.send(ue, nas.build(M.AUTHENTICATION_FAILURE, elements))


def rejected(ue: Ue, message: nas.Message) -> None:
    """AUTHENTICATION REJECT: the UE is not who it says (5.4.1.3.5)."""
    ue.challenges.forget_answer()
    ue.forget()
    ended = RegistrationResult(Outcome.NOT_AUTHENTICATED, None, message)
    for procedure in (registration.PROCEDURE, "service", "deregistration"):
        ue.end(procedure, ended)


def result(ue: Ue, message: nas.Message) -> None:
    """AUTHENTICATION RESULT: what the EAP server decided (5.4.1.2.3)."""
    packet = message.get(ie.EAP_MESSAGE)
    if packet is not None:
        take_eap_result(ue, packet, message.get(ie.ABBA))


def take_eap_result(ue: Ue, packet: eap.EapPacket, abba: bytes | None) -> None:
    """EAP-Success brings the keys of the method; EAP-Failure ends it."""
    session = ue.challenges.eap
    if session is None:
        return
    if packet.code == eap.EapCode.SUCCESS:
        use_k_ausf(ue, session.k_ausf, session.key_set_identifier, abba or session.abba)
    elif packet.code == eap.EapCode.FAILURE:
        ue.partial = None
    ue.challenges.eap = None
