"""The verifier: is this certificate, evidence or report what its signatures say, and does it stand?

This one file is all that another laboratory has to audit. It imports the standard library,
``cryptography`` (Ed25519, X.509) and ``rfc3161_client`` (time stamps), and nothing of Makmal; the
rest of Makmal imports the formats from here, so that there is no second reading of them. It writes
nothing. It runs by itself too:

    python verifier.py CERTIFICATE-OR-DIRECTORY --trust trust.toml [--register DIR-OR-URL]

What it knows:
  sealed document   an in-toto statement (v1) in a DSSE envelope, signed with Ed25519, with an
                    RFC 3161 time stamp over the octets that were signed and the signature
  evidence, report  a directory (or zip file) with such a document, ``attestation.json``, whose
                    subjects are the SHA-256 of every other file
  certificate       such a document, with the proof that the register holds it
  register          a log of such documents in a Merkle tree (RFC 9162, 2.1) with signed tree heads
                    (RFC 9162, 4.10), as static files
  trust anchors     a TOML file with the keys that are relied on, and for what

Every check ends in one sentence. Exit codes: 0 everything holds, 1 something does not, 2 it could
not be checked.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import struct
import sys
import tomllib
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import rfc3161_client
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.x509.oid import ExtendedKeyUsageOID

# The newest version of each format that this file reads.
FORMAT = 1
STATEMENT, PAYLOAD_TYPE = "https://in-toto.io/Statement/v1", "application/vnd.in-toto+json"
EVIDENCE, REPORT = "urn:makmal:evidence", "urn:makmal:evaluation-report"
CERTIFICATE, ENTRY = "urn:makmal:certificate", "urn:makmal:register-entry"
LABORATORY, BODY, REGISTER = "laboratory", "certification body", "register"
ROLES = (LABORATORY, BODY, REGISTER)
# Whose word each kind of statement is.
ROLE_OF = {EVIDENCE: LABORATORY, REPORT: LABORATORY, CERTIFICATE: BODY, ENTRY: BODY}
ATTESTATION, MANIFEST, CAMPAIGN = "attestation.json", "manifest.json", "campaign.json"
CHUNK = 256
ISSUED, SUSPENDED, REINSTATED = "issued", "suspended", "reinstated"
WITHDRAWN, AMENDED = "withdrawn", "amended"
STATUS_AFTER = {
    ISSUED: "valid",
    SUSPENDED: "suspended",
    REINSTATED: "valid",
    WITHDRAWN: "withdrawn",
    AMENDED: "valid",
}
# How far clocks may differ before one of them is called wrong.
CLOCK_TOLERANCE = timedelta(minutes=5)
_LARGEST_FILE = 1 << 32

HOLDS, BROKEN, UNKNOWN = "holds", "broken", "unknown"

# What reading a document raises whose fields are of other types than Makmal writes.
_NOT_OURS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError)


class VerificationError(Exception):
    """It does not hold: one sentence."""


class CannotVerifyError(Exception):
    """It could not be checked: one sentence, with what to do."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. ``outcome`` is "holds", "broken" or "unknown"."""

    name: str
    outcome: str
    sentence: str


@dataclass(slots=True)
class Findings:
    """All checks of one verification, and what they were about."""

    what: str = ""
    checks: list[Check] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)

    def add(self, name: str, outcome: str, sentence: str) -> None:
        """One more."""
        self.checks.append(Check(name, outcome, sentence))

    def attempt(self, name: str, check: Callable[[], str]) -> bool:
        """Note what ``check`` says when it succeeds, or its error."""
        try:
            self.add(name, HOLDS, check())
        except VerificationError as error:
            self.add(name, BROKEN, str(error))
        except CannotVerifyError as error:
            self.add(name, UNKNOWN, str(error))
        except (
            ArithmeticError,
            AttributeError,
            LookupError,
            TypeError,
            ValueError,
            RecursionError,
        ):
            self.add(name, BROKEN, f"{self.what}: it was altered or damaged, and cannot be read")
        else:
            return True
        return False

    @property
    def exit_code(self) -> int:
        """1 when something is broken, else 2 when something could not be checked, else 0."""
        outcomes = {each.outcome for each in self.checks}
        if BROKEN in outcomes:
            return 1
        return 2 if UNKNOWN in outcomes or not outcomes else 0

    def as_json(self) -> dict[str, Any]:
        """The one object that ``--json`` prints."""
        return {
            "what": self.what,
            "holds": self.exit_code == 0,
            "checks": [
                {"check": each.name, "outcome": each.outcome, "sentence": each.sentence}
                for each in self.checks
            ],
            **self.details,
        }


# Octets and JSON.


