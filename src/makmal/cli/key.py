"""``makmal key``: signing keys, time-stamp authorities, and whom to trust."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from makmal.assurance.errors import AssuranceError
from makmal.assurance.signing.keys import create_key, load_public
from makmal.assurance.signing.time_stamps import create_authority, load_certificate
from makmal.assurance.signing.trust_file import revoke_key, trust_authority, trust_key
from makmal.assurance.verification.verifier import ROLES, key_id, read_trust
from makmal.assurance.verification.verifier import said as said_time
from makmal.cli.assurance_office import JSON, passphrase_of, print_json, said

app = typer.Typer(
    add_completion=False,
    help="Make keys, and say whose keys are trusted.",
    no_args_is_help=True,
    epilog="Passphrases are asked for, or taken from the environment variable MAKMAL_PASSPHRASE.",
)
TRUST = Annotated[Path, typer.Argument(help="A file of trust anchors; it is made if needed.")]


@app.command("create", epilog="Exit codes: 0 the key was made, 2 it could not be.")
def create(
    path: Annotated[Path, typer.Argument(help="The file of the new key; PATH.pub is its public.")],
    as_json: JSON = False,
) -> None:
    """Make an Ed25519 key in a file that a passphrase encrypts."""
    with said("key create"):
        identity = key_id(create_key(path, passphrase_of(path, new=True)))
    if as_json:
        print_json({"key": str(path), "public": f"{path}.pub", "id": identity})
    else:
        Console().print(f"{path}: key {identity[:16]}; {path}.pub is for others", soft_wrap=True)


@app.command("time-stamps", epilog="Exit codes: 0 the authority was made, 2 it could not be.")
def time_stamps(
    path: Annotated[Path, typer.Argument(help="The file of key and certificate.")],
    name: Annotated[str, typer.Option(help="Whose clock it is.")],
    as_json: JSON = False,
) -> None:
    """Make a time-stamp authority (RFC 3161) of one's own."""
    with said("key time-stamps"):
        create_authority(path, name, passphrase_of(path, new=True), datetime.now(UTC))
    if as_json:
        print_json({"authority": str(path), "name": name})
    else:
        Console().print(f"{path}: the time-stamp authority {name}", soft_wrap=True)


@app.command("trust", epilog="Exit codes: 0 it was added, 2 it could not be.")
def trust(
    trust_file: TRUST,
    key: Annotated[
        Path, typer.Argument(help="A public key (or the key beside it), or a time-stamp authority.")
    ],
    name: Annotated[str, typer.Option(help="Whose it is, as verification will say.")],
    role: Annotated[
        str, typer.Option(help=f"What it is trusted for: {', '.join(ROLES)}, or time stamps.")
    ],
    valid_from: Annotated[
        datetime | None,
        typer.Option(help="From when on its signatures count (UTC); from ever unless given."),
    ] = None,
) -> None:
    """Add a key or a time-stamp authority to the trust anchors."""
    since = None if valid_from is None else valid_from.replace(tzinfo=UTC)
    with said("key trust"):
        if role == "time stamps":
            trust_authority(trust_file, load_certificate(key), name)
        elif role in ROLES:
            trust_key(trust_file, load_public(key), role, name, since)
        else:
            raise AssuranceError(f"the roles are: {', '.join(ROLES)}, time stamps")
    Console().print(f"{trust_file}: {name} is trusted for: {role}", soft_wrap=True)


@app.command("revoke", epilog="Exit codes: 0 it was marked, 2 it could not be.")
def revoke(
    trust_file: TRUST,
    key: Annotated[str, typer.Argument(help="The id of the key, or its first digits.")],
    reason: Annotated[str, typer.Option(help="Why: lost, stolen, replaced.")],
    since: Annotated[
        datetime | None,
        typer.Option(help="From when on its signatures do not count (UTC); now unless given."),
    ] = None,
) -> None:
    """Mark a key as revoked. What was signed and time-stamped before stays valid."""
    time = datetime.now(UTC) if since is None else since.replace(tzinfo=UTC)
    with said("key revoke"):
        name = revoke_key(trust_file, key, time, reason)
    Console().print(f"{trust_file}: the key of {name} is revoked from {said_time(time)} on")


@app.command("show", epilog="Exit codes: 0 they were shown, 2 the file cannot be read.")
def show(trust_file: TRUST, as_json: JSON = False) -> None:
    """Show the trust anchors of a file."""
    with said("key show"):
        found = read_trust(trust_file)
    rows = [
        {
            "name": each.name,
            "role": each.role,
            "id": identity,
            "valid_from": each.valid_from and each.valid_from.isoformat(),
            "valid_until": each.valid_until and each.valid_until.isoformat(),
            "revoked": each.revoked and each.revoked.isoformat(),
            "reason": each.reason,
        }
        for identity, each in found.keys.items()
    ]
    authorities = [
        {"name": each.name, "valid_until": each.certificate.not_valid_after_utc.isoformat()}
        for each in found.authorities
    ]
    if as_json:
        print_json({"keys": rows, "time_stamp_authorities": authorities})
        return
    table = Table("Name", "Trusted for", "Key", "State")
    for row in rows:
        state = f"revoked {row['revoked']}: {row['reason']}" if row["revoked"] else "valid"
        table.add_row(str(row["name"]), str(row["role"]), str(row["id"])[:16], state)
    for authority in authorities:
        until = authority["valid_until"][:10]
        table.add_row(authority["name"], "time stamps", "", f"until {until}")
    Console().print(table)
