"""Values of NAS elements as data (TS 24.501, 9.11), with their codecs."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address

from makmal.protocol.errors import DecodeError, EncodeError
from makmal.protocol.nas.octets import decode_plmn, encode_plmn, need


@dataclass(frozen=True, slots=True)
class RegistrationType:
    """5GS registration type (9.11.3.7): 1 initial, 2 mobility, 3 periodic, 4 emergency."""

    value: int
    follow_on_request: bool = False


def decode_registration_type(data: bytes) -> RegistrationType:
    """From a half octet. Raises DecodeError."""
    need(data, 1, "a registration type")
    return RegistrationType(data[0] & 7, bool(data[0] & 8))


def encode_registration_type(value: RegistrationType) -> bytes:
    """To a half octet."""
    return bytes((value.value & 7 | value.follow_on_request << 3,))


@dataclass(frozen=True, slots=True)
class KeySetIdentifier:
    """NAS key set identifier (9.11.3.32): 7 is "no key"; ``mapped`` is the TSC bit."""

    value: int
    mapped: bool = False


def decode_key_set_identifier(data: bytes) -> KeySetIdentifier:
    """From a half octet. Raises DecodeError."""
    need(data, 1, "a key set identifier")
    return KeySetIdentifier(data[0] & 7, bool(data[0] & 8))


def encode_key_set_identifier(value: KeySetIdentifier) -> bytes:
    """To a half octet."""
    return bytes((value.value & 7 | value.mapped << 3,))


@dataclass(frozen=True, slots=True)
class DeregistrationType:
    """De-registration type (9.11.3.20). ``access_type``: 1 3GPP, 2 non-3GPP, 3 both."""

    switch_off: bool
    re_registration_required: bool
    access_type: int


def decode_deregistration_type(data: bytes) -> DeregistrationType:
    """From a half octet. Raises DecodeError."""
    need(data, 1, "a de-registration type")
    return DeregistrationType(bool(data[0] & 8), bool(data[0] & 4), data[0] & 3)


def encode_deregistration_type(value: DeregistrationType) -> bytes:
    """To a half octet."""
    return bytes(
        (value.switch_off << 3 | value.re_registration_required << 2 | value.access_type & 3,)
    )


@dataclass(frozen=True, slots=True)
class UESecurityCapability:
    """UE security capability (9.11.3.54): the octets as they came, and their algorithm bits.

    In each octet the highest bit is algorithm 0, as 5G-EA0.
    """

    octets: bytes

    @property
    def encryption(self) -> int:
        """5G-EA0 to 5G-EA7, the highest bit first."""
        return self.octets[0]

    @property
    def integrity(self) -> int:
        """5G-IA0 to 5G-IA7, the highest bit first."""
        return self.octets[1]

    @property
    def eps_encryption(self) -> int | None:
        """EEA0 to EEA7, None if the capability ends before."""
        return self.octets[2] if len(self.octets) > 2 else None

    @property
    def eps_integrity(self) -> int | None:
        """EIA0 to EIA7, None if the capability ends before."""
        return self.octets[3] if len(self.octets) > 3 else None

    def supports_encryption(self, algorithm: int) -> bool:
        """Whether 5G-EA<algorithm> is offered."""
        return bool(self.octets[0] & 0x80 >> algorithm)

    def supports_integrity(self, algorithm: int) -> bool:
        """Whether 5G-IA<algorithm> is offered."""
        return bool(self.octets[1] & 0x80 >> algorithm)

    @classmethod
    def of(
        cls, encryption: tuple[int, ...], integrity: tuple[int, ...], eps: bool = True
    ) -> UESecurityCapability:
        """The capability that offers these algorithms, in 5GS and, if ``eps``, in EPS too."""
        octets = bytes(
            sum(0x80 >> number for number in set(numbers)) for numbers in (encryption, integrity)
        )
        return cls(octets * 2 if eps else octets)


def decode_ue_security_capability(data: bytes) -> UESecurityCapability:
    """Two octets or more. Raises DecodeError."""
    need(data, 2, "a UE security capability")
    return UESecurityCapability(data)


@dataclass(frozen=True, slots=True)
class SecurityAlgorithms:
    """Selected NAS security algorithms (9.11.3.34)."""

    ciphering: int
    integrity: int


def decode_security_algorithms(data: bytes) -> SecurityAlgorithms:
    """From one octet."""
    need(data, 1, "NAS security algorithms")
    return SecurityAlgorithms(data[0] >> 4, data[0] & 0x0F)


def encode_security_algorithms(value: SecurityAlgorithms) -> bytes:
    """To one octet."""
    return bytes((value.ciphering << 4 | value.integrity,))


@dataclass(frozen=True, slots=True)
class SNssai:
    """S-NSSAI (9.11.2.8): slice/service type and differentiator, and what they map to at home."""

    sst: int
    sd: int | None = None
    mapped_sst: int | None = None
    mapped_sd: int | None = None


# Length -> (has SD, has mapped SST, has mapped SD), TS 24.501, table 9.11.2.8.1.
_S_NSSAI_SHAPES = {
    1: (False, False, False),
    2: (False, True, False),
    4: (True, False, False),
    5: (True, True, False),
    8: (True, True, True),
}


def decode_s_nssai(data: bytes) -> SNssai:
    """1, 2, 4, 5 or 8 octets. Raises DecodeError."""
    shape = _S_NSSAI_SHAPES.get(len(data))
    if shape is None:
        raise DecodeError("NAS", len(data), f"an S-NSSAI cannot have {len(data)} octets")
    has_sd, has_mapped, has_mapped_sd = shape
    position = 4 if has_sd else 1
    return SNssai(
        data[0],
        int.from_bytes(data[1:4], "big") if has_sd else None,
        data[position] if has_mapped else None,
        int.from_bytes(data[5:8], "big") if has_mapped_sd else None,
    )


def encode_s_nssai(value: SNssai) -> bytes:
    """The shortest form that holds all that is set."""
    octets = bytes((value.sst,))
    if value.sd is not None:
        octets += value.sd.to_bytes(3, "big")
    if value.mapped_sst is not None:
        octets += bytes((value.mapped_sst,))
    if value.mapped_sd is not None:
        octets += value.mapped_sd.to_bytes(3, "big")
    if len(octets) not in _S_NSSAI_SHAPES:
        raise EncodeError("NAS", "S-NSSAI", "a mapped SD needs an SD and a mapped SST")
    return octets


def decode_nssai(data: bytes) -> tuple[SNssai, ...]:
    """A row of S-NSSAIs, each behind its length (9.11.3.37). Raises DecodeError."""
    found, position = [], 0
    while position < len(data):
        length = data[position]
        value = data[position + 1 : position + 1 + length]
        if len(value) < length:
            raise DecodeError("NAS", position, "an S-NSSAI runs past the end of the NSSAI")
        try:
            found.append(decode_s_nssai(value))
        except DecodeError as error:
            raise error.shifted(position + 1) from None
        position += 1 + length
    return tuple(found)


def encode_nssai(value: tuple[SNssai, ...]) -> bytes:
    """The reverse."""
    encoded = [encode_s_nssai(entry) for entry in value]
    return b"".join(bytes((len(entry),)) + entry for entry in encoded)


@dataclass(frozen=True, slots=True)
class RejectedSNssai:
    """One entry of a rejected NSSAI (9.11.3.46) with its cause."""

    cause: int
    sst: int
    sd: int | None = None


def decode_rejected_nssai(data: bytes) -> tuple[RejectedSNssai, ...]:
    """A row of entries, the length in the upper half of each first octet. Raises DecodeError."""
    found, position = [], 0
    while position < len(data):
        length, cause = data[position] >> 4, data[position] & 0x0F
        value = data[position + 1 : position + 1 + length]
        if length not in (1, 4) or len(value) < length:
            raise DecodeError("NAS", position, "a rejected S-NSSAI of wrong length")
        sd = int.from_bytes(value[1:4], "big") if length == 4 else None
        found.append(RejectedSNssai(cause, value[0], sd))
        position += 1 + length
    return tuple(found)


@dataclass(frozen=True, slots=True)
class TrackingArea:
    """A tracking area identity: PLMN digits and TAC."""

    plmn: str
    tac: int


def decode_tai(data: bytes) -> TrackingArea:
    """Six octets (9.11.3.8). Raises DecodeError."""
    need(data, 6, "a tracking area identity")
    return TrackingArea(decode_plmn(data), int.from_bytes(data[3:6], "big"))


def encode_tai(value: TrackingArea) -> bytes:
    """The reverse."""
    return encode_plmn(value.plmn) + value.tac.to_bytes(3, "big")


def decode_tai_list(data: bytes) -> tuple[TrackingArea, ...]:
    """All three types of partial list (9.11.3.9), written out. Raises DecodeError."""
    found: list[TrackingArea] = []
    position = 0
    while position < len(data):
        kind, count = data[position] >> 5 & 3, (data[position] & 0x1F) + 1
        if kind == 3:
            raise DecodeError("NAS", position, "type of list 3 is reserved")
        position += 1
        if kind == 2:
            for _ in range(count):
                found.append(decode_tai(data[position : position + 6]))
                position += 6
            continue
        plmn = decode_plmn(data, position)
        position += 3
        if kind == 0:
            need(data, position + 3 * count, "a list of tracking area codes")
            for index in range(count):
                at = position + 3 * index
                found.append(TrackingArea(plmn, int.from_bytes(data[at : at + 3], "big")))
            position += 3 * count
        elif kind == 1:
            need(data, position + 3, "a first tracking area code")
            first = int.from_bytes(data[position : position + 3], "big")
            found += [TrackingArea(plmn, first + index) for index in range(count)]
            position += 3
    return tuple(found)


def encode_tai_list(value: tuple[TrackingArea, ...]) -> bytes:
    """As one partial list of type 2, which holds any tracking areas. At most 16."""
    if not 0 < len(value) <= 16:
        raise EncodeError("NAS", "5GS tracking area identity list", "holds 1 to 16 areas")
    return bytes((2 << 5 | len(value) - 1,)) + b"".join(encode_tai(area) for area in value)


def decode_dnn(data: bytes) -> str:
    """A DNN out of its labels (9.11.2.1B, TS 23.003, 9.1). Raises DecodeError."""
    labels, position = [], 0
    while position < len(data):
        length = data[position]
        label = data[position + 1 : position + 1 + length]
        if len(label) < length:
            raise DecodeError("NAS", position, "a label runs past the end of the DNN")
        labels.append(label.decode("latin-1"))
        position += 1 + length
    return ".".join(labels)


def encode_dnn(value: str) -> bytes:
    """The labels of a DNN. Raises EncodeError."""
    try:
        labels = [label.encode("latin-1") for label in value.split(".")]
    except UnicodeEncodeError:
        raise EncodeError("NAS", "DNN", f"{value!r} holds other than Latin letters") from None
    if any(not 0 < len(label) < 64 for label in labels):
        raise EncodeError("NAS", "DNN", "a label has 1 to 63 letters")
    return b"".join(bytes((len(label),)) + label for label in labels)


@dataclass(frozen=True, slots=True)
class PduAddress:
    """PDU address (9.11.4.10). ``session_type``: 1 IPv4, 2 IPv6, 3 IPv4v6, 5 Ethernet.

    ``has_smf_address``: ``trailing`` is the SMF's IPv6 link local address (the SI6LLA bit).
    """

    session_type: int
    ipv4: str | None = None
    interface_identifier: bytes | None = None
    trailing: bytes = b""
    has_smf_address: bool = False


def decode_pdu_address(data: bytes) -> PduAddress:
    """Raises DecodeError."""
    need(data, 1, "a PDU address")
    session_type, has_smf_address = data[0] & 7, bool(data[0] & 8)
    if session_type == 1:
        need(data, 5, "an IPv4 address")
        ipv4 = str(IPv4Address(data[1:5]))
        return PduAddress(1, ipv4, None, data[5:], has_smf_address)
    if session_type == 2:
        need(data, 9, "an IPv6 interface identifier")
        return PduAddress(2, None, data[1:9], data[9:], has_smf_address)
    if session_type == 3:
        need(data, 13, "an IPv6 interface identifier and an IPv4 address")
        ipv4 = str(IPv4Address(data[9:13]))
        return PduAddress(3, ipv4, data[1:9], data[13:], has_smf_address)
    return PduAddress(session_type, None, None, data[1:], has_smf_address)


def encode_pdu_address(value: PduAddress) -> bytes:
    """The reverse."""
    return (
        bytes((value.has_smf_address << 3 | value.session_type,))
        + (value.interface_identifier or b"")
        + (b"" if value.ipv4 is None else IPv4Address(value.ipv4).packed)
        + value.trailing
    )


def rate_unit_kbps(unit: int) -> int:
    """Unit of a session AMBR (9.11.4.14): 1 is 1 kbit/s, each next 4 times more, up to 25."""
    if unit == 0:
        return 0
    group, step = divmod(min(unit, 25) - 1, 5)
    return int(1000**group * 4**step)


@dataclass(frozen=True, slots=True)
class SessionAmbr:
    """Session aggregate maximum bit rate: the units and values, as they travel."""

    downlink_unit: int
    downlink: int
    uplink_unit: int
    uplink: int

    @property
    def downlink_kbps(self) -> int:
        """In kbit/s."""
        return self.downlink * rate_unit_kbps(self.downlink_unit)

    @property
    def uplink_kbps(self) -> int:
        """In kbit/s."""
        return self.uplink * rate_unit_kbps(self.uplink_unit)


def decode_session_ambr(data: bytes) -> SessionAmbr:
    """Six octets. Raises DecodeError."""
    need(data, 6, "a session AMBR")
    return SessionAmbr(
        data[0], int.from_bytes(data[1:3], "big"), data[3], int.from_bytes(data[4:6], "big")
    )


def encode_session_ambr(value: SessionAmbr) -> bytes:
    """The reverse."""
    return (
        bytes((value.downlink_unit,))
        + value.downlink.to_bytes(2, "big")
        + bytes((value.uplink_unit,))
        + value.uplink.to_bytes(2, "big")
    )


@dataclass(frozen=True, slots=True)
class GprsTimer3:
    """GPRS timer 3 (TS 24.008, 10.5.7.4a): ``seconds`` is None when deactivated."""

    octet: int

    @property
    def seconds(self) -> int | None:
        """The timer's length."""
        unit = (600, 3600, 36000, 2, 30, 60, 1_152_000, None)[self.octet >> 5]
        return None if unit is None else unit * (self.octet & 0x1F)


def decode_gprs_timer3(data: bytes) -> GprsTimer3:
    """One octet. Raises DecodeError."""
    need(data, 1, "a GPRS timer")
    return GprsTimer3(data[0])


def decode_pdu_session_status(data: bytes) -> tuple[int, ...]:
    """The PDU session identities whose bit is set (9.11.3.44)."""
    bits = int.from_bytes(data[:2], "little")
    return tuple(identity for identity in range(16) if bits >> identity & 1)


def encode_pdu_session_status(value: tuple[int, ...]) -> bytes:
    """Two octets."""
    return sum(1 << identity for identity in set(value)).to_bytes(2, "little")
