"""The audit of a capture: every judge over every frame, in one pass and in bounded memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from makmal.judges.audit import audit_judges
from makmal.judges.judge import Panel
from makmal.judges.verdict import Outcome, Verdict
from makmal.trace.capture import open_capture
from makmal.trace.dissect import Dissector
from makmal.trace.knowledge import Knowledge

PROTOCOLS = ("ngap", "nas", "rrc", "pdcp", "pfcp", "gtpu", "sbi")
_PROGRESS_EVERY = 2048

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What an audit found.

    ``messages`` counts the messages read per protocol; ``undecodable`` those that were not what
    their port or protocol identifier promises; ``problems`` are sentences about the file itself.
    """

    capture: str
    frames: int
    messages: dict[str, int]
    undecodable: int
    problems: tuple[str, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def exit_code(self) -> int:
        """0 when something passed and nothing failed, 1 when something failed, else 2."""
        outcomes = {verdict.outcome for verdict in self.verdicts}
        if Outcome.FAIL in outcomes:
            return 1
        return 0 if Outcome.PASS in outcomes else 2

    def as_json(self) -> dict[str, Any]:
        """The one object that ``makmal audit --json`` prints."""
        return {
            "capture": self.capture,
            "frames": self.frames,
            "messages": self.messages,
            "undecodable": self.undecodable,
            "problems": list(self.problems),
            "verdicts": [
                {
                    "test_case": verdict.test_case,
                    "requirement": verdict.requirement,
                    "verdict": verdict.outcome.value,
                    "frames": list(verdict.frames),
                    "reason": verdict.full_reason,
                }
                for verdict in self.verdicts
            ],
        }


def audit_capture(
    path: Path, knowledge: Knowledge, progress: Progress | None = None
) -> AuditReport:
    """Judge a capture file. Raises CaptureError when it cannot be read at all.

    ``progress`` is called now and then with the octets read so far and the size of the file.
    """
    panel = Panel(audit_judges(knowledge))
    frames = 0
    with open_capture(path) as capture:
        dissector = Dissector(knowledge, capture.secrets)
        for frame in capture:
            frames += 1
            for message in dissector.feed(frame):
                panel.observe(message)
            if progress is not None and frames % _PROGRESS_EVERY == 0:
                progress(capture.position, capture.size)
        for message in dissector.finish():
            panel.observe(message)
        problems = list(capture.problems)
    counts = dissector.counts
    if counts["loss"]:
        problems.append(
            f"the capture lacks packets at {counts['loss']} places (makmal show lists them): what "
            "was not seen there may have happened"
        )
    undeclared = counts["esp of an undeclared interface"]
    if undeclared:
        problems.append(
            f"{undeclared} IPsec packets are of an unknown interface: name the addresses of its "
            "ends under [interface_addresses] in the keys file"
        )
    return AuditReport(
        capture=str(path),
        frames=frames,
        messages={protocol: counts[protocol] for protocol in PROTOCOLS},
        undecodable=counts["undecodable"],
        problems=tuple(problems),
        verdicts=tuple(panel.verdicts()),
    )
