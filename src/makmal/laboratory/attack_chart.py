"""The message sequence chart of a recorded attack."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from makmal.chart.sequence_chart import Arrow, Mark, Row, SequenceChart
from makmal.laboratory.attack import CLOUD, DEBUG_PORT, LOOK, REACH
from makmal.laboratory.attack_reading import AttackStep, Said
from makmal.trace.message import ApplicationMessage, OpenOctets

ATTACKER, GNB, UPF, DEVICE, APPLICATION = "attacker's UE", "gNB", "UPF", "device", "cloud"


def chart_of_attack(steps: Sequence[AttackStep]) -> SequenceChart:
    """Each step with what was said, and the first packets that carried it over N3."""
    rows: list[Row] = []
    begun = min((each.time_ns for step in steps for each in step.carried), default=0)
    for step in steps:
        if step.succeeded is None:
            continue
        rows.append(Mark(step.name))
        rows += _on_n3(step, begun)
        for message in step.messages:
            rows.append(_arrow(message, step, begun))
    return SequenceChart(
        "the attack, step by step", rows, (ATTACKER, GNB, UPF, DEVICE, APPLICATION), "fail"
    )


def _on_n3(step: AttackStep, begun: int) -> Iterator[Row]:
    """The first packet of the step on its way: to the UPF, and to the device's gNB again."""
    target = f"TCP to the {'device' if _is_of_device(step) else 'cloud application'}"
    ways = ((GNB, UPF), (UPF, GNB)) if _is_of_device(step) else ((GNB, UPF),)
    for packet, (source, destination) in zip(step.carried, ways, strict=False):
        seconds = (packet.time_ns - begun) / 1e9
        yield Arrow(source, destination, target, "N3, in GTP-U", packet.frame, seconds)


def _is_of_device(step: AttackStep) -> bool:
    return step.name in (REACH, LOOK)


def _arrow(message: Said, step: AttackStep, begun: int) -> Arrow:
    protected = isinstance(message, ApplicationMessage) and message.protected
    return Arrow(
        _end(message.source.address, step),
        _end(message.destination.address, step),
        _name(message),
        "through the PDU session" + (", in TLS" if protected else ""),
        message.frame,
        (message.time_ns - begun) / 1e9,
        message.frame in step.frames and bool(step.succeeded),
    )


def _name(message: Said) -> str:
    if isinstance(message, OpenOctets):
        lines = message.octets.decode("utf-8", "replace").splitlines()
        return max(lines, key=len, default="")[:40] or "(nothing)"
    return message.name


def _end(address: str, step: AttackStep) -> str:
    """Whose address it is: in each of its steps the attacker is the one who calls."""
    if address == CLOUD.address:
        return APPLICATION
    called = {
        (each.destination if each.source.port != DEBUG_PORT else each.source).address
        for each in step.messages
        if _is_of_device(step)
    }
    return DEVICE if address in called else ATTACKER
