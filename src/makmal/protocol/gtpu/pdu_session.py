"""The PDU session user plane protocol, in the PDU Session Container (TS 38.415, 5.5)."""

from __future__ import annotations

from dataclasses import dataclass

from makmal.protocol.errors import DecodeError, EncodeError


@dataclass(frozen=True, slots=True)
class DlPduSessionInformation:
    """From UPF to gNB (5.5.2.1).

    ``rqi``: reflective QoS. Time stamps are NTP time in 64 bits. A field is None when its flag
    says that it is absent. Padding that is not the least or not zero is not kept here.
    """

    qfi: int
    rqi: bool = False
    ppi: int | None = None
    sending_time_stamp: int | None = None
    qfi_sequence_number: int | None = None
    mbs_qfi_sequence_number: int | None = None


@dataclass(frozen=True, slots=True)
class UlPduSessionInformation:
    """From gNB to UPF (5.5.2.2). Delay results are milliseconds, time stamps NTP in 64 bits.

    The three time stamps come together. ``new_ie_flags`` is the octet that announces further
    fields; of these ``d1_ul_pdcp_delay_result`` is known.
    """

    qfi: int
    dl_sending_time_stamp_repeated: int | None = None
    dl_received_time_stamp: int | None = None
    ul_sending_time_stamp: int | None = None
    dl_delay_result: int | None = None
    ul_delay_result: int | None = None
    qfi_sequence_number: int | None = None
    n3_n9_delay_result: int | None = None
    new_ie_flags: int | None = None
    d1_ul_pdcp_delay_result: bool | None = None


PduSessionInformation = DlPduSessionInformation | UlPduSessionInformation


class _Octets:
    __slots__ = ("at", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def uint(self, count: int) -> int:
        end = self.at + count
        if end > len(self.data):
            raise DecodeError("GTP-U", self.at, f"PDU Session Container ends within {count} octets")
        value = int.from_bytes(self.data[self.at : end], "big")
        self.at = end
        return value


def decode_pdu_session_container(data: bytes) -> PduSessionInformation:
    """The content of a PDU Session Container. Raises DecodeError."""
    octets = _Octets(data)
    first = octets.uint(1)
    second = octets.uint(1)
    if first >> 4 == 0:
        return DlPduSessionInformation(
            second & 0x3F,
            second & 0x40 != 0,
            octets.uint(1) >> 5 if second & 0x80 else None,
            octets.uint(8) if first & 8 else None,
            octets.uint(3) if first & 4 else None,
            octets.uint(4) if first & 2 else None,
        )
    if first >> 4 != 1:
        raise DecodeError("GTP-U", 0, f"PDU Session Container of PDU type {first >> 4}")
    stamped = first & 8
    fields = (
        octets.uint(8) if stamped else None,
        octets.uint(8) if stamped else None,
        octets.uint(8) if stamped else None,
        octets.uint(4) if first & 4 else None,
        octets.uint(4) if first & 2 else None,
        octets.uint(3) if first & 1 else None,
        octets.uint(4) if second & 0x80 else None,
    )
    flags = octets.uint(1) if second & 0x40 else None
    d1_delay = octets.uint(1) & 1 != 0 if flags is not None and flags & 1 else None
    return UlPduSessionInformation(second & 0x3F, *fields, flags, d1_delay)


def _field(value: int | None, count: int, name: str) -> bytes:
    if value is None:
        return b""
    try:
        return value.to_bytes(count, "big")
    except OverflowError:
        reason = f"{value} does not fit {count} octets"
        raise EncodeError("GTP-U", f"PDU Session Container {name}", reason) from None


def encode_pdu_session_container(value: PduSessionInformation) -> bytes:
    """The content of a PDU Session Container, padded to 4n-2 octets. Raises EncodeError."""
    if not 0 <= value.qfi <= 63:
        raise EncodeError("GTP-U", "PDU Session Container QFI", f"{value.qfi} does not fit 6 bits")
    if isinstance(value, DlPduSessionInformation):
        octets = _encode_downlink(value)
    else:
        octets = _encode_uplink(value)
    return octets + bytes(-(len(octets) + 2) % 4)


def _encode_downlink(value: DlPduSessionInformation) -> bytes:
    first = (
        (value.sending_time_stamp is not None) << 3
        | (value.qfi_sequence_number is not None) << 2
        | (value.mbs_qfi_sequence_number is not None) << 1
    )
    second = (value.ppi is not None) << 7 | value.rqi << 6 | value.qfi
    octets = bytes((first, second))
    if value.ppi is not None:
        if not 0 <= value.ppi <= 7:
            reason = f"{value.ppi} does not fit 3 bits"
            raise EncodeError("GTP-U", "PDU Session Container PPI", reason)
        octets += bytes((value.ppi << 5,))
    return (
        octets
        + _field(value.sending_time_stamp, 8, "time stamp")
        + _field(value.qfi_sequence_number, 3, "sequence number")
        + _field(value.mbs_qfi_sequence_number, 4, "sequence number")
    )


def _encode_uplink(value: UlPduSessionInformation) -> bytes:
    stamps = (
        value.dl_sending_time_stamp_repeated,
        value.dl_received_time_stamp,
        value.ul_sending_time_stamp,
    )
    present = [stamp is not None for stamp in stamps]
    if any(present) and not all(present):
        raise EncodeError("GTP-U", "PDU Session Container", "the time stamps come together")
    flags = value.new_ie_flags
    if (flags is not None and flags & 1 != 0) != (value.d1_ul_pdcp_delay_result is not None):
        raise EncodeError("GTP-U", "PDU Session Container", "its new IE flags tell otherwise")
    first = (
        0x10
        | present[0] << 3
        | (value.dl_delay_result is not None) << 2
        | (value.ul_delay_result is not None) << 1
        | (value.qfi_sequence_number is not None)
    )
    second = (value.n3_n9_delay_result is not None) << 7 | (flags is not None) << 6 | value.qfi
    return (
        bytes((first, second))
        + b"".join(_field(stamp, 8, "time stamp") for stamp in stamps)
        + _field(value.dl_delay_result, 4, "DL delay result")
        + _field(value.ul_delay_result, 4, "UL delay result")
        + _field(value.qfi_sequence_number, 3, "sequence number")
        + _field(value.n3_n9_delay_result, 4, "N3/N9 delay result")
        + _field(flags, 1, "new IE flags")
        + (
            b""
            if value.d1_ul_pdcp_delay_result is None
            else bytes((value.d1_ul_pdcp_delay_result,))
        )
    )
