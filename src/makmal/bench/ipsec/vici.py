"""The control protocol of strongSwan's charon: messages to octets and back, and a client.

It is described in strongSwan's ``src/libcharon/plugins/vici/README.md``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

Value = str | bytes | Sequence["str | bytes"] | Mapping[str, "Value"]
Section = dict[str, "str | list[str] | Section"]

_REQUEST, _RESPONSE, _UNKNOWN = 0, 1, 2
_SECTION_START, _SECTION_END, _KEY_VALUE, _LIST_START, _LIST_ITEM, _LIST_END = range(1, 7)
_LARGEST = 512 * 1024
_DEEPEST = 16


class ViciError(Exception):
    """charon refused, or is not there any more: one sentence."""


def encode(message: Mapping[str, Value]) -> bytes:
    """A message as octets."""
    return b"".join(_encoded(key, value) for key, value in message.items())


def _encoded(key: str, value: Value) -> bytes:
    name = key.encode()
    named = bytes((len(name),)) + name
    if isinstance(value, str | bytes):
        return bytes((_KEY_VALUE,)) + named + _sized(value)
    if isinstance(value, Mapping):
        return bytes((_SECTION_START,)) + named + encode(value) + bytes((_SECTION_END,))
    items = b"".join(bytes((_LIST_ITEM,)) + _sized(each) for each in value)
    return bytes((_LIST_START,)) + named + items + bytes((_LIST_END,))


def _sized(value: str | bytes) -> bytes:
    octets = value.encode() if isinstance(value, str) else value
    return len(octets).to_bytes(2, "big") + octets


def decode(octets: bytes) -> Section:
    """A message from octets. Raises ViciError."""
    try:
        section, at = _section(octets, 0, 0)
    except IndexError:
        raise ViciError("charon's answer is cut short") from None
    if at != len(octets):
        raise ViciError("charon's answer has an end too many")
    return section


def _section(octets: bytes, at: int, depth: int) -> tuple[Section, int]:
    found: Section = {}
    if depth > _DEEPEST:
        raise ViciError("charon's answer is nested too deep")
    while at < len(octets):
        kind = octets[at]
        at += 1
        if kind == _SECTION_END:
            return found, at
        key, at = _text(octets, at, 1)
        if kind == _SECTION_START:
            found[key], at = _section(octets, at, depth + 1)
        elif kind == _KEY_VALUE:
            found[key], at = _text(octets, at, 2)
        elif kind == _LIST_START:
            items: list[str] = []
            while octets[at] == _LIST_ITEM:
                item, at = _text(octets, at + 1, 2)
                items.append(item)
            found[key], at = items, at + 1
        else:
            raise ViciError(f"charon's answer has an element of type {kind}")
    return found, at


def _text(octets: bytes, at: int, size: int) -> tuple[str, int]:
    start = at + size
    end = start + int.from_bytes(octets[at:start], "big")
    if end > len(octets):
        raise IndexError
    return octets[start:end].decode("utf-8", "replace"), end


class ViciClient:
    """One connection to charon."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def connect(cls, path: str) -> ViciClient:
        """Connect to the socket of a running charon. Raises OSError."""
        return cls(*await asyncio.open_unix_connection(path))

    async def request(
        self, command: str, message: Mapping[str, Value] | None = None, seconds: float = 10.0
    ) -> Section:
        """One command and its answer. Raises ViciError where charon says that it failed."""
        name = command.encode()
        packet = bytes((_REQUEST, len(name))) + name + encode(message or {})
        try:
            async with asyncio.timeout(seconds):
                self._writer.write(len(packet).to_bytes(4, "big") + packet)
                await self._writer.drain()
                length = int.from_bytes(await self._reader.readexactly(4), "big")
                if not 0 < length <= _LARGEST:
                    raise ViciError(f"charon's answer to {command} has {length} octets")
                octets = await self._reader.readexactly(length)
        except TimeoutError:
            raise ViciError(f"charon did not answer {command} within {seconds:g} s") from None
        except (OSError, asyncio.IncompleteReadError):
            raise ViciError(f"charon ended before it answered {command}") from None
        if octets[0] == _UNKNOWN:
            raise ViciError(f"charon knows no command {command}")
        answer = decode(octets[1:])
        if answer.get("success", "yes") != "yes":
            raise ViciError(f"{command}: {answer.get('errmsg') or 'failed'}")
        return answer

    def close(self) -> None:
        """Hang up."""
        self._writer.close()
