"""TLS of one network function: its certificate, and whom it trusts (TS 33.501, 13.1)."""

from __future__ import annotations

from functools import cached_property

from makmal.network.transport.tls import ClientTls, ServerTls
from makmal.network.transport.tls_policy import TlsPolicy
from makmal.security.certificates import CertificateAuthority, Flaw, Subject


class FunctionTls:
    """Both sides of a function, by its policy. ``authority`` issues the network's certificates."""

    def __init__(
        self, authority: CertificateAuthority, subject: Subject, policy: TlsPolicy
    ) -> None:
        self._authority, self._subject, self._policy = authority, subject, policy
        self._credential = authority.issue(
            subject, policy.certificate_flaw, with_rsa=policy.rsa_certificate
        )

    @cached_property
    def server(self) -> ServerTls:
        """As a producer."""
        trusted = self._authority.certificate
        if not self._policy.verifies_client_issuer:
            trusted += self._authority.foreign.certificate
        return ServerTls(self._policy, self._credential, trusted)

    @cached_property
    def client(self) -> ClientTls:
        """As a consumer."""
        return ClientTls(self._policy, self._credential, self._authority.certificate)

    def present(self, flaw: Flaw | None) -> None:
        """As a server, show a certificate with this flaw from now on; None for a sound one."""
        self.server.present(self._authority.issue(self._subject, flaw))
