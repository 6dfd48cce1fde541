"""What the laboratory knows beside the trace: keys, algorithm priorities, declared protection.

It is read from one TOML file, described in ``docs/keys.md``, and written to one as a part of the
evidence: the same trace with the same knowledge gives the same verdicts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any

from makmal.protocol import rrc
from makmal.security import milenage, tuak
from makmal.trace import toml_file
from makmal.trace.tls_secrets import key_log_problem
from makmal.trace.toml_file import Table, TomlError, TomlFile, quoted, quoted_list

IpNetwork = IPv4Network | IPv6Network

_ALGORITHM = re.compile(r"(?:128-)?N(?P<family>[EI])A(?P<number>[0-7])")
_SUPI = re.compile(r"imsi-[0-9]{5,15}|nai-.+@.+")
_PROTECTED = ("n2", "n3", "n4", "sbi")
_ADDRESSED = ("n2", "n3", "n4", "n6", "n9", "sbi")


class KnowledgeError(TomlError):
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
    IPsec encrypts are known to be of that interface, and TLS to be of the service-based one; of
    N6, to the hosts of the data network.
    ``security_gateways`` maps an interface to the two ends of IPsec that protect it, where these
    are not the ends of the interface itself: the product's first, then ours.
    ``cells`` are cells of gNBs, whose keys depend on their numbers (TS 33.501, A.11).
    ``tls_key_log`` holds secrets of TLS connections, as lines of an SSLKEYLOGFILE;
    ``tls_authorities`` the certificates (PEM) of those who may certify network functions.
    """

    subscribers: Mapping[str, Subscriber] = field(default_factory=dict)
    nas_keys: tuple[NasKeys, ...] = ()
    home_network_keys: tuple[HomeNetworkKey, ...] = ()
    integrity_algorithms: tuple[int, ...] = ()
    ciphering_algorithms: tuple[int, ...] = ()
    declared_protection: Mapping[str, str] = field(default_factory=dict)
    interface_addresses: Mapping[str, tuple[IpNetwork, ...]] = field(default_factory=dict)
    tls_key_log: str = ""
    cells: tuple[rrc.Cell, ...] = ()
    tls_authorities: str = ""
    security_gateways: Mapping[str, tuple[IpNetwork, ...]] = field(default_factory=dict)

    def interface_between(self, one: str, other: str) -> str | None:
        """The interface ("n2", "n3", "n4", "n9", "sbi") both of whose ends are said to be these."""
        ends = ip_address(one), ip_address(other)
        for known in (self.interface_addresses, self.security_gateways):
            for name, networks in known.items():
                if all(any(end in network for network in networks) for end in ends):
                    return name
        return None


def load_knowledge(path: Path) -> Knowledge:
    """Read a knowledge file. Raises KnowledgeError on anything that is not one."""
    text = toml_file.read_text(path, KnowledgeError)
    return parse_knowledge(text, str(path))


def parse_knowledge(text: str, name: str = "keys") -> Knowledge:
    """The same from text; ``name`` stands in the errors."""
    file = TomlFile(name, text, KnowledgeError).root
    file.only(
        "subscriber",
        "nas_keys",
        "home_network_key",
        "amf",
        "declared_protection",
        "interface_addresses",
        "security_gateways",
        "tls",
        "cell",
    )
    subscribers = [subscriber(table) for table in file.tables("subscriber")]
    amf = file.table("amf", "integrity_algorithms", "ciphering_algorithms")
    declared = file.table("declared_protection", *_PROTECTED)
    addresses = file.table("interface_addresses", *_ADDRESSED)
    gateways = file.table("security_gateways", *_ADDRESSED)
    return Knowledge(
        subscribers={each.supi: each for each in subscribers},
        nas_keys=tuple(_nas_keys(table) for table in file.tables("nas_keys")),
        home_network_keys=tuple(
            home_network_key(table) for table in file.tables("home_network_key")
        ),
        integrity_algorithms=amf.take("integrity_algorithms", algorithms("I"), ()),
        ciphering_algorithms=amf.take("ciphering_algorithms", algorithms("E"), ()),
        declared_protection={
            key: declared.take(key, toml_file.text, "") for key in _PROTECTED if key in declared
        },
        interface_addresses={
            key: addresses.take(key, ip_networks) for key in _ADDRESSED if key in addresses
        },
        tls_key_log=_key_log(file, name),
        cells=tuple(_cell(table) for table in file.tables("cell")),
        tls_authorities=file.table("tls").optional("authorities", toml_file.text) or "",
        security_gateways={
            key: gateways.take(key, ip_networks) for key in _ADDRESSED if key in gateways
        },
    )


