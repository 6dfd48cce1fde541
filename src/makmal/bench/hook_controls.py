"""A product's controls by the hooks of its target: configuration, and its log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from makmal.bench.hooks import HookError, Hooks
from makmal.bench.not_done import NotDoneError
from makmal.bench.target import Target
from makmal.network.reference_network import ReferenceNetwork

# Settings by the names that procedures use, and their placeholders in the hook.
_PLACEHOLDERS = {
    "integrity_priority": "integrity",
    "ciphering_priority": "ciphering",
    "redirection_to_epc": "redirection_to_epc",
    "permitted_gtpu_sources": "gtpu_sources",
}


# What the hook gets in place of addresses where GTP-U is not filtered.
_ANYONE = ("any",)


class HookControls:
    """What can be done to a real product besides sending it messages."""

    def __init__(self, target: Target, hooks: Hooks) -> None:
        self._target, self._hooks = target, hooks
        self._since = datetime.now(UTC)
        self._before: list[str] = []

    async def begin(self) -> None:
        """Remember where the product's log is now: what comes later is this test case's."""
        self._since = datetime.now(UTC)
        self._before = []
        if "logs" in self._hooks and "since" not in self._hooks.placeholders("logs"):
            self._before = await self._log()

    async def configure(self, settings: Mapping[str, Any]) -> None:
        """Bring settings into effect. Raises NotDoneError."""
        if "reconfigure" not in self._hooks:
            raise NotDoneError(
                "the product would have to be configured otherwise, and the target has no hook "
                "reconfigure"
            )
        known = self._hooks.placeholders("reconfigure")
        for name in settings:
            if _PLACEHOLDERS.get(name) not in known:
                raise NotDoneError(
                    f"the hook reconfigure cannot set {name}: its command has no "
                    f"{{{_PLACEHOLDERS.get(name, name)}}}"
                )
        await self._reconfigure({**self._declared(), **settings})

    async def restore(self) -> None:
        """Bring the declared configuration back. Raises NotDoneError."""
        if "reconfigure" in self._hooks:
            await self._reconfigure(self._declared())

    async def log_lines(self) -> list[str] | None:
        """The product's log since ``begin``; None without a hook that prints it."""
        if "logs" not in self._hooks:
            return None
        lines = await self._log()
        count = len(self._before)
        # A log that begins otherwise than before was begun anew, as after a restart.
        return lines[count:] if lines[:count] == self._before else lines

    async def restart(self) -> None:
        """Stop and start the product. Raises NotDoneError."""
        try:
            await self._hooks.restart(self._target.timers.restart)
        except HookError as error:
            raise NotDoneError(str(error)) from None

    async def over_tls(self) -> ReferenceNetwork:
        """A product offers its services as it does."""
        raise NotDoneError(
            "the target does not say that the product offers its services over TLS ([tls]), which "
            "TS 33.501, 13.1, has every network function support"
        )

    def _declared(self) -> dict[str, Any]:
        return {
            "integrity_priority": self._target.integrity_algorithms,
            "ciphering_priority": self._target.ciphering_algorithms,
            "redirection_to_epc": False,
            "permitted_gtpu_sources": _ANYONE,
        }

    async def _reconfigure(self, settings: Mapping[str, Any]) -> None:
        known = self._hooks.placeholders("reconfigure")
        values = {
            _PLACEHOLDERS[name]: _text(name, value)
            for name, value in settings.items()
            if _PLACEHOLDERS[name] in known
        }
        for name, value in values.items():
            if not value:
                raise NotDoneError(
                    f"the target declares no {name} algorithms ([algorithms]) to return to"
                )
        try:
            await self._hooks.run("reconfigure", values)
            await self._hooks.wait_until_alive(self._target.timers.restart)
        except HookError as error:
            raise NotDoneError(str(error)) from None

    async def _log(self) -> list[str]:
        since = self._since.strftime("%Y-%m-%dT%H:%M:%SZ")
        try:
            run = await self._hooks.run("logs", {"since": since})
        except HookError as error:
            raise NotDoneError(str(error)) from None
        return run.output.splitlines()


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if name == "permitted_gtpu_sources":
        return ",".join(value)
    family = "I" if name == "integrity_priority" else "E"
    return ",".join(f"N{family}A{number}" for number in value)
