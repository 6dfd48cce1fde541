"""Any decoded message as plain data, to its last element: what ``show`` prints."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from enum import Enum, Flag
from typing import Any

from makmal.protocol import nas, ngap, pdcp
from makmal.protocol.errors import DecodeError
from makmal.protocol.nas.value_names import REGISTRATION_TYPES, VALUE_NAMES
from makmal.trace.message import (
    ApplicationMessage,
    CaptureLoss,
    ConnectionAttempt,
    ConnectionEnd,
    GtpuMessage,
    IkeMessage,
    Message,
    MqttMessage,
    NasMessage,
    NgapMessage,
    OpenOctets,
    PdcpMessage,
    PfcpMessage,
    PortProbe,
    ProtectedPacket,
    RrcMessage,
    SbiMessage,
    Step,
    TlsConnection,
    TlsHandshake,
    TlsMessage,
    UserDatagram,
)

_DEEPEST = 32


def describe(message: Message) -> dict[str, Any]:
    """Names and values of everything in the message, as JSON can carry them."""
    if isinstance(message, NgapMessage | PfcpMessage | GtpuMessage):
        return _mapping(message.pdu.items())
    if isinstance(message, NasMessage):
        return _nas(message)
    if isinstance(message, RrcMessage):
        return _rrc(message)
    if isinstance(message, PdcpMessage):
        return _pdcp(message)
    if isinstance(message, SbiMessage):
        return _sbi(message)
    if isinstance(message, TlsHandshake):
        return {
            "client hello": plain_data(message.client_hello),
            "server hello": plain_data(message.server_hello),
        }
    if isinstance(message, TlsMessage):
        return {"content": plain_data(message.content)}
    if isinstance(message, CaptureLoss):
        return {"lost between": [message.since_ns, message.time_ns]}
    if isinstance(message, ProtectedPacket):
        return {
            "protection": message.name,
            "algorithms": message.association.algorithms if message.association else None,
        }
    if isinstance(message, IkeMessage):
        return {
            "initiator spi": message.message.initiator_spi.hex(),
            "responder spi": message.message.responder_spi.hex(),
            "proposals": [each.name for each in message.message.proposals],
            "notifications": list(message.message.notifications),
        }
    if isinstance(message, UserDatagram):
        return {"octets": message.payload.hex()}
    if isinstance(message, Step):
        return {"step": message.name}
    if isinstance(message, ApplicationMessage):
        return {
            "http": message.name,
            "protected": message.protected,
            "headers": [list(each) for each in message.http.headers],
            "body": message.http.body.decode("utf-8", "replace"),
        }
    if isinstance(message, MqttMessage):
        return {"packet": message.name, "octets": message.packet.body.hex()}
    if isinstance(message, TlsConnection):
        return {
            "client hello": plain_data(message.client_hello),
            "server hello": plain_data(message.server_hello),
            "alert": plain_data(message.alert),
        }
    if isinstance(message, OpenOctets):
        return {"octets": message.octets.hex()}
    if isinstance(message, ConnectionAttempt | ConnectionEnd | PortProbe):
        return {"connection": message.name}
    return {"error": str(message.error), "octets": message.payload.hex()}


def _nas(message: NasMessage) -> dict[str, Any]:
    content = _mapping(message.outer.items())
    if message.count is not None:
        content["NAS COUNT"] = message.count
    if message.integrity_verified is not None:
        content["MAC verified"] = message.integrity_verified
    if message.plain is not None and message.plain is not message.outer:
        content[f"inside: {message.plain.name}"] = _mapping(message.plain.items())
    return content


def _rrc(message: RrcMessage) -> dict[str, Any]:
    content: dict[str, Any] = {"channel": message.message.channel.value}
    if message.bearer is not None:
        content["bearer"] = f"SRB{message.bearer.identity}"
        content["C-RNTI"] = message.bearer.ue_id
    if message.count is not None:
        content["PDCP COUNT"] = message.count
        content["ciphered"] = message.ciphered
    if message.integrity_verified is not None:
        content["MAC-I verified"] = message.integrity_verified
    content[message.name] = _asn1(message.message.value)
    return content


def _asn1(value: Any, depth: int = 0) -> Any:
    """A value of RRC: choices under their names, bit strings in hexadecimal."""
    if depth > _DEEPEST:
        return str(value)
    if isinstance(value, dict):
        return {name: _asn1(member, depth + 1) for name, member in value.items()}
    if isinstance(value, list):
        return [_asn1(member, depth + 1) for member in value]
    if isinstance(value, tuple) and len(value) == 2:
        first, second = value
        if isinstance(first, str):
            return {first: _asn1(second, depth + 1)}
        return f"0x{first:0{(second + 3) // 4}x} ({second} bits)"
    return value.hex() if isinstance(value, bytes) else value


def _pdcp(message: PdcpMessage) -> dict[str, Any]:
    bearer = message.framed.bearer
    content: dict[str, Any] = {
        "bearer": f"{'SRB' if bearer.plane is pdcp.Plane.SIGNALLING else 'DRB'}{bearer.identity}",
        "C-RNTI": bearer.ue_id,
        "direction": "uplink" if message.uplink else "downlink",
        "bits of sequence number": bearer.sequence_bits,
    }
    if message.count is not None:
        content["PDCP COUNT"] = message.count
    if message.ciphered is not None:
        content["ciphered"] = message.ciphered
    if message.integrity_verified is not None:
        content["MAC-I verified"] = message.integrity_verified
    content["PDU"] = message.framed.pdu.hex()
    if message.payload is not None:
        content["packet"] = message.payload.hex()
    return content


def _sbi(message: SbiMessage) -> dict[str, Any]:
    http = message.http
    content: dict[str, Any] = {"version": f"HTTP/{http.version}"}
    if http.is_request:
        content["method"], content["path"] = http.method, http.path
    else:
        content["status"] = http.status
        if message.request is not None:
            content["answers frame"] = message.request.frame
    if message.over_tls:
        content["over"] = "TLS"
    content["headers"] = [f"{name}: {value}" for name, value in http.headers]
    if http.parts:
        content["parts"] = [
            {
                "content type": part.content_type,
                "content id": part.content_id,
                "body": _text_or_hex(part.body),
            }
            for part in http.parts
        ]
    if message.document is not None:
        content["JSON"] = message.document.value
        if message.document.duplicate_keys:
            content["duplicate keys"] = list(message.document.duplicate_keys)
    elif http.body and not http.parts:
        content["body"] = _text_or_hex(http.body)
    return content


def _text_or_hex(octets: bytes) -> str:
    try:
        text = octets.decode("ascii")
    except UnicodeDecodeError:
        return octets.hex()
    return text if text.isprintable() or text.split() else octets.hex()


def _mapping(items: Iterable[tuple[str, Any]], depth: int = 0) -> dict[str, Any]:
    """Repeated names (a PFCP message may hold many of one element) are gathered in a list."""
    content: dict[str, Any] = {}
    repeated: set[str] = set()
    for name, value in items:
        data = _named_number(name, value)
        if data is None:
            data = plain_data(value, depth + 1)
        if name not in content:
            content[name] = data
        elif name in repeated:
            content[name].append(data)
        else:
            repeated.add(name)
            content[name] = [content[name], data]
    return content


def _named_number(name: str, value: Any) -> str | None:
    names = VALUE_NAMES.get(name)
    if names is None or not isinstance(value, int) or value not in names:
        return None
    return f"{names[value]} ({value})"


def _with_names(value: Any) -> Any:
    """The values whose bits and numbers mean algorithms or kinds, in words; None for others."""
    if isinstance(value, nas.UESecurityCapability):
        words = {
            "5GS encryption": _algorithms(value.encryption, 0x80, "5G-EA", 0),
            "5GS integrity": _algorithms(value.integrity, 0x80, "5G-IA", 0),
            "EPS encryption": _algorithms(value.eps_encryption or 0, 0x80, "EEA", 0),
            "EPS integrity": _algorithms(value.eps_integrity or 0, 0x80, "EIA", 0),
        }
        return {**words, "octets": value.octets.hex()}
    if isinstance(value, nas.eps.S1UENetworkCapability):
        return {
            "EPS encryption": _algorithms(value.encryption, 0x80, "EEA", 0),
            "EPS integrity": _algorithms(value.integrity, 0x80, "EIA", 0),
            "octets": value.octets.hex(),
        }
    if isinstance(value, nas.SecurityAlgorithms):
        return {
            "ciphering": f"5G-EA{value.ciphering}",
            "integrity": f"5G-IA{value.integrity}",
        }
    if isinstance(value, nas.RegistrationType):
        kind = REGISTRATION_TYPES.get(value.value, "reserved")
        return {"type": f"{kind} ({value.value})", "follow-on request": value.follow_on_request}
    if isinstance(value, ngap.UESecurityCapabilities):
        # TS 38.413, 9.3.1.86: the first bit stands for algorithm 1.
        return {
            "NR encryption": _algorithms(value.nr_encryption_algorithms, 1 << 15, "NEA", 1),
            "NR integrity": _algorithms(
                value.nr_integrity_protection_algorithms, 1 << 15, "NIA", 1
            ),
            "E-UTRA encryption": _algorithms(value.eutra_encryption_algorithms, 1 << 15, "EEA", 1),
            "E-UTRA integrity": _algorithms(
                value.eutra_integrity_protection_algorithms, 1 << 15, "EIA", 1
            ),
        }
    return None


def _algorithms(bits: int, highest: int, family: str, first: int) -> str:
    names = [f"{family}{first + place}" for place in range(16) if bits & highest >> place]
    return ", ".join(names) or "none"


def plain_data(value: Any, depth: int = 0) -> Any:
    """A decoded value as dictionaries, lists, texts and numbers; octets in hexadecimal."""
    if depth > _DEEPEST:
        return str(value)
    if value is None or isinstance(value, bool | str | float):
        return value
    words = _with_names(value)
    if words is not None:
        return words
    if isinstance(value, Flag):
        return str(value)
    if isinstance(value, Enum):
        return f"{value.name.lower().replace('_', ' ')} ({value.value})"
    if isinstance(value, int):
        return int(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    if isinstance(value, dict):
        return {str(key): plain_data(member, depth + 1) for key, member in value.items()}
    if (
        dataclasses.is_dataclass(value)
        and not isinstance(value, type)
        and not hasattr(value, "items")
    ):
        return {
            field.name: plain_data(getattr(value, field.name), depth + 1)
            for field in dataclasses.fields(value)
            if not field.name.startswith("_") and not _is_absent(getattr(value, field.name))
        }
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {
            name: plain_data(getattr(value, name), depth + 1)
            for name in value._fields
            if not _is_absent(getattr(value, name))
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [plain_data(member, depth + 1) for member in value]
    if hasattr(value, "items"):
        try:
            return _mapping(value.items(), depth + 1)
        except DecodeError as error:
            return str(error)
    return str(value)


def _is_absent(value: Any) -> bool:
    """An optional part that the message does not have."""
    return value is None or value == () or value == "" or value == b""
