"""Values of configuration update, overload and reporting (TS 38.413, 9.2.6, 9.3.1, 9.3.2)."""

from __future__ import annotations

from dataclasses import dataclass

from makmal.protocol.errors import DecodeError
from makmal.protocol.ngap.aper import Reader, Writer
from makmal.protocol.ngap.types import (
    OCTETS,
    Aper,
    UnknownChoice,
    choice,
    enumerated,
    integer,
    read_elements,
    sequence,
    sequence_of,
    visible_string,
    write_elements,
)
from makmal.protocol.ngap.values import (
    CAUSE,
    EUTRA_CGI,
    NR_CGI,
    S_NSSAI,
    TAI,
    TRANSPORT_LAYER_ADDRESS,
    Cause,
    EutraCgi,
    Extensions,
    NrCgi,
    SliceItem,
)

# A control plane endpoint (9.3.2.6): an address in text form, or what a later version has, as the
# endpoint with a port.
Endpoint = str | UnknownChoice
_ENDPOINT: Aper[Endpoint] = choice((str, TRANSPORT_LAYER_ADDRESS))
_USAGE = enumerated(3)
_WEIGHT = integer(0, 255)


@dataclass(frozen=True, slots=True)
class TnlAssociation:
    """An association that could not be set up, and why (9.3.2.7)."""

    tnl_association_address: Endpoint
    cause: Cause | UnknownChoice
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class AmfTnlAssociation:
    """An association of the AMF that was set up, or is to be removed (9.2.6.7, 9.2.6.8)."""

    amf_tnl_association_address: Endpoint
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class AmfTnlAssociationToAdd:
    """An association of the AMF to add (9.2.6.7). Usage: 0 UE, 1 non-UE, 2 both (9.3.2.9)."""

    amf_tnl_association_address: Endpoint
    tnl_association_usage: int | None
    tnl_address_weight_factor: int
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class AmfTnlAssociationToUpdate:
    """An association of the AMF whose usage or weight changes (9.2.6.7)."""

    amf_tnl_association_address: Endpoint
    tnl_association_usage: int | None = None
    tnl_address_weight_factor: int | None = None
    extensions: Extensions = ()


TNL_ASSOCIATION_LIST = sequence_of(
    sequence(TnlAssociation, ("tnl_association_address", _ENDPOINT), ("cause", CAUSE)), 32
)
AMF_TNL_ASSOCIATION_LIST = sequence_of(
    sequence(AmfTnlAssociation, ("amf_tnl_association_address", _ENDPOINT)), 32
)
AMF_TNL_ASSOCIATION_TO_ADD_LIST = sequence_of(
    sequence(
        AmfTnlAssociationToAdd,
        ("amf_tnl_association_address", _ENDPOINT),
        ("tnl_association_usage", _USAGE, True),
        ("tnl_address_weight_factor", _WEIGHT),
    ),
    32,
)
AMF_TNL_ASSOCIATION_TO_UPDATE_LIST = sequence_of(
    sequence(
        AmfTnlAssociationToUpdate,
        ("amf_tnl_association_address", _ENDPOINT),
        ("tnl_association_usage", _USAGE, True),
        ("tnl_address_weight_factor", _WEIGHT, True),
    ),
    32,
)


@dataclass(frozen=True, slots=True)
class RanTnlAssociation:
    """An association of the NG-RAN node to remove, and the AMF's end of it (9.2.6.4)."""

    tnl_association_transport_layer_address: Endpoint
    tnl_association_transport_layer_address_amf: Endpoint | None = None
    extensions: Extensions = ()


def _read_ran_association(reader: Reader) -> RanTnlAssociation:
    # Alone among the sequences of NGAP it has no "...", so no bit for what a later version adds.
    has_amf, has_extensions = reader.bits(1), reader.bits(1)
    return RanTnlAssociation(
        _ENDPOINT.read(reader),
        _ENDPOINT.read(reader) if has_amf else None,
        read_elements(reader, 1) if has_extensions else (),
    )


