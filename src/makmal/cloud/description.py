"""The OpenAPI description that the cloud application serves of itself."""

from __future__ import annotations

from typing import Any

_NAME = {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[A-Za-z0-9 ._-]+$"}
_PROBLEM = {"description": "refused", "content": {"application/problem+json": {}}}
_LIMIT = {
    "name": "limit",
    "in": "query",
    "schema": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
}
_SENSOR_ID = {
    "name": "sensor",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "format": "uuid"},
}
_CREDENTIALS = {
    "type": "object",
    "required": ["name", "password"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "minLength": 3, "maxLength": 32, "pattern": "^[a-z0-9-]+$"},
        "password": {"type": "string", "minLength": 1, "maxLength": 128},
    },
}
_SENSOR = {
    "type": "object",
    "required": ["name", "unit"],
    "additionalProperties": False,
    "properties": {
        "name": _NAME,
        "place": {"type": "string", "maxLength": 200},
        "unit": {"type": "string", "enum": ["celsius", "percent", "pascal"]},
    },
}
_READING = {
    "type": "object",
    "required": ["value"],
    "additionalProperties": False,
    "properties": {
        "value": {"type": "number", "minimum": -1000, "maximum": 200_000},
        "note": {"type": "string", "maxLength": 200},
    },
}
_CHANGE = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": False,
    "properties": {"display_name": {"type": "string", "maxLength": 64}},
}
_IMPORT = {
    "type": "object",
    "required": ["url"],
    "additionalProperties": False,
    "properties": {"url": {"type": "string", "minLength": 1, "maxLength": 500}},
}
SCHEMAS: dict[str, dict[str, Any]] = {
    "Credentials": _CREDENTIALS,
    "Sensor": _SENSOR,
    "Reading": _READING,
    "AccountChange": _CHANGE,
    "Import": _IMPORT,
}


def _operation(
    name: str,
    status: int,
    body: str | None = None,
    parameters: list[dict[str, Any]] | None = None,
    *,
    public: bool = False,
    tag: str = "sensors",
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": name,
        "tags": [tag],
        "responses": {str(status): {"description": "done"}, "default": _PROBLEM},
        "security": [] if public else [{"token": []}],
    }
    if body is not None:
        reference = {"$ref": f"#/components/schemas/{body}"}
        found["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": reference}},
        }
    if parameters:
        found["parameters"] = parameters
    return found


def description(title: str) -> dict[str, Any]:
    """OpenAPI 3.0."""
    account_name = {**_SENSOR_ID, "name": "account", "schema": {"type": "string", "maxLength": 32}}
    return {
        "openapi": "3.0.3",
        "info": {"title": title, "version": "1.0.0"},
        "paths": {
            "/openapi.json": {"get": _operation("describe", 200, public=True)},
            "/v1/accounts": {
                "post": _operation("createAccount", 201, "Credentials", public=True, tag="accounts")
            },
            "/v1/sessions": {
                "post": _operation("logIn", 201, "Credentials", public=True, tag="accounts"),
                "delete": _operation("logOut", 204, tag="accounts"),
            },
            "/v1/account": {
                "get": _operation("readAccount", 200, tag="accounts"),
                "patch": _operation("changeAccount", 200, "AccountChange", tag="accounts"),
            },
            "/v1/sensors": {
                "get": _operation("listSensors", 200, parameters=[_LIMIT]),
                "post": _operation("createSensor", 201, "Sensor"),
            },
            "/v1/sensors/{sensor}": {
                "get": _operation("readSensor", 200, parameters=[_SENSOR_ID]),
                "put": _operation("changeSensor", 200, "Sensor", [_SENSOR_ID]),
                "delete": _operation("removeSensor", 204, parameters=[_SENSOR_ID]),
            },
            "/v1/sensors/{sensor}/readings": {
                "get": _operation("listReadings", 200, parameters=[_SENSOR_ID, _LIMIT]),
                "post": _operation("addReading", 201, "Reading", [_SENSOR_ID]),
            },
            "/v1/imports": {"post": _operation("importReadings", 200, "Import")},
            "/v1/administration/accounts": {
                "get": _operation("listAccounts", 200, tag="administration")
            },
            "/v1/administration/accounts/{account}": {
                "delete": _operation(
                    "removeAccount", 204, parameters=[account_name], tag="administration"
                )
            },
        },
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }
