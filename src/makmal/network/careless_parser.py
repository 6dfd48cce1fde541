"""A parser that does more than read: it follows references and runs what looks like code.

TS 33.117, 4.3.6.2, forbids all of it; this is what a product with such a parser would do, so that
the test case can be shown to notice. A sound policy never comes past the first lines of ``read``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus, urlsplit

from makmal.network import service
from makmal.network.service import ServiceError
from makmal.network.service_policy import ServicePolicy
from makmal.network.world import UnreachableError, World
from makmal.protocol.errors import DecodeError
from makmal.protocol.sbi import HttpMessage
from makmal.trace.frame import Endpoint

_REMOTE = re.compile(r"https?://[0-9.]+:[0-9]+/[\w./-]*")
_FILE = re.compile(r"file://(/proc/version)")
_PRODUCT = re.compile(r"(?:\{\{|\$\{|#\{|<%=)\s*(\d{1,6})\s*\*\s*(\d{1,6})")
_SCRIPT = re.compile(r"require\(|import\(|fetch\(|jndi:|<script|\$\(")
_REFERENCES = ("$ref", "href", "<!ENTITY", "xi:include")
# One of these is in whatever the parser would do something about.
_OCCASION = re.compile(
    rb"\$ref|href|<!ENTITY|xi:include|\{\{|\$\{|#\{|<%=|require\(|import\(|fetch\(|jndi:|<script|\$\("
)


async def read(world: World, local: Endpoint, policy: ServicePolicy, http: HttpMessage) -> None:
    """Do what the policy does not keep from. Raises ServiceError with what came of it."""
    if "?" not in (http.path or "") and _OCCASION.search(http.body) is None:
        return
    if policy.keeps_from_fetching and policy.keeps_from_reading_files and policy.keeps_from_running:
        return
    for name, text in _texts(http):
        is_code = _SCRIPT.search(text) is not None
        refers = name in _REFERENCES or any(each in text for each in _REFERENCES)
        if (is_code and not policy.keeps_from_running) or (
            refers and not is_code and not policy.keeps_from_fetching
        ):
            for url in _REMOTE.findall(text):
                await _fetch(world, local, url)
        product = _PRODUCT.search(text)
        if product is not None and not policy.keeps_from_running:
            result = int(product[1]) * int(product[2])
            raise ServiceError(400, "INVALID_MSG_FORMAT", f"{result} is no value of {name}")
        file = _FILE.search(text)
        if file is not None and refers and not policy.keeps_from_reading_files:
            content = _content(file[1])
            raise ServiceError(400, "INVALID_MSG_FORMAT", f"{content} is no value of {name}")


def _content(path: str) -> str:
    return Path(path).read_text("utf-8", "replace")


def _texts(http: HttpMessage) -> Iterator[tuple[str, str]]:
    query = (http.path or "").partition("?")[2]
    if query:
        yield "", unquote_plus(query)
    try:
        value = http.json().value if http.body else None
    except DecodeError:
        return
    yield from _strings("", value)


def _strings(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _strings(key, each)
    elif isinstance(value, list):
        for each in value:
            yield from _strings(name, each)


async def _fetch(world: World, local: Endpoint, url: str) -> None:
    parts = urlsplit(url)
    to = Endpoint(parts.hostname or "", parts.port or 80)
    message = service.request("GET", parts.path, authority=parts.netloc)
    try:
        await world.request(local, to, message)
    except UnreachableError:
        return
