"""The ASN.1 of NR RRC by pycrate, imported when it is first needed: that takes most of a second.

pycrate's types hold one value at a time and are shared by the whole process, so that each use of
one is under a lock. Values are plain data: a SEQUENCE is a dictionary, a CHOICE a pair of name and
value, a BIT STRING a pair of number and size, an OCTET STRING that contains a type a pair of the
type's name and value.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from threading import RLock
from typing import Any

from makmal.protocol.errors import DecodeError, EncodeError

PROTOCOL = "NR RRC"
_LOCK = RLock()


@cache
def _modules() -> tuple[Any, ...]:
    with _LOCK:
        schema = import_module("pycrate_asn1dir.RRCNR")
    return schema.NR_RRC_Definitions, schema.NR_InterNodeDefinitions, schema.NR_UE_Variables


def load() -> None:
    """Import the ASN.1 now, and not in the midst of a conversation."""
    _modules()


@cache
def _type(name: str) -> Any:
    for module in _modules():
        found = getattr(module, name.replace("-", "_"), None)
        if found is not None:
            return found
    raise LookupError(f"NR RRC has no type {name}")


def encode(name: str, value: Any) -> bytes:
    """A value of a type in UPER. Raises EncodeError where the type has no such value."""
    codec = _type(name)
    with _LOCK:
        try:
            codec.set_val(value)
            return bytes(codec.to_uper())
        except Exception as error:  # pycrate raises many kinds
            raise EncodeError(PROTOCOL, name, str(error)) from None


def decode(name: str, octets: bytes) -> Any:
    """The value of a type in UPER. Raises DecodeError."""
    codec = _type(name)
    with _LOCK:
        try:
            codec.from_uper(octets)
            return codec.get_val()
        except RecursionError:
            raise
        except Exception as error:  # pycrate raises many kinds on octets that are none
            reason = str(error) or type(error).__name__
            raise DecodeError(PROTOCOL, 0, f"no {name}: {reason}") from None
