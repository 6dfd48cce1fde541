"""TLS secrets as key logs have them (SSLKEYLOGFILE, draft-ietf-tls-keylogfile).

They come in the Decryption Secrets Blocks of a pcapng file, from the keys file, or from a recorder.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence

# The type of a Decryption Secrets Block that holds a TLS key log.
TLS_KEY_LOG = 0x544C534B
# The label of the master secret of TLS 1.2.
MASTER_SECRET = "CLIENT_RANDOM"  # noqa: S105 - a label of the key log
_MOST_CONNECTIONS = 100_000
_MOST_LABELS = 16


class TlsSecrets:
    """Secrets by the random octets of the ClientHello, and then by label.

    ``blocks`` may grow while it is in use: what is new is read when a secret is asked for.
    """

    def __init__(self, key_log: str = "", blocks: Sequence[tuple[int, bytes]] = ()) -> None:
        self._secrets: OrderedDict[bytes, dict[str, bytes]] = OrderedDict()
        self._blocks, self._read = blocks, 0
        self.add(key_log.encode())

    def add(self, key_log: bytes) -> None:
        """Take lines of a key log; what is no line of one is passed over."""
        for line in key_log.splitlines():
            parts = line.split()
            if len(parts) != 3 or line.startswith(b"#"):
                continue
            try:
                client_random, secret = (
                    bytes.fromhex(parts[1].decode()),
                    bytes.fromhex(parts[2].decode()),
                )
                label = parts[0].decode("ascii")
            except ValueError:
                continue
            if len(client_random) == 32:
                labels = self._secrets.setdefault(client_random, {})
                if len(labels) < _MOST_LABELS:
                    labels[label] = secret
        while len(self._secrets) > _MOST_CONNECTIONS:
            self._secrets.popitem(last=False)

    def of(self, client_random: bytes) -> Mapping[str, bytes]:
        """The secrets of one connection by label, empty where there are none."""
        while self._read < len(self._blocks):
            kind, octets = self._blocks[self._read]
            self._read += 1
            if kind == TLS_KEY_LOG:
                self.add(octets)
        return self._secrets.get(client_random, {})


def key_log_problem(text: str) -> str | None:
    """What is wrong with a key log that somebody wrote, if something is: one sentence."""
    for number, line in enumerate(text.splitlines(), 1):
        parts = line.split()
        if not parts or line.startswith("#"):
            continue
        try:
            whole = len(parts) == 3 and len(bytes.fromhex(parts[1])) == 32
            if whole and len(bytes.fromhex(parts[2])) in (32, 48):
                continue
        except ValueError:
            pass
        return (
            f"line {number} of the key log is no line of an SSLKEYLOGFILE: it has a label, the 64 "
            "digits of the client random, and the 64 or 96 of the secret"
        )
    return None
