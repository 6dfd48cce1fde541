"""The security-relevant choices of the UDM. The default is the sound one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UdmPolicy:
    """What the UDM chooses.

    The first group is an operator's configuration, any of which is sound. In the others each
    default is what the specification demands.
    """

    # Configuration. ``links_registration_to_authentication`` is TS 33.501, 6.1.4.2: an AMF may
    # register only for a UE that was authenticated in its network.
    supported_schemes: tuple[int, ...] = (0, 1, 2)
    links_registration_to_authentication: bool = False
    udr_version: str = "v2"

    # Concealed identities (TS 33.501, 6.12.5; TS 33.514, 4.2.1.1).
    names_deconcealed_supi: bool = True

    # Vectors (TS 33.501, 6.1.3; TS 33.102, 6.3).
    fresh_rand: bool = True
    fresh_sequence_number: bool = True
    sets_separation_bit: bool = True
    binds_vector_to_serving_network: bool = True

    # Synchronisation failure (TS 33.102, 6.3.5; TS 33.514, 4.2.2.1).
    resynchronises: bool = True
    verifies_auts: bool = True
    makes_new_vector_after_resynchronisation: bool = True

    # Confirmation of authentication (TS 33.501, 6.1.4.1a; TS 33.514, 4.2.2.2).
    stores_authentication_status: bool = True
    stores_result_as_reported: bool = True

    # Registrations (TS 29.503, 5.3.2).
    notifies_old_amf: bool = True
    verifies_guami: bool = True

    # Subscriber data (TS 33.501, 6.6.1; TS 29.503, 5.2.2).
    gives_up_security_as_subscribed: bool = True
    # TS 33.501, 6.6.1: the UEs of a 5G LAN group have one policy.
    gives_groups_one_policy: bool = True
    notifies_of_changes: bool = True
