"""``makmal certify``: certification after ISO/IEC 17065, step by step, by those who may."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from makmal.assurance.certification import people, process
from makmal.assurance.certification.audit_checklist import empty_checklist, read_checklist
from makmal.assurance.certification.body import certificate_path
from makmal.assurance.certification.evaluations import take_in
from makmal.assurance.certification.people import people_of
from makmal.assurance.certification.process import Certification, certifications_of
from makmal.assurance.certification.scheme import load_scheme, scheme_names
from makmal.assurance.certification.settings import load_settings, settings_text
from makmal.assurance.certification.sheet import certificate_sheet
from makmal.assurance.errors import AssuranceError
from makmal.assurance.signing.keys import create_key, load_key, load_public
from makmal.assurance.signing.time_stamps import create_authority
from makmal.assurance.signing.trust_file import trust_authority, trust_key
from makmal.assurance.verification.verifier import BODY, REGISTER, read_document, read_trust
from makmal.bench.manifest import json_octets, write_whole
from makmal.cli.assurance_office import (
    JSON,
    MY_KEY,
    SETTINGS_FILE,
    USUAL_SETTINGS,
    office,
    passphrase_of,
    print_json,
    said,
)

_EPILOG = "Exit codes: 0 it was done and recorded, 1 a rule forbids it, 2 it could not be done."
app = typer.Typer(
    add_completion=False,
    help="Certify products after ISO/IEC 17065. Whoever acts signs, and every action is recorded.",
    no_args_is_help=True,
    epilog="Passphrases are asked for, or taken from the environment variable MAKMAL_PASSPHRASE.",
)
NUMBER = Annotated[int, typer.Argument(min=1, help="The number of the certification.")]
REASON = Annotated[str, typer.Option(help="Why; it is recorded, and published where it applies.")]


@app.command("init", epilog=_EPILOG)
def init(
    directory: Annotated[Path, typer.Argument(help="Where the office keeps its files.")],
    body: Annotated[str, typer.Option(help="The name of the certification body.")],
    administrator: Annotated[str, typer.Option(help="The first person, who appoints the others.")],
    key: MY_KEY,
    database: Annotated[
        str, typer.Option(help="A file for SQLite, or postgresql://user:password@host/name.")
    ] = "assurance.db",
    register_name: Annotated[str, typer.Option(help="How the register is called.")] = "",
    as_json: JSON = False,
) -> None:
    """Make the office of a certification body: keys, database, register, trust anchors."""
    path = directory / "assurance.toml"
    with said("certify init"):
        if path.exists():
            raise AssuranceError(f"{path} exists already: this is an office")
        mine, public = load_key(key, passphrase_of(key)), load_public(key)
        name = register_name or f"Register of {body}"
        directory.mkdir(parents=True, exist_ok=True)
        write_whole(path, settings_text(body, database, name).encode())
        settings = load_settings(path)
        now = datetime.now(UTC)
        for file, role, owner in (
            (settings.body_key, BODY, body),
            (settings.register_key, REGISTER, name),
        ):
            made = create_key(file, passphrase_of(file, new=True))
            trust_key(settings.trust, made, role, owner, now)
        authority = create_authority(
            settings.time_stamps, f"Time stamps of {body}", passphrase_of(settings.time_stamps), now
        )
        trust_authority(settings.trust, authority.certificate, f"Time stamps of {body}")
        with office(path) as (_, made_office):
            made_office.appoint(mine, administrator, body, [people.ADMINISTRATOR], public)
    if as_json:
        print_json({"settings": str(path), "trust": str(settings.trust), "body": body})
    else:
        Console().print(
            f"{path}: the office of {body}; {settings.trust} is what others need to verify",
            soft_wrap=True,
        )


@app.command("appoint", epilog=_EPILOG)
def appoint(
    name: Annotated[str, typer.Argument(help="The person.")],
    organisation: Annotated[str, typer.Option(help="For whom he works.")],
    public_key: Annotated[Path, typer.Option(help="His public key (makmal key create).")],
    role: Annotated[list[str], typer.Option(help=f"One of: {', '.join(people.ROLES)}.")],
    key: MY_KEY,
    settings: SETTINGS_FILE = USUAL_SETTINGS,
) -> None:
    """Give a person roles, by his public key."""
    with said("certify appoint"), office(settings) as (_, body):
        mine = load_key(key, passphrase_of(key))
        body.appoint(mine, name, organisation, role, load_public(public_key))
    Console().print(f"{name} ({organisation}): {', '.join(role)}", soft_wrap=True)


@app.command("dismiss", epilog=_EPILOG)
def dismiss(
    name: Annotated[str, typer.Argument(help="The person.")],
    reason: REASON,
    key: MY_KEY,
    settings: SETTINGS_FILE = USUAL_SETTINGS,
) -> None:
    """From now on nothing that a person signs counts: he left, or lost his key."""
    with said("certify dismiss"), office(settings) as (_, body):
        body.dismiss(load_key(key, passphrase_of(key)), name, reason)
    Console().print(f"{name} is dismissed")


@app.command("people", epilog="Exit codes: 0 they were listed, 2 they could not be.")
def list_people(settings: SETTINGS_FILE = USUAL_SETTINGS, as_json: JSON = False) -> None:
    """List people and their roles."""
    with said("certify people"), office(settings) as (_, body):
        found = people_of(body.actions())
    if as_json:
        print_json(
            [
                {
                    "name": each.name,
                    "organisation": each.organisation,
                    "roles": list(each.roles),
                    "key": identity,
                    "dismissed": each.dismissed and each.dismissed.isoformat(),
                }
                for identity, each in found.items()
            ]
        )
        return
    table = Table("Name", "Organisation", "Roles", "Key")
    for identity, each in found.items():
        gone = f" (dismissed {each.dismissed:%Y-%m-%d})" if each.dismissed else ""
        table.add_row(each.name + gone, each.organisation, ", ".join(each.roles), identity[:16])
    Console().print(table)


@app.command("schemes", epilog="Exit codes: 0 they were listed, 2 one could not be read.")
def schemes(as_json: JSON = False) -> None:
    """List the schemes."""
    with said("certify schemes"):
        found = [load_scheme(name) for name in scheme_names()]
    if as_json:
        print_json(
            [
                {
                    "name": each.name,
                    "title": each.title,
                    "version": each.version,
                    "references": list(each.references),
                    "audit": [question.identity for question in each.audit],
                    "areas": [area.name for area in each.areas],
                    "validity_months": each.validity_months,
                    "surveillance_months": each.surveillance_months,
                }
                for each in found
            ]
        )
        return
    table = Table("Scheme", "What it is for", "Audit", "Valid", "Areas of change", show_lines=True)
    for each in found:
        title = Text(each.title, style="bold").append(f"\n{each.summary}", style="not bold dim")
        areas = ", ".join(area.name for area in each.areas)
        audit = f"{len(each.audit)} points"
        table.add_row(each.name, title, audit, f"{each.validity_months} months", areas)
    Console().print(table)


@app.command("checklist", epilog="Exit codes: 0 it was written, 2 it could not be.")
def checklist(
    scheme: Annotated[str, typer.Argument(help="The scheme.")],
    path: Annotated[Path, typer.Argument(help="The file to write.")],
) -> None:
    """Write an empty checklist for the audit of the vendor's processes."""
    with said("certify checklist"):
        if path.exists():
            raise AssuranceError(f"{path} exists already")
        write_whole(path, empty_checklist(load_scheme(scheme)).encode())
    Console().print(f"{path}: fill it in, and record it with makmal certify audit", soft_wrap=True)