def canonical(value: Any) -> bytes:
    """JSON without choices: sorted keys, no blanks, UTF-8."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass")


def json_object(octets: bytes, name: str) -> dict[str, Any]:
    """A JSON object. Raises VerificationError."""
    try:
        value = json.loads(octets)
    except (ValueError, RecursionError):
        raise VerificationError(f"{name} is not valid JSON: it was altered or damaged") from None
    if not isinstance(value, dict):
        raise VerificationError(f"{name} is not what Makmal writes there: it was altered")
    return value


def _octets(value: Any, name: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (ValueError, TypeError):
        raise VerificationError(f"{name} is no base64: it was altered or damaged") from None


def _time(value: Any, name: str) -> datetime:
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except (ValueError, TypeError):
        raise VerificationError(f"{name} holds no time that can be read") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def said(time: datetime) -> str:
    """A time in a sentence."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _check_format(document: Mapping[str, Any], name: str) -> None:
    version = document.get("format")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise VerificationError(f"{name} does not say its format: it was altered")
    if version > FORMAT:
        raise CannotVerifyError(
            f"{name} is of format {version}, and this verifier reads up to format {FORMAT}: use a "
            "newer Makmal"
        )


# The Merkle tree of RFC 9162, 2.1.


def leaf_hash(entry: bytes) -> bytes:
    """The hash of an entry."""
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two subtrees."""
    return hashlib.sha256(b"\1" + left + right).digest()


def append_leaf(frontier: list[bytes], size: int, leaf: bytes) -> None:
    """Put a leaf into a tree of ``size`` leaves that is kept as the roots of its full subtrees."""
    frontier.append(leaf)
    while size & 1:
        right = frontier.pop()
        frontier[-1] = node_hash(frontier[-1], right)
        size >>= 1


def frontier_root(frontier: Sequence[bytes]) -> bytes:
    """The root hash of such a tree (RFC 9162, 2.1.1)."""
    if not frontier:
        return hashlib.sha256(b"").digest()
    root = frontier[-1]
    for left in reversed(frontier[:-1]):
        root = node_hash(left, root)
    return root


def roots_at(leaves: Iterable[bytes], sizes: Iterable[int]) -> dict[int, bytes]:
    """The root hashes that a log had at these sizes."""
    wanted = set(sizes)
    frontier: list[bytes] = []
    found = {0: frontier_root(())} if 0 in wanted else {}
    for size, leaf in enumerate(leaves):
        append_leaf(frontier, size, leaf)
        if size + 1 in wanted:
            found[size + 1] = frontier_root(frontier)
    return found


def check_inclusion(
    index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes
) -> None:
    """RFC 9162, 2.1.3.2. Raises VerificationError."""
    if not 0 <= index < size:
        raise VerificationError(f"entry {index} cannot be in a tree of {size}")
    fn, sn, found = index, size - 1, leaf
    for step in proof:
        if sn == 0:
            raise VerificationError("the inclusion proof is too long")
        if fn & 1 or fn == sn:
            found = node_hash(step, found)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            found = node_hash(found, step)
        fn, sn = fn >> 1, sn >> 1
    if sn or found != root:
        raise VerificationError("the inclusion proof does not lead to the root of the tree head")


def check_consistency(
    first: int, first_root: bytes, second: int, second_root: bytes, proof: Sequence[bytes]
) -> None:
    """RFC 9162, 2.1.4.2: the second tree only adds to the first. Raises VerificationError."""
    forked = VerificationError(
        f"the register forked: its tree of {second} entries does not contain the tree of {first} "
        "entries that it signed before"
    )
    if first > second:
        raise VerificationError(
            f"the register shrank: it signed a tree of {first} entries before, and now has {second}"
        )
    if first == second or first == 0:
        if proof or (first and first_root != second_root):
            raise forked
        return
    path = list(proof)
    if first & (first - 1) == 0:
        path.insert(0, first_root)
    if not path:
        raise forked
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for step in path[1:]:
        if sn == 0:
            raise forked
        if fn & 1 or fn == sn:
            fr, sr = node_hash(step, fr), node_hash(step, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, step)
        fn, sn = fn >> 1, sn >> 1
    if sn or fr != first_root or sr != second_root:
        raise forked


# Trust anchors.


def key_id(key: Ed25519PublicKey) -> str:
    """What names a key: the SHA-256 of its SubjectPublicKeyInfo."""
    der = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(der).hexdigest()


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A key that is relied on, for a role and a time. ``revoked``: from then on it is not."""

    name: str
    role: str
    key: Ed25519PublicKey
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    revoked: datetime | None = None
    reason: str = ""

    def check_at(self, time: datetime) -> None:
        """Raise VerificationError unless it may have signed at that time."""
        if self.revoked and time >= self.revoked:
            why = f" ({self.reason})" if self.reason else ""
            raise VerificationError(
                f"the key of {self.name} was revoked on {said(self.revoked)}{why}, and this was "
                f"signed later, on {said(time)}"
            )
        if self.valid_from and time < self.valid_from:
            raise VerificationError(
                f"the key of {self.name} is valid from {said(self.valid_from)} on, and this was "
                f"signed on {said(time)}"
            )
        if self.valid_until and time > self.valid_until:
            raise VerificationError(
                f"the key of {self.name} was valid until {said(self.valid_until)}, and this was "
                f"signed on {said(time)}"
            )


