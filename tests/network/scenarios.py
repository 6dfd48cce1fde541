"""What the reference network can do, procedure by procedure; each works in either world."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

from makmal.bench.embedded_plan import AUTHENTICATED_SLICE, embedded_plan, embedded_subscriptions
from makmal.network import service
from makmal.network.amf import AmfPolicy
from makmal.network.amf.amf import Amf
from makmal.network.faults import SOUND
from makmal.network.gnb import Gnb
from makmal.network.network_function import NetworkFunction
from makmal.network.nrf import Nrf
from makmal.network.nssaaf import Nssaaf
from makmal.network.plan import FUNCTIONS, NetworkPlan
from makmal.network.reference_network import ReferenceNetwork
from makmal.network.smf import Smf
from makmal.network.subscription import Subscription
from makmal.network.ue import Outcome, PduSession, Ue, UePolicy
from makmal.network.upf import packets
from makmal.network.world import World
from makmal.protocol import nas
from makmal.protocol.nas.capabilities import FiveGmmFeature

M = nas.MessageType
SERVER = bytes((198, 51, 100, 1))


class Net:
    """A reference network that begins cold, a gNB, and subscribers of every kind."""

    def __init__(self, world: World, plan: NetworkPlan, *, legible: bool = False) -> None:
        """``legible``: with null ciphering, so that a witness reads all of NAS."""
        self.world, self.plan, self.legible = world, plan, legible
        policy = SOUND
        if legible:
            policy = replace(SOUND, amf=replace(SOUND.amf, ciphering_priority=(0,)))
        self.subscriptions = embedded_subscriptions(plan, 60)
        self._unused: Iterator[Subscription] = iter(self.subscriptions)
        self.network = ReferenceNetwork(world, plan, self.subscriptions, policy)
        self.gnb = Gnb(world, plan, "gNB")
        self.other_gnb = Gnb(world, plan, "gNB-2")
        self._other_amf: Amf | None = None
        self._beside = ""

    async def start(self) -> None:
        await self.network.start()
        await self.gnb.set_up(self.plan.n2("AMF"))

    async def stop(self) -> None:
        self.gnb.close()
        self.other_gnb.close()
        await self.network.stop()
        await self.world.close()
        assert not self.world.failures, self.world.failures

    @property
    def amf(self) -> Amf:
        return self.function("AMF", Amf)

    def function(self, name: str, kind: type[Any]) -> Any:
        found = self.network.functions[name]
        assert isinstance(found, kind)
        return found

    def ue(
        self, changes: dict[str, Any] | None = None, gnb: Gnb | None = None, **policy: Any
    ) -> Ue:
        """A new UE; ``changes`` are of its subscription."""
        subscription = replace(next(self._unused), **(changes or {}))
        self.network.functions["UDR"].subscribe(subscription)  # type: ignore[attr-defined]
        return Ue(self.world, self.plan, subscription, UePolicy(**policy), cell=gnb or self.gnb)

    async def registered(self, **choices: Any) -> Ue:
        ue = self.ue(**choices)
        result = await ue.register()
        assert result.accepted, result
        await asyncio.sleep(0.05)
        return ue

    async def connected(self, **choices: Any) -> tuple[Ue, PduSession]:
        """A registered UE with a PDU session."""
        ue = await self.registered(**choices)
        session = await ue.establish_session()
        assert session.established
        await until(lambda: session.user_plane)
        return ue, session

    def sessions_of(self, ue: Ue) -> list[Any]:
        """The sessions that the SMF has of a UE."""
        assert ue.subscription is not None
        sessions = self.function("SMF", Smf).sessions.values()
        return [each for each in sessions if each.supi == ue.subscription.supi]

    async def beside(self, to: str = "AMF") -> Gnb:
        """The second gNB, with NG set up at this AMF and no other."""
        if to == "AMF-2" and self._other_amf is None:
            policy = AmfPolicy(
                name="amf-2",
                integrity_priority=(1, 3, 2),
                ciphering_priority=(0,) if self.legible else (1, 3, 2),
            )
            self._other_amf = await self.network.add_amf(policy)
        if self._beside != to:
            self.other_gnb.close()
            self.other_gnb = Gnb(self.world, self.plan, "gNB-2")
            await self.other_gnb.set_up(self.plan.n2(to))
            self._beside = to
        return self.other_gnb


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - it depends on several parties
            await asyncio.sleep(0.005)


async def ping(net: Net, ue: Ue, session: PduSession) -> None:
    """A packet goes through N3 and the UPF to the data network, and its answer comes back.

    Like ping it tries again: at a handover answers are lost until the UPF knows of it.
    """
    came: list[bytes] = []
    ue.on_packet = lambda _, packet: came.append(packet)
    assert session.address is not None
    ours = bytes(int(part) for part in session.address.split("."))
    for number in range(1, 11):
        ue.send_packet(session, packets.echo_request(ours, SERVER, number, b"makmal"))
        await asyncio.sleep(0.05)
        if came:
            break
    assert packets.source(came[0]) == SERVER
    assert came[0].endswith(b"makmal")


# Registration.


async def registration_with_null_scheme(net: Net) -> None:
    await net.registered(changes={"scheme": 0})


async def registration_with_profile_a(net: Net) -> None:
    await net.registered(changes={"scheme": 1})


async def registration_with_profile_b(net: Net) -> None:
    await net.registered(changes={"scheme": 2})


async def registration_with_tuak(net: Net) -> None:
    keys = {"algorithm_set": "tuak", "opc": bytes(range(32))}
    ue = await net.registered(changes=keys)
    assert ue.security is not None


async def registration_with_eap_aka_prime(net: Net) -> None:
    ue = await net.registered(changes={"method": "EAP_AKA_PRIME"})
    requests = [each.message for each in ue.received if each.message is not None]
    assert any(each.get(nas.ie.EAP_MESSAGE) is not None for each in requests)


async def registration_with_5g_guti(net: Net) -> None:
    ue = await net.registered()
    before = ue.guti
    assert await ue.release_connection()
    assert (await ue.register()).accepted
    assert ue.guti != before
    # With the context that both have, nobody is authenticated again.
    challenges = [
        each
        for each in ue.received
        if each.message is not None and each.message.message_type == M.AUTHENTICATION_REQUEST
    ]
    assert len(challenges) == 1


async def registration_with_5g_guti_and_no_context(net: Net) -> None:
    ue = await net.registered()
    assert await ue.release_connection()
    ue.security = ue.partial = None
    ue.key_set_identifier = 7
    assert (await ue.register()).accepted


async def registration_with_unknown_5g_guti(net: Net) -> None:
    ue = await net.registered()
    assert await ue.release_connection()
    assert ue.guti is not None
    ue.guti = replace(ue.guti, tmsi=ue.guti.tmsi ^ 0xFFFF)
    assert (await ue.register()).accepted
    asked = [each.message.message_type for each in ue.received if each.message is not None]
    assert M.IDENTITY_REQUEST in asked


async def synchronisation_failure(net: Net) -> None:
    ue = net.ue(synchronisation_failures=1)
    assert (await ue.register()).accepted


async def mac_failure_ends_the_registration(net: Net) -> None:
    """TS 24.501, 5.4.1.3.7 c: whoever shows a SUCI is not asked for it again."""
    ue = net.ue(mac_failures=1)
    assert (await ue.register()).outcome is Outcome.NOT_AUTHENTICATED


async def emergency_registration(net: Net) -> None:
    ue = net.ue()
    assert (await ue.register(emergency=True)).accepted


async def mobility_and_periodic_registration(net: Net) -> None:
    ue = await net.registered()
    for periodic in (False, True):
        assert await ue.release_connection()
        assert (await ue.update_registration(periodic=periodic)).accepted
        await asyncio.sleep(0.05)


async def each_algorithm(net: Net) -> None:
    before = net.amf.policy
    for number in (1, 2, 3):
        ciphering = 0 if net.legible else number
        net.amf.policy = replace(
            before, integrity_priority=(number,), ciphering_priority=(ciphering,)
        )
        ue = await net.registered()
        assert ue.security is not None
        algorithms = ue.security.algorithms
        assert (algorithms.ciphering, algorithms.integrity) == (ciphering, number)
        assert (await ue.deregister()).accepted
    net.amf.policy = before


# While registered.


async def service_request_of_the_ue(net: Net) -> None:
    ue, session = await net.connected()
    assert await ue.release_connection()
    assert not session.user_plane
    assert (await ue.service_request(service_type=1, sessions=(1,))).accepted
    await until(lambda: session.user_plane)
    await ping(net, ue, session)


async def paging(net: Net) -> None:
    ue, session = await net.connected()
    assert await ue.release_connection()
    before = ue.guti
    smf = net.function("SMF", Smf)
    assert await smf.notify_downlink_data(ue.subscription.supi)  # type: ignore[union-attr]
    await until(lambda: session.user_plane and ue.guti != before)


async def configuration_update(net: Net) -> None:
    before = net.amf.policy
    net.amf.policy = replace(before, updates_names_after_registration=True)
    ue = await net.registered()
    net.amf.policy = before
    await until(lambda: ue.registration.network_name == "Makmal")


async def deregistration_by_the_ue(net: Net) -> None:
    ue, _ = await net.connected()
    assert (await ue.deregister()).accepted
    await until(lambda: ue.connection is None)
    await until(lambda: ue.subscription.supi not in net.amf.by_supi)  # type: ignore[union-attr]
    await until(lambda: not net.sessions_of(ue))


async def deregistration_by_switching_off(net: Net) -> None:
    ue = await net.registered()
    await ue.deregister(switch_off=True)
    await until(lambda: ue.subscription.supi not in net.amf.by_supi)  # type: ignore[union-attr]


async def deregistration_by_the_network(net: Net) -> None:
    ue = await net.registered()
    assert ue.subscription is not None
    supi = ue.subscription.supi
    pcf = net.function("PCF", NetworkFunction)
    answer = await pcf.call(
        "POST",
        f"/nudm-uecm/v1/{supi}/registrations/amf-3gpp-access/dereg-amf",
        service.json_body({"deregReason": "SUBSCRIPTION_WITHDRAWN"}),
    )
    assert answer.status == 204
    await until(lambda: supi not in net.amf.by_supi)
    asked = [each.message.message_type for each in ue.received if each.message is not None]
    assert M.DEREGISTRATION_REQUEST_UE_TERMINATED in asked


async def slice_authentication_and_revocation(net: Net) -> None:
    slices = (net.plan.slices[0], AUTHENTICATED_SLICE)
    changes = {"slices": slices, "authenticated_slices": (AUTHENTICATED_SLICE,)}
    ue = await net.registered(changes=changes, requested_nssai=slices)
    await until(lambda: AUTHENTICATED_SLICE in ue.registration.allowed_nssai)
    session = await ue.establish_session(s_nssai=AUTHENTICATED_SLICE)
    assert session.established
    await net.function("NSSAAF", Nssaaf).revoke(AUTHENTICATED_SLICE)
    await until(lambda: AUTHENTICATED_SLICE not in ue.registration.allowed_nssai)


# Sessions.


async def session_with_traffic(net: Net) -> None:
    ue, session = await net.connected()
    await ping(net, ue, session)


async def session_modification_and_release(net: Net) -> None:
    ue, session = await net.connected()
    answer = await ue.modify_session(session)
    assert answer is not None
    assert answer.message_type == M.PDU_SESSION_MODIFICATION_COMMAND
    assert await ue.release_session(session)
    await until(lambda: not net.sessions_of(ue))


async def session_in_an_unknown_data_network(net: Net) -> None:
    ue = await net.registered()
    session = await ue.establish_session(dnn="nowhere")
    assert not session.established
    assert session.cause == 27


# Mobility.


async def handover_by_xn(net: Net) -> None:
    ue, session = await net.connected()
    target = await net.beside()
    assert await target.path_switch(ue, net.gnb) is not None
    await ping(net, ue, session)
    assert ue.cell is target


async def handover_by_n2_within_an_amf(net: Net) -> None:
    ue, session = await net.connected()
    target = await net.beside()
    assert await net.gnb.handover(ue, target)
    await ping(net, ue, session)


async def handover_by_n2_to_another_amf(net: Net) -> None:
    target = await net.beside("AMF-2")
    other = net.function("AMF-2", Amf)
    ue, session = await net.connected()
    assert await net.gnb.handover(ue, target)
    await ping(net, ue, session)
    supi = ue.subscription.supi  # type: ignore[union-attr]
    assert supi in other.by_supi


async def registration_at_another_amf(net: Net) -> None:
    target = await net.beside("AMF-2")
    other = net.function("AMF-2", Amf)
    ue = await net.registered()
    assert await ue.release_connection()
    ue.camp(target)
    assert (await ue.update_registration()).accepted
    assert ue.subscription is not None
    assert ue.subscription.supi in other.by_supi


async def ciot_suspend_and_resume(net: Net) -> None:
    features = FiveGmmFeature.CONTROL_PLANE_CIOT | FiveGmmFeature.USER_PLANE_CIOT
    ue = await net.registered(mm_capability=features)
    assert await net.gnb.suspend(ue)
    await until(lambda: ue.suspended)
    net.gnb.resume(ue)
    await until(lambda: ue.connection is not None)


async def ng_reset(net: Net) -> None:
    ue = await net.registered()
    assert await net.gnb.reset() is not None
    assert ue.connection is None
    assert (await ue.register()).accepted


# Services.


async def nrf_management(net: Net) -> None:
    nrf = net.function("NRF", Nrf)
    pcf = net.function("PCF", NetworkFunction)
    heard: list[dict[str, Any]] = []

    async def notified(request: service.ServiceRequest) -> Any:
        heard.append(request.object)
        return service.response(204)

    pcf.route("POST", "/callback/v1/nf-status", notified)
    subscription = {
        "nfStatusNotificationUri": pcf.uri("/callback/v1/nf-status"),
        "subscrCond": {"nfType": "NSSF"},
        "reqNfType": "PCF",
        "reqNfInstanceId": pcf.instance,
    }
    made = await pcf.call("POST", "/nnrf-nfm/v1/subscriptions", service.json_body(subscription))
    assert made.status == 201
    nssf = net.function("NSSF", NetworkFunction)
    path = f"/nnrf-nfm/v1/nf-instances/{nssf.instance}"
    patch = [{"op": "replace", "path": "/nfStatus", "value": "UNDISCOVERABLE"}]
    changed = await nssf.call("PATCH", path, service.json_body(patch, service.JSON_PATCH))
    assert changed.status in (200, 204)
    found = await pcf.call(
        "GET", "/nnrf-disc/v1/nf-instances?target-nf-type=NSSF&requester-nf-type=PCF"
    )
    assert service.json_of(found)["nfInstances"] == []
    assert (await nssf.call("DELETE", path)).status == 204
    await until(lambda: len(heard) >= 2)
    await nssf.register()
    await until(lambda: len(heard) >= 3)
    events = [each["event"] for each in heard]
    assert events == ["NF_PROFILE_CHANGED", "NF_DEREGISTERED", "NF_REGISTERED"]
    identity = service.json_of(made)["subscriptionId"]
    assert (await pcf.call("DELETE", f"/nnrf-nfm/v1/subscriptions/{identity}")).status == 204
    assert not nrf.subscriptions


async def a_token_is_demanded(net: Net) -> None:
    ausf = net.function("AUSF", NetworkFunction)
    path = "/nudm-sdm/v2/imsi-999700000000001/am-data"
    answer = await ausf.send(net.plan.service("UDM"), "GET", path)
    assert answer.status == 401
    token = await ausf.token("UDM", "nudm-sdm")
    answer = await ausf.send(net.plan.service("UDM"), "GET", path, token=token)
    assert answer.status == 200


Scenario = Callable[[Net], Awaitable[None]]
SCENARIOS: dict[str, Scenario] = {
    name: each
    for name, each in list(globals().items())
    if asyncio.iscoroutinefunction(each)
    and each.__module__ == __name__
    and name not in ("until", "ping")
}


def plan(addresses: dict[str, str] | None = None) -> NetworkPlan:
    """The plan of the network; on the wire with addresses of loopback."""
    made = embedded_plan()
    return made if addresses is None else replace(made, addresses=addresses)


def loopback(first: int) -> dict[str, str]:
    """An address of 127.0.0.0/8 for each function."""
    return {name: f"127.0.0.{first + number}" for number, name in enumerate(FUNCTIONS)}
