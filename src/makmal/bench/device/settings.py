"""What the target file says of a device."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from makmal.bench.application.settings import ApplicationSettings
from makmal.bench.device.conformance import Conformance
from makmal.trace.frame import Endpoint

# Ports that devices of many makes listen on, beside the well-known ones.
USUAL_PORTS = (
    *(1080, 1433, 1723, 1883, 1900, 2000, 2222, 2323, 2375, 3306, 3389, 3478, 4444, 4567, 4840),
    *(5000, 5060, 5432, 5555, 5683, 5900, 6000, 6379, 6666, 6667, 7070, 7547, 8000, 8008, 8080),
    *(8081, 8088, 8090, 8181, 8443, 8883, 8888, 9000, 9090, 9100, 9200, 9443, 9999, 10000, 10443),
    *(11211, 20000, 27017, 32764, 37215, 48101, 49152, 52869, 55443, 60000),
)


@dataclass(frozen=True, slots=True)
class WebOperation:
    """One operation of the web interface: "METHOD /path" and its JSON body."""

    operation: str
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def method(self) -> str:
        """``GET``."""
        return self.operation.partition(" ")[0]

    @property
    def path(self) -> str:
        """``/path``."""
        return self.operation.partition(" ")[2]


@dataclass(frozen=True, slots=True)
class UpdateSettings:
    """How firmware is sent (as the body), where the version is read, and images: a good one, one
    that another key has signed.
    """

    operation: str
    version: str
    image: bytes
    foreign_image: bytes = b""


@dataclass(frozen=True)
class BrokerSettings:
    """A broker of ours that the device sends to: where it listens, the certificate that the device
    trusts, and one that it must not trust. ``wait`` is for how many seconds each is there: as long
    as the device may take to try again.
    """

    listen: Endpoint
    trusted: ssl.SSLContext
    foreign: ssl.SSLContext
    wait: float = 75.0


@dataclass(frozen=True)
class DeviceSettings:
    """``web`` says where the web interface is, and how its user logs in. ``services`` are the TCP
    ports that the device declares. ``revealing`` are texts that nobody shall learn without
    authentication.
    """

    web: ApplicationSettings
    services: Mapping[int, str]
    scan: tuple[int, ...]
    functions: tuple[str, ...] = ()
    changes: tuple[WebOperation, ...] = ()
    password_change: WebOperation | None = None
    setup: WebOperation | None = None
    reset: WebOperation | None = None
    data: tuple[WebOperation, WebOperation] | None = None
    update: UpdateSettings | None = None
    mqtt: Endpoint | None = None
    broker: BrokerSettings | None = None
    revealing: tuple[str, ...] = ()
    default_credentials: tuple[tuple[str, str], ...] = ()
    conformance: Conformance = field(default_factory=Conformance)

    @property
    def has_web(self) -> bool:
        """Whether the device has a web interface; ``web`` is else its MQTT service."""
        return self.web.base.startswith("http")
