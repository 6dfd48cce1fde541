"""The values of NAS elements: identities, capabilities, slices, tracking areas, names."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makmal.protocol import nas
from makmal.protocol.errors import DecodeError, EncodeError
from makmal.protocol.nas import ie
from makmal.protocol.nas.identity import decode_mobile_identity, encode_mobile_identity
from makmal.protocol.nas.layout import LAYOUTS, Format

IDENTITIES: list[nas.MobileIdentity] = [
    nas.NoIdentity(),
    nas.null_scheme_suci("imsi-999700000000001"),
    nas.null_scheme_suci("imsi-310410123456789", mnc_length=3),
    nas.Suci(0, "274", "012", "1234", 1, 27, bytes(range(45))),
    nas.FiveGGuti("999", "70", 2, 1023, 63, 0xC0FFEE01),
    nas.FiveGGuti("310", "410", 255, 1, 0, 0),
    nas.FiveGSTmsi(0x3FF, 0x3F, 0xFFFFFFFF),
    nas.Imei("490154203237518"),
    nas.Imeisv("4901542032375186"),
    nas.MacAddress(bytes(range(6))),
    nas.MacAddress(bytes(range(6)), usage_restriction=True),
    nas.Eui64(bytes(range(8))),
]
DIGITS = st.text("0123456789", min_size=3, max_size=3)


@pytest.mark.parametrize("identity", IDENTITIES, ids=lambda identity: type(identity).__name__)
def test_identities_come_back(identity: nas.MobileIdentity) -> None:
    assert decode_mobile_identity(encode_mobile_identity(identity)) == identity


def test_identities_read_the_same_in_pycrate(parse_with_pycrate: Callable[[bytes], Any]) -> None:
    for identity in IDENTITIES:
        message = nas.build(nas.MessageType.IDENTITY_RESPONSE, {ie.MOBILE_IDENTITY: identity})
        theirs = parse_with_pycrate(message.encode())
        assert theirs.to_bytes() == message.encode()
        fields = theirs["5GSID"].get_val_d()["5GSID"]
        if isinstance(identity, nas.FiveGGuti):
            assert fields["5GTMSI"] == identity.tmsi
            assert fields["AMFSetID"] == identity.amf_set_id
            assert fields["AMFPtr"] == identity.amf_pointer
            assert fields["AMFRegionID"] == identity.amf_region_id
        elif isinstance(identity, nas.Suci):
            value = fields["Value"]
            assert value["ProtSchemeID"] == identity.protection_scheme
            assert value["HNPKID"] == identity.home_network_public_key_identifier
            if identity.protection_scheme == 0:
                assert value["Output"] == identity.scheme_output
            else:
                parts = (value["Output"][n] for n in ("ECCEphemPK", "CipherText", "MAC"))
                assert b"".join(parts) == identity.scheme_output


def test_a_null_scheme_suci_shows_the_supi() -> None:
    identity = nas.null_scheme_suci("imsi-999700000000001")
    assert identity.supi == "imsi-999700000000001"
    hidden = nas.concealed(identity, 1, 1, bytes(45))
    assert hidden.supi is None
    assert hidden.supi_with(identity.scheme_output) == "imsi-999700000000001"


@given(
    DIGITS,
    DIGITS,
    st.integers(0, 255),
    st.integers(0, 1023),
    st.integers(0, 63),
    st.integers(0, 2**32 - 1),
)
def test_any_5g_guti_comes_back(
    mcc: str, mnc: str, region: int, amf_set: int, pointer: int, tmsi: int
) -> None:
    identity = nas.FiveGGuti(mcc, mnc, region, amf_set, pointer, tmsi)
    assert decode_mobile_identity(encode_mobile_identity(identity)) == identity


@given(st.binary(max_size=60))
def test_any_octets_are_an_identity_or_the_documented_error(octets: bytes) -> None:
    try:
        decode_mobile_identity(octets)
    except DecodeError as error:
        assert 0 <= error.offset <= len(octets)


def test_capabilities_offer_algorithms_by_their_bits() -> None:
    capability = nas.UESecurityCapability.of((0, 1, 2), (2,))
    assert capability.octets == bytes.fromhex("e020e020")
    assert [n for n in range(8) if capability.supports_encryption(n)] == [0, 1, 2]
    assert [n for n in range(8) if capability.supports_integrity(n)] == [2]
    assert nas.UESecurityCapability.of((0,), (0,), eps=False).octets == b"\x80\x80"


@pytest.mark.parametrize(
    "value",
    [
        (nas.SNssai(1),),
        (nas.SNssai(1, 0xABCDEF), nas.SNssai(2)),
        (nas.SNssai(1, None, 2), nas.SNssai(1, 5, 2, 6)),
    ],
)
def test_slices_come_back(value: tuple[nas.SNssai, ...]) -> None:
    assert ie.ALLOWED_NSSAI.decode(ie.ALLOWED_NSSAI.encode(value)) == value


def test_tracking_areas_come_back() -> None:
    areas = (nas.TrackingArea("99970", 1), nas.TrackingArea("99970", 0xFFFFFF))
    assert set(ie.TAI_LIST.decode(ie.TAI_LIST.encode(areas))) == set(areas)


@pytest.mark.parametrize("name", ["internet", "ims.mnc070.mcc999.gprs", "a"])
def test_dnns_come_back(name: str) -> None:
    assert ie.DNN.decode(ie.DNN.encode(name)) == name


def test_every_key_reads_any_octets_or_raises_the_documented_error() -> None:
    fields = {
        field
        for layout in LAYOUTS.values()
        for field in (*layout.mandatory, *layout.optional.values())
    }
    samples = [b"", b"\0", b"\xff", bytes(40), b"\xff" * 40, bytes(range(1, 60))]
    samples += [bytes((first,)) * length for first in (1, 7, 0x80) for length in (1, 2, 5, 9, 13)]
    for field in fields:
        for octets in samples:
            if field.format is Format.HALF:
                octets = bytes((sum(octets) & 15,))
            elif field.format is Format.FIXED:
                octets = (octets + bytes(field.length))[: field.length]
            try:
                value = field.key.decode(octets)
            except DecodeError as error:
                assert 0 <= error.offset <= len(octets), field.key.name
                continue
            with contextlib.suppress(EncodeError):
                field.key.encode(value)
