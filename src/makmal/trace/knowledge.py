"""What the laboratory knows beside the trace: keys, algorithm priorities, declared protection.

It is read from one TOML file, described in ``docs/keys.md``, and is part of the evidence: the same
trace with the same knowledge gives the same verdicts.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any, TypeVar

from makmal.security import milenage, tuak

T = TypeVar("T")
IpNetwork = IPv4Network | IPv6Network

_ALGORITHM = re.compile(r"(?:128-)?N(?P<family>[EI])A(?P<number>[0-7])")
_SUPI = re.compile(r"imsi-[0-9]{5,15}|nai-.+@.+")
_PROTECTED = ("n2", "n3", "n4", "sbi")
_ADDRESSED = ("n2", "n3", "n4")


class KnowledgeError(Exception):
    """The file cannot be used: one sentence with the line, what is wrong, and what to write."""


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One subscription as its home network holds it (TS 33.501, 6.1).

    ``algorithm_set`` is "milenage" or "tuak"; ``operator_constant`` is OPc or TOPc.
    """

    supi: str
    key: bytes
    operator_constant: bytes
    algorithm_set: str = "milenage"


@dataclass(frozen=True, slots=True)
class NasKeys:
    """Keys of one NAS security context, given outright (TS 33.501, 6.2.1).

    Whatever is given is tried; ``k_amf`` is 32 octets, the two NAS keys 16.
    """

    supi: str | None = None
    k_ausf: bytes | None = None
    k_seaf: bytes | None = None
    k_amf: bytes | None = None
    k_nas_enc: bytes | None = None
    k_nas_int: bytes | None = None


@dataclass(frozen=True, slots=True)
class HomeNetworkKey:
    """A home network private key for SUCI (TS 33.501, Annex C): scheme 1 is profile A, 2 is B."""

    identifier: int
    scheme: int
    private_key: bytes


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Everything in the file. An empty one is what an audit without ``--keys`` has.

    ``integrity_algorithms`` and ``ciphering_algorithms`` are the AMF's configured priority lists,
    the best first (TS 33.501, 5.5.2), empty if not given. ``declared_protection`` maps an interface
    name in lower case to what its owner states protects it outside the capture point.
    ``interface_addresses`` maps an interface to the addresses of its ends, by which packets that
    IPsec encrypts are known to be of that interface.
    """

    subscribers: Mapping[str, Subscriber] = field(default_factory=dict)
    nas_keys: tuple[NasKeys, ...] = ()
    home_network_keys: tuple[HomeNetworkKey, ...] = ()
    integrity_algorithms: tuple[int, ...] = ()
    ciphering_algorithms: tuple[int, ...] = ()
    declared_protection: Mapping[str, str] = field(default_factory=dict)
    interface_addresses: Mapping[str, tuple[IpNetwork, ...]] = field(default_factory=dict)

    def interface_between(self, one: str, other: str) -> str | None:
        """The interface ("n2", "n3" or "n4") whose ends both addresses are declared to be."""
        ends = ip_address(one), ip_address(other)
        for name, networks in self.interface_addresses.items():
            if all(any(end in network for network in networks) for end in ends):
                return name
        return None


def load_knowledge(path: Path) -> Knowledge:
    """Read a knowledge file. Raises KnowledgeError on anything that is not one."""
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise KnowledgeError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise KnowledgeError(f"{path}: not a text file (octet {error.start})") from None
    return parse_knowledge(text, str(path))


def parse_knowledge(text: str, name: str = "keys") -> Knowledge:
    """The same from text; ``name`` stands in the errors."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise KnowledgeError(f"{name}: not valid TOML: {error}") from None
    file = _File(name, text)
    file.only(
        document,
        {
            "subscriber",
            "nas_keys",
            "home_network_key",
            "amf",
            "declared_protection",
            "interface_addresses",
        },
        (None, 0),
    )
    subscribers = [_subscriber(table) for table in file.tables(document, "subscriber")]
    amf = file.table(document, "amf", {"integrity_algorithms", "ciphering_algorithms"})
    declared = file.table(document, "declared_protection", set(_PROTECTED))
    addresses = file.table(document, "interface_addresses", set(_ADDRESSED))
    return Knowledge(
        subscribers={subscriber.supi: subscriber for subscriber in subscribers},
        nas_keys=tuple(_nas_keys(table) for table in file.tables(document, "nas_keys")),
        home_network_keys=tuple(
            _home_network_key(table) for table in file.tables(document, "home_network_key")
        ),
        integrity_algorithms=amf.take("integrity_algorithms", _algorithms("I"), ()),
        ciphering_algorithms=amf.take("ciphering_algorithms", _algorithms("E"), ()),
        declared_protection={
            key: declared.take(key, _text, "") for key in _PROTECTED if key in declared.values
        },
        interface_addresses={
            key: addresses.take(key, _networks) for key in _ADDRESSED if key in addresses.values
        },
    )


