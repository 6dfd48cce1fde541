"""A UPF behind a strongSwan of its own, as a product of this deployment: started in a network
namespace by tests, it serves until it is ended.

    python ipsec_product.py '{"outer": ..., "inner": ..., "peer": ..., ...}'
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from typing import Any

from makmal.bench.embedded_plan import embedded_plan
from makmal.bench.ipsec.charon import Charon
from makmal.network.plan import NetworkPlan
from makmal.network.scope import Scope
from makmal.network.upf import Upf, UpfPolicy
from makmal.network.upf.address_translation import AddressTranslation
from makmal.network.wire_world import WireWorld
from makmal.trace.knowledge import ip_networks


async def serve(wanted: dict[str, Any]) -> None:
    """Until SIGTERM."""
    charon = Charon()
    await charon.start()
    world = WireWorld(scope=Scope(ip_networks(wanted["scope"])))
    usual = embedded_plan()
    plan = NetworkPlan(slices=usual.slices, addresses=wanted["plan"])
    # N6 is outside of the tunnels.
    upf = Upf(world, plan, UpfPolicy(), data_network=AddressTranslation(world, wanted["outer"]))
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    try:
        secret = {"type": "IKE", "data": wanted["key"]}
        await charon.vici.request("load-shared", secret)
        child = {
            "local_ts": [f"{wanted['inner']}/32"],
            "remote_ts": wanted["peer_networks"],
            "esp_proposals": wanted["esp"],
        }
        connection = {
            "version": "2",
            "local_addrs": [wanted["outer"]],
            "remote_addrs": [wanted["peer"]],
            "proposals": wanted["ike"],
            "encap": "yes",
            "mobike": "no",
            "local": {"auth": "psk", "id": wanted["outer"]},
            "remote": {"auth": "psk", "id": wanted["peer"]},
            "children": {"all": child},
        }
        await charon.vici.request("load-conn", {"makmal": connection})
        await upf.start()
        print("ready", flush=True)
        await ended.wait()
    finally:
        await upf.stop()
        await world.close()
        await charon.stop()


if __name__ == "__main__":
    asyncio.run(serve(json.loads(sys.argv[1])))
