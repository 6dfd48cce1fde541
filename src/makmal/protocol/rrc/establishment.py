"""Connections: set-up, release, NAS messages and paging (TS 38.331, 5.3.2 to 5.3.8, 5.7)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from makmal.protocol.errors import DecodeError
from makmal.protocol.rrc import asn1, cell_group
from makmal.protocol.rrc.message import Channel, Message, build, in_transaction

_PART1_BITS, _S_TMSI_BITS = 39, 48
_SET_BITS, _POINTER_BITS, _TMSI_BITS = 10, 6, 32
_FULL_I_RNTI_BITS, _SHORT_I_RNTI_BITS = 40, 24


class Cause(StrEnum):
    """EstablishmentCause, and ResumeCause as far as it has the same values (6.3.2)."""

    EMERGENCY = "emergency"
    HIGH_PRIORITY_ACCESS = "highPriorityAccess"
    MT_ACCESS = "mt-Access"
    MO_SIGNALLING = "mo-Signalling"
    MO_DATA = "mo-Data"
    MO_VOICE_CALL = "mo-VoiceCall"
    MO_VIDEO_CALL = "mo-VideoCall"
    MO_SMS = "mo-SMS"
    MPS_PRIORITY_ACCESS = "mps-PriorityAccess"
    MCS_PRIORITY_ACCESS = "mcs-PriorityAccess"


@dataclass(frozen=True, slots=True)
class STmsi:
    """A 5G-S-TMSI (TS 23.003, 2.11)."""

    amf_set_id: int
    amf_pointer: int
    tmsi: int

    @property
    def number(self) -> int:
        """The 48 bits."""
        return (self.amf_set_id << _POINTER_BITS | self.amf_pointer) << _TMSI_BITS | self.tmsi

    @staticmethod
    def of(number: int) -> STmsi:
        """From the 48 bits."""
        rest = number >> _TMSI_BITS
        return STmsi(
            rest >> _POINTER_BITS, rest & (1 << _POINTER_BITS) - 1, number & (1 << _TMSI_BITS) - 1
        )


@dataclass(frozen=True, slots=True)
class RegisteredAmf:
    """The AMF that a UE is registered with; the PLMN as digits, MCC and MNC."""

    plmn: str
    region_id: int
    set_id: int
    pointer: int


@dataclass(frozen=True, slots=True)
class SetupComplete:
    """What a UE says in RRCSetupComplete."""

    nas: bytes
    s_tmsi: STmsi | None = None
    amf: RegisteredAmf | None = None


@dataclass(frozen=True, slots=True)
class SuspendConfig:
    """What an inactive UE keeps; ``chaining_count`` is for the key that it resumes with."""

    full_i_rnti: int
    short_i_rnti: int
    chaining_count: int


def setup_request(cause: str, s_tmsi: STmsi | None = None, random_value: int = 0) -> Message:
    """RRCSetupRequest, with the rightmost 39 bits of the 5G-S-TMSI or with a random value."""
    if s_tmsi is not None:
        identity = ("ng-5G-S-TMSI-Part1", (s_tmsi.number & (1 << _PART1_BITS) - 1, _PART1_BITS))
    else:
        identity = ("randomValue", (random_value, _PART1_BITS))
    content = {"ue-Identity": identity, "establishmentCause": str(cause), "spare": (0, 1)}
    return build(Channel.UL_CCCH, "rrcSetupRequest", {"rrcSetupRequest": content})


def cause_of(message: Message) -> str:
    """Why a UE wants a connection, as the ASN.1 names it."""
    content = message.content
    return str(content.get("establishmentCause") or content.get("resumeCause") or "")


def part1_of(message: Message) -> int | None:
    """The 39 bits of the 5G-S-TMSI in an RRCSetupRequest; None where it has a random value."""
    identity = message.content.get("ue-Identity")
    if isinstance(identity, tuple) and identity[0] == "ng-5G-S-TMSI-Part1":
        return int(identity[1][0])
    return None


def setup(transaction: int) -> Message:
    """RRCSetup: SRB1, and the cell group in which it travels."""
    content = {
        "radioBearerConfig": {"srb-ToAddModList": [{"srb-Identity": 1}]},
        "masterCellGroup": ("CellGroupConfig", cell_group.with_bearers(srbs=(1,))),
    }
    return in_transaction(Channel.DL_CCCH, "rrcSetup", transaction, content)


def setup_complete(transaction: int, said: SetupComplete) -> Message:
    """RRCSetupComplete with the first NAS message."""
    content: dict[str, Any] = {"selectedPLMN-Identity": 1, "dedicatedNAS-Message": said.nas}
    if said.s_tmsi is not None:
        # Part 1 was in the request: the 9 bits that are left are sent now (5.3.3.4).
        rest = said.s_tmsi.number >> _PART1_BITS
        part2 = ("ng-5G-S-TMSI-Part2", (rest, _S_TMSI_BITS - _PART1_BITS))
        content["ng-5G-S-TMSI-Value"] = part2
    if said.amf is not None:
        amf = said.amf
        number = (amf.region_id << _SET_BITS | amf.set_id) << _POINTER_BITS | amf.pointer
        plmn = {
            "mcc": [int(digit) for digit in amf.plmn[:3]],
            "mnc": [int(digit) for digit in amf.plmn[3:]],
        }
        content["registeredAMF"] = {"plmn-Identity": plmn, "amf-Identifier": (number, 24)}
        content["guami-Type"] = "native"
    return in_transaction(Channel.UL_DCCH, "rrcSetupComplete", transaction, content)


def read_setup_complete(message: Message, part1: int | None) -> SetupComplete:
    """What is in RRCSetupComplete; ``part1`` is what the request had of the 5G-S-TMSI.

    Raises DecodeError.
    """
    content = message.content
    octets = content.get("dedicatedNAS-Message")
    if not isinstance(octets, bytes):
        raise DecodeError(asn1.PROTOCOL, 0, "RRCSetupComplete without a NAS message")
    value = content.get("ng-5G-S-TMSI-Value")
    s_tmsi = None
    if isinstance(value, tuple):
        kind, (bits, _) = value
        if kind == "ng-5G-S-TMSI":
            s_tmsi = STmsi.of(bits)
        elif part1 is not None:
            s_tmsi = STmsi.of(bits << _PART1_BITS | part1)
    amf, registered = None, content.get("registeredAMF")
    if registered is not None:
        number = registered["amf-Identifier"][0]
        digits = registered.get("plmn-Identity") or {}
        plmn = "".join(str(each) for each in (*digits.get("mcc", ()), *digits.get("mnc", ())))
        rest = number >> _POINTER_BITS
        pointer = number & (1 << _POINTER_BITS) - 1
        amf = RegisteredAmf(plmn, rest >> _SET_BITS, rest & (1 << _SET_BITS) - 1, pointer)
    return SetupComplete(octets, s_tmsi, amf)


def reject(seconds: int) -> Message:
    """RRCReject with a time to wait, 1 to 16 seconds."""
    return in_transaction(Channel.DL_CCCH, "rrcReject", None, {"waitTime": seconds})


def downlink_nas(transaction: int, octets: bytes) -> Message:
    """DLInformationTransfer."""
    content = {"dedicatedNAS-Message": octets}
    return in_transaction(Channel.DL_DCCH, "dlInformationTransfer", transaction, content)


def uplink_nas(octets: bytes) -> Message:
    """ULInformationTransfer."""
    content = {"dedicatedNAS-Message": octets}
    return in_transaction(Channel.UL_DCCH, "ulInformationTransfer", None, content)


def nas_of(message: Message) -> tuple[bytes, ...]:
    """The NAS messages that an RRC message carries, in order."""
    content = message.content
    one = content.get("dedicatedNAS-Message")
    found = [one] if isinstance(one, bytes) else []
    extension = content.get("nonCriticalExtension")
    if isinstance(extension, dict):
        found += extension.get("dedicatedNAS-MessageList") or []
    return tuple(found)


def release(transaction: int, suspend: SuspendConfig | None = None) -> Message:
    """RRCRelease: to idle, or to inactive."""
    content: dict[str, Any] = {}
    if suspend is not None:
        content["suspendConfig"] = {
            "fullI-RNTI": (suspend.full_i_rnti, _FULL_I_RNTI_BITS),
            "shortI-RNTI": (suspend.short_i_rnti, _SHORT_I_RNTI_BITS),
            "ran-PagingCycle": "rf128",
            "nextHopChainingCount": suspend.chaining_count,
        }
    return in_transaction(Channel.DL_DCCH, "rrcRelease", transaction, content)


def suspend_config_of(message: Message) -> SuspendConfig | None:
    """What makes a release one to inactive."""
    config = message.content.get("suspendConfig")
    if config is None:
        return None
    return SuspendConfig(
        config["fullI-RNTI"][0], config["shortI-RNTI"][0], config["nextHopChainingCount"]
    )


def paging(s_tmsis: Iterable[STmsi] = (), full_i_rntis: Iterable[int] = ()) -> Message:
    """Paging by the core, or by the RAN."""
    records = [{"ue-Identity": ("ng-5G-S-TMSI", (each.number, _S_TMSI_BITS))} for each in s_tmsis]
    records += [{"ue-Identity": ("fullI-RNTI", (each, _FULL_I_RNTI_BITS))} for each in full_i_rntis]
    return build(Channel.PCCH, "paging", {"pagingRecordList": records})


def paged(message: Message) -> tuple[STmsi | int, ...]:
    """Who is looked for: 5G-S-TMSIs, and full I-RNTIs as numbers."""
    found: list[STmsi | int] = []
    for record in message.content.get("pagingRecordList") or ():
        kind, (number, _) = record["ue-Identity"]
        found.append(STmsi.of(number) if kind == "ng-5G-S-TMSI" else number)
    return tuple(found)
