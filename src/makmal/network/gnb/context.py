"""What the gNB holds of an AMF and of a UE (TS 38.413, 3.1; TS 38.401, 8.9)."""

from __future__ import annotations

from dataclasses import dataclass, field

from makmal.network.ue.access import Terminal
from makmal.network.world import N2Link
from makmal.protocol import ngap
from makmal.protocol.ngap.transfer import SecurityIndication


@dataclass(eq=False, slots=True)
class AmfAssociation:
    """An AMF that NG was set up with."""

    link: N2Link
    name: str = ""
    guamis: tuple[ngap.Guami, ...] = ()
    plmns: tuple[ngap.PlmnSupport, ...] = ()
    capacity: int = 0
    overloaded: bool = False
    closed: str | None = None

    def serves(self, set_id: int, pointer: int) -> bool:
        """Whether it is the AMF of this set and pointer."""
        return any(
            (guami.amf_set_id, guami.amf_pointer) == (set_id, pointer) for guami in self.guamis
        )


@dataclass(eq=False, slots=True)
class SessionResources:
    """A PDU session's radio and tunnel: ``uplink`` is the UPF's end, ``downlink_teid`` ours."""

    identity: int
    uplink: ngap.GTPTunnel
    downlink_teid: int
    s_nssai: ngap.SNssai | None = None
    flows: tuple[int, ...] = (1,)
    security: SecurityIndication | None = None


@dataclass(eq=False, slots=True)
class UeContext:
    """A UE-associated connection. ``terminal`` is None before it came here, and once it has gone.

    ``security_key`` is KgNB; ``next_hop`` is NH with its chaining count, once the AMF gave one.
    """

    ran_ue_ngap_id: int
    amf: AmfAssociation
    terminal: Terminal | None
    amf_ue_ngap_id: int | None = None
    guami: ngap.Guami | None = None
    allowed_nssai: tuple[ngap.SliceItem, ...] = ()
    security_capabilities: ngap.UESecurityCapabilities | None = None
    security_key: bytes = b""
    next_hop: bytes = b""
    next_hop_chaining_count: int = 0
    nas_container: bytes | None = None
    established: bool = False
    suspended: bool = False
    sessions: dict[int, SessionResources] = field(default_factory=dict)
    first_message: bytes = b""
    held_uplink: list[bytes] = field(default_factory=list)

    @property
    def ids(self) -> tuple[int, int]:
        """AMF and RAN UE NGAP id. Raises RuntimeError before the AMF has given its own."""
        if self.amf_ue_ngap_id is None:
            raise RuntimeError(f"the AMF has not answered UE {self.ran_ue_ngap_id} yet")
        return self.amf_ue_ngap_id, self.ran_ue_ngap_id
