"""What a fault is, and what a benign variation is.

No test case without a fault that it catches: ``caught_by`` are the test cases that must fail on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from makmal.network.amf.policy import AmfPolicy
from makmal.network.ausf.policy import AusfPolicy
from makmal.network.bsf import BsfPolicy
from makmal.network.chf import ChfPolicy
from makmal.network.gnb.policy import GnbPolicy
from makmal.network.nrf.policy import NrfPolicy
from makmal.network.nssaaf import NssaafPolicy
from makmal.network.nssf import NssfPolicy
from makmal.network.pcf import PcfPolicy
from makmal.network.service_policy import ServicePolicy
from makmal.network.smf.policy import SmfPolicy
from makmal.network.transport.tls_policy import TlsPolicy
from makmal.network.udm.policy import UdmPolicy
from makmal.network.udr import UdrPolicy
from makmal.network.upf.policy import UpfPolicy


@dataclass(frozen=True, slots=True)
class NetworkPolicy:
    """The policies of all functions together. ``services`` has, by the name of a function, how it
    treats requests, and ``transport`` how it protects them; a function that is not in it does so as
    is sound.
    """

    amf: AmfPolicy = field(default_factory=AmfPolicy)
    ausf: AusfPolicy = field(default_factory=AusfPolicy)
    bsf: BsfPolicy = field(default_factory=BsfPolicy)
    chf: ChfPolicy = field(default_factory=ChfPolicy)
    gnb: GnbPolicy = field(default_factory=GnbPolicy)
    nrf: NrfPolicy = field(default_factory=NrfPolicy)
    nssaaf: NssaafPolicy = field(default_factory=NssaafPolicy)
    nssf: NssfPolicy = field(default_factory=NssfPolicy)
    pcf: PcfPolicy = field(default_factory=PcfPolicy)
    smf: SmfPolicy = field(default_factory=SmfPolicy)
    udm: UdmPolicy = field(default_factory=UdmPolicy)
    udr: UdrPolicy = field(default_factory=UdrPolicy)
    upf: UpfPolicy = field(default_factory=UpfPolicy)
    services: Mapping[str, ServicePolicy] = field(default_factory=dict)
    transport: Mapping[str, TlsPolicy] = field(default_factory=dict)


SOUND = NetworkPolicy()

# From a policy to one with another choice. What policy it is depends on what is embedded: the
# reference network's is NetworkPolicy.
Change = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """A policy that no product should have. ``function`` is the product class whose it is."""

    name: str
    function: str
    description: str
    apply: Change
    caught_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Variation:
    """A choice that is as sound as ours: no verdict may turn on it."""

    name: str
    function: str
    description: str
    apply: Change
