"""Extended protocol configuration options (TS 24.501, 9.11.4.6; TS 24.008, 10.5.6.3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address

from makmal.protocol.errors import DecodeError, EncodeError
from makmal.protocol.nas.octets import need


class ConfigurationOptionType(IntEnum):
    """Configuration protocols and container identifiers.

    The same identifier asks from the UE, and answers from the network.
    """

    P_CSCF_IPV6_ADDRESS = 0x0001
    IM_CN_SUBSYSTEM_SIGNALLING_FLAG = 0x0002
    DNS_SERVER_IPV6_ADDRESS = 0x0003
    NOT_SUPPORTED = 0x0004
    BEARER_CONTROL_MODE = 0x0005
    IP_ADDRESS_ALLOCATION_VIA_NAS = 0x000A
    IPV4_ADDRESS_ALLOCATION_VIA_DHCPV4 = 0x000B
    P_CSCF_IPV4_ADDRESS = 0x000C
    DNS_SERVER_IPV4_ADDRESS = 0x000D
    MSISDN = 0x000E
    IFOM_SUPPORT = 0x000F
    IPV4_LINK_MTU = 0x0010
    LOCAL_ADDRESS_IN_TFT = 0x0011
    P_CSCF_RESELECTION_SUPPORT = 0x0012
    NBIFOM = 0x0013
    NBIFOM_MODE = 0x0014
    NON_IP_LINK_MTU = 0x0015
    APN_RATE_CONTROL = 0x0016
    PS_DATA_OFF = 0x0017
    RELIABLE_DATA_SERVICE = 0x0018
    ADDITIONAL_APN_RATE_CONTROL = 0x0019
    PDU_SESSION_ID = 0x001A
    S_NSSAI = 0x001B
    QOS_RULES = 0x001C
    SESSION_AMBR = 0x001D
    PDU_SESSION_ADDRESS_LIFETIME = 0x001E
    QOS_FLOW_DESCRIPTIONS = 0x001F
    ETHERNET_FRAME_PAYLOAD_MTU = 0x0020
    UNSTRUCTURED_LINK_MTU = 0x0021
    FIVE_GSM_CAUSE_VALUE = 0x0022
    QOS_RULES_WITH_LENGTH_OF_TWO_OCTETS = 0x0023
    QOS_FLOW_DESCRIPTIONS_WITH_LENGTH_OF_TWO_OCTETS = 0x0024
    IPCP = 0x8021
    LCP = 0xC021
    PAP = 0xC023
    CHAP = 0xC223


_OPTION_TYPES = {int(member): member for member in ConfigurationOptionType}
_IPV4 = {
    ConfigurationOptionType.P_CSCF_IPV4_ADDRESS,
    ConfigurationOptionType.DNS_SERVER_IPV4_ADDRESS,
}
_IPV6 = {
    ConfigurationOptionType.P_CSCF_IPV6_ADDRESS,
    ConfigurationOptionType.DNS_SERVER_IPV6_ADDRESS,
}
_MTU = {
    ConfigurationOptionType.IPV4_LINK_MTU,
    ConfigurationOptionType.NON_IP_LINK_MTU,
    ConfigurationOptionType.ETHERNET_FRAME_PAYLOAD_MTU,
    ConfigurationOptionType.UNSTRUCTURED_LINK_MTU,
}
# TS 24.008, 10.5.6.3: in the network's direction these have two octets of length, and from the UE
# all of them but 0x0041 have one.
_LENGTH_OF_TWO_OCTETS = frozenset((0x23, 0x24, 0x30, 0x31, 0x32, 0x41))


@dataclass(frozen=True, slots=True)
class ConfigurationOption:
    """A protocol or container, and its contents: an address, an MTU, or octets (none in a request).

    ``has_long_length`` tells that its length is in two octets.
    """

    type: ConfigurationOptionType | int
    value: str | int | bytes = b""
    has_long_length: bool = False


@dataclass(frozen=True, slots=True)
class ConfigurationOptions:
    """The options, and the first octet, which is 0x80 unless someone sets its spare bits."""

    options: tuple[ConfigurationOption, ...]
    first_octet: int = 0x80


def decode_configuration_options(data: bytes) -> ConfigurationOptions:
    """Raises DecodeError."""
    need(data, 1, "configuration options")
    try:
        options = _decode_options(data, _LENGTH_OF_TWO_OCTETS)
    except DecodeError:
        # The element does not tell which direction it goes.
        options = _decode_options(data, frozenset())
    return ConfigurationOptions(options, data[0])


def _decode_options(data: bytes, long_ones: frozenset[int]) -> tuple[ConfigurationOption, ...]:
    options = []
    position = 1
    while position < len(data):
        number = int.from_bytes(data[position : position + 2], "big")
        has_long_length = number in long_ones
        start = position + 4 if has_long_length else position + 3
        need(data, start, "a configuration option")
        end = start + int.from_bytes(data[position + 2 : start], "big")
        need(data, end, "a configuration option")
        value = _decode_value(number, data[start:end])
        options.append(
            ConfigurationOption(_OPTION_TYPES.get(number, number), value, has_long_length)
        )
        position = end
    return tuple(options)


def _decode_value(number: int, octets: bytes) -> str | int | bytes:
    if number in _IPV4 and len(octets) == 4:
        return str(IPv4Address(octets))
    if number in _IPV6 and len(octets) == 16:
        return str(IPv6Address(octets))
    if number in _MTU and len(octets) == 2:
        return int.from_bytes(octets, "big")
    return octets


def encode_configuration_options(value: ConfigurationOptions) -> bytes:
    """The octets of the options. Raises EncodeError."""
    octets = bytes((value.first_octet,))
    for option in value.options:
        contents = _encode_value(option)
        width = 2 if option.has_long_length else 1
        if len(contents) >= 1 << 8 * width:
            raise EncodeError("NAS", "configuration option", "is too long for its length")
        octets += option.type.to_bytes(2, "big") + len(contents).to_bytes(width, "big") + contents
    return octets


def _encode_value(option: ConfigurationOption) -> bytes:
    value = option.value
    try:
        if isinstance(value, str):
            return (IPv6Address(value) if ":" in value else IPv4Address(value)).packed
        return value if isinstance(value, bytes) else value.to_bytes(2, "big")
    except (ValueError, OverflowError):
        raise EncodeError("NAS", "configuration option", f"{value!r} is no value") from None
