"""The UDR: subscriptions, and what the UDM keeps of each UE (TS 29.504, TS 29.505, TS 29.519).

The version in the paths is the consumer's: Release 15 and 16 ask for v1, Release 17 for v2, and the
resources that are served here are the same in all of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import unquote

from makmal.network import json_patch, provisioned_data, service
from makmal.network.json_patch import PatchError
from makmal.network.network_function import NetworkFunction, ServicePolicy
from makmal.network.plan import NetworkPlan
from makmal.network.service import Body, ServiceError, ServiceRequest
from makmal.network.subscription import SUBSCRIPTIONS, Subscription
from makmal.network.world import UnreachableError, World
from makmal.protocol.sbi import HttpMessage

_UE = "/nudr-dr/{version}/subscription-data/{ueId}"
_SUBSCRIPTIONS = "/nudr-dr/{version}/subscription-data/subs-to-notify"
_SQN_DIGITS = 12


@dataclass(frozen=True, slots=True)
class UdrPolicy:
    """What the UDR chooses. Each default is the sound choice."""

    # TS 33.501, 5.8.1: long-term keys are only for the ARPF, which is in the UDM.
    reserves_keys_to_udm: bool = True
    # TS 29.505, 5.2.2: what the UDM writes is there when it reads again.
    stores_sequence_number: bool = True
    notifies_of_changes: bool = True


class _Record:
    """One subscriber: the subscription, the documents made of it, and what consumers wrote."""

    def __init__(self, subscription: Subscription) -> None:
        self.subscription = subscription
        self.stored: dict[str, Any] = {}
        self._provisioned: dict[str, Body] = {}

    @cached_property
    def authentication(self) -> dict[str, Any]:
        """The authentication subscription (TS 29.505, 5.2.2), as it is now."""
        return provisioned_data.authentication_subscription(self.subscription)

    def provisioned(self, name: str) -> Body:
        """A data set of TS 29.505, 5.2.3, as a body."""
        body = self._provisioned.get(name)
        if body is None:
            body = service.json_body(provisioned_data.DATA_SETS[name](self.subscription))
            self._provisioned[name] = body
        return body


class Udr(NetworkFunction):
    """Holds the subscriptions of the network."""

    nf_type: ClassVar[str] = "UDR"
    services: ClassVar[tuple[str, ...]] = ("nudr-dr",)

    def __init__(
        self,
        world: World,
        plan: NetworkPlan,
        subscriptions: Iterable[Subscription] = SUBSCRIPTIONS,
        policy: UdrPolicy | None = None,
        name: str | None = None,
        service_policy: ServicePolicy | None = None,
    ) -> None:
        super().__init__(world, plan, name, service_policy)
        self.policy = policy or UdrPolicy()
        self.log: list[str] = []
        self._records = {each.supi: _Record(each) for each in subscriptions}
        self._subscribers: dict[str, dict[str, Any]] = {}
        keys = f"{_UE}/authentication-data/authentication-subscription"
        self.route("GET", keys, self._read_authentication)
        self.route("PATCH", keys, self._change_authentication)
        self.route("GET", f"{_UE}/{{plmn}}/provisioned-data", self._read_all_provisioned)
        self.route("GET", f"{_UE}/{{plmn}}/provisioned-data/{{set}}", self._read_provisioned)
        registrations = f"{_UE}/context-data"
        for own in ("amf-3gpp-access", "smf-registrations/{item}"):
            self.route("PUT", f"{registrations}/{own}", self._store)
        self.route("PUT", f"{_UE}/authentication-data/authentication-status/{{item}}", self._store)
        for part in ("authentication-data", "context-data"):
            for path in (f"{_UE}/{part}/{{document}}", f"{_UE}/{part}/{{document}}/{{item}}"):
                self.route("GET", path, self._read_stored)
                self.route("PUT", path, self._store)
                self.route("PATCH", path, self._change_stored)
                self.route("DELETE", path, self._delete_stored)
        self.route("POST", _SUBSCRIPTIONS, self._subscribe)
        self.route("DELETE", f"{_SUBSCRIPTIONS}/{{id}}", self._unsubscribe)
        self.route("GET", "/nudr-dr/{version}/policy-data/ues/{ueId}/{set}", self._read_policy)

    @property
    def profile(self) -> dict[str, Any]:
        """The NF profile, with the data sets (TS 29.510, 6.1.6.2.6)."""
        return super().profile | {"udrInfo": {"supportedDataSets": ["SUBSCRIPTION", "POLICY"]}}

    # For the bench and for tests.

    def subscription(self, supi: str) -> Subscription | None:
        """What is subscribed, as it is now."""
        record = self._records.get(supi)
        return None if record is None else record.subscription

    def authentication_status(self, supi: str) -> dict[str, dict[str, Any]]:
        """The stored results of authentication, by serving network name (TS 29.505, 5.2.7)."""
        record = self._records.get(supi)
        prefix = "authentication-status/"
        return {
            path.removeprefix(prefix): document
            for path, document in (record.stored if record else {}).items()
            if path.startswith(prefix)
        }

    def subscribe(self, subscription: Subscription) -> None:
        """The operator adds a subscription, or changes one: who asked to know is told."""
        supi = subscription.supi
        old, record = self._records.get(supi), _Record(subscription)
        self._records[supi] = record
        if old is None:
            return
        record.stored = old.stored
        record.authentication["sequenceNumber"] = old.authentication["sequenceNumber"]
        base = f"/nudr-dr/v2/subscription-data/{supi}/{self.plan.plmn}/provisioned-data"
        for name in provisioned_data.DATA_SETS:
            body = record.provisioned(name)
            if self._subscribers and old.provisioned(name).octets != body.octets:
                self.world.spawn(
                    self._notify(supi, self.uri(f"{base}/{name}"), json.loads(body.octets))
                )

    # Authentication data (TS 29.505, 5.2.2).

    async def _read_authentication(self, request: ServiceRequest) -> HttpMessage:
        self._check_consumer(request)
        return service.response(200, service.json_body(self._record(request).authentication))

    async def _change_authentication(self, request: ServiceRequest) -> HttpMessage:
        self._check_consumer(request)
        record = self._record(request)
        changed = _patched(record.authentication, request.json)
        sqn = changed.get("sequenceNumber")
        if not isinstance(sqn, dict) or not _is_sqn(sqn.get("sqn")):
            raise ServiceError(403, "MODIFICATION_NOT_ALLOWED", "the sequence number is none")
        if self.policy.stores_sequence_number:
            record.authentication = changed
        return service.response(204)

    def _check_consumer(self, request: ServiceRequest) -> None:
        # TS 29.500, 5.2.2.2: the user agent begins with the type of the consumer.
        agent = request.http.header("user-agent") or ""
        if self.policy.reserves_keys_to_udm and agent.partition("-")[0] != "UDM":
            raise ServiceError(403, "ACCESS_NOT_ALLOWED", "long-term keys are for the UDM")

    # Provisioned data (TS 29.505, 5.2.3).

    async def _read_provisioned(self, request: ServiceRequest) -> HttpMessage:
        name = request.parameters["set"]
        record = self._record(request)
        if name not in provisioned_data.DATA_SETS:
            raise ServiceError(404, "DATA_NOT_FOUND", name)
        if name == "sm-data" and "?" in (request.http.path or ""):
            wanted = provisioned_data.matching_session_data(
                record.subscription, request.query_json("single-nssai"), request.query.get("dnn")
            )
            if not wanted:
                raise ServiceError(404, "DATA_NOT_FOUND", "no session data of this slice and DNN")
            return service.response(200, service.json_body(wanted))
        return service.response(200, record.provisioned(name))

    async def _read_all_provisioned(self, request: ServiceRequest) -> HttpMessage:
        record = self._record(request)
        wanted = [each for each in request.query.get("dataset-names", "").split(",") if each]
        return service.response(
            200,
            service.json_body(
                {
                    member: provisioned_data.DATA_SETS[name](record.subscription)
                    for short, (member, name) in provisioned_data.DATA_SET_NAMES.items()
                    if not wanted or short in wanted
                }
            ),
        )

    async def _read_policy(self, request: ServiceRequest) -> HttpMessage:
        """TS 29.519, 5.2.3 and 5.2.5: what a PCF asks for."""
        name = request.parameters["set"]
        made = provisioned_data.POLICY_SETS.get(name)
        record = self._record(request)
        if made is None:
            raise ServiceError(404, "DATA_NOT_FOUND", name)
        return service.response(200, service.json_body(made(record.subscription)))

    # Authentication status and context data (TS 29.505, 5.2.2 and 5.2.7): what the UDM writes.

    async def _read_stored(self, request: ServiceRequest) -> HttpMessage:
        stored = self._record(request).stored
        path = _stored_path(request)
        document = stored.get(path)
        if document is None and path == "smf-registrations":
            document = [
                each for name, each in stored.items() if name.startswith("smf-registrations/")
            ] or None
        if document is None:
            raise ServiceError(404, "DATA_NOT_FOUND", path)
        return service.response(200, service.json_body(document))

    async def _store(self, request: ServiceRequest) -> HttpMessage:
        stored = self._record(request).stored
        path = _stored_path(request)
        is_new = path not in stored
        stored[path] = request.object
        if not is_new or path.startswith("authentication-status"):
            return service.response(204)
        return service.response(
            201,
            Body(service.JSON, request.http.body),
            location=self.uri((request.http.path or "").partition("?")[0]),
        )

    async def _change_stored(self, request: ServiceRequest) -> HttpMessage:
        stored = self._record(request).stored
        path = _stored_path(request)
        if path not in stored:
            raise ServiceError(404, "DATA_NOT_FOUND", path)
        stored[path] = _patched(stored[path], request.json)
        return service.response(204)

    async def _delete_stored(self, request: ServiceRequest) -> HttpMessage:
        self._record(request).stored.pop(_stored_path(request), None)
        return service.response(204)

    # Subscription to changes (TS 29.504, 5.2.2.7).

    async def _subscribe(self, request: ServiceRequest) -> HttpMessage:
        request.required("callbackReference", str)
        request.required("monitoredResourceUris", list)
        identity = self.world.random_octets(8).hex()
        document = {**request.object, "subscriptionId": identity}
        self._subscribers[identity] = document
        path = (request.http.path or "").partition("?")[0]
        return service.response(
            201, service.json_body(document), location=self.uri(f"{path}/{identity}")
        )

    async def _unsubscribe(self, request: ServiceRequest) -> HttpMessage:
        if self._subscribers.pop(request.parameters["id"], None) is None:
            raise ServiceError(404, "SUBSCRIPTION_NOT_FOUND")
        return service.response(204)

    async def _notify(self, supi: str, resource: str, value: Any) -> None:
        if not self.policy.notifies_of_changes:
            return
        changes = [{"op": "REPLACE", "path": "", "newValue": value}]
        body = service.json_body(
            {"ueId": supi, "notifyItems": [{"resourceId": resource, "changes": changes}]}
        )
        for document in list(self._subscribers.values()):
            if document.get("ueId") not in (None, supi):
                continue
            if not any(_covers(each, resource) for each in document["monitoredResourceUris"]):
                continue
            try:
                await self.call("POST", document["callbackReference"], body)
            except UnreachableError as error:
                self.log.append(f"a consumer was not told of a change: {error}")

    def _record(self, request: ServiceRequest) -> _Record:
        record = self._records.get(request.parameters["ueId"])
        if record is None:
            raise ServiceError(404, "USER_NOT_FOUND", request.parameters["ueId"])
        return record


def _patched(document: Any, operations: Any) -> Any:
    try:
        changed = json_patch.apply(document, operations)
    except PatchError as error:
        raise ServiceError(403, "MODIFICATION_NOT_ALLOWED", str(error)) from None
    if not isinstance(changed, dict):
        raise ServiceError(403, "MODIFICATION_NOT_ALLOWED", "the whole document is no object")
    return changed


def _stored_path(request: ServiceRequest) -> str:
    path = (request.http.path or "").partition("?")[0].strip("/")
    return unquote(path.split("/", 5)[-1])


def _is_sqn(text: Any) -> bool:
    if not isinstance(text, str) or len(text) != _SQN_DIGITS:
        return False
    try:
        int(text, 16)
    except ValueError:
        return False
    return True


def _covers(monitored: Any, resource: str) -> bool:
    """Whether a change of a resource is one that a consumer asked for: it, or one above it."""
    if not isinstance(monitored, str):
        return False
    path = monitored[monitored.find("/subscription-data") :].rstrip("/")
    changed = resource[resource.find("/subscription-data") :]
    return changed == path or changed.startswith(f"{path}/")
