"""Any octets: a message, or DecodeError with an offset within them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from makmal.protocol import nas
from makmal.protocol.errors import DecodeError

from .conftest import MESSAGES


def _read_all(octets: bytes) -> None:
    try:
        message = nas.decode(octets)
        assert message.encode() == octets
        dict(message.items())
        if isinstance(message, nas.SecurityProtected):
            dict(message.plain().items())
            return
        for span in message.spans:
            if span.key is not None:
                message.get(span.key)
    except DecodeError as error:
        assert error.protocol == "NAS"
        assert 0 <= error.offset <= len(octets)


@given(st.binary(max_size=200))
def test_any_octets(octets: bytes) -> None:
    _read_all(octets)


@given(st.sampled_from((b"\x7e\0", b"\x2e\x05\x01")), st.integers(0x41, 0xD9), st.binary())
def test_any_octets_after_a_header(header: bytes, message_type: int, octets: bytes) -> None:
    _read_all(header + bytes((message_type,)) + octets)


@given(st.sampled_from(MESSAGES), st.data())
def test_real_messages_with_an_octet_changed_and_the_end_cut(
    octets: bytes, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(octets) - 1))
    changed = octets[:at] + bytes((data.draw(st.integers(0, 255)),)) + octets[at + 1 :]
    _read_all(changed[: data.draw(st.integers(0, len(octets)))])
