"""Opening NAS messages: which context protects them, which COUNT they carry, what is inside.

Follows TS 24.501, 4.4, and TS 33.501, 6.4, as an observer: without keys the header is read, with
keys the MAC is checked and the message deciphered. Null ciphering needs no key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from makmal.protocol import nas
from makmal.protocol.errors import DecodeError
from makmal.security import keys
from makmal.security.nas_algorithms import Direction, cipher, integrity
from makmal.trace.user_equipment import Challenge, NasContext, UserEquipment

# TS 33.501, 6.4.2.2: BEARER is 1 for NAS over 3GPP access.
_BEARER_3GPP_ACCESS = 1
# How many uplink COUNT values are remembered to know a repeated message again: a whole round of
# the 8-bit sequence number.
_REMEMBERED = 256


class Reading(NamedTuple):
    """What the observer read of one NAS PDU; the fields are those of NasMessage."""

    outer: nas.SecurityProtected | nas.Message
    plain: nas.Message | None
    nas_count: int | None
    integrity_verified: bool | None


class NasKeySource(NamedTuple):
    """Candidates for the keys of a UE's new security context, the likeliest first."""

    k_amf: Callable[[UserEquipment], Iterable[bytes]]
    nas_keys: Callable[[UserEquipment], Iterable[tuple[bytes | None, bytes | None]]]


def read_nas(
    data: bytes, uplink: bool, user_equipment: UserEquipment, key_source: NasKeySource
) -> Reading:
    """Read one NAS PDU of a UE and bring the UE's security state up to date.

    Raises DecodeError when the octets are no NAS message.
    """
    outer = nas.decode_recent(data)
    if isinstance(outer, nas.Message):
        _note_plain(outer, uplink, user_equipment)
        return Reading(outer, outer, None, None)
    header_type = outer.security_header_type
    if header_type is nas.SecurityHeaderType.INTEGRITY_PROTECTED_WITH_NEW_5G_NAS_SECURITY_CONTEXT:
        return _security_mode_command(outer, uplink, user_equipment, key_source)
    if (
        header_type
        is nas.SecurityHeaderType.INTEGRITY_PROTECTED_AND_CIPHERED_WITH_NEW_5G_NAS_SECURITY_CONTEXT
    ):
        return _security_mode_complete(outer, uplink, user_equipment)
    context = user_equipment.current or user_equipment.pending
    ciphered = header_type is nas.SecurityHeaderType.INTEGRITY_PROTECTED_AND_CIPHERED
    reading = _open(outer, uplink, context, ciphered)
    if reading.plain is not None:
        _note_plain(reading.plain, uplink, user_equipment)
    return reading


def _note_plain(message: nas.Message, uplink: bool, user_equipment: UserEquipment) -> None:
    message_type = message.message_type
    if message_type == nas.MessageType.AUTHENTICATION_REQUEST and not uplink:
        rand = message.get(nas.ie.AUTHENTICATION_PARAMETER_RAND)
        autn = message.get(nas.ie.AUTHENTICATION_PARAMETER_AUTN)
        abba = message.get(nas.ie.ABBA)
        if rand and autn and abba is not None:
            user_equipment.challenge = Challenge(rand, autn, abba)
    elif message_type == nas.MessageType.REGISTRATION_REQUEST and uplink:
        capability = message.get(nas.ie.UE_SECURITY_CAPABILITY)
        if capability is not None:
            user_equipment.capability = capability


def _security_mode_command(
    outer: nas.SecurityProtected,
    uplink: bool,
    user_equipment: UserEquipment,
    key_source: NasKeySource,
) -> Reading:
    plain = _as_plain(outer)
    selected = None if plain is None else plain.get(nas.ie.SELECTED_NAS_SECURITY_ALGORITHMS)
    if plain is None or selected is None or uplink:
        return Reading(outer, plain, None, None)
    context = NasContext(selected)
    verified = _find_keys(context, outer, user_equipment, key_source)
    if context.downlink_count < 0:
        context.downlink_count = outer.sequence_number
    repeated = user_equipment.pending
    if repeated is not None and repeated.algorithms == selected and context.k_nas_int is None:
        # A retransmission of the command (TS 24.501, 5.4.2.7 b) starts no new context.
        context = repeated
        context.downlink_count = outer.sequence_number
    user_equipment.pending = context
    return Reading(outer, plain, context.downlink_count, verified)


def _find_keys(
    context: NasContext,
    outer: nas.SecurityProtected,
    user_equipment: UserEquipment,
    key_source: NasKeySource,
) -> bool | None:
    """Put the keys that verify the command into the context; None if there was none to try."""
    algorithms = context.algorithms
    tried = False
    current = user_equipment.current
    for k_amf in key_source.k_amf(user_equipment):
        tried = True
        k_nas_int = keys.k_nas_int(k_amf, algorithms.integrity)
        counts = [outer.sequence_number]
        if current is not None and current.k_amf == k_amf:
            # TS 24.501, 4.4.3.1: the COUNTs start again only with a new KAMF.
            counts.insert(0, _expected_count(current.downlink_count, outer.sequence_number))
        for count in counts:
            if _verifies(outer, algorithms.integrity, k_nas_int, count, Direction.DOWNLINK):
                context.k_amf = k_amf
                context.k_nas_int = k_nas_int
                context.k_nas_enc = keys.k_nas_enc(k_amf, algorithms.ciphering)
                context.downlink_count = count
                if current is not None and current.k_amf == k_amf:
                    context.uplink_count = current.uplink_count
                return None if algorithms.integrity == 0 else True
    for k_nas_enc, k_nas_int_given in key_source.nas_keys(user_equipment):
        if k_nas_int_given is None:
            context.k_nas_enc = k_nas_enc
            continue
        tried = True
        if _verifies(
            outer, algorithms.integrity, k_nas_int_given, outer.sequence_number, Direction.DOWNLINK
        ):
            context.k_nas_int, context.k_nas_enc = k_nas_int_given, k_nas_enc
            return None if algorithms.integrity == 0 else True
    return False if tried and algorithms.integrity != 0 else None


