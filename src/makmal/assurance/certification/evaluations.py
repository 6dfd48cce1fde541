"""An evaluation as the certification body takes it in: verified, and judged again by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from makmal.assurance.errors import AssuranceError, RefusedError
from makmal.assurance.evidence.bundle import load_bundle
from makmal.assurance.evidence.sealing import evidence_digest, unpacked
from makmal.assurance.verification.verifier import (
    BROKEN,
    EVIDENCE,
    REPORT,
    CannotVerifyError,
    Directory,
    Sealed,
    Trust,
    statement_digest,
    verify_directory,
)
from makmal.bench.manifest import EvidenceError
from makmal.bench.rejudge import rejudge
from makmal.testcases.registry import test_cases

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a laboratory's signed evidence says, every verdict of it reproduced here."""

    laboratory: str
    product: Mapping[str, Any]
    verdicts: Mapping[str, str]
    evidence: str
    report: str | None
    versions: Mapping[str, Any]

    def check_product(self, product: Mapping[str, Any]) -> None:
        """It is an evaluation of this product. Raises RefusedError."""
        for key in ("name", "vendor", "version", "class"):
            if self.product.get(key) != product.get(key):
                raise RefusedError(
                    f"the evidence is of another product: its {key} is {self.product.get(key)}, "
                    f"and the application says {product.get(key)}"
                )

    def as_json(self) -> dict[str, Any]:
        """What is recorded."""
        return {
            "laboratory": self.laboratory,
            "product": dict(self.product),
            "verdicts": dict(self.verdicts),
            "evidence": self.evidence,
            "report": self.report,
            "judged_again": True,
            "versions": dict(self.versions),
        }


def take_in(
    evidence: Path,
    report: Path | None,
    trust: Trust,
    now: datetime,
    progress: Progress = lambda name, done, whole: None,
) -> Evaluation:
    """Verify evidence, judge it again, and take it in. Raises AssuranceError."""
    with unpacked(evidence) as directory:
        sealed = _held(directory, evidence, EVIDENCE, trust, now)
        bundle = load_bundle(directory)
        try:
            again = rejudge(directory, test_cases(), progress)
        except EvidenceError as error:
            raise AssuranceError(str(error)) from None
        for each in again.results:
            if not each.is_same:
                said = each.problem or f"judged again, it is {each.again.outcome}"  # type: ignore[union-attr] # None has a problem
                raise RefusedError(
                    f"{evidence}: the verdict on {each.stored.test_case} is {each.stored.outcome}; "
                    f"{said}: the evidence cannot be relied on"
                )
        verdicts = bundle.verdicts
        product = dict(bundle.product)
        digest = evidence_digest(bundle)
    report_digest = None
    if report is not None:
        with unpacked(report) as directory:
            held = _held(directory, report, REPORT, trust, now)
        if held.predicate.get("evidence") != digest:
            raise RefusedError(f"{report} is a report on other evidence than {evidence}")
        report_digest = statement_digest(held)
    versions = {
        key: sealed.predicate[key] for key in ("makmal", "catalogue") if key in sealed.predicate
    }
    laboratory = sealed.signer.name
    return Evaluation(laboratory, product, verdicts, digest, report_digest, versions)


def _held(directory: Path, place: Path, kind: str, trust: Trust, now: datetime) -> Sealed:
    try:
        found, sealed = verify_directory(Directory(directory), trust, now)
    except CannotVerifyError as error:
        raise AssuranceError(str(error).replace(str(directory), str(place))) from None
    for each in found.checks:
        if each.outcome == BROKEN:
            raise RefusedError(f"{place}: {each.sentence}")
    if sealed is None or found.exit_code:
        reason = next((each.sentence for each in found.checks if each.outcome != "holds"), "")
        raise AssuranceError(f"{place}: {reason}")
    if sealed.kind != kind:
        raise RefusedError(f"{place} is no {kind.rpartition(':')[2]}")
    return sealed
