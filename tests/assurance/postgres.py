"""A PostgreSQL server of the tests' own: on a loopback port, in a directory that goes with it."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def installation() -> Path | None:
    """Where initdb and postgres are: Debian keeps them out of PATH."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which("initdb")
    if found is not None:
        places.insert(0, Path(found).resolve().parent)
    return next((each for each in places if (each / "postgres").is_file()), None)


def _user() -> str | None:
    """PostgreSQL refuses root: an unprivileged user for its server, or ourselves."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    return None


@contextmanager
def server(binaries: Path) -> Iterator[str]:
    """Its URL, while it runs."""
    user = _user()
    directory = Path(tempfile.mkdtemp(prefix="makmal-postgres-"))
    try:
        if user is not None:
            shutil.chown(directory, user)
        data = directory / "data"
        subprocess.run(
            [binaries / "initdb", "--no-sync", "-A", "trust", "-U", "makmal", "-D", data],
            check=True,
            capture_output=True,
            user=user,
            cwd=directory,
        )
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        options = (
            f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={directory} -F"
        )
        start = [binaries / "pg_ctl", "-w", "-D", data, "-l", directory / "log", "-o", options]
        subprocess.run([*start, "start"], check=True, capture_output=True, user=user, cwd=directory)
        try:
            yield f"postgresql://makmal@127.0.0.1:{port}/postgres"
        finally:
            stop = [binaries / "pg_ctl", "-w", "-D", data, "-m", "immediate", "stop"]
            subprocess.run(stop, check=True, capture_output=True, user=user, cwd=directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
