"""The security-relevant choices of the reference network. The default is the sound one."""

from __future__ import annotations

from dataclasses import dataclass, replace


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
    service_interface_in_clear: bool = False
    serves_without_token: bool = False
    serves_unsigned_token: bool = False
    serves_wrong_audience: bool = False
    accepts_duplicate_keys: bool = False


@dataclass(frozen=True, slots=True)
class TransportPolicy:
    """Whether IPsec protects the interfaces between the nodes (TS 33.501, 9)."""

    n2_protected: bool = True
    n3_protected: bool = True
    n4_protected: bool = True


@dataclass(frozen=True, slots=True)
class NetworkPolicy:
    """All choices together."""

    ue: UePolicy = UePolicy()
    amf: AmfPolicy = AmfPolicy()
    core: CorePolicy = CorePolicy()
    transport: TransportPolicy = TransportPolicy()


@dataclass(frozen=True, slots=True)
class Fault:
    """A policy that no product should have, and the test cases that must fail on it."""

    name: str
    description: str
    policy: NetworkPolicy
    caught_by: tuple[str, ...]


SOUND = NetworkPolicy()


def _ue(**choices: int) -> NetworkPolicy:
    return replace(SOUND, ue=replace(SOUND.ue, **choices))


def _amf(choice: str) -> NetworkPolicy:
    return replace(SOUND, amf=replace(SOUND.amf, **{choice: True}))


def _core(choice: str) -> NetworkPolicy:
    return replace(SOUND, core=replace(SOUND.core, **{choice: True}))


def _transport(choice: str) -> NetworkPolicy:
    return replace(SOUND, transport=replace(SOUND.transport, **{choice: False}))


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
        _amf("null_integrity"),
        ("TC_NAS_NULL_INT_AMF", "TC_NAS_INT_SELECTION_USE_AMF"),
    ),
    Fault(
        "null-ciphering",
        "the AMF selects NEA0 for a normal registration",
        _amf("null_ciphering"),
        ("MAKMAL_NAS_NULL_CIPHERING", "TC_NAS_INT_SELECTION_USE_AMF"),
    ),
    Fault(
        "weakest-algorithm-first",
        "the AMF works its priority lists from the end",
        _amf("weakest_first"),
        ("TC_NAS_INT_SELECTION_USE_AMF",),
    ),
    Fault(
        "capabilities-altered-to-ue",
        "the Security Mode Command replays other capabilities than the UE sent",
        _amf("alters_replayed_capabilities"),
        ("TC_UE_SEC_CAPS_AS_CONTEXT_SETUP",),
    ),
    Fault(
        "capabilities-altered-to-gnb",
        "Initial Context Setup hands the gNB other capabilities than the UE sent",
        _amf("alters_capabilities_to_gnb"),
        ("TC_UE_SEC_CAPS_AS_CONTEXT_SETUP",),
    ),
    Fault(
        "accepts-invalid-capabilities",
        "the AMF goes on with a UE that offers no integrity algorithm",
        _amf("accepts_invalid_capabilities"),
        ("TC_UE_SEC_CAP_HANDLING_AMF",),
    ),
    Fault(
        "guti-kept",
        "the AMF assigns the UE the 5G-GUTI that it had before",
        _amf("keeps_guti"),
        ("TC_5G_GUTI_ALLOCATION_AMF",),
    ),
    Fault(
        "answers-replayed-nas",
        "the AMF processes a NAS message whose COUNT was used before",
        _amf("answers_replayed_nas"),
        ("TC_NAS_REPLAY_AMF",),
    ),
    Fault(
        "answers-unprotected-nas",
        "the AMF processes an uplink NAS message without a MAC after security was set up",
        _amf("answers_unprotected_nas"),
        ("TC_AMF_NAS_INTEGRITY_FAILURE",),
    ),
    Fault(
        "plain-after-security",
        "the AMF sends a plain NAS message after security was set up",
        _amf("sends_plain_after_security"),
        ("MAKMAL_NAS_PLAIN_DOWNLINK",),
    ),
    Fault(
        "challenge-before-ausf",
        "the AMF sends a new challenge before the AUSF answered a synchronisation failure",
        _amf("challenges_before_ausf_answers"),
        ("TC_SYNC_FAIL_SEAF_AMF",),
    ),
    Fault(
        "teid-reused",
        "the UPF gives the TEID of a live session to another",
        _core("reuses_teid"),
        ("TC_TEID_ID_UNIQUENESS_UPF",),
    ),
    Fault(
        "seid-reused",
        "the UPF gives the SEID of a live session to another",
        _core("reuses_seid"),
        ("TC_TEID_ID_UNIQUENESS_UPF",),
    ),
    Fault(
        "udm-policy-ignored",
        "the SMF sets a local user plane security policy before that of the UDM",
        _core("ignores_udm_policy"),
        ("TC_UP_POLICY_PRECEDENCE_SMF",),
    ),
    Fault(
        "sbi-in-clear",
        "the core functions speak HTTP without TLS",
        _core("service_interface_in_clear"),
        ("TC_PROTECT_TRANSPORT_LAYER",),
    ),
    Fault(
        "token-not-demanded",
        "a producer serves a request without an access token",
        _core("serves_without_token"),
        ("MAKMAL_SBI_TOKEN_DEMANDED",),
    ),
    Fault(
        "unsigned-token-accepted",
        "a producer serves a request with a token of algorithm none",
        _core("serves_unsigned_token"),
        ("TC_AUTHORIZATION_TOKEN_VERIFICATION_FAILURE_ONE_PLMN",),
    ),
    Fault(
        "foreign-token-accepted",
        "a producer serves a request with a token for another audience",
        _core("serves_wrong_audience"),
        ("TC_AUTHORIZATION_TOKEN_VERIFICATION_FAILURE_ONE_PLMN",),
    ),
    Fault(
        "duplicate-keys-accepted",
        "a producer accepts a JSON object that names a key twice",
        _core("accepts_duplicate_keys"),
        ("MAKMAL_SBI_UNIQUE_KEYS",),
    ),
    Fault(
        "n2-in-clear",
        "N2 runs without IPsec",
        _transport("n2_protected"),
        ("MAKMAL_N2_CLEAR_TEXT",),
    ),
    Fault(
        "n3-in-clear", "N3 runs without IPsec", _transport("n3_protected"), ("TC_UP_DATA_CONF_UPF",)
    ),
    Fault(
        "n4-in-clear",
        "N4 runs without IPsec",
        _transport("n4_protected"),
        ("TC_CP_DATA_CONF_UPF_N4",),
    ),
)


def fault(name: str) -> Fault:
    """The fault of this name. Raises KeyError if there is none."""
    return {entry.name: entry for entry in FAULTS}[name]
