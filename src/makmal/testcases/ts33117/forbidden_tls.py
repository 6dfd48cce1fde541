"""Versions and cipher suites that TS 33.210, 6.2, forbids, each to be offered alone."""

from __future__ import annotations

from dataclasses import dataclass

from makmal.protocol.tls import cipher_suite_name, version_name

SSL_3_0, TLS_1_0, TLS_1_1, TLS_1_2, TLS_1_3 = 0x0300, 0x0301, 0x0302, 0x0303, 0x0304


@dataclass(frozen=True, slots=True)
class Offer:
    """One suite in one version. ``kind`` says why it is forbidden."""

    kind: str
    version: int
    suite: int

    @property
    def name(self) -> str:
        """``RC4: TLS_RSA_WITH_RC4_128_SHA in TLS 1.2``."""
        return f"{self.kind}: {cipher_suite_name(self.suite)} in {version_name(self.version)}"


# By why: no encryption; broken or weak ciphers; nobody authenticated; neither authenticated
# encryption nor, in the last, forward secrecy. For certificates with RSA keys and with ECDSA keys.
_SUITES: dict[str, tuple[int, ...]] = {
    "no encryption": (0x0002, 0x003B, 0xC006, 0xC010),
    "RC4": (0x0005, 0xC007, 0xC011),
    "DES": (0x0009,),
    "3DES": (0x000A, 0x0016, 0xC008, 0xC012),
    "export": (0x0003, 0x0006, 0x0008, 0x0014),
    "anonymous": (0x0034, 0x00A6, 0xC018),
    "CBC": (0x0033, 0x0067, 0xC009, 0xC013, 0xC023, 0xC027),
    "no forward secrecy": (0x002F, 0x003C, 0x009C, 0x009D),
}
FORBIDDEN: tuple[Offer, ...] = (
    *(
        Offer("old version", version, suite)
        for version in (SSL_3_0, TLS_1_0, TLS_1_1)
        for suite in (0x002F, 0x0033, 0xC009, 0xC013)
        # SSL 3.0 has no elliptic curves.
        if version > SSL_3_0 or suite < 0xC000
    ),
    *(Offer(kind, TLS_1_2, suite) for kind, suites in _SUITES.items() for suite in suites),
    # RFC 9150: TLS 1.3 that authenticates only.
    *(Offer("no encryption", TLS_1_3, suite) for suite in (0xC0B4, 0xC0B5)),
)
