"""Uu: what UE and gNB say to each other, and what neither takes from anybody else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from makmal.network.gnb import Gnb, GnbPolicy
from makmal.network.radio import ue_mobility
from makmal.network.radio.access import radio_access
from makmal.network.radio.gnb_rrc import GnbRrc
from makmal.network.radio.state import State
from makmal.network.radio.ue_rrc import UeRrc
from makmal.network.recorder import PayloadRecorder
from makmal.network.simulated_world import SimulatedWorld, simulate
from makmal.network.ue import Ue
from makmal.protocol import pdcp, rrc
from makmal.protocol.pdcp import FramedPdu, Plane
from makmal.protocol.rrc import establishment
from makmal.trace.frame import Payload, UdpDatagram

from .scenarios import Net, ping, plan, until

REQUIRED, PREFERRED, NOT_NEEDED = "REQUIRED", "PREFERRED", "NOT_NEEDED"


class RadioNet(Net):
    """The same network on the air."""

    def __init__(self, world: SimulatedWorld, **policy: Any) -> None:
        super().__init__(world, replace(plan(), radio=True))
        self.gnb = Gnb(world, self.plan, "gNB", GnbPolicy(**policy))
        self.access = radio_access(world)

    def ends(self, ue: Ue, gnb: Gnb | None = None) -> tuple[UeRrc, GnbRrc]:
        return self.access.ue(ue), self.access.end(gnb or self.gnb, ue)


def on_air(work: Callable[[RadioNet], Awaitable[None]], **policy: Any) -> list[Payload]:
    recorder = PayloadRecorder()

    async def play() -> None:
        net = RadioNet(SimulatedWorld(recorder), **policy)
        await net.start()
        try:
            await work(net)
        finally:
            await net.stop()

    simulate(play())
    return recorder.payloads


def framed(payloads: list[Payload]) -> list[FramedPdu]:
    return [
        pdcp.unframe(each.payload)
        for each in payloads
        if isinstance(each, UdpDatagram) and pdcp.is_framed(each.payload)
    ]


async def with_session(net: RadioNet, **changes: Any) -> tuple[Ue, Any]:
    ue = await net.registered(**changes)
    session = await ue.establish_session()
    assert session.established
    await until(lambda: session.user_plane)
    return ue, session


def test_both_ends_have_the_same_keys_and_the_best_algorithms() -> None:
    async def work(net: RadioNet) -> None:
        for priority in ((1, 2, 3), (3, 2, 1), (2, 1, 3)):
            net.gnb.policy = GnbPolicy(integrity_priority=priority, ciphering_priority=priority)
            ue = await net.registered()
            at_ue, at_gnb = net.ends(ue)
            assert at_ue.security == at_gnb.security
            assert at_ue.security is not None
            assert (at_ue.security.integrity, at_ue.security.ciphering) == (priority[0],) * 2
            assert at_gnb.capability is not None

    on_air(work)


def test_the_ue_limits_the_choice() -> None:
    async def work(net: RadioNet) -> None:
        ue = await net.registered(encryption=(0, 1, 2), integrity=(0, 1, 2))
        at_ue, _ = net.ends(ue)
        assert at_ue.security is not None
        assert (at_ue.security.ciphering, at_ue.security.integrity) == (1, 1)

    on_air(work, integrity_priority=(3, 1, 2), ciphering_priority=(3, 1, 2))


@pytest.mark.parametrize("integrity", [REQUIRED, PREFERRED, NOT_NEEDED])
@pytest.mark.parametrize("ciphering", [REQUIRED, PREFERRED, NOT_NEEDED])
def test_user_data_is_protected_as_the_policy_demands(integrity: str, ciphering: str) -> None:
    secret = b"nobody else's business"

    async def work(net: RadioNet) -> None:
        changes = {"up_integrity": integrity, "up_confidentiality": ciphering}
        ue, session = await with_session(net, changes=changes)
        await ping(net, ue, session)
        ue.send_packet(session, secret)
        at_ue, _ = net.ends(ue)
        drb = at_ue.bearers.drb_of_session(session.identity)
        assert drb is not None
        assert drb.drb is not None
        assert (drb.drb.integrity, drb.drb.ciphering) == (
            integrity != NOT_NEEDED,
            ciphering != NOT_NEEDED,
        )

    pdus = [each for each in framed(on_air(work)) if each.bearer.plane is Plane.USER]
    assert len(pdus) >= 3
    assert {each.uplink for each in pdus} == {True, False}
    assert all(each.bearer.mac_present == (integrity != NOT_NEEDED) for each in pdus)
    legible = any(secret in each.pdu for each in pdus)
    assert legible == (ciphering == NOT_NEEDED)


def _user_packets(payloads: list[Payload], packet: bytes) -> int:
    return sum(
        isinstance(each, UdpDatagram) and each.destination.port == 2152 and packet in each.payload
        for each in payloads
    )


PACKET = bytes.fromhex("45000020000100004011000000000000c6336401") + b"forged packet"


@pytest.mark.parametrize(
    ("mac", "fault"),
    [(b"\xde\xad\xbe\xef", "drops_bad_user_mac"), (b"", "drops_missing_user_mac")],
)
def test_user_data_with_a_wrong_mac_goes_nowhere(mac: bytes, fault: str) -> None:
    async def work(net: RadioNet) -> None:
        ue, session = await with_session(net, changes={"up_integrity": REQUIRED})
        at_ue, at_gnb = net.ends(ue)
        bearer = at_ue.bearers.drb_of_session(session.identity)
        assert bearer is not None
        at_ue.send_user_data(bearer, PACKET, mac=mac)
        await ping(net, ue, session)
        sound = getattr(net.gnb.policy, fault)
        assert at_gnb.integrity_failures == (1 if sound else 0)

    assert _user_packets(on_air(work), b"forged packet") == 0
    assert _user_packets(on_air(work, **{fault: False}), b"forged packet") == 1


def test_replayed_user_data_goes_nowhere() -> None:
    async def work(net: RadioNet) -> None:
        ue, session = await with_session(net)
        ue.send_packet(session, PACKET)
        at_ue, at_gnb = net.ends(ue)
        at_ue.send_again(at_ue.sent[-1])
        await ping(net, ue, session)
        assert at_gnb.replays == (1 if net.gnb.policy.drops_user_replays else 0)

    assert _user_packets(on_air(work), b"forged packet") == 1
    assert _user_packets(on_air(work, drops_user_replays=False), b"forged packet") == 2


@pytest.mark.parametrize(
    ("mac", "fault"),
    [(b"\xde\xad\xbe\xef", "drops_bad_rrc_mac"), (bytes(4), "drops_missing_rrc_mac")],
)
@pytest.mark.parametrize("sound", [True, False])
def test_rrc_with_a_wrong_mac_is_not_processed(mac: bytes, fault: str, sound: bool) -> None:
    async def work(net: RadioNet) -> None:
        ue = await net.registered()
        at_ue, _ = net.ends(ue)
        message = establishment.uplink_nas(b"\x7e\x00\x64\x6f")
        at_ue.send_message(message, 2, mac=mac)
        await ue.establish_session()
        received = sum(
            b"\x7e\x00\x64\x6f" in each.payload
            for each in recorder(net).payloads
            if getattr(each, "payload_protocol_id", 0) == 60
        )
        assert received == (0 if sound else 1)

    on_air(work, **{fault: sound})


def recorder(net: RadioNet) -> PayloadRecorder:
    assert isinstance(net.world.recorder, PayloadRecorder)
    return net.world.recorder


@pytest.mark.parametrize("sound", [True, False])
def test_replayed_rrc_is_not_processed(sound: bool) -> None:
    async def work(net: RadioNet) -> None:
        ue = await net.registered()
        at_ue, at_gnb = net.ends(ue)
        ue.send_octets(b"\x7e\x00\x64\x6f")
        at_ue.send_again(at_ue.sent[-1])
        await ue.establish_session()
        assert at_gnb.replays == (1 if sound else 0)
        received = [
            each
            for each in recorder(net).payloads
            if getattr(each, "payload_protocol_id", 0) == 60 and b"\x7e\x00\x64\x6f" in each.payload
        ]
        assert len(received) == (1 if sound else 2)

    on_air(work, drops_rrc_replays=sound)


def test_an_inactive_ue_resumes_with_a_new_key() -> None:
    async def work(net: RadioNet) -> None:
        ue, session = await with_session(net)
        at_ue, at_gnb = net.ends(ue)
        old = at_ue.security
        net.access.deactivate(net.gnb, ue)
        await until(lambda: at_ue.state is State.INACTIVE)
        assert ue.suspended
        # Downlink data wakes it by RAN paging, without the AMF.
        at_gnb.receive_packet(session.identity, PACKET)
        await until(lambda: at_ue.state is State.CONNECTED)
        assert at_ue.security == at_gnb.security != old
        await ping(net, ue, session)
        # And again, by a NAS message of its own.
        net.access.deactivate(net.gnb, ue)
        await until(lambda: at_ue.state is State.INACTIVE)
        assert (await ue.establish_session(identity=2)).established
        assert at_ue.security == at_gnb.security
        await ping(net, ue, session)

    on_air(work)


def test_a_resume_request_with_a_wrong_mac_leads_to_a_new_connection() -> None:
    async def work(net: RadioNet) -> None:
        ue = await net.registered()
        at_ue, _ = net.ends(ue)
        net.access.deactivate(net.gnb, ue)
        await until(lambda: at_ue.state is State.INACTIVE)
        assert at_ue.security is not None
        at_ue.security = replace(at_ue.security, k_gnb=bytes(32))
        net.gnb.resume(ue)
        await until(lambda: ue.secured and at_ue.state is State.CONNECTED)
        await until(lambda: at_ue.security is not None and at_ue.bearers.srb(2))
        assert any("wrong resumeMAC-I" in line for line in net.gnb.log)

    on_air(work)


@pytest.mark.parametrize("sound", [True, False])
def test_without_its_up_security_an_inactive_ue_is_set_up_anew(sound: bool) -> None:
    async def work(net: RadioNet) -> None:
        ue, session = await with_session(net, changes={"up_integrity": REQUIRED})
        at_ue, at_gnb = net.ends(ue)
        net.access.deactivate(net.gnb, ue)
        await until(lambda: at_ue.state is State.INACTIVE)
        at_gnb.user_security_known = False
        net.gnb.resume(ue)
        await until(lambda: at_ue.state is State.CONNECTED and at_ue.bearers.srb(2))
        bearer = at_ue.bearers.drb_of_session(session.identity)
        if sound:
            assert any("UP security" in line for line in net.gnb.log)
        else:
            assert bearer is not None
            assert bearer.drb is not None
            assert not bearer.drb.integrity

    on_air(work, falls_back_without_up_security=sound)


def test_a_connection_is_reestablished_with_a_new_key() -> None:
    async def work(net: RadioNet) -> None:
        ue, session = await with_session(net)
        at_ue, at_gnb = net.ends(ue)
        old = at_ue.security
        ue_mobility.lose_radio(at_ue)
        await until(lambda: at_ue.state is State.CONNECTED and session.user_plane)
        assert at_ue.security == at_gnb.security != old
        await ping(net, ue, session)

    on_air(work)


def test_handover_by_xn_changes_the_key_each_time() -> None:
    async def work(net: RadioNet) -> None:
        await net.other_gnb.set_up(net.plan.n2("AMF"))
        ue, session = await with_session(net)
        keys, here, there = [], net.gnb, net.other_gnb
        counts = []
        for _ in range(3):
            answer = await there.path_switch(ue, here)
            assert answer is not None
            here, there = there, here
            at_ue, at_gnb = net.ends(ue, here)
            assert at_ue.security == at_gnb.security
            keys.append(at_ue.security)
            counts.append(at_ue.chaining_count)
            await ping(net, ue, session)
        assert len(set(keys)) == 3
        # The first is derived from KgNB, the next ones from an NH that the AMF gave.
        assert counts == [0, 2, 3]

    on_air(work)


def test_a_target_chooses_the_algorithms_itself() -> None:
    async def work(net: RadioNet) -> None:
        await net.other_gnb.set_up(net.plan.n2("AMF"))
        net.other_gnb.policy = GnbPolicy(integrity_priority=(3,), ciphering_priority=(1,))
        ue, session = await with_session(net)
        assert await net.gnb.handover(ue, net.other_gnb)
        at_ue, at_gnb = net.ends(ue, net.other_gnb)
        assert at_ue.security == at_gnb.security
        assert at_ue.security is not None
        assert (at_ue.security.integrity, at_ue.security.ciphering) == (3, 1)
        # The UPF learns of the path after the UE has arrived.
        await asyncio.sleep(0.05)
        await ping(net, ue, session)

    on_air(work)


def test_the_key_is_new_before_a_bearer_identity_comes_again() -> None:
    async def work(net: RadioNet) -> None:
        ue, session = await with_session(net)
        at_ue, at_gnb = net.ends(ue)
        first = at_ue.security
        seen: list[tuple[Any, int]] = []
        for _ in range(33):
            other = await ue.establish_session(identity=2)
            assert other.established
            bearer = at_gnb.bearers.drb_of_session(2)
            assert bearer is not None
            seen.append((at_gnb.security, bearer.bearer.identity))
            assert await ue.release_session(other)
            # The core does away with the session after the UE did.
            await asyncio.sleep(0.05)
        assert at_ue.security == at_gnb.security
        reused = len(seen) != len(set(seen))
        assert reused == (not net.gnb.policy.refreshes_key_before_drb_reuse)
        assert (at_gnb.security != first) == net.gnb.policy.refreshes_key_before_drb_reuse
        await ping(net, ue, session)

    on_air(work)
    on_air(work, refreshes_key_before_drb_reuse=False)


def test_a_counter_check_finds_packets_that_the_ue_never_sent() -> None:
    async def work(net: RadioNet) -> None:
        ue, session = await with_session(net)
        _, at_gnb = net.ends(ue)
        await ping(net, ue, session)
        assert await at_gnb.counter_check() == ()
        bearer = at_gnb.bearers.drb_of_session(session.identity)
        assert bearer is not None
        bearer.receiver.next_count += 1000
        differing = await at_gnb.counter_check()
        assert differing is not None
        assert [each.identity for each in differing] == [bearer.bearer.identity]

    on_air(work)


def test_a_security_mode_command_that_is_forged_is_refused() -> None:
    async def work(net: RadioNet) -> None:
        ue = net.ue()
        end = net.access.ue(ue)

        register = ue.world.spawn(_register(ue))
        await until(lambda: ue.security is not None)
        ue.k_gnb_count += 7
        await until(lambda: register.done())
        assert end.security is None
        assert "a SecurityModeCommand with a wrong MAC-I" in end.log

    on_air(work, patience=1.0)


async def _register(ue: Ue) -> None:
    await ue.register()


def test_what_is_in_clear_before_security_and_ciphered_after() -> None:
    async def work(net: RadioNet) -> None:
        await net.registered()

    kinds = []
    for each in framed(on_air(work)):
        channel = rrc.Channel.UL_DCCH if each.uplink else rrc.Channel.DL_DCCH
        try:
            message = rrc.decode(channel, each.pdu[2:-4])
            again = rrc.build(channel, message.kind, message.value).octets
            kinds.append(message.kind if again == each.pdu[2:-4] else "")
        except ValueError:
            kinds.append("")
    command = kinds.index("securityModeCommand")
    assert kinds[command + 1] == "securityModeComplete"
    assert "rrcSetupComplete" in kinds[:command]
    assert not {"rrcReconfiguration", "ueCapabilityEnquiry"} & set(kinds[command + 2 :])
