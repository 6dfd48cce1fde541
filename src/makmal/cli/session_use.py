"""What ``makmal ue`` does with a PDU session: an interface of this machine, or one HTTP request."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import dataclass
from urllib.parse import urlsplit

from makmal.network.packet_connector import session_connector
from makmal.network.transport.tun import Tun
from makmal.network.ue import Ue
from makmal.network.ue.access import NoUserPlaneError
from makmal.network.ue.state import PduSession
from makmal.network.world import UnreachableError
from makmal.trace.frame import Endpoint

_SECONDS = 10.0
_MOST_OCTETS = 1 << 24
_ANYWHERE = {4: "default", 6: "::/0"}


@dataclass(frozen=True, slots=True)
class TunWish:
    """Which interface is wanted, and in which network namespace ("" for ours)."""

    name: str
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """An HTTP response that came through a session; ``body`` as it came."""

    url: str
    status: str
    body: bytes


def addresses_of(session: PduSession) -> tuple[str, ...]:
    """The IP addresses of a session."""
    return tuple(each for each in (session.address, session.address_ipv6) if each)


async def open_tun(ue: Ue, session: PduSession, wish: TunWish) -> Tun:
    """An interface of this machine at the session. Raises TunError, UnreachableError."""
    addresses = addresses_of(session)
    if not addresses:
        raise UnreachableError("the session has no IP address: there is nothing for an interface")

    def take(packet: bytes) -> None:
        try:
            ue.send_packet(session, packet)
        except NoUserPlaneError:
            # The kernel's own traffic, as of neighbour discovery, comes at any time.
            return

    tun = Tun(wish.name, take)
    lengths = {4: 32, 6: 64}
    own, routes = [], []
    for address in addresses:
        version = 6 if ":" in address else 4
        own.append(f"{address}/{lengths[version]}")
        # The way to everywhere only where nothing else can need it: in a namespace of its own.
        if wish.namespace:
            routes.append(_ANYWHERE[version])
    if not wish.namespace and session.address:
        routes.append(f"{session.address.rpartition('.')[0].rpartition('.')[0]}.0.0/16")
    ue.on_packet = lambda of, packet: tun.send(packet) if of is session else None
    await tun.open(own, wish.namespace, routes)
    return tun


async def until_interrupted() -> None:
    """Wait for Ctrl-C or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()


def target_of(url: str) -> tuple[Endpoint, str, str]:
    """Where a URL leads: the endpoint, the Host field, the path. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise ValueError(f"--get {url}: write http://ADDRESS:PORT/PATH")
    path = parts.path or "/"
    if parts.query:
        path += f"?{parts.query}"
    return Endpoint(parts.hostname, parts.port or 80), parts.netloc, path


async def fetch(ue: Ue, session: PduSession, url: str) -> Fetched:
    """GET over TCP inside this process: it takes no rights. Raises ValueError, UnreachableError."""
    endpoint, host, path = target_of(url)
    connector = session_connector(ue, session)
    try:
        async with asyncio.timeout(_SECONDS):
            stream = await connector.open(endpoint, _SECONDS)
            request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
            await stream.write(request.encode())
            octets = b""
            while len(octets) < _MOST_OCTETS and (more := await stream.read()):
                octets += more
            stream.close()
    except TimeoutError:
        raise UnreachableError(f"{url} was not answered in full within {_SECONDS:g} s") from None
    except ConnectionError as error:
        raise UnreachableError(f"{url}: {error}") from None
    head, _, body = octets.partition(b"\r\n\r\n")
    return Fetched(url, head.split(b"\r\n")[0].decode("latin-1"), body)
