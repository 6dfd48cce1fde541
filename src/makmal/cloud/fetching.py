"""Fetching readings from a URL that a user names: what server-side request forgery is about."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urljoin, urlsplit

from makmal.cloud.policy import CloudPolicy
from makmal.cloud.validation import problem
from makmal.network.http1_streams import Http1Client, request
from makmal.network.streams import Connector
from makmal.network.world import UnreachableError
from makmal.trace.frame import Endpoint

_MOST_REDIRECTS = 3
_SECONDS = 5.0
_READINGS = {"type": "number", "minimum": -1000, "maximum": 200_000}


class FetchError(Exception):
    """Nothing is fetched, or what came is not taken. ``refused``: because of the URL."""

    def __init__(self, reason: str, *, refused: bool) -> None:
        super().__init__(reason)
        self.refused = refused


async def fetch_readings(
    url: str, permitted: frozenset[Endpoint], policy: CloudPolicy, connector: Connector
) -> Any:
    """The readings at a URL, as the JSON that is there. Raises FetchError."""
    body = await _fetch(url, permitted, policy, connector)
    if policy.most_fetched is not None and len(body) > policy.most_fetched:
        raise FetchError("too much was sent", refused=False)
    if not policy.validates_fetched:
        return body.decode("utf-8", "replace")
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise FetchError("no JSON was sent", refused=False) from None
    if not isinstance(found, list) or any(problem(each, _READINGS) for each in found):
        raise FetchError("no list of readings was sent", refused=False)
    return found


async def _fetch(
    url: str, permitted: frozenset[Endpoint], policy: CloudPolicy, connector: Connector
) -> bytes:
    for hop in range(_MOST_REDIRECTS):
        to, path = _place(url)
        trusted = to in permitted or not policy.fetches_only_permitted_hosts
        if not trusted and not (hop and policy.follows_redirects_anywhere):
            raise FetchError("the host is not one that is fetched from", refused=True)
        try:
            stream = await connector.open(to, _SECONDS)
            client = Http1Client(stream)
            try:
                host = f"{to.address}:{to.port}"
                answer = await client.exchange(request("GET", path, host), _SECONDS)
            finally:
                client.close()
        except (UnreachableError, ConnectionError):
            raise FetchError("nothing could be fetched", refused=False) from None
        location = answer.header("location")
        if answer.status not in (301, 302, 303, 307, 308) or location is None:
            return answer.body
        url = urljoin(url, location)
    raise FetchError("too many redirections", refused=False)


def _place(url: str) -> tuple[Endpoint, str]:
    try:
        parts = urlsplit(url)
        port = parts.port or 80
    except ValueError:
        raise FetchError("this is no URL", refused=True) from None
    if parts.scheme != "http" or not parts.hostname or not parts.hostname.isascii():
        raise FetchError("only http URLs with a host are fetched", refused=True)
    path = parts.path or "/"
    if any(not 0x20 < ord(each) < 0x7F for each in path + parts.query):
        raise FetchError("this is no URL", refused=True)
    return Endpoint(parts.hostname, port), f"{path}?{parts.query}" if parts.query else path
