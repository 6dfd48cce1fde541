"""Keys that are lost, revoked, unknown; clocks that are wrong; versions from the future; evidence
that was cut off: each is one clear sentence.
"""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from makmal.assurance.errors import AssuranceError
from makmal.assurance.evidence.bundle import load_bundle
from makmal.assurance.evidence.sealing import pack, seal_evidence, unpacked
from makmal.assurance.signing.keys import create_key, load_key, load_public
from makmal.assurance.signing.sealing import Seal
from makmal.assurance.signing.time_stamps import create_authority, load_authority
from makmal.assurance.signing.trust_file import revoke_key, trust_key
from makmal.assurance.verification import verifier
from makmal.assurance.verification.verifier import Archive, Directory, key_id

from .office import PASSPHRASE, Office, evidence_of


@pytest.fixture
def evidence(office: Office) -> Path:
    return office.sign(evidence_of(office.place / "evidence"))


def sentences(office: Office, place: Path, outcome: str = "broken") -> list[str]:
    try:
        found, _ = verifier.verify(str(place), office.trust, office.clock())
    except verifier.CannotVerifyError as error:
        return [f"cannot: {error}"]
    return [each.sentence for each in found.checks if each.outcome == outcome]


def only(found: list[str]) -> str:
    (sentence,) = found
    assert "\n" not in sentence
    return sentence


# Keys.


def test_a_key_that_is_unknown(office: Office, evidence: Path) -> None:
    seal_evidence(
        load_bundle(evidence), Seal(Ed25519PrivateKey.generate(), office.authority, office.clock),
        "x", "y",
    )  # fmt: skip
    assert "which is none of the trust anchors" in only(sentences(office, evidence))


def test_a_key_that_is_trusted_for_something_else(office: Office, evidence: Path) -> None:
    seal_evidence(load_bundle(evidence), office.seal("body"), "x", "y")
    assert only(sentences(office, evidence)).endswith(
        "who is trusted as certification body and not as laboratory"
    )


def test_a_key_that_is_revoked_counts_for_what_was_stamped_before(
    office: Office, evidence: Path
) -> None:
    identity = key_id(office.keys["laboratory"].public_key())
    office.clock.later(days=10)
    revoke_key(office.trust_path, identity[:12], office.clock.now, "the laptop was stolen")
    assert sentences(office, evidence) == []
    office.clock.later(days=1)
    office.sign(evidence)
    said = only(sentences(office, evidence))
    assert "was revoked on" in said
    assert "(the laptop was stolen), and this was signed later" in said
    # Whoever has the key can set his own clock back, but not the authority's.
    with pytest.raises(AssuranceError, match="is marked as revoked already"):
        revoke_key(office.trust_path, identity[:12], office.clock.now, "x")
    with pytest.raises(AssuranceError, match="has no key whose id begins with ffff"):
        revoke_key(office.trust_path, "ffff" * 4, office.clock.now, "x")
    with pytest.raises(AssuranceError, match="has this key already"):
        trust_key(
            office.trust_path, office.keys["laboratory"].public_key(), "laboratory", "x",
            office.clock.now,
        )  # fmt: skip


def test_a_key_that_is_lost(tmp_path: Path) -> None:
    with pytest.raises(AssuranceError, match="a lost key cannot be restored: make a new one"):
        load_key(tmp_path / "gone.key", PASSPHRASE)


def test_key_files(tmp_path: Path) -> None:
    path = tmp_path / "a" / "my.key"
    public = create_key(path, PASSPHRASE)
    assert path.stat().st_mode & 0o077 == 0
    assert key_id(load_key(path, PASSPHRASE).public_key()) == key_id(public)
    assert key_id(load_public(path)) == key_id(load_public(path.with_name("my.key.pub")))
    assert b"ENCRYPTED" in path.read_bytes()
    for passphrase, wanted in (
        ("wrong word", "the passphrase is wrong"),
        ("", "needs a passphrase"),
    ):
        with pytest.raises(AssuranceError, match=wanted):
            load_key(path, passphrase)
    with pytest.raises(AssuranceError, match="a key is never overwritten"):
        create_key(path, PASSPHRASE)
    with pytest.raises(AssuranceError, match="has 5 characters"):
        create_key(tmp_path / "b.key", "short")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(AssuranceError, match="or the file is damaged"):
        load_key(path, PASSPHRASE)


