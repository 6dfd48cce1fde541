"""An independent witness of service messages: jsonschema over the OpenAPI files of 3GPP."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import yaml
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from makmal.protocol.sbi import HttpMessage

_JSON_KINDS = ("application/json", "application/problem+json", "application/3gppHal+json",
               "application/json-patch+json", "application/merge-patch+json")  # fmt: skip
# Consumers choose the URIs that they are told at: what must be in the body is told by their names.
NOTIFICATIONS = (
    (r"/status-of-[a-z]+$", "TS29510_Nnrf_NFManagement.yaml", "NotificationData"),
    (r"/dereg-notify$", "TS29503_Nudm_UECM.yaml", "DeregistrationData"),
    (r"/slice-revocation$", "TS29526_Nnssaaf_NSSAA.yaml", "SliceAuthRevocNotification"),
    (r"/n2-info-notify$", "TS29518_Namf_Communication.yaml", "N2InformationNotification"),
    (r"/data-change-notification$", "TS29505_Subscription_Data.yaml", "DataChangeNotify"),
    (r"/sdm-notify$", "TS29503_Nudm_SDM.yaml", "ModificationNotification"),
    (r"/sm-context-status/\d+$", "TS29502_Nsmf_PDUSession.yaml", "SmContextStatusNotification"),
)
_SERVER = re.compile(r"^\s*-?\s*url:\s*['\"]?(?:\{apiRoot\})?(/[^\s'\"]*)", re.MULTILINE)


def _adapted(value: Any) -> Any:
    """OpenAPI 3.0 schemas in the terms of JSON Schema: nullable, and no keywords beside $ref."""
    if isinstance(value, list):
        return [_adapted(each) for each in value]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("$ref"), str):
        return {"$ref": value["$ref"]}
    adapted = {str(name): _adapted(each) for name, each in value.items() if name != "nullable"}
    if value.get("nullable") and isinstance(value.get("type"), str):
        adapted["type"] = [value["type"], "null"]
    properties = value.get("properties")
    if isinstance(properties, dict) and isinstance(value.get("required"), list):
        # OpenAPI 3.0.3, 4.7.24.2: what is readOnly is not required of a request.
        adapted["required"] = [
            name for name in value["required"] if not properties.get(name, {}).get("readOnly")
        ]
    # An example may be anything.
    adapted.pop("example", None)
    return adapted


@dataclass(eq=False)
class Witness:
    """Checks requests and responses; ``problems`` says what differs, ``checked`` counts."""

    directory: Path
    checked: int = 0
    problems: dict[str, int] = field(default_factory=dict)
    unknown: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.registry = Registry(retrieve=self._retrieve)
        self.bases: dict[str, list[str]] = {}
        for path in self.directory.glob("*.yaml"):
            for base in _SERVER.findall(path.read_text("utf-8")):
                self.bases.setdefault(base.rstrip("/"), []).append(path.name)

    @cache  # noqa: B019
    def document(self, name: str) -> Any:
        loader = type("Loader", (getattr(yaml, "CSafeLoader", yaml.SafeLoader),), {})
        loader.yaml_implicit_resolvers = {
            first: [each for each in entries if not each[0].endswith(":timestamp")]
            for first, entries in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }
        return _adapted(yaml.load((self.directory / name).read_bytes(), loader))  # noqa: S506

    def _retrieve(self, uri: str) -> Resource[Any]:
        return Resource.from_contents(self.document(uri), default_specification=DRAFT202012)

    def _operation(self, method: str, path: str) -> tuple[str, str, Any, dict[str, str]] | None:
        bases = [base for base in self.bases if base and path.startswith(f"{base}/")]
        candidates = [
            (base, name) for base in sorted(bases, key=len, reverse=True)[:1]
            for name in self.bases[base]
        ] or [("", name) for name in ("TS29510_Nnrf_AccessToken.yaml",
                                      "TS29510_Nnrf_Bootstrapping.yaml")]  # fmt: skip
        best = None
        for base, name in candidates:
            rest = path.removeprefix(base)
            for template, item in (self.document(name).get("paths") or {}).items():
                pattern = re.sub(r"\\\{([^}]*?)\\\}", r"([^/]+)", re.escape(template))
                match = re.fullmatch(pattern, rest)
                if match is None:
                    continue
                item = self._resolved(name, item)
                if method.lower() not in item:
                    continue
                literal = len(re.sub(r"\{[^}]*\}", "", template))
                if best is None or literal > best[0]:
                    names = re.findall(r"\{([^}]*)\}", template)
                    file = item["__file__"]
                    best = (
                        literal,
                        file,
                        template,
                        item,
                        dict(zip(names, match.groups(), strict=True)),
                    )
        return None if best is None else best[1:]

    def check(self, request: HttpMessage, response: HttpMessage) -> None:
        """One exchange."""
        path, _, query = (request.path or "").partition("?")
        for pattern, file, name in NOTIFICATIONS:
            if re.search(pattern, path):
                self.checked += 1
                schema = {"$ref": f"{file}#/components/schemas/{name}"}
                self._validate(f"{name} ({file})", file, schema, request.json().value)
                return
        found = self._operation(request.method or "", path)
        if found is None:
            key = (
                f"{request.method} {re.sub(r'(imsi|suci)-[^/]+|[0-9a-f-]{36}|/[0-9]+', '*', path)}"
            )
            self.unknown[key] = self.unknown.get(key, 0) + 1
            return
        name, template, item, in_path = found
        operation = item[(request.method or "").lower()]
        where = f"{request.method} {template} ({name})"
        self.checked += 1
        parameters = [*item.get("parameters", ()), *operation.get("parameters", ())]
        given = dict(parse_qsl(query, keep_blank_values=True))
        for each in parameters:
            self._parameter(where, name, self._resolved(name, each), in_path, given)
        if not 400 <= (response.status or 0) < 500:
            self._body(f"{where} request", name, operation.get("requestBody"), request)
        answers = operation["responses"]
        answer = answers.get(str(response.status)) or answers.get("default")
        if answer is None:
            self._problem(f"{where}: status {response.status} is not foreseen")
        else:
            self._body(f"{where} {response.status}", name, answer, response)

    def _resolved(self, name: str, value: Any) -> Any:
        while isinstance(value, dict) and "$ref" in value:
            file, _, pointer = value["$ref"].partition("#")
            name = file or name
            value = self.document(name)
            for part in pointer.strip("/").split("/"):
                value = value[unquote(part).replace("~1", "/").replace("~0", "~")]
        return {**value, "__file__": name} if isinstance(value, dict) else value

    def _parameter(
        self, where: str, name: str, each: Any, in_path: dict[str, str], given: dict[str, str]
    ) -> None:
        kind, label, file = each["in"], each["name"], each.get("__file__", name)
        values = {"path": in_path, "query": given}.get(kind)
        if values is None:
            return
        if label not in values:
            if each.get("required"):
                self._problem(f"{where}: {kind} parameter {label} is missing")
            return
        text = unquote(values[label]) if kind == "path" else values[label]
        if "content" in each:
            schema = each["content"]["application/json"]["schema"]
            self._validate(f"{where} {label}", file, schema, json.loads(text))
            return
        schema = each["schema"]
        resolved = self._resolved(file, schema)
        value: Any = text
        if resolved.get("type") in ("integer", "number") and text.lstrip("-").isdigit():
            value = int(text)
        elif resolved.get("type") == "array":
            value = text.split(",")
        elif resolved.get("type") == "boolean":
            value = {"true": True, "false": False}.get(text, text)
        self._validate(f"{where} {label}", file, schema, value)

    def _body(self, where: str, name: str, described: Any, message: HttpMessage) -> None:
        if described is None:
            if message.body:
                self._problem(f"{where}: a body where none is foreseen")
            return
        described = self._resolved(name, described)
        name = described.get("__file__", name)
        content = described.get("content") or {}
        kind = message.content_type.partition(";")[0].strip().lower()
        if not message.body:
            if content and described.get("required"):
                self._problem(f"{where}: no body")
            return
        by_kind = {each.lower(): value for each, value in content.items()}
        if not by_kind and (message.status or 0) < 300:
            self._problem(f"{where}: a body where none is foreseen")
            return
        if kind == "application/x-www-form-urlencoded":
            value: Any = dict(parse_qsl(message.body.decode()))
            self._validate(where, name, by_kind[kind]["schema"], value)
            return
        if kind not in by_kind:
            if by_kind:
                self._problem(f"{where}: a body of type {kind}, not {sorted(by_kind)}")
            return
        schema = by_kind[kind]["schema"]
        if kind.startswith("multipart/"):
            resolved = self._resolved(name, schema)
            name = resolved.get("__file__", name)
            schema = resolved["properties"]["jsonData"]
        self._validate(where, name, schema, message.json().value)

    def _validate(self, where: str, name: str, schema: Any, value: Any) -> None:
        if "$ref" in schema and schema["$ref"].startswith("#"):
            schema = {"$ref": f"{name}{schema['$ref']}"}
        elif "$ref" not in schema:
            # References inside start from the file.
            schema = json.loads(json.dumps(schema).replace('"$ref": "#', f'"$ref": "{name}#'))
        validator = Draft202012Validator(
            schema, registry=self.registry, format_checker=FormatChecker()
        )
        for error in validator.iter_errors(value):
            place = "/".join(map(str, error.absolute_path))
            self._problem(f"{where}: {place or 'the body'}: {error.message[:160]}")

    def _problem(self, text: str) -> None:
        self.problems[text] = self.problems.get(text, 0) + 1
