"""Draws ``docs/audit.svg``, the picture of the README: what an audit of a faulty network prints.

python docs/picture.py
"""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from makmal.audit import audit_capture
from makmal.cli.audit import print_report
from makmal.played.policy import OBSERVED, fault
from makmal.played.recording import record
from makmal.trace.knowledge import load_knowledge

_FAULTS = ("suci-null-scheme", "answers-replayed-nas", "teid-reused", "token-not-demanded")
_SHOWN = (
    "MAKMAL_SUCI_NULL_SCHEME",
    "TC_SYNC_FAIL_SEAF_AMF",
    "TC_NAS_REPLAY_AMF",
    "TC_NAS_INT_SELECTION_USE_AMF",
    "TC_UP_DATA_CONF_UPF",
    "TC_TEID_ID_UNIQUENESS_UPF",
    "MAKMAL_SBI_TOKEN_DEMANDED",
)


def main() -> None:
    """Record, audit, draw."""
    policy = OBSERVED
    for name in _FAULTS:
        policy = fault(name).apply(policy)
    with TemporaryDirectory() as directory:
        capture, keys = record(policy).write(Path(directory), "capture")
        knowledge = load_knowledge(keys)
        # The path beyond the UPF is protected, says its owner.
        knowledge = replace(knowledge, declared_protection={"n3": "IPsec at the site's gateway"})
        report = audit_capture(capture, knowledge)
    shown = tuple(verdict for verdict in report.verdicts if verdict.test_case in _SHOWN)
    console = Console(record=True, width=118, file=io.StringIO())
    print_report(replace(report, capture="mine.pcap", verdicts=shown), console)
    path = Path(__file__).with_name("audit.svg")
    title = "makmal audit mine.pcap --keys keys.toml (an excerpt)"
    drawing = console.export_svg(title=title)
    # A picture that fetches no fonts: any fixed-width one will do.
    drawing = re.sub(r"@font-face \{.*?\}\s*", "", drawing, flags=re.DOTALL)
    path.write_text(drawing, encoding="utf-8")


if __name__ == "__main__":
    main()
