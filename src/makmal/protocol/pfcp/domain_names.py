"""Names that travel as DNS labels: FQDN, DNN, network instance (TS 23.003, 9.1; RFC 1035)."""

from __future__ import annotations

from typing import NamedTuple

from makmal.protocol.errors import EncodeError
from makmal.protocol.pfcp.octets import small, text_octets, text_of


class NetworkInstance(NamedTuple):
    """The name of a network instance (8.2.4) or a DNN (8.2.117).

    Both are told as DNS labels by some peers and as plain text by others; ``labelled`` says which
    it was, so that the same octets come out again.
    """

    name: str
    labelled: bool = True


def labels_to_name(data: bytes) -> str | None:
    """The dotted name of a sequence of DNS labels, None if the octets are not one.

    A name that ends in the root label ends in a dot. Only such names are returned that
    ``name_to_labels`` makes the same octets of.
    """
    labels: list[bytes] = []
    at = 0
    end = len(data)
    while at < end:
        length = data[at]
        label = data[at + 1 : at + 1 + length]
        if len(label) != length or length > 63 or b"." in label:
            return None
        at += 1 + length
        if not length and (at < end or not labels):
            return None
        labels.append(label)
    try:
        return b".".join(labels).decode("ascii")
    except UnicodeDecodeError:
        return None


def name_to_labels(name: str, field: str) -> bytes:
    """The DNS labels of a dotted name. Raises EncodeError for one that has no such form."""
    if not name:
        return b""
    octets = bytearray()
    labels = name.split(".")
    for position, label in enumerate(labels):
        if not label and position != len(labels) - 1:
            raise EncodeError("PFCP", field, f"{name!r} has an empty label")
        try:
            ascii_label = label.encode("ascii")
        except UnicodeEncodeError:
            raise EncodeError("PFCP", field, f"{name!r} is not ASCII") from None
        octets.append(small(len(ascii_label), 6, field))
        octets += ascii_label
    return bytes(octets)


def decode_network_instance(data: bytes) -> NetworkInstance:
    """Octets to the name that they stand for. Raises DecodeError for neither labels nor text."""
    name = labels_to_name(data)
    if name is not None:
        return NetworkInstance(name, True)
    return NetworkInstance(text_of(data), False)


def encode_network_instance(value: NetworkInstance) -> bytes:
    """The octets of a name, as labels or as plain text. Raises EncodeError."""
    if value.labelled:
        return name_to_labels(value.name, "Network Instance")
    return text_octets(value.name, "Network Instance")
