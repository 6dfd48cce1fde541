"""TCP (RFC 9293) for whoever has no kernel to do it: segments, and connections without sockets."""

from __future__ import annotations

from makmal.protocol.tcp.connection import Connection, State
from makmal.protocol.tcp.segment import Segment, decode

__all__ = ["Connection", "Segment", "State", "decode"]
