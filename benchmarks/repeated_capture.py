"""A large capture made of a small one, each repetition with identities of its own.

Addresses, SUPIs and 5G-TMSIs are replaced octet for octet wherever they stand, in binary and in
text, so that every repetition is another network with another subscriber, and the frames keep their
lengths. Without a shared capture the laboratory's own network is repeated instead.
"""

from __future__ import annotations

import re
from pathlib import Path

from makmal.played.policy import OBSERVED
from makmal.played.recording import record
from makmal.protocol import nas
from makmal.trace.capture import open_capture
from makmal.trace.dissect import Dissector
from makmal.trace.frame import Frame
from makmal.trace.pcapng import Writer

SHARED = Path(__file__).parents[2] / "shared" / "captures" / "oai-registration-session.pcap"
# 10.100 to 10.255: as many characters as the addresses of the shared capture have.
_SPAN = 156
_PAUSE_NS = 1_000_000_000


def source_frames() -> tuple[str, list[Frame]]:
    """The capture to repeat, and its name."""
    if SHARED.exists():
        with open_capture(SHARED) as capture:
            return SHARED.name, list(capture)
    return "the laboratory's own network", record(OBSERVED).frames


def write_repeated(path: Path, frames: list[Frame], repetitions: int) -> int:
    """Write the repetitions to ``path``; how many frames that are."""
    identities = _identities(frames)
    duration = frames[-1].time_ns - frames[0].time_ns + _PAUSE_NS
    with path.open("wb") as stream:
        writer = Writer(stream)
        for number in range(repetitions):
            replace = _replacement(identities, number)
            for frame in frames:
                writer.write(
                    frame._replace(
                        data=replace(frame.data), time_ns=frame.time_ns + number * duration
                    )
                )
    return len(frames) * repetitions


def _identities(frames: list[Frame]) -> tuple[set[bytes], set[str], set[int]]:
    """What has to differ: IPv4 networks (three octets), SUPIs, 5G-TMSIs."""
    networks, supis, tmsis = set(), set(), set()
    dissector = Dissector()
    for frame in frames:
        for message in dissector.feed(frame):
            for end in (message.source, message.destination):
                octets = bytes(int(part) for part in end.address.split("."))
                networks.add(octets[:3])
            user_equipment = getattr(message, "user_equipment", None)
            if user_equipment is None:
                continue
            if user_equipment.supi is not None:
                supis.add(user_equipment.supi.removeprefix("imsi-"))
            if user_equipment.guti is not None:
                tmsis.add(user_equipment.guti.tmsi)
    return networks, supis, tmsis


def _replacement(identities: tuple[set[bytes], set[str], set[int]], number: int):
    networks, supis, tmsis = identities
    table: dict[bytes, bytes] = {}
    for index, network in enumerate(sorted(networks)):
        high, low = divmod(number * len(networks) + index, _SPAN)
        octets = bytes((10, 100 + high, 100 + low))
        table[network] = octets
        text = ".".join(map(str, network)) + "."
        replacement = ".".join(map(str, octets)) + "."
        if len(text) == len(replacement):
            table[text.encode()] = replacement.encode()
    for index, supi in enumerate(sorted(supis)):
        other = f"{supi[:5]}{number * len(supis) + index + 1:0{len(supi) - 5}d}"
        table[supi.encode()] = other.encode()
        table[nas.null_scheme_suci(supi).scheme_output] = nas.null_scheme_suci(other).scheme_output
    for index, tmsi in enumerate(sorted(tmsis)):
        other_tmsi = 0x10000000 + number * len(tmsis) + index
        table[tmsi.to_bytes(4, "big")] = other_tmsi.to_bytes(4, "big")
    pattern = re.compile(b"|".join(re.escape(key) for key in sorted(table, key=len, reverse=True)))

    def replace(data: bytes) -> bytes:
        return pattern.sub(lambda match: table[match[0]], data)

    return replace
