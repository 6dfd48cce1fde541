"""Charts: what proves stands out, nothing is cut off, and any text is only text."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from makmal.chart import svg, test_bed
from makmal.chart.sequence_chart import (
    PROOF_COLOURS,
    Arrow,
    Gap,
    Mark,
    Row,
    SequenceChart,
    draw,
    panels,
)

SPACE = "{http://www.w3.org/2000/svg}"
NAMES = st.sampled_from(["UE", "gNB", "AMF", "SMF", "UPF", "<b>&\"'", "x" * 60])
ROWS: st.SearchStrategy[list[Row]] = st.lists(
    st.one_of(
        st.builds(
            Arrow, NAMES, NAMES, st.text(max_size=80), st.text(max_size=80),
            st.integers(0, 10**6), st.floats(0, 10**5), st.booleans(),
        ),
        st.builds(Mark, st.text(max_size=200), st.integers(0, 10**6), st.booleans()),
        st.builds(Gap, st.integers(1, 10**6)),
    ),
    max_size=30,
)  # fmt: skip


@given(ROWS, st.sampled_from(sorted(PROOF_COLOURS)), st.text(max_size=40))
def test_any_chart_is_one_picture(rows: list[Row], outcome: str, title: str) -> None:
    chart = SequenceChart(title, rows, ("UE", "gNB", "AMF"), outcome, "AMF")
    root = ElementTree.fromstring(draw(chart))
    width, height = float(root.get("width", 0)), float(root.get("height", 0))
    assert root.tag == f"{SPACE}svg"
    for each in root.iter(f"{SPACE}line"):
        for key, most in (("x1", width), ("x2", width), ("y1", height), ("y2", height)):
            assert -1 <= float(each.get(key, -9)) <= most + 1
    heads = [end for end in chart.ends if end in ("UE", "gNB", "AMF")]
    assert heads == [each for each in ("UE", "gNB", "AMF") if each in heads]
    # As many tips as arrows.
    arrows = [row for row in rows if isinstance(row, Arrow)]
    assert len(list(root.iter(f"{SPACE}polygon"))) == len(arrows)
    marked = [
        each for each in root.iter(f"{SPACE}polygon") if each.get("fill") == PROOF_COLOURS[outcome]
    ]
    assert len(marked) == sum(row.proves for row in arrows)


@given(ROWS, st.integers(1, 12))
def test_panels_show_every_row_once(rows: list[Row], most: int) -> None:
    cut = panels(SequenceChart("x", tuple(rows)), most)
    assert [row for panel in cut for row in panel.rows] == rows
    assert all(len(panel.rows) <= most for panel in cut)


def test_what_a_chart_says() -> None:
    rows = [
        Mark("the Security Mode Complete sent again", 181),
        Arrow("UE", "AMF", "Security mode complete", "N1", 182, 0.5, True),
        Gap(1),
        Gap(7),
    ]
    words = "".join(
        ElementTree.fromstring(draw(SequenceChart("t", rows, outcome="fail"))).itertext()
    )
    for wanted in ("frame 182", "Security mode complete", "sent again", "7 messages not shown"):
        assert wanted in words
    assert draw(SequenceChart("empty", [])).startswith("<svg")
    assert svg.shortened("POST /a/very/long/path/to/a/resource", 20) == "POST /a/very…esource"


@given(
    st.dictionaries(
        st.sampled_from(["AMF", "SMF", "UPF", "gNB", "NRF", "X<"]), st.text(max_size=30)
    )
)
def test_any_test_bed_is_one_picture(functions: dict[str, str]) -> None:
    for product in ("AMF", "UPF", "gNB", "Toaster"):
        bed = test_bed.TestBed(product, "A & B <c>", functions, "wire")
        root = ElementTree.fromstring(test_bed.draw(bed))
        words = "".join(root.itertext())
        assert product in words
        assert "product under test" in words
        for name in functions:
            assert name in words