@app.command("apply", epilog=_EPILOG)
def apply(
    scheme: Annotated[str, typer.Option(help="The scheme (makmal certify schemes), or its file.")],
    product: Annotated[str, typer.Option(help="The name of the product, as in its target file.")],
    vendor: Annotated[str, typer.Option(help="Its vendor, as in its target file.")],
    version: Annotated[str, typer.Option(help="Its version, as in its target file.")],
    product_class: Annotated[str, typer.Option(help="Its class, such as AMF.")],
    key: MY_KEY,
    remark: Annotated[str, typer.Option(help="What else there is to say.")] = "",
    settings: SETTINGS_FILE = USUAL_SETTINGS,
    as_json: JSON = False,
) -> None:
    """Apply for the certification of a product (7.2)."""
    what = {"name": product, "vendor": vendor, "version": version, "class": product_class}
    with said("certify apply"), office(settings) as (_, body):
        mine = load_key(key, passphrase_of(key))
        found = body.apply(mine, load_scheme(scheme), what, remark)
    _print(found, as_json)


@app.command("accept", epilog=_EPILOG)
def accept(
    number: NUMBER,
    contract: Annotated[str, typer.Option(help="What was agreed, or where it is written.")],
    key: MY_KEY,
    settings: SETTINGS_FILE = USUAL_SETTINGS,
    as_json: JSON = False,
) -> None:
    """Accept an application (7.3): the test cases in its scope are fixed."""
    with said("certify accept"), office(settings) as (_, body):
        found = body.accept(load_key(key, passphrase_of(key)), number, contract)
    _print(found, as_json)