def test_nobody_is_trusted_without_anchors(office: Office, evidence: Path, tmp_path: Path) -> None:
    found, _ = verifier.verify(str(evidence), verifier.Trust(), office.clock())
    assert found.exit_code == 1
    for text, wanted in (
        ("x", "is not valid TOML"),
        ("[[key]]\nrole = 'king'", "role must be one of: laboratory"),
        ("[[key]]\nrole = 'register'\npublic_key = 'x'", "public_key is no Ed25519 public key"),
        ("key = 1", r"key must be tables, each written \[\[key\]\]"),
        ("[[time_stamp_authority]]\ncertificate = 'x'", "certificate is no X.509 certificate"),
    ):
        (tmp_path / "bad.toml").write_text(text)
        with pytest.raises(verifier.CannotVerifyError, match=wanted):
            verifier.read_trust(tmp_path / "bad.toml")


# Clocks.


def test_a_time_stamp_from_the_future(office: Office, evidence: Path) -> None:
    office.clock.later(days=2)
    office.sign(evidence)
    office.clock.later(days=-2)
    assert "lies in the future" in only(sentences(office, evidence))
    assert "the clock of the time-stamp authority, or the one here, is wrong" in only(
        sentences(office, evidence)
    )


def test_evidence_that_ends_after_it_was_signed(office: Office, evidence: Path) -> None:
    office.clock.later(days=-1, hours=1)
    # The authority's certificate must have been valid by then.
    office.sign(evidence)
    office.clock.later(days=1)
    assert "the clock of the laboratory is wrong: the evidence was stamped on" in only(
        sentences(office, evidence)
    )


def test_evidence_that_ends_before_it_begins(office: Office, evidence: Path) -> None:
    path = evidence / "campaign.json"
    document = json.loads(path.read_text())
    document["begun"] = "2099-01-01T00:00:00+00:00"
    spoil(evidence, "campaign.json", document)
    office.sign(evidence)
    assert "is wrong" in only(sentences(office, evidence))


def spoil(evidence: Path, name: str, document: dict[str, Any]) -> None:
    """Write a file of evidence anew, manifest and all."""
    from makmal.bench.manifest import hash_of, json_octets, read_manifest, write_manifest

    (evidence / name).write_bytes(json_octets(document))
    files = read_manifest(evidence)
    write_manifest(evidence, {**files, name: hash_of(evidence / name)})


def test_a_time_stamp_of_an_authority_that_is_not_trusted(office: Office, evidence: Path) -> None:
    other = create_authority(office.place / "other.pem", "Other", PASSPHRASE, office.clock.now)
    seal_evidence(
        load_bundle(evidence), Seal(office.keys["laboratory"], other, office.clock), "x", "y"
    )
    assert "by no time-stamp authority that is trusted" in only(sentences(office, evidence))
    assert load_authority(office.place / "other.pem", PASSPHRASE).certificate == other.certificate


