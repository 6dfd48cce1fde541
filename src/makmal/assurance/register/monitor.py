"""Following a register: what it signed once, it must contain for ever (RFC 9162, 8.2).

A monitor keeps the last tree head that it saw. The next one must be consistent with it, shown by a
consistency proof from the register's tiles; then only the new entries are read.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from makmal.assurance.errors import AssuranceError
from makmal.assurance.register import merkle
from makmal.assurance.register.export import TileReader
from makmal.assurance.verification.verifier import (
    CHUNK,
    ENTRY,
    FORMAT,
    CannotVerifyError,
    Files,
    Findings,
    TreeHead,
    Trust,
    VerificationError,
    check_clock,
    check_consistency,
    check_inclusion,
    json_object,
    leaf_hash,
    open_sealed,
    read_tree_head,
    said,
)
from makmal.bench.manifest import json_octets, write_whole


@dataclass(frozen=True, slots=True)
class Followed:
    """What a monitor found: the checks, the head that it keeps, and what is new."""

    findings: Findings
    head: TreeHead | None
    events: tuple[Mapping[str, Any], ...]


def follow(files: Files, trust: Trust, now: datetime, before: TreeHead | None) -> Followed:
    """Look at a register again. Raises CannotVerifyError when it cannot be reached."""
    found = Findings(f"register in {files.place}")
    heads: list[TreeHead] = []
    events: list[Mapping[str, Any]] = []

    def head() -> str:
        try:
            octets = files.read("head.json")
        except FileNotFoundError:
            raise CannotVerifyError(f"{files.place} is no register: head.json is missing") from None
        read = read_tree_head(json_object(octets, "the tree head"), trust, "the tree head")
        check_clock(read.time, now, "the tree head")
        heads.append(read)
        return f"{read.size} entries, signed on {said(read.time)}"

    if not found.attempt("tree head", head):
        return Followed(found, None, ())
    current, node = heads[0], TileReader(files)
    if before is not None:

        def consistency() -> str:
            if before.log != current.log:
                raise VerificationError("the register has another key than it had before")
            proof: list[bytes] = []
            if before.size < current.size:
                proof = merkle.consistency_proof(before.size, current.size, node)
            check_consistency(before.size, before.root, current.size, current.root, proof)
            return f"it continues the {before.size} entries of {said(before.time)}"

        if not found.attempt("consistency", consistency):
            return Followed(found, None, ())

    def entries() -> str:
        first = 0 if before is None else before.size
        for index, line in _entries(files, first, current.size):
            proof = merkle.inclusion_proof(index, current.size, node)
            check_inclusion(index, current.size, leaf_hash(line), proof, current.root)
            name = f"entry {index}"
            sealed = open_sealed(json_object(line, name), ENTRY, trust, name)
            events.append({"index": index, "stamped": said(sealed.time), **sealed.predicate})
        return f"{len(events)} new entries, each of them included and signed"

    if not found.attempt("entries", entries):
        return Followed(found, None, tuple(events))
    return Followed(found, current, tuple(events))


def _entries(files: Files, first: int, last: int) -> Iterator[tuple[int, bytes]]:
    """Some of the entries, with their numbers."""
    for number in range(first // CHUNK, (last + CHUNK - 1) // CHUNK):
        name = f"entries/{number:06d}.jsonl"
        try:
            lines = files.read(name).splitlines()
        except FileNotFoundError:
            raise VerificationError(f"the register lacks {name}") from None
        for index in range(max(first, number * CHUNK), min(last, (number + 1) * CHUNK)):
            if index - number * CHUNK >= len(lines):
                raise VerificationError(
                    f"the register's {name} lacks entry {index}: it was cut off"
                )
            yield index, lines[index - number * CHUNK]


def read_state(path: Path, trust: Trust) -> TreeHead | None:
    """The head that a monitor kept. Raises AssuranceError."""
    if not path.exists():
        return None
    try:
        return read_tree_head(json_object(path.read_bytes(), str(path)), trust, str(path))
    except (OSError, VerificationError, CannotVerifyError) as error:
        raise AssuranceError(f"{path}: {error}; it is no tree head that was kept") from None


def write_state(path: Path, head: TreeHead) -> None:
    """Keep a head."""
    write_whole(path, json_octets(head_as_json(head)))


def head_as_json(head: TreeHead) -> dict[str, Any]:
    """A tree head as the register writes it."""
    return {
        "format": FORMAT,
        "log": head.log,
        "tree_size": head.size,
        "timestamp": head.time.isoformat(timespec="milliseconds"),
        "root_hash": b64encode(head.root).decode(),
        "signature": b64encode(head.signature).decode(),
    }
