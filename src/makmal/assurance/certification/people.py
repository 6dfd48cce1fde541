"""Who may do what: people, their keys and their roles, as the record has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from makmal.assurance.certification.actions import Action
from makmal.assurance.errors import AssuranceError, RefusedError
from makmal.assurance.verification.verifier import key_id, read_public_key
from makmal.trace.toml_file import nearest

PEOPLE = "people"
APPOINT, DISMISS = "appoint", "dismiss"
ADMINISTRATOR, CLIENT, OFFICER = "administrator", "client", "certification officer"
AUDITOR, EVALUATOR, REVIEWER = "auditor", "evaluator", "reviewer"
DECIDER = "decision maker"
ROLES: Mapping[str, str] = {
    ADMINISTRATOR: "appoints people (ISO/IEC 17065, 6.1)",
    CLIENT: "the vendor or operator who applies (3.1)",
    OFFICER: "takes in applications, fixes the scope, keeps certificates under surveillance",
    AUDITOR: "audits the vendor's development and lifecycle processes (NESAS audit team)",
    EVALUATOR: "evaluates the product (test laboratory, ISO/IEC 17025)",
    REVIEWER: "reviews the evaluation (7.5)",
    DECIDER: "decides on certification (7.6)",
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a key. ``dismissed``: from then on nothing that he signs counts."""

    name: str
    organisation: str
    roles: tuple[str, ...]
    public_key: str
    dismissed: datetime | None = None

    @property
    def key(self) -> Ed25519PublicKey:
        """The public key."""
        return read_public_key(self.public_key)


def people_of(actions: Iterable[Action]) -> dict[str, Person]:
    """Everybody who was appointed, by the id of the key."""
    found: dict[str, Person] = {}
    for action in actions:
        if action.kind == APPOINT and action.subject == PEOPLE:
            details = action.details
            person = Person(
                details["name"],
                details["organisation"],
                tuple(details["roles"]),
                details["public_key"],
            )
            found[key_id(person.key)] = person
        elif action.kind == DISMISS and action.subject == PEOPLE:
            gone = found[action.details["key"]]
            found[action.details["key"]] = Person(
                gone.name, gone.organisation, gone.roles, gone.public_key, action.time
            )
    return found


def key_of(identity: str, actions: Sequence[Action]) -> Ed25519PublicKey | None:
    """The key of an id, once it is known: what checking the record needs."""
    person = people_of(actions).get(identity)
    return None if person is None else person.key


def actor_of(actions: Sequence[Action], action: Action, *roles: str) -> Person:
    """Who takes an action, if he has one of the roles. Raises RefusedError."""
    person = people_of(actions).get(action.actor)
    if person is None:
        raise RefusedError(
            f"nobody here has the key {action.actor[:16]}: an administrator appoints people with "
            "makmal certify appoint"
        )
    if person.dismissed:
        raise RefusedError(f"{person.name} was dismissed on {person.dismissed:%Y-%m-%d}")
    if not set(roles) & set(person.roles):
        raise RefusedError(
            f"{person.name} may not {action.kind}: that takes the role {' or '.join(roles)}, and "
            f"{person.name} has {', '.join(person.roles)}"
        )
    return person


def check_appointment(actions: Sequence[Action], action: Action) -> None:
    """Administrators appoint; the first one appoints himself. Raises RefusedError."""
    for role in action.details["roles"]:
        if role not in ROLES:
            raise RefusedError(
                f"there is no role {role}; {nearest(role, list(ROLES), 'the roles are')}"
            )
    if not action.details["roles"]:
        raise RefusedError("a person needs a role")
    key = key_id(read_public_key(action.details["public_key"]))
    known = people_of(actions)
    if not known:
        if key != action.actor or ADMINISTRATOR not in action.details["roles"]:
            raise RefusedError("the first person is an administrator, who appoints himself")
        return
    actor_of(actions, action, ADMINISTRATOR)
    if key in known:
        raise RefusedError(f"{known[key].name} has this key already")
    if any(each.name == action.details["name"] and not each.dismissed for each in known.values()):
        raise RefusedError(
            f"there is a {action.details['name']} already: dismiss the old key, or give another "
            "name"
        )


def check_dismissal(actions: Sequence[Action], action: Action) -> None:
    """Administrators dismiss, and one of them must remain. Raises RefusedError."""
    actor_of(actions, action, ADMINISTRATOR)
    known = people_of(actions)
    gone = known.get(action.details["key"])
    if gone is None or gone.dismissed:
        raise RefusedError("nobody here has that key")
    left = [
        each
        for key, each in known.items()
        if key != action.details["key"] and not each.dismissed and ADMINISTRATOR in each.roles
    ]
    if not left:
        raise RefusedError(f"{gone.name} is the last administrator: appoint another one first")


def named(actions: Iterable[Action], name: str) -> str:
    """The id of the key of a person. Raises AssuranceError."""
    people = people_of(actions)
    for key, person in people.items():
        if person.name == name and not person.dismissed:
            return key
    names = [each.name for each in people.values()] or [""]
    raise AssuranceError(f"there is no {name} here; {nearest(name, names, 'there are')}")
