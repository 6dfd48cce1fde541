"""One UE as a trace shows it: its identities, its NAS security, its PDU sessions."""

from __future__ import annotations

from dataclasses import dataclass, field

from makmal.protocol import nas, ngap


@dataclass(slots=True)
class NasContext:
    """A 5G NAS security context (TS 33.501, 3.1), as far as the trace and the keys reveal it.

    ``k_amf`` and the two NAS keys are None when the laboratory has no key. Counts are the highest
    NAS COUNT seen in each direction, -1 before the first (TS 24.501, 4.4.3.1).
    """

    algorithms: nas.SecurityAlgorithms
    k_amf: bytes | None = None
    k_nas_enc: bytes | None = None
    k_nas_int: bytes | None = None
    uplink_count: int = -1
    downlink_count: int = -1
    recent_uplink: dict[int, bytes] = field(default_factory=dict)


@dataclass(slots=True)
class Challenge:
    """The last Authentication Request of a UE: what its keys will be derived from."""

    rand: bytes
    autn: bytes
    abba: bytes


@dataclass(slots=True)
class PduSession:
    """One PDU session as N1, N2 and N4 show it.

    ``core_tunnel`` is the UPF's end on N3 and ``access_tunnel`` the gNB's: (address, TEID).
    """

    identity: int
    dnn: str | None = None
    s_nssai: ngap.SNssai | None = None
    core_tunnel: tuple[str, int] | None = None
    access_tunnel: tuple[str, int] | None = None


@dataclass(slots=True, eq=False, weakref_slot=True)
class UserEquipment:
    """One UE. ``number`` is its own in the trace, in order of appearance.

    ``connected`` tells that an N2 connection for it is up; ``secured`` that the secure exchange
    of NAS messages was established on that connection (TS 24.501, 4.4.2.5).
    """

    number: int
    supi: str | None = None
    suci: nas.Suci | None = None
    guti: nas.FiveGGuti | None = None
    previous_guti: nas.FiveGGuti | None = None
    serving_plmn: str | None = None
    capability: nas.UESecurityCapability | None = None
    emergency: bool = False
    challenge: Challenge | None = None
    current: NasContext | None = None
    pending: NasContext | None = None
    connected: bool = False
    secured: bool = False
    deregistered: bool = False
    sessions: dict[int, PduSession] = field(default_factory=dict)
    # KgNB, and NH by chaining count, as N2 showed them.
    k_gnb: bytes | None = None
    next_hops: dict[int, bytes] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        """The best name known for the UE: SUPI, 5G-TMSI, or its number in the trace."""
        if self.supi is not None:
            return self.supi
        if self.guti is not None:
            return f"5g-tmsi-{self.guti.tmsi:08x}"
        return f"ue-{self.number}"
