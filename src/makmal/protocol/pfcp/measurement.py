"""Values that count: volumes, rates, times, delays (TS 29.244, 8.2).

A field is None when its flag says that it is absent.
"""

from __future__ import annotations

from typing import NamedTuple

from makmal.protocol.errors import DecodeError, EncodeError
from makmal.protocol.pfcp.enumerations import RuleType, member
from makmal.protocol.pfcp.octets import Reader, small, uint_octets

# Seconds from 1900-01-01, where NTP counts from (RFC 5905, 6), to 1970-01-01.
_NTP_EPOCH = 2_208_988_800


def decode_time(data: bytes) -> int:
    """A time stamp (8.2.65 and others) in seconds since 1970-01-01 UTC. Raises DecodeError.

    It is the first four octets of an NTP time stamp, whose era ends in 2036: a first bit of 0
    means a time from then on (RFC 4330, 3).
    """
    seconds = Reader(data).uint(4)
    if seconds < 0x8000_0000:
        seconds += 0x1_0000_0000
    return seconds - _NTP_EPOCH


def encode_time(value: int) -> bytes:
    """Seconds since 1970-01-01 UTC, of the years 1968 to 2104. Raises EncodeError."""
    seconds = value + _NTP_EPOCH
    if not 0x8000_0000 <= seconds < 0x1_8000_0000:
        raise EncodeError("PFCP", "Time", f"{value} is not a time of the years 1968 to 2104")
    return uint_octets(seconds & 0xFFFF_FFFF, 4, "Time")


class BitRates(NamedTuple):
    """Bit rates in kilobits a second (MBR, 8.2.8; GBR, 8.2.9)."""

    uplink: int
    downlink: int


def decode_bit_rates(data: bytes) -> BitRates:
    """8.2.8, 8.2.9. Raises DecodeError."""
    reader = Reader(data)
    return BitRates(reader.uint(5), reader.uint(5))


def encode_bit_rates(value: BitRates) -> bytes:
    """8.2.8, 8.2.9. Raises EncodeError."""
    return uint_octets(value.uplink, 5, "Bit rate") + uint_octets(value.downlink, 5, "Bit rate")


class GateStatus(NamedTuple):
    """Whether packets may pass (8.2.7): 0 open, 1 closed, as in the Gate enumeration."""

    uplink: int
    downlink: int


def _counters(data: bytes, octets: int, bits: int) -> tuple[int | None, ...]:
    """Numbers, each there when its bit of the first octet is set."""
    reader = Reader(data)
    flags = reader.uint(1)
    return tuple(reader.uint(octets) if flags & 1 << bit else None for bit in range(bits))


def _counter_octets(values: tuple[int | None, ...], octets: int, field: str) -> bytes:
    flags = 0
    parts = []
    for bit, number in enumerate(values):
        if number is not None:
            flags |= 1 << bit
            parts.append(uint_octets(number, octets, field))
    return bytes((flags,)) + b"".join(parts)


class Volume(NamedTuple):
    """A threshold or quota in octets (8.2.13, 8.2.16, 8.2.50, 8.2.86)."""

    total: int | None = None
    uplink: int | None = None
    downlink: int | None = None


def decode_volume(data: bytes) -> Volume:
    """8.2.13. Raises DecodeError."""
    return Volume(*_counters(data, 8, 3))


def encode_volume(value: Volume) -> bytes:
    """8.2.13. Raises EncodeError."""
    return _counter_octets(value, 8, "Volume")


class VolumeMeasurement(NamedTuple):
    """What was measured, in octets and in packets (8.2.44)."""

    total: int | None = None
    uplink: int | None = None
    downlink: int | None = None
    total_packets: int | None = None
    uplink_packets: int | None = None
    downlink_packets: int | None = None


def decode_volume_measurement(data: bytes) -> VolumeMeasurement:
    """8.2.44. Raises DecodeError."""
    return VolumeMeasurement(*_counters(data, 8, 6))


def encode_volume_measurement(value: VolumeMeasurement) -> bytes:
    """8.2.44. Raises EncodeError."""
    return _counter_octets(value, 8, "Volume Measurement")


class DroppedDlTrafficThreshold(NamedTuple):
    """How much dropped downlink traffic is reported (8.2.49)."""

    packets: int | None = None
    octets: int | None = None


def decode_dropped_dl_traffic_threshold(data: bytes) -> DroppedDlTrafficThreshold:
    """8.2.49. Raises DecodeError."""
    return DroppedDlTrafficThreshold(*_counters(data, 8, 2))


