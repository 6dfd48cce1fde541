"""The OpenAPI files of 3GPP beside the checkout, where somebody has put them."""

from __future__ import annotations

from pathlib import Path

import pytest

OPENAPI = next(
    (
        each / "shared" / "openapi"
        for each in Path(__file__).resolve().parents
        if (each / "shared" / "openapi").is_dir()
    ),
    None,
)


@pytest.fixture(scope="session")
def openapi() -> Path:
    if OPENAPI is None:
        pytest.skip("no OpenAPI files of 3GPP beside the checkout (../shared/openapi)")
    return OPENAPI