class _File:
    """The text of the file, to name the line of whatever is wrong in it."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.lines = text.splitlines()

    def line_of(self, section: tuple[str | None, int], key: str) -> int:
        """The line of ``key`` in the n-th table of that name; the table's own if not found."""
        table, index = section
        inside = table is None
        start, seen = 1, -1
        for number, line in enumerate(self.lines, 1):
            stripped = line.strip()
            if stripped.startswith("["):
                header = stripped.strip("[] \t").split("]")[0].strip()
                seen += header == table
                inside = header == table and seen == index
                start = number if inside else start
                if table is None and header == key:
                    return number
            elif inside and re.match(rf'"?{re.escape(key)}"?\s*=', stripped):
                return number
        return start

    def fail(self, section: tuple[str | None, int], key: str, reason: str) -> KnowledgeError:
        return KnowledgeError(f"{self.name}, line {self.line_of(section, key)}: {key}: {reason}")

    def only(
        self, values: Mapping[str, Any], known: set[str], section: tuple[str | None, int]
    ) -> None:
        for key in values:
            if key not in known:
                raise self.fail(
                    section, key, f"no such entry; known here: {', '.join(sorted(known))}"
                )

    def table(self, document: Mapping[str, Any], name: str, known: set[str]) -> _Table:
        values = document.get(name, {})
        if not isinstance(values, dict):
            raise self.fail((None, 0), name, f"must be a table, written [{name}]")
        self.only(values, known, (name, 0))
        return _Table(self, (name, 0), values)

    def tables(self, document: Mapping[str, Any], name: str) -> list[_Table]:
        values = document.get(name, [])
        if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
            raise self.fail((None, 0), name, f"must be tables, each written [[{name}]]")
        return [_Table(self, (name, index), value) for index, value in enumerate(values)]


@dataclass(frozen=True, slots=True)
class _Table:
    file: _File
    section: tuple[str | None, int]
    values: Mapping[str, Any]

    def take(self, key: str, read: Callable[[Any], T], default: T | None = None) -> T:
        if key not in self.values:
            if default is None:
                raise self.file.fail(self.section, key, f"is missing in [{self.section[0]}]")
            return default
        try:
            return read(self.values[key])
        except ValueError as error:
            raise self.file.fail(self.section, key, str(error)) from None

    def optional(self, key: str, read: Callable[[Any], T]) -> T | None:
        return self.take(key, read) if key in self.values else None

    def only(self, *known: str) -> None:
        self.file.only(self.values, set(known), self.section)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be a text in quotes")
    return value


def _supi(value: Any) -> str:
    if not isinstance(value, str) or not _SUPI.fullmatch(value):
        raise ValueError('must be a SUPI such as "imsi-999700000000001"')
    return value


