"""The UE of the laboratory (TS 24.501), with the policy that makes it do wrong on purpose."""

from makmal.network.ue.access import NoUserPlaneError
from makmal.network.ue.policy import SliceAnswer, UePolicy, UeTimers
from makmal.network.ue.state import (
    Exchanged,
    Outcome,
    PduSession,
    ProcedureResult,
    RegistrationResult,
    SessionState,
)
from makmal.network.ue.ue import Ue

__all__ = [
    "Exchanged",
    "NoUserPlaneError",
    "Outcome",
    "PduSession",
    "ProcedureResult",
    "RegistrationResult",
    "SessionState",
    "SliceAnswer",
    "Ue",
    "UePolicy",
    "UeTimers",
]
