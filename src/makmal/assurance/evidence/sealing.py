"""Signing evidence and reports, and packing them into one file."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from makmal.assurance.errors import AssuranceError
from makmal.assurance.evidence.bundle import Bundle
from makmal.assurance.signing.sealing import Seal
from makmal.assurance.verification.verifier import ATTESTATION, EVIDENCE, REPORT, subjects_digest
from makmal.bench.manifest import json_octets, write_whole

# Zip files have no earlier time than this; the same evidence gives the same octets.
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def evidence_digest(bundle: Bundle) -> str:
    """What a certificate knows the evidence by."""
    return subjects_digest(bundle.files)


def seal_evidence(bundle: Bundle, seal: Seal, laboratory: str, operator: str) -> dict[str, Any]:
    """Sign evidence: attestation.json is written beside the manifest. Raises AssuranceError."""
    campaign = bundle.campaign
    environment = ("makmal", "catalogue", "python", "machine", "environment", "world")
    predicate = {
        "laboratory": laboratory,
        "operator": operator,
        "product": dict(bundle.product),
        "target": campaign["target"],
        "begun": bundle.begun,
        "ended": bundle.ended,
        **{key: campaign[key] for key in environment if key in campaign},
        "declarations": campaign["declarations"],
        "verdicts": bundle.verdicts,
        "summary": bundle.summary,
    }
    document = seal.statement(EVIDENCE, bundle.files, predicate)
    _write(bundle.directory, document)
    return document


def seal_report(directory: Path, seal: Seal, predicate: Mapping[str, Any]) -> dict[str, Any]:
    """Sign every file of a report. Raises AssuranceError."""
    subjects = {
        path.relative_to(directory).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and path.name != ATTESTATION
    }
    document = seal.statement(REPORT, subjects, predicate)
    _write(directory, document)
    return document


def _write(directory: Path, document: Mapping[str, Any]) -> None:
    try:
        write_whole(directory / ATTESTATION, json_octets(document))
    except OSError as error:
        raise AssuranceError(f"{directory}: {error.strerror or error}") from None


def pack(directory: Path, archive: Path) -> None:
    """One zip file of a directory; the same octets for the same files. Raises AssuranceError."""
    temporary = archive.with_name(archive.name + ".temporary")
    try:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as out:
            for path in sorted(each for each in directory.rglob("*") if each.is_file()):
                info = zipfile.ZipInfo(path.relative_to(directory).as_posix(), _ZIP_TIME)
                info.compress_type = zipfile.ZIP_DEFLATED
                info.external_attr = 0o600 << 16
                out.writestr(info, path.read_bytes())
        temporary.replace(archive)
    except OSError as error:
        raise AssuranceError(f"{archive}: {error.strerror or error}") from None


@contextmanager
def unpacked(place: Path) -> Iterator[Path]:
    """The directory itself, or what a zip file holds. Raises AssuranceError."""
    if place.is_dir():
        yield place
        return
    directory = Path(tempfile.mkdtemp(prefix="makmal-"))
    try:
        try:
            with zipfile.ZipFile(place) as archive:
                for info in archive.infolist():
                    inside = (directory / info.filename).resolve()
                    if not inside.is_relative_to(directory.resolve()):
                        raise AssuranceError(
                            f"{place} names a file outside itself: {info.filename}"
                        )
                    archive.extract(info, directory)
        except zipfile.BadZipFile:
            raise AssuranceError(
                f"{place} is no whole zip file: it was cut off while it was written or copied"
            ) from None
        except OSError as error:
            raise AssuranceError(f"{place}: {error.strerror or error}") from None
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)
