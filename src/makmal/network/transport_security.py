"""TLS of one network function: its certificate, and whom it trusts (TS 33.501, 13.1)."""

from __future__ import annotations

from makmal.network.transport.tls import ClientTls, ServerTls
from makmal.network.transport.tls_policy import TlsPolicy
from makmal.security.certificates import CertificateAuthority, Flaw, Subject


class FunctionTls:
    """Both sides of a function, by its policy. ``authority`` issues the network's certificates."""

    def __init__(
        self, authority: CertificateAuthority, subject: Subject, policy: TlsPolicy
    ) -> None:
        credential = authority.issue(subject, with_rsa=policy.rsa_certificate)
        trusted = authority.certificate
        if not policy.verifies_client_issuer:
            trusted += authority.foreign.certificate
        self.server = ServerTls(policy, credential, trusted)
        self.client = ClientTls(policy, credential, authority.certificate)
        self._authority, self._subject = authority, subject

    def present(self, flaw: Flaw | None) -> None:
        """As a server, show a certificate with this flaw from now on; None for a sound one."""
        self.server.present(self._authority.issue(self._subject, flaw))
