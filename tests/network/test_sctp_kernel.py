"""SCTP of the kernel, as far as it can be seen without a kernel that has it."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from makmal.network.transport import sctp_kernel
from makmal.network.transport.sctp_kernel import KernelLink, kernel_offers_sctp
from makmal.network.transport.sctp_paths import Carriage
from makmal.network.wire_world import WireWorld
from makmal.network.world import UnreachableError
from makmal.trace.frame import Endpoint

HERE, THERE = Endpoint("127.0.0.41", 38412), Endpoint("127.0.0.42", 38412)
IPPROTO_SCTP, SNDINFO, RCVINFO = 132, 2, 3

without_kernel_sctp = pytest.mark.skipif(
    kernel_offers_sctp(), reason="this machine's kernel has SCTP"
)


class StandIn(socket.socket):
    """Keeps the bounds of messages as a socket of SCTP does, and tells what was sent beside them.

    ``pieces`` is how many octets of a message come at a time.
    """

    pieces = 1 << 16

    def __init__(self, end: socket.socket) -> None:
        super().__init__(end.family, end.type, end.proto, end.detach())
        self.setblocking(False)
        self.sent: list[tuple[bytes, Any]] = []
        self.blocked = False
        self._whole = b""

    def sendmsg(self, buffers: Any, ancillary: Any = (), *rest: Any) -> int:
        if self.blocked:
            raise BlockingIOError
        payload = b"".join(buffers)
        self.sent.append((payload, list(ancillary)))
        return super().sendmsg([payload])

    def recvmsg(self, size: int, space: int = 0, flags: int = 0) -> Any:
        if not self._whole:
            self._whole, *_ = super().recvmsg(1 << 20)
        piece, self._whole = self._whole[: self.pieces], self._whole[self.pieces :]
        told = struct.pack("@HHH2x4sIIIi", 7, 1, 0, bytes((0, 0, 0, 60)), 1, 1, 0, 0)
        return piece, [(IPPROTO_SCTP, RCVINFO, told)], 0 if self._whole else socket.MSG_EOR, None


def run(work: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(10):
            await work

    asyncio.run(bounded())


async def soon(condition: Callable[[], Any]) -> None:
    while not condition():  # noqa: ASYNC110 - what is waited for are sockets
        await asyncio.sleep(0.001)


def link_and_peer() -> tuple[KernelLink, StandIn, socket.socket]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    end = StandIn(ours)
    theirs.setblocking(False)
    return KernelLink(end, HERE, THERE), end, theirs


def test_what_goes_beside_a_message_is_as_the_kernel_wants_it() -> None:
    # struct sctp_sndinfo: 16 octets; the payload protocol identifier is in network byte order.
    [(level, kind, octets)] = sctp_kernel.send_information(5, 60)
    assert (level, kind) == (IPPROTO_SCTP, SNDINFO)
    assert octets == struct.pack("@HH", 5, 0) + bytes((0, 0, 0, 60)) + bytes(8)


def test_what_comes_beside_a_message_is_read() -> None:
    # struct sctp_rcvinfo: 28 octets, two of them padding.
    octets = struct.pack("@HHH", 9, 3, 0) + bytes(2) + bytes((0, 0, 0, 60)) + bytes(16)
    other = (socket.SOL_SOCKET, 1, bytes(40))
    assert sctp_kernel.receive_information([other, (IPPROTO_SCTP, RCVINFO, octets)]) == (9, 60)
    assert sctp_kernel.receive_information([(IPPROTO_SCTP, RCVINFO, octets[:20])]) == (0, 0)
    assert sctp_kernel.receive_information([]) == (0, 0)


def test_messages_pass_whole_and_with_their_stream() -> None:
    async def work() -> None:
        link, end, peer = link_and_peer()
        end.pieces = 1000
        came: list[tuple[bytes, int, int]] = []
        link.on_message = lambda *message: came.append(message)
        peer.send(b"one")
        peer.send(b"x" * 2500)
        await soon(lambda: len(came) == 2)
        assert came == [(b"one", 7, 60), (b"x" * 2500, 7, 60)]
        link.send(b"answer", 3, 60)
        assert peer.recv(100) == b"answer"
        assert end.sent == [(b"answer", sctp_kernel.send_information(3, 60))]
        link.abort()
        peer.close()

    run(work())


def test_what_the_kernel_cannot_take_now_goes_later_and_in_order() -> None:
    async def work() -> None:
        link, end, peer = link_and_peer()
        end.blocked = True
        link.send(b"first")
        link.send(b"second")
        link.close()
        link.send(b"after the end")
        assert not end.sent
        end.blocked = False
        await soon(lambda: link.is_closed)
        assert (peer.recv(100), peer.recv(100), peer.recv(100)) == (b"first", b"second", b"")
        peer.close()

    run(work())


def test_the_end_is_told_once_and_only_when_it_is_the_peers() -> None:
    async def work() -> None:
        reasons: list[str] = []
        link, _, peer = link_and_peer()
        link.on_close = reasons.append
        peer.close()
        await soon(lambda: reasons)
        link.close()
        assert reasons == ["the peer ended the association"]
        assert link.is_closed
        link, _, peer = link_and_peer()
        link.on_close = reasons.append
        link.close()
        assert len(reasons) == 1
        assert peer.recv(10) == b""
        peer.close()

    run(work())


def test_a_reset_and_a_broken_pipe_end_the_link() -> None:
    async def work() -> None:
        for error, said in (
            (ConnectionResetError(), "the peer aborted the association"),
            (OSError(110, "Connection timed out"), "Connection timed out"),
        ):
            reasons: list[str] = []
            link, end, peer = link_and_peer()
            link.on_close = reasons.append

            def breaks(*_: Any, error: OSError = error) -> Any:
                raise error

            end.recvmsg = breaks  # type: ignore[method-assign]
            peer.send(b"wake up")
            await soon(lambda reasons=reasons: reasons)
            assert reasons == [said]
            peer.close()

    run(work())


@pytest.mark.parametrize(
    ("kernel", "raw", "chosen", "said"),
    [
        (True, True, Carriage.KERNEL, "SCTP of the kernel"),
        (True, False, Carriage.KERNEL, "SCTP of the kernel"),
        (False, True, Carriage.IP, "user-space SCTP on raw IP (protocol 132)"),
        (False, False, Carriage.UDP, "user-space SCTP in UDP (RFC 6951, port 9899)"),
    ],
)
def test_the_machine_decides_whose_sctp_it_is(
    monkeypatch: pytest.MonkeyPatch, kernel: bool, raw: bool, chosen: Carriage, said: str
) -> None:
    monkeypatch.setattr(sctp_kernel, "kernel_offers_sctp", lambda: kernel)
    monkeypatch.setattr("makmal.network.wire_world.may_use_raw_sockets", lambda: raw)

    async def work() -> None:
        world = WireWorld()
        assert (world.carriage, world.describe()) == (chosen, said)
        assert WireWorld(carriage=Carriage.UDP).carriage is Carriage.UDP

    run(work())


@without_kernel_sctp
def test_a_kernel_without_sctp_is_told_in_one_sentence() -> None:
    async def work() -> None:
        world = WireWorld(carriage=Carriage.KERNEL)
        with pytest.raises(UnreachableError, match="this machine's kernel has no SCTP"):
            await world.connect_n2(Endpoint("127.0.0.42", 0), HERE)
        with pytest.raises(UnreachableError, match="this machine's kernel has no SCTP"):
            await world.listen_n2(HERE, lambda link: None)
        await world.close()

    run(work())
