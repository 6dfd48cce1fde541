"""The security-relevant choices of the AUSF. The default is the sound one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AusfPolicy:
    """What the AUSF chooses.

    The first group is an operator's configuration, any of which is sound. In the others each
    default is what the specification demands.
    """

    # Configuration: the serving networks of roaming partners; for how many seconds a vector holds,
    # and whether an answer that comes later is refused, which TS 33.501, 6.1.3.2.0, step 11, leaves
    # to the AUSF ("may").
    roaming_networks: tuple[str, ...] = ()
    vector_seconds: float = 60.0
    heeds_expiry: bool = True

    # TS 33.501, 6.1.2: the SEAF is entitled to the serving network name that it gives.
    authorizes_serving_network: bool = True
    passes_resynchronisation_on: bool = True

    # TS 33.501, 6.1.3.2.0, steps 11 and 12.
    compares_res_star: bool = True
    vector_serves_once: bool = True
    # Keys and SUPI leave the AUSF only after the proof.
    withholds_k_seaf: bool = True
    withholds_supi: bool = True

    # TS 33.501, 6.1.3.1; RFC 9048, 3.
    verifies_eap_mac: bool = True
    compares_eap_res: bool = True

    # TS 33.501, 6.1.4.1a.
    informs_udm: bool = True
    informs_udm_of_true_result: bool = True
    # TS 29.509, 5.2.2.4.
    deletes_k_ausf: bool = True
