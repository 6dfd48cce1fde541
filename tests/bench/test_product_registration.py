"""What a surrounded product keeps from one test case to the next, and what we do about it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from makmal.bench.hooks import Hooks
from makmal.bench.opening import policy_of
from makmal.bench.product_registration import PRODUCT_HEART_BEAT, ProductRegistration
from makmal.bench.subscriber_row import SubscriberRow
from makmal.bench.target import parse_target
from makmal.network.nrf import Nrf
from makmal.network.reference_network import ReferenceNetwork
from makmal.network.simulated_world import SimulatedWorld, simulate

from .test_target import EMBEDDED, SURROUNDED

TARGET = parse_target(SURROUNDED)
PROFILE = {
    "nfInstanceId": "0d7c4a4a-e9a9-41f1-b8bd-bda869e9b7bb",
    "nfType": "AMF",
    "nfStatus": "REGISTERED",
    "ipv4Addresses": ["10.77.0.3"],
}


async def _network() -> tuple[ReferenceNetwork, Nrf]:
    network = ReferenceNetwork(
        SimulatedWorld(), TARGET.plan(), TARGET.subscriptions, policy_of(TARGET)
    )
    await network.start(warm=True)
    nrf = network.functions["NRF"]
    assert isinstance(nrf, Nrf)
    return network, nrf


def run(work: Any) -> None:
    simulate(work())


def test_the_first_test_case_waits_for_the_product_and_the_next_one_knows_it() -> None:
    async def work() -> None:
        registration = ProductRegistration(Hooks({}, Path()))
        network, nrf = await _network()
        waiting = asyncio.create_task(registration.hand_on(TARGET, network))
        await asyncio.sleep(11)
        assert not waiting.done()
        nrf.admit(PROFILE)
        assert await waiting is None
        # It was restarted: the last registration counts.
        later = {**PROFILE, "nfInstanceId": "1d7c4a4a-e9a9-41f1-b8bd-bda869e9b7bb"}
        nrf.admit(later)
        registration.take(TARGET, network)
        network, nrf = await _network()
        began = nrf.world.now_ns
        assert await registration.hand_on(TARGET, network) is None
        assert nrf.world.now_ns == began
        assert nrf.instances[later["nfInstanceId"]].profile == later
        assert PROFILE["nfInstanceId"] not in nrf.instances

    run(work)


def test_a_product_that_was_started_again_is_awaited_again() -> None:
    async def work() -> None:
        hooks = Hooks({}, Path())
        registration = ProductRegistration(hooks)
        network, nrf = await _network()
        nrf.admit(PROFILE)
        assert await registration.hand_on(TARGET, network) is None
        registration.take(TARGET, network)
        hooks.starts += 1
        network, nrf = await _network()
        waiting = asyncio.create_task(registration.hand_on(TARGET, network))
        await asyncio.sleep(5)
        assert not waiting.done()
        assert PROFILE["nfInstanceId"] not in nrf.instances
        later = {**PROFILE, "nfInstanceId": "1d7c4a4a-e9a9-41f1-b8bd-bda869e9b7bb"}
        nrf.admit(later)
        assert await waiting is None
        registration.take(TARGET, network)
        network, nrf = await _network()
        assert await registration.hand_on(TARGET, network) is None
        assert nrf.instances[later["nfInstanceId"]].profile == later

    run(work)


def test_a_product_that_does_not_register_is_told_of_once() -> None:
    async def work() -> None:
        registration = ProductRegistration(Hooks({}, Path()))
        network, nrf = await _network()
        # An AMF somewhere else, and something else of the product's, are not it.
        nrf.admit({**PROFILE, "ipv4Addresses": ["10.77.0.99"]})
        nrf.admit({**PROFILE, "nfInstanceId": "x", "nfType": "SMF"})
        said = await registration.hand_on(TARGET, network)
        assert said == "the product did not register at our NRF within 20 s"
        registration.take(TARGET, network)
        began = nrf.world.now_ns
        assert await registration.hand_on(TARGET, network) is None
        assert nrf.world.now_ns == began

    run(work)


def test_nothing_is_awaited_of_who_has_no_services_to_register() -> None:
    async def work() -> None:
        embedded = parse_target(EMBEDDED)
        network, nrf = await _network()
        began = nrf.world.now_ns
        assert await ProductRegistration(Hooks({}, Path())).hand_on(embedded, network) is None
        upf = SURROUNDED.replace('class = "AMF"', 'class = "UPF"')
        upf = upf.replace('n2 = "10.77.0.2"', 'n3 = "10.77.0.2"\nn4 = "10.77.0.2"')
        without = parse_target("\n".join(x for x in upf.splitlines() if "sbi" not in x))
        assert await ProductRegistration(Hooks({}, Path())).hand_on(without, network) is None
        assert nrf.world.now_ns == began

    run(work)


def test_our_nrf_wants_to_hear_of_a_product_often() -> None:
    assert policy_of(TARGET).nrf.heart_beat_timer == PRODUCT_HEART_BEAT
    assert policy_of(parse_target(EMBEDDED)).nrf.heart_beat_timer > PRODUCT_HEART_BEAT


def test_subscribers_are_used_in_turn() -> None:
    target = parse_target(SURROUNDED.replace("k = ", "count = 5\nk = ", 1))
    row, last = SubscriberRow(), []
    for wanted in (2, 2, 2):
        bench = row.of_one_bench(target.subscriptions)
        last = [next(bench).supi[-1] for _ in range(wanted)]
    assert last == ["5", "1"]
    assert [each.supi[-1] for each in row.of_one_bench(target.subscriptions)] == list("23451")
