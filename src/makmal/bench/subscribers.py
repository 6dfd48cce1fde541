"""Subscribers as files name them: the [[subscriber]] tables of a target, or of ``makmal ue``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from makmal.bench import target_fields
from makmal.network.slices import Slice
from makmal.network.subscription import HomeNetworkKey, Subscription
from makmal.security import suci
from makmal.trace import knowledge, toml_file
from makmal.trace.toml_file import Table, TomlError, TomlFile

_METHODS = {"5G AKA": "5G_AKA", "EAP-AKA'": "EAP_AKA_PRIME"}
_SCHEMES = {"null": suci.NULL_SCHEME, "A": suci.PROFILE_A, "B": suci.PROFILE_B}
_PROTECTION = ("REQUIRED", "PREFERRED", "NOT_NEEDED")
_MOST = 1_000_000
_FIELDS = (
    "authentication_method",
    "suci_scheme",
    "slices",
    "authenticated_slices",
    "dnns",
    "up_integrity",
    "up_confidentiality",
    "count",
)


class SubscribersError(TomlError):
    """The file cannot be used: one sentence with the line, what is wrong, and what to write."""


@dataclass(frozen=True, slots=True)
class Subscribers:
    """The subscriptions of a file, and the keys of their home network."""

    subscriptions: tuple[Subscription, ...]
    home_network_keys: tuple[HomeNetworkKey, ...]


def load_subscribers(path: Path) -> Subscribers:
    """Read a subscriber file. Raises SubscribersError on anything that is not one."""
    return parse_subscribers(toml_file.read_text(path, SubscribersError), str(path))


def parse_subscribers(text: str, name: str = "subscribers") -> Subscribers:
    """The same from text; ``name`` stands in the errors."""
    root = TomlFile(name, text, SubscribersError).root
    root.only("subscriber", "home_network_key")
    found = read_subscribers(root)
    if not found.subscriptions:
        raise root.fail("subscriber", "is missing: name at least one, under [[subscriber]]")
    return found


def read_subscribers(
    root: Table,
    plmn: str = "",
    slices: tuple[Slice, ...] = ((1, None),),
    dnns: tuple[str, ...] = ("internet",),
) -> Subscribers:
    """The [[subscriber]] and [[home_network_key]] tables of a file.

    ``slices`` and ``dnns`` are those of a subscriber that names none; with ``plmn``, subscribers
    of other networks are refused.
    """
    keys = _home_network_keys(root)
    schemes = {key.scheme for key in keys}
    found: dict[str, Subscription] = {}
    for table in root.tables("subscriber"):
        for each in _subscriptions(table, slices, dnns, _usual_scheme(keys)):
            if each.supi in found:
                raise table.fail("supi", f"{each.supi} is named twice")
            if plmn and not each.supi.startswith((f"imsi-{plmn}", "nai-")):
                raise table.fail(
                    "supi", f"{each.supi} is not of the network {plmn} (mcc and mnc in [network])"
                )
            if each.scheme != suci.NULL_SCHEME and each.scheme not in schemes:
                profile = "A" if each.scheme == suci.PROFILE_A else "B"
                raise table.fail(
                    "suci_scheme",
                    f"profile {profile} needs a key of the home network: give a "
                    f'[[home_network_key]] with profile "{profile}", or write suci_scheme = "null"',
                )
            found[each.supi] = each
    return Subscribers(tuple(found.values()), keys)


def _home_network_keys(root: Table) -> tuple[HomeNetworkKey, ...]:
    found: list[HomeNetworkKey] = []
    for table in root.tables("home_network_key"):
        key = knowledge.home_network_key(table)
        if any(key.identifier == each.identifier for each in found):
            raise table.fail("identifier", f"{key.identifier} is named twice")
        made = HomeNetworkKey(key.identifier, key.scheme, key.private_key)
        try:
            # A private key that is none shows here, not in the middle of a registration.
            _ = made.public_key
        except suci.SuciError:
            raise table.fail("private_key", "is no private key of this profile") from None
        found.append(made)
    return tuple(found)


def _usual_scheme(keys: tuple[HomeNetworkKey, ...]) -> str:
    """What a USIM of a network with these keys uses: the first of them."""
    wanted = keys[0].scheme if keys else suci.NULL_SCHEME
    return next(name for name, scheme in _SCHEMES.items() if scheme == wanted)


def _subscriptions(
    table: Table, slices: tuple[Slice, ...], dnns: tuple[str, ...], usual_scheme: str
) -> tuple[Subscription, ...]:
    """One table: a subscriber, or ``count`` of them with SUPIs in a row and the same keys."""
    keys = knowledge.subscriber(table, *_FIELDS)
    method = table.take("authentication_method", toml_file.choice(*_METHODS), "5G AKA")
    scheme = table.take("suci_scheme", toml_file.choice(*_SCHEMES), usual_scheme)
    protection = toml_file.choice(*_PROTECTION)
    one = Subscription(
        keys.supi,
        keys.key,
        keys.operator_constant,
        keys.algorithm_set,
        _METHODS[method],
        _SCHEMES[scheme],
        table.take("slices", target_fields.slices, slices),
        table.take("authenticated_slices", target_fields.slices, ()),
        table.take("dnns", target_fields.dnns, dnns),
        table.take("up_integrity", protection, "REQUIRED"),
        table.take("up_confidentiality", protection, "REQUIRED"),
    )
    count = table.take("count", toml_file.number(1, _MOST), 1)
    if count == 1:
        return (one,)
    if not one.supi.startswith("imsi-"):
        raise table.fail("count", 'needs a SUPI that can be counted up: "imsi-..."')
    imsi = one.supi.removeprefix("imsi-")
    last = int(imsi) + count - 1
    if len(str(last)) > len(imsi):
        raise table.fail("count", f"{count} SUPIs from {one.supi} on do not fit its digits")
    return tuple(
        replace(one, supi=f"imsi-{number:0{len(imsi)}d}") for number in range(int(imsi), last + 1)
    )
