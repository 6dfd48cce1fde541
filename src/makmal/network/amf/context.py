"""What the AMF holds of a UE and of its connection (TS 23.502, 5.2.2.2.2; TS 38.413, 3.1)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from makmal.network.nas_security import NasSecurity
from makmal.network.slices import Slice
from makmal.network.world import N2Link
from makmal.protocol import nas, ngap
from makmal.protocol.nas.capabilities import FeatureSet


@dataclass(eq=False, slots=True)
class GnbAssociation:
    """A gNB that set up NG: ``connections`` by RAN UE NGAP id."""

    link: N2Link
    node_id: ngap.GlobalGnbId | None = None
    tracking_areas: tuple[int, ...] = ()
    connections: dict[int, UeConnection] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class UeConnection:
    """A UE-associated logical NG connection.

    ``secured`` tells that the secure exchange of NAS messages is established (24.501, 4.4.2.5).
    """

    gnb: GnbAssociation
    ran_ue_ngap_id: int
    amf_ue_ngap_id: int
    context: UeContext | None = None
    secured: bool = False
    context_at_gnb: bool = False
    location: Any = None
    released: bool = False


@dataclass(eq=False, slots=True)
class SessionContext:
    """A PDU session as the AMF routes it: ``reference`` is the SM context at the SMF."""

    identity: int
    reference: str
    s_nssai: Slice
    dnn: str
    active: bool = False


@dataclass(eq=False, slots=True)
class _Waiting:
    types: frozenset[int]
    future: asyncio.Future[nas.Message]


@dataclass(eq=False, slots=True)
class UeContext:
    """The 5GMM context of a UE.

    ``security`` is the current 5G NAS security context, ``pending`` the one that a Security Mode
    Command is about to bring into use. ``next_hop`` is NH with its chaining count.
    """

    number: int
    supi: str | None = None
    suci: nas.Suci | None = None
    pei: str | None = None
    guti: nas.FiveGGuti | None = None
    old_guti: nas.FiveGGuti | None = None
    capability: nas.UESecurityCapability | None = None
    mm_capability: FeatureSet[Any] | None = None
    key_set_identifier: int = 7
    security: NasSecurity | None = None
    pending: NasSecurity | None = None
    k_gnb: bytes = b""
    next_hop: bytes = b""
    chaining_count: int = 0
    registered: bool = False
    emergency: bool = False
    authenticated: bool = False
    requested_slices: tuple[Slice, ...] = ()
    allowed_slices: tuple[Slice, ...] = ()
    failed_slices: tuple[Slice, ...] = ()
    pending_slices: tuple[Slice, ...] = ()
    subscribed_slices: tuple[Slice, ...] = ()
    default_slices: tuple[Slice, ...] = ()
    slices_to_authenticate: tuple[Slice, ...] = ()
    slices_authenticated: tuple[Slice, ...] = ()
    sessions: dict[int, SessionContext] = field(default_factory=dict)
    connection: UeConnection | None = None
    paged: bool = False
    suspended: bool = False
    amf_policy: str = ""
    handover_notify: str = ""
    # The first message of the connection as it came: another AMF can check its integrity.
    initial_octets: bytes = b""
    held_downlink: list[Callable[[], Any]] = field(default_factory=list)
    procedure: asyncio.Task[None] | None = None
    # What was last asked of this UE, that only one thing is asked at a time.
    _waiting: list[_Waiting] = field(default_factory=list)

    @property
    def protection(self) -> NasSecurity:
        """The current security context. Raises RuntimeError where there is none."""
        if self.security is None:
            raise RuntimeError(f"UE context {self.number} has no security context")
        return self.security

    def take(self, message: nas.Message) -> bool:
        """Give a message to the procedure that waits for it; whether one did."""
        for waiting in self._waiting:
            if message.message_type in waiting.types and not waiting.future.done():
                waiting.future.set_result(message)
                return True
        return False

    def abandon(self) -> None:
        """End the procedures that wait: the connection is gone."""
        for waiting in self._waiting:
            if not waiting.future.done():
                waiting.future.cancel()

    async def answer(self, types: frozenset[int], seconds: float) -> nas.Message:
        """The next message of these types. Raises TimeoutError."""
        waiting = _Waiting(types, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        try:
            async with asyncio.timeout(seconds):
                return await waiting.future
        finally:
            self._waiting.remove(waiting)