def test_a_time_stamp_of_something_else(office: Office, evidence: Path) -> None:
    first = json.loads((evidence / "attestation.json").read_text())
    seal_evidence(load_bundle(evidence), office.seal("laboratory"), "z", "y")
    second = json.loads((evidence / "attestation.json").read_text())
    (evidence / "attestation.json").write_text(
        json.dumps({**second, "time_stamp": first["time_stamp"]})
    )
    assert "belongs to something else" in only(sentences(office, evidence))
    (evidence / "attestation.json").write_text(
        json.dumps({key: value for key, value in second.items() if key != "time_stamp"})
    )
    assert "has no time stamp" in only(sentences(office, evidence))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_agrees_on_the_time_stamp(office: Office, tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding

    (tmp_path / "data").write_bytes(b"what is stamped")
    (tmp_path / "stamp").write_bytes(office.authority.stamp(b"what is stamped", office.clock()))
    (tmp_path / "anchor.pem").write_bytes(office.authority.certificate.public_bytes(Encoding.PEM))
    command = ["openssl", "ts", "-verify", "-in", "stamp", "-CAfile", "anchor.pem", "-data"]
    good = subprocess.run([*command, "data"], cwd=tmp_path, capture_output=True, text=True)
    assert "Verification: OK" in good.stdout
    (tmp_path / "other").write_bytes(b"something else")
    bad = subprocess.run([*command, "other"], cwd=tmp_path, capture_output=True, text=True)
    assert bad.returncode != 0


# Versions.


def test_evidence_of_a_newer_version(office: Office, evidence: Path) -> None:
    path = evidence / "attestation.json"
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, "format": 7}))
    assert only(sentences(office, evidence, "unknown")) == (
        "the evidence is of format 7, and this verifier reads up to format 1: use a newer Makmal"
    )
    path.write_text(json.dumps({**document, "format": "x"}))
    assert "does not say its format" in only(sentences(office, evidence))


def test_a_test_case_that_this_version_does_not_have(office: Office, tmp_path: Path) -> None:
    from makmal.assurance.errors import RefusedError

    evidence = evidence_of(office.place / "newer")
    from makmal.bench.manifest import hash_of, read_manifest, write_manifest

    (evidence / "TC_NAS_REPLAY_AMF").rename(evidence / "TC_OF_THE_FUTURE")
    document = json.loads((evidence / "TC_OF_THE_FUTURE" / "verdict.json").read_text())
    document["test_case"] = "TC_OF_THE_FUTURE"
    (evidence / "TC_OF_THE_FUTURE" / "verdict.json").write_text(json.dumps(document))
    files = {
        name.replace("TC_NAS_REPLAY_AMF", "TC_OF_THE_FUTURE"): value
        for name, value in read_manifest(evidence).items()
    }
    files = {name: hash_of(evidence / name) for name in files}
    write_manifest(evidence, files)
    office.sign(evidence)
    assert sentences(office, evidence) == []
    with pytest.raises(RefusedError, match="this version of Makmal has no test case TC_OF_THE_"):
        office.take_in(evidence)


# Cut off.


def test_evidence_that_was_cut_off(office: Office, evidence: Path, tmp_path: Path) -> None:
    shutil.copytree(evidence, tmp_path / "half")
    half = tmp_path / "half"
    (half / "attestation.json").unlink()
    assert "is not signed: there is no attestation.json; makmal sign makes one" in only(
        sentences(office, half)
    )
    (half / "TC_NAS_REPLAY_AMF").rename(half / "TC_NAS_REPLAY_AMF.unfinished")
    assert only(sentences(office, half)) == (
        "the campaign was cut off in TC_NAS_REPLAY_AMF: makmal evaluate goes on with it"
    )
    with pytest.raises(AssuranceError, match=r"TC_NAS_REPLAY_AMF was not finished: the same"):
        load_bundle(half)
    shutil.rmtree(half / "TC_NAS_REPLAY_AMF.unfinished")
    with pytest.raises(AssuranceError, match=r"TC_NAS_REPLAY_AMF/\S+ is missing, and 3 more files"):
        load_bundle(half)
    (half / "manifest.json").rename(half / "manifest.json.temporary")
    assert only(sentences(office, half)) == (
        "manifest.json.temporary was being written when the machine stopped"
    )
    # Half of a file, on a disk that was full or a machine that stopped.
    path = evidence / "TC_NAS_REPLAY_AMF" / "trace.pcapng"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert only(sentences(office, evidence)) == "TC_NAS_REPLAY_AMF/trace.pcapng was altered"
    attestation = evidence / "attestation.json"
    attestation.write_bytes(attestation.read_bytes()[:500])
    assert only(sentences(office, evidence)) == (
        "attestation.json is not valid JSON: it was altered or damaged"
    )