@dataclass(frozen=True, slots=True)
class TrustedAuthority:
    """A time-stamp authority that is relied on, by its certificate."""

    name: str
    certificate: x509.Certificate
    revoked: datetime | None = None


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom the verifier relies on: nobody, unless told."""

    keys: Mapping[str, TrustedKey] = field(default_factory=dict)
    authorities: tuple[TrustedAuthority, ...] = ()

    def key(self, identity: str, role: str) -> TrustedKey:
        """The key of this id. Raises VerificationError."""
        found = self.keys.get(identity)
        if found is None:
            raise VerificationError(
                f"it is signed with the key {identity[:16]}, which is none of the trust anchors"
            )
        if found.role != role:
            raise VerificationError(
                f"it is signed by {found.name}, who is trusted as {found.role} and not as {role}"
            )
        return found


def read_trust(path: Path) -> Trust:
    """Trust anchors from a TOML file. Raises CannotVerifyError."""
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise CannotVerifyError(f"{path}: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise CannotVerifyError(f"{path} is not valid TOML: {error}") from None
    keys: dict[str, TrustedKey] = {}
    authorities = []
    for number, entry in enumerate(_entries(document, "key", path), 1):
        where = f"{path}, [[key]] {number}"
        if entry.get("role") not in ROLES:
            raise CannotVerifyError(f"{where}: role must be one of: {', '.join(ROLES)}")
        try:
            key = read_public_key(str(entry["public_key"]))
        except (KeyError, ValueError):
            raise CannotVerifyError(f"{where}: public_key is no Ed25519 public key") from None
        keys[key_id(key)] = TrustedKey(
            str(entry.get("name", "unnamed")),
            entry["role"],
            key,
            _moment(entry, "valid_from", where),
            _moment(entry, "valid_until", where),
            _moment(entry, "revoked", where),
            str(entry.get("reason", "")),
        )
    for number, entry in enumerate(_entries(document, "time_stamp_authority", path), 1):
        where = f"{path}, [[time_stamp_authority]] {number}"
        try:
            certificate = x509.load_pem_x509_certificate(str(entry["certificate"]).encode())
        except (KeyError, ValueError):
            raise CannotVerifyError(f"{where}: certificate is no X.509 certificate") from None
        authorities.append(
            TrustedAuthority(
                str(entry.get("name", "unnamed")), certificate, _moment(entry, "revoked", where)
            )
        )
    return Trust(keys, tuple(authorities))


def read_public_key(text: str) -> Ed25519PublicKey:
    """A key in PEM, or its 32 octets in base64. Raises ValueError."""
    if "BEGIN" in text:
        key = serialization.load_pem_public_key(text.encode())
        if not isinstance(key, Ed25519PublicKey):
            raise ValueError("no Ed25519 key")
        return key
    return Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True))


def _entries(document: Mapping[str, Any], name: str, path: Path) -> list[dict[str, Any]]:
    entries = document.get(name, [])
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise CannotVerifyError(f"{path}: {name} must be tables, each written [[{name}]]")
    return entries


def _moment(entry: Mapping[str, Any], key: str, where: str) -> datetime | None:
    value = entry.get(key)
    if value is None:
        return None
    if not isinstance(value, datetime):
        raise CannotVerifyError(f"{where}: {key} must be a time, such as 2027-01-31T00:00:00Z")
    return value if value.tzinfo else value.replace(tzinfo=UTC)


# Sealed documents.


def pae(payload_type: str, payload: bytes) -> bytes:
    """What a DSSE signature is over: the pre-authentication encoding (DSSE 1.0)."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def stamped_octets(signed: bytes, signature: bytes) -> bytes:
    """What the time stamp of a sealed document is over."""
    return signed + signature


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed document whose signature and time stamp hold."""

    kind: str
    statement: Mapping[str, Any]
    signer: TrustedKey
    time: datetime
    authority: str

    @property
    def predicate(self) -> Mapping[str, Any]:
        """What it states."""
        predicate: Mapping[str, Any] = self.statement["predicate"]
        return predicate

    @property
    def subjects(self) -> dict[str, str]:
        """SHA-256 by name."""
        return subjects_of(self.statement)


def open_sealed(document: Mapping[str, Any], kind: str, trust: Trust, name: str) -> Sealed:
    """Check signature and time stamp. Raises VerificationError, CannotVerifyError."""
    _check_format(document, name)
    signed, signature, identity = signed_parts(document, name)
    statement = read_statement(document, name)
    found_kind = statement["predicateType"].rpartition(":")[0]
    if found_kind != kind:
        raise VerificationError(f"{name} is a statement of another kind ({found_kind}), no {kind}")
    signer = trust.key(identity, ROLE_OF[kind])
    try:
        signer.key.verify(signature, signed)
    except InvalidSignature:
        raise VerificationError(
            f"the signature of {name} does not fit its content: it was altered after "
            f"{signer.name} signed it"
        ) from None
    time, authority = _stamped_time(document, stamped_octets(signed, signature), trust, name)
    signer.check_at(time)
    return Sealed(kind, statement, signer, time, authority)


def signed_parts(document: Mapping[str, Any], name: str) -> tuple[bytes, bytes, str]:
    """What is signed, the signature, the id of the key. Raises VerificationError."""
    try:
        envelope = document["envelope"]
        payload_type, encoded = envelope["payloadType"], envelope["payload"]
        (entry,) = envelope["signatures"]
        identity, encoded_signature = entry["keyid"], entry["sig"]
    except (KeyError, TypeError, ValueError):
        raise VerificationError(f"{name} holds no DSSE envelope with one signature") from None
    if payload_type != PAYLOAD_TYPE or not isinstance(identity, str):
        raise VerificationError(f"{name} holds no in-toto statement")
    payload = _octets(encoded, f"the payload of {name}")
    return (
        pae(payload_type, payload),
        _octets(encoded_signature, f"the signature of {name}"),
        identity,
    )


def read_statement(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The statement inside, believed or not. Raises VerificationError, CannotVerifyError."""
    try:
        payload = document["envelope"]["payload"]
    except (KeyError, TypeError):
        raise VerificationError(f"{name} holds no DSSE envelope") from None
    statement = json_object(_octets(payload, f"the payload of {name}"), name)
    subjects, predicate = statement.get("subject"), statement.get("predicate")
    sound = statement.get("_type") == STATEMENT and isinstance(predicate, dict)
    sound = sound and isinstance(statement.get("predicateType"), str)
    if not sound or not isinstance(subjects, list) or not all(map(_is_subject, subjects)):
        raise VerificationError(f"{name} holds no in-toto statement of version 1")
    assert isinstance(predicate, dict)  # noqa: S101 - for the type checker
    _check_format(predicate, name)
    return statement


