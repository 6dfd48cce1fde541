"""IPsec by strongSwan on both sides: our bench in one network namespace, a UPF in another."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from makmal.bench.ipsec import charon

PRODUCT = Path(__file__).parent / "ipsec_product.py"
NUMBER = os.getpid() % 200
OUTER, PEER = f"198.18.{NUMBER}.1", f"198.18.{NUMBER}.2"
HOST = f"198.18.{NUMBER}.9"
OURS, INNER = f"10.97.{NUMBER}", f"10.98.{NUMBER}.1"
OUR_FUNCTIONS = ("gNB", "gNB-2", "SMF", "SMF-2", "UPF-2")
KEY = "a key of tests only"
TARGET = f"""
[product]
name = "the reference UPF behind strongSwan"
vendor = "Makmal"
version = "1"
class = "UPF"
attachment = "surrounded"

[addresses]
n3 = "{INNER}"
n4 = "{INNER}"

[laboratory]
network_namespace = "{{namespace}}"
first_address = "{OURS}.10"

[laboratory.addresses]
DN = "{HOST}"

[ipsec]
local = "{OUTER}"
pre_shared_key = "{KEY}"

[ipsec.n3]
peer = "{PEER}"

[ipsec.n4]
peer = "{PEER}"

[ipsec.n9]
peer = "{PEER}"

[features]
ipups = true

[timers]
quiet = 0.1
settle = 0.1
answer = 0.4

