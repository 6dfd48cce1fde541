"""The page of the showcase: the topology, the attack, and every verdict with its chart."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from makmal import __version__
from makmal.bench.embedded_targets import EMBEDDED_TARGETS
from makmal.bench.manifest import EvidenceError
from makmal.bench.rejudge import read_trace
from makmal.bench.target import parse_target
from makmal.catalogue.requirements import requirement_of
from makmal.chart import sequence_chart, topology
from makmal.chart.from_trace import Names, chart_of
from makmal.chart.topology import Box, Topology
from makmal.judges.verdict import Outcome, Verdict
from makmal.laboratory.attack_chart import chart_of_attack
from makmal.laboratory.attack_reading import AttackStep
from makmal.laboratory.showcase import AttackRun, Showcase, StageResult
from makmal.network.faults import Fault
from makmal.testcases.registry import test_cases
from makmal.trace.message import Step

PAGE = "index.html"
_CHARTS = "charts"
_APPLICATION, _DEVICE, _UPF = "application", "device", "UPF"


@dataclass(frozen=True, slots=True)
class _Shown:
    """A verdict as the page shows it, with what it leads to."""

    outcome: str
    link: str


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    title: str
    requirement: str
    sound: _Shown
    weak: _Shown | None
    caught: bool
    seen: str


@dataclass(frozen=True, slots=True)
class _Product:
    name: str
    weakness: Fault | None
    rows: tuple[_Row, ...]


@dataclass(frozen=True, slots=True)
class _Layer:
    name: str
    anchor: str
    products: tuple[_Product, ...]


def write_page(showcase: Showcase, directory: Path) -> Path:
    """Write the page and its charts beside the evidence. Raises OSError."""
    charts = directory / _CHARTS
    charts.mkdir(parents=True, exist_ok=True)
    environment = Environment(
        loader=PackageLoader("makmal.laboratory"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    verdicts = [each for result in showcase.stages for each in result.verdicts]
    text = environment.get_template("lab.html").render(
        version=__version__,
        seconds=round(showcase.seconds),
        expected=showcase.exit_code == 0,
        right=len(verdicts) - len(showcase.unexpected),
        total=len(verdicts),
        campaigns=len(showcase.stages),
        # Drawn by makmal.chart, which escapes.
        drawing=Markup(topology.draw(_topology(showcase))),  # noqa: S704 - drawn by makmal.chart, which escapes
        layers=_layers(showcase, charts),
        attack=_attack(showcase.attack),
        evidence=[each.evidence for each in showcase.stages],
    )
    path = directory / PAGE
    path.write_text(text, encoding="utf-8")
    return path


def _topology(showcase: Showcase) -> Topology:
    sound = {
        each.stage.product_class: Counter(v.outcome.value for v in each.verdicts)
        for each in showcase.stages
        if each.stage.fault is None
    }

    def box(name: str, shown: str | None = None) -> Box:
        tally = sound.get(name, Counter())
        ordered = {each.value: tally[each.value] for each in Outcome}
        return Box(shown or name, ordered if tally else {}, f"#{name}" if tally else "")

    apart = {_APPLICATION, _DEVICE, _UPF, "gNB"}
    names = [name for name in EMBEDDED_TARGETS if name not in apart]
    return Topology(
        "the embedded laboratory",
        [box(name) for name in names],
        [Box("UE", {}), box("gNB")],
        box(_UPF),
        box(_DEVICE),
        box(_APPLICATION),
    )


def _layers(showcase: Showcase, charts: Path) -> list[_Layer]:
    layers = []
    for name in dict.fromkeys(each.stage.layer for each in showcase.stages):
        results = [each for each in showcase.stages if each.stage.layer == name]
        sound = [each for each in results if each.stage.fault is None]
        products = tuple(
            _product(each, showcase.weak_of(each.stage.product_class), charts) for each in sound
        )
        layers.append(_Layer(name, re.sub(r"\W+", "-", name), products))
    return layers


def _product(sound: StageResult, weak: StageResult | None, charts: Path) -> _Product:
    name = sound.stage.product_class
    faults = {each.name: each for each in EMBEDDED_TARGETS[name].faults}
    others = {} if weak is None else {each.test_case: each for each in weak.verdicts}
    rows = []
    for verdict in sound.verdicts:
        requirement = requirement_of(verdict.test_case)
        other = others.get(verdict.test_case)
        caught = weak is not None and weak.stage.must_fail(verdict.test_case)
        rows.append(
            _Row(
                verdict.test_case,
                requirement.title,
                requirement.reference,
                _Shown(verdict.outcome.value, _chart(sound, verdict, charts)),
                None
                if weak is None or other is None
                else _Shown(other.outcome.value, _chart(weak, other, charts)),
                caught,
                (other if caught and other is not None else verdict).reason,
            )
        )
    fault = None if weak is None else faults[str(weak.stage.fault)]
    return _Product(name, fault, tuple(rows))


def _chart(result: StageResult, verdict: Verdict, charts: Path) -> str:
    """Draw the chart of a verdict; where its page is."""
    product = result.stage.product_class
    names = Names(
        {
            address: name
            for name, address in parse_target(result.stage.target).plan().addresses.items()
        }
        if product not in (_APPLICATION, _DEVICE)
        else {},
        product,
    )
    kind = test_cases()[verdict.test_case]()
    messages = None
    try:
        trace, _ = read_trace(result.evidence / verdict.test_case, {}, kind.reader)
        messages = [each for each in trace.messages if not isinstance(each, Step)]
    except (EvidenceError, OSError):
        # Not applicable: nothing was run.
        messages = None
    title = f"{verdict.test_case}: {verdict.outcome.value}"
    if messages:
        chart = chart_of(trace, verdict.frames, verdict.outcome.value, title, names)
    else:
        marks = (sequence_chart.Mark(verdict.reason[:120]),)
        chart = sequence_chart.SequenceChart(title, marks, (), verdict.outcome.value, product)
    name = f"{result.stage.name}-{verdict.test_case}.svg"
    (charts / name).write_text(sequence_chart.draw(chart), encoding="utf-8")
    return f"{_CHARTS}/{name}"


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    capture: str


@dataclass(frozen=True, slots=True)
class _StepRow:
    name: str
    product_class: str
    cells: tuple[AttackStep, ...]


@dataclass(frozen=True, slots=True)
class _AttackShown:
    weaknesses: tuple[Fault, ...]
    columns: tuple[_Column, ...]
    rows: tuple[_StepRow, ...]
    chart: Markup


def _attack(runs: tuple[AttackRun, ...]) -> _AttackShown | None:
    if not runs:
        return None
    rows = tuple(
        _StepRow(cells[0].name, cells[0].product_class, tuple(cells))
        for cells in zip(*(run.steps for run in runs), strict=True)
    )
    chart = Markup(sequence_chart.draw(chart_of_attack(runs[0].steps)))  # noqa: S704 - escaped
    return _AttackShown(
        runs[0].weaknesses,
        tuple(_Column(run.name, run.capture.name) for run in runs),
        rows,
        chart,
    )
