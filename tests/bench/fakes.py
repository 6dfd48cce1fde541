"""A product, a bench and test cases small enough to see through, for tests of campaigns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from makmal.bench.campaign import Campaign, CampaignResult
from makmal.bench.evidence import Evidence
from makmal.bench.hooks import Hooks
from makmal.bench.target import Target, parse_target
from makmal.catalogue.requirements import Requirement, requirement_of
from makmal.judges.verdict import Findings, Verdict
from makmal.network.frame_recorder import FrameRecorder
from makmal.network.recorder import NoRecorder, Recorder
from makmal.testcases.test_case import TestCase
from makmal.trace.trace import NOT_DONE, Trace

NAMES = ("TC_NAS_REPLAY_AMF", "TC_NAS_NULL_INT_AMF", "TC_5G_GUTI_ALLOCATION_AMF")
START_NS = 1_767_603_600 * 1_000_000_000
TARGET = """
[product]
name = "A product"
vendor = "Nobody"
version = "1"
class = "AMF"
attachment = "whole core"
[network]
mcc = "999"
mnc = "70"
tac = 1
slices = ["1"]
dnns = ["internet"]
[addresses]
n2 = "127.0.0.2"
[laboratory]
first_address = "127.0.1.10"
[scope]
networks = ["127.0.0.0/8"]
[[subscriber]]
supi = "imsi-999700000000001"
k = "465b5ce8b199b49faa5f0a2ee238a6bc"
opc = "e8ed289deba952e4283b54e88e6183ca"
[timers]
test_case = 0.5
restart = 0.2
[declarations.guti]
statement = "random"
by = "Nobody"
date = 2026-01-31
"""


class FakeProduct:
    """Alive until a procedure kills it; ``file`` exists while it lives, for hooks to see."""

    def __init__(self, file: Path) -> None:
        self.file = file
        file.touch()

    @property
    def is_alive(self) -> bool:
        return self.file.exists()

    def crash(self) -> None:
        self.file.unlink()


class FakeWorld:
    def __init__(self) -> None:
        self.failures: list[BaseException] = []


class FakeBench:
    def __init__(self, product: FakeProduct, recorder: Recorder) -> None:
        self.product, self.recorder, self.world = product, recorder, FakeWorld()
        self.lost_associations: tuple[str, ...] = ()
        self._time = START_NS

    def mark(self, name: str) -> None:
        self._time += 1000
        self.recorder.step(self._time, name)

    def not_done(self, reason: str) -> None:
        self.mark(NOT_DONE + reason)

    async def probe(self) -> str | None:
        return None if self.product.is_alive else "127.0.0.2:38412 takes no association"


Procedure = Callable[[Any], Awaitable[None]]


async def conform(bench: Any) -> None:
    bench.mark("conforming: all is well")


async def violate(bench: Any) -> None:
    bench.mark("violation: all is lost")


class FakeCase:
    """Its judge reads the steps. It is no TestCase by descent: the registry would find it."""

    reader, not_applicable = TestCase.reader, TestCase.not_applicable

    name = NAMES[0]
    features: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    steps: Procedure = staticmethod(conform)
    judge_error: Exception | None = None

    @property
    def requirement(self) -> Requirement:
        return requirement_of(self.name)

    @property
    def product_classes(self) -> tuple[str, ...]:
        return self.requirement.product_classes

    async def procedure(self, bench: Any) -> None:
        await type(self).steps(bench)

    def judge(self, trace: Trace) -> Verdict:
        if self.judge_error is not None:
            raise self.judge_error
        assert trace.declarations == {"guti": "random (Nobody, 2026-01-31)"}
        assert set(trace.knowledge.subscribers) == {"imsi-999700000000001"}
        findings = Findings()
        for section in trace.sections():
            if section.name.startswith("violation"):
                findings.violation(section.name, section.frame)
            if section.name.startswith("conforming"):
                findings.conforming(section.name, section.frame)
        for reason, frame in trace.not_done():
            findings.doubt(reason, frame)
        return findings.verdict(self.name, self.requirement.reference, "no steps")


def case(number: int, steps: Procedure = conform, **attributes: Any) -> Any:
    """A kind of test case."""
    members = {"name": NAMES[number], "steps": staticmethod(steps), **attributes}
    return type("Case", (FakeCase,), members)


class FakeLaboratory:
    """A target, its product, and campaigns on them."""

    def __init__(self, directory: Path, further: str = "") -> None:
        self.product = FakeProduct(directory / "alive")
        self.path = directory / "target.toml"
        self.path.write_text(TARGET + further, encoding="utf-8")
        self.target: Target = parse_target(TARGET + further, str(self.path))
        self.directory = directory / "evidence"
        self.opened = 0
        self.campaign: Campaign | None = None

    @asynccontextmanager
    async def open_bench(self, target: Target, recorder: Recorder) -> AsyncIterator[FakeBench]:
        assert target is self.target
        self.opened += not isinstance(recorder, NoRecorder)
        yield FakeBench(self.product, recorder)

    async def campaign_of(self, kinds: tuple[Any, ...], **choices: Any) -> CampaignResult:
        with Evidence(self.directory, self.target, {"sctp": "none"}) as evidence:
            hooks = Hooks(self.target.hooks, self.target.directory)
            self.campaign = Campaign(
                self.target, evidence, hooks, self.open_bench, FrameRecorder, **choices
            )
            return await self.campaign.run([kind() for kind in kinds])

    def run(self, *kinds: Any, **choices: Any) -> CampaignResult:
        return asyncio.run(self.campaign_of(kinds, **choices))