def test_archives(office: Office, evidence: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "a.zip", tmp_path / "b.zip"
    pack(evidence, first)
    pack(evidence, second)
    assert first.read_bytes() == second.read_bytes()
    assert sentences(office, first) == []
    with unpacked(first) as place:
        assert load_bundle(place).verdicts == load_bundle(evidence).verdicts
    octets = bytearray(first.read_bytes())
    octets[len(octets) // 3] ^= 0xFF
    first.write_bytes(octets)
    assert "was altered" in only(sentences(office, first))
    second.write_bytes(second.read_bytes()[:-1000])
    assert "is no whole zip file: it was cut off" in only(sentences(office, second))
    with pytest.raises(AssuranceError, match="cut off"), unpacked(second):
        pass
    import zipfile

    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
        archive.writestr("../outside", "x")
    outside = pytest.raises(AssuranceError, match="names a file outside itself")
    with outside, unpacked(tmp_path / "evil.zip"):
        pass
    assert not (tmp_path / "outside").exists()
    with pytest.raises(FileNotFoundError):
        Archive(tmp_path / "evil.zip").read("none")
    assert sentences(office, tmp_path / "none")[0].startswith("cannot: ")


def test_a_link_is_no_file(office: Office, evidence: Path, tmp_path: Path) -> None:
    path = evidence / "target.toml"
    shutil.move(path, tmp_path / "kept")
    path.symlink_to(tmp_path / "kept")
    assert only(sentences(office, evidence)) == "target.toml is missing"
    with pytest.raises(FileNotFoundError):
        Directory(evidence).read("target.toml")


# The formats.


def test_the_example_of_the_dsse_specification() -> None:
    encoded = verifier.pae("http://example.com/HelloWorld", b"hello world")
    assert encoded == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    # Lengths are those of octets, not of characters.
    assert verifier.pae("ü", "é".encode()) == b"DSSEv1 2 \xc3\xbc 2 \xc3\xa9"


def test_tree_heads_are_signed_as_the_rfc_lays_them_out() -> None:
    from datetime import UTC, datetime

    octets = verifier.tree_head_octets(5, datetime(1970, 1, 1, 0, 0, 1, 2000, UTC), b"\x07" * 32)
    # RFC 9162, 4.10: timestamp in milliseconds, size, root hash with its length, no extension.
    assert octets == bytes([0, 0, 0, 0, 0, 0, 3, 0xEA, *[0] * 7, 5, 32, *[7] * 32, 0, 0])


# The one file.


def test_the_verifier_stands_alone(office: Office, evidence: Path, tmp_path: Path) -> None:
    alone = tmp_path / "verifier.py"
    shutil.copy(verifier.__file__, alone)
    imported = {
        name.partition(".")[0]
        for node in ast.walk(ast.parse(alone.read_text()))
        for name in (
            [each.name for each in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported - set(sys.stdlib_module_names) == {"cryptography", "rfc3161_client"}
    command = [sys.executable, "-I", str(alone), str(evidence), "--trust", str(office.trust_path)]
    # The office's clock runs a little ahead of ours, by less than clocks may differ.
    good = subprocess.run(command, capture_output=True, text=True, check=False)
    assert good.returncode == 0, good.stdout + good.stderr
    (evidence / "target.toml").write_text("x")
    bad = subprocess.run([*command, "--json"], capture_output=True, text=True, check=False)
    assert bad.returncode == 1
    document = json.loads(bad.stdout)
    assert document["holds"] is False
    assert "target.toml was altered" in json.dumps(document["checks"])
    none = subprocess.run(
        [*command[:3], "nowhere", *command[4:]], capture_output=True, text=True, check=False
    )
    assert (none.returncode, none.stderr.count("\n")) == (2, 1)


def test_a_signature_is_not_older_than_its_key(office: Office, evidence: Path) -> None:
    text = office.trust_path.read_text().replace("valid_from", "# valid_from")
    start = (office.clock.now + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    office.trust_path.write_text(
        text.replace('role = "laboratory"', f'role = "laboratory"\nvalid_from = {start}')
    )
    assert "is valid from" in only(sentences(office, evidence))
    office.trust_path.write_text(
        text.replace(
            'role = "laboratory"', 'role = "laboratory"\nvalid_until = 2020-01-01T00:00:00Z'
        )
    )
    assert "was valid until" in only(sentences(office, evidence))
