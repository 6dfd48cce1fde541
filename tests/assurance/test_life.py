"""The whole life of a certificate, and what is noticed when somebody tampers with a part of it."""

from __future__ import annotations

import base64
import json
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from makmal.assurance.certification import process
from makmal.assurance.certification.scheme import load_scheme, parse_scheme
from makmal.assurance.certification.sheet import certificate_sheet
from makmal.assurance.errors import AssuranceError, RefusedError
from makmal.assurance.register.monitor import follow
from makmal.assurance.verification import verifier
from makmal.assurance.verification.verifier import Directory, Findings
from makmal.catalogue.requirements import requirement_of

from .office import CASES, FAULT, Office, evidence_of

PRODUCT = {
    "name": "Example AMF",
    "vendor": "Example Networks",
    "version": "0.9",
    "class": "AMF",
}
ANSWERS = {
    each.identity: {"result": "conforms", "evidence": "seen on site"}
    for each in load_scheme("nesas").audit
}


def small_scheme(place: Path) -> str:
    """The NESAS style scheme for the clauses of two test cases: the life goes faster."""
    from importlib import resources

    text = resources.files("makmal.assurance.certification").joinpath("schemes", "nesas.toml")
    lines = text.read_text("utf-8").splitlines()
    clauses = [requirement_of(name).reference.partition(";")[0] for name in CASES]
    small = [
        f"references = {json.dumps(clauses)}"
        if line.startswith('references = ["TS 33.117"')
        else line
        for line in lines
    ]
    path = place / "small.toml"
    path.write_text("\n".join(small))
    parse_scheme(path.read_text(), "small.toml")
    return str(path)


def apply(office: Office, scheme: str = "nesas") -> int:
    found = office.body.apply(office.keys["vic"], load_scheme(scheme), PRODUCT)
    return found.number


def certify(office: Office) -> tuple[dict[str, Any], Path]:
    """The straight way to a certificate."""
    keys, body = office.keys, office.body
    number = apply(office, small_scheme(office.place))
    body.accept(keys["otto"], number, "contract 1")
    body.audit(keys["aud"], number, {"answers": ANSWERS})
    evidence = office.sign(evidence_of(office.place / "evidence", "0.9"))
    body.evaluate(keys["eve"], number, office.take_in(evidence))
    body.review(keys["rev"], number, process.GRANT, "complete")
    _, certificate = body.decide(keys["dec"], number, process.GRANT, "it conforms")
    assert certificate is not None
    return certificate, evidence


def verified(office: Office, certificate: dict[str, Any], public: Path) -> Findings:
    """What another laboratory finds, which has the trust anchors and nothing else."""
    found, _ = verifier.verify_certificate(
        json.loads(json.dumps(certificate)), office.trust, office.clock(), Directory(public)
    )
    return found


def broken(found: Findings) -> str:
    return "; ".join(each.sentence for each in found.checks if each.outcome == "broken")


