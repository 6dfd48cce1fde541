"""The judges that an audit of a capture puts it before."""

from __future__ import annotations

from makmal.judges import (
    clear_text,
    ts33117_service_interface,
    ts33501_subscriber_privacy,
    ts33512_algorithms,
    ts33512_capabilities,
    ts33512_guti,
    ts33512_nas_protection,
    ts33512_synchronisation,
    ts33513_upf,
    ts33515_smf,
)
from makmal.judges.judge import Judge
from makmal.trace.knowledge import Knowledge

JUDGES: tuple[type[Judge], ...] = (
    ts33501_subscriber_privacy.SuciNullScheme,
    ts33512_synchronisation.SynchronisationFailure,
    ts33512_nas_protection.IntegrityFailure,
    ts33512_nas_protection.NasReplay,
    ts33512_nas_protection.PlainDownlink,
    ts33512_algorithms.NullIntegrity,
    ts33512_algorithms.NullCiphering,
    ts33512_algorithms.AlgorithmSelection,
    ts33512_guti.GutiAllocation,
    ts33512_capabilities.InvalidCapabilities,
    ts33512_capabilities.CapabilitiesReplayed,
    clear_text.N2ClearText,
    clear_text.N3ClearText,
    clear_text.N4ClearText,
    ts33513_upf.IdentifierUniqueness,
    ts33515_smf.PolicyPrecedence,
    ts33117_service_interface.TransportProtection,
    ts33117_service_interface.TokenDemanded,
    ts33117_service_interface.TokenVerified,
    ts33117_service_interface.UniqueKeys,
)


def audit_judges(knowledge: Knowledge) -> list[Judge]:
    """A fresh judge of every kind."""
    return [judge(knowledge) for judge in JUDGES]
