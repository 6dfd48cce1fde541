"""What a gNB does, and what a test can make it do wrong. The default is a sound gNB."""

from __future__ import annotations

from dataclasses import dataclass

from makmal.protocol import ngap


@dataclass(frozen=True, slots=True)
class GnbPolicy:
    """A cause in one of the fields makes the gNB refuse that procedure with it.

    ``slices`` None are those of the plan. ``integrity`` and ``confidentiality`` tell whether it
    can protect user data (TS 33.501, 6.6.1).
    """

    name: str = "makmal-gnb"
    plmn: str | None = None
    tac: int | None = None
    slices: tuple[tuple[int, str | None], ...] | None = None
    refuses_contexts: ngap.Cause | None = None
    refuses_sessions: ngap.Cause | None = None
    refuses_handovers: ngap.Cause | None = None
    answers_context_release: bool = True
    sends_radio_capability: bool = True
    reports_errors: bool = True
    integrity: bool = True
    confidentiality: bool = True
    # How long the gNB waits for the AMF's answer, in seconds.
    patience: float = 5.0
