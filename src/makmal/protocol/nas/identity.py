"""5GS mobile identities (TS 24.501, 9.11.3.4)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from makmal.protocol.errors import DecodeError, EncodeError
from makmal.protocol.nas.octets import (
    decode_digits,
    decode_plmn,
    encode_digits,
    encode_plmn,
    need,
)

_NO_IDENTITY, _SUCI, _GUTI, _IMEI, _S_TMSI, _IMEISV, _MAC, _EUI64 = range(8)
_FORMAT_IMSI = 0


@dataclass(frozen=True, slots=True)
class Suci:
    """A subscription concealed identifier.

    ``supi_format``: 0 IMSI, 1 network specific identifier, 2 GCI, 3 GLI; for the last three ``nai``
    holds the whole identity and the rest is empty. ``protection_scheme``: 0 null, 1 profile A,
    2 profile B, 12 to 15 the operator's own. ``scheme_output`` as it came (for the null scheme: the
    BCD digits of the MSIN).
    """

    supi_format: int
    mcc: str
    mnc: str
    routing_indicator: str
    protection_scheme: int
    home_network_public_key_identifier: int
    scheme_output: bytes
    nai: str = ""

    @property
    def msin(self) -> str | None:
        """The MSIN digits, where the null scheme leaves them in clear."""
        if self.supi_format != _FORMAT_IMSI or self.protection_scheme != 0:
            return None
        return decode_digits(self.scheme_output)

    @property
    def supi(self) -> str | None:
        """The SUPI, if it can be read without a key."""
        msin = self.msin
        return None if msin is None else f"imsi-{self.mcc}{self.mnc}{msin}"

    def supi_with(self, scheme_input: bytes) -> str:
        """The SUPI, from what deconcealment gave: the BCD digits of the MSIN."""
        return f"imsi-{self.mcc}{self.mnc}{decode_digits(scheme_input)}"


@dataclass(frozen=True, slots=True)
class FiveGGuti:
    """A 5G globally unique temporary identifier."""

    mcc: str
    mnc: str
    amf_region_id: int
    amf_set_id: int
    amf_pointer: int
    tmsi: int


@dataclass(frozen=True, slots=True)
class FiveGSTmsi:
    """A 5G S-temporary mobile subscription identifier."""

    amf_set_id: int
    amf_pointer: int
    tmsi: int


@dataclass(frozen=True, slots=True)
class Imei:
    """15 digits."""

    digits: str


@dataclass(frozen=True, slots=True)
class Imeisv:
    """16 digits."""

    digits: str


@dataclass(frozen=True, slots=True)
class NoIdentity:
    """The UE has no identity of the kind that was asked for."""


@dataclass(frozen=True, slots=True)
class MacAddress:
    """Six octets; ``usage_restriction`` is the MAURI bit."""

    octets: bytes
    usage_restriction: bool = False


@dataclass(frozen=True, slots=True)
class Eui64:
    """Eight octets."""

    octets: bytes


MobileIdentity = Suci | FiveGGuti | FiveGSTmsi | Imei | Imeisv | NoIdentity | MacAddress | Eui64


def decode_mobile_identity(data: bytes) -> MobileIdentity:
    """Any of the identities, by its type bits. Raises DecodeError."""
    need(data, 1, "a mobile identity")
    kind = data[0] & 7
    if kind == _SUCI:
        return _decode_suci(data)
    if kind == _GUTI:
        need(data, 11, "a 5G-GUTI")
        plmn = decode_plmn(data, 1)
        set_and_pointer = int.from_bytes(data[5:7], "big")
        return FiveGGuti(
            plmn[:3],
            plmn[3:],
            data[4],
            set_and_pointer >> 6,
            set_and_pointer & 0x3F,
            int.from_bytes(data[7:11], "big"),
        )
    if kind == _S_TMSI:
        need(data, 7, "a 5G-S-TMSI")
        set_and_pointer = int.from_bytes(data[1:3], "big")
        return FiveGSTmsi(
            set_and_pointer >> 6, set_and_pointer & 0x3F, int.from_bytes(data[3:7], "big")
        )
    if kind in (_IMEI, _IMEISV):
        digits = f"{data[0] >> 4:x}" + decode_digits(data[1:])
        return Imei(digits) if kind == _IMEI else Imeisv(digits)
    if kind == _MAC:
        need(data, 7, "a MAC address")
        return MacAddress(data[1:7], bool(data[0] & 8))
    if kind == _EUI64:
        need(data, 9, "an EUI-64")
        return Eui64(data[1:9])
    return NoIdentity()


def _decode_suci(data: bytes) -> Suci:
    supi_format = data[0] >> 4 & 7
    if supi_format != _FORMAT_IMSI:
        try:
            nai = data[1:].decode("utf-8")
        except UnicodeDecodeError as error:
            raise DecodeError("NAS", 1 + error.start, "the SUCI is no UTF-8 text") from None
        return Suci(supi_format, "", "", "", _scheme_of_nai(nai), 0, b"", nai)
    need(data, 8, "a SUCI")
    plmn = decode_plmn(data, 1)
    routing = data[4:6].hex()
    routing = (routing[1] + routing[0] + routing[3] + routing[2]).rstrip("f")
    return Suci(supi_format, plmn[:3], plmn[3:], routing, data[6] & 0x0F, data[7], data[8:])


def _scheme_of_nai(nai: str) -> int:
    """The protection scheme of a SUCI in NAI format: its ``schid`` label (TS 23.003, 28.7.3)."""
    for label in nai.split("@", 1)[0].split("."):
        if label.startswith("schid") and label[5:].isdigit():
            return int(label[5:])
    return 0


def encode_mobile_identity(identity: MobileIdentity) -> bytes:
    """The octets of an identity. Raises EncodeError."""
    if isinstance(identity, Suci):
        return _encode_suci(identity)
    if isinstance(identity, FiveGGuti):
        return (
            b"\xf2"
            + encode_plmn(identity.mcc + identity.mnc)
            + bytes((identity.amf_region_id & 0xFF,))
            + (identity.amf_set_id << 6 | identity.amf_pointer).to_bytes(2, "big")
            + identity.tmsi.to_bytes(4, "big")
        )
    if isinstance(identity, FiveGSTmsi):
        return (
            b"\xf4"
            + (identity.amf_set_id << 6 | identity.amf_pointer).to_bytes(2, "big")
            + identity.tmsi.to_bytes(4, "big")
        )
    if isinstance(identity, Imei | Imeisv):
        kind = _IMEI if isinstance(identity, Imei) else _IMEISV
        digits = identity.digits
        if not digits.isdigit():
            raise EncodeError("NAS", "mobile identity", f"{digits!r} is no row of digits")
        odd = len(digits) % 2
        return bytes((int(digits[0]) << 4 | odd << 3 | kind,)) + encode_digits(digits[1:])
    if isinstance(identity, MacAddress):
        return bytes((identity.usage_restriction << 3 | _MAC,)) + identity.octets
    if isinstance(identity, Eui64):
        return bytes((_EUI64,)) + identity.octets
    return b"\x00"


def _encode_suci(suci: Suci) -> bytes:
    if suci.supi_format != _FORMAT_IMSI:
        return bytes((suci.supi_format << 4 | _SUCI,)) + suci.nai.encode()
    routing = suci.routing_indicator.ljust(4, "f")
    if len(routing) != 4:
        raise EncodeError("NAS", "SUCI", f"routing indicator {routing!r} has more than 4 digits")
    return (
        bytes((suci.supi_format << 4 | _SUCI,))
        + encode_plmn(suci.mcc + suci.mnc)
        + encode_digits(routing)
        + bytes((suci.protection_scheme, suci.home_network_public_key_identifier))
        + suci.scheme_output
    )


def null_scheme_suci(supi: str, mnc_length: int = 2) -> Suci:
    """The SUCI of an IMSI with the null scheme: everything in clear (TS 33.501, C.2)."""
    digits = supi.removeprefix("imsi-")
    if not digits.isdigit():
        raise EncodeError("NAS", "SUCI", f"{supi!r} is not of the form imsi-<digits>")
    msin = digits[3 + mnc_length :]
    return Suci(0, digits[:3], digits[3 : 3 + mnc_length], "0", 0, 0, encode_digits(msin))


def concealed(suci: Suci, scheme: int, key_identifier: int, scheme_output: bytes) -> Suci:
    """The same subscription under another protection scheme."""
    return replace(
        suci,
        protection_scheme=scheme,
        home_network_public_key_identifier=key_identifier,
        scheme_output=scheme_output,
    )
