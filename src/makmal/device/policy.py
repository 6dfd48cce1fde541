"""What the device does about security: the defaults are sound."""

from __future__ import annotations

from dataclasses import dataclass, field

from makmal.network.tls_policy import TlsPolicy


@dataclass(frozen=True, slots=True)
class DevicePolicy:
    """One choice for each weakness that it could have. Times are seconds."""

    tls: TlsPolicy = field(default_factory=TlsPolicy)
    # 5.1: passwords.
    has_universal_password: bool = False
    most_failed_logins: int | None = 5
    login_pause: float = 60.0
    password_can_be_changed: bool = True
    forgets_old_password: bool = True
    # 5.3: updates.
    can_be_updated: bool = True
    verifies_integrity: bool = True
    verifies_signer: bool = True
    update_needs_login: bool = True
    # 5.5 and 5.8: communication.
    serves_clear_text: bool = False
    status_needs_login: bool = True
    settings_need_login: bool = True
    broker_needs_login: bool = True
    telemetry_in_tls: bool = True
    verifies_broker: bool = True
    # 5.6: the attack surface.
    debug_port_open: bool = False
    spare_port_open: bool = False
    discloses_itself: bool = False
    # 5.9: outages.
    works_without_network: bool = True
    reconnects: bool = True
    first_retry: float = 2.0
    longest_retry: float = 60.0
    # 5.11 and 5.13.
    reset_erases_data: bool = True
    validates_input: bool = True
    # 4 to 6: provisions that its conformance statement denies.
    denied_provisions: tuple[str, ...] = ()
