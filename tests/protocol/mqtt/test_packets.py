"""MQTT 3.1.1: the standard's own examples, and any octets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makmal.protocol import mqtt
from makmal.protocol.errors import DecodeError
from makmal.protocol.mqtt.packet import Packet, PacketType, decode
from makmal.protocol.mqtt.packets import connack, read_subscribe, suback


@pytest.mark.parametrize(
    ("length", "encoded"),
    # MQTT 3.1.1, table 2.4: where another octet is needed.
    [(0, "00"), (127, "7f"), (128, "8001"), (16_383, "ff7f"), (16_384, "808001")],
)
def test_the_remaining_length_is_as_in_table_2_4(length: int, encoded: str) -> None:
    octets = Packet(PacketType.PUBLISH, 0, bytes(length)).encode()
    assert octets[1 : 1 + len(encoded) // 2].hex() == encoded
    assert decode(octets) == (Packet(PacketType.PUBLISH, 0, bytes(length)), len(octets))


def test_a_connect_is_as_in_figure_3_6() -> None:
    packet = mqtt.connect("a", "user", "secret")
    assert packet.body[:10].hex() == "00044d51545404c2003c"
    assert mqtt.read_connect(packet) == mqtt.Connect("a", "user", b"secret")
    assert mqtt.looks_like_mqtt(packet.encode())


def test_answers_are_read() -> None:
    assert mqtt.connect_return_code(connack(5)) == 5
    assert mqtt.suback_codes(suback(1, 0, 0x80)) == (0, 0x80)
    assert read_subscribe(mqtt.subscribe(7, "a/#", "b")) == (7, ("a/#", "b"))
    assert mqtt.publish_content(mqtt.publish("a/b", b"21.5")) == ("a/b", b"21.5")


@given(st.binary(max_size=64))
def test_any_octets_are_a_packet_or_the_one_error(octets: bytes) -> None:
    try:
        found = decode(octets)
        if found is None:
            return
        packet, length = found
        assert 2 <= length <= len(octets)
        for read in (mqtt.read_connect, mqtt.publish_content, read_subscribe):
            read(packet)
    except DecodeError as error:
        assert str(error)


@given(st.text(max_size=20), st.text(max_size=20), st.binary(max_size=40))
def test_what_is_written_is_read(identifier: str, user: str, password: bytes) -> None:
    packet, _ = decode(mqtt.connect(identifier, user, password).encode()) or (None, 0)
    assert packet is not None
    assert mqtt.read_connect(packet) == mqtt.Connect(identifier, user, password)
