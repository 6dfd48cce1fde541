"""Messages with parts flipped, put in, taken out or cut: a PDU, or the documented error."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from makmal.protocol import ngap
from makmal.protocol.errors import DecodeError
from makmal.protocol.ngap import ie

from .conftest import MESSAGES
from .samples import samples

SEEDS = [pdu.encode() for pdu in samples().values()] + MESSAGES


def _read_all(octets: bytes) -> None:
    try:
        pdu = ngap.decode(octets)
    except DecodeError as error:
        assert error.protocol == "NGAP"
        assert 0 <= error.offset <= len(octets)
        return
    assert pdu.encode() == octets
    assert pdu.name
    list(pdu.items())
    for element in pdu.elements:
        key: Any = ie.KEYS.get(element.identifier)
        if key is None:
            continue
        try:
            value = pdu.get(key)
        except DecodeError as error:
            assert error.protocol == "NGAP"
            assert 0 <= error.offset <= len(octets)
            continue
        assert key.decode(key.encode(value)) == value
        aper = ie.transfer_type(element.identifier)
        for item in value if aper is not None else ():
            try:
                opened = aper.decode(item.transfer)
            except DecodeError as error:
                assert 0 <= error.offset <= len(item.transfer)
                continue
            assert aper.decode(aper.encode(opened)) == opened


@given(st.sampled_from(SEEDS), st.data())
def test_messages_changed_anywhere(octets: bytes, data: st.DataObject) -> None:
    changed = bytearray(octets)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, max(len(changed) - 1, 0)))
        match data.draw(st.sampled_from(("flip", "insert", "delete", "cut"))):
            case "flip" if changed:
                changed[at] ^= 1 << data.draw(st.integers(0, 7))
            case "insert":
                changed[at:at] = data.draw(st.binary(min_size=1, max_size=6))
            case "delete":
                del changed[at : at + data.draw(st.integers(1, 6))]
            case "cut":
                del changed[at:]
    _read_all(bytes(changed))


@given(st.sampled_from(SEEDS), st.data())
def test_elements_changed_within_their_lengths(octets: bytes, data: st.DataObject) -> None:
    # The framing stays whole, so that the codecs of the elements are reached every time.
    pdu = ngap.decode(octets)
    entries = []
    for element in pdu.elements:
        value = bytearray(element.value)
        if value and data.draw(st.booleans()):
            value[data.draw(st.integers(0, len(value) - 1))] = data.draw(st.integers(0, 255))
        entries.append((element.identifier, element.criticality, bytes(value)))
    _read_all(ngap.build(pdu.kind, pdu.procedure_code, entries).encode())


@given(
    st.lists(
        st.tuples(st.integers(0, 65_535), st.integers(0, 2), st.binary(max_size=200)), max_size=6
    ),
    st.integers(0, 255),
    st.sampled_from(ngap.Kind),
)
def test_any_elements_are_kept(
    entries: list[tuple[int, int, bytes]], procedure_code: int, kind: ngap.Kind
) -> None:
    pdu = ngap.decode(ngap.build(kind, procedure_code, entries).encode())
    assert [tuple(element) for element in pdu.elements] == entries
    assert (pdu.kind, pdu.procedure_code) == (kind, procedure_code)
    assert len(list(pdu.items())) == len(entries)
    for identifier, _, octets in reversed(entries):
        first = next(value for number, _, value in entries if number == identifier)
        assert pdu.raw(identifier) == first
        assert octets in [element.value for element in pdu.elements]
    _read_all(pdu.encode())
