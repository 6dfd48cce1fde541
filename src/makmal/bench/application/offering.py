"""TLS in front of a product: one ClientHello alone, or a client that takes any server."""

from __future__ import annotations

import asyncio
import ssl

from makmal.network.recorded_streams import StreamTap
from makmal.protocol import tls
from makmal.protocol.errors import DecodeError
from makmal.trace.frame import Endpoint
from makmal.trace.tls_reading import Alert, Event, TlsReading
from makmal.trace.tls_secrets import TlsSecrets


async def offer(tap: StreamTap, to: Endpoint, hello: bytes, seconds: float) -> None:
    """Send one ClientHello and take what comes of it. Raises UnreachableError."""
    stream = await tap.open(to, seconds)
    reading = TlsReading(TlsSecrets())
    try:
        async with asyncio.timeout(seconds):
            await stream.write(hello)
            reading.feed("client", hello)
            while octets := await stream.read():
                events = reading.feed("server", octets)
                answer = reading.server_hello
                is_1_3 = answer is not None and answer.negotiated_version >= 0x0304
                if is_1_3 or any(isinstance(each, Alert) or _ends(each) for each in events):
                    break
    except (TimeoutError, ConnectionError, DecodeError):
        return
    finally:
        stream.close()


def _ends(event: Event) -> bool:
    """Whether the server has said all that it says before the client goes on."""
    return (
        isinstance(event, tls.HandshakeMessage)
        and event.kind == tls.HandshakeType.SERVER_HELLO_DONE
    )


def client_context() -> ssl.SSLContext:
    """A context that takes any server: what it presents is judged, not trusted."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
