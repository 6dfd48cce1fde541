"""A bundle: the evidence directory of a campaign as assurance reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from makmal.assurance.errors import AssuranceError
from makmal.bench.evidence import (
    KNOWLEDGE,
    RUN,
    TARGET,
    TRACE,
    VERDICT,
    RunRecord,
    StoredResult,
    read_campaign,
    read_run,
    read_verdict,
)
from makmal.bench.manifest import (
    MANIFEST,
    UNFINISHED,
    EvidenceError,
    damages,
    hash_of,
    read_manifest,
)
from makmal.catalogue.requirements import requirements
from makmal.judges.verdict import Outcome


@dataclass(frozen=True, slots=True)
class Bundle:
    """Evidence that is whole and intact. ``files`` are SHA-256 by name, the manifest's included."""

    directory: Path
    campaign: Mapping[str, Any]
    results: tuple[StoredResult, ...]
    files: Mapping[str, str]

    @property
    def product(self) -> Mapping[str, Any]:
        """Name, vendor, version and class of the product, as the target file has them."""
        product: Mapping[str, Any] = self.campaign["product"]
        return product

    @property
    def begun(self) -> str:
        """When the campaign began (RFC 3339)."""
        return str(self.campaign.get("begun", ""))

    @property
    def ended(self) -> str:
        """When its last procedure ended."""
        return max([self.begun, *(ended_at(each.run) for each in self.results)])

    @property
    def summary(self) -> dict[str, int]:
        """How many verdicts of each kind."""
        outcomes = [each.verdict.outcome for each in self.results]
        return {each.value: outcomes.count(each) for each in Outcome}

    @property
    def verdicts(self) -> dict[str, str]:
        """The verdicts by test case."""
        return {each.verdict.test_case: each.verdict.outcome.value for each in self.results}

    def trace(self, test_case: str) -> Path | None:
        """The trace of a test case, if its procedure was run."""
        path = self.directory / test_case / TRACE
        return path if path.is_file() else None

    def target_text(self) -> str:
        """The target file as it was."""
        return (self.directory / TARGET).read_text("utf-8")


def ended_at(run: RunRecord) -> str:
    """When a procedure ended (RFC 3339), in UTC."""
    try:
        started = datetime.fromisoformat(run.started)
    except ValueError:
        return ""
    return (started + timedelta(seconds=run.seconds)).isoformat(timespec="milliseconds")


def load_bundle(directory: Path) -> Bundle:
    """Read evidence that is whole. Raises AssuranceError with what is not, and what to do."""
    try:
        if not directory.is_dir():
            raise AssuranceError(
                f"{directory} is no directory: name one that makmal evaluate wrote with --evidence"
            )
        cut = sorted(each.name for each in directory.glob(f"*{UNFINISHED}"))
        if cut:
            raise AssuranceError(
                f"{directory}: {cut[0].removesuffix(UNFINISHED)} was not finished: the same makmal "
                "evaluate goes on with it"
            )
        files = read_manifest(directory)
        found = damages(directory, files)
        if found:
            more = f", and {len(found) - 1} more files" if len(found) > 1 else ""
            raise AssuranceError(f"{directory}: {found[0]}{more}: it cannot be relied on")
        campaign = read_campaign(directory)
        names = [name.removesuffix(f"/{VERDICT}") for name in files if name.endswith(f"/{VERDICT}")]
        if not names:
            raise AssuranceError(
                f"{directory} holds no result yet: makmal evaluate goes on with it"
            )
        order = {name: place for place, name in enumerate(requirements())}
        names.sort(key=lambda name: (order.get(name, len(order)), name))
        results = tuple(
            StoredResult(read_run(directory / name), read_verdict(directory / name))
            for name in names
        )
        all_files = {**files, MANIFEST: hash_of(directory / MANIFEST)}
    except (EvidenceError, OSError) as error:
        raise AssuranceError(str(error)) from None
    product = campaign.get("product")
    wanted = ("name", "vendor", "version", "class")
    if not isinstance(product, dict) or not all(
        isinstance(product.get(key), str) for key in wanted
    ):
        raise AssuranceError(f"{directory}: campaign.json does not say what the product is")
    return Bundle(directory, campaign, results, all_files)


__all__ = ["KNOWLEDGE", "RUN", "TRACE", "Bundle", "ended_at", "load_bundle"]
