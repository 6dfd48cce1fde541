"""Opening the bench of a target: its world, the reference network around the product, controls."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

from makmal.bench.application.opening import opened_application
from makmal.bench.bench import Bench, BenchSettings
from makmal.bench.campaign import OpenBench, OpenedBench
from makmal.bench.device.opening import opened_device
from makmal.bench.embedded import embedded_controls
from makmal.bench.embedded_plan import AUTHENTICATED_SLICE
from makmal.bench.end_target import APPLICATION, DEVICE, END_CLASSES
from makmal.bench.hook_controls import HookControls
from makmal.bench.hooks import Hooks
from makmal.bench.ipsec.manual import ManualIpsec
from makmal.bench.ipsec.peer import Ipsec
from makmal.bench.ipsec.strongswan import StrongswanIpsec
from makmal.bench.not_done import NotDoneError
from makmal.bench.product_registration import PRODUCT_HEART_BEAT, ProductRegistration
from makmal.bench.radio import embedded_gnb
from makmal.bench.radio.gnb_bench import GnbBench, GnbSettings
from makmal.bench.session_opening import opened_session
from makmal.bench.steps import Controls
from makmal.bench.subscriber_row import SubscriberRow
from makmal.bench.target import Target
from makmal.bench.target_addresses import EMBEDDED, SIMULATED, SURROUNDED, WHOLE_CORE
from makmal.bench.user_plane import embedded_upf
from makmal.bench.user_plane.upf_bench import UpfBench, UpfSettings
from makmal.network.faults import SOUND, NetworkPolicy, fault
from makmal.network.recorder import NoRecorder, Recorder
from makmal.network.reference_network import ReferenceNetwork
from makmal.network.simulated_world import SimulatedWorld
from makmal.network.transport.sctp_kernel import NOT_OFFERED, kernel_offers_sctp
from makmal.network.transport.sctp_paths import CARRIAGES
from makmal.network.wire_world import WireWorld
from makmal.network.world import World


def bench_opener(hooks: Hooks) -> OpenBench:
    """What opens the bench of one test case of a campaign. ``hooks`` are the target's."""
    registration, row = ProductRegistration(hooks), SubscriberRow()

    def open_bench(target: Target, recorder: Recorder) -> AbstractAsyncContextManager[OpenedBench]:
        if target.product.product_class in END_CLASSES:
            return _opened_end(target, recorder)
        if target.product.product_class == "UPF":
            return _opened_upf(target, recorder, hooks)
        if target.product.product_class == "gNB":
            return _opened_gnb(target, recorder)
        return _opened(target, recorder, hooks, registration, row)

    return open_bench


@asynccontextmanager
async def _opened(
    target: Target,
    recorder: Recorder,
    hooks: Hooks,
    registration: ProductRegistration,
    row: SubscriberRow,
) -> AsyncIterator[Bench]:
    world = _world(target, recorder)
    plan = target.plan()
    network = ReferenceNetwork(world, plan, target.subscriptions, policy_of(target))
    if target.product.attachment == EMBEDDED:
        world.products.add(plan.address(target.product.product_class))
        subscriptions = iter(target.subscriptions)
    else:
        world.products.update(target.addresses.all)
        subscriptions = row.of_one_bench(target.subscriptions)
    controls = await _controls(target, network, hooks)
    bench = Bench(world, plan, network, subscriptions, settings_of(target), controls)
    try:
        await network.start(warm=True)
        missing = await registration.hand_on(target, network)
        if missing is not None:
            bench.mark(missing)
        yield bench
        if target.product.attachment != EMBEDDED:
            await bench.leave()
    finally:
        registration.take(target, network)
        await bench.close()


@asynccontextmanager
async def _opened_upf(target: Target, recorder: Recorder, hooks: Hooks) -> AsyncIterator[UpfBench]:
    """The bench of a UPF, which is embedded or a product surrounded by us."""
    world = _world(target, recorder)
    plan = target.plan()
    upf = None
    controls: Controls
    if target.product.attachment == EMBEDDED:
        world.products.add(plan.address("UPF"))
        upf = embedded_upf.embedded_upf(world, plan, policy_of(target).upf)
        controls = embedded_upf.controls_of(upf)
    else:
        world.products.update(target.addresses.all)
        controls = HookControls(target, hooks)
        await controls.begin()
    timers = target.timers
    manual = frozenset[str]() if upf is None else embedded_upf.IPSEC
    ipsec: Ipsec = ManualIpsec(world, plan, controls, manual)
    if target.ipsec is not None and isinstance(world, WireWorld):
        ipsec = StrongswanIpsec(world, target.ipsec, timers.quiet)
    settings = UpfSettings(
        target.features,
        timers.quiet,
        timers.settle,
        timers.answer,
        target.laboratory.sessions,
    )
    bench = UpfBench(world, plan, settings, controls, ipsec)
    try:
        if upf is not None:
            await upf.start()
        await bench.open()
        yield bench
    finally:
        if upf is not None:
            await upf.stop()
        await bench.close()