def subjects_of(statement: Mapping[str, Any]) -> dict[str, str]:
    """SHA-256 by name."""
    return {each["name"]: each["digest"]["sha256"] for each in statement["subject"]}


def _is_subject(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("name"), str)
        and isinstance(value.get("digest"), dict)
        and isinstance(value["digest"].get("sha256"), str)
    )


def _stamped_time(
    document: Mapping[str, Any], octets: bytes, trust: Trust, name: str
) -> tuple[datetime, str]:
    encoded = document.get("time_stamp")
    if encoded is None:
        raise VerificationError(f"{name} has no time stamp: nobody but the signer says when")
    try:
        response = rfc3161_client.decode_timestamp_response(_octets(encoded, "the time stamp"))
        time = response.tst_info.gen_time
    except Exception:  # likewise
        raise VerificationError(f"the time stamp of {name} was altered or damaged") from None
    reasons = []
    for authority in trust.authorities:
        check = rfc3161_client.VerifierBuilder().add_root_certificate(authority.certificate)
        if _stamps_itself(authority.certificate):
            # Then the copy in the time stamp must be this one, to the last octet.
            check = check.tsa_certificate(authority.certificate)
        try:
            check.build().verify_message(response, octets)
        except Exception as error:  # the library has others of its own for damaged time stamps
            reasons.append(str(error))
            continue
        if authority.revoked and time >= authority.revoked:
            raise VerificationError(
                f"the time-stamp authority {authority.name} was revoked on "
                f"{said(authority.revoked)}, and {name} was stamped later, on {said(time)}"
            )
        return time, authority.name
    if any("between messages" in each for each in reasons):
        raise VerificationError(f"the time stamp of {name} belongs to something else")
    raise VerificationError(
        f"the time stamp of {name} is by no time-stamp authority that is trusted"
    )