def _key_log(file: Table, name: str) -> str:
    """[tls]: a key log in the file itself, or the name of one beside it."""
    table = file.table("tls", "key_log", "key_log_file", "authorities")
    text = table.optional("key_log", toml_file.text) or ""
    place = table.optional("key_log_file", toml_file.text)
    key = "key_log"
    if place is not None:
        try:
            text += "\n" + (Path(name).parent / place).read_text("ascii")
        except (OSError, ValueError) as error:
            raise table.fail("key_log_file", f"{place} cannot be read: {error}") from None
        key = "key_log_file"
    problem = key_log_problem(text)
    if problem is not None:
        raise table.fail(key, problem)
    return text


def supi_of(value: Any) -> str:
    """A SUPI (TS 23.003, 2.2A). Raises ValueError, with what to write."""
    if not isinstance(value, str) or not _SUPI.fullmatch(value):
        raise ValueError('must be a SUPI such as "imsi-999700000000001"')
    return value


def ip_networks(value: Any) -> tuple[IpNetwork, ...]:
    """A list of IP addresses or networks. Raises ValueError, with what to write."""
    wanted = 'a list of addresses or networks such as ["192.0.2.1", "198.51.100.0/24"]'
    if not isinstance(value, list) or not value or not all(isinstance(each, str) for each in value):
        raise ValueError(f"must be {wanted}")
    try:
        return tuple(ip_network(entry) for entry in value)
    except ValueError as error:
        raise ValueError(f"{error}: must be {wanted}") from None


def algorithms(family: str) -> Callable[[Any], tuple[int, ...]]:
    """A priority list of integrity ("I") or ciphering ("E") algorithms (TS 33.501, 5.11)."""

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


def subscriber(table: Table, *further: str) -> Subscriber:
    """One [[subscriber]], which may have further fields. Raises the file's error."""
    table.only("supi", "k", "opc", "op", "algorithm_set", *further)
    algorithm_set = table.take("algorithm_set", toml_file.choice("milenage", "tuak"), "milenage")
    is_tuak = algorithm_set == "tuak"
    key = table.take("k", toml_file.octets(16, 32) if is_tuak else toml_file.octets(16))
    constant = toml_file.octets(32) if is_tuak else toml_file.octets(16)
    if ("opc" in table) == ("op" in table):
        raise table.fail("opc", "give either opc or op, one of the two")
    if "opc" in table:
        operator_constant = table.take("opc", constant)
    else:
        operator = table.take("op", constant)
        operator_constant = (
            tuak.compute_topc(key, operator) if is_tuak else milenage.compute_opc(key, operator)
        )
    return Subscriber(table.take("supi", supi_of), key, operator_constant, algorithm_set)


def _nas_keys(table: Table) -> NasKeys:
    table.only("supi", "k_ausf", "k_seaf", "k_amf", "k_nas_enc", "k_nas_int")
    keys = NasKeys(
        supi=table.optional("supi", supi_of),
        k_ausf=table.optional("k_ausf", toml_file.octets(32)),
        k_seaf=table.optional("k_seaf", toml_file.octets(32)),
        k_amf=table.optional("k_amf", toml_file.octets(32)),
        k_nas_enc=table.optional("k_nas_enc", toml_file.octets(16)),
        k_nas_int=table.optional("k_nas_int", toml_file.octets(16)),
    )
    if (keys.k_ausf or keys.k_seaf) and keys.supi is None:
        raise table.fail("supi", "is missing: KAMF is derived from KSEAF and the SUPI")
    return keys