@asynccontextmanager
async def _opened_gnb(target: Target, recorder: Recorder) -> AsyncIterator[GnbBench]:
    """The bench of the embedded gNB: the air of any other is none that we could reach."""
    if target.product.attachment != EMBEDDED:
        raise NotDoneError("of gNBs only the embedded one can be evaluated: there is no radio here")
    world = _world(target, recorder)
    timers = target.timers
    settings = GnbSettings(target.features, timers.quiet, timers.settle, timers.answer)
    plan = target.plan()
    bench = embedded_gnb.bench_of(world, plan, target.subscriptions, policy_of(target), settings)
    try:
        await bench.open()
        yield bench
    finally:
        await bench.close()


@asynccontextmanager
async def _opened_end(target: Target, recorder: Recorder) -> AsyncIterator[OpenedBench]:
    """The bench of an application or a device, by sockets or through a PDU session."""
    opened: Callable[..., AbstractAsyncContextManager[OpenedBench]] = {
        APPLICATION: opened_application,
        DEVICE: opened_device,
    }[target.product.product_class]
    if target.session_path is None:
        async with opened(target, recorder) as bench:
            yield bench
        return
    async with (
        opened_session(target.session_path, target.scope, recorder) as connector,
        opened(target, recorder, connector) as bench,
    ):
        yield bench


def _world(target: Target, recorder: Recorder) -> World:
    if target.laboratory.world == SIMULATED:
        return SimulatedWorld(recorder, seed=target.sha256)
    return _wire_world(target, recorder)


def _wire_world(target: Target, recorder: Recorder) -> WireWorld:
    laboratory = target.laboratory
    if laboratory.sctp == "kernel" and not kernel_offers_sctp():
        raise NotDoneError(f'{NOT_OFFERED}: write sctp = "raw" or "udp"')
    return WireWorld(
        recorder,
        target.scope,
        CARRIAGES.get(laboratory.sctp),
        laboratory.sctp_udp_port,
        laboratory.http,
    )


def transport_of(target: Target) -> str:
    """How SCTP travels, for the evidence. Raises NotDoneError."""
    if target.laboratory.world == SIMULATED:
        return "simulated"
    if target.product.product_class in END_CLASSES:
        path = target.session_path
        if path is None:
            return "not used"
        return WireWorld(carriage=CARRIAGES.get(path.sctp)).describe()
    return _wire_world(target, NoRecorder()).describe()


async def _controls(target: Target, network: ReferenceNetwork, hooks: Hooks) -> Controls:
    if target.product.attachment == EMBEDDED:
        return embedded_controls(network, target.product.product_class)
    controls = HookControls(target, hooks)
    await controls.begin()
    return controls


def policy_of(target: Target) -> NetworkPolicy:
    """The policy of the functions that are ours: sound, but for the faults that are wanted."""
    policy = SOUND
    if target.product.attachment == EMBEDDED:
        amf = replace(
            policy.amf,
            integrity_priority=target.integrity_algorithms,
            ciphering_priority=target.ciphering_algorithms,
        )
        policy = replace(policy, amf=amf)
    if target.product.attachment == SURROUNDED:
        nrf = replace(policy.nrf, heart_beat_timer=PRODUCT_HEART_BEAT)
        policy = replace(policy, nrf=nrf)
    for name in target.product.faults:
        policy = fault(name).apply(policy)
    if target.product.product_class == "SMF" and target.product.attachment != EMBEDDED:
        # A product keeps its PFCP association while the UPFs of our benches come and go.
        policy = replace(policy, upf=replace(policy.upf, demands_association=False))
    return policy


def settings_of(target: Target) -> BenchSettings:
    """What the bench has to know of the product."""
    return BenchSettings(
        product=target.product.product_class,
        features=target.features,
        surrounded=target.product.attachment != WHOLE_CORE,
        integrity_priority=target.integrity_algorithms,
        ciphering_priority=target.ciphering_algorithms,
        quiet=target.timers.quiet,
        settle=target.timers.settle,
        answer=target.timers.answer,
        authenticated_slice=target.authenticated_slice or AUTHENTICATED_SLICE,
        openapi=target.openapi,
        declarations=target.declarations,
        scanned_ports=target.scanned_ports,
    )
