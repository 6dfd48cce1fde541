"""Faults and variations of the UDM."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from makmal.network.faults.fault import Change, Fault, NetworkPolicy, Variation

_SUCI, _SYNCHRONISATION = "TC_DE-CONCEAL_SUPI_from_SUCI_UDM", "MAKMAL_UDM_SYNCHRONISATION_FAILURE"
_STATUS = "TC_AUTH_STATUS_STORE_UDM"
_TSC, _LAN = "MAKMAL_UDM_UP_SECURITY_FOR_TSC", "MAKMAL_UDM_UP_SECURITY_OF_5G_LAN"


def _udm(**choices: Any) -> Change:
    def change(policy: NetworkPolicy) -> NetworkPolicy:
        return replace(policy, udm=replace(policy.udm, **choices))

    return change


def _fault(name: str, description: str, *caught_by: str, **choices: Any) -> Fault:
    return Fault(name, "UDM", description, _udm(**choices), caught_by)


FAULTS: tuple[Fault, ...] = (
    _fault("another-supi", "names another SUPI", _SUCI, names_deconcealed_supi=False),
    _fault(
        "synchronisation-ignored",
        "goes on as if no USIM had lost step",
        _SYNCHRONISATION,
        resynchronises=False,
    ),
    _fault(
        "false-auts-believed",
        "sets its SQN to what an AUTS without a right MAC-S says",
        _SYNCHRONISATION,
        verifies_auts=False,
    ),
    _fault(
        "old-vector-after-synchronisation",
        "makes a vector of the SQN that the USIM has used already",
        _SYNCHRONISATION,
        makes_new_vector_after_resynchronisation=False,
    ),
    _fault(
        "authentication-status-lost",
        "stores no result of an authentication",
        _STATUS,
        stores_authentication_status=False,
    ),
    _fault(
        "authentication-status-flattered",
        "stores a failed authentication as a successful one",
        _STATUS,
        stores_result_as_reported=False,
    ),
    _fault(
        "up-security-not-as-subscribed",
        "says that no user plane protection is needed",
        _TSC,
        gives_up_security_as_subscribed=False,
    ),
    _fault(
        "up-security-divides-group",
        "gives UEs of one group different policies",
        _LAN,
        gives_groups_one_policy=False,
    ),
)

VARIATIONS: tuple[Variation, ...] = (
    Variation(
        "udr-release-15", "UDM", "it asks the UDR by version 1 of its API", _udm(udr_version="v1")
    ),
    Variation(
        "registration-linked",
        "UDM",
        "it lets an AMF register only for a UE that was authenticated",
        _udm(links_registration_to_authentication=True),
    ),
)