def _networks(value: Any) -> tuple[IpNetwork, ...]:
    wanted = 'a list of addresses or networks such as ["192.0.2.1", "198.51.100.0/24"]'
    if not isinstance(value, list) or not value:
        raise ValueError(f"must be {wanted}")
    try:
        return tuple(ip_network(entry) for entry in value)
    except ValueError as error:
        raise ValueError(f"{error}: must be {wanted}") from None


def _octets(*lengths: int) -> Callable[[Any], bytes]:
    def read(value: Any) -> bytes:
        wanted = " or ".join(str(length * 2) for length in lengths)
        if not isinstance(value, str):
            raise ValueError(f"must be {wanted} hexadecimal digits in quotes")
        try:
            octets = bytes.fromhex(value)
        except ValueError:
            raise ValueError(f"must be {wanted} hexadecimal digits") from None
        if len(octets) not in lengths:
            raise ValueError(f"must be {wanted} hexadecimal digits, and has {len(octets) * 2}")
        return octets

    return read


def _algorithms(family: str) -> Callable[[Any], tuple[int, ...]]:
    def read(value: Any) -> tuple[int, ...]:
        wanted = f'a list such as ["128-N{family}A2", "128-N{family}A1"], the best first'
        if not isinstance(value, list) or not value:
            raise ValueError(f"must be {wanted}")
        numbers = []
        for name in value:
            match = _ALGORITHM.fullmatch(name) if isinstance(name, str) else None
            if match is None or match["family"] != family:
                raise ValueError(f"{name!r} is not an algorithm of this list: write {wanted}")
            numbers.append(int(match["number"]))
        return tuple(numbers)

    return read


def _subscriber(table: _Table) -> Subscriber:
    table.only("supi", "k", "opc", "op", "algorithm_set")
    algorithm_set = table.take("algorithm_set", _text, "milenage")
    if algorithm_set not in {"milenage", "tuak"}:
        raise table.file.fail(table.section, "algorithm_set", 'must be "milenage" or "tuak"')
    is_tuak = algorithm_set == "tuak"
    key = table.take("k", _octets(16, 32) if is_tuak else _octets(16))
    constant = _octets(32) if is_tuak else _octets(16)
    if ("opc" in table.values) == ("op" in table.values):
        raise table.file.fail(table.section, "opc", "give either opc or op, one of the two")
    if "opc" in table.values:
        operator_constant = table.take("opc", constant)
    else:
        operator = table.take("op", constant)
        operator_constant = (
            tuak.compute_topc(key, operator) if is_tuak else milenage.compute_opc(key, operator)
        )
    return Subscriber(table.take("supi", _supi), key, operator_constant, algorithm_set)


def _nas_keys(table: _Table) -> NasKeys:
    table.only("supi", "k_ausf", "k_seaf", "k_amf", "k_nas_enc", "k_nas_int")
    keys = NasKeys(
        supi=table.optional("supi", _supi),
        k_ausf=table.optional("k_ausf", _octets(32)),
        k_seaf=table.optional("k_seaf", _octets(32)),
        k_amf=table.optional("k_amf", _octets(32)),
        k_nas_enc=table.optional("k_nas_enc", _octets(16)),
        k_nas_int=table.optional("k_nas_int", _octets(16)),
    )
    if (keys.k_ausf or keys.k_seaf) and keys.supi is None:
        raise table.file.fail(
            table.section, "supi", "is missing: KAMF is derived from KSEAF and the SUPI"
        )
    return keys


def _home_network_key(table: _Table) -> HomeNetworkKey:
    table.only("identifier", "profile", "private_key")
    profile = table.take("profile", _text)
    if profile not in {"A", "B"}:
        raise table.file.fail(table.section, "profile", 'must be "A" or "B"')
    identifier = table.take("identifier", _key_identifier)
    return HomeNetworkKey(
        identifier, 1 if profile == "A" else 2, table.take("private_key", _octets(32))
    )


def _key_identifier(value: Any) -> int:
    if not isinstance(value, int) or not 0 <= value <= 255:
        raise ValueError("must be a number from 0 to 255")
    return value
