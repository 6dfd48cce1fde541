"""The gNB's end of a UE's connection: what is asked of the UE, one thing after the other."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from makmal.network.radio.air import CommonFrame, RadioFrame
from makmal.network.radio.bearers import Bearers, Reception
from makmal.network.radio.end import RadioEnd
from makmal.protocol import rrc
from makmal.trace.frame import Endpoint

if TYPE_CHECKING:
    from makmal.network.gnb.context import UeContext
    from makmal.network.radio.cell import RadioCell

_TRANSACTIONS = 4
Work = Callable[[], Awaitable[None]]


class GnbEnd(RadioEnd):
    """A UE under its C-RNTI. ``context`` is its connection on N2, once there is one."""

    def __init__(self, cell: RadioCell, endpoint: Endpoint, c_rnti: int) -> None:
        policy = cell.gnb.policy
        super().__init__(
            Bearers(
                c_rnti,
                at_ue=False,
                signalling=Reception(
                    policy.drops_bad_rrc_mac,
                    policy.drops_rrc_replays,
                    not policy.drops_missing_rrc_mac,
                ),
                user=Reception(
                    policy.drops_bad_user_mac,
                    policy.drops_user_replays,
                    not policy.drops_missing_user_mac,
                ),
            ),
            at_ue=False,
        )
        self.cell, self.gnb, self.endpoint = cell, cell.gnb, endpoint
        self.context: UeContext | None = None
        self._transaction = 0
        self.waiting: dict[int, tuple[tuple[str, ...], asyncio.Future[rrc.Message | None]]] = {}
        self.work: deque[Work] = deque()
        self.worker: asyncio.Task[None] | None = None
        self.leaving = False

    def _transmit(self, frame: RadioFrame) -> None:
        self.cell.transmit(self.endpoint, frame)

    def _noted(self, text: str) -> None:
        self.gnb.log.append(f"UE {self.bearers.ue_id:#06x}: {text}")

    def common(self, message: rrc.Message) -> None:
        """A message on CCCH for this UE."""
        self._transmit(CommonFrame(message.channel, message.octets, self.bearers.ue_id))

    # One after the other.

    def enqueue(self, work: Work) -> None:
        """Do something when what was asked before has been done."""
        self.work.append(work)
        if self.worker is None:
            self.worker = self.gnb.world.spawn(self._run())

    def enqueue_first(self, work: Work) -> None:
        """Do something before what waits already."""
        self.work.appendleft(work)
        if self.worker is None:
            self.worker = self.gnb.world.spawn(self._run())

    async def _run(self) -> None:
        try:
            while self.work:
                await self.work.popleft()()
        finally:
            self.worker = None

    async def ask(
        self,
        make: Callable[[int], rrc.Message],
        *kinds: str,
        sent: Callable[[], None] = lambda: None,
    ) -> rrc.Message | None:
        """Send a message that is answered, and wait for the answer; None where none comes.

        ``sent`` is called as soon as it is on the air.
        """
        if self.leaving:
            return None
        transaction = self.next_transaction()
        future: asyncio.Future[rrc.Message | None] = asyncio.get_running_loop().create_future()
        self.waiting[transaction] = kinds, future
        self.send_message(make(transaction))
        sent()
        try:
            async with asyncio.timeout(self.gnb.policy.patience):
                return await future
        except TimeoutError:
            return None
        finally:
            self.waiting.pop(transaction, None)

    def next_transaction(self) -> int:
        """RRC transaction identifiers go round."""
        transaction = self._transaction
        self._transaction = (transaction + 1) % _TRANSACTIONS
        return transaction
