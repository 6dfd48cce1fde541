"""Products that behave badly get a verdict or an inconclusive with the reason, and never hang."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from makmal.bench import product_registration
from makmal.cli.main import app
from makmal.network import service
from makmal.network.wire_world import WireWorld
from makmal.protocol.sbi import HttpMessage
from makmal.trace.frame import Endpoint

PRODUCT = Endpoint("127.0.89.2", 7777)
Handler = Callable[[HttpMessage], Awaitable[HttpMessage]]
TARGET = f"""
[product]
name = "A bad one"
vendor = "Nobody"
version = "0"
class = "UDM"
attachment = "surrounded"
[network]
mcc = "999"
mnc = "70"
tac = 1
slices = ["1"]
dnns = ["internet"]
[addresses]
sbi = "{PRODUCT.address}:{PRODUCT.port}"
[laboratory]
first_address = "127.0.89.10"
[scope]
networks = ["127.0.89.0/24"]
[features]
oauth2 = true
client-credentials-assertion = true
[timers]
answer = 0.2
quiet = 0.05
test_case = 30
restart = 0.5
[[subscriber]]
supi = "imsi-999700000000001"
count = 20
k = "465b5ce8b199b49faa5f0a2ee238a6bc"
opc = "e8ed289deba952e4283b54e88e6183ca"
suci_scheme = "A"
[[home_network_key]]
identifier = 1
profile = "A"
private_key = "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f"
[scan]
tcp = "7770-7790"
udp = "7770-7790"
sctp = "38410-38415"
"""
CASES = (
    "TC_AUTHORIZATION_TOKEN_VERIFICATION_FAILURE_ONE_PLMN",
    "TC_CLIENT_CREDENTIALS_ASSERTION_VALIDATION",
    "TC_JSON_PARSER_CODE_EXEC_INCL",
    "MAKMAL_SBI_UNIQUE_KEYS",
    "MAKMAL_SBI_FORMAT_AND_RANGE",
    "TC_DE-CONCEAL_SUPI_from_SUCI_UDM",
    "MAKMAL_UDM_SYNCHRONISATION_FAILURE",
    "TC_AUTH_STATUS_STORE_UDM",
)


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of these products registers at our NRF: nobody has to wait for it."""
    monkeypatch.setattr(product_registration, "_SECONDS", 0.2)


@contextmanager
def running(start: Callable[[], Awaitable[Callable[[], Awaitable[None]]]]) -> Iterator[None]:
    """A product in a thread and a loop of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    stop = asyncio.run_coroutine_threadsafe(start(), loop).result(10)  # type: ignore[arg-type]
    try:
        yield
    finally:
        asyncio.run_coroutine_threadsafe(stop(), loop).result(10)  # type: ignore[arg-type]
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def serving(handler: Handler) -> Callable[[], Awaitable[Callable[[], Awaitable[None]]]]:
    async def start() -> Callable[[], Awaitable[None]]:
        world = WireWorld()
        await world.serve(PRODUCT, handler)
        return world.close

    return start


def raw(answer: bytes | None) -> Callable[[], Awaitable[Callable[[], Awaitable[None]]]]:
    """A port that answers these octets to whatever comes, and closes; None: closes at once."""

    async def start() -> Callable[[], Awaitable[None]]:
        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if answer is not None:
                await reader.read(64)
                writer.write(answer)
                await writer.drain()
            writer.close()

        server = await asyncio.start_server(accept, PRODUCT.address, PRODUCT.port)

        async def stop() -> None:
            server.close()

        return stop

    return start


def evaluate(tmp_path: Path, *cases: str, answer: float = 3.0) -> Result:
    """``answer`` is how long the tester waits: long, for a product that answers at all may be slow
    on a machine with other work.
    """
    path = tmp_path / "target.toml"
    path.write_text(TARGET.replace("answer = 0.2", f"answer = {answer}"), "utf-8")
    chosen = [each for case in cases or CASES for each in ("--test-case", case)]
    place = str(tmp_path / "evidence")
    result = CliRunner().invoke(
        app, ["evaluate", str(path), "--evidence", place, "--json", *chosen]
    )
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result


def verdicts(result: Result) -> dict[str, tuple[str, str]]:
    document = json.loads(result.stdout)
    return {each["test_case"]: (each["verdict"], each["reason"]) for each in document["verdicts"]}


@pytest.mark.parametrize("answer", [None, b"garbage \x00\xff" * 50, b"HTTP/1.1 200 OK\r\n\r\n"])
def test_a_port_that_speaks_no_http2_ends_the_campaign_with_a_sentence(
    tmp_path: Path, answer: bytes | None
) -> None:
    with running(raw(answer)):
        result = evaluate(tmp_path, CASES[0])
    assert result.exit_code == 2
    assert f"{PRODUCT.address}:{PRODUCT.port}" in result.output


async def silent(message: HttpMessage) -> HttpMessage:
    """Answers the probe, and nothing else."""
    if message.path != "/":
        await asyncio.sleep(30)
    return HttpMessage(False, "2", status=404)


async def garbage(message: HttpMessage) -> HttpMessage:
    """Says yes to everything, with a body that is nothing."""
    del message
    return service.response(200, service.Body(service.JSON, b'{"a": [[[[,,\xff\x00'))


async def confused(message: HttpMessage) -> HttpMessage:
    """JSON of the right kind, and of no use."""
    del message
    return service.response(201, service.json_body([None, {"authenticationVector": 5}]))


async def failing(message: HttpMessage) -> HttpMessage:
    """Breaks at everything."""
    del message
    return service.problem(500, "SYSTEM_FAILURE")


@pytest.mark.parametrize("handler", [silent, failing])
def test_who_serves_nothing_is_inconclusive(tmp_path: Path, handler: Handler) -> None:
    with running(serving(handler)):
        patience = 0.3 if handler is silent else 3.0
        found = verdicts(evaluate(tmp_path, CASES[0], CASES[-1], answer=patience))
    assert {verdict for verdict, _ in found.values()} == {"inconclusive"}
    assert "the product served none" in found[CASES[0]][1]


def test_who_says_yes_to_everything_fails_where_it_must_refuse(tmp_path: Path) -> None:
    with running(serving(garbage)):
        result = evaluate(tmp_path)
    found = verdicts(result)
    assert set(found) == set(CASES), result.output
    assert [found[case][0] for case in CASES[:2]] == ["fail", "fail"]
    assert [found[case][0] for case in CASES[3:5]] == ["fail", "fail"]
    # Nothing of what an answer must hold is in these.
    assert found["TC_DE-CONCEAL_SUPI_from_SUCI_UDM"][0] == "fail"
    assert found["MAKMAL_UDM_SYNCHRONISATION_FAILURE"][0] == "inconclusive"
    assert not any(verdict == "error" for verdict, _ in found.values())


def test_answers_of_another_shape_break_nothing(tmp_path: Path) -> None:
    with running(serving(confused)):
        found = verdicts(evaluate(tmp_path, *CASES[4:7]))
    assert not any(verdict == "error" for verdict, _ in found.values()), found
