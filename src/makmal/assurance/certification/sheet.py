"""A certificate as a sheet to print. It proves nothing; it says where the proof is."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import typst

from makmal.assurance.errors import AssuranceError
from makmal.assurance.verification.verifier import (
    CERTIFICATE,
    certificate_digest,
    read_statement,
    signed_parts,
)


def certificate_sheet(document: Mapping[str, Any]) -> bytes:
    """The PDF of a certificate file, whose signature is not looked at here.

    Raises AssuranceError, VerificationError, CannotVerifyError.
    """
    statement = read_statement(document, "the certificate")
    if not statement["predicateType"].startswith(f"{CERTIFICATE}:"):
        raise AssuranceError("this file is no certificate")
    template = resources.files("makmal.assurance.certification").joinpath(
        "templates", "certificate.typ"
    )
    with tempfile.TemporaryDirectory(prefix="makmal-certificate-") as name:
        place = Path(name)
        (place / "certificate.typ").write_text(template.read_text("utf-8"), "utf-8")
        data = _data(document, statement["predicate"])
        (place / "data.json").write_text(json.dumps(data, ensure_ascii=False), "utf-8")
        try:
            octets = typst.compile(
                str(place / "certificate.typ"), root=name, format="pdf", ignore_system_fonts=True
            )
        except RuntimeError as error:
            raise AssuranceError(f"the PDF cannot be typeset: {error}") from None
    assert isinstance(octets, bytes)  # noqa: S101 - for the type checker
    return octets


def _data(document: Mapping[str, Any], predicate: Mapping[str, Any]) -> dict[str, Any]:
    try:
        _, _, identity = signed_parts(document, "the certificate")
        product, scheme = predicate["product"], predicate["scheme"]
        return {
            **{key: str(predicate[key]) for key in ("number", "body", "holder")},
            "product": {key: str(product[key]) for key in ("name", "vendor", "version", "class")},
            "scheme": {key: str(scheme[key]) for key in ("title", "version")},
            "laboratory": str(predicate["laboratory"] or ""),
            "issued": str(predicate["issued"])[:10],
            "valid_until": str(predicate["valid_until"])[:10],
            "conditions": [str(each) for each in predicate["conditions"]],
            "scope": [
                {key: str(each[key]) for key in ("requirement", "test_case", "verdict")}
                for each in predicate["scope"]
            ],
            "evidence": str(predicate["evidence"]),
            "report": str(predicate["report"] or ""),
            "key": identity,
            "index": str(document["inclusion"]["index"]),
            "digest": certificate_digest(document),
        }
    except (KeyError, TypeError):
        raise AssuranceError("this file is no certificate that Makmal issued") from None
