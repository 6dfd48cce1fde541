"""An application by its address: the reference one on sockets, down, or described wrongly."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from makmal.bench.application.embedded import SOUND, authority, populate
from makmal.bench.campaign import Campaign, CampaignError, CampaignResult
from makmal.bench.evidence import TRACE, Evidence
from makmal.bench.hooks import Hooks
from makmal.bench.opening import bench_opener
from makmal.bench.rejudge import rejudge
from makmal.bench.target import Target, TargetError, load_target
from makmal.cloud import Application, CloudPolicy
from makmal.cloud.description import description
from makmal.judges.verdict import Outcome
from makmal.network.frame_recorder import FrameRecorder
from makmal.network.scope import Scope
from makmal.network.streams import SocketConnector
from makmal.testcases.registry import test_cases
from makmal.trace.frame import Endpoint

EXAMPLE = Path(__file__).parents[2] / "examples" / "cloud.toml"
OBJECTS, INVENTORY = "MAKMAL_API1_OBJECT_AUTHORISATION", "MAKMAL_API9_INVENTORY"


@asynccontextmanager
async def served(policy: CloudPolicy) -> AsyncIterator[int]:
    application = Application(
        SocketConnector(Scope()), Endpoint("127.0.0.1", 0), policy, authority()
    )
    populate(application)
    await application.start()
    assert application._listening is not None
    try:
        yield application._listening.local.port
    finally:
        application.stop()


def written(directory: Path, port: int, document: object) -> Target:
    text = EXAMPLE.read_text("utf-8").replace("127.0.0.1:8443", f"127.0.0.1:{port}")
    (directory / "cloud-openapi.json").write_text(json.dumps(document))
    (directory / "cloud.toml").write_text(text)
    return load_target(directory / "cloud.toml")


async def campaign(target: Target, directory: Path, names: Sequence[str]) -> CampaignResult:
    hooks = Hooks({}, directory)
    with Evidence(directory / "evidence", target, {}) as evidence:
        run = Campaign(target, evidence, hooks, bench_opener(hooks), FrameRecorder)
        return await run.run([test_cases()[name]() for name in names])


@pytest.mark.parametrize(
    ("policy", "outcome"),
    [
        (SOUND, Outcome.PASS),
        (
            CloudPolicy(password_cost=SOUND.password_cost, checks_owner_on_reading=False),
            Outcome.FAIL,
        ),
    ],
)
def test_on_sockets_verdicts_are_those_of_memory_and_can_be_judged_again(
    tmp_path: Path, policy: CloudPolicy, outcome: Outcome
) -> None:
    async def run() -> CampaignResult:
        async with served(policy) as port:
            target = written(tmp_path, port, description("sensors"))
            return await campaign(target, tmp_path, [OBJECTS])

    result = asyncio.run(run())
    assert [each.verdict.outcome for each in result.results] == [outcome]
    again = rejudge(tmp_path / "evidence", test_cases())
    assert again.exit_code == 0
    assert again.results[0].is_same
    tshark = shutil.which("tshark")
    if tshark is None:
        return
    trace = tmp_path / "evidence" / OBJECTS / TRACE
    shown = subprocess.run(
        [tshark, "-r", str(trace), "-Y", "http.request", "-T", "fields", "-e", "http.request.uri"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert any(each.startswith("/v1/sensors/") for each in shown)


def test_an_application_that_is_down_is_said_in_one_sentence(tmp_path: Path) -> None:
    target = written(tmp_path, 9, description("sensors"))
    with pytest.raises(CampaignError, match=r"127[.]0[.]0[.]1:9 refuses connections"):
        asyncio.run(campaign(target, tmp_path, [OBJECTS]))


def test_a_description_of_something_else_is_inconclusive(tmp_path: Path) -> None:
    document = description("sensors")
    document["paths"]["/v1/elsewhere"] = {"get": {"responses": {}, "security": []}}

    async def run() -> CampaignResult:
        async with served(SOUND) as port:
            return await campaign(written(tmp_path, port, document), tmp_path, [INVENTORY])

    verdict = asyncio.run(run()).results[0].verdict
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "the OpenAPI file does not match" in verdict.reason


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (
            "https://127.0.0.1:9",
            "https://198.51.100.1",
            "line 13: address: 198.51.100.1 is outside the scope",
        ),
        ("https://127.0.0.1:9", "https://localhost:1", "line 13: address: localhost is a name"),
        ('"cloud-openapi.json"', '"none.json"', "line 14: openapi: "),
        ('"cloud-openapi.json"', '"cloud.toml"', "line 14: openapi: cloud.toml is n"),
        ("POST /v1/sessions", "POST /v1/nothing", "POST /v1/nothing is not an operation of"),
        ('"bearer"', '"bear"', 'authentication: must be "bearer", "basic"'),
        ("first =", "frist =", "did you mean first?"),
        ("[application]", "[application]\nobjects = 1", "objects: must be paths"),
        ('class = "application"', 'class = "applicatoin"', "class: must be"),
    ],
)
def test_mistakes_in_the_target_file_are_named(
    tmp_path: Path, old: str, new: str, reason: str
) -> None:
    written(tmp_path, 9, description("sensors"))
    path = tmp_path / "cloud.toml"
    path.write_text(path.read_text("utf-8").replace(old, new, 1))
    with pytest.raises(TargetError) as found:
        load_target(path)
    assert reason in str(found.value)


def test_an_application_that_goes_away_leaves_what_was_seen(tmp_path: Path) -> None:
    async def run() -> CampaignResult:
        async with served(SOUND) as port:
            target = written(tmp_path, port, description("sensors"))
            before = Application._answered
            count = 0

            async def answered(self: Application, *arguments: object) -> object:
                nonlocal count
                count += 1
                if count > 8:
                    self.stop()
                    raise ConnectionResetError("gone")
                return await before(self, *arguments)  # type: ignore[arg-type]

            Application._answered = answered  # type: ignore[method-assign,assignment]
            try:
                return await campaign(target, tmp_path, [OBJECTS])
            finally:
                Application._answered = before  # type: ignore[method-assign]

    result = asyncio.run(run()).results[0]
    assert result.verdict.outcome is Outcome.INCONCLUSIVE
    assert rejudge(tmp_path / "evidence", test_cases()).results[0].is_same
