"""The certification body: what people do there, recorded, and what it signs.

Whoever acts signs with his own key. What leaves the house (certificates, entries of the register)
is signed with the key of the body, in the same transaction as the action that it follows from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import Connection

from makmal.assurance.certification import people, process
from makmal.assurance.certification.actions import Action, Record
from makmal.assurance.certification.evaluations import Evaluation
from makmal.assurance.certification.process import Certification, certification_of, subject_of
from makmal.assurance.certification.scheme import (
    Scheme,
    SchemeError,
    parse_scheme,
    scheme_as_json,
)
from makmal.assurance.errors import AssuranceError, RefusedError
from makmal.assurance.register.log import Register
from makmal.assurance.signing.keys import public_pem
from makmal.assurance.signing.sealing import Seal
from makmal.assurance.storage.database import Database
from makmal.assurance.verification.verifier import (
    AMENDED,
    CERTIFICATE,
    ENTRY,
    ISSUED,
    REINSTATED,
    SUSPENDED,
    WITHDRAWN,
    certificate_digest,
)

_EVENTS = {
    process.SUSPEND: SUSPENDED,
    process.REINSTATE: REINSTATED,
    process.WITHDRAW: WITHDRAWN,
}


class CertificationBody:
    """The office. ``seal`` and ``register_key`` are needed to decide, suspend and withdraw only."""

    def __init__(
        self,
        name: str,
        database: Database,
        record: Record,
        register: Register,
        seal: Seal | None = None,
    ) -> None:
        self.name, self._database = name, database
        self._record, self._register, self._seal = record, register, seal

    # Reading.

    def actions(self) -> list[Action]:
        """Everything that was recorded."""
        return self._record.actions()

    def certification(self, number: int) -> Certification:
        """One by its number. Raises AssuranceError."""
        return certification_of(self.actions(), number)

    def check_record(self) -> int:
        """Check the whole record; return how many actions it has. Raises AssuranceError."""
        return self._record.check(people.key_of)

    # People.

    def appoint(
        self,
        key: Ed25519PrivateKey,
        name: str,
        organisation: str,
        roles: Sequence[str],
        public: Ed25519PublicKey,
    ) -> Action:
        """Give a person roles. Raises RefusedError."""
        details = {
            "name": name,
            "organisation": organisation,
            "roles": list(dict.fromkeys(roles)),
            "public_key": public_pem(public),
        }

        def rule(actions: Sequence[Action], action: Action, connection: Connection) -> None:
            del connection
            people.check_appointment(actions, action)

        return self._record.add(key, people.PEOPLE, people.APPOINT, details, rule)

    def dismiss(self, key: Ed25519PrivateKey, name: str, reason: str) -> Action:
        """From now on nothing that this person signs counts. Raises AssuranceError."""
        gone = people.named(self.actions(), name)

        def rule(actions: Sequence[Action], action: Action, connection: Connection) -> None:
            del connection
            people.check_dismissal(actions, action)

        return self._record.add(
            key, people.PEOPLE, people.DISMISS, {"key": gone, "reason": reason}, rule
        )

    # Certification.

    def apply(
        self, key: Ed25519PrivateKey, scheme: Scheme, product: Mapping[str, str], remark: str = ""
    ) -> Certification:
        """7.2: a vendor applies. Raises AssuranceError."""
        scheme.required(product["class"])
        details = {
            "scheme": scheme_as_json(scheme),
            "scheme_text": scheme.text,
            "product": dict(product),
            "remark": remark,
        }

        def rule(actions: Sequence[Action], action: Action, connection: Connection) -> None:
            del connection
            people.actor_of(actions, action, people.CLIENT)

        action = self._record.add(key, process.next_subject, process.APPLY, details, rule)
        return self.certification(int(action.subject.rpartition(" ")[2]))

    def accept(self, key: Ed25519PrivateKey, number: int, contract: str) -> Certification:
        """7.3: the application is reviewed; from now on the test cases in scope are fixed."""
        before = self.certification(number)
        scheme = self.scheme_of(before)
        required = {
            each.test_case: each.reference for each in scheme.required(before.product["class"])
        }
        details = {"scope": list(required), "required": required, "contract": contract}
        return self._act(key, number, process.ACCEPT, details)

    def decline(self, key: Ed25519PrivateKey, number: int, reason: str) -> Certification:
        """7.3.3: the application is not accepted."""
        return self._act(key, number, process.DECLINE, {"reason": reason})

    def audit(
        self, key: Ed25519PrivateKey, number: int, checklist: Mapping[str, Any]
    ) -> Certification:
        """The audit of the vendor's processes."""
        return self._act(key, number, process.AUDIT, checklist)

    def evaluate(
        self, key: Ed25519PrivateKey, number: int, evaluation: Evaluation
    ) -> Certification:
        """7.4: evidence that was verified and judged again is that of the evaluation."""
        before = self.certification(number)
        evaluation.check_product(before.product)
        missing = [each for each in before.required if each not in evaluation.verdicts]
        if missing:
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            raise RefusedError(
                f"the evidence has no verdict of {missing[0]}{more}, which the scope asks for"
            )
        return self._act(key, number, process.EVALUATE, evaluation.as_json())

    def review(
        self, key: Ed25519PrivateKey, number: int, recommendation: str, remarks: str
    ) -> Certification:
        """7.5: somebody who did not evaluate reviews."""
        details = {"recommendation": recommendation, "remarks": remarks}
        return self._act(key, number, process.REVIEW, details)

    def decide(
        self,
        key: Ed25519PrivateKey,
        number: int,
        decision: str,
        reason: str,
        conditions: Sequence[str] = (),
    ) -> tuple[Certification, dict[str, Any] | None]:
        """7.6: the decision; and the certificate when it is granted (7.7)."""
        details: dict[str, Any] = {"decision": decision, "reason": reason}
        if decision == process.REFUSE:
            return self._act(key, number, process.DECIDE, details), None
        seal = self._need_seal()
        before = self.certification(number)
        scheme = self.scheme_of(before)
        now = seal.clock().astimezone(UTC)
        details |= {
            "certificate": before.certificate or self._number(scheme, now),
            "valid_until": process.months_later(now, scheme.validity_months).isoformat(
                timespec="seconds"
            ),
            "conditions": [*scheme.conditions, *conditions],
        }
        issued: list[dict[str, Any]] = []

        def also(found: Certification, action: Action, connection: Connection) -> None:
            statement = self._certificate(found, action, scheme, bool(before.certificate))
            certificate = seal.statement(
                CERTIFICATE, {found.product["name"]: _evidence_of(found)}, statement
            )
            event = AMENDED if before.certificate else ISSUED
            entry = self._entry(seal, details["certificate"], event, reason, certificate)
            issued.append(self._register.enter(entry, certificate, connection))

        after = self._act(key, number, process.DECIDE, details, also)
        return after, issued[0]

    def survey(
        self, key: Ed25519PrivateKey, number: int, result: str, remarks: str
    ) -> Certification:
        """7.9: surveillance."""
        return self._act(key, number, process.SURVEY, {"result": result, "remarks": remarks})

    def suspend(self, key: Ed25519PrivateKey, number: int, reason: str) -> Certification:
        """7.11: the certificate does not count until it is reinstated."""
        return self._change_status(key, number, process.SUSPEND, reason)

    def reinstate(self, key: Ed25519PrivateKey, number: int, reason: str) -> Certification:
        """7.11.6: it counts again."""
        return self._change_status(key, number, process.REINSTATE, reason)

    def withdraw(self, key: Ed25519PrivateKey, number: int, reason: str) -> Certification:
        """7.11: it never counts again."""
        return self._change_status(key, number, process.WITHDRAW, reason)

    def change(
        self, key: Ed25519PrivateKey, number: int, version: str, areas: Sequence[str], what: str
    ) -> Certification:
        """7.10: a new version, and what changed in it: which test cases must run again."""
        before = self.certification(number)
        scheme = self.scheme_of(before)
        if version == before.product["version"]:
            raise RefusedError(f"{version} is the version that was evaluated already")
        scope = scheme.required(before.product["class"])
        again = scheme.again(scope, areas)
        evaluated = before.verdicts if before.state == process.CERTIFIED else {}
        for each in scope:
            if each.test_case not in evaluated:
                again.setdefault(each.test_case, "it was not passed by a certified version")
        if not again:
            again = {each.test_case: "no area was named: everything is run again" for each in scope}
        details = {
            "product": {**before.product, "version": version},
            "areas": list(areas),
            "what": what,
            "scope": [each.test_case for each in scope],
            "required": again,
            "carried": {name: verdict for name, verdict in evaluated.items() if name not in again},
        }
        return self._act(key, number, process.CHANGE, details)

    def complain(self, key: Ed25519PrivateKey, number: int, what: str) -> Certification:
        """7.13: a complaint or an appeal is put on record."""
        return self._act(key, number, process.COMPLAIN, {"what": what})

    # How.

    def scheme_of(self, found: Certification) -> Scheme:
        """The scheme that a certification was applied for under: the record holds its text."""
        details = found.history[0].details
        try:
            return parse_scheme(details["scheme_text"], f"{details['scheme']['name']}.toml")
        except SchemeError as error:
            raise AssuranceError(f"the scheme on record cannot be read: {error}") from None

    def _act(
        self,
        key: Ed25519PrivateKey,
        number: int,
        kind: str,
        details: Mapping[str, Any],
        also: Any = None,
    ) -> Certification:
        scheme = self.scheme_of(self.certification(number))

        def rule(actions: Sequence[Action], action: Action, connection: Connection) -> None:
            before = certification_of(actions, number)
            process.check(scheme, actions, action, before)
            if also is not None:
                after = process.after(before, action)
                also(after, action, connection)

        self._record.add(key, subject_of(number), kind, details, rule)
        return self.certification(number)

    def _change_status(
        self, key: Ed25519PrivateKey, number: int, kind: str, reason: str
    ) -> Certification:
        seal = self._need_seal()

        def also(found: Certification, action: Action, connection: Connection) -> None:
            del action
            entry = self._entry(seal, found.certificate, _EVENTS[kind], reason, None)
            self._register.append_in(connection, entry)

        return self._act(key, number, kind, {"reason": reason}, also)

    def _need_seal(self) -> Seal:
        if self._seal is None:
            raise AssuranceError("this is signed with the key of the certification body: open it")
        return self._seal

    def _number(self, scheme: Scheme, now: datetime) -> str:
        """The next certificate number of a scheme and year."""
        taken = {each.certificate for each in process.certifications_of(self.actions())}
        serial = 1
        while (number := scheme.numbering.format(year=now.year, serial=serial)) in taken:
            serial += 1
        return number

    def _certificate(
        self, found: Certification, action: Action, scheme: Scheme, amended: bool
    ) -> dict[str, Any]:
        evaluation = found.evaluation or {}
        return {
            "number": found.certificate,
            "certification": found.number,
            "body": self.name,
            "holder": found.client,
            "scheme": scheme_as_json(scheme),
            "product": dict(found.product),
            "scope": [
                {"test_case": name, "requirement": reference, "verdict": found.verdicts[name]}
                for name, reference in self._references(found, scheme).items()
            ],
            "evidence": evaluation.get("evidence"),
            "report": evaluation.get("report"),
            "laboratory": evaluation.get("laboratory"),
            "conditions": action.details["conditions"],
            "issued": action.time.isoformat(timespec="seconds"),
            "valid_until": action.details["valid_until"],
            "replaces_earlier": amended,
        }

    def _references(self, found: Certification, scheme: Scheme) -> dict[str, str]:
        known = {each.test_case: each.reference for each in scheme.required(found.product["class"])}
        return {name: known.get(name, "") for name in found.scope}

    def _entry(
        self,
        seal: Seal,
        number: str,
        event: str,
        reason: str,
        certificate: Mapping[str, Any] | None,
    ) -> dict[str, Any]:
        digest = (
            certificate_digest(certificate) if certificate else self._register.digest_of(number)
        )
        predicate = {
            "certificate": number,
            "event": event,
            "reason": reason,
            "time": seal.clock().astimezone(UTC).isoformat(timespec="seconds"),
        }
        return seal.statement(ENTRY, {number: digest}, predicate)


def _evidence_of(found: Certification) -> str:
    return str((found.evaluation or {}).get("evidence", ""))


def certificate_path(directory: Path, number: str) -> Path:
    """Where a certificate is written to."""
    return directory / f"{number}.json"
