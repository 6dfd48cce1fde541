"""Mutated messages: real ones, damaged in the ways that break decoders.

    python tests/fuzz/mutation.py [--messages 1000000] [--seed 1]

Every message must decode, to its last element, or raise DecodeError with an offset within it.
Anything else is printed with the octets that bring it about, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from makmal.judges.audit import audit_judges
from makmal.judges.judge import Panel
from makmal.played.policy import OBSERVED
from makmal.played.recording import record
from makmal.protocol import gtpu, nas, ngap, pfcp, sbi, sctp, tls
from makmal.protocol.errors import DecodeError
from makmal.protocol.sbi import http1, multipart
from makmal.trace.capture import open_capture
from makmal.trace.describe import describe, plain_data
from makmal.trace.dissect import Dissector
from makmal.trace.frame import Frame
from makmal.trace.knowledge import Knowledge
from makmal.trace.message import GtpuMessage, NasMessage, NgapMessage, PfcpMessage, SbiMessage

CAPTURES = Path(__file__).parents[2].parent / "shared" / "captures"


@dataclass(frozen=True)
class Target:
    """A decoder and real messages for it."""

    name: str
    decode: Callable[[bytes], object]
    messages: tuple[bytes, ...]


def _read_all(decode: Callable[[bytes], object], octets: bytes) -> object:
    message = decode(octets)
    return plain_data(message)


def _read_ngap(octets: bytes) -> object:
    pdu = ngap.decode(octets)
    assert pdu.encode() == octets[: len(pdu.encode())]
    described = plain_data(pdu)
    for element in pdu.elements:
        key = ngap.ie.KEYS.get(element.identifier)
        if key is not None:
            pdu.get(key)
    return described


def _read_nas(octets: bytes) -> object:
    message = nas.decode(octets)
    assert message.encode() == octets
    described = plain_data(message)
    if isinstance(message, nas.SecurityProtected):
        # Ciphered octets are no message; those that begin like one are read.
        return _read_nas(message.payload) if message.payload[:2] == b"\x7e\0" else described
    for span in message.spans:
        if span.key is not None:
            message.get(span.key)
    return described


def _read_multipart(octets: bytes) -> object:
    boundary = octets[2:80].partition(b"\r\n")[0].decode("latin-1").replace('"', "")
    return multipart.decode(octets, f'multipart/related; boundary="{boundary}"')


def _observe(octets: bytes) -> object:
    observer = sbi.Observer()
    half = len(octets) // 2
    found = observer.feed("client", octets[:half])
    found += observer.feed("client", octets[half:], lost=bool(half % 2))
    return [(message.name, message.parts, message.bearer_token) for message in found]


def _frames() -> list[Frame]:
    frames = list(record(OBSERVED).frames)
    for path in sorted(CAPTURES.glob("o*.pcap*")):
        with open_capture(path) as capture:
            frames += capture
    return frames


def targets() -> list[Target]:
    """Every decoder with the messages of the captures and of the laboratory's own network."""
    found: dict[str, dict[bytes, None]] = {}

    def add(name: str, octets: bytes) -> None:
        found.setdefault(name, {}).setdefault(octets)

    dissector = Dissector()
    for frame in _frames():
        for message in dissector.feed(frame):
            if isinstance(message, NgapMessage):
                add("NGAP", message.pdu.encode())
            elif isinstance(message, NasMessage):
                add("NAS", message.outer.encode())
                if message.plain is not None:
                    add("NAS", message.plain.encode())
            elif isinstance(message, PfcpMessage):
                add("PFCP", message.pdu.encode())
            elif isinstance(message, GtpuMessage):
                add("GTP-U", message.payload)
            elif isinstance(message, SbiMessage):
                add("JSON", message.http.body)
                http = message.http
                if sbi.UNKNOWN not in str(http.headers) + http.name:
                    method, path = http.method or "GET", http.path or "/"
                    as_1_1 = replace(http, version="1.1", method=method, path=path)
                    add("HTTP/1.1", http1.encode(as_1_1))
                if message.http.parts:
                    add("multipart", message.http.body)
    for frame in _frames():
        data = frame.data
        if data[12:14] == b"\x08\x00" and data[23] == 132:
            add("SCTP", data[14 + (data[14] & 15) * 4 :])
        elif data[12:14] == b"\x08\x00" and data[23] == 6 and len(data) > 80:
            header = 14 + (data[14] & 15) * 4
            add("HTTP/2", data[header + (data[header + 12] >> 4) * 4 :])
    decoders: dict[str, Callable[[bytes], object]] = {
        "NGAP": _read_ngap,
        "NAS": _read_nas,
        "PFCP": partial(_read_all, pfcp.decode_all),
        "GTP-U": partial(_read_all, gtpu.decode),
        "SCTP": partial(_read_all, sctp.decode),
        "JSON": sbi.parse_json,
        "HTTP/1.1": http1.decode,
        "HTTP/2": _observe,
        "multipart": _read_multipart,
        "TLS": tls.read_hello,
    }
    hello = (
        bytes.fromhex("160301003a0100003603030000") + bytes(31) + bytes.fromhex("00000213010100")
    )
    found["TLS"] = {hello: None}
    return [Target(name, decode, tuple(found[name])) for name, decode in decoders.items()]


