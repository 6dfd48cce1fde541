"""What stands in the fields of a target file: each reader raises ValueError, with what to write."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from ipaddress import IPv4Network, IPv6Network, ip_address
from math import isfinite
from typing import Any

from makmal.network.slices import Slice
from makmal.trace.frame import Endpoint

_SLICE = re.compile(r"([0-9]{1,3})(?:-([0-9a-fA-F]{6}))?")
_BRACKETED = re.compile(r"\[([^\]]*)\](?::(.*))?")
_DNN = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_DAY = 86_400
_PORTS = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")
_LAST_PORT = 65_535


def pool(value: Any) -> str:
    """A network that UEs get addresses from."""
    wanted = 'must be an IPv4 network of at least 256 addresses, such as "10.45.0.0/16"'
    if not isinstance(value, str):
        raise ValueError(wanted)
    try:
        found = IPv4Network(value)
    except ValueError:
        raise ValueError(wanted) from None
    if not 8 <= found.prefixlen <= 24:
        raise ValueError(wanted)
    return str(found)


def pool_ipv6(value: Any) -> str:
    """A network that UEs get prefixes of 64 bits from."""
    wanted = 'must be an IPv6 network of /32 to /56, such as "2001:db8:45::/48"'
    try:
        found = IPv6Network(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or not 32 <= found.prefixlen <= 56:
        raise ValueError(wanted)
    return str(found)


def digits(least: int, most: int) -> Callable[[Any], str]:
    """A code of so many digits."""
    wanted = str(least) if least == most else f"{least} or {most}"

    def read(value: Any) -> str:
        fits = isinstance(value, str) and value.isascii() and value.isdigit()
        if not fits or not least <= len(value) <= most:
            raise ValueError(f'must be {wanted} digits in quotes, such as "{"9" * most}"')
        return str(value)

    return read


def seconds(value: Any) -> float:
    """A length of time."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not isfinite(value) or not 0 < value <= _DAY:
        raise ValueError(f"must be a number of seconds, more than 0 and at most {_DAY}")
    return float(value)


def address(value: Any) -> str:
    """An IP address. A name is none: what it stands for could leave the scope at any time."""
    if isinstance(value, str):
        try:
            found = ip_address(value)
        except ValueError:
            pass
        else:
            if not (found.is_unspecified or found.is_multicast):
                return str(found)
    raise ValueError('must be the IP address of one host, such as "10.77.0.2"')


def port_range(value: Any) -> tuple[int, int]:
    """Ports from one to another, such as "1-1024"."""
    match = _PORTS.fullmatch(value) if isinstance(value, str) else None
    if match is not None:
        first, last = int(match[1]), int(match[2] or match[1])
        if 0 < first <= last <= _LAST_PORT:
            return first, last
    raise ValueError('must be a port or a range of them, such as "1-65535"')


def end(port: int) -> Callable[[Any], Endpoint]:
    """An IP address with a port or without: then ``port``."""

    def read(value: Any) -> Endpoint:
        wanted = f'must be an IP address with or without a port, such as "10.77.0.2:{port}"'
        if not isinstance(value, str):
            raise ValueError(wanted)
        bracketed = _BRACKETED.fullmatch(value)
        if bracketed is not None:
            host, given = bracketed[1], bracketed[2]
        elif value.count(":") == 1:
            host, _, given = value.partition(":")
        else:
            host, given = value, None
        if given is not None and not (given.isascii() and given.isdigit() and len(given) < 6):
            raise ValueError(wanted)
        chosen = port if given is None else int(given)
        try:
            host = address(host)
        except ValueError:
            raise ValueError(wanted) from None
        if not 0 < chosen < 65536:
            raise ValueError(wanted)
        return Endpoint(host, chosen)

    return read


def one_slice(value: Any) -> Slice:
    """A slice as SST or SST-SD (TS 23.003, 28.4)."""
    match = _SLICE.fullmatch(value) if isinstance(value, str) else None
    if match is None or int(match[1]) > 255:
        raise ValueError('must be SST, or SST and SD in hexadecimal, such as "1" or "2-000002"')
    return int(match[1]), match[2].lower() if match[2] else None


def slices(value: Any) -> tuple[Slice, ...]:
    """A list of slices."""
    return _several(value, one_slice, 'must be a list of slices such as ["1", "2-000002"]')


def dnns(value: Any) -> tuple[str, ...]:
    """A list of data network names (TS 23.003, 9A)."""

    def one(name: Any) -> str:
        if not isinstance(name, str) or not _DNN.fullmatch(name) or len(name) > 100:
            raise ValueError
        return name

    return _several(value, one, 'must be a list of data network names such as ["internet"]')


def argument_list(value: Any) -> tuple[str, ...]:
    """A command as its program and arguments: nothing of it is for a shell to read."""

    def one(argument: Any) -> str:
        if not isinstance(argument, str) or "\0" in argument:
            raise ValueError
        return argument

    wanted = 'must be a list of the program and its arguments such as ["docker", "start", "amf"]'
    found = _several(value, one, wanted)
    if not found[0].strip():
        raise ValueError(wanted)
    return found


def names(value: Any) -> tuple[str, ...]:
    """A list of names."""

    def one(name: Any) -> str:
        if not isinstance(name, str):
            raise ValueError
        return name

    return _several(value, one, "must be a list of names in quotes")


def day(value: Any) -> str:
    """A date."""
    if not isinstance(value, date):
        raise ValueError("must be a date without quotes, such as 2026-01-31")
    return value.isoformat()


def _several(value: Any, read: Callable[[Any], Any], wanted: str) -> tuple[Any, ...]:
    if not isinstance(value, list) or not value:
        raise ValueError(wanted)
    try:
        return tuple(read(each) for each in value)
    except ValueError as error:
        raise ValueError(f"{wanted}{f'; an entry {error}' if str(error) else ''}") from None
