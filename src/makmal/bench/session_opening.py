"""Opening a PDU session at a real core, for the time of one test case."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from makmal.bench.not_done import NotDoneError
from makmal.bench.session_path import SessionPath
from makmal.network.gnb import Gnb
from makmal.network.packet_connector import PacketConnector, session_connector
from makmal.network.recorder import Recorder
from makmal.network.scope import Scope
from makmal.network.streams import ByteStream, Connector, Serve, SocketConnector
from makmal.network.transport.sctp_kernel import NOT_OFFERED, kernel_offers_sctp
from makmal.network.transport.sctp_paths import CARRIAGES
from makmal.network.ue import Ue
from makmal.network.ue.state import PduSession
from makmal.network.wire_world import WireWorld
from makmal.network.world import Listening, UnreachableError
from makmal.trace.frame import Endpoint

# After the last message, the association ends in order.
_ASSOCIATION_SECONDS = 0.05
_RELEASE_SECONDS = 3.0


class _SessionAndHost(Connector):
    """Opens streams through a session, and listens at sockets of this machine."""

    def __init__(self, session: PacketConnector, scope: Scope) -> None:
        self._session, self._scope = session, scope
        self._host = SocketConnector(scope)

    async def open(self, to: Endpoint, seconds: float) -> ByteStream:
        self._scope.check(to.address)
        return await self._session.open(to, seconds)

    async def listen(self, local: Endpoint, serve: Serve) -> Listening:
        return await self._host.listen(local, serve)


@asynccontextmanager
async def opened_session(
    path: SessionPath, scope: Scope, recorder: Recorder
) -> AsyncIterator[Connector]:
    """A UE registers and gets a PDU session, for the time of a block. Raises NotDoneError."""
    if path.sctp == "kernel" and not kernel_offers_sctp():
        raise NotDoneError(f'{NOT_OFFERED}: write sctp = "raw" or "udp" in [session]')
    world = WireWorld(recorder, scope, CARRIAGES.get(path.sctp))
    gnb = Gnb(world, path.plan)
    connector: PacketConnector | None = None
    ue = Ue(world, path.plan, path.subscription, cell=gnb)
    try:
        try:
            await gnb.set_up(path.core)
            connector = session_connector(ue, await _session(ue, path))
        except (UnreachableError, OSError) as error:
            raise NotDoneError(f"there is no PDU session to go through: {error}") from None
        yield _SessionAndHost(connector, scope)
        # A core may be at it still when the answer is there: the gNB leaves after the connection.
        released = ue.ends("connection")
        await ue.deregister()
        await asyncio.wait((released,), timeout=_RELEASE_SECONDS)
    finally:
        if connector is not None:
            connector.close()
        gnb.close()
        await asyncio.sleep(_ASSOCIATION_SECONDS)
        await world.close()


async def _session(ue: Ue, path: SessionPath) -> PduSession:
    registered = await ue.register()
    if not registered.accepted:
        cause = "" if registered.cause is None else f" (5GMM cause {registered.cause})"
        raise UnreachableError(
            f"{path.subscription.supi} was not registered{cause}: does the core know it, with "
            "this K and OPc, in this PLMN and tracking area?"
        )
    session = await ue.establish_session(dnn=path.dnn, s_nssai=path.s_nssai)
    if not session.established:
        cause = "" if session.cause is None else f" (5GSM cause {session.cause})"
        raise UnreachableError(f"{path.subscription.supi} got no PDU session{cause}")
    return session