def _stamps_itself(certificate: x509.Certificate) -> bool:
    """Whether this is the authority's own certificate, and not that of whoever issued it."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return ExtendedKeyUsageOID.TIME_STAMPING in usage


def check_clock(time: datetime, now: datetime, name: str) -> None:
    """A time stamp from the future. Raises VerificationError."""
    if time > now + CLOCK_TOLERANCE:
        raise VerificationError(
            f"the time stamp of {name} lies in the future ({said(time)}; here it is {said(now)}): "
            "the clock of the time-stamp authority, or the one here, is wrong"
        )


# Files: a directory, a zip file, or a web server.


class Files(Protocol):
    """A place with files."""

    place: str

    def read(self, name: str) -> bytes:
        """Its octets. Raises FileNotFoundError, CannotVerifyError."""

    def names(self) -> Iterator[str]:
        """All of them, where the place can tell."""


class Directory:
    """A directory. Links are no files: they may lead anywhere."""

    def __init__(self, path: Path) -> None:
        self.path, self.place = path, str(path)

    def read(self, name: str) -> bytes:
        """As Files has it."""
        path = self.path / name
        try:
            if path.is_symlink():
                raise FileNotFoundError(name)
            return path.read_bytes()
        except (IsADirectoryError, NotADirectoryError):
            raise FileNotFoundError(name) from None
        except FileNotFoundError:
            raise
        except OSError as error:
            raise CannotVerifyError(f"{path}: {error.strerror or error}") from None

    def names(self) -> Iterator[str]:
        """As Files has it."""
        for path in sorted(self.path.rglob("*")):
            if path.is_symlink() or not path.is_dir():
                yield path.relative_to(self.path).as_posix()


class Archive:
    """A zip file."""

    def __init__(self, path: Path) -> None:
        self.place = str(path)
        try:
            self._zip = zipfile.ZipFile(path)
        except OSError as error:
            raise CannotVerifyError(f"{path}: {error.strerror or error}") from None
        except zipfile.BadZipFile:
            raise CannotVerifyError(
                f"{path} is no whole zip file: it was cut off while it was written or copied"
            ) from None

    def read(self, name: str) -> bytes:
        """As Files has it."""
        try:
            if self._zip.getinfo(name).file_size > _LARGEST_FILE:
                raise CannotVerifyError(f"{self.place}: {name} is larger than 4 GB")
            return self._zip.read(name)
        except KeyError:
            raise FileNotFoundError(name) from None
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError):
            raise VerificationError(f"{name} was altered: the archive is damaged there") from None
        except Exception as error:  # zlib has an error of its own
            raise VerificationError(f"{name} was altered: {error}") from None

    def names(self) -> Iterator[str]:
        """As Files has it."""
        return (each.filename for each in self._zip.infolist() if not each.is_dir())


class Web:
    """What a web server hosts."""

    def __init__(self, url: str) -> None:
        self.place = url.rstrip("/")

    def read(self, name: str) -> bytes:
        """As Files has it."""
        from urllib.error import HTTPError, URLError
        from urllib.request import urlopen

        try:
            with urlopen(f"{self.place}/{name}", timeout=30) as response:  # noqa: S310 - see open_files
                octets: bytes = response.read()
                return octets
        except HTTPError as error:
            if error.code == 404:
                raise FileNotFoundError(name) from None
            raise CannotVerifyError(f"{self.place}/{name}: HTTP {error.code}") from None
        except (URLError, OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise CannotVerifyError(f"{self.place} cannot be reached: {reason}") from None

    def names(self) -> Iterator[str]:
        """As Files has it."""
        return iter(())


def open_files(place: str) -> Files:
    """A directory, a zip file or a URL. Raises CannotVerifyError."""
    if place.startswith(("http://", "https://")):
        return Web(place)
    path = Path(place)
    if path.is_dir():
        return Directory(path)
    if path.is_file():
        return Archive(path)
    raise CannotVerifyError(f"{place}: no such directory, zip file or address")


# Evidence and reports.


def check_files(files: Files, subjects: Mapping[str, str]) -> str:
    """Every file is the one that was signed, and there is no other. Raises VerificationError."""
    wrong = []
    present = {each for each in files.names() if each != ATTESTATION}
    for name, wanted in sorted(subjects.items()):
        try:
            octets = files.read(name)
        except FileNotFoundError:
            wrong.append(f"{name} is missing")
        except VerificationError as error:
            wrong.append(str(error))
        else:
            if hashlib.sha256(octets).hexdigest() != wanted:
                wrong.append(f"{name} was altered")
    wrong += [f"{each} was added" for each in sorted(present - set(subjects))]
    if wrong:
        raise VerificationError("; ".join(wrong))
    return f"all {len(subjects)} files are those that were signed"


def check_times(sealed: Sealed, now: datetime) -> str:
    """The times that evidence names agree with its time stamp. Raises VerificationError."""
    check_clock(sealed.time, now, "the evidence")
    begun = _time(sealed.predicate.get("begun"), "the evidence")
    ended = _time(sealed.predicate.get("ended"), "the evidence")
    if ended < begun:
        raise VerificationError(
            f"the clock of the laboratory is wrong: the campaign ended on {said(ended)}, before it "
            f"began on {said(begun)}"
        )
    if sealed.time < ended - CLOCK_TOLERANCE:
        raise VerificationError(
            "the clock of the laboratory is wrong: the evidence was stamped on "
            f"{said(sealed.time)}, "
            f"and its last test case ended later, on {said(ended)}"
        )
    return f"the campaign ran from {said(begun)} to {said(ended)}, before it was signed"


def unfinished(files: Files) -> str | None:
    """A sentence on what a campaign that was killed left behind."""
    names = sorted({each.partition("/")[0] for each in files.names()})
    cases = [each.removesuffix(".unfinished") for each in names if each.endswith(".unfinished")]
    if cases:
        return f"the campaign was cut off in {cases[0]}: makmal evaluate goes on with it"
    half = next((each for each in names if each.endswith(".temporary")), None)
    return f"{half} was being written when the machine stopped" if half else None


def verify_directory(files: Files, trust: Trust, now: datetime) -> tuple[Findings, Sealed | None]:
    """Evidence or a report: signature, time stamp, every file. Raises CannotVerifyError."""
    found = Findings()
    try:
        document = json_object(files.read(ATTESTATION), ATTESTATION)
        kind = read_statement(document, ATTESTATION)["predicateType"].rpartition(":")[0]
    except FileNotFoundError:
        cut = unfinished(files)
        if cut:
            found.what = f"evidence in {files.place}"
            found.add("completeness", BROKEN, cut)
            return found, None
        raise CannotVerifyError(
            f"{files.place} is not signed: there is no {ATTESTATION}; makmal sign makes one"
        ) from None
    except VerificationError as error:
        found.what = f"evidence in {files.place}"
        found.add("signature", BROKEN, str(error))
        return found, None
    if kind not in (EVIDENCE, REPORT):
        raise CannotVerifyError(f"{files.place} holds a statement of an unknown kind: {kind}")
    word = "evidence" if kind == EVIDENCE else "report"
    found.what = f"{word} in {files.place}"
    sealed = _opened(found, document, kind, trust, f"the {word}", now)
    if sealed is None:
        # Whatever the signature is worth, say which file differs.
        subjects = subjects_of(read_statement(document, ATTESTATION))
        found.attempt("files", lambda: check_files(files, subjects))
        return found, None
    found.attempt("files", lambda: check_files(files, sealed.subjects))
    if kind == EVIDENCE:
        found.attempt("times", lambda: check_times(sealed, now))
        cut = unfinished(files)
        if cut:
            found.add("completeness", BROKEN, cut)
    found.details.update(sealed.predicate)
    return found, sealed


def _opened(
    found: Findings,
    document: Mapping[str, Any],
    kind: str,
    trust: Trust,
    name: str,
    now: datetime,
) -> Sealed | None:
    opened: list[Sealed] = []

    def signature() -> str:
        sealed = open_sealed(document, kind, trust, name)
        check_clock(sealed.time, now, name)
        opened.append(sealed)
        return (
            f"signed by {sealed.signer.name} ({sealed.signer.role}), stamped on "
            f"{said(sealed.time)} by {sealed.authority}"
        )

    found.attempt("signature", signature)
    return opened[0] if opened else None


# The register.


@dataclass(frozen=True, slots=True)
class TreeHead:
    """A signed tree head: what the register said it was, and when."""

    log: str
    size: int
    time: datetime
    root: bytes
    signature: bytes


def tree_head_octets(size: int, time: datetime, root: bytes) -> bytes:
    """TreeHeadDataV2 of RFC 9162, 4.10: what a tree head's signature is over."""
    since = time.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    milliseconds = since // timedelta(milliseconds=1)
    return struct.pack("!QQB", milliseconds, size, len(root)) + root + b"\0\0"


