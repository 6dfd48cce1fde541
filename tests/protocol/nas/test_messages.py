"""Every message of TS 24.501: laid out as pycrate has it, and the same octets back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from makmal.protocol import nas
from makmal.protocol.element import InformationElement
from makmal.protocol.errors import DecodeError, EncodeError
from makmal.protocol.nas import ie
from makmal.protocol.nas.layout import LAYOUTS, Field, Format

from .conftest import MESSAGES

Parse = Callable[[bytes], Any]

# Release 17 elements that pycrate 0.8 has no place for in these messages. TS 24.501 Release 17,
# tables 8.2.6.1.1, 8.2.7.1.1, 8.3.3.1.1 and 8.3.8.1.1, has them.
NOT_IN_PYCRATE = {
    "N5GC indication",
    "PEIPS assistance information",
    "5GS additional request result",
    "Re-attempt indicator",
}


def _octets(field: Field) -> bytes:
    if field.format is Format.HALF:
        return b"\x01"
    if field.key is ie.SERVICE_LEVEL_AA_CONTAINER:
        return b"\x10\x01\x41"
    return bytes(range(1, (field.length or 4) + 1))


def _mandatory(message_type: int) -> dict[InformationElement[Any], bytes]:
    return {
        field.key: _octets(field)
        for field in LAYOUTS[message_type].mandatory
        if field.key is not ie.SPARE_HALF_OCTET
    }


def _build(message_type: int, elements: dict[InformationElement[Any], Any]) -> nas.Message:
    return nas.build(message_type, elements, pdu_session_id=5, procedure_transaction_identity=1)


@pytest.mark.parametrize("octets", MESSAGES, ids=range(len(MESSAGES)))
def test_messages_of_captures_come_back_octet_by_octet(octets: bytes) -> None:
    message = nas.decode(octets)
    assert message.encode() == octets
    if isinstance(message, nas.SecurityProtected):
        again = nas.protected(
            message.security_header_type,
            message.message_authentication_code,
            message.sequence_number,
            message.payload,
        )
        assert again.encode() == octets
        return
    elements = {span.key: message.raw(span.key) for span in message.spans if span.key is not None}
    elements.pop(ie.SPARE_HALF_OCTET, None)
    rebuilt = nas.build(
        message.message_type,
        elements,
        pdu_session_id=message.pdu_session_id or 0,
        procedure_transaction_identity=message.procedure_transaction_identity or 0,
    )
    assert sorted(rebuilt.encode()) == sorted(octets)
    for span in message.spans:
        if span.key is None or span.key is ie.SPARE_HALF_OCTET:
            continue
        try:
            value = message.get(span.key)
        except DecodeError as error:
            # The one malformed element: the UE of the OAI capture counts the length octet of a
            # DNN label into the label.
            assert error.reason == "a label runs past the end of the DNN"
            continue
        if span.nibble is not None or span.key.encode(value) == message.raw(span.key):
            continue
        # A list of tracking areas has three forms (TS 24.501, 9.11.3.9), of which we write one. And
        # the UE of the OAI capture calls a number of three digits an even one.
        assert span.key.name in {"TAI list", "IMEISV"}
        assert span.key.decode(span.key.encode(value)) == value


def test_messages_of_captures_read_the_same_in_pycrate(parse_with_pycrate: Parse) -> None:
    for octets in MESSAGES:
        message = nas.decode(octets)
        if isinstance(message, nas.Message):
            theirs = parse_with_pycrate(octets)
            assert theirs.to_bytes() == octets
            assert theirs[0]["Type"].get_val() == message.message_type
            elements = [span for span in message.spans if span.key is not ie.SPARE_HALF_OCTET]
            assert len(_present(theirs)) == len(elements)


def _present(message: Any) -> list[Any]:
    """The elements that pycrate found, without the header and the spare half octets."""
    elements = [each for each in message if not each.get_trans()]
    return [each for each in elements[1:] if each._name != "spare"]


@pytest.mark.parametrize("message_type", LAYOUTS, ids=lambda kind: nas.MessageType(kind).name)
def test_every_element_of_every_message_is_where_pycrate_has_it(
    message_type: int, parse_with_pycrate: Parse
) -> None:
    mandatory = _mandatory(message_type)
    message = _build(message_type, dict(mandatory))
    assert message.message_type == message_type
    assert message.is_known
    theirs = parse_with_pycrate(message.encode())
    assert theirs.to_bytes() == message.encode()
    assert len(_present(theirs)) == len(mandatory)
    for field in LAYOUTS[message_type].optional.values():
        octets = _octets(field)
        message = _build(message_type, {**mandatory, field.key: octets})
        assert message.raw(field.key) == octets
        assert message.unknown == ()
        if field.key.name in NOT_IN_PYCRATE:
            continue
        theirs = parse_with_pycrate(message.encode())
        assert theirs.to_bytes() == message.encode(), field.key.name
        element = _present(theirs)[-1]
        assert len(_present(theirs)) == len(mandatory) + 1, field.key.name
        if field.format is not Format.HALF:
            assert element.to_bytes().endswith(octets), field.key.name


@pytest.mark.parametrize("message_type", LAYOUTS, ids=lambda kind: nas.MessageType(kind).name)
def test_all_elements_together_and_unknown_ones_between(message_type: int) -> None:
    layout = LAYOUTS[message_type]
    elements = _mandatory(message_type)
    elements.update({field.key: _octets(field) for field in layout.optional.values()})
    message = _build(message_type, dict(elements))
    for key, octets in elements.items():
        assert message.raw(key) == octets, key.name
    unknown = next(n for n in range(1, 0x70) if n not in layout.optional)
    longer = next(n for n in range(0x70, 0x80) if n not in layout.optional)
    appended = bytes((unknown, 2, 0xAA, 0xBB, longer, 0, 1, 0xCC))
    with_unknown = nas.decode(message.encode() + appended)
    assert isinstance(with_unknown, nas.Message)
    assert with_unknown.unknown == ((unknown, b"\xaa\xbb"), (longer, b"\xcc"))
    assert with_unknown.encode() == message.encode() + appended
    assert dict(with_unknown.items())


def test_a_message_type_that_nobody_knows_is_kept() -> None:
    message = nas.decode(bytes.fromhex("7e00ff1234"))
    assert isinstance(message, nas.Message)
    assert not message.is_known
    assert message.name == "Unknown message type 0xff"
    assert message.encode() == bytes.fromhex("7e00ff1234")


@pytest.mark.parametrize("header", [h for h in nas.SecurityHeaderType if h])
def test_every_security_header(header: nas.SecurityHeaderType, parse_with_pycrate: Parse) -> None:
    inner = nas.build(nas.MessageType.REGISTRATION_COMPLETE).encode()
    message = nas.protected(header, b"\x01\x02\x03\x04", 0x1FF, inner)
    assert message.sequence_number == 0xFF
    assert message.message_authentication_code == b"\x01\x02\x03\x04"
    assert message.protected_part == b"\xff" + inner
    assert message.plain().name == "Registration complete"
    assert nas.decode(message.encode()) == message
    theirs = parse_with_pycrate(message.encode())
    assert theirs["5GMMHeaderSec"]["SecHdr"].get_val() == header
    assert theirs["MAC"].get_val() == b"\x01\x02\x03\x04"
    assert theirs["Seqn"].get_val() == 0xFF


@pytest.mark.parametrize(
    ("octets", "offset", "reason"),
    [
        ("", 0, "3 octets at least"),
        ("7e", 1, "3 octets at least"),
        ("2e0101", 3, "4 octets at least"),
        ("7f0041", 0, "no extended protocol discriminator"),
        ("7e0f41", 1, "reserved"),
        ("7e020102030405", 7, "8 octets at least"),
    ],
)
def test_what_is_no_nas_message(octets: str, offset: int, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason) as raised:
        nas.decode(bytes.fromhex(octets))
    assert raised.value.offset == offset
    assert raised.value.protocol == "NAS"


def test_building_says_what_is_missing_or_too_much() -> None:
    with pytest.raises(EncodeError, match="is missing in Registration reject"):
        nas.build(nas.MessageType.REGISTRATION_REJECT)
    with pytest.raises(EncodeError, match="has no such element"):
        nas.build(nas.MessageType.REGISTRATION_COMPLETE, {ie.FIVE_GMM_CAUSE: 3})
    with pytest.raises(EncodeError, match="255 octets"):
        nas.build(
            nas.MessageType.AUTHENTICATION_FAILURE,
            {
                ie.FIVE_GMM_CAUSE: 3,
                ie.AUTHENTICATION_FAILURE_PARAMETER: bytes(256),
            },
        )


def test_an_element_that_runs_past_the_end_names_its_octet() -> None:
    message = nas.decode(bytes.fromhex("7e005c000d01"))
    with pytest.raises(DecodeError, match="runs past the end") as raised:
        assert message.get(ie.MOBILE_IDENTITY)
    assert raised.value.offset == 3
