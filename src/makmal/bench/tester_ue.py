"""A UE in the tester's hands: what procedures make it do beside what a UE does by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

from makmal.network import slices
from makmal.network.slices import Slice
from makmal.network.subscription import Subscription
from makmal.network.ue import Ue
from makmal.protocol import nas
from makmal.protocol.nas import ie

M = nas.MessageType
_SYNCH_FAILURE = 21
_N1_SM, _INITIAL_REQUEST, _IPV4 = 1, 1, 1
_AUTS_OCTETS = 14


class TesterUe(Ue):
    """A UE with a subscription, whose every message can be made, altered and repeated."""

    # Set by the bench: the one that it was made for.
    subscription: Subscription

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._came = asyncio.Event()

    def change(self, **choices: Any) -> None:
        """Change what the UE does from now on (UePolicy)."""
        self.policy = replace(self.policy, **choices)

    def forget_security(self) -> None:
        """Lose the security context and keep the 5G-GUTI, so that the AMF has to authenticate."""
        self.security = self.partial = None
        self.key_set_identifier = 7

    def receive_nas(self, octets: bytes) -> None:
        """A downlink NAS message came."""
        super().receive_nas(octets)
        self._came.set()

    def next_downlink(self, seconds: float) -> Awaitable[bool]:
        """Wait for the next downlink NAS message from now on; whether one came."""
        self._came.clear()
        return self._wait(seconds)

    async def _wait(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._came.wait()
        except TimeoutError:
            return False
        return True

    def send_unsolicited_synchronisation_failure(self) -> None:
        """An Authentication Failure that answers no challenge (TS 33.512, 4.2.2.1.1, C)."""
        self.send(
            nas.build(
                M.AUTHENTICATION_FAILURE,
                {
                    ie.FIVE_GMM_CAUSE: _SYNCH_FAILURE,
                    ie.AUTHENTICATION_FAILURE_PARAMETER: bytes(_AUTS_OCTETS),
                },
            )
        )

    def request_session(
        self,
        identity: int,
        *,
        s_nssai: Slice | None = None,
        mac: bytes | None = None,
        unprotected: bool = False,
    ) -> bytes:
        """Ask for a PDU session and wait for nothing: with this MAC, or without protection."""
        request = nas.build(
            M.PDU_SESSION_ESTABLISHMENT_REQUEST,
            {ie.INTEGRITY_PROTECTION_MAXIMUM_DATA_RATE: 0xFFFF, ie.PDU_SESSION_TYPE: _IPV4},
            pdu_session_id=identity,
            procedure_transaction_identity=identity,
        )
        elements: dict[Any, Any] = {
            ie.PAYLOAD_CONTAINER_TYPE: _N1_SM,
            ie.PAYLOAD_CONTAINER: request.encode(),
            ie.PDU_SESSION_ID: identity,
            ie.REQUEST_TYPE: _INITIAL_REQUEST,
            ie.DNN: self.plan.dnns[0],
        }
        if s_nssai is not None:
            elements[ie.S_NSSAI] = slices.to_nas((s_nssai,))[0]
        message = nas.build(M.UL_NAS_TRANSPORT, elements)
        if unprotected:
            self.send_octets(message.encode())
            return message.encode()
        return self.send_protected(message, mac=mac)
