"""Certification: roles, separation of persons, order, schemes, and a record that cannot be bent."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from makmal.assurance.certification import people, process
from makmal.assurance.certification.audit_checklist import empty_checklist, read_checklist
from makmal.assurance.certification.scheme import load_scheme, parse_scheme, scheme_names
from makmal.assurance.errors import AssuranceError, RefusedError

from .office import Office, evidence_of
from .test_life import ANSWERS, PRODUCT, apply, small_scheme


def accepted(office: Office) -> int:
    number = apply(office, small_scheme(office.place))
    office.body.accept(office.keys["otto"], number, "contract")
    return number


def evaluated(office: Office) -> int:
    number = accepted(office)
    office.body.audit(office.keys["aud"], number, {"answers": ANSWERS})
    evidence = office.sign(evidence_of(office.place / "evidence", "0.9"))
    office.body.evaluate(office.keys["eve"], number, office.take_in(evidence))
    return number


WRONG = [
    ("accept", "vic", ("contract",)),
    ("audit", "eve", ({"answers": ANSWERS},)),
    ("review", "eve", (process.GRANT, "x")),
    ("decide", "rev", (process.GRANT, "x")),
    ("decide", "eve", (process.GRANT, "x")),
    ("suspend", "otto", ("x",)),
    ("withdraw", "vic", ("x",)),
    ("survey", "rev", ("fine", "")),
]


@pytest.mark.parametrize(("what", "who", "arguments"), WRONG)
def test_every_step_takes_its_role(
    office: Office, what: str, who: str, arguments: tuple[Any, ...]
) -> None:
    number = accepted(office)
    before = len(office.body.actions())
    with pytest.raises(RefusedError, match=rf"may not {what}: that takes the role"):
        getattr(office.body, what)(office.keys[who], number, *arguments)
    assert len(office.body.actions()) == before


def test_every_step_has_its_time(office: Office) -> None:
    number = accepted(office)
    keys, body = office.keys, office.body
    with pytest.raises(RefusedError, match="has no audit of the vendor's processes yet"):
        body.review(keys["rev"], number, process.GRANT, "x")
    body.audit(keys["aud"], number, {"answers": ANSWERS})
    with pytest.raises(RefusedError, match="has no evaluation yet"):
        body.review(keys["rev"], number, process.GRANT, "x")
    with pytest.raises(RefusedError, match=r"is under evaluation; Dec can decide it when it is"):
        body.decide(keys["dec"], number, process.GRANT, "x")
    with pytest.raises(RefusedError, match=r"was not issued yet"):
        body.withdraw(keys["dec"], number, "x")
    with pytest.raises(RefusedError, match=r"Otto can accept it when it is applied for"):
        body.accept(keys["otto"], number, "again")
    with pytest.raises(AssuranceError, match="there is no certification 9"):
        body.accept(keys["otto"], 9, "x")


def test_nobody_judges_his_own_work(office: Office) -> None:
    keys, body = office.keys, office.body
    both = office.keys["laboratory"]
    roles = [people.EVALUATOR, people.REVIEWER, people.DECIDER]
    body.appoint(keys["ada"], "Una", "Certification Body", roles, both.public_key())
    number = accepted(office)
    body.audit(keys["aud"], number, {"answers": ANSWERS})
    evidence = office.sign(evidence_of(office.place / "evidence", "0.9"))
    body.evaluate(both, number, office.take_in(evidence))
    with pytest.raises(RefusedError, match=r"Una has a part .* \(evaluate\).*ISO/IEC 17065, 7.5.1"):
        body.review(both, number, process.GRANT, "my own work is good")
    body.review(keys["rev"], number, process.GRANT, "x")
    with pytest.raises(RefusedError, match=r"may not decide: ISO/IEC 17065, 7.6.2"):
        body.decide(both, number, process.GRANT, "x")
    # Nor does the client's staff.
    insider = office.keys["register"]
    body.appoint(keys["ada"], "Ina", "Example Networks", [people.DECIDER], insider.public_key())
    with pytest.raises(RefusedError, match=r"the client, and may not decide: ISO/IEC 17065, 4.2"):
        body.decide(insider, number, process.GRANT, "x")


def test_what_keeps_a_certificate_from_being_granted(office: Office) -> None:
    keys, body = office.keys, office.body
    number = accepted(office)
    bad = {**ANSWERS, "REQ-TES-01": {"result": process.MAJOR, "evidence": "no tests"}}
    body.audit(keys["aud"], number, {"answers": bad})
    evidence = office.sign(evidence_of(office.place / "evidence", "0.9"))
    body.evaluate(keys["eve"], number, office.take_in(evidence))
    body.review(keys["rev"], number, process.GRANT, "x")
    with pytest.raises(RefusedError, match="REQ-TES-01: major nonconformity"):
        body.decide(keys["dec"], number, process.GRANT, "x")


def test_a_review_that_does_not_recommend(office: Office) -> None:
    number = evaluated(office)
    office.body.review(office.keys["rev"], number, process.REFUSE, "the log is thin")
    with pytest.raises(RefusedError, match="the review does not recommend it"):
        office.body.decide(office.keys["dec"], number, process.GRANT, "x")


def test_evidence_must_bring_the_whole_scope_and_be_signed(office: Office) -> None:
    number = accepted(office)
    part = evidence_of(office.place / "part", "0.9", cases=("TC_NAS_REPLAY_AMF",))
    with pytest.raises(AssuranceError, match="is not signed"):
        office.take_in(part)
    office.sign(part)
    with pytest.raises(RefusedError, match="has no verdict of TC_UE_SEC_CAP_HANDLING_AMF, which"):
        office.body.evaluate(office.keys["eve"], number, office.take_in(part))
    path = part / "TC_NAS_REPLAY_AMF" / "verdict.json"
    path.write_text(path.read_text().replace("pass", "fail"))
    with pytest.raises(RefusedError, match=r"TC_NAS_REPLAY_AMF/verdict.json was altered"):
        office.take_in(part)
    # A laboratory that signs a verdict which its own trace does not bear out.
    from makmal.bench.manifest import hash_of, read_manifest, write_manifest

    name = "TC_NAS_REPLAY_AMF/verdict.json"
    write_manifest(part, {**read_manifest(part), name: hash_of(path)})
    office.sign(part)
    with pytest.raises(RefusedError, match=r"is fail; judged again, it is pass"):
        office.take_in(part)


def test_people(office: Office) -> None:
    keys, body = office.keys, office.body
    new = office.keys["register"].public_key()
    for key, name, roles, public, wanted in (
        ("otto", "X", ["auditor"], new, "Otto may not appoint"),
        ("register", "X", ["auditor"], new, "nobody here has the key"),
        ("ada", "X", ["audtor"], new, "there is no role audtor; did you mean auditor"),
        ("ada", "X", [], new, "a person needs a role"),
        ("ada", "Vic", ["auditor"], new, "there is a Vic already"),
        ("ada", "X", ["auditor"], keys["vic"].public_key(), "Vic has this key already"),
    ):
        with pytest.raises(RefusedError, match=wanted):
            body.appoint(keys[key], name, "Y", roles, public)
    with pytest.raises(RefusedError, match="is the last administrator"):
        body.dismiss(keys["ada"], "Ada", "x")
    body.dismiss(keys["ada"], "Dec", "left")
    number = evaluated(office)
    body.review(keys["rev"], number, process.GRANT, "x")
    with pytest.raises(RefusedError, match="Dec was dismissed on"):
        body.decide(keys["dec"], number, process.GRANT, "x")
    with pytest.raises(AssuranceError, match="there is no Nobody here"):
        body.dismiss(keys["ada"], "Nobody", "x")


def test_the_record_shows_every_change(office: Office) -> None:
    accepted(office)
    count = office.body.check_record()
    assert count == len(office.body.actions()) > 8
    office.close()
    path = office.place / "assurance.db"
    connection = sqlite3.connect(path)
    # Whoever owns the file can take the triggers away; the signatures and the chain stay.
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='trigger'"):
        connection.execute(f"DROP TRIGGER {name}")
    document = connection.execute("SELECT document FROM action WHERE number = 9").fetchone()[0]
    connection.execute(
        "UPDATE action SET document = ? WHERE number = 9",
        (document.replace('"sig":"', '"sig":"A'),),
    )
    connection.commit()
    with pytest.raises(AssuranceError, match="action 9 of the record was altered"):
        office.body.check_record()
    connection.execute("UPDATE action SET document = ? WHERE number = 9", (document,))
    connection.execute("DELETE FROM action WHERE number = 8")
    connection.commit()
    with pytest.raises(AssuranceError, match="does not follow the one before"):
        office.body.check_record()
    connection.close()


def test_surveillance_falls_due(office: Office) -> None:
    number = evaluated(office)
    keys, body = office.keys, office.body
    body.review(keys["rev"], number, process.GRANT, "x")
    found, _ = body.decide(keys["dec"], number, process.GRANT, "x")
    scheme = body.scheme_of(found)
    first = process.surveillance_due(scheme, found)
    assert first is not None
    assert 360 < (first - office.clock.now).days < 370
    office.clock.later(days=300)
    after = process.surveillance_due(scheme, body.survey(keys["otto"], number, "fine", ""))
    assert after is not None
    assert (after - first).days > 290


def test_months() -> None:
    from datetime import UTC, datetime

    for start, months, wanted in (
        ((2026, 11, 30), 3, (2027, 2, 28)),
        ((2027, 11, 30), 3, (2028, 2, 29)),
        ((2026, 12, 31), 1, (2027, 1, 31)),
        ((2026, 1, 15), 24, (2028, 1, 15)),
    ):
        found = process.months_later(datetime(*start, tzinfo=UTC), months)
        assert (found.year, found.month, found.day) == wanted


# Schemes.


@pytest.mark.parametrize("name", scheme_names())
def test_schemes_separate_those_who_evaluate_from_those_who_decide(name: str) -> None:
    scheme = load_scheme(name)
    pairs = {frozenset((each.first, each.second)) for each in scheme.separations}
    for pair in (
        {"evaluate", "review"},
        {"evaluate", "decide"},
        {"apply", "decide"},
        {"apply", "evaluate"},
    ):
        assert frozenset(pair) in pairs
    kinds = set(process.STEPS)
    assert all({each.first, each.second} <= kinds for each in scheme.separations)
    assert len({each.identity for each in scheme.audit}) == len(scheme.audit) > 10
    assert len({each.name for each in scheme.areas}) == len(scheme.areas) > 2


def test_a_scheme_reads_its_test_cases_from_the_catalogue() -> None:
    for name in ("nesas", "national-5g"):
        scheme = load_scheme(name)
        found = scheme.required("AMF")
        assert "TC_NAS_REPLAY_AMF" in {each.test_case for each in found}
        assert all("AMF" in each.product_classes for each in found)
    with pytest.raises(AssuranceError, match=r"there is no scheme nesa; did you mean nesas"):
        load_scheme("nesa")
    with pytest.raises(AssuranceError, match="there is no test case of"):
        load_scheme("nesas").required("Toaster")


def test_the_areas_of_a_scheme_know_the_test_cases_in_its_scope() -> None:
    # A change is told from what it leaves alone only where areas know what is looked at.
    for name, product_class in (("nesas", "AMF"), ("nesas", "gNB"), ("en303645", "device")):
        scheme = load_scheme(name)
        found = scheme.required(product_class)
        known = [each for each in found if any(area.concerns(each) for area in scheme.areas)]
        assert len(known) == len(found) > 3, product_class


def test_what_belongs_to_no_area_is_run_again(tmp_path: Path) -> None:
    text = Path(small_scheme(tmp_path)).read_text()
    scheme = parse_scheme(text.partition("[[area]]")[0], "x.toml")
    again = scheme.again(scheme.required("AMF"), [])
    assert set(again.values()) == {"it belongs to no area, and is always run again"}
    with pytest.raises(AssuranceError, match="has no area nas-securty; did you mean nas-security"):
        load_scheme("nesas").again((), ["nas-securty"])


def test_mistakes_in_a_scheme_are_named(tmp_path: Path) -> None:
    sound = Path(small_scheme(tmp_path)).read_text()
    for old, new, wanted in (
        ('name = "nesas"', "nam = 1", r"nam: no such entry; did you mean name"),
        ('accepted = ["pass"', 'accepted = ["passed"', r'must be "pass"'),
        ("validity_months = 24", "validity_months = 0", r"validity_months: must be a number"),
        ("{serial:04d}", "1", r"numbering: must be a pattern"),
        ("references = [", "references = [1, ", r"references: must be a list of texts"),
    ):
        path = tmp_path / "bad.toml"
        path.write_text(sound.replace(old, new, 1))
        with pytest.raises(AssuranceError, match=wanted):
            load_scheme(str(path))


def test_the_scheme_of_an_application_stays_as_it_was(office: Office) -> None:
    path = Path(small_scheme(office.place))
    number = apply(office, str(path))
    path.write_text(path.read_text().replace("validity_months = 24", "validity_months = 99"))
    scheme = office.body.scheme_of(office.body.certification(number))
    assert scheme.validity_months == 24


# Checklists.


def test_checklists(tmp_path: Path) -> None:
    scheme = load_scheme("nesas")
    text = empty_checklist(scheme)
    path = tmp_path / "audit.toml"
    path.write_text(text)
    with pytest.raises(AssuranceError, match=r"line \d+: result: must be \"conforms\""):
        read_checklist(scheme, path)
    text = text.replace('result = ""', 'result = "conforms"')
    path.write_text(text)
    with pytest.raises(AssuranceError, match="evidence: must be a text"):
        read_checklist(scheme, path)
    text = text.replace('evidence = ""', 'evidence = "seen"')
    path.write_text(text)
    answers = read_checklist(scheme, path)["answers"]
    assert list(answers) == [each.identity for each in scheme.audit]
    (tmp_path / "evidence.pdf").write_bytes(b"x")
    path.write_text(text.replace("# file", "file", 1))
    answers = read_checklist(scheme, path)["answers"]
    assert len(answers["REQ-DES-01"]["file"]["sha256"]) == 64
    (tmp_path / "evidence.pdf").unlink()
    with pytest.raises(AssuranceError, match="No such file"):
        read_checklist(scheme, path)
    path.write_text(text + '[[answer]]\nid = "REQ-DES-01"\nresult = "conforms"\nevidence = "x"\n')
    with pytest.raises(AssuranceError, match="REQ-DES-01 is answered twice"):
        read_checklist(scheme, path)
    path.write_text(re.sub(r"(?s)\[\[answer\]\]\nid = \"REQ-DES-01\".*?\n\n", "", text))
    with pytest.raises(AssuranceError, match="REQ-DES-01: not answered"):
        read_checklist(scheme, path)


def test_what_is_recorded_can_be_read(office: Office) -> None:
    number = evaluated(office)
    document = json.loads(json.dumps(office.body.certification(number).as_json()))
    assert document["product"] == PRODUCT
    assert set(document["verdicts"].values()) == {"pass"}
    assert document["state"] == "under evaluation"
    office.body.complain(office.keys["vic"], number, "too slow")
    assert office.body.certification(number).history[-1].details == {"what": "too slow"}
