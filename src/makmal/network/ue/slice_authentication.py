"""Network slice-specific authentication, UE side (TS 24.501, 5.4.7; TS 33.501, 16.3)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from makmal.network import slice_eap, slices
from makmal.network.ue import protection
from makmal.network.ue.policy import SliceAnswer
from makmal.protocol import nas
from makmal.protocol.nas import eap, ie

if TYPE_CHECKING:
    from makmal.network.ue.ue import Ue

M = nas.MessageType


def commanded(ue: Ue, message: nas.Message) -> None:
    """NETWORK SLICE-SPECIFIC AUTHENTICATION COMMAND: answer the slice's AAA server."""
    s_nssai, octets = message.get(ie.S_NSSAI), message.raw(ie.EAP_MESSAGE)
    if s_nssai is None or octets is None or ue.policy.slice_answer is SliceAnswer.NONE:
        return
    (wanted,) = slices.from_nas((s_nssai,))
    supi = "" if ue.subscription is None else ue.subscription.supi
    credential = slice_eap.credential_of(supi, wanted)
    if ue.policy.slice_answer is SliceAnswer.BAD:
        credential = replace(credential, secret=bytes(16))
    answer = slice_eap.answer(octets, credential)
    if answer is None:
        return
    elements: dict[Any, Any] = {ie.S_NSSAI: s_nssai, ie.EAP_MESSAGE: answer}
    complete = nas.build(M.NETWORK_SLICE_SPECIFIC_AUTHENTICATION_COMPLETE, elements)
    protection.send(ue, complete)


def result(ue: Ue, message: nas.Message) -> None:
    """NETWORK SLICE-SPECIFIC AUTHENTICATION RESULT: what the AAA server decided (5.4.7.2.2)."""
    s_nssai, packet = message.get(ie.S_NSSAI), message.get(ie.EAP_MESSAGE)
    if s_nssai is not None and packet is not None:
        (one,) = slices.from_nas((s_nssai,))
        ue.registration.slice_results[one] = packet.code == eap.EapCode.SUCCESS
