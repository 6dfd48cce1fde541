"""What a server of ours offers in TLS, as a policy; the default is sound (RFC 9325)."""

from __future__ import annotations

import ssl
import tempfile
import time
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from makmal.security.laboratory_authority import Authority, Certified

_DAY = 86_400
_SOUND_SUITES = "ECDHE+AESGCM:ECDHE+CHACHA20"


@dataclass(frozen=True, slots=True)
class TlsPolicy:
    """Versions, cipher suites of TLS 1.2 and before (in OpenSSL's notation), and the certificate.

    ``names``: those of the certificate in place of the server's; ``days``: how long it is still
    valid, below 0 for expired.
    """

    lowest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2
    highest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
    suites: str = _SOUND_SUITES
    names: tuple[str, ...] = ()
    days: int = 300
    rsa_bits: int = 0


def certified(
    authority: Authority, policy: TlsPolicy, *names: str, now: float | None = None
) -> Certified:
    """The certificate that a server with this policy has. ``now`` is seconds since 1970 in the
    world that it is for; this machine's time unless given.
    """
    return _certified(authority, policy, names, int((time.time() if now is None else now) // _DAY))


@lru_cache(maxsize=64)
def _certified(
    authority: Authority, policy: TlsPolicy, names: tuple[str, ...], day: int
) -> Certified:
    return authority.issue(
        *(policy.names or names),
        today=datetime.fromtimestamp(day * _DAY, UTC),
        begins=timedelta(days=min(policy.days, 0) - 60),
        lasts=timedelta(days=60 + max(policy.days, 0)),
        rsa_bits=policy.rsa_bits,
    )


def server_context(policy: TlsPolicy, certificate: Certified) -> ssl.SSLContext:
    """The context of a server with this policy."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with warnings.catch_warnings():
        # Old versions are there as faults, on purpose.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = policy.lowest, policy.highest
    weak = policy.suites != _SOUND_SUITES or policy.lowest < ssl.TLSVersion.TLSv1_2
    small = 0 < policy.rsa_bits < 2048
    context.set_ciphers(f"{policy.suites}:@SECLEVEL=0" if weak or small else policy.suites)
    # The ssl module loads certificates from files only.
    with tempfile.NamedTemporaryFile(prefix="makmal-") as chain:
        chain.write(certificate.chain_pem + certificate.key_pem)
        chain.flush()
        context.load_cert_chain(chain.name)
    return context
