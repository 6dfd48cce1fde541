"""The security-relevant choices of the reference network. The default is the sound one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class UePolicy:
    """What the UE chooses. ``suci_scheme``: 0 null, 1 profile A, 2 profile B (TS 33.501, C)."""

    suci_scheme: int = 1


@dataclass(frozen=True, slots=True)
class AmfPolicy:
    """What the AMF chooses (TS 33.501, 5.5; TS 33.512)."""

    integrity_algorithms: tuple[int, ...] = (2, 1, 3)
    ciphering_algorithms: tuple[int, ...] = (2, 1, 3)
    weakest_first: bool = False
    null_integrity: bool = False
    null_ciphering: bool = False
    alters_replayed_capabilities: bool = False
    alters_capabilities_to_gnb: bool = False
    accepts_invalid_capabilities: bool = False
    keeps_guti: bool = False
    answers_replayed_nas: bool = False
    answers_unprotected_nas: bool = False
    sends_plain_after_security: bool = False
    challenges_before_ausf_answers: bool = False


@dataclass(frozen=True, slots=True)
class CorePolicy:
    """What the other core functions choose (TS 33.513, TS 33.515, TS 33.117)."""

    reuses_teid: bool = False
    reuses_seid: bool = False
    ignores_udm_policy: bool = False
    serves_without_token: bool = False
    serves_unsigned_token: bool = False
    serves_wrong_audience: bool = False
    accepts_duplicate_keys: bool = False


@dataclass(frozen=True, slots=True)
class TransportPolicy:
    """What protects the interfaces between the nodes (TS 33.501, 9 and 13.1)."""

    ipsec_on_n2: bool = True
    ipsec_on_n3: bool = True
    ipsec_on_n4: bool = True
    tls_on_service_interface: bool = True


@dataclass(frozen=True, slots=True)
class NetworkPolicy:
    """All choices together."""

    ue: UePolicy = UePolicy()
    amf: AmfPolicy = AmfPolicy()
    core: CorePolicy = CorePolicy()
    transport: TransportPolicy = TransportPolicy()


# Two sound networks. As an observer outside sees it, everything is protected. A capture from
# inside the nodes' protection shows the content, and of course the transport in clear.
PROTECTED = NetworkPolicy()
OBSERVED = NetworkPolicy(transport=TransportPolicy(False, False, False, False))


@dataclass(frozen=True, slots=True)
class Fault:
    """A choice that no product should make, and the test cases that must fail on it.

    ``apply`` brings it into a network; ``seen_in`` is the sound network in which it shows.
    """

    name: str
    description: str
    apply: Callable[[NetworkPolicy], NetworkPolicy]
    caught_by: tuple[str, ...]
    seen_in: NetworkPolicy = OBSERVED

    @property
    def policy(self) -> NetworkPolicy:
        """The sound network with this one fault."""
        return self.apply(self.seen_in)


def _ue(**choices: int) -> Callable[[NetworkPolicy], NetworkPolicy]:
    return lambda policy: replace(policy, ue=replace(policy.ue, **choices))


def _amf(**choices: Any) -> Callable[[NetworkPolicy], NetworkPolicy]:
    return lambda policy: replace(policy, amf=replace(policy.amf, **choices))


def _core(**choices: bool) -> Callable[[NetworkPolicy], NetworkPolicy]:
    return lambda policy: replace(policy, core=replace(policy.core, **choices))


def _transport(**choices: bool) -> Callable[[NetworkPolicy], NetworkPolicy]:
    return lambda policy: replace(policy, transport=replace(policy.transport, **choices))


FAULTS: tuple[Fault, ...] = (
    Fault(
        "suci-null-scheme",
        "the UE sends its SUPI in a SUCI made with the null scheme",
        _ue(suci_scheme=0),
        ("MAKMAL_SUCI_NULL_SCHEME",),
    ),
    Fault(
        "null-integrity",
        "the AMF selects NIA0 for a normal registration",
        _amf(null_integrity=True),
        ("TC_NAS_NULL_INT_AMF", "TC_NAS_INT_SELECTION_USE_AMF"),
    ),
    Fault(
        "null-ciphering",
        "the AMF selects NEA0 for a normal registration",
        _amf(null_ciphering=True),
        ("MAKMAL_NAS_NULL_CIPHERING", "TC_NAS_INT_SELECTION_USE_AMF"),
    ),
    Fault(
        "weakest-algorithm-first",
        "the AMF works its priority lists from the end",
        _amf(weakest_first=True),
        ("TC_NAS_INT_SELECTION_USE_AMF",),
    ),
    Fault(
        "capabilities-altered-to-ue",
        "the Security Mode Command replays other capabilities than the UE sent",
        _amf(alters_replayed_capabilities=True),
        ("TC_UE_SEC_CAPS_AS_CONTEXT_SETUP",),
    ),
    Fault(
        "capabilities-altered-to-gnb",
        "Initial Context Setup hands the gNB other capabilities than the UE sent",
        _amf(alters_capabilities_to_gnb=True),
        ("TC_UE_SEC_CAPS_AS_CONTEXT_SETUP",),
    ),
    Fault(
        "accepts-invalid-capabilities",
        "the AMF goes on with a UE that offers no integrity algorithm",
        _amf(accepts_invalid_capabilities=True),
        ("TC_UE_SEC_CAP_HANDLING_AMF",),
    ),
    Fault(
        "guti-kept",
        "the AMF assigns the UE the 5G-GUTI that it had before",
        _amf(keeps_guti=True),
        ("TC_5G_GUTI_ALLOCATION_AMF",),
    ),
    Fault(
        "answers-replayed-nas",
        "the AMF processes a NAS message whose COUNT was used before",
        _amf(answers_replayed_nas=True),
        ("TC_NAS_REPLAY_AMF",),
    ),
    Fault(
        "answers-unprotected-nas",
        "the AMF processes an uplink NAS message without a MAC after security was set up",
        _amf(answers_unprotected_nas=True),
        ("TC_AMF_NAS_INTEGRITY_FAILURE",),
    ),
    Fault(
        "plain-after-security",
        "the AMF sends a plain NAS message after security was set up",
        _amf(sends_plain_after_security=True),
        ("MAKMAL_NAS_PLAIN_DOWNLINK",),
    ),
    Fault(
        "challenge-before-ausf",
        "the AMF sends a new challenge before the AUSF answered a synchronisation failure",
        _amf(challenges_before_ausf_answers=True),
        ("TC_SYNC_FAIL_SEAF_AMF",),
    ),
    Fault(
        "teid-reused",
        "the UPF gives the TEID of a live session to another",
        _core(reuses_teid=True),
        ("TC_TEID_ID_UNIQUENESS_UPF",),
    ),
    Fault(
        "seid-reused",
        "the UPF gives the SEID of a live session to another",
        _core(reuses_seid=True),
        ("TC_TEID_ID_UNIQUENESS_UPF",),
    ),
    Fault(
        "udm-policy-ignored",
        "the SMF sets a local user plane security policy before that of the UDM",
        _core(ignores_udm_policy=True),
        ("TC_UP_POLICY_PRECEDENCE_SMF",),
    ),
    Fault(
        "sbi-in-clear",
        "the core functions speak HTTP without TLS",
        _transport(tls_on_service_interface=False),
        ("TC_PROTECT_TRANSPORT_LAYER",),
        PROTECTED,
    ),
    Fault(
        "token-not-demanded",
        "a producer serves a request without an access token",
        _core(serves_without_token=True),
        ("MAKMAL_SBI_TOKEN_DEMANDED",),
    ),
    Fault(
        "unsigned-token-accepted",
        "a producer serves a request with a token of algorithm none",
        _core(serves_unsigned_token=True),
        ("TC_AUTHORIZATION_TOKEN_VERIFICATION_FAILURE_ONE_PLMN",),
    ),
    Fault(
        "foreign-token-accepted",
        "a producer serves a request with a token for another audience",
        _core(serves_wrong_audience=True),
        ("TC_AUTHORIZATION_TOKEN_VERIFICATION_FAILURE_ONE_PLMN",),
    ),
    Fault(
        "duplicate-keys-accepted",
        "a producer accepts a JSON object that names a key twice",
        _core(accepts_duplicate_keys=True),
        ("MAKMAL_SBI_UNIQUE_KEYS",),
    ),
    Fault(
        "n2-in-clear",
        "N2 runs without IPsec",
        _transport(ipsec_on_n2=False),
        ("MAKMAL_N2_CLEAR_TEXT",),
        PROTECTED,
    ),
    Fault(
        "n3-in-clear",
        "N3 runs without IPsec",
        _transport(ipsec_on_n3=False),
        ("TC_UP_DATA_CONF_UPF",),
        PROTECTED,
    ),
    Fault(
        "n4-in-clear",
        "N4 runs without IPsec",
        _transport(ipsec_on_n4=False),
        ("TC_CP_DATA_CONF_UPF_N4",),
        PROTECTED,
    ),
)


def fault(name: str) -> Fault:
    """The fault of this name. Raises KeyError if there is none."""
    return {entry.name: entry for entry in FAULTS}[name]
