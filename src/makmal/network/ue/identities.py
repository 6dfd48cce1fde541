"""The identities of the UE, and the identification procedure (TS 24.501, 5.4.3; TS 23.003)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makmal.network.subscription import suci_of
from makmal.network.ue import protection
from makmal.protocol import nas, ngap
from makmal.protocol.nas import ie
from makmal.security import suci

if TYPE_CHECKING:
    from makmal.network.ue.ue import Ue

M = nas.MessageType
# Identity types (TS 24.501, 9.11.3.3).
_SUCI, _GUTI, _IMEI, _S_TMSI, _IMEISV = 1, 2, 3, 4, 5
# A type allocation code for test equipment (TS 23.003, 6.2.1), and a software version.
_TEST_TAC, _SOFTWARE_VERSION = "35609204", "01"
_EPHEMERAL_KEY_OCTETS = 32
# UERadioAccessCapabilityInformation (TS 38.331, 11.2.2) with a ue-RadioAccessCapabilityInfo of
# an empty container list.
RADIO_CAPABILITY = bytes.fromhex("000800")


def five_g_s_tmsi(guti: nas.FiveGGuti) -> nas.FiveGSTmsi:
    """The shortened form of a 5G-GUTI (TS 23.003, 2.11)."""
    return nas.FiveGSTmsi(guti.amf_set_id, guti.amf_pointer, guti.tmsi)


def guami(guti: nas.FiveGGuti) -> ngap.Guami:
    """The AMF that a 5G-GUTI names (TS 23.003, 2.10.1)."""
    return ngap.Guami(guti.mcc + guti.mnc, guti.amf_region_id, guti.amf_set_id, guti.amf_pointer)


def permanent(ue: Ue) -> nas.MobileIdentity:
    """The SUCI, or without a USIM the equipment's identity (TS 24.501, 5.5.1.2.2)."""
    subscription = ue.subscription
    if subscription is None:
        return imei(ue)
    scheme = subscription.scheme if ue.policy.suci_scheme is None else ue.policy.suci_scheme
    ephemeral = None
    if scheme != suci.NULL_SCHEME:
        ephemeral = ue.world.random_octets(_EPHEMERAL_KEY_OCTETS)
    return suci_of(
        subscription,
        scheme,
        ue.plan.home_network_keys,
        ephemeral,
        mnc_length=len(ue.plan.mnc),
    )


def imeisv(ue: Ue) -> nas.Imeisv:
    """The equipment with its software version: the subscriber's last digits tell UEs apart."""
    given = ue.policy.imeisv
    return nas.Imeisv(
        _TEST_TAC + _serial_number(ue) + _SOFTWARE_VERSION if given is None else given
    )


def imei(ue: Ue) -> nas.Imei:
    """The equipment, with the check digit (TS 23.003, 6.2.1 and annex B)."""
    digits = imeisv(ue).digits[:14]
    total = 0
    for index, digit in enumerate(digits):
        doubled = int(digit) * (1 + index % 2)
        total += doubled // 10 + doubled % 10
    return nas.Imei(digits + str(-total % 10))


def _serial_number(ue: Ue) -> str:
    return "000000" if ue.subscription is None else ue.subscription.supi[-6:]


def requested(ue: Ue, message: nas.Message) -> None:
    """IDENTITY REQUEST."""
    if not ue.policy.answers_identity_request:
        return
    kind = message.get(ie.IDENTITY_TYPE)
    identity: nas.MobileIdentity = nas.NoIdentity()
    if kind == _SUCI and ue.subscription is not None:
        identity = permanent(ue)
    elif kind == _GUTI and ue.guti is not None:
        identity = ue.guti
    elif kind == _S_TMSI and ue.guti is not None:
        identity = five_g_s_tmsi(ue.guti)
    elif kind == _IMEI:
        identity = imei(ue)
    elif kind == _IMEISV:
        identity = imeisv(ue)
    protection.send(ue, nas.build(M.IDENTITY_RESPONSE, {ie.MOBILE_IDENTITY: identity}))
