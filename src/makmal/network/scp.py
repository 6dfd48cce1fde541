"""The SCP: requests that go through it to a producer (TS 23.501, Annex E; TS 29.500, 6.10).

The consumer names the producer in 3gpp-Sbi-Target-apiRoot (indirect communication without delegated
discovery), or says in 3gpp-Sbi-Discovery-* what producer it wants, and the SCP asks the NRF.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlsplit

from makmal.network import service
from makmal.network.network_function import NetworkFunction
from makmal.network.service import ServiceError
from makmal.network.world import SERVICE_TIMEOUT, ServiceTimeoutError, UnreachableError
from makmal.protocol.sbi import HttpMessage
from makmal.trace.frame import Endpoint

TARGET = "3gpp-sbi-target-apiroot"
_DISCOVERY = "3gpp-sbi-discovery-"
_OWN_HEADERS = (TARGET, "host")


class Scp(NetworkFunction):
    """Passes requests on; it is no producer of its own."""

    nf_type = "SCP"
    services = ()

    @property
    def profile(self) -> dict[str, Any]:
        """With the port that it listens at (ScpInfo of TS 29.510, 6.1.6.2.65): without one it is
        that of the scheme.
        """
        return {**super().profile, "scpInfo": {"scpPorts": {self.plan.scheme: self.endpoint.port}}}

    async def handle(self, http: HttpMessage) -> HttpMessage:
        """Pass one request on, and its response back."""
        try:
            producer = await self._producer_of(http)
        except (ServiceError, UnreachableError) as error:
            return service.problem(504, "NF_DISCOVERY_FAILURE", str(error))
        kept = tuple(
            (name, value)
            for name, value in http.headers
            if name.lower() not in _OWN_HEADERS and not name.lower().startswith(_DISCOVERY)
        )
        onward = replace(http, headers=kept, authority=f"{producer.address}:{producer.port}")
        try:
            answer = await self.deliver(producer, onward, SERVICE_TIMEOUT)
        except ServiceTimeoutError as error:
            return service.problem(504, "TARGET_NF_NOT_REACHABLE", str(error))
        except UnreachableError as error:
            return service.problem(502, "TARGET_NF_NOT_REACHABLE", str(error))
        # 6.10.3.4: the consumer learns who served it.
        root = f"{self.plan.scheme}://{producer.address}:{producer.port}"
        return replace(answer, headers=(*answer.headers, (TARGET, root)), request=None)

    async def _producer_of(self, http: HttpMessage) -> Endpoint:
        root = http.header(TARGET)
        if root is not None:
            parts = urlsplit(root)
            return Endpoint(parts.hostname or "", parts.port or 80)
        wanted = {
            name.lower().removeprefix(_DISCOVERY): value
            for name, value in http.headers
            if name.lower().startswith(_DISCOVERY)
        }
        if "target-nf-type" not in wanted:
            raise ServiceError(400, "MANDATORY_IE_MISSING", "neither a target nor what to discover")
        query = "&".join(f"{name}={quote(value)}" for name, value in wanted.items())
        return await self.discover(wanted["target-nf-type"], query=query)
