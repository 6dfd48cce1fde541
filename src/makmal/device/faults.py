"""Weaknesses of the device, and variations as sound as ours."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from makmal.catalogue.provisions import STATEMENT, provisions
from makmal.device.policy import DevicePolicy
from makmal.network.faults.fault import Fault, Variation
from makmal.network.tls_policy import TlsPolicy

PRODUCT_CLASS = "device"
_OLD_SUITES = "ECDHE+AESGCM:ECDHE+AES"


def _change(**choices: Any) -> Callable[[DevicePolicy], DevicePolicy]:
    return lambda policy: replace(policy, **choices)


def _fault(name: str, description: str, *caught_by: str, **choices: Any) -> Fault:
    """``caught_by`` are numbers of provisions."""
    names = tuple(provisions()[each].test_case for each in caught_by)
    return Fault(name, PRODUCT_CLASS, description, _change(**choices), names)


# What only a statement tells of.
_STATED = tuple(each.identity for each in provisions().values() if each.assessed == STATEMENT)

FAULTS: tuple[Fault, ...] = (
    _fault("universal-password", "takes admin:admin", "5.1-1", has_universal_password=True),
    _fault("guessing-unlimited", "lets passwords be guessed", "5.1-5", most_failed_logins=None),
    _fault(
        "password-fixed",
        "has no way to change the password",
        "5.1-4",
        password_can_be_changed=False,
    ),
    _fault(
        "old-password-kept",
        "goes on to take the old password",
        "5.1-4",
        forgets_old_password=False,
    ),
    _fault("not-updatable", "cannot be updated", "5.3-2", can_be_updated=False),
    _fault(
        "image-integrity-not-verified",
        "installs images that were altered",
        "5.3-9",
        verifies_integrity=False,
    ),
    _fault(
        "image-signer-not-verified",
        "installs images that anybody has signed",
        "5.3-10",
        verifies_signer=False,
    ),
    _fault(
        "update-without-login",
        "takes updates from anybody",
        "5.3-10",
        "5.5-5",
        update_needs_login=False,
    ),
    _fault(
        "device-tls-1.0",
        "takes TLS 1.0",
        "5.1-3",
        "5.3-7",
        "5.5-1",
        tls=TlsPolicy(lowest=ssl.TLSVersion.TLSv1, suites=_OLD_SUITES),
    ),
    _fault(
        "device-certificate-expired",
        "has a certificate that has expired",
        "5.1-3",
        "5.3-7",
        "5.5-1",
        tls=TlsPolicy(days=-3),
    ),
    _fault(
        "web-in-clear-text",
        "has its web page without TLS too",
        "5.1-3",
        "5.3-7",
        "5.5-6",
        "5.6-1",
        serves_clear_text=True,
    ),
    _fault("status-without-login", "shows its state to anybody", "5.5-4", status_needs_login=False),
    _fault(
        "settings-without-login",
        "lets anybody change its settings, and reset it",
        "5.5-5",
        settings_need_login=False,
    ),
    _fault(
        "mqtt-without-login",
        "talks to anybody on MQTT",
        "5.5-4",
        "5.6-2",
        broker_needs_login=False,
    ),
    _fault(
        "telemetry-in-clear-text",
        "sends readings without TLS",
        "5.5-6",
        "5.5-7",
        "5.8-1",
        "5.8-2",
        telemetry_in_tls=False,
    ),
    _fault(
        "broker-not-verified",
        "sends readings to whoever answers as its broker",
        "5.5-7",
        "5.8-2",
        verifies_broker=False,
    ),
    _fault(
        "debug-port-open",
        "has a shell left open that tells the password",
        "5.6-1",
        "5.6-5",
        debug_port_open=True,
    ),
    _fault(
        "spare-port-open", "has a port open that nobody knows of", "5.6-1", spare_port_open=True
    ),
    _fault(
        "discloses-itself",
        "tells anybody its version and serial number",
        "5.6-2",
        discloses_itself=True,
    ),
    _fault(
        "useless-without-network",
        "does nothing while its broker is away",
        "5.9-2",
        works_without_network=False,
    ),
    _fault("never-reconnects", "does not come back to its broker", "5.9-2", reconnects=False),
    _fault(
        "reconnects-in-a-storm",
        "tries to connect several times a second",
        "5.9-3",
        first_retry=0.2,
        longest_retry=0.2,
    ),
    _fault("data-survives-reset", "keeps data over a reset", "5.11-1", reset_erases_data=False),
    _fault("input-not-validated", "breaks on wrong input", "5.13-1", validates_input=False),
    _fault(
        "denies-provisions",
        "its conformance statement says of every provision that it is not met, and not why",
        *_STATED,
        denied_provisions=_STATED,
    ),
)


def _variation(name: str, description: str, **choices: Any) -> Variation:
    return Variation(name, PRODUCT_CLASS, description, _change(**choices))


VARIATIONS: tuple[Variation, ...] = (
    _variation("fewer-attempts", "it takes three wrong passwords", most_failed_logins=3),
    _variation(
        "device-only-tls-1.2",
        "it has TLS 1.2 only",
        tls=TlsPolicy(highest=ssl.TLSVersion.TLSv1_2),
    ),
    _variation("patient-client", "it waits longer between attempts", first_retry=8.0),
)
