"""Charts of a trace: the frames that a verdict names, and what happened around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from makmal.chart.sequence_chart import Arrow, Gap, Mark, Row, SequenceChart
from makmal.trace.message import (
    CaptureLoss,
    GtpuMessage,
    Message,
    NasMessage,
    NgapMessage,
    ProtectedPacket,
    SbiMessage,
    Step,
)
from makmal.trace.trace import Trace

# So many messages before and after one that proves something are shown.
_AROUND = 2
_MOST_ARROWS = 36
UE = "UE"
_ORDER = (UE, "gNB", "gNB-2", "AMF", "AMF-2")


@dataclass(frozen=True, slots=True)
class Names:
    """What the ends are called: by their IP address, or by what they are seen to do."""

    by_address: Mapping[str, str] = field(default_factory=dict)
    product: str = ""

    def of(self, address: str, otherwise: str) -> str:
        """The name of an end."""
        return self.by_address.get(address, otherwise or address)


def chart_of(
    trace: Trace, frames: Sequence[int], outcome: str, title: str, names: Names | None = None
) -> SequenceChart:
    """The chart of a verdict on a trace. ``frames`` are those that prove it."""
    names = names or Names()
    proving = set(frames)
    whole = _rows(trace.messages, proving, names)
    rows = _chosen(whole, names.product)
    return SequenceChart(title, rows, _ORDER, outcome, names.product)


def _rows(messages: Sequence[Message], proving: set[int], names: Names) -> list[Row]:
    carriers = {each.frame: each.name for each in messages if isinstance(each, NgapMessage)}
    nas = [each for each in messages if isinstance(each, NasMessage)]
    on_n1 = {each.frame for each in nas if each.interface == "N1"}
    in_services = {each.frame: each.name for each in nas if each.interface != "N1"}
    services = {each.frame for each in messages if isinstance(each, SbiMessage)}
    opened = {
        each.frame
        for each in messages
        if not isinstance(each, Step)
        and each.inside_esp
        and (each.frame in proving or not _is_user_packet(each))
    }
    several = len({each.user_equipment.number for each in nas}) > 1
    begun = next((each.time_ns for each in messages), 0)
    rows: list[Row] = []
    for message in messages:
        if isinstance(message, Step):
            rows.append(Mark(message.name, message.frame, message.frame in proving))
            continue
        if isinstance(message, NgapMessage) and message.frame in on_n1:
            continue
        if message.frame in services and isinstance(message, NasMessage):
            # The request that carries it says so.
            continue
        if isinstance(message, ProtectedPacket) and message.frame in opened:
            # What is inside says more.
            continue
        if _is_user_packet(message) and message.frame not in proving:
            continue
        source, destination, note = _ends(message, names, carriers, in_services, several)
        rows.append(
            Arrow(
                source,
                destination,
                _name(message),
                note,
                message.frame,
                (message.time_ns - begun) / 1e9,
                bool(proving.intersection(message.frames)),
            )
        )
    return rows


def _ends(
    message: Message,
    names: Names,
    carriers: Mapping[int, str],
    in_services: Mapping[int, str],
    several: bool,
) -> tuple[str, str, str]:
    """From whom, to whom, and what stands below the name."""
    assert not isinstance(message, Step)  # noqa: S101 - for the type checker
    source = names.of(message.source.address, _role(message, True))
    destination = names.of(message.destination.address, _role(message, False))
    if isinstance(message, NasMessage) and message.interface == "N1":
        source, destination = (UE, destination) if message.uplink else (source, UE)
        note = f"N1, in {carriers.get(message.frame, 'NGAP')}"
        if message.count is not None:
            note += f", NAS COUNT {message.count}"
        if several:
            note = f"UE {message.user_equipment.identity[-4:]}, {note}"
        return source, destination, note
    if isinstance(message, SbiMessage):
        service = message.operation.service if message.operation is not None else "HTTP"
        inside = in_services.get(message.frame)
        return source, destination, f"SBI, {service}" + (f", with {inside}" if inside else "")
    if isinstance(message, CaptureLoss):
        return source, destination, "not in the capture"
    note = f"{message.interface}, in ESP" if message.inside_esp else str(message.interface)
    return source, destination, note


def _is_user_packet(message: Message) -> bool:
    return isinstance(message, GtpuMessage) and message.is_user_packet


def _name(message: Message) -> str:
    if isinstance(message, SbiMessage) and not message.http.is_request:
        answered = f" to {message.request.name}" if message.request else ""
        return message.name.partition(" to ")[0] + answered
    return message.name


def _role(message: Message, is_source: bool) -> str:
    """What an end without a name is, by what it does."""
    if isinstance(message, NgapMessage):
        return "gNB" if message.from_access_network == is_source else "AMF"
    if isinstance(message, NasMessage) and message.interface == "N1":
        return "gNB" if message.uplink == is_source else "AMF"
    return ""


def _chosen(rows: Sequence[Row], product: str) -> list[Row]:
    """What proves, what the product sent and received around it within its step, and the marks of
    the steps shown.
    """
    concerned = {
        end
        for row in rows
        if isinstance(row, Arrow)
        for end in (row.source, row.destination)
        if not product or product in (row.source, row.destination)
    }
    keep: set[int] = set()
    proofs = [place for place, row in enumerate(rows) if not isinstance(row, Gap) and row.proves]
    if not proofs:
        proofs = [place for place, row in enumerate(rows) if isinstance(row, Arrow)][-3:]
    around = _AROUND if len(proofs) * (2 * _AROUND + 1) <= _MOST_ARROWS else 1
    around = around if len(proofs) * (2 * around + 1) <= _MOST_ARROWS else 0
    proofs = proofs[:_MOST_ARROWS]
    for place in proofs:
        keep.add(place)
        for step in (-1, 1):
            at, left = place + step, around
            while 0 <= at < len(rows) and left and isinstance(row := rows[at], Arrow):
                if not concerned or product in ("", row.source, row.destination):
                    keep.add(at)
                    left -= 1
                at += step
        mark = next((at for at in range(place, -1, -1) if isinstance(rows[at], Mark)), None)
        if mark is not None:
            keep.add(mark)
    chosen: list[Row] = []
    left_out = 0
    for place, row in enumerate(rows):
        if place in keep:
            if left_out:
                chosen.append(Gap(left_out))
                left_out = 0
            chosen.append(row)
        elif isinstance(row, Arrow):
            left_out += 1
    if left_out:
        chosen.append(Gap(left_out))
    return chosen
