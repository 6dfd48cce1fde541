"""The two PDCP entities of a radio bearer, without I/O (TS 38.323, 5.2, 5.8 and 5.9).

A transmitter makes PDUs of SDUs, a receiver SDUs of PDUs: in order, each once, and none whose
integrity is not proven. Keys come and go with ``protection``; timers are the caller's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hmac import compare_digest

from makmal.protocol.errors import DecodeError
from makmal.protocol.pdcp.pdu import MAC_OCTETS, DataPdu, Plane, decode, header_octets

LAST_COUNT = (1 << 32) - 1
# COUNT and the octets that go in; the octets, or the 4 octets of MAC-I, that come out.
Cipher = Callable[[int, bytes], bytes]


@dataclass(frozen=True, slots=True)
class Protection:
    """What a bearer's PDUs of one direction are protected with; None where that is not active.

    ``mac`` gives the MAC-I over header and data, ``cipher`` enciphers or deciphers, each with the
    COUNT first. BEARER, DIRECTION and the key are theirs to know.
    """

    mac: Cipher | None = None
    cipher: Cipher | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """An SDU for the upper layer, with its COUNT."""

    count: int
    sdu: bytes


@dataclass(frozen=True, slots=True)
class IntegrityFailure:
    """A PDU whose MAC-I is wrong was discarded: the upper layer is told (5.9)."""

    count: int


@dataclass(frozen=True, slots=True)
class Replayed:
    """A PDU with a COUNT that had been received, or is too old, was discarded (5.2.2.1)."""

    count: int


Event = Delivery | IntegrityFailure | Replayed


@dataclass(slots=True)
class Transmitter:
    """``next_count`` is TX_NEXT. ``clear_octets``: the SDAP header, which is not ciphered."""

    plane: Plane
    sequence_bits: int = 12
    protection: Protection = field(default_factory=Protection)
    next_count: int = 0
    clear_octets: int = 0

    def send(self, sdu: bytes) -> bytes:
        """The PDU of the next COUNT. Raises OverflowError when there is none left (7.1)."""
        if self.next_count > LAST_COUNT:
            raise OverflowError("the COUNT of the radio bearer has come to its end")
        octets = self.protect(sdu, self.next_count)
        self.next_count += 1
        return octets

    def protect(self, sdu: bytes, count: int, mac: bytes | None = None) -> bytes:
        """The PDU of this COUNT, with this MAC-I in place of the right one if given."""
        number = count & (1 << self.sequence_bits) - 1
        pdu = DataPdu(self.plane, self.sequence_bits, number, sdu)
        if mac is None:
            if self.protection.mac is not None:
                mac = self.protection.mac(count, pdu.header + sdu)
            else:
                # 6.3.4: on an SRB the field is there even where it protects nothing.
                mac = bytes(MAC_OCTETS) if self.plane is Plane.SIGNALLING else b""
        body = sdu + mac
        cipher = self.protection.cipher
        if cipher is not None:
            # 5.8: the MAC-I is ciphered too, an SDAP header is not.
            clear = self.clear_octets
            body = body[:clear] + cipher(count, body[clear:])
        return pdu.header + body


@dataclass(slots=True)
class Receiver:
    """``next_count`` is RX_NEXT, ``deliver_count`` RX_DELIV, ``reordering_count`` RX_REORD.

    ``in_order`` is False where outOfOrderDelivery is configured. ``discards_failures``,
    ``discards_replays`` and ``accepts_missing_mac`` are there so that a test can have an entity
    that is not sound.
    """

    plane: Plane
    sequence_bits: int = 12
    protection: Protection = field(default_factory=Protection)
    clear_octets: int = 0
    in_order: bool = True
    discards_failures: bool = True
    discards_replays: bool = True
    accepts_missing_mac: bool = False
    next_count: int = 0
    deliver_count: int = 0
    reordering_count: int | None = None
    _held: dict[int, bytes] = field(default_factory=dict)
    # COUNTs above deliver_count that were received, held or already delivered.
    _received: set[int] = field(default_factory=set)

    @property
    def is_reordering(self) -> bool:
        """Whether t-Reordering should be running."""
        return self.reordering_count is not None

    def estimate(self, sequence_number: int) -> int:
        """RCVD_COUNT of a PDU with this sequence number (5.2.2.1); negative for a wrapped one."""
        bits = self.sequence_bits
        window = 1 << bits - 1
        high, low = self.deliver_count >> bits, self.deliver_count & (1 << bits) - 1
        if sequence_number < low - window:
            high += 1
        elif sequence_number >= low + window:
            high -= 1
        return (high << bits) + sequence_number

    def receive(self, octets: bytes) -> list[Event]:
        """What a data PDU leads to. Raises DecodeError for octets that are none."""
        pdu = decode(octets, self.plane, self.sequence_bits)
        if not isinstance(pdu, DataPdu):
            raise DecodeError("PDCP", 0, "a control PDU where data is expected")
        count = self.estimate(pdu.sequence_number)
        if not 0 <= count <= LAST_COUNT:
            return [Replayed(max(count, 0))]
        sdu, intact = self.open(pdu, octets, count)
        if not intact and self.discards_failures:
            return [IntegrityFailure(count)]
        if count < self.deliver_count or count in self._received:
            return [Replayed(count)] if self.discards_replays else [Delivery(count, sdu)]
        return self._store(count, sdu)

    def open(self, pdu: DataPdu, octets: bytes, count: int) -> tuple[bytes, bool]:
        """The SDU of a PDU for this COUNT, and whether its MAC-I is right."""
        body = pdu.payload
        cipher, mac = self.protection.cipher, self.protection.mac
        if cipher is not None:
            clear = self.clear_octets
            body = body[:clear] + cipher(count, body[clear:])
        if mac is None:
            return (body[:-MAC_OCTETS] if self.plane is Plane.SIGNALLING else body), True
        if len(body) < MAC_OCTETS:
            return body, self.accepts_missing_mac
        sdu, given = body[:-MAC_OCTETS], body[-MAC_OCTETS:]
        header = octets[: header_octets(self.sequence_bits)]
        if compare_digest(mac(count, header + sdu), given):
            return sdu, True
        if not self.accepts_missing_mac:
            return sdu, False
        # The fault. On an SRB the field is there, with zeros; on a DRB it is not.
        return (sdu, given == bytes(MAC_OCTETS)) if self.plane is Plane.SIGNALLING else (body, True)

    def _store(self, count: int, sdu: bytes) -> list[Event]:
        self._received.add(count)
        self.next_count = max(self.next_count, count + 1)
        found: list[Event] = []
        if self.in_order:
            self._held[count] = sdu
        else:
            found.append(Delivery(count, sdu))
        if count == self.deliver_count:
            found += self._deliver_from(count)
        if self.reordering_count is not None and self.deliver_count >= self.reordering_count:
            self.reordering_count = None
        if self.reordering_count is None and self.deliver_count < self.next_count:
            self.reordering_count = self.next_count
        return found

    def _deliver_from(self, count: int) -> list[Event]:
        """Everything consecutive from here on (5.2.2.1); RX_DELIV goes to the next one missing."""
        found: list[Event] = []
        while count in self._received:
            self._received.discard(count)
            held = self._held.pop(count, None)
            if held is not None:
                found.append(Delivery(count, held))
            count += 1
        self.deliver_count = count
        return found

    def reordering_expired(self) -> list[Event]:
        """t-Reordering has expired: what is held is delivered with the gap in it (5.2.2.2)."""
        limit = self.reordering_count
        if limit is None:
            return []
        found: list[Event] = []
        for count in sorted(each for each in self._received if each < limit):
            self._received.discard(count)
            held = self._held.pop(count, None)
            if held is not None:
                found.append(Delivery(count, held))
        found += self._deliver_from(limit)
        self.reordering_count = None
        if self.deliver_count < self.next_count:
            self.reordering_count = self.next_count
        return found
