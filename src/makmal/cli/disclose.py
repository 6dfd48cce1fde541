"""``makmal disclose``: findings from the report to the vendor until they are public."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from makmal.assurance.certification.actions import Record
from makmal.assurance.certification.settings import Settings, load_settings
from makmal.assurance.disclosure.cases import Disclosure, DisclosureCase, under_embargo
from makmal.assurance.disclosure.csaf import csaf, file_name
from makmal.assurance.errors import AssuranceError, RefusedError
from makmal.assurance.evidence.bundle import load_bundle
from makmal.assurance.evidence.sealing import unpacked
from makmal.assurance.signing.keys import load_key
from makmal.assurance.storage.database import open_database
from makmal.bench.manifest import json_octets, write_whole
from makmal.cli.assurance_office import (
    JSON,
    MY_KEY,
    SETTINGS_FILE,
    USUAL_SETTINGS,
    passphrase_of,
    print_json,
    said,
)

_EPILOG = "Exit codes: 0 it was done and recorded, 1 a rule forbids it, 2 it could not be done."
_CVE = re.compile(r"CVE-\d{4}-\d{4,}")
_CWE = re.compile(r"CWE-[1-9]\d{0,5}")
app = typer.Typer(
    add_completion=False,
    help="Disclose findings in coordination with the vendor, and export them as CSAF and VEX.",
    no_args_is_help=True,
)
NUMBER = Annotated[int, typer.Argument(min=1, help="The number of the disclosure.")]
DAY = ["%Y-%m-%d"]


@contextmanager
def _disclosure(path: Path) -> Iterator[tuple[Settings, Disclosure]]:
    settings = load_settings(path)
    database = open_database(settings.database)
    try:
        yield settings, Disclosure(Record(database))
    finally:
        database.close()


@app.command("report", epilog=_EPILOG)
def report(
    evidence: Annotated[Path, typer.Argument(help="The evidence that shows it.")],
    test_case: Annotated[str, typer.Argument(help="The test case that failed.")],
    contact: Annotated[str, typer.Option(help="The vendor's security contact.")],
    embargo: Annotated[
        datetime, typer.Option(formats=DAY, help="Until when it is not told to others.")
    ],
    key: MY_KEY,
    cve: Annotated[str, typer.Option(help="Its CVE, if it has one.")] = "",
    cwe: Annotated[
        str, typer.Option(help='The weakness and its name, such as "CWE-294 Authentication ...".')
    ] = "",
    settings: SETTINGS_FILE = USUAL_SETTINGS,
    as_json: JSON = False,
) -> None:
    """Report what failed to the vendor, under embargo."""
    with said("disclose report"), _disclosure(settings) as (_, disclosure):
        weakness = None
        if cwe:
            identity, _, name = cwe.partition(" ")
            if not _CWE.fullmatch(identity) or not name.strip():
                raise AssuranceError('--cwe is a number and a name, such as "CWE-294 Replay"')
            weakness = (identity, name.strip())
        mine = load_key(key, passphrase_of(key))
        with unpacked(evidence) as place:
            found = disclosure.report(
                mine, load_bundle(place), test_case, contact, embargo.date(),
                cve=_checked(cve), cwe=weakness,
            )  # fmt: skip
    _print(found, as_json)


@app.command("acknowledge", epilog=_EPILOG)
def acknowledge(
    number: NUMBER,
    key: MY_KEY,
    remark: Annotated[str, typer.Option(help="What the vendor said.")] = "",
    settings: SETTINGS_FILE = USUAL_SETTINGS,
    as_json: JSON = False,
) -> None:
    """The vendor has received it."""
    with said("disclose acknowledge"), _disclosure(settings) as (_, disclosure):
        found = disclosure.acknowledge(load_key(key, passphrase_of(key)), number, remark)
    _print(found, as_json)


@app.command("remedy", epilog=_EPILOG)
def remedy(
    number: NUMBER,
    fixed_version: Annotated[str, typer.Option(help="The version in which it is mended.")],
    what: Annotated[str, typer.Option(help="What was done.")],
    key: MY_KEY,
    cve: Annotated[str, typer.Option(help="Its CVE, if it has one by now.")] = "",
    settings: SETTINGS_FILE = USUAL_SETTINGS,
    as_json: JSON = False,
) -> None:
    """There is a version in which it is mended."""
    with said("disclose remedy"), _disclosure(settings) as (_, disclosure):
        mine = load_key(key, passphrase_of(key))
        found = disclosure.remedy(mine, number, fixed_version, what, _checked(cve))
    _print(found, as_json)


@app.command("extend", epilog=_EPILOG)
def extend(
    number: NUMBER,
    embargo: Annotated[datetime, typer.Option(formats=DAY, help="The new end of the embargo.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    key: MY_KEY,
    settings: SETTINGS_FILE = USUAL_SETTINGS,
    as_json: JSON = False,
) -> None:
    """Extend the embargo."""
    with said("disclose extend"), _disclosure(settings) as (_, disclosure):
        mine = load_key(key, passphrase_of(key))
        found = disclosure.extend(mine, number, embargo.date(), reason)
    _print(found, as_json)


@app.command("publish", epilog=_EPILOG)
def publish(
    number: NUMBER,
    reason: Annotated[str, typer.Option(help="Why now.")],
    key: MY_KEY,
    settings: SETTINGS_FILE = USUAL_SETTINGS,
    as_json: JSON = False,
) -> None:
    """Make it public: once it is remedied, or the embargo is over."""
    with said("disclose publish"), _disclosure(settings) as (_, disclosure):
        found = disclosure.publish(load_key(key, passphrase_of(key)), number, reason)
    _print(found, as_json)


@app.command("list", epilog="Exit codes: 0 they were listed, 2 they could not be.")
def list_cases(settings: SETTINGS_FILE = USUAL_SETTINGS, as_json: JSON = False) -> None:
    """List all disclosures."""
    with said("disclose list"), _disclosure(settings) as (_, disclosure):
        found = disclosure.cases()
    if as_json:
        print_json([each.as_json() for each in found])
        return
    table = Table("Number", "Product", "Finding", "State", "Embargo", "Contact")
    for each in found:
        product = f"{each.product['name']} {each.product['version']}"
        embargo = each.embargo.isoformat()
        table.add_row(str(each.number), product, each.title, each.state, embargo, each.contact)
    Console().print(table)


@app.command(
    "export", epilog="Exit codes: 0 it was written, 1 it is under embargo, 2 it could not be."
)
def export(
    number: NUMBER,
    directory: Annotated[Path, typer.Argument(help="Where the document is written to.")],
    namespace: Annotated[str, typer.Option(help="The publisher's URI, as CSAF wants it.")],
    contact: Annotated[str, typer.Option(help="The publisher's contact.")],
    vex: Annotated[
        bool, typer.Option("--vex", help="VEX in place of a security advisory.")
    ] = False,
    draft: Annotated[
        bool, typer.Option("--draft", help="For the vendor alone: a draft under TLP:RED.")
    ] = False,
    settings: SETTINGS_FILE = USUAL_SETTINGS,
    as_json: JSON = False,
) -> None:
    """Write a disclosure as CSAF 2.0. What is under embargo is written as a draft only."""
    now = datetime.now(UTC)
    with said("disclose export"), _disclosure(settings) as (office, disclosure):
        found = disclosure.case(number)
        if under_embargo(found, now) and not draft:
            raise RefusedError(
                f"disclosure {number} is under embargo until {found.embargo}: "
                "--draft writes it for the vendor"
            )
        publisher = {"name": office.body, "namespace": namespace, "contact": contact}
        document = csaf(found, publisher, now, vex=vex)
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / file_name(found)
        write_whole(path, json_octets(document))
    if as_json:
        print_json({"file": str(path), "document": document})
    else:
        label = document["document"]["distribution"]["tlp"]["label"]
        Console().print(f"{path}: TLP:{label}", soft_wrap=True)


def _checked(cve: str) -> str:
    if cve and not _CVE.fullmatch(cve):
        raise AssuranceError(f"{cve} is no CVE, such as CVE-2026-12345")
    return cve


def _print(found: DisclosureCase, as_json: bool) -> None:
    if as_json:
        print_json(found.as_json())
        return
    product = found.product
    Console().print(
        f"disclosure {found.number}: {product['name']} {product['version']}: {found.title}: "
        f"{found.state}; embargo until {found.embargo}",
        markup=False,
        soft_wrap=True,
    )
