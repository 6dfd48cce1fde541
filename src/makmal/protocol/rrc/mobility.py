"""Resume, re-establishment, and what gNBs tell each other at a handover (TS 38.331, 5.3.7, 5.3.13,
7.4 and 11.2.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from makmal.protocol.errors import DecodeError, EncodeError
from makmal.protocol.rrc import asn1
from makmal.protocol.rrc.message import Channel, Message, build, decode, in_transaction

_CELL_IDENTITY_BITS = 36
# Four bits of choices before, four bits of padding behind.
_COMMAND_BITS = 8
# X.691, 10.9.3: lengths of one octet and of two.
_SHORT_LENGTH, _LONG_LENGTH = 128, 1 << 14


@dataclass(frozen=True, slots=True)
class ResumeRequest:
    """Who wants to resume: its I-RNTI, short or full, and the proof that it is the one."""

    identity: int
    mac: int
    cause: str
    full: bool = False


@dataclass(frozen=True, slots=True)
class ReestablishmentRequest:
    """Who lost its connection: where it was, and the proof that it is the one."""

    c_rnti: int
    pci: int
    mac: int
    cause: str = "otherFailure"


def resume_mac_input(source_pci: int, source_c_rnti: int, target_cell: int) -> bytes:
    """VarResumeMAC-Input, over which resumeMAC-I is computed (5.3.13.3)."""
    return asn1.encode(
        "VarResumeMAC-Input",
        {
            "sourcePhysCellId": source_pci,
            "targetCellIdentity": (target_cell, _CELL_IDENTITY_BITS),
            "source-c-RNTI": source_c_rnti,
        },
    )


def short_mac_input(source_pci: int, source_c_rnti: int, target_cell: int) -> bytes:
    """VarShortMAC-Input, over which shortMAC-I is computed (5.3.7.4)."""
    return asn1.encode(
        "VarShortMAC-Input",
        {
            "sourcePhysCellId": source_pci,
            "targetCellIdentity": (target_cell, _CELL_IDENTITY_BITS),
            "source-c-RNTI": source_c_rnti,
        },
    )


def resume_request(request: ResumeRequest) -> Message:
    """RRCResumeRequest, or RRCResumeRequest1 with the full I-RNTI."""
    kind = "rrcResumeRequest1" if request.full else "rrcResumeRequest"
    content = {
        "resumeIdentity": (request.identity, 40 if request.full else 24),
        "resumeMAC-I": (request.mac, 16),
        "resumeCause": str(request.cause),
        "spare": (0, 1),
    }
    channel = Channel.UL_CCCH1 if request.full else Channel.UL_CCCH
    return build(channel, kind, {kind: content})


def read_resume_request(message: Message) -> ResumeRequest:
    """What is in it. Raises DecodeError."""
    content = message.content
    try:
        identity, size = content["resumeIdentity"]
        return ResumeRequest(
            identity, content["resumeMAC-I"][0], content["resumeCause"], size == 40
        )
    except (KeyError, TypeError, ValueError):
        raise DecodeError(asn1.PROTOCOL, 0, f"{message.name} is no resume request") from None


def resume_complete(transaction: int, nas: bytes | None = None) -> Message:
    """RRCResumeComplete."""
    content: dict[str, Any] = {} if nas is None else {"dedicatedNAS-Message": nas}
    return in_transaction(Channel.UL_DCCH, "rrcResumeComplete", transaction, content)


def reestablishment_request(request: ReestablishmentRequest) -> Message:
    """RRCReestablishmentRequest."""
    identity = {
        "c-RNTI": request.c_rnti,
        "physCellId": request.pci,
        "shortMAC-I": (request.mac, 16),
    }
    content = {
        "ue-Identity": identity,
        "reestablishmentCause": request.cause,
        "spare": (0, 1),
    }
    kind = "rrcReestablishmentRequest"
    return build(Channel.UL_CCCH, kind, {kind: content})


def read_reestablishment_request(message: Message) -> ReestablishmentRequest:
    """What is in it. Raises DecodeError."""
    content = message.content
    try:
        identity = content["ue-Identity"]
        return ReestablishmentRequest(
            identity["c-RNTI"],
            identity["physCellId"],
            identity["shortMAC-I"][0],
            content["reestablishmentCause"],
        )
    except (KeyError, TypeError):
        raise DecodeError(
            asn1.PROTOCOL, 0, f"{message.name} is no request for re-establishment"
        ) from None


def reestablishment(transaction: int, chaining_count: int) -> Message:
    """RRCReestablishment: integrity protected, on SRB1, not ciphered."""
    content = {"nextHopChainingCount": chaining_count}
    return in_transaction(Channel.DL_DCCH, "rrcReestablishment", transaction, content)


def reestablishment_complete(transaction: int) -> Message:
    """RRCReestablishmentComplete."""
    return in_transaction(Channel.UL_DCCH, "rrcReestablishmentComplete", transaction, {})


def handover_command(message: Message) -> bytes:
    """HandoverCommand: the RRCReconfiguration that the target wants the UE to get.

    By hand: pycrate takes the message inside for another HandoverCommand. Two choices of the first
    alternative (of two, and of four) and no extension are four bits of zeros; then come the length
    and the octets.
    """
    octets = message.octets
    size = len(octets)
    if size < _SHORT_LENGTH:
        length, bits = size, 8
    elif size < _LONG_LENGTH:
        length, bits = 0x8000 | size, 16
    else:
        raise EncodeError(asn1.PROTOCOL, "HandoverCommand", f"no room for {size} octets")
    value = length << 8 * size | int.from_bytes(octets, "big")
    return (value << 4).to_bytes((_COMMAND_BITS + bits) // 8 + size, "big")


def commanded(octets: bytes) -> Message:
    """The message inside a HandoverCommand. Raises DecodeError."""
    nibbles = octets.hex()
    if not nibbles.startswith("0"):
        raise DecodeError(asn1.PROTOCOL, 0, "no HandoverCommand of a version that is known")
    size, at = int(nibbles[1:3] or "0", 16), 3
    if size & 0xC0 == 0x80:
        size, at = int(nibbles[1:5], 16) & 0x3FFF, 5
    content = nibbles[at : at + 2 * size]
    if not size or len(content) < 2 * size:
        raise DecodeError(asn1.PROTOCOL, 0, "a HandoverCommand that is cut short")
    return decode(Channel.DL_DCCH, bytes.fromhex(content))


def handover_preparation(nr_capability: bytes, source_pci: int, short_mac: int) -> bytes:
    """HandoverPreparationInformation: what the source tells the target of a UE. ``short_mac`` is
    the shortMAC-I that the UE would show in the target cell.
    """
    container = {"rat-Type": "nr", "ue-CapabilityRAT-Container": nr_capability}
    as_context = {
        "reestablishmentInfo": {
            "sourcePhysCellId": source_pci,
            "targetCellShortMAC-I": (short_mac, 16),
        }
    }
    content = {"ue-CapabilityRAT-List": [container], "as-Context": as_context}
    return asn1.encode(
        "HandoverPreparationInformation",
        {"criticalExtensions": ("c1", ("handoverPreparationInformation", content))},
    )
