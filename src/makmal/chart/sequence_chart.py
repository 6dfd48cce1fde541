"""Message sequence charts (after ITU-T Z.120) as SVG, laid out from what they are to show.

Times run down; each lifeline is one end; what proves a verdict stands out. Nothing here knows
where the messages come from (``from_trace.py`` makes them of a trace).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from makmal.chart import svg

_GUTTER, _MARGIN = 92.0, 24.0
_HEAD, _ROW, _MARK, _GAP = 46.0, 40.0, 34.0, 30.0
_LEAST_COLUMN, _MOST_COLUMN = 96.0, 250.0
_LABEL_SIZE, _SMALL = 11.5, 9.5
_MOST_LABEL = 42
PROOF_COLOURS = {
    "pass": "#1d7a46",
    "fail": "#b3261e",
    "inconclusive": "#a3690b",
    "error": "#7a3e9d",
    "not applicable": "#66757f",
}


@dataclass(frozen=True, slots=True)
class Arrow:
    """A message. ``seconds`` since the chart's first; ``note`` stands below its name."""

    source: str
    destination: str
    name: str
    note: str = ""
    frame: int = 0
    seconds: float = 0.0
    proves: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A step of the procedure, across all lifelines."""

    name: str
    frame: int = 0
    proves: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """Messages that are left out."""

    count: int


Row = Arrow | Mark | Gap
_HEIGHTS = {Arrow: _ROW, Mark: _MARK, Gap: _GAP}


@dataclass(frozen=True, slots=True)
class SequenceChart:
    """A chart: its rows from top to bottom. ``lifelines`` orders the ends that are known; others
    come after them as they appear. ``outcome`` colours what proves it; ``product`` is the lifeline
    of the product under test.
    """

    title: str
    rows: Sequence[Row]
    lifelines: Sequence[str] = ()
    outcome: str = "pass"
    product: str = ""

    @property
    def ends(self) -> list[str]:
        """The lifelines that the rows use, in order."""
        used = dict.fromkeys(
            end
            for row in self.rows
            if isinstance(row, Arrow)
            for end in (row.source, row.destination)
        )
        known = [each for each in self.lifelines if each in used]
        return [*known, *(each for each in used if each not in known)]


def draw(chart: SequenceChart) -> str:
    """The chart as SVG."""
    ends = chart.ends or [chart.product or "no message"]
    places = _places(chart.rows, ends)
    right = places[ends[-1]] + max(_head_width(ends[-1]) / 2, 60) + _MARGIN
    heights = [_HEIGHTS[type(row)] for row in chart.rows]
    bottom = _MARGIN + _HEAD + sum(heights) + 14
    colour = PROOF_COLOURS.get(chart.outcome, svg.INK)
    parts: list[str] = []
    for end in ends:
        parts.append(svg.line(places[end], _MARGIN + 28, places[end], bottom, dashes="3 3"))
        parts += _head(end, places[end], end == chart.product)
    y = _MARGIN + _HEAD
    for row, height in zip(chart.rows, heights, strict=True):
        parts += _row(row, y, places, right, colour)
        y += height
    return svg.drawing(right, bottom + _MARGIN / 2, chart.title, parts)


def panels(chart: SequenceChart, most: int) -> list[SequenceChart]:
    """A long chart as several of so many rows at most, cut at its steps where it can be: for
    pages.
    """
    cut: list[list[Row]] = [[]]
    for place, row in enumerate(chart.rows):
        step = next(
            (at for at, each in enumerate(chart.rows[place + 1 :], 1) if isinstance(each, Mark)),
            len(chart.rows) - place,
        )
        fits = len(cut[-1]) + (step if isinstance(row, Mark) else 1) <= most
        if cut[-1] and not fits and (isinstance(row, Mark) or len(cut[-1]) >= most):
            cut.append([])
        cut[-1].append(row)
    return [replace(chart, rows=tuple(rows)) for rows in cut if rows]


def _row(row: Row, y: float, places: dict[str, float], right: float, colour: str) -> Iterator[str]:
    if isinstance(row, Mark):
        fill, stroke = ("#fdf6e7", "#d9b96a") if not row.proves else ("#f1f4f6", colour)
        yield svg.box(
            _GUTTER - 14, y + 5, right - _GUTTER + 2, 22, fill=fill, stroke=stroke, radius=3
        )
        most = int((right - _GUTTER - 20) / (_LABEL_SIZE * 0.56))
        yield svg.text(
            _GUTTER - 4,
            y + 20,
            svg.shortened(row.name, max(most, 12)),
            size=_LABEL_SIZE,
            anchor="start",
        )
        if row.frame:
            yield svg.text(14, y + 20, f"{row.frame}", size=_SMALL, fill=svg.FAINT, anchor="start")
        return
    if isinstance(row, Gap):
        words = f"{row.count} messages not shown" if row.count > 1 else "1 message not shown"
        yield svg.text(
            (_GUTTER + right) / 2, y + 19, f"⋮ {words} ⋮", size=_SMALL, fill=svg.FAINT, halo=True
        )
        return
    yield from _arrow(row, y, places, colour)


def _arrow(row: Arrow, y: float, places: dict[str, float], colour: str) -> Iterator[str]:
    stroke = colour if row.proves else "#44525e"
    width = 2.2 if row.proves else 1.2
    base = y + 24
    start, end = places[row.source], places[row.destination]
    weight = row.proves
    if row.proves:
        yield svg.box(
            4, y + 3, _GUTTER - 20, 32, fill="none", stroke=colour, radius=4, stroke_width=1.4
        )
    if row.frame:
        yield svg.text(
            12, y + 17, f"frame {row.frame}", size=_SMALL, fill=stroke, anchor="start", bold=weight
        )
        yield svg.text(
            12, y + 29, f"+{row.seconds:.6f} s"[:12], size=8.5, fill=svg.FAINT, anchor="start"
        )
    if start == end:
        yield svg.line(start, base - 6, start + 22, base - 6, stroke=stroke, width=width)
        yield svg.line(start + 22, base - 6, start + 22, base + 4, stroke=stroke, width=width)
        yield svg.line(start + 22, base + 4, start + 4, base + 4, stroke=stroke, width=width)
        yield svg.arrow_head(start + 1, base + 4, False, stroke)
        middle, anchor = start + 30, "start"
    else:
        inset = 8 if end > start else -8
        yield svg.line(start, base, end - inset / 2, base, stroke=stroke, width=width)
        yield svg.arrow_head(end, base, end > start, stroke)
        middle, anchor = (start + end) / 2, "middle"
    yield svg.text(
        middle,
        base - 6,
        svg.shortened(row.name, _MOST_LABEL),
        size=_LABEL_SIZE,
        fill=stroke if row.proves else svg.INK,
        anchor=anchor,
        bold=weight,
        halo=True,
    )
    if row.note:
        yield svg.text(
            middle, base + 11, svg.shortened(row.note, 60), size=8.5, fill=svg.FAINT, anchor=anchor,
            halo=True,
        )  # fmt: skip


def _head(end: str, x: float, is_product: bool) -> Iterator[str]:
    width = _head_width(end)
    fill, stroke = (svg.ACCENT_GROUND, svg.ACCENT) if is_product else ("#f4f6f8", "#9aa8b3")
    yield svg.box(
        x - width / 2, _MARGIN - 12, width, 30, fill=fill, stroke=stroke,
        stroke_width=1.8 if is_product else 1,
    )  # fmt: skip
    yield svg.text(
        x, _MARGIN + 7, svg.shortened(end, 28), size=12, bold=True,
        fill=svg.ACCENT if is_product else svg.INK,
    )  # fmt: skip


def _head_width(end: str) -> float:
    return svg.text_width(svg.shortened(end, 28), 12.6) + 22


def _places(rows: Sequence[Row], ends: Sequence[str]) -> dict[str, float]:
    """Where each lifeline stands: columns as wide as what is written between them."""
    widths = [
        max(_LEAST_COLUMN, (_head_width(left) + _head_width(right)) / 2 + 14)
        for left, right in pairwise(ends)
    ]
    number = {end: place for place, end in enumerate(ends)}
    for row in rows:
        if not isinstance(row, Arrow) or row.source == row.destination:
            continue
        low, high = sorted((number[row.source], number[row.destination]))
        label = svg.text_width(svg.shortened(row.name, _MOST_LABEL), _LABEL_SIZE) + 26
        note = svg.text_width(svg.shortened(row.note, 60), 8.5) + 20
        missing = min(max(label, note), _MOST_COLUMN * (high - low)) - sum(widths[low:high])
        if missing > 0:
            for place in range(low, high):
                widths[place] += missing / (high - low)
    places, x = {}, _GUTTER + max(_head_width(ends[0]) / 2, 50)
    for end, width in zip(ends, [*widths, 0.0], strict=True):
        places[end] = x
        x += width
    return places
