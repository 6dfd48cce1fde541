"""The generic UE configuration update procedure, UE side (TS 24.501, 5.4.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makmal.network.ue import protection, registration
from makmal.protocol import nas
from makmal.protocol.nas import ie

if TYPE_CHECKING:
    from makmal.network.ue.ue import Ue

M = nas.MessageType
# Configuration update indication (9.11.3.18).
_ACKNOWLEDGE = 1


def updated(ue: Ue, message: nas.Message) -> None:
    """CONFIGURATION UPDATE COMMAND (5.4.4.3)."""
    guti = message.get(ie.FIVE_G_GUTI)
    if isinstance(guti, nas.FiveGGuti):
        ue.guti = guti
    registered = ue.registration
    registered.tai_list = message.get(ie.TAI_LIST) or registered.tai_list
    name = message.get(ie.FULL_NAME_FOR_NETWORK)
    if name is not None:
        registered.network_name = name.text
    registration.take_slices(ue, message)
    indication = message.get(ie.CONFIGURATION_UPDATE_INDICATION) or 0
    if indication & _ACKNOWLEDGE and ue.policy.completes_configuration_update:
        protection.send(ue, nas.build(M.CONFIGURATION_UPDATE_COMPLETE))
