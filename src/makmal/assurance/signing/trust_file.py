"""Writing trust anchors: whose keys are relied on, and for what."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from makmal.assurance.errors import AssuranceError
from makmal.assurance.signing.keys import public_pem
from makmal.assurance.verification.verifier import CannotVerifyError, Trust, key_id, read_trust
from makmal.bench.manifest import write_whole
from makmal.trace.toml_file import quoted


def trust_key(
    path: Path, key: Ed25519PublicKey, role: str, name: str, valid_from: datetime | None = None
) -> None:
    """Add a key to a trust file, for what it signs from a time on. Raises AssuranceError."""
    if path.exists() and key_id(key) in _trust(path).keys:
        raise AssuranceError(f"{path} has this key already ({key_id(key)[:16]})")
    _append(
        path,
        f"[[key]]\nname = {quoted(name)}\nrole = {quoted(role)}\n"
        f"# id {key_id(key)}\n"
        + (f"valid_from = {_moment(valid_from)}\n" if valid_from else "")
        + f'public_key = """\n{public_pem(key)}"""\n',
    )


def trust_authority(path: Path, certificate: x509.Certificate, name: str) -> None:
    """Add a time-stamp authority to a trust file. Raises AssuranceError."""
    if path.exists() and any(each.certificate == certificate for each in _trust(path).authorities):
        raise AssuranceError(f"{path} has this time-stamp authority already")
    pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
    _append(path, f'[[time_stamp_authority]]\nname = {quoted(name)}\ncertificate = """\n{pem}"""\n')


def revoke_key(path: Path, identity: str, time: datetime, reason: str) -> str:
    """Mark a key as revoked from a time on; return whose it is. Raises AssuranceError."""
    if not identity:
        raise AssuranceError("name the key by its id, or the first digits of it")
    found = [each for each in _trust(path).keys if each.startswith(identity)]
    if len(found) != 1:
        what = "no key" if not found else f"{len(found)} keys"
        raise AssuranceError(f"{path} has {what} whose id begins with {identity}")
    lines = path.read_text("utf-8").splitlines(keepends=True)
    mark = f"# id {found[0]}"
    places = [number for number, line in enumerate(lines) if line.strip() == mark]
    if len(places) != 1:
        raise AssuranceError(
            f"{path} was written by hand there: enter revoked = {_moment(time)} below the key "
            f"{found[0][:16]} yourself"
        )
    if _trust(path).keys[found[0]].revoked:
        raise AssuranceError(f"the key {found[0][:16]} is marked as revoked already")
    lines.insert(places[0] + 1, f"revoked = {_moment(time)}\nreason = {quoted(reason)}\n")
    write_whole(path, "".join(lines).encode())
    return _trust(path).keys[found[0]].name


def _trust(path: Path) -> Trust:
    try:
        return read_trust(path)
    except CannotVerifyError as error:
        raise AssuranceError(str(error)) from None


def _append(path: Path, text: str) -> None:
    try:
        before = path.read_text("utf-8") if path.exists() else _HEADER
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, f"{before}\n{text}".encode())
    except OSError as error:
        raise AssuranceError(f"{path}: {error.strerror or error}") from None


def _moment(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_HEADER = """\
# Trust anchors: whose signatures makmal verify relies on, and for what. Nobody else is trusted.
# docs/assurance.md describes the file. To revoke a key: makmal key revoke.
"""
