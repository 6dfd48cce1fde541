"""The UPF: rules of PFCP, packets in tunnels, and what the SMF is told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makmal.bench.embedded_plan import embedded_plan, embedded_subscriptions
from makmal.bench.user_plane.smf import TesterSession, TesterSmf
from makmal.bench.user_plane.tunnels import TunnelEnd
from makmal.bench.user_plane.upf_bench import UpfBench
from makmal.network import n4_messages
from makmal.network.gnb import Gnb
from makmal.network.reference_network import ReferenceNetwork
from makmal.network.simulated_world import SimulatedWorld, simulate
from makmal.network.ue import Ue
from makmal.network.upf import Upf, UpfPolicy, packets
from makmal.protocol import gtpu, pfcp
from makmal.protocol.pfcp import ie
from makmal.testcases.ts33513.identifiers import weakness_of
from makmal.trace.frame import Endpoint

UE, UE_V6 = "10.60.0.9", "2001:db8:60:1::1"
HOST, HOST_V6 = "198.51.100.7", "2001:db8:ff::7"
KIND = gtpu.MessageType


class Around:
    """A UPF whose data network answers pings and echoes, an SMF and a gNB."""

    def __init__(self, policy: UpfPolicy) -> None:
        self.world, plan = SimulatedWorld(seed="upf"), embedded_plan()
        self.upf = Upf(self.world, plan, policy)
        self.smf = TesterSmf(self.world, plan, "SMF", 3.0)
        self.gnb = TunnelEnd(self.world, plan.n3("gNB"))
        self.other = TunnelEnd(self.world, plan.n3("gNB-2"))

    async def begin(self, address: str = UE) -> TesterSession:
        await self.upf.start()
        for end in (self.smf, self.gnb, self.other):
            await end.open()
        await self.smf.associate()
        return await self.smf.establish(address, self.gnb.local, self.gnb.next_teid(), None)

    async def came(self, content: bytes, seconds: float = 1.0) -> bool:
        return await self.gnb.expect(lambda message: content in message.payload, seconds)


def around(work: Callable[[Around], Awaitable[None]], policy: UpfPolicy | None = None) -> None:
    async def run() -> None:
        it = Around(policy or UpfPolicy())
        await work(it)
        await it.upf.stop()
        await it.world.close()
        assert not it.world.failures

    simulate(run())


def datagram(source: str, to: str, content: bytes, port: int = 7) -> bytes:
    ends = ip_address(source).packed, ip_address(to).packed
    return packets.udp_packet(*ends, 40_000, port, content)


def echo_of(it: Around, session: TesterSession, content: bytes, qfi: int = 1) -> Awaitable[bool]:
    host = HOST_V6 if ":" in session.address else HOST
    it.gnb.send_packet(datagram(session.address, host, content), session.uplink, qfi=qfi)
    return it.came(content)


@pytest.mark.parametrize("address", [UE, UE_V6])
def test_a_packet_goes_out_and_its_answer_comes_back_with_the_qfi(address: str) -> None:
    async def work(it: Around) -> None:
        session = await it.begin(address)
        assert await echo_of(it, session, b"hello")
        back = it.gnb.received[-1].message
        assert back.teid == session.downlink_teid
        assert back.pdu_session_container == gtpu.DlPduSessionInformation(qfi=1)

    around(work)


def test_a_ue_gets_its_ipv6_prefix_through_the_session() -> None:
    async def run() -> None:
        world, plan = SimulatedWorld(seed="ipv6"), embedded_plan()
        network = ReferenceNetwork(world, plan, embedded_subscriptions(plan))
        await network.start(warm=True)
        gnb = Gnb(world, plan)
        await gnb.set_up(plan.n2())
        for at, (kind, has_ipv4) in enumerate(((2, False), (3, True))):
            ue = Ue(world, plan, embedded_subscriptions(plan)[at], cell=gnb)
            assert (await ue.register()).accepted
            session = await ue.establish_session(session_type=kind)
            assert session.established
            assert (session.address is not None) == has_ipv4
            assert session.address_ipv6 == f"2001:db8:60:{at + 1}::2"
            came: list[bytes] = []
            ue.on_packet = lambda of, packet, came=came: came.append(packet)  # type: ignore[misc]
            ue.send_packet(session, datagram(session.address_ipv6, HOST_V6, b"over IPv6"))
            await asyncio.sleep(0.1)
            assert len(came) == 1
            assert came[0].endswith(b"over IPv6")
        refused = await ue.establish_session(2, session_type=5)
        assert refused.cause == 28
        gnb.close()
        await network.stop()
        await world.close()
        assert not world.failures

    simulate(run())


def test_a_ping_is_answered_in_both_versions() -> None:
    async def work(it: Around) -> None:
        for address, host in ((UE, HOST), (UE_V6, HOST_V6)):
            session = (
                await it.begin(address)
                if address == UE
                else await it.smf.establish(UE_V6, it.gnb.local, it.gnb.next_teid(), None)
            )
            ping = packets.echo_request(
                ip_address(address).packed, ip_address(host).packed, 1, b"ping" + host.encode()
            )
            it.gnb.send_packet(ping, session.uplink)
            assert await it.came(b"ping" + host.encode())

    around(work)


def test_an_unknown_teid_is_answered_with_an_error_indication() -> None:
    async def work(it: Around) -> None:
        session = await it.begin()
        it.gnb.send_packet(datagram(UE, HOST, b"x"), (session.uplink[0], 5))
        assert await it.gnb.expect(
            lambda message: (
                message.message_type == KIND.ERROR_INDICATION
                and message.get(gtpu.ie.TEID_DATA_I) == 5
            ),
            1.0,
        )

    around(work)


def test_a_packet_with_the_qfi_of_no_flow_is_dropped() -> None:
    async def work(it: Around) -> None:
        session = await it.begin()
        assert not await echo_of(it, session, b"other flow", qfi=9)
        assert await echo_of(it, session, b"this flow")

    around(work)


def test_the_tunnel_that_a_session_leaves_gets_an_end_marker() -> None:
    async def work(it: Around) -> None:
        session = await it.begin()
        forward = n4_messages.forward_downlink(it.other.local.address, 77, end_marker=True)
        await it.smf.modify(session, [forward])
        assert await it.gnb.expect(
            lambda message: (
                message.message_type == KIND.END_MARKER and message.teid == session.downlink_teid
            ),
            1.0,
        )
        it.gnb.send_packet(datagram(UE, HOST, b"moved"), session.uplink)
        assert await it.other.expect(lambda message: message.teid == 77, 1.0)

    around(work)


def test_packets_for_an_idle_ue_wait_and_the_smf_is_told_once() -> None:
    async def work(it: Around) -> None:
        session = await it.begin()
        await it.smf.modify(session, [n4_messages.hold_downlink(notify=True)])
        for number in range(3):
            assert not await echo_of(it, session, b"waiting %d" % number)
        reports = [each.get(ie.REPORT_TYPE) for each in it.smf.reports]
        assert reports == [pfcp.ReportType.DLDR]
        forward = n4_messages.forward_downlink(it.gnb.local.address, session.downlink_teid)
        await it.smf.modify(session, [forward])
        for number in range(3):
            assert await it.came(b"waiting %d" % number)

    around(work)


def test_an_error_indication_of_the_tunnels_end_is_reported() -> None:
    async def work(it: Around) -> None:
        session = await it.begin()
        message = gtpu.build(
            KIND.ERROR_INDICATION,
            0,
            sequence_number=0,
            elements=[
                (gtpu.ie.TEID_DATA_I, session.downlink_teid),
                (gtpu.ie.GTP_U_PEER_ADDRESS, it.gnb.local.address),
            ],
        )
        it.gnb.send(message.encode(), session.uplink[0])
        assert not await echo_of(it, session, b"after")
        (report,) = it.smf.reports
        element = report.get(ie.ERROR_INDICATION_REPORT)
        assert element is not None
        tunnel = element.get(ie.F_TEID)
        assert tunnel is not None
        assert tunnel.teid == session.downlink_teid

    around(work)


def test_usage_is_counted_and_reported_when_the_session_ends() -> None:
    async def work(it: Around) -> None:
        session = await it.begin()
        create = (
            ie.CREATE_URR,
            [
                (ie.URR_ID, 1),
                (ie.MEASUREMENT_METHOD, pfcp.flags.MeasurementMethod.VOLUM),
                (ie.REPORTING_TRIGGERS, pfcp.ReportingTriggers.VOLTH),
                (ie.VOLUME_THRESHOLD, pfcp.Volume(total=1000)),
            ],
        )
        update = (ie.UPDATE_PDR, [(ie.PDR_ID, n4_messages.uplink_pdr(1)), (ie.URR_ID, 1)])
        await it.smf.modify(session, [create, update])
        assert await echo_of(it, session, b"a" * 100)
        answer = await it.smf.delete(session.upf_seid)
        assert answer is not None
        report = answer.get(ie.USAGE_REPORT_SESSION_DELETION_RESPONSE)
        assert report is not None
        volume = report.get(ie.VOLUME_MEASUREMENT)
        assert volume is not None
        assert (volume.uplink, volume.uplink_packets, volume.downlink) == (128, 1, 0)

    around(work)


def test_a_volume_threshold_is_reported_when_it_is_reached() -> None:
    async def work(it: Around) -> None:
        session = await it.begin()
        create = (ie.CREATE_URR, [(ie.URR_ID, 1), (ie.VOLUME_THRESHOLD, pfcp.Volume(total=200))])
        update = (ie.UPDATE_PDR, [(ie.PDR_ID, n4_messages.uplink_pdr(1)), (ie.URR_ID, 1)])
        await it.smf.modify(session, [create, update])
        for number in range(4):
            await echo_of(it, session, b"%d" % number * 100)
        assert [each.get(ie.REPORT_TYPE) for each in it.smf.reports] == [pfcp.ReportType.USAR] * 2

    around(work)


def test_a_closed_gate_and_a_rate_let_no_more_through() -> None:
    async def work(it: Around) -> None:
        session = await it.begin()
        closed = (ie.UPDATE_QER, [(ie.QER_ID, 1), (ie.GATE_STATUS, pfcp.GateStatus(1, 1))])
        await it.smf.modify(session, [closed])
        assert not await echo_of(it, session, b"closed")
        opened = (
            ie.UPDATE_QER,
            [
                (ie.QER_ID, 1),
                (ie.GATE_STATUS, pfcp.GateStatus(0, 0)),
                (ie.MBR, pfcp.BitRates(8, 8)),
            ],
        )
        await it.smf.modify(session, [opened])
        # 8 kbit/s are 1000 octets a second: seven packets of 128 fit.
        for number in range(20):
            content = b"rate %02d" % number + bytes(93)
            it.gnb.send_packet(datagram(UE, HOST, content), session.uplink)
        assert await it.came(b"rate 06")
        assert not await it.came(b"rate 08")

    around(work)


def test_a_filter_takes_what_it_describes_and_leaves_the_rest() -> None:
    async def work(it: Around) -> None:
        session = await it.begin()
        flow = n4_messages.FlowRule(5, 10, (f"permit out 17 from {HOST} 7 to assigned",))
        end, teid = session.uplink
        elements = n4_messages.add_flow(
            it.smf.rules(UE), flow, n4_messages.f_teid(end.address, teid)
        )
        await it.smf.modify(session, elements)
        assert await echo_of(it, session, b"by the filter", qfi=5)
        assert it.gnb.received[-1].message.pdu_session_container == gtpu.DlPduSessionInformation(5)
        elsewhere = datagram(UE, "198.51.100.8", b"elsewhere")
        it.gnb.send_packet(elsewhere, session.uplink, qfi=5)
        assert not await it.came(b"elsewhere")

    around(work)


def test_an_address_in_use_is_refused_and_so_is_a_teid() -> None:
    async def work(it: Around) -> None:
        session = await it.begin()
        answer = await it.smf.request_session(UE)
        assert answer is not None
        assert answer.get(ie.CAUSE) == pfcp.Cause.RULE_CREATION_MODIFICATION_FAILURE
        rules = it.smf.rules("10.60.0.10")
        end, teid = session.uplink
        pdrs = n4_messages.detection_rules(
            rules, rules.flows[0], n4_messages.f_teid(end.address, teid)
        )
        elements = n4_messages.establishment_elements("192.0.2.14", 99, rules)
        others = [each for each in elements if each[0] is not ie.CREATE_PDR]
        answer = await it.smf.request(
            pfcp.MessageType.SESSION_ESTABLISHMENT_REQUEST, [*others[:2], *pdrs, *others[2:]], 0
        )
        assert answer is not None
        assert answer.get(ie.CAUSE) == pfcp.Cause.INVALID_F_TEID_ALLOCATION_OPTION
        assert len(it.upf.sessions) == 1

    around(work)


def test_a_session_of_an_smf_that_restarted_is_forgotten() -> None:
    async def work(it: Around) -> None:
        await it.begin()
        it.smf.node.started += 1
        await it.smf.heartbeat()
        assert not it.upf.sessions

    around(work)


def test_a_new_association_of_the_same_smf_ends_the_sessions_of_the_one_before() -> None:
    async def work(it: Around) -> None:
        session = await it.begin()
        answer = await it.smf.associate()
        assert answer is not None
        assert answer.is_accepted
        assert not it.upf.sessions
        again = await it.smf.establish(UE, it.gnb.local, it.gnb.next_teid(), None)
        assert again.upf_seid != session.upf_seid

    around(work)


def test_two_upfs_carry_a_packet_over_n9_and_back() -> None:
    """A UPF between gNB and N9 (IPUPS), and the other PLMN's UPF at the data network."""

    async def work(it: Around) -> None:
        await it.begin()
        plan = it.upf.plan
        home = Upf(it.world, plan, UpfPolicy(associates_with_known_smf_only=False), "UPF-2")
        await home.start()
        home_smf = TesterSmf(it.world, plan, "SMF-2", 3.0)
        # The plan of the SMF of the other PLMN has its UPF in the place of "UPF".
        other = {**plan.addresses, "UPF": plan.addresses["UPF-2"]}
        home_smf.plan = type(plan)(addresses=other, slices=plan.slices)
        await home_smf.associate()
        outside = await home_smf.establish(
            "10.61.0.1", Endpoint(plan.address("UPF"), 2152), 0, None
        )
        inside = await it.smf.establish(
            "10.61.0.1", it.gnb.local, it.gnb.next_teid(), outside.uplink
        )
        assert inside.outer is not None
        end, teid = inside.outer
        await home_smf.modify(outside, [n4_messages.forward_downlink(end.address, teid)])
        assert await echo_of(it, inside, b"over N9")
        assert it.gnb.received[-1].message.teid == inside.downlink_teid
        await home.stop()

    around(work)