@app.command("decline", epilog=_EPILOG)
def decline(
    number: NUMBER,
    reason: REASON,
    key: MY_KEY,
    settings: SETTINGS_FILE = USUAL_SETTINGS,
    as_json: JSON = False,
) -> None:
    """Decline an application (7.3.3)."""
    with said("certify decline"), office(settings) as (_, body):
        found = body.decline(load_key(key, passphrase_of(key)), number, reason)
    _print(found, as_json)


@app.command("audit", epilog=_EPILOG)
def audit(
    number: NUMBER,
    answers: Annotated[Path, typer.Argument(help="The checklist, filled in.")],
    key: MY_KEY,
    settings: SETTINGS_FILE = USUAL_SETTINGS,
    as_json: JSON = False,
) -> None:
    """Record the audit of the vendor's development and lifecycle processes."""
    with said("certify audit"), office(settings) as (_, body):
        scheme = body.scheme_of(body.certification(number))
        read = read_checklist(scheme, answers)
        found = body.audit(load_key(key, passphrase_of(key)), number, read)
    _print(found, as_json)


@app.command("evaluate", epilog=_EPILOG)
def evaluate(
    number: NUMBER,
    evidence: Annotated[Path, typer.Argument(help="Signed evidence: a directory or a zip file.")],
    key: MY_KEY,
    report: Annotated[Path | None, typer.Option(help="The signed evaluation report on it.")] = None,
    settings: SETTINGS_FILE = USUAL_SETTINGS,
    as_json: JSON = False,
) -> None:
    """Take in an evaluation (7.4): the evidence is verified, and every trace judged again."""
    errors = Console(stderr=True)
    with said("certify evaluate"), office(settings) as (found_settings, body):
        mine = load_key(key, passphrase_of(key))
        with errors.status("judging again") as status:
            evaluation = take_in(
                evidence,
                report,
                read_trust(found_settings.trust),
                datetime.now(UTC),
                lambda name, done, whole: status.update(f"judging {name} ({done + 1} of {whole})"),
            )
        found = body.evaluate(mine, number, evaluation)
    _print(found, as_json)


@app.command("review", epilog=_EPILOG)
def review(
    number: NUMBER,
    recommendation: Annotated[str, typer.Argument(help="grant or refuse.")],
    remarks: Annotated[str, typer.Option(help="What the review found.")],
    key: MY_KEY,
    settings: SETTINGS_FILE = USUAL_SETTINGS,
    as_json: JSON = False,
) -> None:
    """Review the evaluation (7.5), by somebody who had no part in it."""
    with said("certify review"), office(settings) as (_, body):
        mine = load_key(key, passphrase_of(key))
        found = body.review(mine, number, _verb(recommendation), remarks)
    _print(found, as_json)


@app.command("decide", epilog=_EPILOG)
def decide(
    number: NUMBER,
    decision: Annotated[str, typer.Argument(help="grant or refuse.")],
    reason: REASON,
    key: MY_KEY,
    condition: Annotated[
        list[str] | None, typer.Option(help="A condition of the certificate; may be repeated.")
    ] = None,
    out: Annotated[
        Path, typer.Option(help="The directory that the certificate is written to.")
    ] = Path(),
    settings: SETTINGS_FILE = USUAL_SETTINGS,
    as_json: JSON = False,
) -> None:
    """Decide on certification (7.6); granted, the certificate is issued and entered."""
    granted = decision == process.GRANT
    with said("certify decide"), office(settings, signs=granted) as (_, body):
        mine = load_key(key, passphrase_of(key))
        found, certificate = body.decide(
            mine, number, _verb(decision), reason, tuple(condition or ())
        )
        path = None
        if certificate is not None:
            path = certificate_path(out, found.certificate)
            out.mkdir(parents=True, exist_ok=True)
            write_whole(path, json_octets(certificate))
    _print(found, as_json, {"file": str(path)} if path else {})


