"""The register's page for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from makmal.assurance.verification.verifier import STATUS_AFTER


@dataclass(frozen=True, slots=True)
class RegisteredCertificate:
    """A certificate, and the last thing that became of it."""

    number: str
    certificate: Mapping[str, Any]
    event: Mapping[str, Any]

    @property
    def status(self) -> str:
        """In a word."""
        return STATUS_AFTER[self.event["event"]]


def register_page(
    name: str, head: Mapping[str, Any], certificates: Sequence[RegisteredCertificate]
) -> str:
    """The page as HTML."""
    environment = Environment(
        loader=PackageLoader("makmal.assurance.register"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    ordered = sorted(certificates, key=lambda each: each.number)
    return environment.get_template("register.html").render(
        name=name, head=head, certificates=ordered
    )
