"""What a report shows, gathered from evidence: the one source of HTML, PDF and the data twins."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from makmal import __version__
from makmal.assurance.evidence.bundle import Bundle, ended_at
from makmal.assurance.evidence.sealing import evidence_digest
from makmal.assurance.report.details import ReportDetails
from makmal.assurance.verification.verifier import (
    ATTESTATION,
    CannotVerifyError,
    VerificationError,
    json_object,
    read_statement,
    signed_parts,
)
from makmal.bench.evidence import TRACE, StoredResult
from makmal.bench.manifest import EvidenceError
from makmal.bench.rejudge import read_trace
from makmal.bench.target import Target, TargetError, parse_target
from makmal.bench.target_addresses import WHOLE_CORE
from makmal.catalogue.requirements import requirements
from makmal.chart import sequence_chart, test_bed
from makmal.chart.from_trace import Names, chart_of
from makmal.judges.verdict import Outcome, Verdict
from makmal.testcases.registry import test_cases
from makmal.trace.message import Message, Step
from makmal.trace.trace import Trace

Progress = Callable[[str, int, int], None]
# What our end of IPsec is called in a chart.
_IPSEC = "IPsec"
_MOST_FRAMES = 12
# So many rows of a chart stand well on a page.
_PANEL_ROWS = 15
# What every evaluation by recorded traffic leaves open.
LIMITS = (
    "The results relate only to the item that was tested, in the version and configuration "
    "identified in this report.",
    "What cannot be seen on the interfaces that were recorded was not evaluated: source code, "
    "hardware, storage, physical protection and the vendor's processes are no part of it.",
    "A pass says that the product kept the requirement on the occasions that the test case brought "
    "about; it is no proof that there is no input on which it would not.",
    "The reference network around the product is the laboratory's own; behaviour that depends on "
    "another vendor's neighbours is not covered.",
)


@dataclass(frozen=True, slots=True)
class ProofFrame:
    """A message that proves a verdict."""

    frame: int
    time: str
    interface: str
    source: str
    destination: str
    name: str


@dataclass(frozen=True, slots=True)
class CaseReport:
    """One test case: the verdict, what it rests on, and how the procedure ran."""

    verdict: Verdict
    title: str
    product_class: str
    result: StoredResult
    frames: tuple[ProofFrame, ...]
    chart: str
    panels: tuple[str, ...]
    trace_sha256: str
    steps: tuple[str, ...]

    @property
    def name(self) -> str:
        """The test case."""
        return self.verdict.test_case

    @property
    def reason(self) -> str:
        """The reasoning, as a sentence."""
        return sentence(self.verdict.reason)

    @property
    def reading(self) -> str:
        """How the requirement was read, where it leaves room, as a sentence."""
        return sentence(self.verdict.reading)

    @property
    def outcome(self) -> str:
        """The verdict in a word."""
        return self.verdict.outcome.value

    @property
    def started(self) -> str:
        """When the procedure began."""
        return readable(self.result.run.started)

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.result.run.seconds

    @property
    def more_frames(self) -> int:
        """Frames that prove it and are not listed."""
        return max(0, len(self.verdict.frames) - _MOST_FRAMES)


@dataclass(frozen=True, slots=True)
class ReportContent:
    """The whole report."""

    details: ReportDetails
    bundle: Bundle
    cases: tuple[CaseReport, ...]
    drawing: str
    functions: Mapping[str, str]
    digest: str
    attested: Mapping[str, Any] | None

    @property
    def product(self) -> Mapping[str, Any]:
        """The item under test."""
        return self.bundle.product

    @property
    def summary(self) -> dict[str, int]:
        """How many of each verdict, those that there are."""
        return {name: count for name, count in self.bundle.summary.items() if count}

    @property
    def statement(self) -> str:
        """The statement of conformity (7.8.4.1 e, 7.8.6)."""
        product = self.product
        what = sentence(f"{product['name']}, version {product['version']},")
        counts = self.bundle.summary
        if counts["fail"]:
            return (
                f"{what} does not conform to {counts['fail']} of the {len(self.cases)} "
                "requirements that were tested."
            )
        open_ = counts["inconclusive"] + counts["error"]
        if open_:
            return (
                f"No conformity can be stated for {what.rstrip(',')}: {open_} of "
                f"{len(self.cases)} test cases "
                "came to no conclusion."
            )
        applicable = len(self.cases) - counts["not applicable"]
        return f"{what} conforms to the {applicable} requirements that were tested and apply."

    @property
    def conforms(self) -> bool:
        """Whether everything that applies passed."""
        return set(self.summary) <= {"pass", "not applicable"}

    @property
    def is_draft(self) -> bool:
        """Whether something that a test report must say is missing."""
        return bool(self.details.missing)

    @property
    def begun(self) -> str:
        """When the campaign began."""
        return readable(self.bundle.begun)

    @property
    def ended(self) -> str:
        """When its last procedure ended."""
        return readable(self.bundle.ended)

    @property
    def standards(self) -> list[str]:
        """The documents that the requirements are of."""
        found = dict.fromkeys(
            part.strip().partition(",")[0]
            for case in self.cases
            for part in case.verdict.requirement.split(";")
        )
        return [each for each in found if each]

    @property
    def versions(self) -> dict[str, str]:
        """What it was done with."""
        campaign = self.bundle.campaign
        return {
            "Makmal": str(campaign.get("makmal", "")),
            "Catalogue": str(campaign.get("catalogue", "")),
            "Python": str(campaign.get("python", "")),
            "Machine": str(campaign.get("machine", "")),
            "SCTP transport": str(campaign.get("environment", {}).get("sctp", "")),
            "Report written by": f"Makmal {__version__}",
        }


def sentence(text: str) -> str:
    """A text that begins a sentence."""
    return text[:1].upper() + text[1:]


def readable(time: str) -> str:
    """An RFC 3339 time for people."""
    try:
        return f"{datetime.fromisoformat(time):%Y-%m-%d %H:%M:%S} UTC"
    except ValueError:
        return time


def gather(
    bundle: Bundle,
    details: ReportDetails,
    progress: Progress = lambda name, done, whole: None,
) -> ReportContent:
    """Read every trace, and draw what proves each verdict. Raises AssuranceError."""
    target = _target(bundle)
    names = _names(bundle, target)
    cases = []
    for done, result in enumerate(bundle.results):
        progress(result.verdict.test_case, done, len(bundle.results))
        cases.append(_case(bundle, result, names))
    functions = dict(target.plan().addresses) if target and _in_network(target) else {}
    if target is not None and target.addresses.ends:
        end = next(iter(target.addresses.ends.values()))
        functions[bundle.product["class"]] = end.address
    product = bundle.product
    bed = test_bed.TestBed(
        product["class"],
        f"{product['name']} {product['version']}",
        functions,
        str(bundle.campaign.get("world", "")),
        product.get("attachment") == WHOLE_CORE,
    )
    return ReportContent(
        details,
        bundle,
        tuple(cases),
        test_bed.draw(bed),
        functions,
        evidence_digest(bundle),
        _attested(bundle.directory),
    )


def _target(bundle: Bundle) -> Target | None:
    """The target, unless this version reads it no more."""
    try:
        return parse_target(bundle.target_text(), bundle.campaign["target"]["name"])
    except (TargetError, OSError, ValueError):
        return None


def _names(bundle: Bundle, target: Target | None) -> Names:
    product_class = str(bundle.product["class"])
    if target is None or not _in_network(target):
        return Names({}, product_class)
    by_address = {address: name for name, address in target.plan().addresses.items()}
    for end in target.addresses.ends.values():
        by_address[end.address] = product_class
    if target.ipsec is not None:
        by_address.setdefault(target.ipsec.local, _IPSEC)
        for tunnel in target.ipsec.tunnels.values():
            by_address[tunnel.peer] = product_class
    return Names(by_address, product_class)


def _in_network(target: Target) -> bool:
    """Whether the product is a function of a network, and not a device or an application."""
    return target.product.product_class in target.plan().addresses or bool(target.addresses.ends)


def _opposite(trace: Trace, product: str) -> Names:
    """Names where there is no plan: the end that every message has is the product."""
    ends = [
        each.address
        for message in trace.messages
        if not isinstance(message, Step)
        for each in (message.destination, message.source)
    ]
    if not ends:
        return Names({}, product)
    theirs = max(dict.fromkeys(ends), key=ends.count)
    others = dict.fromkeys(ends, test_bed.LABORATORY)
    return Names({**others, theirs: product}, product)


def _case(bundle: Bundle, result: StoredResult, names: Names) -> CaseReport:
    verdict = result.verdict
    requirement = requirements().get(verdict.test_case)
    trace, chart = None, ""
    panels: tuple[str, ...] = ()
    if (
        bundle.trace(verdict.test_case) is not None
        and verdict.outcome is not Outcome.NOT_APPLICABLE
    ):
        try:
            place = bundle.directory / verdict.test_case
            declarations = bundle.campaign["declarations"]
            kind = test_cases().get(verdict.test_case)
            # Each test case says how its traces are read.
            reader = (kind().reader,) if kind is not None else ()
            trace, _ = read_trace(place, declarations, *reader)
        except EvidenceError:
            trace = None
    if trace is not None and not names.by_address:
        names = _opposite(trace, names.product)
    if trace is not None and any(not isinstance(each, Step) for each in trace.messages):
        title = f"{verdict.test_case}: {verdict.outcome.value}"
        drawn = chart_of(trace, verdict.frames, verdict.outcome.value, title, names)
        chart = sequence_chart.draw(drawn)
        panels = tuple(map(sequence_chart.draw, sequence_chart.panels(drawn, _PANEL_ROWS)))
    return CaseReport(
        verdict,
        requirement.title if requirement else "",
        requirement.product_class if requirement else "",
        result,
        () if trace is None else _proof_frames(trace, verdict, names),
        chart,
        panels,
        bundle.files.get(f"{verdict.test_case}/{TRACE}", ""),
        () if trace is None else tuple(s.name for s in trace.sections() if s.name),
    )


def _proof_frames(trace: Trace, verdict: Verdict, names: Names) -> tuple[ProofFrame, ...]:
    wanted = set(verdict.frames[:_MOST_FRAMES])
    best: dict[int, Message] = {}
    for message in trace.messages:
        frames = (message.frame,) if isinstance(message, Step) else message.frames
        for frame in wanted.intersection(frames):
            # Of an NGAP message and the NAS message inside, the inner one is what counts.
            if frame not in best or getattr(message, "protocol", "") == "nas":
                best[frame] = message
    return tuple(_proof_frame(frame, best[frame], names) for frame in sorted(best))


def _proof_frame(frame: int, message: Message, names: Names) -> ProofFrame:
    seconds, nanoseconds = divmod(message.time_ns, 1_000_000_000)
    time = f"{datetime.fromtimestamp(seconds, UTC):%H:%M:%S}.{nanoseconds // 1000:06d}"
    if isinstance(message, Step):
        return ProofFrame(frame, time, "", "", "", f"step: {message.name}")
    return ProofFrame(
        frame,
        time,
        str(message.interface),
        names.of(message.source.address, ""),
        names.of(message.destination.address, ""),
        message.name,
    )


def _attested(directory: Path) -> Mapping[str, Any] | None:
    """Who signed the evidence, as the attestation says (verification is another command)."""
    path = directory / ATTESTATION
    if not path.is_file():
        return None
    try:
        document = json_object(path.read_bytes(), ATTESTATION)
        statement = read_statement(document, ATTESTATION)
        _, _, identity = signed_parts(document, ATTESTATION)
    except (VerificationError, CannotVerifyError, OSError):
        return None
    octets = path.read_bytes()
    predicate: dict[str, Any] = statement["predicate"]
    return {
        "laboratory": str(predicate.get("laboratory", "")),
        "operator": str(predicate.get("operator", "")),
        "key": identity,
        "sha256": hashlib.sha256(octets).hexdigest(),
    }


__all__ = ["LIMITS", "CaseReport", "ReportContent", "ended_at", "gather", "readable"]