[scope]
networks = ["{OURS}.0/24", "10.98.{NUMBER}.0/24", "198.18.{NUMBER}.0/24", "10.60.0.0/16"]
"""


def run(*arguments: str) -> None:
    subprocess.run(arguments, check=True, capture_output=True)


@dataclass(frozen=True)
class Laboratory:
    """Two namespaces with a wire between them."""

    ours: str
    theirs: str


@pytest.fixture(scope="module")
def laboratory() -> Iterator[Laboratory]:
    missing = charon.what_is_missing()
    if missing is not None:
        pytest.skip(missing)
    names = Laboratory(f"makmal-bench-{os.getpid()}", f"makmal-upf-{os.getpid()}")
    if subprocess.run(
        ["ip", "netns", "add", names.ours], check=False, capture_output=True
    ).returncode:
        pytest.skip("this machine makes no network namespaces")
    try:
        run("ip", "netns", "add", names.theirs)
        run(
            *("ip", "link", "add", "wire", "netns", names.ours, "type", "veth"),
            *("peer", "name", "wire", "netns", names.theirs),
        )
        for name in (names.ours, names.theirs):
            run("ip", "-n", name, "link", "set", "lo", "up")
            run("ip", "-n", name, "link", "set", "wire", "up")
        for address in (OUTER, HOST):
            run("ip", "-n", names.ours, "addr", "add", f"{address}/24", "dev", "wire")
        run("ip", "-n", names.theirs, "addr", "add", f"{PEER}/24", "dev", "wire")
        for last in range(10, 15):
            run("ip", "-n", names.ours, "addr", "add", f"{OURS}.{last}/32", "dev", "lo")
        run("ip", "-n", names.theirs, "addr", "add", f"{INNER}/32", "dev", "lo")
        yield names
    finally:
        for name in (names.ours, names.theirs):
            subprocess.run(["ip", "netns", "del", name], check=False)


@dataclass
class Product:
    """What it is configured with."""

    ike: tuple[str, ...] = ("aes128gcm16-prfsha256-ecp256",)
    esp: tuple[str, ...] = ("aes128gcm16",)
    drops_clear_text: bool = True


def started(laboratory: Laboratory, product: Product) -> subprocess.Popen[str]:
    # ESP in user space has no policy in the kernel: who takes no packet that came another way
    # than its answer would go, takes no clear text.
    strict = f"echo {int(product.drops_clear_text)} > /proc/sys/net/ipv4/conf/wire/rp_filter"
    run("ip", "netns", "exec", laboratory.theirs, "sh", "-c", strict)
    wanted = {
        "outer": PEER,
        "inner": INNER,
        "peer": OUTER,
        "peer_networks": [f"{OURS}.0/24"],
        "key": KEY,
        "plan": {
            "UPF": INNER,
            "DN": HOST,
            **{name: f"{OURS}.{10 + at}" for at, name in enumerate(OUR_FUNCTIONS)},
        },
        "ike": product.ike,
        "esp": product.esp,
        "scope": [f"{OURS}.0/24", f"198.18.{NUMBER}.0/24", f"{INNER}/32", "10.60.0.0/16"],
    }
    process = subprocess.Popen(
        [
            *("ip", "netns", "exec", laboratory.theirs),
            *(sys.executable, str(PRODUCT), json.dumps(wanted)),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def evaluated(
    laboratory: Laboratory, product: Product, tmp_path: Path, *names: str
) -> dict[str, tuple[str, str]]:
    """Outcome and reason by test case."""
    file = tmp_path / "target.toml"
    file.write_text(TARGET.replace("{namespace}", laboratory.ours), "utf-8")
    process = started(laboratory, product)
    try:
        command = [sys.executable, "-m", "makmal", "evaluate", str(file), "--json"]
        command += ["--evidence", str(tmp_path / "evidence")]
        for name in names:
            command += ["--test-case", name]
        ran = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
        assert "Traceback" not in ran.stderr
        assert ran.stdout, ran.stderr
        verdicts = json.loads(ran.stdout)["verdicts"]
    finally:
        process.terminate()
        process.communicate()
    return {each["test_case"]: (each["verdict"], each["reason"]) for each in verdicts}


N3 = ("TC_UP_DATA_CONF_UPF", "TC_UP_DATA_INT_UPF", "TC_UP_DATA_REPLAY_UPF")
N9, N4 = "TC_UP_DATA_CONF_UPF_N9", "TC_CP_DATA_CONF_UPF_N4"


def test_a_upf_behind_strongswan_passes(laboratory: Laboratory, tmp_path: Path) -> None:
    verdicts = evaluated(laboratory, Product(), tmp_path, *N3, N9, N4)
    assert {name: outcome for name, (outcome, _) in verdicts.items()} == dict.fromkeys(
        (*N3, N9, N4), "pass"
    ), verdicts


def test_a_upf_that_takes_clear_text_beside_ipsec_fails(
    laboratory: Laboratory, tmp_path: Path
) -> None:
    verdicts = evaluated(laboratory, Product(drops_clear_text=False), tmp_path, N3[0], N4)
    for outcome, reason in verdicts.values():
        assert outcome == "fail", reason
        assert "a message without IPsec was processed" in reason


def test_a_upf_that_takes_forbidden_algorithms_fails(
    laboratory: Laboratory, tmp_path: Path
) -> None:
    ike = ("aes128gcm16-prfsha256-ecp256", "des-md5-modp768")
    product = Product(ike=ike, esp=("aes128gcm16", "des-sha256", "aes128-md5"))
    outcome, reason = evaluated(laboratory, product, tmp_path, N4)[N4]
    assert outcome == "fail"
    for each in (
        "IKE is done with ENCR_DES and AUTH_HMAC_MD5_96 and PRF_HMAC_MD5 and MODP_768",
        "ESP is done with ENCR_DES AUTH_HMAC_SHA2_256_128",
        "ESP is done with ENCR_AES_CBC AUTH_HMAC_MD5_96",
    ):
        assert each in reason


def test_a_product_that_refuses_our_key_is_not_reached_and_charon_is_ended(
    laboratory: Laboratory, tmp_path: Path
) -> None:
    file = tmp_path / "target.toml"
    text = TARGET.replace("{namespace}", laboratory.ours).replace(KEY, "another key")
    file.write_text(text, "utf-8")
    process = started(laboratory, Product())
    try:
        ran = subprocess.run(
            [
                *(sys.executable, "-m", "makmal", "evaluate", str(file)),
                *("--evidence", str(tmp_path / "evidence"), "--test-case", N4),
            ],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
    finally:
        process.terminate()
        process.communicate()
    said = " ".join(ran.stderr.split())
    assert f"IPsec on N4 between {OUTER} and {PEER} did not come up" in said
    assert "the product answered AUTHENTICATION_FAILED" in said
    listed = subprocess.run(
        ["ip", "netns", "pids", laboratory.ours], check=True, capture_output=True, text=True
    )
    assert listed.stdout == ""


def has_recorded(evidence: Path) -> bool:
    """Whether a trace has grown beyond its first blocks."""
    try:
        return any(each.stat().st_size > 2000 for each in evidence.rglob("*.pcapng"))
    except FileNotFoundError:
        # Something got another name meanwhile.
        return False


def test_an_interruption_ends_charon_and_removes_its_files(
    laboratory: Laboratory, tmp_path: Path
) -> None:
    file = tmp_path / "target.toml"
    file.write_text(TARGET.replace("{namespace}", laboratory.ours), "utf-8")
    product = started(laboratory, Product())
    here = tmp_path / "files"
    here.mkdir()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "makmal", "evaluate", str(file)),
            *("--evidence", str(tmp_path / "evidence"), "--test-case", N4),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"TMPDIR": str(here)},
    )
    try:
        while not has_recorded(tmp_path / "evidence"):
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.02)
        assert list(here.iterdir())
        process.send_signal(signal.SIGINT)
        process.wait(10)
    finally:
        process.kill()
        process.wait()
        product.terminate()
        product.communicate()
    assert list(here.iterdir()) == []
    listed = subprocess.run(
        ["ip", "netns", "pids", laboratory.ours], check=True, capture_output=True, text=True
    )
    assert listed.stdout == ""
