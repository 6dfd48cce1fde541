"""The air between UEs and gNBs: what travels on Uu, past the taps, into the trace.

There is no physical layer, no MAC and no RLC: PDCP PDUs and the RRC messages of the common channels
arrive as they were sent, in order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from makmal.network.taps import Passage
from makmal.network.world import World
from makmal.protocol import pdcp, rrc
from makmal.trace.frame import Endpoint
from makmal.trace.message import Interface


@dataclass(frozen=True, slots=True)
class CommonFrame:
    """An RRC message without PDCP: on CCCH (SRB0) or PCCH.

    ``c_rnti`` is what the random access before it has agreed on (TS 38.321, 5.1); 0 for none.
    """

    channel: rrc.Channel
    octets: bytes
    c_rnti: int = 0


RadioFrame = CommonFrame | pdcp.FramedPdu


class Air:
    """Carries frames of one world."""

    def __init__(self, world: World) -> None:
        self.world = world

    def send(
        self,
        source: Endpoint,
        destination: Endpoint,
        frame: RadioFrame,
        deliver: Callable[[RadioFrame], None],
    ) -> None:
        """Bring a frame to its receiver, unless a tap has other plans with it."""
        world = self.world
        from_product = source.address in world.products
        if from_product or not world.taps:
            self._note(source, destination, frame)
        loop = asyncio.get_running_loop()
        if not world.taps:
            loop.call_soon(deliver, frame)
            return
        for passage in world.taps.apply(Passage(Interface.UU, source, destination, frame)):
            content: RadioFrame = passage.content

            def arrive(arrived: RadioFrame = content) -> None:
                if not from_product:
                    self._note(source, destination, arrived)
                deliver(arrived)

            if passage.delay:
                loop.call_later(passage.delay, arrive)
            else:
                if not from_product:
                    self._note(source, destination, content)
                loop.call_soon(deliver, content)

    def _note(self, source: Endpoint, destination: Endpoint, frame: RadioFrame) -> None:
        world = self.world
        world.pass_time()
        if isinstance(frame, CommonFrame):
            dissector = frame.channel.dissector
            world.recorder.exported(world.now_ns, source, destination, dissector, frame.octets)
        else:
            world.recorder.datagram(world.now_ns, source, destination, frame.encode())
