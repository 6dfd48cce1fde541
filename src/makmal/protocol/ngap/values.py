"""Values of NGAP information elements as data (TS 38.413, 9.3), with their codecs."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from makmal.protocol.errors import EncodeError
from makmal.protocol.ngap.aper import Reader, Writer
from makmal.protocol.ngap.enumerations import (
    CAUSE_NAMES,
    CAUSE_ROOTS,
    CauseGroup,
    PagingDrx,
    enumeration,
)
from makmal.protocol.ngap.types import (
    PLMN,
    Aper,
    ProtocolElement,
    UnknownChoice,
    bit_string,
    bits,
    choice,
    enumerated,
    integer,
    number_in_octets,
    sequence,
    sequence_of,
    visible_string,
)

Extensions = tuple[ProtocolElement, ...]

AMF_UE_NGAP_ID = integer(0, 2**40 - 1)
RAN_UE_NGAP_ID = integer(0, 2**32 - 1)
PDU_SESSION_ID = integer(0, 255)
BIT_RATE = integer(0, 4_000_000_000_000, extensible=True)
NAME = visible_string(1, 150)
TAC = number_in_octets(3)
PAGING_DRX = enumeration(PagingDrx)


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause (9.3.1.2): its group, and its number within the group."""

    group: CauseGroup
    value: int

    @property
    def name(self) -> str:
        """The cause as the specification words it."""
        names = CAUSE_NAMES[self.group]
        return names[self.value] if self.value < len(names) else f"unknown ({self.value})"


_CAUSES = [(group, enumerated(CAUSE_ROOTS[group])) for group in CauseGroup]


def _read_cause(reader: Reader) -> Cause | UnknownChoice:
    index = reader.whole_number(0, 5)
    if index == 5:
        identifier, criticality = reader.whole_number(0, 65_535), reader.bits(2)
        return UnknownChoice(ProtocolElement(identifier, criticality, reader.open_type()))
    group, aper = _CAUSES[index]
    return Cause(group, aper.read(reader))


def _write_cause(writer: Writer, value: Cause | UnknownChoice) -> None:
    if isinstance(value, UnknownChoice):
        writer.whole_number(5, 0, 5)
        writer.whole_number(value.element.identifier, 0, 65_535)
        writer.bits(value.element.criticality, 2)
        writer.open_type(value.element.value)
        return
    writer.whole_number(value.group, 0, 5)
    _CAUSES[value.group][1].write(writer, value.value)


CAUSE: Aper[Cause | UnknownChoice] = Aper(_read_cause, _write_cause)


@dataclass(frozen=True, slots=True)
class SNssai:
    """S-NSSAI (9.3.1.24)."""

    sst: int
    sd: int | None = None
    extensions: Extensions = ()


S_NSSAI = sequence(SNssai, ("sst", number_in_octets(1)), ("sd", number_in_octets(3), True))


@dataclass(frozen=True, slots=True)
class SliceItem:
    """An S-NSSAI in a list."""

    s_nssai: SNssai
    extensions: Extensions = ()


_SLICE_ITEM = sequence(SliceItem, ("s_nssai", S_NSSAI))
ALLOWED_NSSAI = sequence_of(_SLICE_ITEM, 8)
SLICE_SUPPORT_LIST = sequence_of(_SLICE_ITEM, 1024)


@dataclass(frozen=True, slots=True)
class Guami:
    """Globally unique AMF identifier (9.3.3.3)."""

    plmn_identity: str
    amf_region_id: int
    amf_set_id: int
    amf_pointer: int
    extensions: Extensions = ()


GUAMI = sequence(
    Guami,
    ("plmn_identity", PLMN),
    ("amf_region_id", bits(8)),
    ("amf_set_id", bits(10)),
    ("amf_pointer", bits(6)),
)


@dataclass(frozen=True, slots=True)
class FiveGSTmsi:
    """5G-S-TMSI (9.3.3.20)."""

    amf_set_id: int
    amf_pointer: int
    five_g_tmsi: int
    extensions: Extensions = ()


FIVE_G_S_TMSI = sequence(
    FiveGSTmsi,
    ("amf_set_id", bits(10)),
    ("amf_pointer", bits(6)),
    ("five_g_tmsi", number_in_octets(4)),
)
UE_PAGING_IDENTITY = choice((FiveGSTmsi, FIVE_G_S_TMSI))


@dataclass(frozen=True, slots=True)
class TrackingArea:
    """Tracking area identity (9.3.3.11)."""

    plmn_identity: str
    tac: int
    extensions: Extensions = ()


TAI = sequence(TrackingArea, ("plmn_identity", PLMN), ("tac", TAC))


@dataclass(frozen=True, slots=True)
class TaiItem:
    """A tracking area in a list."""

    tai: TrackingArea
    extensions: Extensions = ()


TAI_LIST_FOR_PAGING = sequence_of(sequence(TaiItem, ("tai", TAI)), 16)


