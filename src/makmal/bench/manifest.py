"""The manifest of an evidence directory: the SHA-256 of every file in it.

What the manifest does not name is not finished. It is replaced as a whole, last, so a run that is
killed at any moment leaves either the result with its hashes or no result.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path, PurePosixPath
from typing import Any

MANIFEST = "manifest.json"
# The laboratory's signature over all files, the manifest among them (makmal sign).
ATTESTATION = "attestation.json"
# A directory of this ending belongs to a test case that is not finished.
UNFINISHED = ".unfinished"
_TEMPORARY = ".temporary"
_HASH = re.compile(r"[0-9a-f]{64}")


class EvidenceError(Exception):
    """The evidence cannot be used or written: one sentence, with what to do."""


@dataclass(frozen=True, slots=True)
class Damage:
    """What is wrong with a file: "altered", "missing" or "added"."""

    kind: str
    file: str

    def __str__(self) -> str:
        return (
            f"{self.file} was {self.kind}" if self.kind != "missing" else f"{self.file} is missing"
        )


def write_whole(path: Path, octets: bytes) -> None:
    """Write a file so that after a crash it is there as a whole, or as it was before."""
    temporary = path.with_name(path.name + _TEMPORARY)
    with temporary.open("wb") as stream:
        stream.write(octets)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Bring what was renamed in a directory to the disk."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def json_octets(value: Any) -> bytes:
    """The one way in which evidence writes JSON."""
    return (json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True) + "\n").encode()


def hash_of(path: Path) -> str:
    """The SHA-256 of a file. Raises OSError."""
    with path.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


def write_manifest(directory: Path, files: Mapping[str, str]) -> None:
    """Replace the manifest. ``files`` are hashes by relative path."""
    write_whole(directory / MANIFEST, json_octets({"files": dict(files)}))


def read_manifest(directory: Path) -> dict[str, str]:
    """The hashes by relative path. Raises EvidenceError."""
    path = directory / MANIFEST
    try:
        octets = path.read_bytes()
    except FileNotFoundError:
        raise EvidenceError(
            f"{directory} holds no evidence: {MANIFEST} is missing; name a directory that makmal "
            "evaluate wrote with --evidence"
        ) from None
    except OSError as error:
        raise EvidenceError(f"{path}: {error.strerror or error}") from None
    try:
        files = json.loads(octets)["files"]
        sound = isinstance(files, dict) and all(map(_is_entry, files, files.values()))
        # Whatever was altered in it shows, even what means the same.
        sound = sound and json_octets({"files": files}) == octets
    except (ValueError, TypeError, KeyError, RecursionError):
        sound = False
    if not sound:
        raise EvidenceError(f"{path} was altered or damaged: it is no manifest that Makmal wrote")
    return dict(files)


def _is_entry(name: Any, value: Any) -> bool:
    if not isinstance(name, str) or not isinstance(value, str) or not _HASH.fullmatch(value):
        return False
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\0" not in name and bool(name)


def damages(directory: Path, files: Mapping[str, str]) -> tuple[Damage, ...]:
    """What differs from the manifest. Raises EvidenceError when a file cannot be read."""
    found: list[Damage] = []
    present = set(present_files(directory))
    for name, wanted in sorted(files.items()):
        path = directory / name
        if name not in present:
            found.append(Damage("missing", name))
            continue
        try:
            # Only a plain file is what was written: a link may lead anywhere.
            intact = path.is_file() and not path.is_symlink() and hash_of(path) == wanted
        except OSError as error:
            raise EvidenceError(f"{path}: {error.strerror or error}") from None
        if not intact:
            found.append(Damage("altered", name))
    found += [Damage("added", name) for name in sorted(present - set(files))]
    return tuple(found)


def present_files(directory: Path) -> Iterator[str]:
    """Every file of the evidence but the manifest and the signature over it, without what is not
    finished.
    """
    for where, directories, names in os.walk(directory):
        relative = Path(where).relative_to(directory)
        top = relative == Path()
        directories[:] = [
            each
            for each in sorted(directories)
            if not (top and each.endswith(UNFINISHED)) and not (Path(where) / each).is_symlink()
        ]
        for name in names:
            if not (top and name.removesuffix(_TEMPORARY) in (MANIFEST, ATTESTATION)):
                yield (relative / name).as_posix()