def test_a_faulty_version_is_refused_and_the_mended_one_certified(office: Office) -> None:
    keys, body = office.keys, office.body
    number = apply(office, small_scheme(office.place))
    accepted = body.accept(keys["otto"], number, "contract 1")
    assert set(accepted.required) == set(CASES)
    body.audit(keys["aud"], number, {"answers": ANSWERS})
    faulty = office.sign(evidence_of(office.place / "faulty", "0.9", FAULT))
    found = body.evaluate(keys["eve"], number, office.take_in(faulty))
    assert found.verdicts["TC_NAS_REPLAY_AMF"] == "fail"
    body.review(keys["rev"], number, process.REFUSE, "replay is accepted")
    with pytest.raises(RefusedError, match=r"cannot be granted: TC_NAS_REPLAY_AMF: fail"):
        body.decide(keys["dec"], number, process.GRANT, "please")
    refused, nothing = body.decide(keys["dec"], number, process.REFUSE, "TC_NAS_REPLAY_AMF fails")
    assert (refused.state, refused.status, nothing) == ("refused", "none", None)

    # The vendor mends it. It was never certified: everything is run again.
    again = body.change(keys["vic"], number, "1.0", ["nas-security"], "replay check mended")
    assert set(again.required) == set(CASES)
    with pytest.raises(RefusedError, match=r"its version is 0.9, and the application says 1.0"):
        body.evaluate(keys["eve"], number, office.take_in(faulty))
    mended = office.sign(evidence_of(office.place / "mended", "1.0"))
    body.evaluate(keys["eve"], number, office.take_in(mended))
    body.review(keys["rev"], number, process.GRANT, "mended")
    certified, certificate = body.decide(
        keys["dec"], number, process.GRANT, "it conforms", ["not for roaming"]
    )
    assert certificate is not None
    assert (certified.state, certified.status) == ("certified", "valid")

    # Elsewhere, with the anchors and the files alone.
    found_there = verified(office, certificate, office.export())
    assert found_there.exit_code == 0, found_there.checks
    assert found_there.details["product"]["version"] == "1.0"
    assert found_there.details["conditions"][-1] == "not for roaming"
    assert {each["verdict"] for each in found_there.details["scope"]} == {"pass"}
    # In the order of the catalogue, as the contract has them.
    assert [each["test_case"] for each in found_there.details["scope"]] == list(CASES)
    assert certificate_sheet(certificate).startswith(b"%PDF-")
    with pytest.raises(AssuranceError, match="this file is no certificate"):
        certificate_sheet(json.loads((mended / "attestation.json").read_text()))

    # A new version, of which one part changed: the other verdict stays.
    office.clock.later(days=200)
    changed = body.change(keys["vic"], number, "1.1", ["nas-security"], "another library")
    assert set(changed.required) == set(CASES)
    assert body.check_record() == len(body.actions())


def test_only_what_changed_is_run_again(office: Office) -> None:
    certify(office)
    keys, body = office.keys, office.body
    changed = body.change(keys["vic"], 1, "1.0", ["slices"], "slices only")
    # Neither test case looks at slices: with nothing to run, everything would stay unproven.
    assert set(changed.required) == set(CASES)
    number = apply(office)
    scope = body.scheme_of(body.certification(number)).required("AMF")
    again = load_scheme("nesas").again(scope, ["identities"])
    assert list(again) == ["TC_5G_GUTI_ALLOCATION_AMF"]
    assert again["TC_5G_GUTI_ALLOCATION_AMF"] == "Identities of subscribers changed"


def test_verdicts_of_what_did_not_change_are_carried_over(office: Office) -> None:
    keys, body = office.keys, office.body
    path = office.place / "areas.toml"
    text = Path(small_scheme(office.place)).read_text()
    head, _, _ = text.partition("[[area]]")
    path.write_text(
        head + '[[area]]\nname = "replay"\ntitle = "Replay"\ntest_cases = ["*REPLAY*"]\n'
        '[[area]]\nname = "capabilities"\ntitle = "Capabilities"\ntest_cases = ["*SEC_CAP*"]\n'
    )
    number = apply(office, str(path))
    body.accept(keys["otto"], number, "c")
    body.audit(keys["aud"], number, {"answers": ANSWERS})
    evidence = office.sign(evidence_of(office.place / "evidence", "0.9"))
    body.evaluate(keys["eve"], number, office.take_in(evidence))
    body.review(keys["rev"], number, process.GRANT, "x")
    _, first = body.decide(keys["dec"], number, process.GRANT, "x")
    assert first is not None
    changed = body.change(keys["vic"], number, "1.0", ["replay"], "window of the counter")
    assert changed.required == {"TC_NAS_REPLAY_AMF": "Replay changed"}
    assert changed.carried == {"TC_UE_SEC_CAP_HANDLING_AMF": "pass"}
    part = evidence_of(office.place / "part", "1.0", cases=("TC_NAS_REPLAY_AMF",))
    body.evaluate(keys["eve"], number, office.take_in(office.sign(part)))
    body.review(keys["rev"], number, process.GRANT, "x")
    after, second = body.decide(keys["dec"], number, process.GRANT, "1.0 too")
    assert second is not None
    public = office.export()
    assert verified(office, second, public).exit_code == 0
    assert after.certificate == "NESAS-2026-0001" or after.certificate.endswith("-0001")
    # The first document of that number is not the one in force any more.
    assert "this one was replaced" in broken(verified(office, first, public))


