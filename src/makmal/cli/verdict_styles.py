"""How each outcome looks on a terminal."""

from __future__ import annotations

from makmal.judges.verdict import Outcome

STYLES = {
    Outcome.PASS: "green",
    Outcome.FAIL: "bold red",
    Outcome.INCONCLUSIVE: "yellow",
    Outcome.NOT_APPLICABLE: "dim",
    Outcome.ERROR: "magenta",
}
