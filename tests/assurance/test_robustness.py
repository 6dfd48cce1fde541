"""Whatever a document, a register or a trust file holds, the verifier ends in sentences."""

from __future__ import annotations

import contextlib
import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from makmal.assurance.register.monitor import follow
from makmal.assurance.verification import verifier
from makmal.assurance.verification.verifier import CannotVerifyError, Directory, Findings

from .office import Office, evidence_of
from .test_life import certify

NUMBER = "NESAS-2026-0001"
VALUES: list[Any] = [
    None, True, -1, 0, 1, 2**70, 1.5, "", "x", "AAAA", "2026-01-01", [], [1], [[]], {}, {"x": 1},
    "\u0000", "\ud800", "9" * 400, [None] * 3,
]  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a document."""
    yield path
    children = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        children = enumerate(value)
    for key, child in children:
        yield from places(child, (*path, key))


def with_value(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    changed = copy.deepcopy(document)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return changed


def without(document: Any, path: tuple[Any, ...]) -> Any:
    changed = copy.deepcopy(document)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return changed


def spoiled(document: Any, seed: int) -> Iterator[Any]:
    """A document with one place after another lost or replaced."""
    chance = random.Random(seed)
    for path in places(document):
        for value in chance.sample(VALUES, 6):
            yield with_value(document, path, value)
        if path:
            yield without(document, path)


def ends_in_sentences(found: Findings) -> None:
    for each in found.checks:
        assert each.sentence
        assert "\n" not in each.sentence
    json.dumps(found.as_json())


@pytest.fixture
def certified(office: Office) -> tuple[dict[str, Any], Path, Path]:
    certificate, evidence = certify(office)
    return json.loads(json.dumps(certificate)), evidence, office.export()


def test_any_certificate(office: Office, certified: tuple[dict[str, Any], Path, Path]) -> None:
    certificate, _, public = certified
    trust, register, now = office.trust, Directory(public), office.clock()
    count = 0
    for document in spoiled(certificate, 1):
        if not isinstance(document, dict):
            continue
        try:
            found, _ = verifier.verify_certificate(document, trust, now, register)
        except CannotVerifyError:
            continue
        ends_in_sentences(found)
        assert found.exit_code or document == certificate, document
        count += 1
    assert count > 100


def signed_anyway(office: Office, statement: Any) -> dict[str, Any]:
    """What a laboratory or body could sign that means no good, or runs another program."""
    from base64 import b64encode

    from makmal.assurance.verification.verifier import PAYLOAD_TYPE, canonical, pae, stamped_octets

    seal = office.seal("body")
    payload = json.dumps(statement).encode() if statement is not None else canonical(statement)
    signed = pae(PAYLOAD_TYPE, payload)
    signature = seal.key.sign(signed)
    return {
        "format": 1,
        "envelope": {
            "payloadType": PAYLOAD_TYPE,
            "payload": b64encode(payload).decode(),
            "signatures": [{"keyid": seal.identity, "sig": b64encode(signature).decode()}],
        },
        "time_stamp": b64encode(
            seal.authority.stamp(stamped_octets(signed, signature), seal.clock())
        ).decode(),
    }


def test_any_statement_that_is_truly_signed(
    office: Office, certified: tuple[dict[str, Any], Path, Path]
) -> None:
    certificate, _, public = certified
    statement = verifier.read_statement(certificate, "x")
    del statement["predicate"]["scope"][1:], statement["predicate"]["conditions"][1:]
    trust, register = office.trust, Directory(public)
    entry_path = public / "entries" / "000000.jsonl"
    kept = entry_path.read_bytes()
    chance = random.Random(2)
    documents = list(spoiled(statement, 3))
    for each in chance.sample(documents, min(150, len(documents))):
        document = {**signed_anyway(office, each), "inclusion": certificate["inclusion"]}
        try:
            found, _ = verifier.verify_certificate(document, trust, office.clock(), register)
        except CannotVerifyError:
            continue
        ends_in_sentences(found)
        # The same as an entry of a register.
        line = json.dumps(document["envelope"] if chance.random() < 0.5 else document).encode()
        ignored = Findings("register")
        ignored.attempt("status", lambda line=line: str(verifier.status_of(NUMBER, [line], trust)))
        ends_in_sentences(ignored)
    entry_path.write_bytes(kept)


def test_any_head_and_any_entry(
    office: Office, certified: tuple[dict[str, Any], Path, Path]
) -> None:
    certificate, _, public = certified
    for name in ("head.json", "entries/000000.jsonl"):
        path = public / name
        kept = path.read_bytes()
        document = json.loads(kept)
        for each in spoiled(document, 4):
            path.write_text(json.dumps(each) + "\n")
            register = Directory(public)
            try:
                found, _ = verifier.verify_certificate(
                    certificate, office.trust, office.clock(), register
                )
                ends_in_sentences(found)
                if each != document:
                    assert found.exit_code
                ends_in_sentences(follow(register, office.trust, office.clock(), None).findings)
            except CannotVerifyError:
                continue
        path.write_bytes(kept)
    for tile in ("tiles/0/000000.bin", "entries/000000.jsonl"):
        (public / tile).write_bytes(b"\xff" * 31)
        ends_in_sentences(follow(Directory(public), office.trust, office.clock(), None).findings)


def test_any_attestation(office: Office) -> None:
    evidence = office.sign(evidence_of(office.place / "evidence"))
    path = evidence / "attestation.json"
    document = json.loads(path.read_text())
    for each in spoiled(document, 5):
        path.write_text(json.dumps(each))
        try:
            found, _ = verifier.verify_directory(Directory(evidence), office.trust, office.clock())
        except CannotVerifyError:
            continue
        ends_in_sentences(found)
        if each != document:
            assert found.exit_code
    path.write_text("[" * 100_000)
    found, _ = verifier.verify_directory(Directory(evidence), office.trust, office.clock())
    ends_in_sentences(found)


def test_any_trust_file(office: Office) -> None:
    from makmal.trace.toml_file import quoted

    text = office.trust_path.read_text()
    chance = random.Random(6)
    for _ in range(150):
        at = chance.randrange(len(text))
        changed = text[:at] + chance.choice(["", "\x00", '"', "[", "1", "é"]) + text[at + 1 :]
        office.trust_path.write_text(changed)
        try:
            verifier.read_trust(office.trust_path)
        except CannotVerifyError as error:
            assert "\n" not in str(error)
    for key in ("role", "name", "public_key", "valid_from", "revoked", "reason"):
        for value in ("1", "[]", "{}", '""', "2026-01-01", "12:00:00", quoted("x" * 9)):
            office.trust_path.write_text(f"[[key]]\n{key} = {value}\n")
            with contextlib.suppress(CannotVerifyError):
                verifier.read_trust(office.trust_path)
    office.trust_path.write_bytes(b"\xff\xfe")
    with pytest.raises(CannotVerifyError):
        verifier.read_trust(office.trust_path)