def _write_ran_association(writer: Writer, value: RanTnlAssociation) -> None:
    writer.bits(value.tnl_association_transport_layer_address_amf is not None, 1)
    writer.bits(bool(value.extensions), 1)
    _ENDPOINT.write(writer, value.tnl_association_transport_layer_address)
    if value.tnl_association_transport_layer_address_amf is not None:
        _ENDPOINT.write(writer, value.tnl_association_transport_layer_address_amf)
    if value.extensions:
        write_elements(writer, value.extensions, 1)


NGRAN_TNL_ASSOCIATION_TO_REMOVE_LIST = sequence_of(
    Aper(_read_ran_association, _write_ran_association), 32
)


@dataclass(frozen=True, slots=True)
class OverloadResponse:
    """Overload response (9.3.1.104).

    The action (9.3.1.105): 0 reject non-emergency mobile originated data, 1 reject signalling, 2
    permit emergency sessions and mobile terminated services only, 3 permit high priority ones too.
    """

    overload_action: int


_ACTION = enumerated(4)
OVERLOAD_RESPONSE: Aper[OverloadResponse | UnknownChoice] = choice(
    (
        OverloadResponse,
        Aper(
            lambda reader: OverloadResponse(_ACTION.read(reader)),
            lambda writer, value: _ACTION.write(writer, value.overload_action),
        ),
    )
)
# Percent of the traffic to turn away (9.3.1.106).
TRAFFIC_LOAD_REDUCTION_INDICATION = integer(1, 99)


@dataclass(frozen=True, slots=True)
class OverloadStartNssai:
    """Slices that are overloaded, and what to do (9.2.6.14)."""

    slice_overload_list: tuple[SliceItem, ...]
    slice_overload_response: OverloadResponse | UnknownChoice | None = None
    slice_traffic_load_reduction_indication: int | None = None
    extensions: Extensions = ()


OVERLOAD_START_NSSAI_LIST = sequence_of(
    sequence(
        OverloadStartNssai,
        ("slice_overload_list", sequence_of(sequence(SliceItem, ("s_nssai", S_NSSAI)), 1024)),
        ("slice_overload_response", OVERLOAD_RESPONSE, True),
        ("slice_traffic_load_reduction_indication", TRAFFIC_LOAD_REDUCTION_INDICATION, True),
    ),
    1024,
)

NGRAN_CGI: Aper[NrCgi | EutraCgi | UnknownChoice] = choice((NrCgi, NR_CGI), (EutraCgi, EUTRA_CGI))
TAI_LIST_FOR_RESTART = sequence_of(TAI, 2048)


@dataclass(frozen=True, slots=True)
class UePresenceInAreaOfInterest:
    """Whether the UE is in an area of interest (9.3.1.67): 0 in, 1 out, 2 unknown."""

    location_reporting_reference_id: int
    ue_presence: int
    extensions: Extensions = ()


UE_PRESENCE_IN_AREA_OF_INTEREST_LIST = sequence_of(
    sequence(
        UePresenceInAreaOfInterest,
        ("location_reporting_reference_id", integer(1, 64, extensible=True)),
        ("ue_presence", enumerated(3)),
    ),
    64,
)


def _read_utf8(reader: Reader) -> str:
    octets = OCTETS.read(reader)
    try:
        return octets.decode()
    except UnicodeDecodeError as error:
        start = reader.octet - len(octets) + error.start
        raise DecodeError("NGAP", start, "a name is no UTF-8 text") from None


# A size in characters constrains no encoding of a UTF8String (X.691, 30.4 and 30.5).
_UTF8: Aper[str] = Aper(_read_utf8, lambda writer, value: OCTETS.write(writer, value.encode()))


@dataclass(frozen=True, slots=True)
class ExtendedName:
    """Extended-RANNodeName or Extended-AMFName (9.4.5), in two alphabets."""

    visible_string: str | None = None
    utf8_string: str | None = None
    extensions: Extensions = ()


EXTENDED_NAME = sequence(
    ExtendedName,
    ("visible_string", visible_string(1, 150), True),
    ("utf8_string", _UTF8, True),
)
