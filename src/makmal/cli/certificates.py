"""``makmal certificates``: an authority, and certificates for products and their neighbours."""

from __future__ import annotations

from pathlib import Path
from secrets import token_hex
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console

from makmal.bench import target_fields
from makmal.network.plan import NetworkPlan
from makmal.network.subscription import MCC, MNC
from makmal.security.certificates import (
    AUTHORITY,
    CertificateAuthority,
    Subject,
    stored_authority,
)


def command(
    directory: Annotated[Path, typer.Argument(help="Where the files are written.")],
    functions: Annotated[
        list[str] | None,
        typer.Option(
            "--function", help="A network function and its address, such as UDM=10.77.0.2."
        ),
    ] = None,
    instances: Annotated[
        list[str] | None,
        typer.Option("--instance", help="The NF instance id of a function, such as UDM=UUID."),
    ] = None,
    mcc: Annotated[str, typer.Option(help="The mobile country code of the network.")] = MCC,
    mnc: Annotated[str, typer.Option(help="The mobile network code of the network.")] = MNC,
) -> None:
    """Write a certificate authority of the laboratory, and certificates that it issues.

    The product trusts authority.pem, and shows the certificate that bears its name (TS 33.310,
    6.1.3c); the target file names the directory under [tls]. An authority that is there already is
    kept, and issues further certificates.
    """
    errors = Console(stderr=True)
    try:
        plan = NetworkPlan(mcc=target_fields.digits(3, 3)(mcc), mnc=target_fields.digits(2, 3)(mnc))
        subjects = _subjects(plan, functions or [], instances or [])
        authority = _authority(directory, plan.domain)
        written = authority.write(directory, subjects)
    except (ValueError, OSError) as error:
        errors.print(f"makmal certificates: {error}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(2) from None
    for path in written:
        typer.echo(str(path))


def _authority(directory: Path, domain: str) -> CertificateAuthority:
    if not (directory / AUTHORITY).exists():
        return CertificateAuthority(domain, seed=token_hex(32))
    return stored_authority(directory, domain)


def _subjects(plan: NetworkPlan, functions: list[str], instances: list[str]) -> list[Subject]:
    known = {}
    for each in instances:
        name, _, value = each.partition("=")
        try:
            known[name.upper()] = str(UUID(value))
        except ValueError:
            raise ValueError(f"--instance {each}: write a name and a UUID, as UDM=...") from None
    subjects = []
    for each in functions:
        name, _, value = each.partition("=")
        name = name.upper()
        if not name.isalnum():
            raise ValueError(f"--function {each}: write a name and an address, as UDM=10.77.0.2")
        try:
            address = target_fields.address(value)
        except ValueError as error:
            raise ValueError(f"--function {each}: the address {error}") from None
        instance = known.pop(name, None) or plan.instance(name)
        subjects.append(Subject(plan.fqdn(name), instance, name, (address,)))
    for name in known:
        raise ValueError(f"--instance {name}: there is no --function {name}")
    return subjects
