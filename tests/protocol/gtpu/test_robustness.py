"""Any octets give a message or DecodeError, and peek agrees with decode."""

from __future__ import annotations

import time

from hypothesis import example, given
from hypothesis import strategies as st

from makmal.protocol import gtpu
from makmal.protocol.errors import DecodeError

TAILS = st.binary(max_size=60)


@st.composite
def near_messages(draw: st.DrawFn) -> bytes:
    """A header with a length that is right or nearly, and anything behind it."""
    flags = 0x30 | draw(st.integers(0, 15))
    kind = draw(st.sampled_from([1, 2, 16, 26, 31, 253, 254, 255]))
    tail = draw(TAILS)
    length = max(0, len(tail) + draw(st.sampled_from([0, 0, 0, -3, 1])))
    teid = draw(st.binary(min_size=4, max_size=4))
    return bytes((flags, kind)) + length.to_bytes(2, "big") + teid + tail


@given(st.binary(max_size=40) | near_messages())
@example(bytes.fromhex("34ff0008 00000000 00000085 01000000"))
def test_any_octets(data: bytes) -> None:
    peeked = outcome(lambda: gtpu.peek(data))
    message = outcome(lambda: gtpu.decode(data))
    if isinstance(peeked, DecodeError):
        assert isinstance(message, DecodeError)
        assert str(message) == str(peeked)
        assert 0 <= peeked.offset <= len(data)
        return
    assert isinstance(peeked, tuple)
    if isinstance(message, DecodeError):
        # Only the elements of a signalling message are read by decode and not by peek.
        assert peeked[0] in (1, 2, 26, 31, 253, 254)
        assert peeked[2] <= message.offset <= len(data)
        return
    assert isinstance(message, gtpu.Message)
    message_type, teid, start = peeked
    assert (message.message_type, message.teid) == (message_type, teid)
    assert message.encode() == data
    assert data[start : len(data) - len(message.trailing)] == message.payload
    list(message.items())
    repr(message)


def outcome(read: object) -> object:
    """What a reader gives, or the error it refuses with."""
    try:
        return read()  # type: ignore[operator]  # a function without arguments
    except DecodeError as refusal:
        return refusal


OPTIONAL = st.none() | st.integers(0, 255)


@given(
    st.integers(0, 2**32 - 1),
    TAILS,
    st.none() | st.integers(0, 65535),
    OPTIONAL,
    st.lists(
        st.tuples(
            st.integers(1, 255),
            st.integers(0, 4).flatmap(lambda n: st.binary(min_size=4 * n + 2, max_size=4 * n + 2)),
        ),
        max_size=4,
    ),
)
def test_any_message_comes_back(
    teid: int,
    payload: bytes,
    sequence_number: int | None,
    n_pdu_number: int | None,
    headers: list[tuple[int, bytes]],
) -> None:
    built = gtpu.build(
        255,
        teid,
        payload,
        sequence_number=sequence_number,
        n_pdu_number=n_pdu_number,
        extension_headers=headers,
    )
    message = gtpu.decode(built.encode())
    assert message == built
    assert message.teid == teid
    assert message.payload == payload
    assert message.sequence_number == sequence_number
    assert message.n_pdu_number == n_pdu_number
    assert list(message.extension_headers) == headers


@given(
    st.builds(
        gtpu.DlPduSessionInformation,
        st.integers(0, 63),
        st.booleans(),
        st.none() | st.integers(0, 7),
        st.none() | st.integers(0, 2**64 - 1),
        st.none() | st.integers(0, 2**24 - 1),
        st.none() | st.integers(0, 2**32 - 1),
    )
)
def test_downlink_information_comes_back(value: gtpu.DlPduSessionInformation) -> None:
    data = gtpu.encode_pdu_session_container(value)
    assert (len(data) + 2) % 4 == 0
    assert gtpu.decode_pdu_session_container(data) == value


@given(TAILS)
def test_any_container_that_can_be_read_comes_back(data: bytes) -> None:
    try:
        value = gtpu.decode_pdu_session_container(data)
    except DecodeError:
        return
    assert gtpu.decode_pdu_session_container(gtpu.encode_pdu_session_container(value)) == value


def test_peek_is_cheap_and_headers_are_linear() -> None:
    headers = bytes.fromhex("01000085") * 16_000 + bytes.fromhex("01000000")
    data = (
        bytes.fromhex("34ff")
        + (len(headers) + 4).to_bytes(2, "big")
        + bytes.fromhex("0000000100000085")
    )
    start = time.perf_counter()
    assert len(gtpu.decode(data + headers).extension_headers) == 16_001
    assert gtpu.peek(data + headers) == (255, 1, 12 + len(headers))
    assert time.perf_counter() - start < 1
