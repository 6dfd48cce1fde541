"""A drawing of a test bed: the product under test, what surrounds it, and what was recorded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from makmal.chart import svg

_BOX_WIDTH, _BOX_HEIGHT = 92.0, 46.0
_COLUMN, _TOP, _MARGIN = 108.0, 64.0, 26.0
# What stands opposite a product that is no function of a network.
LABORATORY = "laboratory"
# Functions that have a place of their own; all others hang on the service bus.
_ACCESS = ("gNB", "gNB-2")
_BUS_FIRST = ("AMF", "AMF-2", "SMF")


@dataclass(frozen=True, slots=True)
class TestBed:
    """What stands where. ``functions`` are addresses by name; ``product`` the function under test,
    and ``product_name`` what it is.
    """

    # For pytest: this is no class of tests.
    __test__ = False

    product: str
    product_name: str
    functions: Mapping[str, str]
    world: str = ""
    whole_core: bool = False


def draw(bed: TestBed) -> str:
    """The drawing as SVG."""
    if not bed.functions:
        return _pair(bed)
    bus = _on_bus(bed)
    across = max(len(bus), 4)
    width = 2 * _MARGIN + across * _COLUMN
    bus_y = _TOP + _BOX_HEIGHT + 34
    low_y = bus_y + 70
    places = {name: (_MARGIN + at * _COLUMN, _TOP) for at, name in enumerate(bus)}
    access = [name for name in _ACCESS if name in bed.functions or name == bed.product]
    has_user_plane = "UPF" in bed.functions or bed.product == "UPF"
    places["UE"] = (_MARGIN, low_y)
    for at, name in enumerate(access):
        places[name] = (_MARGIN + (1.35 + at * 1.15) * _COLUMN, low_y)
    if has_user_plane:
        places["UPF"] = (_MARGIN + (1.45 + len(access) * 1.15) * _COLUMN, low_y)
    low_right = max(x for x, _ in places.values()) + _BOX_WIDTH + _MARGIN
    parts: list[str] = []
    parts += _links(bed, bus, access, places, bus_y, width)
    for name, (x, y) in places.items():
        parts += _function(bed, name, x, y)
    legend = low_y + _BOX_HEIGHT + 40
    parts += _legend(bed, legend)
    return svg.drawing(max(width, low_right), legend + 34, f"test bed of {bed.product_name}", parts)


def _pair(bed: TestBed) -> str:
    """A product that needs no network around it: the laboratory, and what it talks to."""
    left, right = (_MARGIN + 20, _TOP), (_MARGIN + 20 + 3.4 * _COLUMN, _TOP)
    middle = (left[0] + _BOX_WIDTH + right[0]) / 2
    y = _TOP + _BOX_HEIGHT / 2
    parts = [svg.line(left[0] + _BOX_WIDTH, y, right[0], y, stroke="#44525e", width=1.6)]
    parts.append(_tap(middle, y))
    parts.append(svg.text(middle, y - 12, "every connection", size=10, halo=True))
    parts += _function(bed, LABORATORY, *left)
    parts += _function(bed, bed.product, *right)
    legend = _TOP + _BOX_HEIGHT + 40
    parts += _legend(bed, legend)
    width = max(right[0] + _BOX_WIDTH + 120, 520.0)
    return svg.drawing(width, legend + 34, f"test bed of {bed.product_name}", parts)


def _on_bus(bed: TestBed) -> list[str]:
    apart = (*_ACCESS, "UPF", "UE")
    names = [name for name in bed.functions if name not in apart]
    if bed.product not in (*apart, *names):
        names.append(bed.product)
    first = [name for name in _BUS_FIRST if name in names]
    return [*first, *(name for name in names if name not in first)]


def _links(
    bed: TestBed,
    bus: Sequence[str],
    access: Sequence[str],
    places: Mapping[str, tuple[float, float]],
    bus_y: float,
    width: float,
) -> Iterator[str]:
    if len(bus) > 1:
        yield svg.line(_MARGIN, bus_y, width - _MARGIN - 16, bus_y, stroke=svg.ACCENT, width=2.4)
        yield svg.text(
            width - _MARGIN - 16, bus_y + 17, "service-based interfaces (HTTP/2)", size=10,
            fill=svg.ACCENT, anchor="end",
        )  # fmt: skip
        for name in bus:
            x, y = places[name]
            middle = x + _BOX_WIDTH / 2
            yield svg.line(middle, y + _BOX_HEIGHT, middle, bus_y, stroke=svg.ACCENT, width=1.6)
            yield _tap(middle, (y + _BOX_HEIGHT + bus_y) / 2)
    amf = "AMF" if "AMF" in places else (bed.product if bed.product in places else "")
    for name in access:
        if amf and amf not in access:
            yield from _bent(places[amf], places[name], "N2", 0.3)
    if access:
        yield from _straight(places["UE"], places[access[0]], "Uu, N1")
    if "UPF" in places:
        if access:
            yield from _straight(places[access[-1]], places["UPF"], "N3")
        if "SMF" in places:
            yield from _bent(places["SMF"], places["UPF"], "N4", 0.7)


def _straight(left: tuple[float, float], right: tuple[float, float], label: str) -> Iterator[str]:
    y = left[1] + _BOX_HEIGHT / 2
    start, end = left[0] + _BOX_WIDTH, right[0]
    yield svg.line(start, y, end, y, stroke="#44525e", width=1.6)
    yield _tap((start + end) / 2, y)
    yield svg.text((start + end) / 2, y - 10, label, size=10, halo=True)


def _bent(
    above: tuple[float, float], below: tuple[float, float], label: str, at: float
) -> Iterator[str]:
    """Down past the bus, across, and down again."""
    x1, x2 = above[0] + _BOX_WIDTH * at, below[0] + _BOX_WIDTH / 2
    top, bottom = above[1] + _BOX_HEIGHT, below[1]
    turn = bottom - 34 if label == "N4" else bottom - 20
    yield svg.line(x1, top, x1, turn, stroke="#44525e", width=1.6)
    yield svg.line(x1, turn, x2, turn, stroke="#44525e", width=1.6)
    yield svg.line(x2, turn, x2, bottom, stroke="#44525e", width=1.6)
    yield _tap(x2, (turn + bottom) / 2)
    yield svg.text(x2 + 9, (turn + bottom) / 2 + 3, label, size=10, anchor="start", halo=True)


def _function(bed: TestBed, name: str, x: float, y: float) -> Iterator[str]:
    is_product = name == bed.product or (bed.whole_core and name not in (*_ACCESS, "UE"))
    fill, stroke = (svg.ACCENT_GROUND, svg.ACCENT) if is_product else (svg.PAPER, "#9aa8b3")
    yield svg.box(
        x,
        y,
        _BOX_WIDTH,
        _BOX_HEIGHT,
        fill=fill,
        stroke=stroke,
        stroke_width=2.4 if is_product else 1.2,
    )
    yield svg.text(
        x + _BOX_WIDTH / 2, y + 20, name, size=13, bold=True,
        fill=svg.ACCENT if is_product else svg.INK,
    )  # fmt: skip
    address = bed.functions.get(name, "simulated" if name == "UE" else "")
    if address:
        yield svg.text(
            x + _BOX_WIDTH / 2, y + 36, svg.shortened(address, 20), size=9, fill=svg.FAINT
        )
    if name == bed.product:
        label = svg.shortened(bed.product_name, 40)
        half = svg.text_width(label, 10) / 2 + 8
        middle = max(x + _BOX_WIDTH / 2, half + 4)
        yield svg.text(middle, y - 24, "product under test", size=9.5, fill=svg.ACCENT, bold=True)
        yield svg.text(middle, y - 10, label, size=10.5, fill=svg.ACCENT)


def _tap(x: float, y: float) -> str:
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{svg.PAPER}" stroke="#b3261e" '
        'stroke-width="1.6"/>'
    )


def _legend(bed: TestBed, y: float) -> Iterator[str]:
    x = _MARGIN
    yield svg.box(x, y - 9, 16, 12, fill=svg.ACCENT_GROUND, stroke=svg.ACCENT, stroke_width=2)
    yield svg.text(x + 24, y + 1, "product under test", size=10, anchor="start", fill=svg.FAINT)
    yield svg.box(x + 150, y - 9, 16, 12, stroke="#9aa8b3")
    yield svg.text(
        x + 174, y + 1, "laboratory's reference network", size=10, anchor="start", fill=svg.FAINT
    )
    yield _tap(x + 372, y - 3)
    yield svg.text(x + 384, y + 1, "recorded", size=10, anchor="start", fill=svg.FAINT)
    if bed.world:
        yield svg.text(x, y + 20, f"world: {bed.world}", size=10, anchor="start", fill=svg.FAINT)
