"""The register as static files that any web server can host, and monitors follow.

    register.json              name and key of the register
    head.json, heads/N.json    the last signed tree head, and every one before
    entries/NNNNNN.jsonl       256 entries each, one a line, as they were hashed
    tiles/L/NNNNNN.bin         hashes of full subtrees of 256**L leaves, 256 in each file
    certificates/NUMBER.json   the certificates
    index.html                 for people

Files of full tiles and chunks never change; ``head.json`` is written last, so that it never
promises what is not there yet.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from makmal.assurance.errors import AssuranceError
from makmal.assurance.register.log import Register
from makmal.assurance.register.page import RegisteredCertificate, register_page
from makmal.assurance.verification.verifier import (
    CHUNK,
    FORMAT,
    STATUS_AFTER,
    Files,
    VerificationError,
    node_hash,
    read_statement,
)
from makmal.bench.manifest import json_octets, write_whole

# 2 ** 8 hashes make a tile.
TILE_HEIGHT = 8
_HASH = 32


def export(register: Register, directory: Path, name: str) -> int:
    """Write what changed; return how many files that were. Raises AssuranceError."""
    head = register.head()
    if head is None:
        raise AssuranceError("the register is empty: there is nothing to export yet")
    size = head["tree_size"]
    written = 0
    try:
        for place, octets in _files(register, size, head, name):
            written += _write_if_changed(directory / place, octets)
    except OSError as error:
        raise AssuranceError(f"{directory}: {error.strerror or error}") from None
    return written


def _files(
    register: Register, size: int, head: Mapping[str, Any], name: str
) -> Iterator[tuple[str, bytes]]:
    entries: list[bytes] = []
    number = 0
    latest: dict[str, Mapping[str, Any]] = {}
    for entry in register.entries(0, size):
        entries.append(entry)
        _note(latest, entry)
        if len(entries) == CHUNK:
            yield f"entries/{number:06d}.jsonl", _lines(entries)
            entries, number = [], number + 1
    if entries:
        yield f"entries/{number:06d}.jsonl", _lines(entries)
    yield from _tiles(register, size)
    certificates = dict(register.certificates())
    for certificate, document in certificates.items():
        yield f"certificates/{certificate}.json", json_octets(document)
    for each in register.heads():
        if each["tree_size"] <= size:
            stamp = datetime.fromisoformat(each["timestamp"]).astimezone(UTC)
            yield f"heads/{each['tree_size']:09d}-{stamp:%Y%m%dT%H%M%S%f}.json", json_octets(each)
    document = {"format": FORMAT, "name": name, "log": head["log"], "chunk": CHUNK}
    yield "register.json", json_octets({**document, "tile_height": TILE_HEIGHT})
    shown = [
        RegisteredCertificate(number, _predicate(certificates[number]), event)
        for number, event in latest.items()
        if number in certificates
    ]
    yield "index.html", register_page(name, head, shown).encode()
    yield "head.json", json_octets(head)


def _note(latest: dict[str, Mapping[str, Any]], entry: bytes) -> None:
    """Keep the last event of each certificate."""
    try:
        predicate = read_statement(json.loads(entry), "an entry")["predicate"]
    except (ValueError, VerificationError):
        return
    if predicate.get("event") in STATUS_AFTER:
        latest[str(predicate.get("certificate"))] = predicate


def _predicate(document: Mapping[str, Any]) -> Mapping[str, Any]:
    predicate: Mapping[str, Any] = read_statement(document, "a certificate")["predicate"]
    return predicate


def _lines(entries: list[bytes]) -> bytes:
    return b"".join(each + b"\n" for each in entries)


def _tiles(register: Register, size: int) -> Iterator[tuple[str, bytes]]:
    level = 0
    while (count := size >> level * TILE_HEIGHT) > 0:
        for number in range((count + CHUNK - 1) // CHUNK):
            first, last = number * CHUNK, min((number + 1) * CHUNK, count)
            hashes = register.node_row(level * TILE_HEIGHT, first, last)
            yield f"tiles/{level}/{number:06d}.bin", b"".join(hashes)
        level += 1


def _write_if_changed(path: Path, octets: bytes) -> bool:
    if path.is_file() and path.read_bytes() == octets:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, octets)
    return True


class TileReader:
    """The hashes of full subtrees, from exported tiles: what proofs are made of."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._tiles: dict[tuple[int, int], bytes] = {}

    def __call__(self, level: int, number: int) -> bytes:
        """The node. Raises VerificationError when the register lacks it."""
        tile_level, height = divmod(level, TILE_HEIGHT)
        first = number << height
        tile = self._tile(tile_level, first // CHUNK)
        place = first % CHUNK
        count = 1 << height
        hashes = [tile[at * _HASH : (at + 1) * _HASH] for at in range(place, place + count)]
        if len(hashes[-1]) != _HASH:
            raise VerificationError(f"the register's tile {tile_level}/{first // CHUNK} is cut off")
        while len(hashes) > 1:
            hashes = [node_hash(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2)]
        return hashes[0]

    def _tile(self, level: int, number: int) -> bytes:
        if (level, number) not in self._tiles:
            name = f"tiles/{level}/{number:06d}.bin"
            try:
                self._tiles[level, number] = self._files.read(name)
            except FileNotFoundError:
                raise VerificationError(f"the register lacks {name}") from None
        return self._tiles[level, number]