def _cell(table: Table) -> rrc.Cell:
    table.only("pci", "ssb_arfcn")
    return rrc.Cell(
        table.take("pci", toml_file.number(0, 1007)),
        table.take("ssb_arfcn", toml_file.number(0, 3_279_165)),
    )


def home_network_key(table: Table) -> HomeNetworkKey:
    """One [[home_network_key]]. Raises the file's error."""
    table.only("identifier", "profile", "private_key")
    profile = table.take("profile", toml_file.choice("A", "B"))
    identifier = table.take("identifier", toml_file.number(0, 255))
    return HomeNetworkKey(
        identifier, 1 if profile == "A" else 2, table.take("private_key", toml_file.octets(32))
    )


def knowledge_text(knowledge: Knowledge) -> str:
    """The file that reads as this knowledge: what evidence holds of it."""
    lines: list[str] = []
    for each in knowledge.subscribers.values():
        lines += [
            "[[subscriber]]",
            f"supi = {quoted(each.supi)}",
            f'k = "{each.key.hex()}"',
            f'opc = "{each.operator_constant.hex()}"',
            f'algorithm_set = "{each.algorithm_set}"',
            "",
        ]
    for keys in knowledge.nas_keys:
        lines.append("[[nas_keys]]")
        if keys.supi is not None:
            lines.append(f"supi = {quoted(keys.supi)}")
        for name in ("k_ausf", "k_seaf", "k_amf", "k_nas_enc", "k_nas_int"):
            value: bytes | None = getattr(keys, name)
            if value is not None:
                lines.append(f'{name} = "{value.hex()}"')
        lines.append("")
    for key in knowledge.home_network_keys:
        lines += [
            "[[home_network_key]]",
            f"identifier = {key.identifier}",
            f'profile = "{"A" if key.scheme == 1 else "B"}"',
            f'private_key = "{key.private_key.hex()}"',
            "",
        ]
    for cell in knowledge.cells:
        lines += ["[[cell]]", f"pci = {cell.pci}", f"ssb_arfcn = {cell.ssb_arfcn}", ""]
    lines.append("[amf]")
    for name, family, numbers in (
        ("integrity_algorithms", "I", knowledge.integrity_algorithms),
        ("ciphering_algorithms", "E", knowledge.ciphering_algorithms),
    ):
        if numbers:
            lines.append(f"{name} = {quoted_list(algorithm_names(family, numbers))}")
    lines += ["", "[declared_protection]"]
    lines += [f"{name} = {quoted(said)}" for name, said in knowledge.declared_protection.items()]
    lines += ["", "[interface_addresses]"]
    lines += [
        f"{name} = {quoted_list(str(network) for network in networks)}"
        for name, networks in knowledge.interface_addresses.items()
    ]
    if knowledge.security_gateways:
        lines += ["", "[security_gateways]"]
    lines += [
        f"{name} = {quoted_list(str(network) for network in networks)}"
        for name, networks in knowledge.security_gateways.items()
    ]
    if knowledge.tls_key_log or knowledge.tls_authorities:
        lines += ["", "[tls]"]
    if knowledge.tls_key_log:
        lines.append(f"key_log = {quoted(knowledge.tls_key_log)}")
    if knowledge.tls_authorities:
        lines.append(f"authorities = {quoted(knowledge.tls_authorities)}")
    return "\n".join(lines) + "\n"


def algorithm_names(family: str, numbers: Iterable[int]) -> list[str]:
    """Algorithms as TS 33.501, 5.11, names them: "NIA0", "128-NIA2"."""
    return [f"{'128-' if 1 <= each <= 3 else ''}N{family}A{each}" for each in numbers]
