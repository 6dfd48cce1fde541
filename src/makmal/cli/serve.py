"""``makmal serve``: run the reference cloud application on this machine until interrupted."""

from __future__ import annotations

import asyncio
import json
import signal
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from makmal.bench.application.embedded import USERS, populate
from makmal.cloud import Application, CloudPolicy
from makmal.cloud.description import description
from makmal.cloud.faults import FAULTS
from makmal.network.scope import LOOPBACK, Scope
from makmal.network.streams import SocketConnector
from makmal.security.laboratory_authority import Authority
from makmal.trace.frame import Endpoint
from makmal.trace.toml_file import nearest

_FETCH_PORT = 18081


def command(
    address: Annotated[
        str, typer.Option(help="The address of this machine to listen at; loopback only.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The TCP port.", min=1, max=65535)] = 8443,
    faults: Annotated[
        list[str] | None,
        typer.Option("--fault", help="Bring in a weakness (makmal list names them)."),
    ] = None,
    openapi: Annotated[
        Path | None, typer.Option(help="Write the OpenAPI description into this file.")
    ] = None,
) -> None:
    """Run the reference cloud application until interrupted (Ctrl-C).

    makmal evaluate examples/cloud.toml evaluates it, as it would evaluate any other.
    """
    errors = Console(stderr=True)
    try:
        policy = CloudPolicy()
        known = {each.name: each for each in FAULTS}
        for name in faults or []:
            if name not in known:
                instead = nearest(name, known, "the weaknesses are")
                raise ValueError(f"there is no weakness {name}; {instead}")
            policy = known[name].apply(policy)
        if openapi is not None:
            text = json.dumps(description(policy.name), indent=2) + "\n"
            openapi.write_text(text, "utf-8")
        asyncio.run(_serve(Endpoint(str(ip_address(address)), port), policy))
    except (ValueError, OSError) as error:
        errors.print(f"makmal serve: {error}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(2) from None


async def _serve(local: Endpoint, policy: CloudPolicy) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    permitted = frozenset({Endpoint(local.address, _FETCH_PORT)})
    application = Application(
        SocketConnector(Scope(LOOPBACK)), local, policy, Authority(), permitted
    )
    populate(application)
    await application.start()
    console = Console()
    console.print(f"https://{local.address}:{local.port}", highlight=False)
    console.print(f"Users: {', '.join(each.name for each in USERS.values())}", highlight=False)
    console.print("Ctrl-C ends it.")
    try:
        await stop.wait()
    finally:
        application.stop()