def test_withdrawal_and_suspension_are_seen(office: Office) -> None:
    certificate, _ = certify(office)
    keys, body = office.keys, office.body
    office.export()
    body.suspend(keys["dec"], 1, "a vulnerability is open")
    found = verified(office, certificate, office.export())
    assert "the certificate is suspended; suspended on" in broken(found)
    assert "a vulnerability is open" in broken(found)
    body.reinstate(keys["dec"], 1, "mended")
    assert verified(office, certificate, office.export()).exit_code == 0
    body.withdraw(keys["dec"], 1, "the holder asked for it")
    found = verified(office, certificate, office.export())
    assert found.exit_code == 1
    assert found.details["status"] == "withdrawn"
    with pytest.raises(RefusedError, match=r"the certificate of certification 1 is withdrawn"):
        body.reinstate(keys["dec"], 1, "no")
    # Without a register, nobody knows; what is known still holds.
    alone, _ = verifier.verify_certificate(certificate, office.trust, office.clock())
    assert alone.exit_code == 0
    assert alone.details["status"] == "not looked up"


def test_a_register_that_is_old_hides_withdrawals_and_says_so(office: Office) -> None:
    certificate, _ = certify(office)
    old = office.export("old")
    office.body.withdraw(office.keys["dec"], 1, "x")
    office.clock.later(days=40)
    found, _ = verifier.verify_certificate(
        certificate, office.trust, office.clock(), Directory(old), timedelta(days=30)
    )
    assert found.exit_code == 2
    assert any("older than 30 days" in each.sentence for each in found.checks)


def test_expiry(office: Office) -> None:
    certificate, _ = certify(office)
    office.clock.later(days=740)
    assert "the certificate was valid until" in broken(
        verified(office, certificate, office.export())
    )


def flip(path: Path, at: int) -> None:
    octets = bytearray(path.read_bytes())
    octets[at % len(octets)] ^= 1
    path.write_bytes(octets)


@pytest.mark.parametrize(
    "name",
    ["trace.pcapng", "verdict.json", "run.json", "knowledge.toml"],
)
def test_tampering_with_evidence_is_named(office: Office, name: str) -> None:
    evidence = office.sign(evidence_of(office.place / "evidence"))
    file = f"{CASES[0]}/{name}"
    for at in (0, 77, -1):
        copy = office.place / f"copy{at}"
        shutil.copytree(evidence, copy)
        flip(copy / file, at)
        found, _ = verifier.verify_directory(Directory(copy), office.trust, office.clock())
        assert broken(found) == f"{file} was altered"


