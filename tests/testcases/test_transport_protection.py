"""The judge of transport protection on what products do that no embedded one does."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from makmal.bench import embedded
from makmal.bench.embedded import EmbeddedControls
from makmal.bench.embedded_targets import EMBEDDED_TARGETS
from makmal.bench.evaluation import evaluate_target
from makmal.bench.hook_controls import HookControls
from makmal.bench.target import TargetError, load_target
from makmal.cli.main import app
from makmal.judges.verdict import Outcome
from makmal.protocol.tls import cipher_suite_name, is_suite_allowed
from makmal.security.certificates import Flaw, Subject, stored_authority
from makmal.testcases.ts33117.forbidden_tls import FORBIDDEN
from makmal.testcases.ts33117.transport_protection import TransportProtection
from makmal.trace.trace import Trace

UDM = EMBEDDED_TARGETS["UDM"]
CASE = TransportProtection()
TARGET = """
[product]
name = "a product"
vendor = "somebody"
version = "1"
class = "UDM"
attachment = "surrounded"
[addresses]
sbi = "127.0.5.6:{port}"
[network]
mcc = "999"
mnc = "70"
tac = 1
slices = ["1"]
dnns = ["internet"]
[laboratory]
first_address = "127.0.6.10"
[scope]
networks = ["127.0.0.0/8"]
[timers]
quiet = 0.2
answer = 0.5
[[subscriber]]
supi = "imsi-999700000000001"
k = "465b5ce8b199b49faa5f0a2ee238a6bc"
opc = "e8ed289deba952e4283b54e88e6183ca"
[declarations.tls-profile]
statement = "as TS 33.210 wants it"
by = "A. Reviewer"
date = 2026-01-31
"""
TLS = '[tls]\ncertificates = "certificates"\n'


def test_what_is_forbidden_is_forbidden() -> None:
    assert len({each.name for each in FORBIDDEN}) == len(FORBIDDEN)
    for offer in FORBIDDEN:
        assert offer.version < 0x0303 or not is_suite_allowed(offer.suite)
        # Every suite has its name.
        assert cipher_suite_name(offer.suite).startswith("TLS_")


def test_without_what_the_documents_say_it_is_inconclusive() -> None:
    trace = embedded.trace_of(CASE, UDM.sound, UDM.features, "UDM")
    assert CASE.judge(trace).outcome is Outcome.PASS
    verdict = CASE.judge(Trace(trace.messages, trace.knowledge))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "[declarations.tls-profile]" in verdict.reason


def test_a_trace_that_ends_early_is_inconclusive() -> None:
    trace = embedded.trace_of(CASE, UDM.sound, UDM.features, "UDM")
    for share in (0.1, 0.5, 0.9):
        cut = trace.messages[: int(len(trace.messages) * share)]
        verdict = CASE.judge(Trace(cut, trace.knowledge, trace.declarations))
        assert verdict.outcome is Outcome.INCONCLUSIVE, verdict.reason
    assert CASE.judge(Trace(())).outcome is Outcome.INCONCLUSIVE


def written(directory: Path, text: str) -> Path:
    path = directory / "target.toml"
    path.write_text(text, encoding="utf-8")
    return path


def certificates(directory: Path, *arguments: str) -> None:
    place = str(directory / "certificates")
    network = ("--mcc", "999", "--mnc", "70")
    result = CliRunner().invoke(app, ["certificates", place, *network, *arguments])
    assert result.exit_code == 0, result.output


@pytest.fixture
def port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.5.6", 0))
        return int(one.getsockname()[1])


class Product:
    """A server that is none of ours: OpenSSL's own."""

    def __init__(self, directory: Path, port: int, *options: str) -> None:
        place = directory / "certificates"
        command = ["openssl", "s_server", "-accept", f"127.0.5.6:{port}", "-www", "-quiet"]
        command += ["-cert", str(place / "udm.pem"), "-key", str(place / "udm.key")]
        self.process = subprocess.Popen(
            [*command, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(200):
            try:
                socket.create_connection(("127.0.5.6", port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise AssertionError("openssl s_server does not listen")

    def stop(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def products(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Product]]:
    if shutil.which("openssl") is None:
        pytest.skip("openssl, the product of this test, is not installed")
    # These register nowhere.
    monkeypatch.setattr("makmal.bench.product_registration._SECONDS", 0.1)
    running: list[Product] = []
    yield running
    for each in running:
        each.stop()


def verdict_on(directory: Path, port: int) -> tuple[Outcome, str]:
    target = load_target(written(directory, TARGET.format(port=port) + TLS))
    result = evaluate_target(target, [CASE], directory / "evidence")
    return result.results[0].verdict.outcome, result.results[0].verdict.reason


def test_a_foreign_server_that_asks_for_no_certificate_fails(
    tmp_path: Path, port: int, products: list[Product]
) -> None:
    certificates(tmp_path, "--function", "UDM=127.0.5.6")
    products.append(Product(tmp_path, port))
    outcome, reason = verdict_on(tmp_path, port)
    assert outcome is Outcome.FAIL
    assert "a client without a certificate: it is let in" in reason
    # Its own defaults have CBC and keys without forward secrecy.
    assert "CBC" in reason


def test_a_foreign_server_by_the_profile_is_left_to_the_hooks(
    tmp_path: Path, port: int, products: list[Product]
) -> None:
    certificates(tmp_path, "--function", "UDM=127.0.5.6")
    place = tmp_path / "certificates"
    products.append(
        Product(
            tmp_path,
            port,
            *("-Verify", "1", "-verify_return_error", "-CAfile", str(place / "authority.pem")),
            *("-cipher", "ECDHE+AESGCM", "-no_tls1", "-no_tls1_1"),
        )
    )
    outcome, reason = verdict_on(tmp_path, port)
    assert outcome is Outcome.INCONCLUSIVE, reason
    assert reason.startswith("the product calls a sound server: there is no hook to start")


def test_a_product_whose_certificate_has_expired_gets_a_verdict(
    tmp_path: Path, port: int, products: list[Product]
) -> None:
    certificates(tmp_path, "--function", "UDM=127.0.5.6")
    place = tmp_path / "certificates"
    authority = stored_authority(place, "5gc.mnc070.mcc999.3gppnetwork.org")
    subject = Subject("udm.example", "12345678-1234-4234-8234-123456789abc", "UDM", ("127.0.5.6",))
    expired = authority.issue(subject, Flaw.EXPIRED)
    (place / "udm.pem").write_bytes(expired.certificate)
    (place / "udm.key").write_bytes(expired.key)
    products.append(Product(tmp_path, port))
    outcome, reason = verdict_on(tmp_path, port)
    assert outcome is Outcome.FAIL
    assert "the product's certificate has expired" in reason


def test_a_product_whose_target_declares_no_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EmbeddedControls, "over_tls", HookControls.over_tls)
    verdict = UDM.evaluate(CASE, UDM.sound, UDM.features)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "([tls])" in verdict.reason


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TLS, "makmal certificates"),
        ("[tls]\n", "certificates: is missing in [tls]"),
        (TLS + "server = 1\n", "did you mean server_name"),
    ],
)
def test_mistakes_in_the_target(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(TargetError, match=r"target\.toml, line \d+: ") as raised:
        load_target(written(tmp_path, TARGET.format(port=7777) + text))
    assert said in str(raised.value)


def test_files_that_are_no_certificates(tmp_path: Path) -> None:
    certificates(tmp_path)
    (tmp_path / "certificates" / "authority.pem").write_text("nothing")
    with pytest.raises(TargetError, match="no certificate with a private key"):
        load_target(written(tmp_path, TARGET.format(port=7777) + TLS))


def test_certificates_of_the_command_are_of_one_authority(tmp_path: Path) -> None:
    certificates(tmp_path, "--function", "UDM=127.0.5.6")
    first = (tmp_path / "certificates" / "authority.pem").read_bytes()
    instance = "12345678-1234-4234-8234-123456789abc"
    certificates(tmp_path, "--function", "AMF=127.0.5.7", "--instance", f"AMF={instance}")
    assert (tmp_path / "certificates" / "authority.pem").read_bytes() == first
    if shutil.which("openssl") is None:
        pytest.skip("openssl, the witness, is not installed")
    place = tmp_path / "certificates"
    for name in ("udm", "amf"):
        command = ["openssl", "verify", "-CAfile", str(place / "authority.pem")]
        subprocess.run([*command, str(place / f"{name}.pem")], check=True, capture_output=True)
    command = ["openssl", "x509", "-in", str(place / "amf.pem"), "-noout", "-ext", "subjectAltName"]
    found = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert f"URI:urn:uuid:{instance}, IP Address:127.0.5.7" in found
    assert "DNS:amf.5gc.mnc070.mcc999.3gppnetwork.org" in found


@pytest.mark.parametrize(
    "arguments",
    [
        ["--function", "UDM"],
        ["--function", "UDM=nowhere"],
        ["--instance", "UDM=1"],
        ["--instance", "UDM=12345678-1234-4234-8234-123456789abc"],
        ["--mcc", "9"],
    ],
)
def test_mistakes_on_the_command_line(tmp_path: Path, arguments: list[str]) -> None:
    result = CliRunner().invoke(app, ["certificates", str(tmp_path / "x"), *arguments])
    assert result.exit_code == 2
    assert "makmal certificates:" in result.output
    assert not (tmp_path / "x").exists()
