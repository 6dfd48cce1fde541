"""What the commands of assurance share: passphrases, the office, and how errors are said."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from makmal.assurance.certification.actions import Record
from makmal.assurance.certification.body import CertificationBody
from makmal.assurance.certification.settings import SETTINGS, Settings, load_settings
from makmal.assurance.errors import AssuranceError, RefusedError
from makmal.assurance.register.log import Register
from makmal.assurance.signing.keys import load_key
from makmal.assurance.signing.sealing import Seal
from makmal.assurance.signing.time_stamps import load_authority
from makmal.assurance.storage.database import open_database
from makmal.assurance.verification.verifier import CannotVerifyError, VerificationError

PASSPHRASE = "MAKMAL_PASSPHRASE"  # noqa: S105 - the name of a variable
JSON = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
SETTINGS_FILE = Annotated[
    Path, typer.Option("--settings", help="The settings of the office (docs/assurance.md).")
]
USUAL_SETTINGS = Path(SETTINGS)
MY_KEY = Annotated[Path, typer.Option("--key", help="The key file of whoever does this.")]


@contextmanager
def said(command: str) -> Iterator[None]:
    """Say errors as one sentence: exit code 1 for what a rule forbids, 2 for what failed."""
    errors = Console(stderr=True)
    try:
        yield
    except RefusedError as error:
        errors.print(
            f"makmal {command}: refused: {error}", style="bold red", markup=False, soft_wrap=True
        )
        raise typer.Exit(1) from None
    except (AssuranceError, CannotVerifyError, VerificationError) as error:
        errors.print(f"makmal {command}: {error}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(2) from None


def passphrase_of(path: Path, *, new: bool = False) -> str:
    """The passphrase of a key file: from the environment, or asked for. Raises AssuranceError."""
    given = os.environ.get(PASSPHRASE)
    if given is not None:
        return given
    if not sys.stdin.isatty():
        raise AssuranceError(
            f"the passphrase of {path} is needed: set {PASSPHRASE}, or run this in a terminal"
        )
    question = f"Passphrase of {path}"
    answer: str = typer.prompt(question, hide_input=True, confirmation_prompt=new, err=True)
    return answer


def print_json(value: Any) -> None:
    """One JSON object."""
    json.dump(value, sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")


def seal_of(key: Path, time_stamps: Path) -> Seal:
    """A key and an authority, opened. Raises AssuranceError."""
    return Seal(
        load_key(key, passphrase_of(key)),
        load_authority(time_stamps, passphrase_of(time_stamps)),
    )


@contextmanager
def office(path: Path, *, signs: bool = False) -> Iterator[tuple[Settings, CertificationBody]]:
    """The certification body of a settings file; ``signs`` opens its own keys too."""
    settings = load_settings(path)
    database = open_database(settings.database)
    try:
        register_key, seal = None, None
        if signs:
            register_key = load_key(settings.register_key, passphrase_of(settings.register_key))
            seal = seal_of(settings.body_key, settings.time_stamps)
        register = Register(database, register_key)
        record = Record(database)
        yield settings, CertificationBody(settings.body, database, record, register, seal)
    finally:
        database.close()


@contextmanager
def register_of(path: Path, *, signs: bool = False) -> Iterator[tuple[Settings, Register]]:
    """The register of a settings file."""
    settings = load_settings(path)
    database = open_database(settings.database)
    try:
        key = None
        if signs:
            key = load_key(settings.register_key, passphrase_of(settings.register_key))
        yield settings, Register(database, key)
    finally:
        database.close()
