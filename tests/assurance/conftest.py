"""An office for each test, on SQLite; and a PostgreSQL server for the tests that want one."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .office import Office
from .postgres import installation, server


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    found = installation()
    if found is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with server(found) as url:
        yield url


@pytest.fixture(scope="session")
def sarif_schema() -> dict[str, object]:
    """The schema of SARIF 2.1.0 that an npm package ships; ``make schemas`` fetches it."""
    place = Path(sys.prefix) / "share" / "schemas" / "sarif-2.1.0.json"
    if not place.is_file():
        pytest.skip("the schema of SARIF is not there (make schemas fetches it with npm)")
    # Its expression for languages has a bracket too many.
    text = place.read_text("utf-8").replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}?$")
    found: dict[str, object] = json.loads(text)
    return found