def encode_dropped_dl_traffic_threshold(value: DroppedDlTrafficThreshold) -> bytes:
    """8.2.49. Raises EncodeError."""
    return _counter_octets(value, 8, "Dropped DL Traffic Threshold")


class PacketDelays(NamedTuple):
    """Delays in milliseconds (thresholds 8.2.169, measurement 8.2.171).

    ``failed`` is the PLMF flag of a measurement: it could not be made.
    """

    downlink: int | None = None
    uplink: int | None = None
    round_trip: int | None = None
    failed: bool = False


def decode_packet_delays(data: bytes) -> PacketDelays:
    """8.2.169, 8.2.171. Raises DecodeError."""
    downlink, uplink, round_trip = _counters(data, 4, 3)
    return PacketDelays(downlink, uplink, round_trip, data[0] & 8 != 0)


def encode_packet_delays(value: PacketDelays) -> bytes:
    """8.2.169, 8.2.171. Raises EncodeError."""
    octets = _counter_octets(value[:3], 4, "Packet delays")
    return bytes((octets[0] | value.failed << 3,)) + octets[1:]


class NumberOfUeIpAddresses(NamedTuple):
    """How many addresses of a pool are in use (8.2.183)."""

    ipv4: int | None = None
    ipv6: int | None = None


def decode_number_of_ue_ip_addresses(data: bytes) -> NumberOfUeIpAddresses:
    """8.2.183. Raises DecodeError."""
    return NumberOfUeIpAddresses(*_counters(data, 4, 2))


def encode_number_of_ue_ip_addresses(value: NumberOfUeIpAddresses) -> bytes:
    """8.2.183. Raises EncodeError."""
    return _counter_octets(value, 4, "Number of UE IP Addresses")


class Timer(NamedTuple):
    """A duration (8.2.29, 8.2.35, 8.2.78): ``value`` times the ``unit``, which is a TimerUnit."""

    unit: int
    value: int


class Rate(NamedTuple):
    """Packets in a time unit: 0 a minute, 1 six minutes, 2 an hour, 3 a day, 4 a week."""

    time_unit: int
    packets: int


class PacketRate(NamedTuple):
    """The greatest packet rates (8.2.63); the additional ones are for exception reports."""

    uplink: Rate | None = None
    downlink: Rate | None = None
    additional_uplink: Rate | None = None
    additional_downlink: Rate | None = None


def _rate(reader: Reader) -> Rate:
    return Rate(reader.uint(1) & 7, reader.uint(2))


def decode_packet_rate(data: bytes) -> PacketRate:
    """8.2.63. Raises DecodeError."""
    reader = Reader(data)
    flags = reader.uint(1)
    return PacketRate(
        _rate(reader) if flags & 1 else None,
        _rate(reader) if flags & 2 else None,
        _rate(reader) if flags & 5 == 5 else None,
        _rate(reader) if flags & 6 == 6 else None,
    )


def encode_packet_rate(value: PacketRate) -> bytes:
    """8.2.63. Raises EncodeError."""
    additional = value.additional_uplink is not None or value.additional_downlink is not None
    flags = (value.uplink is not None) | (value.downlink is not None) << 1 | additional << 2
    if additional and (
        (value.uplink is None) != (value.additional_uplink is None)
        or (value.downlink is None) != (value.additional_downlink is None)
    ):
        raise EncodeError("PFCP", "Packet Rate", "each rate or none has an additional one")
    octets = bytes((flags,))
    for rate in value:
        if rate is not None:
            octets += bytes((small(rate.time_unit, 3, "Packet Rate"),))
            octets += uint_octets(rate.packets, 2, "Packet Rate")
    return octets


class PacketRateStatus(NamedTuple):
    """How many packets may still pass until ``validity_time``, NTP time in 64 bits (8.2.139)."""

    uplink: int | None = None
    additional_uplink: int | None = None
    downlink: int | None = None
    additional_downlink: int | None = None
    validity_time: int | None = None


def decode_packet_rate_status(data: bytes) -> PacketRateStatus:
    """8.2.139. Raises DecodeError."""
    reader = Reader(data)
    flags = reader.uint(1)
    return PacketRateStatus(
        reader.uint(2) if flags & 1 else None,
        reader.uint(2) if flags & 5 == 5 else None,
        reader.uint(2) if flags & 2 else None,
        reader.uint(2) if flags & 6 == 6 else None,
        reader.uint(8) if flags & 3 else None,
    )


