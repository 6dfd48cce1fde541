"""5GS NAS (TS 24.501): ``decode``, ``build``, the keys in ``ie``, and the values."""

from makmal.protocol.nas import ie
from makmal.protocol.nas.identity import (
    Eui64,
    FiveGGuti,
    FiveGSTmsi,
    Imei,
    Imeisv,
    MacAddress,
    MobileIdentity,
    NoIdentity,
    Suci,
    concealed,
    null_scheme_suci,
)
from makmal.protocol.nas.message import Message, SecurityProtected, build, decode, protected
from makmal.protocol.nas.message_type import MessageType, SecurityHeaderType
from makmal.protocol.nas.values import (
    DeregistrationType,
    GprsTimer3,
    KeySetIdentifier,
    PduAddress,
    RegistrationType,
    RejectedSNssai,
    SecurityAlgorithms,
    SessionAmbr,
    SNssai,
    TrackingArea,
    UESecurityCapability,
)

__all__ = [
    "DeregistrationType",
    "Eui64",
    "FiveGGuti",
    "FiveGSTmsi",
    "GprsTimer3",
    "Imei",
    "Imeisv",
    "KeySetIdentifier",
    "MacAddress",
    "Message",
    "MessageType",
    "MobileIdentity",
    "NoIdentity",
    "PduAddress",
    "RegistrationType",
    "RejectedSNssai",
    "SNssai",
    "SecurityAlgorithms",
    "SecurityHeaderType",
    "SecurityProtected",
    "SessionAmbr",
    "Suci",
    "TrackingArea",
    "UESecurityCapability",
    "build",
    "concealed",
    "decode",
    "ie",
    "null_scheme_suci",
    "protected",
]