def read_tree_head(document: Mapping[str, Any], trust: Trust, name: str) -> TreeHead:
    """Check the signature of a tree head. Raises VerificationError, CannotVerifyError."""
    _check_format(document, name)
    try:
        log, size = document["log"], document["tree_size"]
        time = _time(document["timestamp"], name)
        root = _octets(document["root_hash"], name)
        signature = _octets(document["signature"], name)
        signed = tree_head_octets(size, time, root)
    except (KeyError, TypeError, struct.error):
        raise VerificationError(f"{name} is no tree head: it was altered or damaged") from None
    signer = trust.key(str(log), REGISTER)
    try:
        signer.key.verify(signature, signed)
    except InvalidSignature:
        raise VerificationError(f"the signature of {name} does not fit: it was altered") from None
    signer.check_at(time)
    return TreeHead(log, size, time, root, signature)


def entry_lines(files: Files, size: int) -> Iterator[bytes]:
    """The entries of a register, in order. Raises VerificationError when some are missing."""
    for number in range((size + CHUNK - 1) // CHUNK):
        name = f"entries/{number:06d}.jsonl"
        try:
            lines = files.read(name).splitlines()
        except FileNotFoundError:
            raise VerificationError(f"the register lacks {name}") from None
        wanted = min(CHUNK, size - number * CHUNK)
        if len(lines) < wanted:
            raise VerificationError(
                f"the register's {name} has {len(lines)} entries of {wanted}: it was cut off"
            )
        yield from lines[:wanted]


def status_of(number: str, lines: Iterable[bytes], trust: Trust) -> tuple[str, str, str]:
    """The status of a certificate, why, and the hash of its document: after all entries on it.

    Raises VerificationError.
    """
    status, why, document = "", "", ""
    for index, line in enumerate(lines):
        name = f"entry {index} of the register"
        entry = json_object(line, name)
        if read_statement(entry, name)["predicate"].get("certificate") != number:
            continue
        sealed = open_sealed(entry, ENTRY, trust, name)
        predicate = sealed.predicate
        event = predicate.get("event")
        if event not in STATUS_AFTER:
            raise CannotVerifyError(f"{name} tells of an event that is unknown here: {event}")
        # A new version of a suspended certificate stays suspended.
        status = (status or "valid") if event == AMENDED else STATUS_AFTER[event]
        why = f"{event} on {said(sealed.time)}"
        if predicate.get("reason"):
            why += f": {predicate['reason']}"
        if event in (ISSUED, AMENDED):
            document = next(iter(sealed.subjects.values()), "")
    return status, why, document


def verify_register(
    files: Files,
    trust: Trust,
    now: datetime,
    earlier: Sequence[TreeHead] = (),
    most_age: timedelta | None = None,
) -> tuple[Findings, list[bytes]]:
    """The register holds together, and contains what it contained before.

    The entries are returned when they are those of the signed tree head. Raises CannotVerifyError.
    """
    found = Findings(f"register in {files.place}")
    lines: list[bytes] = []
    heads: list[TreeHead] = []

    def head() -> str:
        try:
            octets = files.read("head.json")
        except FileNotFoundError:
            raise CannotVerifyError(f"{files.place} is no register: head.json is missing") from None
        heads.append(read_tree_head(json_object(octets, "the tree head"), trust, "the tree head"))
        check_clock(heads[0].time, now, "the tree head")
        if most_age is not None and now - heads[0].time > most_age:
            raise CannotVerifyError(
                f"the tree head is of {said(heads[0].time)}, older than {most_age.days} days: what "
                "was withdrawn since would not be seen; fetch the register anew"
            )
        return f"{heads[0].size} entries, signed on {said(heads[0].time)}"

    if not found.attempt("tree head", head) and not heads:
        return found, []
    last = heads[0]
    for before in earlier:
        if before.log == last.log and before.size > last.size:
            found.add(
                "append-only",
                BROKEN,
                f"the register shrank: it signed {before.size} entries on {said(before.time)}, "
                f"and shows {last.size} now",
            )
            return found, []

    def entries() -> str:
        read = list(entry_lines(files, last.size))
        mine = [each for each in earlier if each.log == last.log]
        roots = roots_at(map(leaf_hash, read), [last.size, *(each.size for each in mine)])
        if roots[last.size] != last.root:
            raise VerificationError(
                "an entry of the register was altered: its entries do not have the root hash of "
                "the signed tree head"
            )
        for before in mine:
            if roots[before.size] != before.root:
                raise VerificationError(
                    f"the register forked: its first {before.size} entries are not those that it "
                    f"signed on {said(before.time)}"
                )
        lines.extend(read)
        past = f", and continue {len(mine)} earlier tree heads" if mine else ""
        return f"all {len(read)} entries are those of the tree head{past}"

    found.attempt("entries", entries)
    return found, lines


# Certificates.


def read_inclusion(document: Mapping[str, Any], trust: Trust) -> TreeHead:
    """The certificate's own proof that the register holds it. Raises VerificationError."""
    inclusion = document.get("inclusion")
    if not isinstance(inclusion, dict):
        raise VerificationError("the certificate has no proof that it stands in a register")
    try:
        index, entry = inclusion["index"], inclusion["entry"]
        if not isinstance(inclusion["proof"], list):
            raise TypeError
        proof = [_octets(each, "the inclusion proof") for each in inclusion["proof"]]
        head = read_tree_head(inclusion["head"], trust, "the tree head of the certificate")
        check_inclusion(index, head.size, leaf_hash(canonical(entry)), proof, head.root)
        sealed = open_sealed(entry, ENTRY, trust, "the entry of the certificate")
    except (KeyError, TypeError):
        raise VerificationError("the certificate's inclusion proof was altered") from None
    if certificate_digest(document) not in sealed.subjects.values():
        raise VerificationError("the certificate's inclusion proof is that of another certificate")
    return head


def certificate_digest(document: Mapping[str, Any]) -> str:
    """What the register knows a certificate by: the SHA-256 of its signed statement."""
    signed, _, _ = signed_parts(document, "the certificate")
    return hashlib.sha256(signed).hexdigest()


def verify_certificate(
    document: Mapping[str, Any],
    trust: Trust,
    now: datetime,
    register: Files | None = None,
    most_age: timedelta | None = None,
    earlier: Sequence[TreeHead] = (),
) -> tuple[Findings, Sealed | None]:
    """A certificate: signature, validity, inclusion, and its status when a register is given."""
    found = Findings("certificate")
    sealed = _opened(found, document, CERTIFICATE, trust, "the certificate", now)
    if sealed is None:
        return found, None
    predicate = sealed.predicate
    number = str(predicate.get("number", ""))
    found.what = f"certificate {number}"
    found.details.update(predicate)

    def validity() -> str:
        until = _time(predicate.get("valid_until"), "the certificate")
        if now > until:
            raise VerificationError(f"the certificate was valid until {said(until)}")
        return f"valid until {said(until)}"

    found.attempt("validity", validity)
    heads: list[TreeHead] = []

    def inclusion() -> str:
        heads.append(read_inclusion(document, trust))
        return f"the register of {heads[0].size} entries, {said(heads[0].time)}, holds it"

    found.attempt("inclusion", inclusion)
    if register is None:
        found.details["status"] = "not looked up"
        return found, sealed
    checked, lines = verify_register(register, trust, now, (*earlier, *heads), most_age)
    found.checks += [
        Check(f"register: {each.name}", each.outcome, each.sentence) for each in checked.checks
    ]

    def status() -> str:
        if not lines:
            raise CannotVerifyError("the status is unknown: the register cannot be relied on")
        is_, why, digest = status_of(number, lines, trust)
        found.details["status"] = is_ or "not in the register"
        if not is_:
            raise VerificationError(f"the register has no certificate {number}")
        if digest != certificate_digest(document):
            raise VerificationError(
                f"the register holds another document under number {number}: this one was replaced"
            )
        if is_ != "valid":
            raise VerificationError(f"the certificate is {is_}; {why}")
        return f"the certificate stands; {why}"

    found.attempt("status", status)
    return found, sealed


def check_belongs(certificate: Sealed, other: Sealed) -> str:
    """Evidence or a report is the one that a certificate rests on. Raises VerificationError."""
    word = "evidence" if other.kind == EVIDENCE else "report"
    wanted = certificate.predicate.get(word)
    wanted = wanted if isinstance(wanted, list) else [wanted]
    if statement_digest(other) not in wanted:
        raise VerificationError(f"the certificate rests on other {word} than this")
    return f"the certificate rests on this {word}"


def statement_digest(sealed: Sealed) -> str:
    """What a certificate knows evidence and reports by: the hash over names and hashes of all
    files (so that signing them anew changes nothing).
    """
    return subjects_digest(sealed.subjects)


def subjects_digest(subjects: Mapping[str, str]) -> str:
    """The same of the subjects alone."""
    return hashlib.sha256(canonical(dict(subjects))).hexdigest()


# The command.


def read_document(path: Path) -> dict[str, Any]:
    """A certificate file. Raises CannotVerifyError."""
    try:
        return json_object(path.read_bytes(), str(path))
    except OSError as error:
        raise CannotVerifyError(f"{path}: {error.strerror or error}") from None
    except VerificationError as error:
        raise CannotVerifyError(str(error)) from None


def verify(
    place: str,
    trust: Trust,
    now: datetime,
    register: str | None = None,
    most_age: timedelta | None = None,
    earlier: Sequence[TreeHead] = (),
) -> tuple[Findings, Sealed | None]:
    """Whatever it is that lies there. Raises CannotVerifyError."""
    path = Path(place)
    if path.is_file() and not zipfile.is_zipfile(path) and path.suffix != ".zip":
        files = None if register is None else open_files(register)
        document = read_document(path)
        return verify_certificate(document, trust, now, files, most_age, earlier)
    return verify_directory(open_files(place), trust, now)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command of this file alone."""
    parser = argparse.ArgumentParser(
        description="Verify a certificate, evidence or a report of Makmal.",
        epilog="Exit codes: 0 everything holds, 1 something does not, 2 it could not be checked.",
    )
    parser.add_argument("place", help="a certificate, or a directory or zip file that is signed")
    parser.add_argument("--trust", required=True, type=Path, help="the trust anchors (TOML)")
    parser.add_argument("--register", help="a register: a directory, or the address of one")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args(arguments)
    try:
        trust = read_trust(given.trust)
        found, _ = verify(given.place, trust, datetime.now(UTC), given.register)
    except (CannotVerifyError, VerificationError) as error:
        sys.stderr.write(f"verifier: {error}\n")
        return 2
    if given.json:
        sys.stdout.write(json.dumps(found.as_json(), indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(f"{found.what}\n")
        for each in found.checks:
            sys.stdout.write(f"  {each.outcome:8}{each.name}: {each.sentence}\n")
    return found.exit_code


if __name__ == "__main__":
    sys.exit(main())
