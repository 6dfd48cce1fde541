"""The reference network, procedure by procedure, in the simulated world and on the wire."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from makmal.network.scope import LOOPBACK, Scope
from makmal.network.simulated_world import SimulatedWorld, simulate
from makmal.network.wire_world import WireWorld

from .scenarios import SCENARIOS, Net, Scenario, loopback, plan


async def play(net: Net, scenario: Scenario) -> None:
    await net.start()
    try:
        await scenario(net)
    finally:
        await net.stop()


@pytest.mark.parametrize("name", SCENARIOS)
def test_simulated(name: str) -> None:
    async def work() -> None:
        await play(Net(SimulatedWorld(), plan()), SCENARIOS[name])

    simulate(work())


@pytest.mark.parametrize("name", SCENARIOS)
def test_simulated_with_radio(name: str) -> None:
    """The same by RRC and PDCP over Uu."""

    async def work() -> None:
        await play(Net(SimulatedWorld(), replace(plan(), radio=True)), SCENARIOS[name])

    simulate(work())


@pytest.mark.parametrize("name", SCENARIOS)
def test_on_the_wire(name: str) -> None:
    async def work() -> None:
        async with asyncio.timeout(30):
            world = WireWorld(scope=Scope(LOOPBACK))
            await play(Net(world, plan(loopback(140))), SCENARIOS[name])

    asyncio.run(work())
