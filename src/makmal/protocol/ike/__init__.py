"""IKEv2 as an observer reads it, and an offer of one proposal (RFC 7296)."""

from makmal.protocol.ike.algorithms import (
    DiffieHellmanGroup,
    Encryption,
    Integrity,
    PseudoRandomFunction,
    TransformType,
    is_forbidden,
    transform_name,
)
from makmal.protocol.ike.message import (
    ExchangeType,
    Message,
    NotifyType,
    Payload,
    PayloadType,
    Proposal,
    Transform,
    decode,
)
from makmal.protocol.ike.offer import initial_request

__all__ = [
    "DiffieHellmanGroup",
    "Encryption",
    "ExchangeType",
    "Integrity",
    "Message",
    "NotifyType",
    "Payload",
    "PayloadType",
    "Proposal",
    "PseudoRandomFunction",
    "Transform",
    "TransformType",
    "decode",
    "initial_request",
    "is_forbidden",
    "transform_name",
]
