"""NAS messages inside others, and values that are written anew: octet by octet what came."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makmal.protocol import nas, ngap
from makmal.protocol.errors import DecodeError, EncodeError
from makmal.protocol.nas import ie
from makmal.trace.capture import open_capture
from makmal.trace.frame import SctpMessage
from makmal.trace.transport import Reassembler

from .conftest import CAPTURES, MESSAGES

NAMES = (
    "oai-registration-session.pcap",
    "open5gs-registration-sbi.pcap",
    "open5gs-smc-timeout.pcapng",
)
_PPID_NGAP = 60


def _nas_pdus(path: Path) -> Iterator[bytes]:
    """The NAS PDUs of a capture, those beside PDU sessions too."""
    reassembler = Reassembler()
    with open_capture(path) as capture:
        for frame in capture:
            for payload in reassembler.feed(frame):
                if not isinstance(payload, SctpMessage):
                    continue
                if payload.payload_protocol_id != _PPID_NGAP:
                    continue
                pdu = ngap.decode(payload.payload)
                yield from filter(None, (pdu.get(ngap.ie.NAS_PDU),))
                for key in (
                    ngap.ie.PDU_SESSION_RESOURCE_SETUP_LIST_SU_REQ,
                    ngap.ie.PDU_SESSION_RESOURCE_SETUP_LIST_CXT_REQ,
                ):
                    yield from (each.nas_pdu for each in pdu.get(key) or () if each.nas_pdu)


def nested(octets: bytes) -> Iterator[nas.Message]:
    """A message and all that it carries, as deep as it can be read without keys."""
    try:
        message = nas.decode(octets)
        plain = message.plain() if isinstance(message, nas.SecurityProtected) else message
    except DecodeError:
        return
    yield plain
    for key in (ie.NAS_MESSAGE_CONTAINER, ie.PAYLOAD_CONTAINER):
        inner = plain.get(key)
        if inner is not None:
            yield from nested(inner)


@pytest.mark.parametrize("name", NAMES)
def test_every_value_of_a_capture_gives_its_octets(
    name: str, parse_with_pycrate: Callable[[bytes], Any]
) -> None:
    path = CAPTURES / name
    if not path.exists():
        pytest.skip(f"the capture {name} is not here")
    pdus = list(_nas_pdus(path))
    assert pdus
    seen = 0
    for octets in pdus:
        assert nas.decode(octets).encode() == octets
        for message in nested(octets):
            seen += 1
            assert nas.decode(message.encode()) == message
            assert parse_with_pycrate(message.encode()).to_bytes() == message.encode()
            _check_elements(message)
    assert seen >= len(pdus) // 2


def _check_elements(message: nas.Message) -> None:
    for span in message.spans:
        if span.key is None or span.nibble is not None:
            continue
        octets = message.raw(span.key)
        try:
            value = message.get(span.key)
            again = span.key.encode(value)
        except DecodeError:
            # The UE of the OAI capture counts the length octet of a DNN label into the label.
            assert (span.key, octets) == (ie.DNN, b"\x04oai")
            continue
        # The three forms of a list of areas say the same, and we write one of them; the IMEISV of
        # the OAI capture has three digits, and calls their number even.
        if span.key not in (ie.TAI_LIST, ie.IMEISV):
            assert again == octets, span.key.name


def test_a_message_in_a_message_in_a_message_is_read() -> None:
    session = nas.build(nas.MessageType.PDU_SESSION_RELEASE_COMPLETE, pdu_session_id=5)
    transport = nas.build(
        nas.MessageType.UL_NAS_TRANSPORT,
        {ie.PAYLOAD_CONTAINER_TYPE: 1, ie.PAYLOAD_CONTAINER: session.encode()},
    )
    outer = nas.protected(2, bytes(4), 1, transport.encode())
    assert list(nested(outer.encode())) == [transport, session]
    assert dict(transport.items())["Payload container"] == session


INSERTED = st.binary(min_size=1, max_size=6)


@given(st.sampled_from(MESSAGES), st.data())
def test_real_messages_changed_anywhere(octets: bytes, data: st.DataObject) -> None:
    changed = bytearray(octets)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, max(len(changed) - 1, 0)))
        match data.draw(st.sampled_from(("flip", "insert", "delete", "cut"))):
            case "flip" if changed:
                changed[at] ^= 1 << data.draw(st.integers(0, 7))
            case "insert":
                changed[at:at] = data.draw(INSERTED)
            case "delete":
                del changed[at : at + data.draw(st.integers(1, 6))]
            case "cut":
                del changed[at:]
    sample = bytes(changed)
    for read in (nas.decode, lambda octets: list(nested(octets))):
        try:
            read(sample)
        except DecodeError as error:
            assert error.protocol == "NAS"
            assert 0 <= error.offset <= len(sample)
    try:
        message = nas.decode(sample)
        plain = message.plain() if isinstance(message, nas.SecurityProtected) else message
    except DecodeError:
        return
    assert message.encode() == sample
    list(plain.items())
    try:
        spans = plain.spans
    except DecodeError as error:
        assert 0 <= error.offset <= len(sample)
        return
    for span in spans:
        if span.key is not None:
            try:
                span.key.encode(plain.get(span.key))
            except DecodeError as error:
                assert 0 <= error.offset <= len(sample)
            except EncodeError as error:
                assert error.protocol == "NAS"