def test_tampering_with_manifest_and_attestation_is_named(office: Office) -> None:
    evidence = office.sign(evidence_of(office.place / "evidence"))
    flip(evidence / "manifest.json", 40)
    found, _ = verifier.verify_directory(Directory(evidence), office.trust, office.clock())
    assert broken(found) == "manifest.json was altered"
    flip(evidence / "manifest.json", 40)
    (evidence / CASES[0] / "more.txt").write_text("x")
    (evidence / "target.toml").unlink()
    found, _ = verifier.verify_directory(Directory(evidence), office.trust, office.clock())
    assert broken(found) == f"target.toml is missing; {CASES[0]}/more.txt was added"
    (evidence / CASES[0] / "more.txt").unlink()
    octets = (evidence / "attestation.json").read_bytes()
    sound = 0
    for at in range(0, len(octets), max(1, len(octets) // 150)):
        (evidence / "attestation.json").write_bytes(
            octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1 :]
        )
        try:
            found, _ = verifier.verify_directory(Directory(evidence), office.trust, office.clock())
        except verifier.CannotVerifyError:
            continue
        names = {each.name for each in found.checks if each.outcome == "broken"}
        sound += "signature" not in names
    # The same JSON can be written in several ways: blanks between, and nothing else.
    assert sound <= 3


def altered(certificate: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    document = json.loads(json.dumps(certificate))
    statement = json.loads(base64.b64decode(document["envelope"]["payload"]))
    statement["predicate"].update(change)
    document["envelope"]["payload"] = base64.b64encode(verifier.canonical(statement)).decode()
    return document


def test_tampering_with_a_certificate_is_named(office: Office) -> None:
    certificate, evidence = certify(office)
    public = office.export()
    forged = altered(certificate, {"valid_until": "2099-01-01T00:00:00+00:00"})
    assert "the signature of the certificate does not fit its content" in broken(
        verified(office, forged, public)
    )
    without = {key: value for key, value in certificate.items() if key != "inclusion"}
    assert "no proof that it stands in a register" in broken(verified(office, without, public))
    moved = json.loads(json.dumps(certificate))
    moved["inclusion"]["index"] = 7
    assert "cannot be in a tree" in broken(verified(office, moved, public))
    # Other evidence than the certificate rests on.
    other = office.sign(evidence_of(office.place / "other", "1.0"))
    _, sealed = verifier.verify_certificate(certificate, office.trust, office.clock())
    assert sealed is not None
    for place, holds in ((evidence, True), (other, False)):
        _, theirs = verifier.verify_directory(Directory(place), office.trust, office.clock())
        assert theirs is not None
        if holds:
            assert "rests on this evidence" in verifier.check_belongs(sealed, theirs)
        else:
            with pytest.raises(verifier.VerificationError, match="rests on other evidence"):
                verifier.check_belongs(sealed, theirs)


def test_tampering_with_the_log_is_named(office: Office) -> None:
    certificate, _ = certify(office)
    office.body.withdraw(office.keys["dec"], 1, "x")
    public = office.export()
    path = public / "entries" / "000000.jsonl"
    octets = path.read_bytes()
    flip(path, 200)
    assert "an entry of the register was altered" in broken(verified(office, certificate, public))
    # The withdrawal is left away: the entries are not those of the head, nor can the head shrink.
    path.write_bytes(octets.splitlines(keepends=True)[0])
    assert "it was cut off" in broken(verified(office, certificate, public))
    head = json.loads((public / "head.json").read_text())
    head["tree_size"] = 1
    (public / "head.json").write_text(json.dumps(head))
    assert "the signature of the tree head does not fit" in broken(
        verified(office, certificate, public)
    )
    path.unlink()
    head["tree_size"] = 2
    (public / "head.json").write_text(json.dumps(head))
    assert "the register lacks entries/000000.jsonl" in broken(
        verified(office, certificate, public)
    )


def test_a_forked_log_is_noticed_by_the_consistency_proof(
    office: Office, tmp_path_factory: pytest.TempPathFactory
) -> None:
    certificate, _ = certify(office)
    honest = office.export("honest")
    seen = follow(Directory(honest), office.trust, office.clock(), None)
    assert seen.findings.exit_code == 0
    assert [each["event"] for each in seen.events] == ["issued"]
    office.body.suspend(office.keys["dec"], 1, "x")
    office.body.withdraw(office.keys["dec"], 1, "x")
    grown = follow(Directory(office.export("honest")), office.trust, office.clock(), seen.head)
    assert [each["event"] for each in grown.events] == ["suspended", "withdrawn"]

    # The same keys sign another history: to somebody, the withdrawal never happened.
    fork = Office(tmp_path_factory.mktemp("fork"))
    fork.keys, fork.clock = office.keys, office.clock
    fork.register = type(fork.register)(fork.database, fork.keys["register"], fork.clock)
    entries = [json.loads(each) for each in office.register.entries()]
    other = {**entries[0], "time_stamp": entries[1]["time_stamp"]}
    for each in (entries[0], other, other, other):
        fork.register.append(each)
    forked = fork.export("forked")
    found = follow(Directory(forked), office.trust, office.clock(), grown.head)
    assert "the register forked" in broken(found.findings)
    assert found.head is None
    # Nor may it shrink.
    short = follow(Directory(honest), office.trust, office.clock(), replace(grown.head, size=99))
    assert "the register shrank" in broken(short.findings)
    # A certificate brings a head of the past along: the fork from before it shows at once.
    late = certificate["inclusion"]["head"]
    assert late["tree_size"] == 1
    fork.close()
    empty = Office(tmp_path_factory.mktemp("empty"))
    empty.keys, empty.clock = office.keys, office.clock
    empty.register = type(empty.register)(empty.database, empty.keys["register"], empty.clock)
    empty.register.append(other)
    found_there = verified(office, certificate, empty.export("x"))
    assert "the register forked: its first 1 entries are not those" in broken(found_there)
    empty.close()
