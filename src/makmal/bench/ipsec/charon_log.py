"""What charon's log tells: the keys of each ESP association, and why a connection did not come up.

At level 4 of its group CHD, charon writes the keys that it derives; the plugin save-keys, which
Debian does not build, would give the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from makmal.trace.esp_secrets import EspAssociation

_LINE = re.compile(r"(?P<thread>\d+)\[(?P<group>[A-Z]{3})\] (?P<said>.*)")
_ALGORITHM = re.compile(r"  using (?P<name>\S+) for (?P<what>encryption|integrity)")
_KEY = re.compile(r"(?P<what>encryption|integrity) (?P<whose>initiator|responder) key => .*")
_OCTETS = re.compile(r"\s*\d+: (?P<octets>(?:[0-9A-F]{2} ?)+)")
_SPI = re.compile(r"  SPI 0x(?P<index>[0-9a-f]+), src (?P<sender>\S+) dst (?P<receiver>\S+)")
_NOTIFY = re.compile(r"received (?P<name>[A-Z_]+) (?:error )?notify(?: error)?")
# strongSwan's names, where they are not those of the IANA registry with a prefix.
_ENCRYPTIONS = {
    "DES_CBC": "ENCR_DES",
    "3DES_CBC": "ENCR_3DES",
    "NULL": "ENCR_NULL",
    "NULL_AES_GMAC": "ENCR_NULL_AUTH_AES_GMAC",
}
_REASONS = (
    "peer not responding",
    "giving up after",
    "no matching",
    "no acceptable",
    "no shared key found",
    "no trusted",
    "constraint check failed",
    "unable to allocate SPI",
    "failed to create TUN",
    "can't install",
    "unable to install",
)


@dataclass(slots=True)
class _Derived:
    """What one thread has said of the association that it makes."""

    algorithms: dict[str, str] = field(default_factory=dict)
    keys: dict[tuple[str, str], bytes] = field(default_factory=dict)
    key: tuple[str, str] | None = None
    inbound: bool = False


class CharonLog:
    """Feed it the log as it grows."""

    def __init__(self) -> None:
        self._rest = ""
        self._threads: dict[str, _Derived] = {}
        # Why connections did not come up, the latest last.
        self.reasons: list[str] = []

    def feed(self, text: str) -> list[EspAssociation]:
        """The associations that the next piece of the log tells of, each direction."""
        *lines, self._rest = (self._rest + text).split("\n")
        return [each for line in lines for each in self._line(line)]

    def _line(self, line: str) -> Iterator[EspAssociation]:
        match = _LINE.fullmatch(line)
        if match is None:
            return
        thread, said = match["thread"], match["said"]
        if match["group"] != "CHD":
            self._note_reason(said)
            return
        derived = self._threads.setdefault(thread, _Derived())
        octets = _OCTETS.match(said)
        if octets is not None:
            if derived.key is not None:
                derived.keys[derived.key] += bytes.fromhex(octets["octets"])
            return
        derived.key = None
        algorithm, key, index = _ALGORITHM.match(said), _KEY.match(said), _SPI.match(said)
        if algorithm is not None:
            if algorithm["what"] == "encryption":
                derived = self._threads[thread] = _Derived()
            derived.algorithms[algorithm["what"]] = algorithm["name"]
        elif key is not None:
            derived.key = key["what"], key["whose"]
            derived.keys[derived.key] = b""
        elif said.startswith(("adding inbound", "adding outbound")):
            derived.inbound = said.startswith("adding inbound")
        elif index is not None:
            # We are always the initiator: what comes in is under the responder's keys.
            whose = "responder" if derived.inbound else "initiator"
            yield EspAssociation(
                int(index["index"], 16),
                index["receiver"],
                _encryption(derived.algorithms.get("encryption", "")),
                derived.keys.get(("encryption", whose), b""),
                _integrity(derived.algorithms.get("integrity", "")),
                derived.keys.get(("integrity", whose), b""),
            )

    def _note_reason(self, said: str) -> None:
        notified = _NOTIFY.search(said)
        if notified is not None:
            self.reasons.append(f"the product answered {notified['name']}")
        elif any(each in said for each in _REASONS):
            self.reasons.append(said)


def _encryption(name: str) -> str:
    return _ENCRYPTIONS.get(name, f"ENCR_{name}") if name else "ENCR_NULL"


def _integrity(name: str) -> str:
    return f"AUTH_{name}" if name else ""
