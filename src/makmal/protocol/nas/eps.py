"""What 5GS tells of EPS: bearers that sessions map to (TS 24.501, 9.11.4.8), UE capabilities."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from makmal.protocol.errors import DecodeError, EncodeError
from makmal.protocol.nas.octets import need


@dataclass(frozen=True, slots=True)
class S1UENetworkCapability:
    """S1 UE network capability (TS 24.301, 9.9.3.34): the octets as they came.

    In the first two octets the highest bit is algorithm 0, as EEA0; what follows are features.
    """

    octets: bytes

    @property
    def encryption(self) -> int:
        """EEA0 to EEA7, the highest bit first."""
        return self.octets[0]

    @property
    def integrity(self) -> int:
        """EIA0 to EIA7, the highest bit first."""
        return self.octets[1]


def decode_s1_ue_network_capability(data: bytes) -> S1UENetworkCapability:
    """Raises DecodeError."""
    need(data, 2, "an S1 UE network capability")
    return S1UENetworkCapability(data)


class EpsBearerOperation(IntEnum):
    """Operation code of a mapped EPS bearer context."""

    RESERVED = 0
    CREATE = 1
    DELETE = 2
    MODIFY = 3


class EpsParameterType(IntEnum):
    """Identifiers of EPS parameters (table 9.11.4.8.1)."""

    MAPPED_EPS_QOS_PARAMETERS = 1
    MAPPED_EXTENDED_EPS_QOS_PARAMETERS = 2
    TRAFFIC_FLOW_TEMPLATE = 3
    APN_AMBR = 4
    EXTENDED_APN_AMBR = 5


@dataclass(frozen=True, slots=True)
class EpsParameter:
    """A parameter with its contents as TS 24.301 and TS 24.008 have them."""

    type: int
    octets: bytes


@dataclass(frozen=True, slots=True)
class MappedEpsBearer:
    """A mapped EPS bearer context.

    ``has_parameters`` is the E bit: in a creation that parameters follow, in a modification that
    they replace all earlier ones. ``trailing`` is what the length counts beyond the parameters,
    ``spare`` the four spare bits of the first octet and the one of the fourth, as they came.
    """

    eps_bearer_identity: int
    operation: EpsBearerOperation
    has_parameters: bool
    parameters: tuple[EpsParameter, ...]
    trailing: bytes = b""
    spare: int = 0


_HEADER = 3


def decode_mapped_eps_bearers(data: bytes) -> tuple[MappedEpsBearer, ...]:
    """Raises DecodeError."""
    found = []
    position = 0
    while position < len(data):
        need(data, position + _HEADER + 1, "a mapped EPS bearer context")
        end = position + _HEADER + int.from_bytes(data[position + 1 : position + 3], "big")
        need(data, end, "a mapped EPS bearer context")
        if end == position + _HEADER:
            raise DecodeError("NAS", position + 1, "a mapped EPS bearer context is empty")
        first, at = data[position + _HEADER], position + _HEADER + 1
        parameters = []
        for _ in range(first & 0x0F):
            need(data[:end], at + 2, "an EPS parameter")
            after = at + 2 + data[at + 1]
            need(data[:end], after, "an EPS parameter")
            parameters.append(EpsParameter(_parameter_type(data[at]), data[at + 2 : after]))
            at = after
        found.append(
            MappedEpsBearer(
                data[position] >> 4,
                EpsBearerOperation(first >> 6),
                bool(first & 0x10),
                tuple(parameters),
                data[at:end],
                (data[position] & 0x0F) << 1 | first >> 5 & 1,
            )
        )
        position = end
    return tuple(found)


def _parameter_type(value: int) -> int:
    try:
        return EpsParameterType(value)
    except ValueError:
        return value


def encode_mapped_eps_bearers(value: tuple[MappedEpsBearer, ...]) -> bytes:
    """The octets of bearer contexts. Raises EncodeError."""
    octets = b""
    for bearer in value:
        if len(bearer.parameters) > 15:
            raise EncodeError("NAS", "mapped EPS bearer context", "has more than 15 parameters")
        first = bearer.operation << 6 | (bearer.spare & 1) << 5 | bearer.has_parameters << 4
        first |= len(bearer.parameters)
        contents = bytes((first,))
        for parameter in bearer.parameters:
            contents += bytes((parameter.type, len(parameter.octets))) + parameter.octets
        contents += bearer.trailing
        identity = bearer.eps_bearer_identity << 4 | bearer.spare >> 1
        octets += bytes((identity,)) + len(contents).to_bytes(2, "big") + contents
    return octets
