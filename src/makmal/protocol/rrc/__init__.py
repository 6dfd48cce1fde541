"""NR RRC (TS 38.331): real messages in UPER, by pycrate's ASN.1; what the laboratory needs of them
is built and read here in terms of its own.
"""

from makmal.protocol.rrc import establishment, mobility, reconfiguration, security
from makmal.protocol.rrc.asn1 import load
from makmal.protocol.rrc.cell_group import Cell, Sync
from makmal.protocol.rrc.establishment import (
    Cause,
    RegisteredAmf,
    SetupComplete,
    STmsi,
    SuspendConfig,
    nas_of,
)
from makmal.protocol.rrc.message import CHANNEL_OF_DISSECTOR, Channel, Message, build, decode
from makmal.protocol.rrc.mobility import ReestablishmentRequest, ResumeRequest
from makmal.protocol.rrc.reconfiguration import Drb, KeyUpdate, Reconfiguration
from makmal.protocol.rrc.security import Algorithms, DrbCount

__all__ = [
    "CHANNEL_OF_DISSECTOR",
    "Algorithms",
    "Cause",
    "Cell",
    "Channel",
    "Drb",
    "DrbCount",
    "KeyUpdate",
    "Message",
    "Reconfiguration",
    "ReestablishmentRequest",
    "RegisteredAmf",
    "ResumeRequest",
    "STmsi",
    "SetupComplete",
    "SuspendConfig",
    "Sync",
    "build",
    "decode",
    "establishment",
    "load",
    "mobility",
    "nas_of",
    "reconfiguration",
    "security",
]
