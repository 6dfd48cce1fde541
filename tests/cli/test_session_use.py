"""makmal up and makmal ue: what they say where the user plane cannot be had."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from makmal.cli.main import app
from makmal.cli.session_use import target_of
from makmal.trace.frame import Endpoint


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["ue", "--core", "127.0.0.2", "--get", "ftp://127.0.0.1/"], "write http://ADDRESS:PORT"),
        (["ue", "--core", "127.0.0.2", "--session-type", "ethernet"], "write ipv4, ipv6 or ipv4v6"),
        (["ue", "--core", "192.0.2.7"], "cannot be reached: name an address of this machine"),
        (["serve", "--address", "192.0.2.7"], "it serves on the loopback interface only"),
        (["up", "--data-network", "internet"], "write sockets, tun, echo"),
    ],
)
def test_bad_input_is_one_sentence_with_what_to_write(
    arguments: list[str], expected: str, tmp_path: Path
) -> None:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert expected in result.output
    assert "Traceback" not in result.output


def test_where_a_url_leads() -> None:
    assert target_of("http://10.60.0.1:8000/a/b?c=d") == (
        Endpoint("10.60.0.1", 8000),
        "10.60.0.1:8000",
        "/a/b?c=d",
    )
    assert target_of("http://[2001:db8::1]") == (
        Endpoint("2001:db8::1", 80),
        "[2001:db8::1]",
        "/",
    )