def _security_mode_complete(
    outer: nas.SecurityProtected, uplink: bool, user_equipment: UserEquipment
) -> Reading:
    pending = user_equipment.pending
    if pending is not None:
        reading = _open(outer, uplink, pending, ciphered=True)
        if reading.integrity_verified is not False:
            user_equipment.current, user_equipment.pending = pending, None
            user_equipment.secured = True
            return reading
    return _open(outer, uplink, user_equipment.current, ciphered=True)


def _open(
    outer: nas.SecurityProtected, uplink: bool, context: NasContext | None, ciphered: bool
) -> Reading:
    if context is None:
        return Reading(outer, _as_plain(outer) if not ciphered else _if_plain(outer), None, None)
    direction = Direction.UPLINK if uplink else Direction.DOWNLINK
    count, verified = _find_count(outer, context, direction)
    plain = None
    if not ciphered or context.algorithms.ciphering == 0:
        plain = _as_plain(outer)
    elif context.k_nas_enc is not None and verified is not False:
        payload = cipher(
            context.algorithms.ciphering,
            context.k_nas_enc,
            count,
            _BEARER_3GPP_ACCESS,
            direction,
            outer.payload,
        )
        plain = _decode_plain(payload)
    if verified is not False:
        _advance(outer, context, uplink, count)
    return Reading(outer, plain, count, verified)


def _find_count(
    outer: nas.SecurityProtected, context: NasContext, direction: Direction
) -> tuple[int, bool | None]:
    uplink = direction is Direction.UPLINK
    last = context.uplink_count if uplink else context.downlink_count
    expected = _expected_count(last, outer.sequence_number)
    repeated = context.recent_uplink.get(outer.sequence_number) if uplink else None
    if repeated == _fingerprint(outer):
        expected = _same_or_earlier(last, outer.sequence_number)
    algorithm = context.algorithms.integrity
    if context.k_nas_int is None or algorithm == 0:
        return expected, None
    for count in dict.fromkeys(
        (
            expected,
            _same_or_earlier(last, outer.sequence_number),
            (max(last, 0) & ~0xFF) + 0x100 + outer.sequence_number,
        )
    ):
        if _verifies(outer, algorithm, context.k_nas_int, count, direction):
            return count, True
    return expected, False


def _expected_count(last: int, sequence_number: int) -> int:
    """TS 24.501, 4.4.3.1: the overflow counter goes up when the sequence number wraps around.

    A number a little below the last one is a late or repeated message rather than a wrap: the
    receiver would have to lose almost a whole round of 256 for that.
    """
    if last < 0:
        return sequence_number
    count = (last & ~0xFF) | sequence_number
    if count <= last and last - count > 128:
        count += 0x100
    return count & 0xFFFFFF


def _same_or_earlier(last: int, sequence_number: int) -> int:
    count = (max(last, 0) & ~0xFF) | sequence_number
    return count - 0x100 if count > last and count >= 0x100 else count


def _advance(outer: nas.SecurityProtected, context: NasContext, uplink: bool, count: int) -> None:
    if uplink:
        context.uplink_count = max(context.uplink_count, count)
        context.recent_uplink[outer.sequence_number] = _fingerprint(outer)
    else:
        context.downlink_count = max(context.downlink_count, count)


def _fingerprint(outer: nas.SecurityProtected) -> bytes:
    # The MAC covers COUNT and content; the length guards against null integrity's constant MAC.
    return outer.message_authentication_code + outer.payload[:64]


def _verifies(
    outer: nas.SecurityProtected, algorithm: int, key: bytes, count: int, direction: Direction
) -> bool:
    if algorithm > 3:
        return False
    mac = integrity(algorithm, key, count, _BEARER_3GPP_ACCESS, direction, outer.protected_part)
    return mac == outer.message_authentication_code


def _as_plain(outer: nas.SecurityProtected) -> nas.Message | None:
    return _decode_plain(outer.payload)


def _if_plain(outer: nas.SecurityProtected) -> nas.Message | None:
    """The payload of a message whose algorithm the trace does not tell, if it is legible.

    Ciphered octets look like a plain header (7e 00 and a known type) once in some millions.
    """
    if outer.payload[:2] != b"\x7e\x00":
        return None
    message = _decode_plain(outer.payload)
    return message if message is not None and message.is_known else None


def _decode_plain(payload: bytes) -> nas.Message | None:
    try:
        message = nas.decode_recent(payload)
    except DecodeError:
        return None
    return message if isinstance(message, nas.Message) else None
