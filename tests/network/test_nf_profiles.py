"""Profiles as products write them, and consumers that find producers by them."""

from __future__ import annotations

from typing import Any

import pytest

from makmal.network.nf_profiles import addresses_of, endpoint_of, services_of
from makmal.network.nrf import Nrf
from makmal.network.pcf import Pcf
from makmal.network.plan import NetworkPlan
from makmal.network.simulated_world import SimulatedWorld, simulate
from makmal.network.world import UnreachableError
from makmal.trace.frame import Endpoint

ONE, OTHER, NOBODY = (f"{each}d7c4a4a-e9a9-41f1-b8bd-bda869e9b7bb" for each in range(3))


def service(name: str, port: int | None, **further: Any) -> dict[str, Any]:
    end: dict[str, Any] = {**further} | ({} if port is None else {"port": port})
    return {"serviceInstanceId": name, "serviceName": name, "ipEndPoints": [end]}


def profile(instance_id: str, address: str) -> dict[str, Any]:
    """As Open5GS and others register: services by their identity, ends without an address."""
    return {
        "nfInstanceId": instance_id,
        "nfType": "AMF",
        "nfStatus": "REGISTERED",
        "ipv4Addresses": [address],
        "nfServiceList": {
            "1": service("namf-evts", 7000),
            "2": service("namf-comm", 7777, ipv4Address=address),
        },
    }


def test_both_forms_of_the_services_are_read() -> None:
    one = profile("a", "192.0.2.77")
    assert [each["serviceName"] for each in services_of(one)] == ["namf-evts", "namf-comm"]
    other = {"nfServices": list(one["nfServiceList"].values())}
    assert services_of(other) == services_of(one)
    assert services_of({}) == []


@pytest.mark.parametrize(
    ("instance", "name", "expected"),
    [
        (profile("a", "192.0.2.77"), "namf-comm", Endpoint("192.0.2.77", 7777)),
        (profile("a", "192.0.2.77"), "namf-evts", Endpoint("192.0.2.77", 7000)),
        (profile("a", "192.0.2.77"), None, Endpoint("192.0.2.77", 7000)),
        (profile("a", "192.0.2.77"), "namf-loc", Endpoint("192.0.2.77", 7000)),
        ({"ipv6Addresses": ["2001:db8::1"]}, "namf-comm", Endpoint("2001:db8::1", 80)),
        (
            {"nfServices": [service("x", None, ipv6Address="2001:db8::2")]},
            "x",
            Endpoint("2001:db8::2", 80),
        ),
        ({"ipv4Addresses": ["192.0.2.1"], "nfServices": [{"serviceName": "x"}]}, "x",
         Endpoint("192.0.2.1", 80)),
        ({"fqdn": "amf.example"}, "namf-comm", None),
        ("no profile", "namf-comm", None),
    ],
)  # fmt: skip
def test_where_a_function_serves(instance: Any, name: str | None, expected: Endpoint) -> None:
    assert endpoint_of(instance, name) == expected


def test_all_addresses() -> None:
    one = profile("a", "192.0.2.77")
    one["nfServiceList"]["3"] = service("namf-loc", 1, ipv6Address="2001:db8::3")
    assert addresses_of(one) == {"192.0.2.77", "2001:db8::3"}


def test_a_consumer_finds_the_one_that_it_means() -> None:
    async def work() -> None:
        world, plan = SimulatedWorld(), NetworkPlan()
        nrf, consumer = Nrf(world, plan), Pcf(world, plan)
        await nrf.start()
        await consumer.start()
        for identity, address in ((ONE, "192.0.2.77"), (OTHER, "192.0.2.78")):
            nrf.admit(profile(identity, address))
        comm = "namf-comm"
        assert await consumer.discover("AMF", comm, OTHER) == Endpoint("192.0.2.78", 7777)
        assert await consumer.discover("AMF", comm, ONE) == Endpoint("192.0.2.77", 7777)
        assert await consumer.discover("AMF", "namf-evts") == Endpoint("192.0.2.77", 7000)
        with pytest.raises(
            UnreachableError, match=f"the NRF knows no AMF with the instance id {NOBODY}"
        ):
            await consumer.discover("AMF", comm, NOBODY)
        # What was found is kept, until it is to be forgotten.
        nrf.instances.clear()
        assert await consumer.discover("AMF", comm, OTHER) == Endpoint("192.0.2.78", 7777)
        consumer.forget("AMF")
        with pytest.raises(UnreachableError, match="the NRF knows no AMF"):
            await consumer.discover("AMF", comm, OTHER)
        await world.close()

    simulate(work())
