"""One UE across interfaces, and what keys reveal of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from makmal.network.subscription import SUBSCRIPTIONS
from makmal.played.policy import OBSERVED, PROTECTED, NetworkPolicy, TransportPolicy
from makmal.played.recording import record
from makmal.protocol import nas
from makmal.trace.capture import open_capture
from makmal.trace.dissect import dissect
from makmal.trace.knowledge import Knowledge, parse_knowledge
from makmal.trace.message import (
    GtpuMessage,
    Interface,
    Message,
    NasMessage,
    NgapMessage,
    PfcpMessage,
    ProtectedPacket,
    SbiMessage,
    Step,
    TlsHandshake,
)

OPEN5GS = Path(__file__).parents[2].parent / "shared/captures/open5gs-registration-sbi.pcap"
FIRST, SECOND, THIRD = (subscription.supi for subscription in SUBSCRIPTIONS[:3])
# N2 and N4 can be read, but no service body gives keys away.
WITHOUT_SERVICES = NetworkPolicy(transport=TransportPolicy(False, False, False, True))


@pytest.fixture(scope="module")
def observed() -> list[Message]:
    recording = record(OBSERVED)
    return list(dissect(recording.frames, parse_knowledge(recording.keys)))


def test_every_message_of_a_ue_is_known_to_be_its_own(observed: list[Message]) -> None:
    owners = {
        message.user_equipment.supi
        for message in observed
        if isinstance(message, NasMessage | GtpuMessage) and message.user_equipment is not None
    }
    assert owners == {FIRST, SECOND, THIRD}
    unknown = [
        message
        for message in observed
        if isinstance(message, NasMessage | GtpuMessage)
        and (message.user_equipment is None or message.user_equipment.supi is None)
    ]
    assert unknown == []


def test_one_ue_object_spans_all_interfaces(observed: list[Message]) -> None:
    found = {
        type(message)
        for message in observed
        if not isinstance(message, TlsHandshake | ProtectedPacket)
        and getattr(message, "user_equipment", None) is not None
        and message.user_equipment.supi == FIRST
    }
    assert found == {NgapMessage, NasMessage, PfcpMessage, GtpuMessage, SbiMessage}
    objects = {
        id(message.user_equipment)
        for message in observed
        if isinstance(message, NgapMessage | NasMessage | PfcpMessage | GtpuMessage)
        and message.user_equipment is not None
        and message.user_equipment.supi == FIRST
        and message.interface is not Interface.SBI
    }
    assert len(objects) == 1


def test_a_concealed_suci_is_revealed_by_the_home_network_key(observed: list[Message]) -> None:
    request = next(message for message in observed if isinstance(message, NasMessage))
    assert request.user_equipment.suci is not None
    assert request.user_equipment.suci.protection_scheme == 1
    assert request.user_equipment.supi == FIRST


def test_every_mac_is_verified_and_every_message_read_with_the_long_term_key() -> None:
    recording = record(WITHOUT_SERVICES)
    messages = [
        message
        for message in dissect(recording.frames, parse_knowledge(recording.keys))
        if isinstance(message, NasMessage)
    ]
    protected = [message for message in messages if message.protected is not None]
    assert len(protected) > 20
    assert all(message.integrity_verified for message in protected)
    assert all(message.plain is not None for message in messages)
    counts = [
        message.count
        for message in protected
        if message.uplink and message.user_equipment.supi == FIRST
    ]
    # One COUNT comes twice: the message that is replayed.
    assert counts == [0, 1, 2, 2, 3, 4, 5, 6, 7]


def test_without_keys_ciphered_messages_stay_closed_and_say_so() -> None:
    recording = record(WITHOUT_SERVICES)
    messages = [message for message in dissect(recording.frames) if isinstance(message, NasMessage)]
    closed = [message for message in messages if message.plain is None]
    assert {message.name for message in closed} == {"Ciphered NAS message"}
    assert len(closed) > 10
    assert all(message.integrity_verified is None for message in messages)


def test_a_wrong_key_verifies_nothing_and_reads_nothing() -> None:
    recording = record(WITHOUT_SERVICES)
    keys = recording.keys.replace(SUBSCRIPTIONS[0].key.hex(), "00" * 16)
    messages = [
        message
        for message in dissect(recording.frames, parse_knowledge(keys))
        if isinstance(message, NasMessage)
        and message.user_equipment.supi == FIRST
        and message.protected is not None
    ]
    assert not any(message.integrity_verified for message in messages)
    ciphered = nas.SecurityHeaderType.INTEGRITY_PROTECTED_AND_CIPHERED
    assert all(
        message.plain is None
        for message in messages
        if message.protected is not None and message.protected.security_header_type is ciphered
    )


@pytest.mark.parametrize("given", ["k_amf", "k_nas_enc and k_nas_int"])
def test_keys_below_k_open_the_same_messages(given: str) -> None:
    recording = record(WITHOUT_SERVICES)
    full = [
        message
        for message in dissect(recording.frames, parse_knowledge(recording.keys))
        if isinstance(message, NasMessage) and message.user_equipment.supi == FIRST
    ]
    context = full[-1].user_equipment.current
    assert context is not None
    assert context.k_amf is not None
    assert context.k_nas_enc is not None
    assert context.k_nas_int is not None
    if given == "k_amf":
        entry = f'k_amf = "{context.k_amf.hex()}"'
    else:
        entry = f'k_nas_enc = "{context.k_nas_enc.hex()}"\nk_nas_int = "{context.k_nas_int.hex()}"'
    knowledge = parse_knowledge(f"[[nas_keys]]\n{entry}\n")
    opened = [
        message
        for message in dissect(recording.frames, knowledge)
        if isinstance(message, NasMessage) and message.integrity_verified
    ]
    assert [m.frame for m in opened] == [m.frame for m in full if m.integrity_verified]
    assert all(message.plain is not None for message in opened)


def test_protected_interfaces_show_their_protection_only() -> None:
    recording = record(PROTECTED)
    messages = list(dissect(recording.frames, parse_knowledge(recording.keys)))
    assert {type(message) for message in messages} == {ProtectedPacket, Step, TlsHandshake}
    seen = {m.interface for m in messages if isinstance(m, ProtectedPacket)}
    assert seen == {Interface.N2, Interface.N3, Interface.N4}
    handshakes = [m for m in messages if isinstance(m, TlsHandshake)]
    for handshake in handshakes:
        assert handshake.client_hello is not None
        assert handshake.server_hello is not None
        assert handshake.server_hello.version_name == "TLS 1.3"
        assert handshake.server_hello.is_suite_allowed


def test_keys_that_a_core_gives_away_on_its_services_are_used() -> None:
    if not OPEN5GS.exists():
        pytest.skip("the shared captures are not here")
    with open_capture(OPEN5GS) as capture:
        messages = [m for m in dissect(capture, Knowledge()) if isinstance(m, NasMessage)]
    protected = [
        message
        for message in messages
        if message.protected is not None and message.interface is Interface.N1
    ]
    # From K and OPc in a UDR answer down to KNASint: every MAC of a real core verifies.
    assert [message.integrity_verified for message in protected] == [True] * 7
    assert {message.user_equipment.supi for message in protected} == {"imsi-999700000000001"}
