"""The peer of EAP-AKA' (RFC 9048; RFC 4187; TS 33.501, 6.1.3.1 and annex F)."""

from __future__ import annotations

from dataclasses import dataclass
from hmac import compare_digest
from typing import TYPE_CHECKING

from makmal.network.ue import protection
from makmal.network.ue.usim import MacFailed, SynchronisationFailed
from makmal.protocol import nas
from makmal.protocol.nas import eap, ie
from makmal.security import eap_aka_prime, keys

if TYPE_CHECKING:
    from makmal.network.ue.ue import Ue

M, A = nas.MessageType, eap.EapAttributeType
# AT_KDF of RFC 9048, 3.3: the only key derivation function there is.
_KDF_AKA_PRIME = 1
_MAC_OCTETS = 16
_NO_VALUE = b"\0\0"
# AT_CLIENT_ERROR_CODE 0: unable to process packet (RFC 4187, 10.20).
_UNABLE_TO_PROCESS = b"\0\0"


@dataclass(frozen=True, slots=True)
class EapSession:
    """An answered challenge. ``response`` is sent again if the request comes again."""

    request: bytes
    response: bytes
    k_ausf: bytes
    key_set_identifier: int
    abba: bytes


def requested(
    ue: Ue, packet: eap.EapPacket, octets: bytes, key_set_identifier: int, abba: bytes
) -> None:
    """An EAP-Request from the AUSF."""
    session = ue.challenges.eap
    if session is not None and session.request == octets:
        _respond(ue, session.response)
    elif packet.method == eap.EapMethod.AKA_PRIME and packet.subtype == eap.EapSubtype.CHALLENGE:
        _challenged(ue, packet, octets, key_set_identifier, abba)
    elif packet.method == eap.EapMethod.AKA_PRIME:
        _answer(ue, packet, eap.EapSubtype.CLIENT_ERROR, (_error(),))
    elif packet.code == eap.EapCode.REQUEST:
        # RFC 3748, 5.3.1: another method is wanted.
        wanted = bytes((eap.EapMethod.AKA_PRIME,))
        nak = eap.EapPacket(eap.EapCode.RESPONSE, packet.identifier, eap.EapMethod.NAK, data=wanted)
        _respond(ue, eap.encode_eap(nak))


def _challenged(
    ue: Ue, packet: eap.EapPacket, octets: bytes, key_set_identifier: int, abba: bytes
) -> None:
    """EAP-Request/AKA'-Challenge (RFC 9048, 3; RFC 4187, 9.3)."""
    usim, subscription, policy = ue.usim, ue.subscription, ue.policy
    rand = (packet.attribute(A.AT_RAND) or b"")[2:]
    autn = (packet.attribute(A.AT_AUTN) or b"")[2:]
    name = _network_name(packet)
    if usim is None or subscription is None or len(rand) != 16 or len(autn) != 16:
        _answer(ue, packet, eap.EapSubtype.CLIENT_ERROR, (_error(),))
        return
    function = packet.attribute(A.AT_KDF)
    # RFC 9048, 3.1 and 3.2: another network's name, or another function, is refused.
    if (
        name != ue.plan.serving_network_name
        or function is None
        or int.from_bytes(function, "big") != _KDF_AKA_PRIME
        or ue.challenges.fails_mac(policy.mac_failures)
    ):
        _answer(ue, packet, eap.EapSubtype.AUTHENTICATION_REJECT)
        return
    answer = usim.challenge(
        rand,
        autn,
        out_of_synchronisation=ue.challenges.fails_synchronisation(policy.synchronisation_failures),
    )
    if isinstance(answer, SynchronisationFailed):
        auts = eap.EapAttribute(A.AT_AUTS, answer.auts)
        kept = eap.EapAttribute(A.AT_KDF, function)
        _answer(ue, packet, eap.EapSubtype.SYNCHRONIZATION_FAILURE, (auts, kept))
        return
    # TS 33.501, 6.1.3.1, 5: the separation bit is checked for EAP-AKA' as well.
    if isinstance(answer, MacFailed) or not answer.separation_bit:
        _answer(ue, packet, eap.EapSubtype.AUTHENTICATION_REJECT)
        return
    ck_prime, ik_prime = keys.ck_ik_prime(answer.ck, answer.ik, name, answer.sqn_xor_ak)
    derived = eap_aka_prime.derive_keys(
        ik_prime, ck_prime, eap_aka_prime.peer_identity(subscription.supi)
    )
    mac = (packet.attribute(A.AT_MAC) or b"")[2:]
    if not _verifies(derived.k_aut, octets, mac):
        _answer(ue, packet, eap.EapSubtype.CLIENT_ERROR, (_error(),))
        return
    response = _challenge_response(packet, _altered(ue, answer.res), derived.k_aut)
    ue.challenges.eap = EapSession(
        octets,
        response,
        keys.k_ausf_from_emsk(derived.emsk),
        key_set_identifier,
        abba,
    )
    _respond(ue, response)


def _network_name(packet: eap.EapPacket) -> str:
    octets = packet.attribute(A.AT_KDF_INPUT) or _NO_VALUE
    length = int.from_bytes(octets[:2], "big")
    return octets[2 : 2 + length].decode("utf-8", "replace")


def _verifies(k_aut: bytes, octets: bytes, mac: bytes) -> bool:
    try:
        return compare_digest(eap_aka_prime.at_mac(k_aut, octets), mac)
    except ValueError:
        return False


def _altered(ue: Ue, res: bytes) -> bytes:
    return res[:-1] + bytes((res[-1] ^ 0xFF,)) if ue.policy.alters_res_star else res


def _challenge_response(packet: eap.EapPacket, res: bytes, k_aut: bytes) -> bytes:
    # RFC 4187, 10.8: the length of RES in bits, and padding to units of four octets.
    value = (len(res) * 8).to_bytes(2, "big") + res
    value += bytes(-(len(value) + 2) % 4)
    attributes = (
        eap.EapAttribute(A.AT_RES, value),
        eap.EapAttribute(A.AT_MAC, bytes(2 + _MAC_OCTETS)),
    )
    octets = eap.encode_eap(
        eap.EapPacket(
            eap.EapCode.RESPONSE,
            packet.identifier,
            eap.EapMethod.AKA_PRIME,
            eap.EapSubtype.CHALLENGE,
            attributes,
        )
    )
    return octets[:-_MAC_OCTETS] + eap_aka_prime.at_mac(k_aut, octets)


def _error() -> eap.EapAttribute:
    return eap.EapAttribute(A.AT_CLIENT_ERROR_CODE, _UNABLE_TO_PROCESS)


def _answer(
    ue: Ue,
    packet: eap.EapPacket,
    subtype: eap.EapSubtype,
    attributes: tuple[eap.EapAttribute, ...] = (),
) -> None:
    response = eap.EapPacket(
        eap.EapCode.RESPONSE, packet.identifier, eap.EapMethod.AKA_PRIME, subtype, attributes
    )
    _respond(ue, eap.encode_eap(response))


def _respond(ue: Ue, octets: bytes) -> None:
    protection.send(ue, nas.build(M.AUTHENTICATION_RESPONSE, {ie.EAP_MESSAGE: octets}))
