"""[tls] of a target file: whose certificates there are, where services are offered over TLS."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from makmal.bench.embedded_plan import embedded_authority
from makmal.bench.target_addresses import EMBEDDED, ProductAddresses
from makmal.network.plan import NetworkPlan
from makmal.security.certificates import stored_authority
from makmal.trace import toml_file
from makmal.trace.toml_file import Table


def read_tls(
    root: Table, attachment: str, network: NetworkPlan, addresses: ProductAddresses, name: str
) -> NetworkPlan:
    """The plan with the authority that the file names; without [tls], the plan as it was."""
    if "tls" not in root:
        return network
    table = root.table("tls", "certificates", "server_name")
    place = table.take("certificates", toml_file.text, "" if attachment == EMBEDDED else None)
    server_name = table.optional("server_name", toml_file.text)
    if not place:
        return replace(network, authority=embedded_authority(network.domain))
    try:
        authority = stored_authority(Path(name).resolve().parent / place, network.domain)
    except ValueError as error:
        raise table.fail("certificates", str(error)) from None
    names = dict(network.server_names)
    services = addresses.ends.get("sbi")
    if services is not None:
        # A product has the name that it was given; unless one is, its address.
        names[services.address] = server_name or services.address
    return replace(network, authority=authority, server_names=names)
