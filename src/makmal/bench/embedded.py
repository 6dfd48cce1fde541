"""The embedded network as the target: all of it simulated, its policy ours to choose."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any

from makmal.bench.bench import Bench, BenchSettings
from makmal.bench.embedded_plan import (
    AUTHENTICATED_SLICE,
    FEATURES,
    embedded_authorities,
    embedded_authority,
    embedded_declarations,
    embedded_plan,
    embedded_subscriptions,
    knowledge_of,
)
from makmal.bench.not_done import NotDoneError
from makmal.network.faults import SOUND, NetworkPolicy
from makmal.network.network_function import NetworkFunction
from makmal.network.plan import NetworkPlan
from makmal.network.recorder import PayloadRecorder, Recorder
from makmal.network.reference_network import ReferenceNetwork
from makmal.network.simulated_world import SimulatedWorld, simulate
from makmal.network.subscription import Subscription
from makmal.network.world import UnreachableError, World
from makmal.testcases.test_case import TestCase
from makmal.trace.dissect import Dissector
from makmal.trace.knowledge import Knowledge
from makmal.trace.trace import Trace

# Settings of a product by the names that procedures use, and the AMF's own.
_SETTINGS = {
    "integrity_priority": "integrity_priority",
    "ciphering_priority": "ciphering_priority",
    "redirection_to_epc": "redirects_to_eps",
}


class EmbeddedControls:
    """The embedded product is configured by its policy; of the functions, the AMF keeps a log."""

    def __init__(self, product: Any, name: str, network: ReferenceNetwork | None = None) -> None:
        self._network, self._product, self._name = network, product, name
        self._declared = getattr(product, "policy", None)

    async def configure(self, settings: Mapping[str, Any]) -> None:
        """Bring settings into effect. Raises NotDoneError for those that there are not."""
        names = {name: _SETTINGS.get(name, name) for name in settings}
        unknown = [name for name, field in names.items() if not hasattr(self._declared, field)]
        if unknown:
            raise NotDoneError(f"the embedded {self._name} has no setting {unknown[0]}")
        self._product.policy = replace(
            self._product.policy, **{names[name]: value for name, value in settings.items()}
        )

    async def restore(self) -> None:
        """Bring the declared configuration back."""
        if self._declared is not None:
            self._product.policy = self._declared

    async def log_lines(self) -> list[str] | None:
        """What the product noted."""
        return list(self._product.log) if hasattr(self._product, "log") else None

    async def restart(self) -> None:
        """The product calls the NRF as one that has just begun."""
        product = self._product
        if not isinstance(product, NetworkFunction):
            raise NotDoneError(f"the embedded {self._name} does not register at an NRF")
        product.world.hang_up(product.endpoint.address)
        with suppress(UnreachableError):
            await product.register()

    async def over_tls(self) -> ReferenceNetwork:
        """The embedded network anew, with an authority of its own."""
        before = self._network
        if before is None:
            raise NotDoneError(f"the embedded {self._name} offers no services")
        plan = replace(before.plan, authority=embedded_authority(before.plan.domain))
        await before.stop()
        # Sockets are closed in the next round of the loop.
        await asyncio.sleep(0.01)
        self._network = before.anew(plan)
        await self._network.start(warm=True)
        self._product = self._network.functions.get(self._name)
        return self._network


def embedded_controls(network: ReferenceNetwork, product: str) -> EmbeddedControls:
    """What can be done to the function of the reference network that is the product."""
    function = network.upf if product == "UPF" else network.functions[product]
    return EmbeddedControls(function, product, network)


@cache
def _usual() -> tuple[NetworkPlan, tuple[Subscription, ...]]:
    """What nobody changes is made once, not for each of a proof's evaluations."""
    plan = embedded_plan()
    return plan, embedded_subscriptions(plan)


@lru_cache(maxsize=64)
def _usual_knowledge(integrity: tuple[int, ...], ciphering: tuple[int, ...]) -> Knowledge:
    plan, subscriptions = _usual()
    known = knowledge_of(plan, subscriptions, integrity, ciphering)
    return replace(known, tls_authorities=embedded_authorities(plan))


async def open_embedded_bench(
    world: World,
    policy: NetworkPolicy = SOUND,
    features: frozenset[str] = FEATURES,
    plan: NetworkPlan | None = None,
    quiet: float = 1.0,
    product: str = "AMF",
) -> tuple[Bench, Knowledge]:
    """The embedded network, started, with one function as the product; and what is known of it."""
    if plan is None:
        plan, subscriptions = _usual()
    else:
        subscriptions = embedded_subscriptions(plan)
    network = ReferenceNetwork(world, plan, subscriptions, policy)
    world.products.add(plan.address(product))
    await network.start(warm=True)
    settings = BenchSettings(
        product=product,
        features=features,
        integrity_priority=policy.amf.integrity_priority,
        ciphering_priority=policy.amf.ciphering_priority,
        authenticated_slice=AUTHENTICATED_SLICE,
        quiet=quiet,
        declarations=embedded_declarations(plan, product),
    )
    unused: Iterator[Subscription] = iter(subscriptions)
    bench = Bench(world, plan, network, unused, settings, embedded_controls(network, product))
    algorithms = settings.integrity_priority, settings.ciphering_priority
    if plan is _usual()[0]:
        return bench, _usual_knowledge(*algorithms)
    known = knowledge_of(plan, subscriptions, *algorithms)
    return bench, replace(known, tls_authorities=embedded_authorities(plan))


async def record(
    test_case: TestCase,
    recorder: Recorder,
    policy: NetworkPolicy = SOUND,
    features: frozenset[str] = FEATURES,
    product: str = "AMF",
) -> Knowledge:
    """Run a procedure on the embedded network in a simulated world, into a recorder.

    What goes wrong in a function of ours is raised, never lost.
    """
    world = SimulatedWorld(recorder, seed=test_case.name)
    bench, known = await open_embedded_bench(world, policy, features, product=product)
    try:
        await test_case.procedure(bench)
    finally:
        await bench.close()
    if world.failures:
        raise world.failures[0]
    return known


def trace_of(
    test_case: TestCase,
    policy: NetworkPolicy = SOUND,
    features: frozenset[str] = FEATURES,
    product: str = "AMF",
) -> Trace:
    """The trace of a procedure on the embedded network, simulated."""
    recorder = PayloadRecorder()
    known = simulate(record(test_case, recorder, policy, features, product))
    messages = Dissector(known).payloads(recorder.payloads)
    return Trace(tuple(messages), known, embedded_declarations(embedded_plan(), product))