def mutate(chance: random.Random, octets: bytes) -> bytes:
    """One to four damages of a message."""
    data = bytearray(octets)
    for _ in range(chance.randrange(1, 5)):
        kind = chance.randrange(7)
        at = chance.randrange(len(data) + 1)
        if kind == 0 and at < len(data):
            data[at] ^= 1 << chance.randrange(8)
        elif kind == 1 and at < len(data):
            data[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
        elif kind == 2:
            del data[at : at + chance.randrange(1, 9)]
        elif kind == 3:
            data[at:at] = chance.randbytes(chance.randrange(1, 9))
        elif kind == 4:
            del data[at:]
        elif kind == 5:
            data[at : at + 2] = chance.randrange(65536).to_bytes(2, "big")
        else:
            start = chance.randrange(len(data) + 1)
            data[at:at] = data[start : start + chance.randrange(1, 33)]
    return bytes(data)


def failures(target: Target, chance: random.Random, count: int) -> Iterator[tuple[bytes, str]]:
    """Octets that do not decode, and what they bring about.

    That is empty for a DecodeError with an offset within them, as it should be.
    """
    for _ in range(count):
        octets = mutate(chance, chance.choice(target.messages))
        try:
            target.decode(octets)
        except DecodeError as error:
            in_range = 0 <= error.offset <= len(octets)
            yield octets, "" if in_range else f"offset {error.offset} of {len(octets)}: {error}"
        except Exception as error:
            yield octets, f"{type(error).__name__}: {error}"


def audit_mutated_frames(chance: random.Random, frames: list[Frame]) -> None:
    """Dissect, describe and judge frames that are damaged; raises whatever goes wrong."""
    dissector = Dissector()
    panel = Panel(audit_judges(Knowledge()))
    for frame in frames:
        if chance.random() < 0.3:
            frame = frame._replace(data=mutate(chance, frame.data))
        for message in dissector.feed(frame):
            panel.observe(message)
            describe(message)
    for message in dissector.finish():
        panel.observe(message)
    panel.verdicts()


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    every = targets()
    bad = 0
    for target in every:
        count = arguments.messages // len(every)
        start = time.perf_counter()
        refused = 0
        for octets, what in failures(target, chance, count):
            if not what:
                refused += 1
                continue
            bad += 1
            if bad <= 20:
                print(f"{target.name}: {what}\n  {octets.hex()}")
        seconds = time.perf_counter() - start
        print(f"{target.name:9} {count} mutated messages, {seconds:.1f} s, {refused} refused")
    frames = _frames()
    for _ in range(20):
        audit_mutated_frames(chance, frames)
    print(f"audit     {20 * len(frames)} frames, a third of them mutated")
    print("nothing but messages and DecodeErrors" if not bad else f"{bad} failures")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