@dataclass(frozen=True, slots=True)
class NrCgi:
    """NR cell global identity (9.3.1.7)."""

    plmn_identity: str
    nr_cell_identity: int
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class EutraCgi:
    """E-UTRA cell global identity (9.3.1.9)."""

    plmn_identity: str
    eutra_cell_identity: int
    extensions: Extensions = ()


NR_CGI = sequence(NrCgi, ("plmn_identity", PLMN), ("nr_cell_identity", bits(36)))
EUTRA_CGI = sequence(EutraCgi, ("plmn_identity", PLMN), ("eutra_cell_identity", bits(28)))
_TIME_STAMP = number_in_octets(4)


@dataclass(frozen=True, slots=True)
class UserLocationNr:
    """User location in NR (9.3.1.16); the time stamp is seconds since 1900."""

    nr_cgi: NrCgi
    tai: TrackingArea
    time_stamp: int | None = None
    extensions: Extensions = ()

    @property
    def plmn_identity(self) -> str | None:
        """The PLMN that serves the UE."""
        return self.tai.plmn_identity


@dataclass(frozen=True, slots=True)
class UserLocationEutra:
    """User location in E-UTRA (9.3.1.16)."""

    eutra_cgi: EutraCgi
    tai: TrackingArea
    time_stamp: int | None = None
    extensions: Extensions = ()

    @property
    def plmn_identity(self) -> str | None:
        """The PLMN that serves the UE."""
        return self.tai.plmn_identity


