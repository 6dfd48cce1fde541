"""What the cloud application does about security: the defaults are sound."""

from __future__ import annotations

from dataclasses import dataclass, field

from makmal.network.tls_policy import TlsPolicy

__all__ = ["CloudPolicy", "TlsPolicy"]


@dataclass(frozen=True, slots=True)
class CloudPolicy:
    """One choice for each weakness of the OWASP API Security Top 10 2023 that it could have.

    Limits are None where there is none; times are seconds.
    """

    name: str = "sensors"
    tls: TlsPolicy = field(default_factory=TlsPolicy)
    # API1: whose object is it?
    checks_owner_on_reading: bool = True
    checks_owner_on_change: bool = True
    hides_existence: bool = True
    # API2: who is it?
    needs_token: bool = True
    verifies_token_signature: bool = True
    refuses_unsigned_tokens: bool = True
    ends_token_at_logout: bool = True
    most_failed_logins: int | None = 5
    login_pause: float = 60.0
    least_password: int = 10
    same_answer_to_unknown_name: bool = True
    password_cost: int = 1 << 14
    # API3: which properties?
    rejects_unknown_properties: bool = True
    ignores_unknown_properties: bool = False
    role_can_be_set: bool = False
    shows_password_hash: bool = False
    # API4: how much?
    most_body: int | None = 65_536
    request_seconds: float | None = 10.0
    most_requests: int | None = 100
    request_window: float = 10.0
    longest_page: int | None = 100
    clamps_pages: bool = False
    # API5: which functions?
    checks_role_on_reading: bool = True
    checks_role_on_change: bool = True
    # API6: how often?
    most_new_accounts: int | None = 10
    # API7 and API10: what is fetched from elsewhere?
    fetches_only_permitted_hosts: bool = True
    follows_redirects_anywhere: bool = False
    most_fetched: int | None = 65_536
    validates_fetched: bool = True
    # API8: how is it set up?
    shows_errors: bool = False
    allows_any_origin: bool = False
    shows_server_version: bool = False
    answers_trace: bool = False
    serves_clear_text: bool = False
    strict_transport_security: bool = True
    content_type_options: bool = True
    frame_options: bool = True
    no_store: bool = True
    # API9: what is alive?
    old_version_alive: bool = False
    debugging_path_alive: bool = False
    # Input.
    validates_bodies: bool = True
    validates_parameters: bool = True
    survives_any_type: bool = True
