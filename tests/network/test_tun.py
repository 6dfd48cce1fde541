"""TUN interfaces: what is told where there is none to be had, and packets where there is."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterator
from ipaddress import ip_address

import pytest

from makmal.network.transport import tun
from makmal.network.upf import packets
from makmal.network.upf.tun_network import router_address


@pytest.mark.parametrize(
    ("device", "name", "expected"),
    [
        ("/dev/net/nothing", "makmal", "no TUN interface can be made: /dev/net/nothing: No such"),
        (
            "/dev/null",
            "makmal",
            "no TUN interface makmal can be made: .*; it takes root,",
        ),
        ("/dev/net/tun", "a name with spaces", "is no name of an interface"),
    ],
)
def test_without_rights_or_device_one_sentence_says_what_to_do(
    device: str, name: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tun, "_DEVICE", device)
    with pytest.raises(tun.TunError, match=expected):
        asyncio.run(tun.Tun(name, lambda packet: None).open(["10.60.0.2/32"]))


def test_the_router_has_the_first_address_of_a_pool() -> None:
    assert router_address("10.60.0.0/16") == "10.60.0.1/16"
    assert router_address("2001:db8:60::/48") == "2001:db8:60::1/48"


@pytest.fixture
def namespace() -> Iterator[str]:
    """A network namespace of this test."""
    name = f"makmal-test-{os.getpid()}"
    if os.geteuid() or not os.path.exists("/dev/net/tun"):
        pytest.skip("TUN interfaces need root and /dev/net/tun")
    if subprocess.run(["ip", "netns", "add", name], check=False, capture_output=True).returncode:
        pytest.skip("this machine makes no network namespaces")
    yield name
    subprocess.run(["ip", "netns", "del", name], check=True)


def test_a_ping_goes_in_and_its_answer_comes_out(namespace: str) -> None:
    came: list[bytes] = []

    async def run() -> None:
        answered = asyncio.Event()

        def take(packet: bytes) -> None:
            came.append(packet)
            if packets.protocol(packet) == packets.ICMP:
                answered.set()

        interface = tun.Tun("makmal-t", take)
        await interface.open(["10.60.0.1/16"], namespace, ["2001:db8:60::/48"])
        ends = ip_address("10.60.0.9").packed, ip_address("10.60.0.1").packed
        interface.send(packets.echo_request(*ends, 1, b"are you there?"))
        await asyncio.wait_for(answered.wait(), 5)
        interface.close()
        with pytest.raises(tun.TunError, match=r"cannot be set up: ip link set .*nowhere"):
            await interface.open([], "nowhere")

    asyncio.run(run())
    assert any(b"are you there?" in each for each in came)
