"""The service-based interface: HTTP/2 and HTTP/1.1 with JSON and multipart bodies (TS 29.500)."""

from makmal.protocol.sbi.json_document import JsonDocument, parse_json
from makmal.protocol.sbi.message import UNKNOWN, HttpMessage
from makmal.protocol.sbi.multipart import Part
from makmal.protocol.sbi.observer import Observer
from makmal.protocol.sbi.services import PRODUCERS, SbiOperation, service_of

__all__ = [
    "PRODUCERS",
    "UNKNOWN",
    "HttpMessage",
    "JsonDocument",
    "Observer",
    "Part",
    "SbiOperation",
    "parse_json",
    "service_of",
]
