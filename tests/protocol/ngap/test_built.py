"""A message that was built is the one that its octets are decoded to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makmal.protocol.errors import DecodeError
from makmal.protocol.ngap import Kind, build, decode

ENTRIES = st.lists(
    st.tuples(
        st.integers(0, 0xFFFF),
        st.integers(0, 3),
        st.binary(max_size=300) | st.just(b"\x5a" * 20_000),
    ),
    max_size=5,
)


@given(st.sampled_from(list(Kind)), st.integers(0, 255), ENTRIES, st.integers(0, 2))
def test_a_built_message_is_what_its_octets_say(
    kind: Kind, procedure_code: int, entries: list[tuple[int, int, bytes]], criticality: int
) -> None:
    built = build(kind, procedure_code, entries, criticality)
    decoded = decode(built.encode())
    assert (built.kind, built.procedure_code, built.criticality) == (
        decoded.kind,
        decoded.procedure_code,
        decoded.criticality,
    )
    assert built.elements == decoded.elements
    assert [tuple(each) for each in built.elements] == entries
    assert built._positions == decoded._positions


@pytest.mark.parametrize(("kind", "criticality"), [(3, 0), (0, 3)])
def test_what_no_decoder_would_take_is_no_message(kind: int, criticality: int) -> None:
    with pytest.raises(DecodeError):
        build(kind, 21, [(27, 0, b"\0")], criticality)
