"""What a UE does, and what a test can make it do wrong. The default is a sound UE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from makmal.network.slices import Slice
from makmal.protocol import nas
from makmal.protocol.element import InformationElement
from makmal.protocol.nas.capabilities import FiveGmmFeature


@dataclass(frozen=True, slots=True)
class UeTimers:
    """Timers of the UE in seconds (TS 24.501, tables 10.2.1 and 10.3.1), and how often they may
    expire before the UE gives up.
    """

    t3510: float = 15.0
    t3511: float = 10.0
    t3517: float = 15.0
    t3521: float = 15.0
    t3580: float = 16.0
    t3581: float = 16.0
    t3582: float = 16.0
    attempts: int = 5


class SliceAnswer(Enum):
    """How the UE answers the authentication of a slice."""

    GOOD = auto()
    BAD = auto()
    NONE = auto()


@dataclass(frozen=True, slots=True)
class UePolicy:
    """What the UE offers, how it names itself, and how it answers.

    ``capability_octets`` is sent as UE security capability whatever it is; else the algorithms of
    ``encryption`` and ``integrity`` are offered. ``suci_scheme`` takes the place of the
    subscription's. ``guti`` is registered with instead of what the UE has; with
    ``registers_with_suci`` it never shows a 5G-GUTI; with ``forgets_security_context`` it shows one
    but has no keys any more. ``requested_nssai`` None leaves the choice to
    TS 24.501, 5.5.1.2.2: the slices that were allowed before, or none. ``registration_elements``
    are added to the Registration Request, or put in place of what would be there.

    Where one of the counts in ``synchronisation_failures`` and ``mac_failures`` is not zero, the
    USIM finds that many challenges wrong before it accepts one.
    """

    # What it offers.
    encryption: tuple[int, ...] = (0, 1, 2, 3)
    integrity: tuple[int, ...] = (0, 1, 2, 3)
    capability_of_eps: bool = True
    capability_octets: bytes | None = None
    mm_capability: FiveGmmFeature = FiveGmmFeature.NSSAA
    requested_nssai: tuple[Slice, ...] | None = None
    follow_on_request: bool = False
    registration_elements: Mapping[InformationElement[Any], Any] = field(default_factory=dict)

    # How it names itself.
    suci_scheme: int | None = None
    registers_with_suci: bool = False
    guti: nas.FiveGGuti | None = None
    forgets_security_context: bool = False
    imeisv: str | None = None
    answers_identity_request: bool = True

    # Authentication (TS 24.501, 5.4.1).
    answers_authentication: bool = True
    alters_res_star: bool = False
    synchronisation_failures: int = 0
    mac_failures: int = 0
    finds_key_set_in_use: bool = False

    # Security mode (TS 24.501, 5.4.2).
    answers_security_mode: bool = True
    rejects_security_mode: int | None = None
    checks_replayed_capabilities: bool = True
    accepts_null_integrity: bool = False
    sends_whole_request: bool = True

    # Registration, configuration and deregistration.
    registration_attempts: int = 1
    completes_registration: bool = True
    completes_configuration_update: bool = True
    accepts_deregistration: bool = True
    answers_paging: bool = True
    slice_answer: SliceAnswer = SliceAnswer.GOOD

    # Sessions (TS 24.501, 6).
    answers_session_commands: bool = True

    timers: UeTimers = UeTimers()

    @property
    def security_capability(self) -> bytes:
        """The octets of the UE security capability."""
        if self.capability_octets is not None:
            return self.capability_octets
        return nas.UESecurityCapability.of(
            self.encryption, self.integrity, self.capability_of_eps
        ).octets
