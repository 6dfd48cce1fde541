"""strongSwan's charon as a process of ours: its configuration, its start and its end.

ESP is done in user space by its plugin kernel-libipsec, even where the kernel could: so it runs on
any kernel with TUN interfaces, and what is seen on the wire is what was on it, while a kernel shows
a packet that it has opened once more, as if it had come in clear.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from asyncio.subprocess import DEVNULL, Process
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from makmal.bench.ipsec.charon_log import CharonLog
from makmal.bench.ipsec.vici import ViciClient
from makmal.bench.not_done import NotDoneError
from makmal.trace.esp_secrets import EspAssociation

_CHARON = ("/usr/lib/ipsec/charon", "/usr/libexec/ipsec/charon", "/usr/libexec/strongswan/charon")
_CONFIGURATION = Path("/etc/strongswan.conf")
_TUN = Path("/dev/net/tun")
_PLUGINS = "random nonce openssl kdf hmac sha1 sha2 md5 aes gcm gmp pem pkcs1 pkcs8 x509 pubkey"
_PLUGINS += " constraints kernel-libipsec kernel-netlink socket-default vici"
_NEEDED = ("vici", "kernel-libipsec", "socket-default")
_INSTALL = (
    "install strongSwan (Debian: apt-get install strongswan-charon strongswan-swanctl "
    "libcharon-extra-plugins libstrongswan-standard-plugins)"
)
_START_SECONDS, _END_SECONDS = 10.0, 3.0
# charon's own packets carry this mark, and are not led into the tunnel that they are: so the ends
# of IPsec may be the ends of the interface too.
MARK = 0x4D
_LOG, _SOCKET = "charon.log", "charon.vici"

# A mount namespace of its own puts the files where charon (and AppArmor's profile of it) looks for
# them, beside those of a strongSwan that this machine may run. It ends with whoever started it.
_START = 'mount --bind "$1" /run && mount --bind "$1/strongswan.conf" "$2" && exec "$3"'


def what_is_missing() -> str | None:
    """None when charon can be run here; else a sentence with what to do."""
    charon = _program()
    if charon is None:
        return f"strongSwan's charon is not on this machine: {_INSTALL}"
    plugins = Path(charon).parent / "plugins"
    for name in _NEEDED:
        if plugins.is_dir() and not (plugins / f"libstrongswan-{name}.so").exists():
            return f"strongSwan's plugin {name} is not on this machine: {_INSTALL}"
    for tool in ("ip", "unshare", "setpriv"):
        if shutil.which(tool) is None:
            return f"the program {tool} is not on this machine (Debian: iproute2, util-linux)"
    if os.geteuid():
        return "strongSwan needs TUN interfaces and raw sockets: run as root"
    if not _TUN.exists():
        return f"{_TUN} is not there: ESP in user space needs TUN interfaces (modprobe tun)"
    return None


def _program() -> str | None:
    return next((each for each in _CHARON if os.access(each, os.X_OK)), None)


def configuration() -> str:
    """strongswan.conf."""
    return f"""charon {{
  load = {_PLUGINS}
  install_virtual_ip = no
  retransmit_tries = 2
  retransmit_timeout = 1.0
  retransmit_base = 1.0
  half_open_timeout = 5
  delete_rekeyed_delay = 0
  plugins {{
    kernel-libipsec {{
      allow_peer_ts = yes
    }}
    socket-default {{
      fwmark = {MARK:#x}
    }}
    kernel-netlink {{
      fwmark = !{MARK:#x}
    }}
    vici {{
      socket = unix:///run/{_SOCKET}
    }}
  }}
  filelog {{
    log {{
      path = /run/{_LOG}
      default = 1
      chd = 4
      enc = 0
      flush_line = yes
    }}
  }}
}}
"""


class Charon:
    """One charon, from ``start`` to ``stop``."""

    def __init__(self) -> None:
        self.log = CharonLog()
        self._directory: Path | None = None
        self._process: Process | None = None
        self._client: ViciClient | None = None
        self._stream: TextIO | None = None

    @property
    def vici(self) -> ViciClient:
        """Its control connection. Raises NotDoneError when it does not run."""
        if self._client is None:
            raise NotDoneError("charon does not run")
        return self._client

    async def start(self) -> None:
        """Start it, and connect to it. Raises NotDoneError."""
        missing = what_is_missing()
        program = _program()
        if missing is not None or program is None:
            raise NotDoneError(missing or _INSTALL)
        self._directory = Path(tempfile.mkdtemp(prefix="makmal-ipsec-"))
        (self._directory / "strongswan.conf").write_text(configuration(), "ascii")
        arguments = ("sh", str(self._directory), str(_CONFIGURATION), program)
        self._process = await asyncio.create_subprocess_exec(
            *("setpriv", "--pdeathsig", "TERM", "unshare", "--mount", "sh", "-c", _START),
            *arguments,
            stdin=DEVNULL,
            stdout=DEVNULL,
            stderr=DEVNULL,
        )
        # A name in a directory that is open is short, as names of sockets have to be.
        directory = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            await self._connect(f"/proc/self/fd/{directory}/{_SOCKET}", self._process)
        finally:
            os.close(directory)

    async def _connect(self, socket: str, process: Process) -> None:
        deadline = asyncio.get_running_loop().time() + _START_SECONDS
        while True:
            with suppress(OSError):
                self._client = await ViciClient.connect(socket)
                return
            if process.returncode is not None:
                raise NotDoneError(f"charon ended at its start{self._last_words()}")
            if asyncio.get_running_loop().time() > deadline:
                raise NotDoneError(
                    f"charon did not start within {_START_SECONDS:g} s{self._last_words()}"
                )
            await asyncio.sleep(0.02)

    def _last_words(self) -> str:
        lines = self._text().strip().splitlines()
        return f": {lines[-1]}" if lines else ""

    def _text(self) -> str:
        if self._directory is None:
            return ""
        try:
            return (self._directory / _LOG).read_text("utf-8", "replace")
        except OSError:
            return ""

    def new_associations(self) -> list[EspAssociation]:
        """The ESP associations that were made since this was last asked, each direction."""
        if self._stream is None and self._directory is not None:
            with suppress(OSError):
                self._stream = (self._directory / _LOG).open("r", errors="replace")
        new = "" if self._stream is None else self._stream.read()
        return self.log.feed(new) if new else []

    async def stop(self) -> None:
        """End it, and remove its files."""
        if self._client is not None:
            self._client.close()
            self._client = None
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with suppress(ProcessLookupError):
                process.terminate()
            try:
                async with asyncio.timeout(_END_SECONDS):
                    await process.wait()
            except TimeoutError:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)
            self._directory = None
