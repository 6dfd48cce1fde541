"""The UPF: PFCP with the SMF on N4, GTP-U with the gNB on N3 (TS 23.501, 6.2.3)."""

from makmal.network.upf.policy import UpfPolicy
from makmal.network.upf.session import UpSession
from makmal.network.upf.upf import Upf

__all__ = ["UpSession", "Upf", "UpfPolicy"]
