"""One campaign on a target, from its file to its evidence: what a face has to call."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from makmal.bench.campaign import Campaign, CampaignResult, Progress, no_progress
from makmal.bench.evidence import Evidence
from makmal.bench.hooks import Hooks
from makmal.bench.network_namespace import enter
from makmal.bench.opening import bench_opener, transport_of
from makmal.bench.target import Target
from makmal.bench.target_addresses import SIMULATED
from makmal.network.frame_recorder import FrameRecorder
from makmal.network.virtual_clock import VirtualClockLoop
from makmal.testcases.test_case import TestCase

_INTERRUPTED = "it was interrupted"


def evaluate_target(
    target: Target,
    test_cases: Sequence[TestCase],
    directory: Path,
    *,
    again: bool = False,
    progress: Progress = no_progress,
) -> CampaignResult:
    """Run test cases on a target, into an evidence directory.

    An interruption (KeyboardInterrupt) ends it with what is finished. Raises EvidenceError,
    CampaignError, NamespaceError, NotDoneError, OSError.
    """
    hooks = Hooks(target.hooks, target.directory)
    if target.laboratory.network_namespace:
        enter(target.laboratory.network_namespace)
    with Evidence(directory, target, {"sctp": transport_of(target)}) as stored:
        campaign = Campaign(
            target,
            stored,
            hooks,
            bench_opener(hooks),
            FrameRecorder,
            again=again,
            progress=progress,
        )
        # Simulated functions wait in virtual time, products in ours.
        simulated = target.laboratory.world == SIMULATED
        try:
            with asyncio.Runner(loop_factory=VirtualClockLoop if simulated else None) as runner:
                return runner.run(campaign.run(test_cases))
        except (KeyboardInterrupt, asyncio.CancelledError):
            return CampaignResult(tuple(campaign.results), _INTERRUPTED)
