"""Entering network namespaces, as far as a test may: where it is refused."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from makmal.bench.network_namespace import NamespaceError, enter


@pytest.mark.parametrize("name", ["", "..", "a/b"])
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(NamespaceError, match="is no name of a network namespace"):
        enter(name)


def test_a_namespace_that_is_not_there() -> None:
    with pytest.raises(NamespaceError, match=r"No such file .* ip netns add no-such-namespace"):
        enter("no-such-namespace")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make a network namespace")
def test_sockets_are_in_the_namespace_that_was_entered() -> None:
    name = f"makmal-test-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("ip netns does not work here")
    code = (
        "import os; from makmal.bench.network_namespace import enter; "
        f"before = os.stat('/proc/self/ns/net').st_ino; enter('{name}'); "
        "assert os.stat('/proc/self/ns/net').st_ino != before"
    )
    try:
        subprocess.run([sys.executable, "-c", code], check=True)
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=True)
