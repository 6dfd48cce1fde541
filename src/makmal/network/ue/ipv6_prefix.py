"""The UE's IPv6 prefix comes through the session itself (TS 23.501, 5.8.2.2.3; RFC 4861)."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address
from typing import TYPE_CHECKING

from makmal.network.ue.access import NoUserPlaneError
from makmal.network.upf import router

if TYPE_CHECKING:
    from makmal.network.ue.state import PduSession
    from makmal.network.ue.ue import Ue

# RFC 4861, 10: how often a host asks, and seconds between.
_MOST_SOLICITATIONS, _INTERVAL = 3, 1.0
_STEPS = 20


async def solicit(ue: Ue, session: PduSession) -> bool:
    """Ask for the prefix until it comes; whether it did."""
    identifier = session.interface_identifier or bytes(8)
    for _ in range(_MOST_SOLICITATIONS):
        try:
            ue.send_packet(session, router.solicitation(identifier))
        except NoUserPlaneError:
            return False
        for _ in range(_STEPS):
            if session.address_ipv6 is not None:
                return True
            await asyncio.sleep(_INTERVAL / _STEPS)
    return session.address_ipv6 is not None


def received(session: PduSession, packet: bytes) -> bool:
    """Take an advertisement of the router; whether the packet was one."""
    if session.interface_identifier is None:
        return False
    prefix = router.advertised_prefix(packet)
    if prefix is None:
        return False
    session.address_ipv6 = str(ip_address(prefix + session.interface_identifier))
    return True
