"""SCTP associations over paths that lose, repeat, reorder and damage packets, in simulated time."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makmal.protocol import sctp
from makmal.protocol.sctp.association import (
    Association,
    Closed,
    Established,
    Event,
    MessageReceived,
    State,
)
from makmal.protocol.sctp.listener import Listener

Path = Callable[[bytes], list[bytes]]


def intact(packet: bytes) -> list[bytes]:
    return [packet]


class Pair:
    """Two ends in simulated time. ``there`` and ``back`` are what the path makes of a packet."""

    def __init__(self, there: Path = intact, back: Path = intact, seed: int = 1) -> None:
        self.now = 0.0
        self.paths = {"client": there, "server": back}
        numbers = random.Random(seed)
        self.listener = Listener(38412, numbers.randbytes)
        self.client = Association(40000, 38412, 0x11111111, 0xFFFFFFF0)
        self.server: Association | None = None
        self.events: dict[str, list[Event]] = {"client": [], "server": []}
        self.packets: list[bytes] = []
        self.in_flight: list[tuple[str, bytes]] = []
        self.client.connect(self.now)
        self.collect()

    def collect(self) -> None:
        ends = (("client", self.client), ("server", self.server))
        for name, end in ends:
            for packet in () if end is None else end.packets_to_send(self.now):
                self.fly(name, packet)

    def fly(self, name: str, packet: bytes) -> None:
        self.packets.append(packet)
        self.in_flight += [(name, each) for each in self.paths[name](packet)]

    def step(self) -> bool:
        if not self.in_flight:
            timers = [
                end.next_timer
                for end in (self.client, self.server)
                if end is not None and end.next_timer is not None
            ]
            if not timers:
                return False
            self.now = max(self.now, min(timers))
            self.events["client"] += self.client.handle_timer(self.now)
            if self.server is not None:
                self.events["server"] += self.server.handle_timer(self.now)
            self.collect()
            return True
        self.now += 0.001
        name, packet = self.in_flight.pop(0)
        if name == "server":
            self.events["client"] += self.client.receive_packet(packet, self.now)
        elif self.server is not None:
            self.events["server"] += self.server.receive_packet(packet, self.now)
        else:
            made = self.listener.receive_packet(packet, self.now, b"client")
            if isinstance(made, bytes):
                self.fly("server", made)
            elif made is not None:
                self.server, events = made
                self.events["server"] += events
        self.collect()
        return True

    def run(self, most: int = 20_000) -> None:
        for _ in range(most):
            if not self.step():
                return
        raise AssertionError("the two ends do not come to rest")

    def messages(self, name: str) -> list[bytes]:
        return [each.payload for each in self.events[name] if isinstance(each, MessageReceived)]


def established() -> Pair:
    pair = Pair()
    pair.run()
    assert pair.client.state is State.ESTABLISHED
    assert pair.server is not None
    assert pair.server.state is State.ESTABLISHED
    return pair


def test_the_handshake_is_of_four_packets() -> None:
    pair = established()
    kinds = [sctp.decode(packet).chunks[0].chunk_type for packet in pair.packets]
    assert kinds == [
        sctp.ChunkType.INIT,
        sctp.ChunkType.INIT_ACK,
        sctp.ChunkType.COOKIE_ECHO,
        sctp.ChunkType.COOKIE_ACK,
    ]
    assert pair.events == {"client": [Established()], "server": [Established()]}


def test_every_packet_is_one_to_the_codec() -> None:
    pair = established()
    pair.client.send(b"x" * 5000, 1, 60)
    pair.collect()
    pair.run()
    pair.client.close(pair.now)
    pair.collect()
    pair.run()
    for packet in pair.packets:
        assert sctp.encode(sctp.decode(packet)) == packet
        assert sctp.decode(packet).has_right_checksum


@pytest.mark.parametrize("size", [1, 3, 4, 1399, 1400, 1401, 2800, 100_000])
def test_messages_of_every_size(size: int) -> None:
    pair = established()
    payload = random.Random(size).randbytes(size)
    pair.client.send(payload, 3, 60)
    pair.collect()
    pair.run()
    (message,) = [each for each in pair.events["server"] if isinstance(each, MessageReceived)]
    assert message == MessageReceived(payload, 3, 60)


def _spoiled(numbers: random.Random, loss: float) -> Path:
    held: list[bytes] = []

    def path(packet: bytes) -> list[bytes]:
        what = numbers.random()
        if what < loss:
            return []
        if what < loss + 0.1:
            return [packet, packet]
        if what < loss + 0.2:
            held.append(packet)
            return []
        if what < loss + 0.25:
            at = numbers.randrange(len(packet))
            return [packet[:at] + bytes((packet[at] ^ 0x55,)) + packet[at + 1 :]]
        late, held[:] = list(held), []
        return [packet, *late]

    return path


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 0.3), st.integers(1, 60), st.booleans())
def test_every_message_once_and_in_order_of_its_stream(
    seed: int, loss: float, count: int, unordered: bool
) -> None:
    numbers = random.Random(seed)
    pair = established()
    pair.paths = {"client": _spoiled(numbers, loss), "server": _spoiled(numbers, loss)}
    sent: dict[str, list[tuple[int, bytes]]] = {"client": [], "server": []}
    assert pair.server is not None
    for number in range(count):
        for name, end in (("client", pair.client), ("server", pair.server)):
            stream = numbers.randrange(3)
            payload = number.to_bytes(4, "big") + bytes(numbers.choice((0, 10, 3000)))
            end.send(payload, stream, 60, unordered)
            sent[name].append((stream, payload))
        if numbers.random() < 0.5:
            pair.collect()
            for _ in range(numbers.randrange(6)):
                pair.step()
    pair.collect()
    pair.run(200_000)
    if any(isinstance(each, Closed) for events in pair.events.values() for each in events):
        # Eight losses of everything in a row end an association, as they should.
        assert loss > 0.1
        return
    for name, other in (("client", "server"), ("server", "client")):
        came = [
            (each.stream_id, each.payload)
            for each in pair.events[other]
            if isinstance(each, MessageReceived)
        ]
        assert sorted(came) == sorted(sent[name])
        if not unordered:
            for stream in range(3):
                assert [each for each in came if each[0] == stream] == [
                    each for each in sent[name] if each[0] == stream
                ]


@pytest.mark.parametrize("lost", range(4))
def test_a_handshake_packet_that_is_lost_is_made_good(lost: int) -> None:
    seen = 0

    def path(packet: bytes) -> list[bytes]:
        nonlocal seen
        seen += 1
        return [] if seen - 1 == lost else [packet]

    pair = Pair(path, path)
    pair.run()
    assert pair.client.state is State.ESTABLISHED


def test_nobody_there() -> None:
    pair = Pair(there=lambda packet: [])
    pair.run()
    assert pair.events["client"] == [Closed("no answer to INIT")]
    assert pair.now > 10


def test_a_peer_that_falls_silent() -> None:
    pair = established()
    pair.paths["client"] = lambda packet: []
    pair.client.send(b"hello")
    pair.collect()
    pair.run()
    assert pair.events["client"][-1] == Closed("the peer acknowledges nothing any more")


def test_an_end_in_order_waits_for_what_is_under_way() -> None:
    pair = established()
    pair.client.send(b"last words", 0, 60)
    pair.client.close(pair.now)
    pair.collect()
    pair.run()
    assert pair.messages("server") == [b"last words"]
    assert pair.events["client"][-1] == Closed("the association was ended in order")
    assert pair.events["server"][-1] == Closed("the peer ended the association")


def test_an_abort_is_told_with_its_cause() -> None:
    pair = established()
    pair.client.abort()
    pair.collect()
    pair.run()
    assert pair.events["server"][-1] == Closed("the peer sent ABORT")


def test_a_heartbeat_comes_back_as_it_is() -> None:
    pair = established()
    assert pair.server is not None
    information = bytes((0, 1, 0, 8)) + b"time"
    packet = sctp.encode(
        sctp.Packet(
            40000, 38412, pair.server.tag, (sctp.Unread(sctp.ChunkType.HEARTBEAT, information),)
        )
    )
    pair.server.receive_packet(packet, pair.now)
    (answer,) = pair.server.packets_to_send(pair.now)
    (chunk,) = sctp.decode(answer).chunks
    assert (chunk.chunk_type, chunk.body()) == (sctp.ChunkType.HEARTBEAT_ACK, information)


def test_a_cookie_of_another_address_or_time_opens_nothing() -> None:
    listener = Listener(38412, random.Random(1).randbytes)
    client = Association(40000, 38412, 1, 1)
    client.connect(0)
    (init,) = client.packets_to_send(0)
    answer = listener.receive_packet(init, 0, b"there")
    assert isinstance(answer, bytes)
    client.receive_packet(answer, 0)
    (echo,) = client.packets_to_send(0)
    assert listener.receive_packet(echo, 0, b"elsewhere") is None
    assert listener.receive_packet(echo, 61, b"there") is None
    for at in range(16, len(echo)):
        damaged = echo[:at] + bytes((echo[at] ^ 1,)) + echo[at + 1 :]
        assert listener.receive_packet(_with_checksum(damaged), 0, b"there") is None or at > 82
    assert listener.receive_packet(echo, 0, b"there") is not None


def _with_checksum(packet: bytes) -> bytes:
    return packet[:8] + sctp.packet.checksum(packet).to_bytes(4, "big") + packet[12:]


def test_a_packet_out_of_the_blue_is_answered_with_abort() -> None:
    listener = Listener(38412, random.Random(1).randbytes)
    packet = sctp.encode(sctp.Packet(40000, 38412, 77, (sctp.Data(1, 0, 0, 60, b"x", 3),)))
    answer = listener.receive_packet(packet, 0, b"there")
    assert isinstance(answer, bytes)
    decoded = sctp.decode(answer)
    assert (decoded.verification_tag, decoded.chunks[0].chunk_type) == (77, sctp.ChunkType.ABORT)


@given(st.binary(max_size=120), st.booleans())
def test_any_octets_raise_nothing(octets: bytes, valid: bool) -> None:
    pair = established()
    assert pair.server is not None
    head = b"\x9c\x40\x96\x0c" + pair.server.tag.to_bytes(4, "big") + bytes(4)
    packet = head + octets + bytes(-len(octets) % 4)
    packet = _with_checksum(packet) if valid else packet
    pair.server.receive_packet(packet, pair.now)
    pair.listener.receive_packet(packet, pair.now, b"")
    pair.server.packets_to_send(pair.now)


def test_acknowledgements_travel_with_answers() -> None:
    pair = established()
    before = len(pair.packets)
    for _ in range(10):
        pair.client.send(b"question", 0, 60)
        pair.collect()
        pair.step()
        assert pair.server is not None
        pair.server.send(b"answer", 0, 60)
        pair.collect()
        pair.step()
    # Two packets for each exchange, and the last acknowledgement.
    pair.run()
    assert len(pair.packets) - before <= 22
