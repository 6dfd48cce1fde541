"""Playing the reference network into a capture, with the keys file that belongs to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from makmal.network import n2_messages, n4_messages
from makmal.network.subscription import (
    HOME_NETWORK_KEY_IDENTIFIER,
    HOME_NETWORK_PRIVATE_KEY,
    SUBSCRIPTIONS,
)
from makmal.played import registration, sessions
from makmal.played.device import Device
from makmal.played.network import INSTANCES, INTERFACES, SMF, UPF, Network
from makmal.played.policy import NetworkPolicy
from makmal.played.services import Body, json_body
from makmal.protocol import nas
from makmal.security import tokens
from makmal.security.nas_algorithms import Direction
from makmal.trace.compose import Composer
from makmal.trace.frame import Frame
from makmal.trace.pcapng import Writer

# 2026-01-05 09:00:00 UTC. Recordings of one policy differ in no more than the octets of TLS and of
# the tokens' signatures.
_START_NS = 1_767_603_600 * 1_000_000_000
_GMM_STATUS_CAUSE = 97


@dataclass(frozen=True, slots=True)
class Recording:
    """A capture and what the laboratory knows beside it."""

    frames: list[Frame]
    keys: str

    def write(self, directory: Path, name: str) -> tuple[Path, Path]:
        """Write ``<name>.pcapng`` and ``<name>.toml``; their paths. Raises OSError."""
        directory.mkdir(parents=True, exist_ok=True)
        capture, keys = directory / f"{name}.pcapng", directory / f"{name}.toml"
        with capture.open("wb") as stream:
            writer = Writer(stream, "The reference network of Makmal, played by its policy")
            for frame in self.frames:
                writer.write(frame)
        keys.write_text(self.keys, encoding="utf-8")
        return capture, keys


def record(policy: NetworkPolicy) -> Recording:
    """Play a working day of the network in small: everything that the audit's judges look for."""
    composer = Composer(_START_NS)
    composer.mark("gNB and UPF join the network")
    network = Network(policy, composer)
    _start(network)
    first, second, third = (Device(subscription) for subscription in SUBSCRIPTIONS[:3])
    composer.mark("registration, with a synchronisation failure")
    registration.register(network, first, resynchronise=True)
    composer.mark("registration of a second UE")
    registration.register(network, second)
    composer.mark("PDU sessions and user traffic")
    session, request = sessions.establish(network, first, 1)
    other, _ = sessions.establish(network, second, 1)
    sessions.exchange_packets(network, session, 4)
    sessions.exchange_packets(network, other, 2)
    composer.mark("a NAS message is replayed")
    _replay(network, first, request)
    further, _ = sessions.establish(network, first, 2)
    composer.mark("a NAS message without protection")
    _unprotected(network, first)
    last, _ = sessions.establish(network, first, 3)
    if policy.amf.sends_plain_after_security:
        registration.downlink(network, first, _status().encode())
    composer.mark("registration with invalid security capabilities")
    third.capability = nas.UESecurityCapability.of((0, 1, 2, 3), ())
    registration.register(network, third)
    composer.mark("requests that no producer may serve")
    _probe_services(network)
    composer.mark("mobility registration update")
    registration.release(network, first)
    composer.wait(30)
    registration.update_registration(network, first)
    composer.mark("deregistration")
    for ended in (session, further, last, other):
        sessions.delete(network, ended)
    registration.deregister(network, first)
    registration.deregister(network, second)
    network.close()
    return Recording(composer.frames, keys_file(policy))


def _start(network: Network) -> None:
    network.to_amf(n2_messages.ng_setup_request())
    network.to_gnb(n2_messages.ng_setup_response())
    number = network.next("PFCP sequence number")
    started = network.started
    network.n4(True, n4_messages.association_setup(SMF, started, number).encode())
    network.n4(False, n4_messages.association_setup(UPF, started, number, True).encode())
    number = network.next("PFCP sequence number")
    network.n4(True, n4_messages.heartbeat(started, number).encode())
    network.n4(False, n4_messages.heartbeat(started, number, True).encode())
    for name, instance in INSTANCES.items():
        if name == "NRF":
            continue
        profile = {"nfInstanceId": instance, "nfType": name, "nfStatus": "REGISTERED"}
        path = f"/nnrf-nfm/v1/nf-instances/{instance}"
        body = json_body(profile)
        network.services.exchange(name, "NRF", "PUT", path, body, status=201, answer=body)
    form = Body(
        "application/x-www-form-urlencoded",
        f"grant_type=client_credentials&nfInstanceId={INSTANCES['AMF']}&nfType=AMF"
        "&targetNfType=UDM&scope=nudm-uecm".encode(),
    )
    granted = {
        "access_token": network.token("AMF", "UDM", "nudm-uecm"),
        "token_type": "Bearer",
        "expires_in": 3600,
        "scope": "nudm-uecm",
    }
    network.services.exchange(
        "AMF", "NRF", "POST", "/oauth2/token", form, answer=json_body(granted)
    )


