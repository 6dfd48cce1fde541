"""The reference network as it is recorded: its nodes, their addresses, and the wires between them.

It plays both ends of every interface, by its policy, into a capture. The nodes will come to run by
themselves; messages, keys and policies are those already.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from makmal.played.policy import NetworkPolicy
from makmal.played.services import ServerTls, ServiceBus
from makmal.protocol import ngap
from makmal.security import tokens
from makmal.trace.compose import Composer
from makmal.trace.esp import EspTunnel
from makmal.trace.frame import Endpoint

GNB = "192.0.2.10"
AMF = "192.0.2.20"
SMF = "192.0.2.30"
UPF = "192.0.2.40"
_SERVICE_NODES = {"AMF": 20, "SMF": 30, "AUSF": 50, "UDM": 60, "NRF": 80}
INSTANCES = {
    name: f"00000000-0000-4000-8000-0000000000{number}" for name, number in _SERVICE_NODES.items()
}
_NGAP_PORT, _PFCP_PORT, _GTPU_PORT = 38412, 8805, 2152
_PPID_NGAP = 60
_TOKEN_SECONDS = 3600
# The ends of the interfaces that IPsec can protect.
INTERFACES = {"n2": (GNB, AMF), "n3": (GNB, UPF), "n4": (SMF, UPF)}


class Network:
    """The wires, and what every procedure needs of them."""

    def __init__(self, policy: NetworkPolicy, composer: Composer) -> None:
        self.policy = policy
        self.composer = composer
        self.started = composer.now_ns // 1_000_000_000
        protected = {
            "n2": policy.transport.ipsec_on_n2,
            "n3": policy.transport.ipsec_on_n3,
            "n4": policy.transport.ipsec_on_n4,
        }
        for number, (name, ends) in enumerate(INTERFACES.items(), 1):
            if protected[name]:
                tunnel = EspTunnel(number_octets(f"esp {name}", 20), 0x1000 * number)
                composer.protect(*ends, tunnel)
        in_tls = policy.transport.tls_on_service_interface
        # Ports that say nothing: it is the content that tells the service-based interface.
        port = 443 if in_tls else 8080
        addresses = {
            name: Endpoint(f"198.51.100.{number}", port) for name, number in _SERVICE_NODES.items()
        }
        self.services = ServiceBus(composer, addresses, ServerTls() if in_tls else None)
        self._n2 = composer.association(Endpoint(GNB, 50_000), Endpoint(AMF, _NGAP_PORT))
        self._nrf_key = ec.generate_private_key(ec.SECP256R1())
        self._pfcp_sequence = 0
        self._counters: dict[str, int] = {}

    def next(self, what: str, first: int = 1) -> int:
        """The next number of a kind: an identifier that was not given out before."""
        number = self._counters.get(what, first)
        self._counters[what] = number + 1
        return number

    def to_amf(self, pdu: ngap.Pdu) -> None:
        """An NGAP message of the gNB."""
        self._n2.send(True, pdu.encode(), _PPID_NGAP, 1)

    def to_gnb(self, pdu: ngap.Pdu) -> None:
        """An NGAP message of the AMF."""
        self._n2.send(False, pdu.encode(), _PPID_NGAP, 1)

    def n4(self, from_smf: bool, octets: bytes) -> None:
        """A PFCP message."""
        smf, upf = Endpoint(SMF, _PFCP_PORT), Endpoint(UPF, _PFCP_PORT)
        source, destination = (smf, upf) if from_smf else (upf, smf)
        self.composer.udp(source, destination, octets)

    def n3(self, uplink: bool, octets: bytes) -> None:
        """A GTP-U message."""
        gnb, upf = Endpoint(GNB, _GTPU_PORT), Endpoint(UPF, _GTPU_PORT)
        source, destination = (gnb, upf) if uplink else (upf, gnb)
        self.composer.udp(source, destination, octets)

    def claims(self, consumer: str, audience: str, scope: str) -> dict[str, Any]:
        """The claims of an access token (TS 29.510, 6.3.5.2.4)."""
        now = self.composer.now_ns // 1_000_000_000
        return {
            "iss": INSTANCES["NRF"],
            "sub": INSTANCES[consumer],
            "aud": audience,
            "scope": scope,
            "exp": now + _TOKEN_SECONDS,
        }

    def token(self, consumer: str, producer: str, scope: str) -> str:
        """An access token as the NRF grants it (TS 33.501, 13.4.1.1)."""
        return tokens.sign(self.claims(consumer, producer, scope), self._nrf_key, "ES256")

    def close(self) -> None:
        """End the connections."""
        self.services.close()
        self._n2.shutdown()


def number_octets(seed: str, length: int) -> bytes:
    """Octets that look random and are the same in every recording."""
    return sha256(f"makmal {seed}".encode()).digest()[:length]
