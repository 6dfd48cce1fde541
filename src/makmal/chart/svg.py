"""The few shapes that our drawings are made of. Everything that comes from a trace is escaped."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

SANS = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', 'DejaVu Sans Mono', sans-serif"
# The average width of a character, in parts of the font's size.
_CHARACTER = 0.56
INK, FAINT, LINE, PAPER = "#1c2733", "#66757f", "#c9d2d9", "#ffffff"
ACCENT, ACCENT_GROUND = "#14507a", "#e8f1f8"


def text_width(text: str, size: float) -> float:
    """About how wide a text is, in pixels."""
    return len(text) * size * _CHARACTER


def text(
    x: float,
    y: float,
    content: str,
    *,
    size: float = 12,
    fill: str = INK,
    anchor: str = "middle",
    bold: bool = False,
    halo: bool = False,
) -> str:
    """A line of text; ``halo`` keeps it legible where lines cross it."""
    weight = ' font-weight="bold"' if bold else ""
    content = _printable(content)
    ground = ""
    if halo:
        # A ground, not a stroke around the letters: renderers stroke over the letter before.
        wide = text_width(content, size) * (1.04 if bold else 0.96)
        left = {"start": 0.0, "middle": wide / 2, "end": wide}[anchor]
        ground = box(x - left - 1, y - size * 0.82, wide + 2, size * 1.06, stroke="none", radius=2)
    return (
        f'{ground}<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" fill="{fill}" '
        f'text-anchor="{anchor}"{weight}>{escape(content)}</text>'
    )


def line(
    x1: float,
    y1: float,
    x2: float,
    y2: float,
    *,
    stroke: str = LINE,
    width: float = 1,
    dashes: str = "",
) -> str:
    """A straight line."""
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{stroke}" '
        f'stroke-width="{width:g}"{dashed}/>'
    )


def arrow_head(x: float, y: float, rightwards: bool, fill: str) -> str:
    """The head of an arrow whose tip is at (x, y)."""
    back = -8 if rightwards else 8
    return (
        f'<polygon points="{x:.1f},{y:.1f} {x + back:.1f},{y - 4:.1f} {x + back:.1f},{y + 4:.1f}" '
        f'fill="{fill}"/>'
    )


def box(
    x: float,
    y: float,
    width: float,
    height: float,
    *,
    fill: str = PAPER,
    stroke: str = LINE,
    stroke_width: float = 1,
    radius: float = 5,
    dashes: str = "",
) -> str:
    """A rectangle with rounded corners."""
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="{radius:g}" '
        f'fill="{fill}" stroke="{stroke}" stroke-width="{stroke_width:g}"{dashed}/>'
    )


def drawing(width: float, height: float, title: str, parts: Iterable[str]) -> str:
    """A whole SVG; ``title`` is what a screen reader says."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img" '
        f"aria-label={quoteattr(_printable(title))} "
        f'font-family="{SANS}">'
        + box(0, 0, width, height, stroke="none", radius=0)
        + "".join(parts)
        + "</svg>\n"
    )


def shortened(content: str, most: int) -> str:
    """A text of so many characters at most: what is left out of the middle is a mark."""
    if len(content) <= most:
        return content
    head = (most - 1) * 2 // 3
    return f"{content[:head]}…{content[len(content) - (most - 1 - head) :]}"


def _printable(content: str) -> str:
    """Without what XML cannot carry."""
    return "".join(each if each.isprintable() else "·" for each in content)
