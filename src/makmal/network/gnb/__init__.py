"""The gNB of the laboratory (TS 38.413), with the policy that makes it do wrong on purpose."""

from makmal.network.gnb.context import AmfAssociation, SessionResources, UeContext
from makmal.network.gnb.gnb import Gnb
from makmal.network.gnb.interface import NgSetupError
from makmal.network.gnb.policy import GnbPolicy

__all__ = [
    "AmfAssociation",
    "Gnb",
    "GnbPolicy",
    "NgSetupError",
    "SessionResources",
    "UeContext",
]
