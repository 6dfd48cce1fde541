"""A typed key for an information element, common to NGAP, NAS and PFCP.

``message.get(key)`` decodes the element when it is asked for, and a type checker knows what comes
back. What no key is known for stays as the bytes that came.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class InformationElement(Generic[T]):
    """One kind of information element and how its value is read and written.

    ``identifier`` is the number on the wire (NGAP ProtocolIE-ID, PFCP IE type; in NAS, where one
    number means different elements in different messages, the layout of the message holds it and
    this is 0). ``name`` is the element's name in its specification. ``decode`` raises DecodeError
    with an offset counted from the start of the element's value; ``encode`` raises EncodeError.
    """

    identifier: int
    name: str
    decode: Callable[[bytes], T]
    encode: Callable[[T], bytes]
