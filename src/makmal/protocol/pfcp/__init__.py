"""PFCP, the protocol of N4 between SMF and UPF (TS 29.244 Release 17).

``decode`` and ``decode_all`` read messages, ``build`` makes them, ``ie`` holds the typed keys of
their elements. A grouped element's value is ``Elements``, with ``get``, ``all`` and ``items`` of
its own.
"""

from __future__ import annotations

from makmal.protocol.pfcp import flags, ie
from makmal.protocol.pfcp.addressing import (
    FqCsid,
    FSeid,
    FTeid,
    NodeId,
    RemoteGtpuPeer,
    SNssai,
    UeIpAddress,
)
from makmal.protocol.pfcp.domain_names import NetworkInstance
from makmal.protocol.pfcp.enumerations import (
    Cause,
    DestinationInterface,
    Gate,
    InterfaceType,
    NodeIdType,
    OuterHeader,
    PdnType,
    RuleType,
    SourceInterface,
)
from makmal.protocol.pfcp.flags import (
    ApplyAction,
    CpFunctionFeatures,
    ReportingTriggers,
    ReportType,
    UpFunctionFeatures,
    UsageReportTrigger,
)
from makmal.protocol.pfcp.measurement import (
    BitRates,
    FailedRuleId,
    GateStatus,
    Timer,
    Volume,
    VolumeMeasurement,
)
from makmal.protocol.pfcp.message import (
    Elements,
    Message,
    VendorSpecific,
    build,
    decode,
    decode_all,
    decode_elements,
    element_name,
    elements,
)
from makmal.protocol.pfcp.message_type import MessageType, message_name
from makmal.protocol.pfcp.subscriber import UserId
from makmal.protocol.pfcp.traffic import (
    FlowInformation,
    OuterHeaderCreation,
    OuterHeaderDescription,
    OuterHeaderRemoval,
    SdfFilter,
)

# The port of requests (TS 29.244, 6.2.2 and 6.3.1).
PORT = 8805

__all__ = [
    "PORT",
    "ApplyAction",
    "BitRates",
    "Cause",
    "CpFunctionFeatures",
    "DestinationInterface",
    "Elements",
    "FSeid",
    "FTeid",
    "FailedRuleId",
    "FlowInformation",
    "FqCsid",
    "Gate",
    "GateStatus",
    "InterfaceType",
    "Message",
    "MessageType",
    "NetworkInstance",
    "NodeId",
    "NodeIdType",
    "OuterHeader",
    "OuterHeaderCreation",
    "OuterHeaderDescription",
    "OuterHeaderRemoval",
    "PdnType",
    "RemoteGtpuPeer",
    "ReportType",
    "ReportingTriggers",
    "RuleType",
    "SNssai",
    "SdfFilter",
    "SourceInterface",
    "Timer",
    "UeIpAddress",
    "UpFunctionFeatures",
    "UsageReportTrigger",
    "UserId",
    "VendorSpecific",
    "Volume",
    "VolumeMeasurement",
    "build",
    "decode",
    "decode_all",
    "decode_elements",
    "element_name",
    "elements",
    "flags",
    "ie",
    "message_name",
]
