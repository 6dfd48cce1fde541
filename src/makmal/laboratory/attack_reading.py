"""How far an attack came, read from its recording: each step with the frames that show it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from makmal.laboratory.attack import CLOUD, DEBUG_PORT, LAYERS, LOG_IN, LOOK, REACH, READ, STEPS
from makmal.protocol.errors import DecodeError
from makmal.trace.application_reading import ApplicationDissector
from makmal.trace.capture import open_capture
from makmal.trace.dissect import Dissector
from makmal.trace.message import (
    ApplicationMessage,
    ConnectionAttempt,
    GtpuMessage,
    Message,
    OpenOctets,
)
from makmal.trace.trace import Section, Trace
from makmal.trace.user_packet import read_user_packet

_OPEN, _CREATED, _OK = "open", 201, 200
Said = ConnectionAttempt | OpenOctets | ApplicationMessage


@dataclass(frozen=True, slots=True)
class AttackStep:
    """One step: whether it succeeded, None where the attacker did not come so far. ``frames`` show
    it, ``carried`` are the packets of N3 in which it travelled, ``messages`` what was said.
    """

    name: str
    product_class: str
    succeeded: bool | None
    seen: str
    frames: tuple[int, ...] = ()
    carried: tuple[GtpuMessage, ...] = ()
    messages: tuple[Said, ...] = ()

    @property
    def on_n3(self) -> tuple[int, ...]:
        """The frames of N3."""
        return tuple(each.frame for each in self.carried)


def read_attack(path: Path) -> tuple[AttackStep, ...]:
    """The steps of a recorded attack. Raises CaptureError for a file that is no capture."""
    applications, network = _traces(path)
    return tuple(_step(name, applications, network) for name in STEPS)


def _traces(path: Path) -> tuple[Trace, Trace]:
    """What the attacker's streams carried, and what the network did."""
    network = Dissector()
    spoken: list[Message] = []
    carried: list[Message] = []
    with open_capture(path) as capture:
        applications = ApplicationDissector(secrets=capture.secrets)
        for frame in capture:
            spoken += applications.feed(frame)
            carried += network.feed(frame)
    spoken += applications.finish()
    return Trace(tuple(spoken)), Trace(tuple(carried + network.finish()))


def _step(name: str, applications: Trace, network: Trace) -> AttackStep:
    said, through = applications.section(name), network.section(name)
    layer = LAYERS[name]
    if said is None or through is None:
        return AttackStep(name, layer, None, "the attacker did not come so far")
    port = DEBUG_PORT if name in (REACH, LOOK) else CLOUD.port
    carried = tuple(_packets(through, port))
    messages = tuple(
        each
        for each in said.messages
        if isinstance(each, (ConnectionAttempt, OpenOctets, ApplicationMessage))
        and port in (each.source.port, each.destination.port)
    )
    for message in messages:
        seen = _success(name, message)
        if seen:
            frames = tuple(dict.fromkeys((*message.frames, message.frame)))
            return AttackStep(name, layer, True, seen, frames, carried, messages)
    seen = _failure(name, messages)
    return AttackStep(name, layer, False, seen, (said.frame,), carried, messages)


def _success(name: str, message: Said) -> str:
    """What shows that a step succeeded; nothing where a message does not."""
    if name == REACH and isinstance(message, ConnectionAttempt) and message.outcome == _OPEN:
        return f"port {message.destination.port} of {message.destination.address} took the call"
    if name == LOOK and isinstance(message, OpenOctets) and not message.from_client:
        told = b"owner password: " in message.octets
        return "the shell told the owner's password" if told else ""
    if not isinstance(message, ApplicationMessage) or message.http.is_request:
        return ""
    if name == LOG_IN and message.http.status == _CREATED:
        return "the cloud application took name and password, and gave a token"
    if name == READ and message.http.status == _OK:
        return f"the accounts of everybody: {_accounts(message)}"
    return ""


def _accounts(message: ApplicationMessage) -> str:
    try:
        document = message.http.json().value
    except DecodeError:
        return "not legible"
    listed = document.get("accounts") if isinstance(document, dict) else None
    return ", ".join(str(each) for each in listed) if isinstance(listed, list) else "none"


def _failure(name: str, messages: Sequence[Said]) -> str:
    if name == REACH:
        refused = any(
            isinstance(each, ConnectionAttempt) and each.outcome == "refused" for each in messages
        )
        return "the device refused the call" if refused else "nothing came back"
    for message in messages:
        if isinstance(message, ApplicationMessage) and not message.http.is_request:
            return f"the cloud application answered {message.http.status}"
    return "no secret was told" if name == LOOK else "no answer came"


def _packets(through: Section, port: int) -> Iterator[GtpuMessage]:
    """The user packets with this port: from the attacker's gNB to the UPF, and further."""
    for message in through.messages:
        if not isinstance(message, GtpuMessage) or not message.is_user_packet:
            continue
        try:
            packet = read_user_packet(message.pdu.payload)
        except DecodeError:
            continue
        if packet is not None and packet.ports is not None and port in packet.ports:
            yield message


def deepest(steps: Sequence[AttackStep]) -> int:
    """How many steps succeeded, one after another."""
    count = 0
    for step in steps:
        if not step.succeeded:
            break
        count += 1
    return count
