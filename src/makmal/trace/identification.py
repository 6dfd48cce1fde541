"""Knowing a UE again: by SUPI, 5G-GUTI or 5G-S-TMSI, from connection to connection."""

from __future__ import annotations

from collections import OrderedDict
from typing import TypeVar

from makmal.protocol import nas, ngap
from makmal.protocol.errors import DecodeError
from makmal.trace.key_ring import KeyRing
from makmal.trace.user_equipment import UserEquipment

# UEs that are not connected now but may come back with their 5G-GUTI; beyond that the oldest goes.
_MOST_IDLE = 50_000

# 5GS registration type, TS 24.501, 9.11.3.7.
_EMERGENCY_REGISTRATION = 4

K = TypeVar("K")
Temporary = tuple[int, int, int]


class Identification:
    """The UEs of a trace by their identities."""

    def __init__(self, key_ring: KeyRing) -> None:
        self._key_ring = key_ring
        self._count = 0
        self._by_supi: OrderedDict[str, UserEquipment] = OrderedDict()
        self._by_temporary: OrderedDict[Temporary, UserEquipment] = OrderedDict()

    def new(self) -> UserEquipment:
        """A UE that nothing is known of yet."""
        self._count += 1
        return UserEquipment(self._count)

    def by_supi(self, supi: str | None) -> UserEquipment | None:
        """The UE with this SUPI, if the trace has shown it."""
        return None if supi is None else self._by_supi.get(supi)

    def known_sender(self, pdu: ngap.Pdu, nas_pdu: bytes) -> UserEquipment | None:
        """The UE of an Initial UE Message that the trace has met before. Raises DecodeError."""
        temporary = pdu.get(ngap.ie.FIVE_G_S_TMSI)
        if temporary is not None:
            key = (temporary.amf_set_id, temporary.amf_pointer, temporary.five_g_tmsi)
            known = self._by_temporary.get(key)
            if known is not None:
                return known
        message = _legible(nas_pdu)
        identity = None if message is None else mobile_identity(message)
        if isinstance(identity, nas.FiveGGuti | nas.FiveGSTmsi):
            return self._by_temporary.get(_temporary(identity))
        if isinstance(identity, nas.Suci):
            return self.by_supi(self.supi_of_suci(identity))
        return None

    def supi_of_suci(self, identity: nas.Suci) -> str | None:
        """The SUPI inside a SUCI: legible with the null scheme, else with the home network key."""
        if identity.supi is not None:
            return identity.supi
        plain = self._key_ring.reveal(
            identity.protection_scheme,
            identity.home_network_public_key_identifier,
            identity.scheme_output,
        )
        return None if plain is None else identity.supi_with(plain)

    def note(self, message: nas.Message, uplink: bool, user_equipment: UserEquipment) -> None:
        """Take the identities that a NAS message shows. Raises DecodeError."""
        kind = message.message_type
        if uplink:
            if kind == nas.MessageType.REGISTRATION_REQUEST:
                registration = message.get(nas.ie.FIVE_GS_REGISTRATION_TYPE)
                user_equipment.emergency = (
                    registration is not None and registration.value == _EMERGENCY_REGISTRATION
                )
                user_equipment.deregistered = False
            identity = mobile_identity(message)
            if isinstance(identity, nas.Suci):
                user_equipment.suci = identity
                self.name(user_equipment, self.supi_of_suci(identity))
            elif isinstance(identity, nas.FiveGGuti) and user_equipment.guti is None:
                self._assign(user_equipment, identity)
        elif kind == nas.MessageType.AUTHENTICATION_REQUEST and user_equipment.supi is None:
            self.name(user_equipment, self._key_ring.supi_of(None, user_equipment.challenge))
        elif kind in (
            nas.MessageType.REGISTRATION_ACCEPT,
            nas.MessageType.CONFIGURATION_UPDATE_COMMAND,
        ):
            assigned = message.get(nas.ie.FIVE_G_GUTI)
            if isinstance(assigned, nas.FiveGGuti):
                self._assign(user_equipment, assigned)

    def name(self, user_equipment: UserEquipment, supi: str | None) -> None:
        """The UE turned out to have this SUPI."""
        if supi is None:
            return
        user_equipment.supi = supi
        self._keep(self._by_supi, supi, user_equipment)

    def released(self, user_equipment: UserEquipment) -> None:
        """The connection of the UE ended; a deregistered one will not come back as itself."""
        user_equipment.pending = None
        for session in user_equipment.sessions.values():
            session.access_tunnel = None
        if user_equipment.deregistered:
            self._forget(user_equipment)

    def _assign(self, user_equipment: UserEquipment, guti: nas.FiveGGuti) -> None:
        # Until the UE acknowledges, the old and the new 5G-GUTI are both valid (TS 24.501,
        # 5.5.1.2.4), so the one before the old is what may be forgotten.
        if user_equipment.previous_guti is not None and user_equipment.guti != guti:
            stale = _temporary(user_equipment.previous_guti)
            if self._by_temporary.get(stale) is user_equipment:
                del self._by_temporary[stale]
        if user_equipment.guti != guti:
            user_equipment.previous_guti = user_equipment.guti
        user_equipment.guti = guti
        self._keep(self._by_temporary, _temporary(guti), user_equipment)

    def _keep(
        self, index: OrderedDict[K, UserEquipment], key: K, user_equipment: UserEquipment
    ) -> None:
        index[key] = user_equipment
        index.move_to_end(key)
        while len(index) > _MOST_IDLE:
            index.popitem(last=False)

    def _forget(self, user_equipment: UserEquipment) -> None:
        if user_equipment.supi is not None:
            self._by_supi.pop(user_equipment.supi, None)
        for guti in (user_equipment.guti, user_equipment.previous_guti):
            if guti is not None:
                self._by_temporary.pop(_temporary(guti), None)


def mobile_identity(message: nas.Message) -> object | None:
    """The 5GS mobile identity that an uplink message carries, whichever element holds it."""
    kind = message.message_type
    if kind in (
        nas.MessageType.REGISTRATION_REQUEST,
        nas.MessageType.DEREGISTRATION_REQUEST_UE_ORIGINATING,
    ):
        return message.get(nas.ie.FIVE_GS_MOBILE_IDENTITY)
    if kind == nas.MessageType.IDENTITY_RESPONSE:
        return message.get(nas.ie.MOBILE_IDENTITY)
    if kind == nas.MessageType.SERVICE_REQUEST:
        return message.get(nas.ie.FIVE_G_S_TMSI)
    return None


def _legible(nas_pdu: bytes) -> nas.Message | None:
    """The message, if it is plain or only integrity protected (TS 24.501, 4.4.6)."""
    message = nas.decode_recent(nas_pdu)
    if isinstance(message, nas.Message):
        return message
    try:
        return message.plain()
    except DecodeError:
        return None


def _temporary(identity: nas.FiveGGuti | nas.FiveGSTmsi) -> Temporary:
    return identity.amf_set_id, identity.amf_pointer, identity.tmsi
