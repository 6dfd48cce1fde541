"""Where a certification stands: a function of what was done (ISO/IEC 17065, clause 7).

    apply 7.2 -> accept 7.3 -> audit, evaluate 7.4 -> review 7.5 -> decide 7.6
    a certificate 7.7 -> surveillance 7.9, suspend, reinstate, withdraw 7.11
    a new version 7.10 -> evaluate again, as far as what changed calls for it

``certification_of`` tells it from the record; ``check`` refuses what the rules forbid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from makmal.assurance.certification.actions import Action, of_subject
from makmal.assurance.certification.people import (
    AUDITOR,
    CLIENT,
    DECIDER,
    EVALUATOR,
    OFFICER,
    REVIEWER,
    actor_of,
    people_of,
)
from makmal.assurance.certification.scheme import Scheme
from makmal.assurance.errors import AssuranceError, RefusedError

# Where an evaluation stands.
APPLIED, ACCEPTED, DECLINED = "applied for", "under evaluation", "declined"
REVIEWED, REFUSED, CERTIFIED, ENDED = "reviewed", "refused", "certified", "ended"
# What a certificate is worth, once there is one.
NONE, VALID, SUSPENDED, WITHDRAWN = "none", "valid", "suspended", "withdrawn"
APPLY, ACCEPT, DECLINE = "apply", "accept", "decline"
AUDIT, EVALUATE, REVIEW, DECIDE = "audit", "evaluate", "review", "decide"
SURVEY, SUSPEND, REINSTATE, WITHDRAW = "survey", "suspend", "reinstate", "withdraw"
CHANGE, COMPLAIN = "change", "complain"
GRANT, REFUSE = "grant", "refuse"
CONFORMS, MINOR, MAJOR = "conforms", "minor nonconformity", "major nonconformity"
NOT_APPLICABLE = "not applicable"
AUDIT_RESULTS = (CONFORMS, MINOR, MAJOR, NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class Step:
    """Who may do something, and when: in which state of the evaluation, or status of the
    certificate (any, where there is none). ``to`` is the state after it, None for the same.
    """

    roles: tuple[str, ...]
    when: tuple[str, ...]
    to: str | None
    clause: str
    status: tuple[str, ...] = ()


STEPS: Mapping[str, Step] = {
    APPLY: Step((CLIENT,), (), APPLIED, "7.2"),
    ACCEPT: Step((OFFICER,), (APPLIED,), ACCEPTED, "7.3"),
    DECLINE: Step((OFFICER,), (APPLIED,), DECLINED, "7.3.3"),
    AUDIT: Step((AUDITOR,), (ACCEPTED, CERTIFIED), None, "7.4; FS.15"),
    EVALUATE: Step((EVALUATOR,), (ACCEPTED,), None, "7.4"),
    REVIEW: Step((REVIEWER,), (ACCEPTED,), REVIEWED, "7.5"),
    DECIDE: Step((DECIDER,), (REVIEWED,), None, "7.6"),
    SURVEY: Step((OFFICER, AUDITOR), (), None, "7.9", (VALID, SUSPENDED)),
    SUSPEND: Step((DECIDER,), (), None, "7.11", (VALID,)),
    REINSTATE: Step((DECIDER,), (), None, "7.11.6", (SUSPENDED,)),
    WITHDRAW: Step((DECIDER,), (), ENDED, "7.11", (VALID, SUSPENDED)),
    CHANGE: Step((CLIENT,), (CERTIFIED, REFUSED), ACCEPTED, "7.10"),
    COMPLAIN: Step(
        tuple({CLIENT, OFFICER, REVIEWER, DECIDER, AUDITOR, EVALUATOR}), (), None, "7.13"
    ),
}

_STATUS_AFTER = {SUSPEND: SUSPENDED, REINSTATE: VALID, WITHDRAW: WITHDRAWN}


@dataclass(frozen=True, slots=True)
class Certification:
    """A certification as the record tells it. ``required`` are the test cases that the evaluation
    at hand must bring; ``carried`` the verdicts that stay from the version certified before.
    """

    number: int
    client: str
    scheme: Mapping[str, Any] = field(default_factory=dict)
    product: Mapping[str, Any] = field(default_factory=dict)
    state: str = APPLIED
    scope: tuple[str, ...] = ()
    required: Mapping[str, str] = field(default_factory=dict)
    carried: Mapping[str, str] = field(default_factory=dict)
    audit: Mapping[str, Any] | None = None
    evaluation: Mapping[str, Any] | None = None
    review: Mapping[str, Any] | None = None
    decision: Mapping[str, Any] | None = None
    certificate: str = ""
    status: str = NONE
    valid_until: str = ""
    surveyed: datetime | None = None
    history: tuple[Action, ...] = ()

    @property
    def subject(self) -> str:
        """How the record names it."""
        return subject_of(self.number)

    @property
    def verdicts(self) -> dict[str, str]:
        """All verdicts that a decision rests on."""
        found = dict(self.carried)
        if self.evaluation is not None:
            found.update(self.evaluation["verdicts"])
        return {name: found[name] for name in self.scope if name in found}

    def did(self, kind: str) -> set[str]:
        """The keys of everybody who did this since the application."""
        return {each.actor for each in self.history if each.kind == kind}

    def as_json(self) -> dict[str, Any]:
        """What ``--json`` prints."""
        return {
            "certification": self.number,
            "state": self.state,
            "scheme": dict(self.scheme),
            "product": dict(self.product),
            "client": self.client,
            "scope": list(self.scope),
            "required": dict(self.required),
            "carried": dict(self.carried),
            "verdicts": self.verdicts,
            "audit": self.audit,
            "evaluation": self.evaluation,
            "review": self.review,
            "decision": self.decision,
            "certificate": self.certificate or None,
            "status": self.status,
            "valid_until": self.valid_until or None,
        }


def subject_of(number: int) -> str:
    """How the record names a certification."""
    return f"certification {number}"


def next_subject(actions: Sequence[Action]) -> str:
    """The one of a new application."""
    return subject_of(sum(each.kind == APPLY for each in actions) + 1)


def certification_of(actions: Sequence[Action], number: int) -> Certification:
    """A certification by its number. Raises AssuranceError."""
    mine = tuple(of_subject(actions, subject_of(number)))
    if not mine:
        raise AssuranceError(f"there is no certification {number}: makmal certify list shows all")
    people = people_of(actions)
    found = Certification(number, people[mine[0].actor].organisation, history=mine)
    for action in mine:
        found = after(found, action)
    return found


def certifications_of(actions: Sequence[Action]) -> list[Certification]:
    """All of them."""
    count = sum(each.kind == APPLY for each in actions)
    return [certification_of(actions, number) for number in range(1, count + 1)]


def after(before: Certification, action: Action) -> Certification:
    """What an action makes of a certification."""
    details = action.details
    step = STEPS[action.kind]
    found = before if step.to is None else replace(before, state=step.to)
    if action.kind == APPLY:
        return replace(found, scheme=details["scheme"], product=details["product"])
    if action.kind == ACCEPT:
        return replace(found, scope=tuple(details["scope"]), required=details["required"])
    if action.kind == AUDIT:
        return replace(found, audit={**details, "time": action.time.isoformat()})
    if action.kind == EVALUATE:
        return replace(found, evaluation={**details, "time": action.time.isoformat()})
    if action.kind == REVIEW:
        return replace(found, review={**details, "time": action.time.isoformat()})
    if action.kind == DECIDE:
        granted = details["decision"] == GRANT
        found = replace(found, decision={**details, "time": action.time.isoformat()})
        if not granted:
            return replace(found, state=REFUSED)
        return replace(
            found,
            state=CERTIFIED,
            status=VALID,
            certificate=details["certificate"],
            valid_until=details["valid_until"],
            surveyed=action.time,
        )
    if action.kind in _STATUS_AFTER:
        return replace(found, status=_STATUS_AFTER[action.kind])
    if action.kind == SURVEY:
        return replace(found, surveyed=action.time)
    if action.kind == CHANGE:
        return replace(
            found,
            product=details["product"],
            required=details["required"],
            carried=details["carried"],
            scope=tuple(details["scope"]),
            evaluation=None,
            review=None,
            decision=None,
        )
    return found


def check(scheme: Scheme, actions: Sequence[Action], action: Action, before: Certification) -> None:
    """Whether an action may be taken: role, order, separation of persons, and what it rests on.

    Raises RefusedError with the clause.
    """
    step = STEPS[action.kind]
    person = actor_of(actions, action, *step.roles)
    if step.when and before.state not in step.when:
        raise RefusedError(
            f"certification {before.number} is {before.state}; {person.name} can {action.kind} it "
            f"when it is {' or '.join(step.when)} (ISO/IEC 17065, {step.clause})"
        )
    if step.status and before.status not in step.status:
        what = f"is {before.status}" if before.certificate else "was not issued yet"
        raise RefusedError(
            f"the certificate of certification {before.number} {what}; {person.name} can "
            f"{action.kind} it when it is {' or '.join(step.status)} (ISO/IEC 17065, {step.clause})"
        )
    for each in scheme.separations:
        for mine, other in ((each.first, each.second), (each.second, each.first)):
            if action.kind == mine and action.actor in before.did(other):
                raise RefusedError(
                    f"{person.name} has a part in this certification already ({other}), and may "
                    f"not {action.kind}: {each.clause}"
                )
    client = people_of(actions)[before.history[0].actor].organisation
    if person.organisation != client and CLIENT in step.roles and action.kind == CHANGE:
        raise RefusedError(f"{person.name} is not of {client}, who applied")
    if action.kind in (ACCEPT, EVALUATE, REVIEW, DECIDE, AUDIT) and person.organisation == client:
        raise RefusedError(
            f"{person.name} is of {client}, the client, and may not {action.kind}: ISO/IEC "
            "17065, 4.2"
        )
    if action.kind == REVIEW:
        _check_review(scheme, before)
    if action.kind == DECIDE and action.details["decision"] == GRANT:
        _check_grant(scheme, before)


def _check_review(scheme: Scheme, found: Certification) -> None:
    if scheme.audit and found.audit is None:
        raise RefusedError(
            f"certification {found.number} has no audit of the vendor's processes yet: makmal "
            "certify audit records one"
        )
    if found.evaluation is None:
        raise RefusedError(
            f"certification {found.number} has no evaluation yet: makmal certify evaluate "
            "records one"
        )


def shortcomings(scheme: Scheme, found: Certification) -> list[str]:
    """What keeps a certification from being granted."""
    problems = []
    verdicts = found.verdicts
    for name in found.scope:
        verdict = verdicts.get(name)
        if verdict is None:
            problems.append(f"{name} was not run")
        elif verdict not in {each.value for each in scheme.accepted}:
            problems.append(f"{name}: {verdict}")
    for identity, answer in (found.audit or {}).get("answers", {}).items():
        if answer["result"] == MAJOR:
            problems.append(f"{identity}: major nonconformity")
    return problems


def _check_grant(scheme: Scheme, found: Certification) -> None:
    problems = shortcomings(scheme, found)
    if problems:
        more = f", and {len(problems) - 3} more" if len(problems) > 3 else ""
        raise RefusedError(
            f"certification {found.number} cannot be granted: {'; '.join(problems[:3])}{more}"
        )
    if (found.review or {}).get("recommendation") != GRANT:
        raise RefusedError(
            f"certification {found.number} cannot be granted: the review does not recommend it"
        )


def surveillance_due(scheme: Scheme, found: Certification) -> datetime | None:
    """When the next surveillance is due (7.9)."""
    if found.surveyed is None or found.status not in (VALID, SUSPENDED):
        return None
    return months_later(found.surveyed, scheme.surveillance_months)


def months_later(time: datetime, months: int) -> datetime:
    """The same day some months on, or the last day of that month."""
    year, month = divmod(time.year * 12 + time.month - 1 + months, 12)
    for day in (time.day, 30, 29, 28):
        try:
            return time.replace(year=year, month=month + 1, day=day)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")