@app.command("print", epilog="Exit codes: 0 it was written, 2 it could not be.")
def print_certificate(
    certificate: Annotated[Path, typer.Argument(help="A certificate file.")],
    path: Annotated[Path, typer.Argument(help="The PDF to write.")],
) -> None:
    """Write a certificate as a sheet to print; what counts is the file."""
    with said("certify print"):
        write_whole(path, certificate_sheet(read_document(certificate)))
    Console().print(f"{path}", soft_wrap=True)


@app.command("survey", epilog=_EPILOG)
def survey(
    number: NUMBER,
    result: Annotated[str, typer.Argument(help="What the surveillance found, in a word or two.")],
    key: MY_KEY,
    remarks: Annotated[str, typer.Option(help="What was looked at, and what was found.")] = "",
    settings: SETTINGS_FILE = USUAL_SETTINGS,
    as_json: JSON = False,
) -> None:
    """Record a surveillance (7.9)."""
    with said("certify survey"), office(settings) as (_, body):
        found = body.survey(load_key(key, passphrase_of(key)), number, result, remarks)
    _print(found, as_json)


@app.command("suspend", epilog=_EPILOG)
def suspend(
    number: NUMBER,
    reason: REASON,
    key: MY_KEY,
    settings: SETTINGS_FILE = USUAL_SETTINGS,
    as_json: JSON = False,
) -> None:
    """Suspend a certificate (7.11)."""
    with said("certify suspend"), office(settings, signs=True) as (_, body):
        found = body.suspend(load_key(key, passphrase_of(key)), number, reason)
    _print(found, as_json)


@app.command("reinstate", epilog=_EPILOG)
def reinstate(
    number: NUMBER,
    reason: REASON,
    key: MY_KEY,
    settings: SETTINGS_FILE = USUAL_SETTINGS,
    as_json: JSON = False,
) -> None:
    """Let a suspended certificate count again (7.11.6)."""
    with said("certify reinstate"), office(settings, signs=True) as (_, body):
        found = body.reinstate(load_key(key, passphrase_of(key)), number, reason)
    _print(found, as_json)


@app.command("withdraw", epilog=_EPILOG)
def withdraw(
    number: NUMBER,
    reason: REASON,
    key: MY_KEY,
    settings: SETTINGS_FILE = USUAL_SETTINGS,
    as_json: JSON = False,
) -> None:
    """Withdraw a certificate for good (7.11)."""
    with said("certify withdraw"), office(settings, signs=True) as (_, body):
        found = body.withdraw(load_key(key, passphrase_of(key)), number, reason)
    _print(found, as_json)


@app.command("change", epilog=_EPILOG)
def change(
    number: NUMBER,
    version: Annotated[str, typer.Option(help="The new version.")],
    what: Annotated[str, typer.Option(help="What changed.")],
    key: MY_KEY,
    area: Annotated[
        list[str] | None,
        typer.Option(help="A part that changed (makmal certify schemes); may be repeated."),
    ] = None,
    settings: SETTINGS_FILE = USUAL_SETTINGS,
    as_json: JSON = False,
) -> None:
    """Announce a new version (7.10): what changed says which test cases must run again."""
    with said("certify change"), office(settings) as (_, body):
        mine = load_key(key, passphrase_of(key))
        found = body.change(mine, number, version, tuple(area or ()), what)
    _print(found, as_json)


@app.command("complain", epilog=_EPILOG)
def complain(
    number: NUMBER,
    what: Annotated[str, typer.Option(help="The complaint or appeal.")],
    key: MY_KEY,
    settings: SETTINGS_FILE = USUAL_SETTINGS,
    as_json: JSON = False,
) -> None:
    """Put a complaint or an appeal on record (7.13)."""
    with said("certify complain"), office(settings) as (_, body):
        found = body.complain(load_key(key, passphrase_of(key)), number, what)
    _print(found, as_json)