def _read_address(reader: Reader) -> str:
    number, size = _ADDRESS_BITS.read(reader)
    octets = (number << (-size % 8)).to_bytes((size + 7) // 8, "big")
    if size == 32:
        return str(IPv4Address(octets))
    if size == 128:
        return str(IPv6Address(octets))
    if size == 160:
        return f"{IPv4Address(octets[:4])} {IPv6Address(octets[4:])}"
    return f"{octets.hex()}/{size}"


def _write_address(writer: Writer, value: str) -> None:
    if "/" in value:
        text, _, size = value.partition("/")
        count = int(size)
        _ADDRESS_BITS.write(writer, (int(text or "0", 16) >> -count % 8, count))
        return
    octets = b""
    for address in value.split(" "):
        try:
            octets += IPv6Address(address).packed if ":" in address else IPv4Address(address).packed
        except ValueError:
            raise EncodeError("NGAP", "transport layer address", f"{value!r} is none") from None
    _ADDRESS_BITS.write(writer, (int.from_bytes(octets, "big"), len(octets) * 8))


_ADDRESS_BITS = bit_string(1, 160, extensible=True)
TRANSPORT_LAYER_ADDRESS: Aper[str] = Aper(_read_address, _write_address)


@dataclass(frozen=True, slots=True)
class UserLocationN3iwf:
    """User location behind a N3IWF (9.3.1.16)."""

    ip_address: str
    port_number: int
    extensions: Extensions = ()

    @property
    def plmn_identity(self) -> str | None:
        """Not told."""
        return None


UserLocation = UserLocationEutra | UserLocationNr | UserLocationN3iwf
USER_LOCATION_INFORMATION: Aper[UserLocation] = choice(
    (
        UserLocationEutra,
        sequence(
            UserLocationEutra,
            ("eutra_cgi", EUTRA_CGI),
            ("tai", TAI),
            ("time_stamp", _TIME_STAMP, True),
        ),
    ),
    (
        UserLocationNr,
        sequence(
            UserLocationNr, ("nr_cgi", NR_CGI), ("tai", TAI), ("time_stamp", _TIME_STAMP, True)
        ),
    ),
    (
        UserLocationN3iwf,
        sequence(
            UserLocationN3iwf,
            ("ip_address", TRANSPORT_LAYER_ADDRESS),
            ("port_number", number_in_octets(2)),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class GTPTunnel:
    """A GTP-U tunnel endpoint (9.3.2.2): address in text form, TEID."""

    transport_layer_address: str
    gtp_teid: int
    extensions: Extensions = ()


UP_TRANSPORT_LAYER_INFORMATION: Aper[GTPTunnel] = choice(
    (
        GTPTunnel,
        sequence(
            GTPTunnel,
            ("transport_layer_address", TRANSPORT_LAYER_ADDRESS),
            ("gtp_teid", number_in_octets(4)),
        ),
    )
)


@dataclass(frozen=True, slots=True)
class UESecurityCapabilities:
    """UE security capabilities (9.3.1.86): bit strings whose first bit is algorithm 1."""

    nr_encryption_algorithms: int
    nr_integrity_protection_algorithms: int
    eutra_encryption_algorithms: int
    eutra_integrity_protection_algorithms: int
    extensions: Extensions = ()


_ALGORITHMS = bits(16, extensible=True)
UE_SECURITY_CAPABILITIES = sequence(
    UESecurityCapabilities,
    ("nr_encryption_algorithms", _ALGORITHMS),
    ("nr_integrity_protection_algorithms", _ALGORITHMS),
    ("eutra_encryption_algorithms", _ALGORITHMS),
    ("eutra_integrity_protection_algorithms", _ALGORITHMS),
)

SECURITY_KEY: Aper[bytes] = Aper(
    lambda reader: bits(256).read(reader).to_bytes(32, "big"),
    lambda writer, value: bits(256).write(writer, int.from_bytes(value, "big")),
)


@dataclass(frozen=True, slots=True)
class SecurityContext:
    """Next hop chaining count and NH (9.3.1.88)."""

    next_hop_chaining_count: int
    next_hop_nh: bytes
    extensions: Extensions = ()


SECURITY_CONTEXT = sequence(
    SecurityContext, ("next_hop_chaining_count", integer(0, 7)), ("next_hop_nh", SECURITY_KEY)
)


@dataclass(frozen=True, slots=True)
class AggregateMaximumBitRate:
    """Downlink and uplink in bit/s (9.3.1.58 and 9.3.1.102)."""

    downlink: int
    uplink: int
    extensions: Extensions = ()


AGGREGATE_MAXIMUM_BIT_RATE = sequence(
    AggregateMaximumBitRate, ("downlink", BIT_RATE), ("uplink", BIT_RATE)
)


@dataclass(frozen=True, slots=True)
class GlobalGnbId:
    """A gNB (9.3.1.6): the identity and how many bits it has, 22 to 32."""

    plmn_identity: str
    gnb_id: tuple[int, int]
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class GlobalNgEnbId:
    """An ng-eNB (9.3.1.8): the identity and how many bits it has, 18, 20 or 21."""

    plmn_identity: str
    ng_enb_id: tuple[int, int]
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class GlobalN3iwfId:
    """A N3IWF (9.3.1.57)."""

    plmn_identity: str
    n3iwf_id: tuple[int, int]
    extensions: Extensions = ()


def bits_choice(*sizes: Aper[tuple[int, int]]) -> Aper[tuple[int, int]]:
    """CHOICE of bit strings that only their sizes tell apart."""
    last = len(sizes)

    def read(reader: Reader) -> tuple[int, int]:
        index = reader.whole_number(0, last)
        if index == last:
            raise reader.fail("a node identity of a later version")
        return sizes[index].read(reader)

    def write(writer: Writer, value: tuple[int, int]) -> None:
        for index, aper in enumerate(sizes):
            try:
                aper.write(Writer(), value)
            except EncodeError:
                continue
            writer.whole_number(index, 0, last)
            aper.write(writer, value)
            return
        raise EncodeError("NGAP", "node identity", f"{value[1]} bits are none of the sizes")

    return Aper(read, write)


GLOBAL_RAN_NODE_ID = choice(
    (
        GlobalGnbId,
        sequence(
            GlobalGnbId,
            ("plmn_identity", PLMN),
            ("gnb_id", bits_choice(bit_string(22, 32))),
        ),
    ),
    (
        GlobalNgEnbId,
        sequence(
            GlobalNgEnbId,
            ("plmn_identity", PLMN),
            ("ng_enb_id", bits_choice(bit_string(20), bit_string(18), bit_string(21))),
        ),
    ),
    (
        GlobalN3iwfId,
        sequence(
            GlobalN3iwfId,
            ("plmn_identity", PLMN),
            ("n3iwf_id", bits_choice(bit_string(16))),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class BroadcastPlmn:
    """A PLMN with its slices in a tracking area (9.2.6.1)."""

    plmn_identity: str
    tai_slice_support_list: tuple[SliceItem, ...]
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class SupportedTa:
    """A tracking area that the NG-RAN node supports (9.2.6.1)."""

    tac: int
    broadcast_plmn_list: tuple[BroadcastPlmn, ...]
    extensions: Extensions = ()


SUPPORTED_TA_LIST = sequence_of(
    sequence(
        SupportedTa,
        ("tac", TAC),
        (
            "broadcast_plmn_list",
            sequence_of(
                sequence(
                    BroadcastPlmn,
                    ("plmn_identity", PLMN),
                    ("tai_slice_support_list", SLICE_SUPPORT_LIST),
                ),
                12,
            ),
        ),
    ),
    256,
)


@dataclass(frozen=True, slots=True)
class ServedGuami:
    """A GUAMI that the AMF serves (9.2.6.2)."""

    guami: Guami
    backup_amf_name: str | None = None
    extensions: Extensions = ()


SERVED_GUAMI_LIST = sequence_of(
    sequence(ServedGuami, ("guami", GUAMI), ("backup_amf_name", NAME, True)), 256
)


@dataclass(frozen=True, slots=True)
class PlmnSupport:
    """A PLMN with its slices (9.2.6.2)."""

    plmn_identity: str
    slice_support_list: tuple[SliceItem, ...]
    extensions: Extensions = ()


PLMN_SUPPORT_LIST = sequence_of(
    sequence(PlmnSupport, ("plmn_identity", PLMN), ("slice_support_list", SLICE_SUPPORT_LIST)),
    12,
)