def encode_packet_rate_status(value: PacketRateStatus) -> bytes:
    """8.2.139. Raises EncodeError."""
    name = "Packet Rate Status"
    additional = value.additional_uplink is not None or value.additional_downlink is not None
    flags = (value.uplink is not None) | (value.downlink is not None) << 1 | additional << 2
    octets = bytes((flags,))
    for number in value[:4]:
        if number is not None:
            octets += uint_octets(number, 2, name)
    if value.validity_time is not None:
        octets += uint_octets(value.validity_time, 8, name)
    if decode_packet_rate_status(octets) != value:
        raise EncodeError("PFCP", name, "its fields do not go together")
    return octets


class Multiplier(NamedTuple):
    """``value_digits`` times ten to the power of ``exponent`` (8.2.84)."""

    value_digits: int
    exponent: int


def decode_multiplier(data: bytes) -> Multiplier:
    """8.2.84. Raises DecodeError."""
    reader = Reader(data)
    digits = int.from_bytes(reader.take(8), "big", signed=True)
    return Multiplier(digits, int.from_bytes(reader.take(4), "big", signed=True))


def signed_octets(value: int, count: int, field: str) -> bytes:
    """A signed number in ``count`` octets. Raises EncodeError."""
    try:
        return value.to_bytes(count, "big", signed=True)
    except (OverflowError, AttributeError):
        raise EncodeError("PFCP", field, f"{value!r} does not fit {8 * count} bits") from None


def encode_multiplier(value: Multiplier) -> bytes:
    """8.2.84. Raises EncodeError."""
    digits = signed_octets(value.value_digits, 8, "Multiplier")
    return digits + signed_octets(value.exponent, 4, "Multiplier")


class TimeQuotaMechanism(NamedTuple):
    """How a time quota is used up (8.2.81): ``type`` 0 continuous, 1 discrete; seconds."""

    type: int
    base_time_interval: int


def decode_time_quota_mechanism(data: bytes) -> TimeQuotaMechanism:
    """8.2.81. Raises DecodeError."""
    reader = Reader(data)
    return TimeQuotaMechanism(reader.uint(1) & 3, reader.uint(4))


def encode_time_quota_mechanism(value: TimeQuotaMechanism) -> bytes:
    """8.2.81. Raises EncodeError."""
    name = "Time Quota Mechanism"
    return bytes((small(value.type, 2, name),)) + uint_octets(value.base_time_interval, 4, name)


class AdditionalUsageReports(NamedTuple):
    """How many more usage reports will come; ``indication`` alone: some will (8.2.91)."""

    indication: bool
    number: int


def decode_additional_usage_reports(data: bytes) -> AdditionalUsageReports:
    """8.2.91. Raises DecodeError."""
    value = Reader(data).uint(2)
    return AdditionalUsageReports(value & 0x8000 != 0, value & 0x7FFF)


def encode_additional_usage_reports(value: AdditionalUsageReports) -> bytes:
    """8.2.91. Raises EncodeError."""
    number = small(value.number, 15, "Additional Usage Reports Information")
    return uint_octets(value.indication << 15 | number, 2, "Additional Usage Reports Information")


class FailedRuleId(NamedTuple):
    """The rule that could not be made or changed (8.2.80); ``type`` is a RuleType."""

    type: int
    identifier: int


_RULE_OCTETS = {0: 2, 1: 4, 2: 4, 3: 4, 4: 1, 5: 2, 6: 1}


def decode_failed_rule_id(data: bytes) -> FailedRuleId:
    """8.2.80. Raises DecodeError, also for a type whose length is not known."""
    reader = Reader(data)
    rule_type = reader.uint(1) & 0x1F
    count = _RULE_OCTETS.get(rule_type)
    if count is None:
        raise DecodeError("PFCP", 0, f"rule type {rule_type} is not known")
    return FailedRuleId(member(RuleType, rule_type), reader.uint(count))


def encode_failed_rule_id(value: FailedRuleId) -> bytes:
    """8.2.80. Raises EncodeError."""
    count = _RULE_OCTETS.get(value.type)
    if count is None:
        raise EncodeError("PFCP", "Failed Rule ID", f"rule type {value.type} is not known")
    return bytes((value.type,)) + uint_octets(value.identifier, count, "Failed Rule ID")


class OffendingIeInformation(NamedTuple):
    """An element that was wrong, and its value (8.2.185)."""

    type: int
    value: bytes


def decode_offending_ie_information(data: bytes) -> OffendingIeInformation:
    """8.2.185. Raises DecodeError."""
    reader = Reader(data)
    return OffendingIeInformation(reader.uint(2), reader.rest())


def encode_offending_ie_information(value: OffendingIeInformation) -> bytes:
    """8.2.185. Raises EncodeError."""
    return uint_octets(value.type, 2, "Offending IE Information") + value.value