@app.command("list", epilog="Exit codes: 0 they were listed, 2 they could not be.")
def list_certifications(settings: SETTINGS_FILE = USUAL_SETTINGS, as_json: JSON = False) -> None:
    """List all certifications."""
    with said("certify list"), office(settings) as (_, body):
        found = certifications_of(body.actions())
        due = {each.number: process.surveillance_due(body.scheme_of(each), each) for each in found}
    if as_json:
        print_json([each.as_json() for each in found])
        return
    table = Table("Number", "Product", "Client", "Scheme", "State", "Certificate", "Surveillance")
    for each in found:
        product = f"{each.product['name']} {each.product['version']}"
        next_due = due[each.number]
        certificate = f"{each.certificate} ({each.status})" if each.certificate else ""
        table.add_row(
            str(each.number), product, each.client, each.scheme["name"], each.state, certificate,
            f"{next_due:%Y-%m-%d}" if next_due else "",
        )  # fmt: skip
    Console().print(table)


@app.command("show", epilog="Exit codes: 0 it was shown, 2 there is none.")
def show(number: NUMBER, settings: SETTINGS_FILE = USUAL_SETTINGS, as_json: JSON = False) -> None:
    """Show a certification: where it stands, and who did what."""
    with said("certify show"), office(settings) as (_, body):
        found = body.certification(number)
        known = people_of(body.actions())
        missing = process.shortcomings(body.scheme_of(found), found)
    history = [
        {
            "action": each.number,
            "time": each.time.isoformat(),
            "kind": each.kind,
            "person": known[each.actor].name,
            "organisation": known[each.actor].organisation,
            "details": dict(each.details),
        }
        for each in found.history
    ]
    if as_json:
        print_json({**found.as_json(), "shortcomings": missing, "history": history})
        return
    _print(found, False)
    for problem in missing:
        Console().print(f"  open: {problem}", style="yellow", markup=False)
    table = Table("Action", "Time", "What", "Who", "Why")
    for row in history:
        details = row["details"]
        assert isinstance(details, dict)  # noqa: S101 - for the type checker
        table.add_row(
            str(row["action"]), str(row["time"])[:19], str(row["kind"]),
            f"{row['person']} ({row['organisation']})", _why(details),
        )  # fmt: skip
    Console().print(table)


def _why(details: Mapping[str, Any]) -> str:
    parts = [details.get(key, "") for key in ("decision", "recommendation", "result")]
    parts += [details.get(key, "") for key in ("reason", "remarks", "what", "contract", "remark")]
    return ": ".join(str(each) for each in parts if each)


@app.command(
    "record",
    epilog="Exit codes: 0 the whole record holds, 2 it does not, and the first action is named.",
)
def record(settings: SETTINGS_FILE = USUAL_SETTINGS, as_json: JSON = False) -> None:
    """Check the record: every signature, and the chain of all actions."""
    with said("certify record"), office(settings) as (_, body):
        count = body.check_record()
    if as_json:
        print_json({"actions": count, "holds": True})
    else:
        Console().print(f"all {count} actions are signed and in a chain", style="green")


def _verb(word: str) -> str:
    if word not in (process.GRANT, process.REFUSE):
        raise AssuranceError(f"{word}: say grant or refuse")
    return word


def _print(found: Certification, as_json: bool, more: Mapping[str, Any] | None = None) -> None:
    if as_json:
        print_json({**found.as_json(), **(more or {})})
        return
    console = Console()
    product = found.product
    console.print(
        f"certification {found.number}: {product['name']} {product['version']} of {found.client}: "
        f"{found.state}",
        style="bold",
        markup=False,
        soft_wrap=True,
    )
    if found.state == process.ACCEPTED:
        console.print(
            f"  {len(found.required)} test cases must be run, {len(found.carried)} verdicts stay "
            f"from the version certified before"
        )
    if found.certificate:
        where = f", written to {more['file']}" if more and "file" in more else ""
        console.print(
            f"  certificate {found.certificate}: {found.status}, until {found.valid_until[:10]}"
            f"{where}",
            markup=False,
            soft_wrap=True,
        )
