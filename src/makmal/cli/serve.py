"""``makmal serve``: run the reference cloud application or device until interrupted."""

from __future__ import annotations

import asyncio
import signal
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from makmal.bench.reference_ends import (
    serve_application,
    serve_device,
    write_application,
    write_device,
)
from makmal.network.scope import LOOPBACK, Scope
from makmal.network.streams import SocketConnector
from makmal.trace.toml_file import nearest

_KINDS = ("application", "device")


def command(
    what: Annotated[str, typer.Argument(help="application or device.")] = "application",
    address: Annotated[
        str, typer.Option(help="The address of this machine to listen at; loopback only.")
    ] = "127.0.0.1",
    faults: Annotated[
        list[str] | None,
        typer.Option("--fault", help="Bring in a weakness (makmal list names them)."),
    ] = None,
    directory: Annotated[
        Path, typer.Option(help="Where the target file and what belongs to it are written.")
    ] = Path("out"),
) -> None:
    """Run the reference cloud application, or the reference device, until interrupted (Ctrl-C).

    It writes the target file to evaluate it with, which is as one for any other product would be.
    """
    errors = Console(stderr=True)
    try:
        if what not in _KINDS:
            raise ValueError(f"there is no {what}; {nearest(what, _KINDS, 'there are')}")
        local = str(ip_address(address))
        if not ip_address(address).is_loopback:
            raise ValueError(
                f"--address {address}: it serves on the loopback interface only, such as 127.0.0.1"
            )
        directory.mkdir(parents=True, exist_ok=True)
        asyncio.run(_serve(what, local, faults or [], directory))
    except (ValueError, OSError) as error:
        errors.print(f"makmal serve: {error}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(2) from None


async def _serve(what: str, address: str, faults: list[str], directory: Path) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    connector = SocketConnector(Scope(LOOPBACK))
    serving = serve_application if what == "application" else serve_device
    writing = write_application if what == "application" else write_device
    async with serving(connector, address, faults) as listens_at:
        console = Console()
        path = writing(directory, address)
        console.print(f"{what} at {listens_at}", highlight=False)
        console.print(f"makmal evaluate {path}", highlight=False, soft_wrap=True)
        console.print("Ctrl-C ends it.")
        await stop.wait()
