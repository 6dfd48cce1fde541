"""What a UE remembers: its identities, sessions, and how its procedures ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import NamedTuple

from makmal.network.slices import Slice
from makmal.protocol import nas

# "No key is available" (TS 24.501, 9.11.3.32).
NO_KEY = 7


class Exchanged(NamedTuple):
    """A NAS message that was sent or received: its octets, and what is in it.

    ``message`` is None where it could not be read. ``session_message`` is the 5GSM message inside.
    ``acceptable`` is False for a downlink message that failed its security checks.
    """

    octets: bytes
    message: nas.Message | None
    session_message: nas.Message | None = None
    acceptable: bool = True


@dataclass(frozen=True, slots=True)
class PartialContext:
    """What an authentication leaves: a KAMF that no security mode command took into use yet."""

    key_set_identifier: int
    k_amf: bytes


class Outcome(Enum):
    """How a procedure of mobility management ended."""

    ACCEPTED = auto()
    REJECTED = auto()
    # AUTHENTICATION REJECT (TS 24.501, 5.4.1.3.5).
    NOT_AUTHENTICATED = auto()
    # The connection was released before there was an answer.
    RELEASED = auto()
    NO_ANSWER = auto()


@dataclass(frozen=True, slots=True)
class ProcedureResult:
    """``cause`` is the 5GMM cause of a reject, ``message`` the one that ended the procedure."""

    outcome: Outcome
    cause: int | None = None
    message: nas.Message | None = None

    @property
    def accepted(self) -> bool:
        """Whether the network agreed."""
        return self.outcome is Outcome.ACCEPTED


class RegistrationResult(ProcedureResult):
    """How a registration ended."""

    __slots__ = ()


class SessionState(Enum):
    """TS 24.501, 6.1.3.2, told from the UE."""

    PENDING = auto()
    ACTIVE = auto()
    INACTIVE = auto()


@dataclass(eq=False, slots=True)
class PduSession:
    """A PDU session. ``cause`` is the 5GSM cause of a refusal or release.

    ``not_forwarded`` is the 5GMM cause with which the AMF gave the request back (TS 24.501,
    5.4.5.3.1). ``user_plane`` tells whether it has radio resources.
    """

    identity: int
    dnn: str | None = None
    s_nssai: Slice | None = None
    state: SessionState = SessionState.PENDING
    address: str | None = None
    cause: int | None = None
    not_forwarded: int | None = None
    accept: nas.Message | None = None
    user_plane: bool = False
    # Of IPv6: what the SMF gave of the address, and the whole once the router told the prefix.
    interface_identifier: bytes | None = None
    address_ipv6: str | None = None

    @property
    def established(self) -> bool:
        """Whether the network gave it."""
        return self.state is SessionState.ACTIVE


@dataclass(slots=True)
class Registered:
    """What the network told in a registration, and in configuration updates since."""

    tai_list: tuple[nas.TrackingArea, ...] = ()
    allowed_nssai: tuple[Slice, ...] = ()
    configured_nssai: tuple[Slice, ...] = ()
    pending_nssai: tuple[Slice, ...] = ()
    rejected_nssai: tuple[nas.RejectedSNssai, ...] = ()
    t3512: int | None = None
    network_name: str | None = None
    slice_results: dict[Slice, bool] = field(default_factory=dict)
