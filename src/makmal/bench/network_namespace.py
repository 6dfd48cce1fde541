"""Entering a network namespace (ip-netns(8)): the laboratory's sockets are then opened in it."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

_CLONE_NEWNET = 0x40000000
_NAMED = Path("/run/netns")


class NamespaceError(Exception):
    """A namespace cannot be entered: one sentence, with what to do."""


def enter(name: str) -> None:
    """Move this thread, and what it starts, into a named network namespace. Raises NamespaceError.

    There is no way back; a campaign does it once, before it opens its first socket.
    """
    if "/" in name or name in ("", ".", ".."):
        raise NamespaceError(f"{name!r} is no name of a network namespace")
    path = _NAMED / name
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise NamespaceError(
            f"the network namespace {name} cannot be entered: {path}: {error.strerror}; "
            f"ip netns add {name} makes one"
        ) from None
    try:
        # os.setns came with Python 3.12.
        library = ctypes.CDLL(None, use_errno=True)
        if library.setns(descriptor, _CLONE_NEWNET):
            reason = os.strerror(ctypes.get_errno())
            raise NamespaceError(
                f"the network namespace {name} cannot be entered: {reason}; run as root"
            )
    finally:
        os.close(descriptor)
