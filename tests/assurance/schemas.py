"""The schemas that packages of others ship; the packages are read as data, never imported."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest


def schema(package: str, *parts: str) -> dict[str, Any]:
    """A schema, or skip."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        pytest.skip(f"{package} is not installed, which ships the schema (make schemas)")
    path = Path(spec.submodule_search_locations[0]).joinpath(*parts)
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found
