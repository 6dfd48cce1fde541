"""``makmal show``: list the messages of a capture, or print one to its last element."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from makmal.trace.application_reading import ApplicationDissector
from makmal.trace.capture import Capture, CaptureError, open_capture
from makmal.trace.describe import describe
from makmal.trace.dissect import Dissector
from makmal.trace.knowledge import Knowledge, KnowledgeError, load_knowledge
from makmal.trace.message import GtpuMessage, Message, PdcpMessage, SbiMessage, Step


def command(
    capture: Annotated[
        Path, typer.Argument(help="A pcap or pcapng file, as tcpdump and Wireshark write it.")
    ],
    frame: Annotated[
        int | None,
        typer.Option(min=1, help="Print the messages of this frame, decoded to the last element."),
    ] = None,
    user_plane: Annotated[
        bool, typer.Option("--user-plane", help="List every user packet (G-PDU) too.")
    ] = False,
    applications: Annotated[
        bool,
        typer.Option(
            "--applications", help="List what applications and devices say too: TLS, HTTP, MQTT."
        ),
    ] = False,
    keys: Annotated[
        Path | None,
        typer.Option(help="A TOML file with keys, to read ciphered NAS (docs/keys.md)."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON: one object with all messages.")
    ] = False,
    wireshark_keys: Annotated[
        bool,
        typer.Option(
            "--wireshark-keys",
            help="Print the keys of Uu instead, for Wireshark's table pdcp_nr_ue_keys.",
        ),
    ] = False,
) -> None:
    """List the 5G messages of a capture: frame, time, interface, from, to, name, UE."""
    errors = Console(stderr=True)
    try:
        knowledge = Knowledge() if keys is None else load_knowledge(keys)
        with open_capture(capture) as frames:
            dissector = Dissector(knowledge, frames.secrets)
            ends = ApplicationDissector(knowledge, frames.secrets) if applications else None
            messages = _messages(frames, dissector, ends)
            if wireshark_keys:
                found = _wireshark_keys(messages, dissector)
            elif frame is not None:
                found = _show_frame(messages, frame, as_json)
            else:
                found = _list(messages, capture, user_plane or as_json, as_json)
            problems = list(frames.problems)
    except (CaptureError, KnowledgeError) as error:
        errors.print(f"makmal show: {error}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(2) from None
    for problem in problems:
        errors.print(f"makmal show: {problem}", style="yellow", markup=False, soft_wrap=True)
    if not found:
        what = "no 5G message" if frame is None else f"no 5G message in frame {frame}"
        errors.print(f"makmal show: {capture}: {what}", style="yellow", markup=False)
        raise typer.Exit(2)


def _messages(
    frames: Capture, dissector: Dissector, ends: ApplicationDissector | None
) -> Iterator[Message]:
    for frame in frames:
        yield from dissector.feed(frame)
        if ends is not None:
            yield from (each for each in ends.feed(frame) if not isinstance(each, Step))
    yield from dissector.finish()
    if ends is not None:
        yield from ends.finish()


def _wireshark_keys(messages: Iterator[Message], dissector: Dissector) -> bool:
    """Whether there was anything on Uu to print keys of."""
    for _ in messages:
        pass
    lines = [each.wireshark_keys for each in dissector.radio_connections]
    for line in lines:
        if line is not None:
            sys.stdout.write(line + "\n")
    return bool(lines)


def _time(time_ns: int) -> str:
    seconds, nanoseconds = divmod(time_ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{nanoseconds:09d}Z"


def _ue(message: Message) -> str:
    user_equipment = getattr(message, "user_equipment", None)
    if user_equipment is not None:
        return str(user_equipment.identity)
    return (message.supi or "") if isinstance(message, SbiMessage) else ""


def _summary(message: Message) -> dict[str, Any]:
    if isinstance(message, Step):
        time = _time(message.time_ns)
        return {"frame": message.frame, "time": time, "protocol": "step", "name": message.name}
    return {
        "frame": message.frame,
        "time": _time(message.time_ns),
        "interface": str(message.interface),
        "protocol": message.protocol,
        "from": f"{message.source.address}:{message.source.port}",
        "to": f"{message.destination.address}:{message.destination.port}",
        "name": message.name,
        "ue": _ue(message) or None,
    }


def _list(messages: Iterator[Message], capture: Path, user_plane: bool, as_json: bool) -> bool:
    if as_json:
        return _list_json(messages, capture)
    any_seen, user_packets = False, 0
    console = Console(soft_wrap=True, highlight=False)
    for message in messages:
        any_seen = True
        if (
            isinstance(message, GtpuMessage | PdcpMessage)
            and not user_plane
            and message.is_user_packet
        ):
            user_packets += 1
            continue
        row = _summary(message)
        if isinstance(message, Step):
            console.print(f"{row['frame']:>7}  step: {row['name']}", style="bold", markup=False)
            continue
        console.print(
            f"{row['frame']:>7}  {row['time'][11:26]}  {row['interface']:<4}"
            f"{row['from']:>21} > {row['to']:<21}  {row['name']}"
            + ("  (in ESP)" if message.inside_esp else "")
            + (f"  [{row['ue']}]" if row["ue"] else ""),
            markup=False,
        )
    if user_packets:
        console.print(f"and {user_packets} user packets on N3 and Uu (--user-plane lists them)")
    return any_seen


def _list_json(messages: Iterator[Message], capture: Path) -> bool:
    """Written as it comes, so that a large capture needs no large memory."""
    out = sys.stdout
    out.write('{"capture": ' + json.dumps(str(capture)) + ', "messages": [')
    separator = "\n"
    for message in messages:
        out.write(separator + json.dumps(_summary(message)))
        separator = ",\n"
    out.write("\n]}\n")
    return separator != "\n"


def _show_frame(messages: Iterator[Message], frame: int, as_json: bool) -> bool:
    found = [
        message for message in messages if not isinstance(message, Step) and frame in message.frames
    ]
    if as_json:
        document = [{**_summary(message), "content": describe(message)} for message in found]
        json.dump({"frame": frame, "messages": document}, sys.stdout, indent=2)
        sys.stdout.write("\n")
        return bool(found)
    console = Console(soft_wrap=True, highlight=False)
    for message in found:
        row = _summary(message)
        title = f"{row['interface']} {row['name']}: {row['from']} > {row['to']} at {row['time']}"
        if row["ue"]:
            title += f" [{row['ue']}]"
        console.print(Text(title, style="bold"))
        for line in _branches(describe(message), ""):
            console.print(line)
    return bool(found)


def _branches(content: Any, indent: str) -> Iterator[Text]:
    """The lines of a tree, each as long as it is: nothing that was in the message is cut off."""
    is_mapping = isinstance(content, dict)
    entries = list(content.items() if is_mapping else enumerate(content))
    for place, (name, value) in enumerate(entries):
        is_last = place == len(entries) - 1
        line = Text(indent + ("└── " if is_last else "├── "), style="dim")
        line.append(str(name) if is_mapping else f"[{name}]", style="not dim cyan")
        if isinstance(value, dict | list) and value:
            yield line
            yield from _branches(value, indent + ("    " if is_last else "│   "))
        else:
            line.append(": ")
            line.append("" if isinstance(value, dict | list) else str(value), style="not dim")
            yield line