@given(st.lists(st.binary(min_size=0, max_size=80), max_size=20))
def test_no_octets_on_n3_bring_it_down(datagrams: list[bytes]) -> None:
    async def work(it: Around) -> None:
        session = await it.begin()
        for octets in datagrams:
            it.gnb.send(octets, session.uplink[0])
            it.gnb.send(
                b"\x30\xff"
                + len(octets).to_bytes(2, "big")
                + session.uplink[1].to_bytes(4, "big")
                + octets,
                session.uplink[0],
            )
        assert await echo_of(it, session, b"still there")

    around(work)


@given(st.integers(), st.sampled_from([32, 64]))
def test_chance_is_not_taken_for_a_weakness(seed: int, bits: int) -> None:
    chance = Random(seed)
    numbers = [chance.getrandbits(bits) for _ in range(64)]
    assert weakness_of(numbers, bits) is None


@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**30).map(lambda number: number * 4 + 1),
    st.integers(0, 2**31 - 1).map(lambda number: number * 2 + 1),
)
def test_counters_and_congruential_generators_are(seed: int, factor: int, step: int) -> None:
    numbers, number = [], seed
    for _ in range(64):
        number = (number * factor + step) % 2**32
        numbers.append(number)
    assert weakness_of(numbers, 32)


@pytest.mark.parametrize("address", [UE, UE_V6])
def test_a_session_of_one_version_of_ip_forwards_no_packet_of_the_other(address: str) -> None:
    async def work(it: Around) -> None:
        session = await it.begin(address)
        other, host = (UE, HOST) if address == UE_V6 else (UE_V6, HOST_V6)
        it.gnb.send_packet(datagram(other, host, b"of the other"), session.uplink)
        assert not await it.came(b"of the other", 0.5)
        good = datagram(address, HOST if address == UE else HOST_V6, b"good")
        it.gnb.send_packet(good, session.uplink)
        assert await it.came(b"good")

    around(work)


def test_what_a_ue_tells_its_link_reaches_no_other_unless_by_a_fault() -> None:
    packet = UpfBench.router_advertisement("ff02::1", "2001:db8:66::")

    async def work(it: Around, reaches: bool) -> None:
        session = await it.begin(UE_V6)
        await it.smf.establish("2001:db8:60:2::1", it.gnb.local, it.gnb.next_teid(), None)
        it.gnb.send_packet(packet, session.uplink)
        assert await it.came(packet[40:], 0.5) == reaches

    around(lambda it: work(it, False))
    around(lambda it: work(it, True), UpfPolicy(keeps_multicast_to_the_link=False))