def _status() -> nas.Message:
    return nas.build(nas.MessageType.FIVE_GMM_STATUS, {nas.ie.FIVE_GMM_CAUSE: _GMM_STATUS_CAUSE})


def _replay(network: Network, device: Device, request: bytes) -> None:
    network.composer.wait(1)
    registration.uplink(network, device, request)
    if network.policy.amf.answers_replayed_nas:
        octets = device.context.protect(_status(), Direction.DOWNLINK)
        registration.downlink(network, device, octets)
    network.composer.wait(1)


def _unprotected(network: Network, device: Device) -> None:
    registration.uplink(network, device, sessions.establishment_request(9).encode())
    if network.policy.amf.answers_unprotected_nas:
        octets = device.context.protect(_status(), Direction.DOWNLINK)
        registration.downlink(network, device, octets)
    network.composer.wait(1)


def _probe_services(network: Network) -> None:
    """Requests of a consumer that means ill, and the producer's answers by its policy."""
    core = network.policy.core
    path = f"/nudm-sdm/v2/{SUBSCRIPTIONS[0].supi}/am-data"
    claims = network.claims("SMF", "UDM", "nudm-sdm")
    _probe(network, path, None, 401, core.serves_without_token)
    _probe(network, path, tokens.unsigned(claims), 401, core.serves_unsigned_token)
    foreign = network.token("SMF", "AUSF", "nudm-sdm")
    _probe(network, path, foreign, 403, core.serves_wrong_audience)
    network.services.exchange(
        "SMF",
        "UDM",
        "POST",
        f"/nudm-sdm/v2/{SUBSCRIPTIONS[0].supi}/sdm-subscriptions",
        Body(
            "application/json", b'{"nfInstanceId":"a","callbackReference":"b","nfInstanceId":"c"}'
        ),
        status=201 if core.accepts_duplicate_keys else 400,
        answer=json_body({} if core.accepts_duplicate_keys else _problem(400)),
        token=network.token("SMF", "UDM", "nudm-sdm"),
    )


def _probe(network: Network, path: str, token: str | None, status: int, served: bool) -> None:
    network.services.exchange(
        "SMF",
        "UDM",
        "GET",
        path,
        status=200 if served else status,
        answer=json_body({"gpsis": ["msisdn-0900000000"]} if served else _problem(status)),
        token=token,
    )


def _problem(status: int) -> dict[str, Any]:
    titles = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden"}
    return {"status": status, "title": titles[status]}


def keys_file(policy: NetworkPolicy) -> str:
    """What the laboratory knows of the network, as ``--keys`` takes it."""
    lines = ["# Made with the capture of the same name. See docs/keys.md.", ""]
    for subscription in SUBSCRIPTIONS:
        lines += [
            "[[subscriber]]",
            f'supi = "{subscription.supi}"',
            f'k = "{subscription.key.hex()}"',
            f'opc = "{subscription.opc.hex()}"',
            "",
        ]
    lines += [
        "[[home_network_key]]",
        f"identifier = {HOME_NETWORK_KEY_IDENTIFIER}",
        'profile = "A"',
        f'private_key = "{HOME_NETWORK_PRIVATE_KEY.hex()}"',
        "",
        "[amf]",
        f"integrity_algorithms = {_names('I', policy.amf.integrity_algorithms)}",
        f"ciphering_algorithms = {_names('E', policy.amf.ciphering_algorithms)}",
        "",
        "[interface_addresses]",
        *(f'{name} = ["{one}", "{other}"]' for name, (one, other) in INTERFACES.items()),
        "",
    ]
    return "\n".join(lines)


def _names(family: str, algorithms: tuple[int, ...]) -> str:
    return "[" + ", ".join(f'"128-N{family}A{number}"' for number in algorithms) + "]"
