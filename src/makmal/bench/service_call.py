"""One request to a service, as procedures change it before it is sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from makmal.network import service
from makmal.network.service import Body
from makmal.protocol.sbi import Part, multipart
from makmal.protocol.sbi.json_text import json_text

_BOUNDARY = "makmal-part"


@dataclass(frozen=True, slots=True)
class Call:
    """A request. ``query`` are its parameters, where values that are no text travel as JSON;
    ``parts`` what is binary beside the JSON of the body.
    """

    method: str
    path: str
    document: Any = None
    query: Mapping[str, Any] = field(default_factory=dict)
    parts: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)
    content_type: str = service.JSON
    # JSON in place of ``document``, as octets: what no encoder would write.
    octets: bytes | None = None

    @property
    def json_parameter(self) -> str | None:
        """The query parameter that holds JSON, where the body holds none."""
        if self.document is not None:
            return None
        return next((name for name, each in self.query.items() if isinstance(each, dict)), None)

    @property
    def json(self) -> Any:
        """The JSON of the request: that of the body, else that of a query parameter."""
        name = self.json_parameter
        return self.document if name is None else self.query[name]

    def with_json(self, value: Any) -> Call:
        """The same with other JSON."""
        name = self.json_parameter
        if name is None:
            return replace(self, document=value)
        return replace(self, query={**self.query, name: value})

    def with_octets(self, octets: bytes) -> Call:
        """The same with these octets in place of the JSON."""
        return replace(self, octets=octets)

    @property
    def target(self) -> str:
        """Path and query."""
        parameters = []
        for name, value in self.query.items():
            if name == self.json_parameter and self.octets is not None:
                text = self.octets.decode("utf-8", "surrogateescape")
            else:
                text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
            parameters.append(f"{name}={quote(text, safe='', errors='surrogateescape')}")
        return self.path + ("?" + "&".join(parameters) if parameters else "")

    @property
    def body(self) -> Body | None:
        """The body."""
        if self.document is None:
            return None
        octets = json_text(self.document) if self.octets is None else self.octets
        if not self.parts:
            return Body(self.content_type, octets)
        parts = [Part((("Content-Type", service.JSON),), octets)]
        for name, (media_type, content) in self.parts.items():
            parts.append(Part((("Content-Type", media_type), ("Content-Id", name)), content))
        kind = f"multipart/related; boundary={_BOUNDARY}"
        return Body(kind, multipart.encode(tuple(parts), _BOUNDARY))
