"""The laboratory from end to end: device, access, core, user plane, cloud, each with a tally."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

from makmal.chart import svg
from makmal.chart.sequence_chart import PROOF_COLOURS

_WIDTH, _HEIGHT = 96.0, 56.0
_COLUMN, _MARGIN, _TOP = 110.0, 20.0, 44.0
_WIRE = "#44525e"
_ACCESS, _AMF = ("UE", "gNB"), "AMF"


@dataclass(frozen=True, slots=True)
class Box:
    """A product: its tally of verdicts by outcome, and where a click on it leads."""

    name: str
    tally: Mapping[str, int]
    link: str = ""

    @property
    def worst(self) -> str:
        """The outcome that its colour tells; nothing where there is none."""
        order = ("fail", "error", "inconclusive", "pass", "not applicable")
        return next((each for each in order if self.tally.get(each)), "")


@dataclass(frozen=True, slots=True)
class Topology:
    """What stands where: the functions of the core on the bus, then UPF, device and application."""

    title: str
    core: Sequence[Box]
    access: Sequence[Box]
    user_plane: Box
    device: Box
    application: Box


def draw(topology: Topology) -> str:
    """The drawing as SVG."""
    core = list(topology.core)
    across = max(len(core), 6)
    width = 2 * _MARGIN + across * _COLUMN
    bus = _TOP + _HEIGHT + 26
    low = bus + 70
    places = {box.name: (_MARGIN + at * _COLUMN, _TOP) for at, box in enumerate(core)}
    row = [topology.device, *topology.access, topology.user_plane, topology.application]
    step = (width - 2 * _MARGIN - _WIDTH) / (len(row) - 1)
    for at, box in enumerate(row):
        places[box.name] = (_MARGIN + at * step, low)
    parts = list(_layers(width, bus, low))
    parts += _bus(core, places, bus, width)
    parts += _wires(topology, places, low)
    for box in (*core, *row):
        parts += _box(box, *places[box.name])
    return svg.drawing(width, low + _HEIGHT + 46, topology.title, parts)


def _layers(width: float, bus: float, low: float) -> Iterator[str]:
    """The three layers as grounds: device at the left, cloud at the right, network between."""
    yield svg.box(6, 10, width - 12, bus - 2, fill="#f3f8fc", stroke="#d5e4ef", radius=10)
    yield svg.text(16, 28, "5G core", size=11, fill=svg.ACCENT, anchor="start", bold=True)
    bottom = low + _HEIGHT + 22
    for x, name, anchor in (
        (_MARGIN, "end-user device", "start"),
        (width / 2, "access and user plane", "middle"),
        (width - _MARGIN, "cloud", "end"),
    ):
        yield svg.text(x, bottom, name, size=11, fill=svg.ACCENT, anchor=anchor, bold=True)


def _bus(
    core: Sequence[Box], places: Mapping[str, tuple[float, float]], y: float, width: float
) -> Iterator[str]:
    yield svg.line(_MARGIN, y, width - _MARGIN, y, stroke=svg.ACCENT, width=2.4)
    for box in core:
        x, top = places[box.name]
        middle = x + _WIDTH / 2
        yield svg.line(middle, top + _HEIGHT, middle, y, stroke=svg.ACCENT, width=1.6)
    yield svg.text(
        width - _MARGIN, y + 14, "service-based interfaces", size=9.5, fill=svg.ACCENT, anchor="end"
    )


def _wires(
    topology: Topology, places: Mapping[str, tuple[float, float]], low: float
) -> Iterator[str]:
    row = [topology.device, *topology.access, topology.user_plane, topology.application]
    labels = ["", *("Uu" for _ in topology.access[1:]), "N3", "N6"]
    middle = low + _HEIGHT / 2
    for left, right, label in zip(row, row[1:], labels, strict=False):
        x1, x2 = places[left.name][0] + _WIDTH, places[right.name][0]
        yield svg.line(x1, middle, x2, middle, stroke=_WIRE, width=1.6)
        if label:
            yield svg.text((x1 + x2) / 2, middle - 7, label, size=10, halo=True)
    names = {box.name for box in topology.core}
    for above, below, label in ((_AMF, topology.access[-1].name, "N2"), ("SMF", "UPF", "N4")):
        if above in names and below in places:
            x1, x2 = places[above][0] + _WIDTH * 0.3, places[below][0] + _WIDTH / 2
            turn = low - 26 if label == "N2" else low - 38
            top = places[above][1] + _HEIGHT
            for line in ((x1, top, x1, turn), (x1, turn, x2, turn), (x2, turn, x2, low)):
                yield svg.line(*line, stroke=_WIRE, width=1.6)
            yield svg.text(x2 + 8, low - 10, label, size=10, anchor="start", halo=True)


def _box(box: Box, x: float, y: float) -> Iterator[str]:
    worst = box.worst
    colour = PROOF_COLOURS.get(worst, "#9aa8b3")
    if box.link:
        yield f"<a href={quoteattr(box.link)}>"
    yield svg.box(
        x, y, _WIDTH, _HEIGHT, stroke=colour, stroke_width=2.2 if worst else 1.2, radius=6
    )
    yield svg.text(x + _WIDTH / 2, y + 23, box.name, size=12.5, bold=True)
    if box.tally:
        counted = [f"{count} {_short(name)}" for name, count in box.tally.items() if count]
        yield svg.text(x + _WIDTH / 2, y + 40, ", ".join(counted[:2]), size=9, fill=colour)
        if len(counted) > 2:
            yield svg.text(x + _WIDTH / 2, y + 51, ", ".join(counted[2:]), size=9, fill=colour)
    if box.link:
        yield "</a>"


def _short(outcome: str) -> str:
    return {"inconclusive": "inc.", "not applicable": "n/a"}.get(outcome, outcome)
