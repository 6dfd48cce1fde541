"""What N4 tells of a UPF's sessions, and where the packets of a section went."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address

from makmal.judges.verdict import Findings
from makmal.protocol import pfcp
from makmal.protocol.errors import DecodeError
from makmal.protocol.pfcp import ie
from makmal.trace.message import GtpuMessage, PfcpMessage, UserDatagram
from makmal.trace.n4_sessions import allocated_tunnels
from makmal.trace.trace import Section, Trace
from makmal.trace.user_packet import UserPacket, read_user_packet

_KIND = pfcp.MessageType
# Where a tunnel ends: address and TEID.
Tunnel = tuple[str, int]


@dataclass(slots=True)
class N4Reading:
    """``ue_addresses`` by the UPF's end of the tunnel; ``peers`` by the peer's end, the addresses
    of the UE whose downlink goes there; ``user_planes`` are the addresses of the UPF's tunnels.
    """

    ue_addresses: dict[Tunnel, set[str]] = field(default_factory=dict)
    peers: dict[Tunnel, set[str]] = field(default_factory=dict)
    user_planes: set[str] = field(default_factory=set)

    def is_of_ue(self, tunnel: Tunnel, address: str) -> bool:
        """Whether a packet with this source belongs into a tunnel; IPv6 by its prefix."""
        return any(_same(address, each) for each in self.ue_addresses.get(tunnel, ()))


def _same(address: str, of_ue: str) -> bool:
    one, other = ip_address(address), ip_address(of_ue)
    if one.version != other.version:
        return False
    return one == other if one.version == 4 else one.packed[:8] == other.packed[:8]


def read_n4(trace: Trace) -> N4Reading:
    """What the accepted exchanges of a trace put into use."""
    found = N4Reading()
    addresses: dict[int, set[str]] = {}
    for message in trace.messages:
        if not isinstance(message, PfcpMessage):
            continue
        request, pdu = message.followed.request, message.pdu
        if request is None or pdu.is_request or not pdu.is_accepted:
            continue
        key = id(message.followed.session)
        try:
            mine = addresses.setdefault(key, set())
            mine |= _ue_addresses(request)
            for tunnel in allocated_tunnels(pdu, request):
                found.ue_addresses.setdefault(tunnel, set()).update(mine)
                found.user_planes.add(tunnel[0])
            for tunnel in _peers(request):
                found.peers.setdefault(tunnel, set()).update(mine)
        except DecodeError:
            continue
    return found


def _ue_addresses(request: pfcp.Message) -> set[str]:
    found = set()
    for create in request.all(ie.CREATE_PDR):
        pdi = create.get(ie.PDI)
        address = None if pdi is None else pdi.get(ie.UE_IP_ADDRESS)
        if address is not None:
            found |= {each for each in (address.ipv4, address.ipv6) if each is not None}
    return found


def _peers(request: pfcp.Message) -> Iterator[Tunnel]:
    rules = (
        *((each, ie.FORWARDING_PARAMETERS) for each in request.all(ie.CREATE_FAR)),
        *((each, ie.UPDATE_FORWARDING_PARAMETERS) for each in request.all(ie.UPDATE_FAR)),
    )
    for rule, key in rules:
        parameters = rule.get(key)
        header = None if parameters is None else parameters.get(ie.OUTER_HEADER_CREATION)
        if header is not None and header.teid is not None:
            for address in (header.ipv4, header.ipv6):
                if address is not None:
                    yield address, header.teid


@dataclass(frozen=True, slots=True)
class Tunnelled:
    """A user's packet in a tunnel: ``tunnel`` is the end that it went to."""

    frame: int
    source: str
    tunnel: Tunnel
    packet: UserPacket


def tunnelled(section: Section, n4: N4Reading, *, sent_by_upf: bool) -> Iterator[Tunnelled]:
    """The user packets of N3 and N9 that the UPF sent, or that it was sent."""
    for message in section.messages:
        if not isinstance(message, GtpuMessage) or not message.is_user_packet:
            continue
        if (message.source.address in n4.user_planes) != sent_by_upf:
            continue
        try:
            packet = read_user_packet(message.pdu.payload)
        except DecodeError:
            continue
        if packet is not None:
            tunnel = message.destination.address, message.teid
            yield Tunnelled(message.frame, message.source.address, tunnel, packet)


def let_through(section: Section, n4: N4Reading, content: bytes, after: int) -> int | None:
    """The frame in which the UPF sent on what it was sent in an earlier one, if it did.

    That is a G-PDU of the UPF with the content, or the content on N6 on its way to a host.
    """
    for message in section.messages:
        if message.frame <= after:
            continue
        if isinstance(message, UserDatagram) and content in message.payload:
            return message.frame
        if (
            isinstance(message, GtpuMessage)
            and message.source.address in n4.user_planes
            and content in message.payload
        ):
            return message.frame
    return None


def good_packet_after(section: Section, n4: N4Reading, tunnel: Tunnel, frame: int) -> int | None:
    """The frame in which a good packet of this tunnel's UE, sent after a frame, came back.

    It shows that the UPF and the way to the data network worked when something was not forwarded.
    """
    for sent in tunnelled(section, n4, sent_by_upf=False):
        if sent.frame <= frame or sent.tunnel != tunnel:
            continue
        if not n4.is_of_ue(tunnel, sent.packet.source):
            continue
        for back in tunnelled(section, n4, sent_by_upf=True):
            if (
                back.frame > sent.frame
                and back.packet.content == sent.packet.content
                and n4.is_of_ue(tunnel, back.packet.destination)
            ):
                return back.frame
    return None


def judge_discarded(
    findings: Findings,
    section: Section,
    n4: N4Reading,
    sent: Tunnelled,
    seen: int | None,
    reasons: tuple[str, str],
) -> None:
    """What was sent in a tunnel must have no effect, ``seen`` in a frame, while good packets go on:
    the reasons, when it had one and when it had none.
    """
    let_in, kept_out = reasons
    alive = good_packet_after(section, n4, sent.tunnel, sent.frame)
    if seen is not None:
        findings.violation(let_in, sent.frame, seen)
    elif alive is not None:
        findings.conforming(kept_out, sent.frame, alive)
    else:
        findings.doubt("no good packet came back after it", sent.frame)
