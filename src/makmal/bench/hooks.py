"""Running the hooks of a target: commands with a time limit, whose output is evidence."""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from time import monotonic
from typing import IO, Any

from makmal.bench.hook_commands import HookCommand

# Of a longer output the end is kept: of what evidence holds, and of what is read at all.
_MOST_IN_EVIDENCE = 100_000
_MOST_READ = 64 << 20
# How long to wait between two looks at whether the product runs.
_BETWEEN_LOOKS = 0.2


class HookError(Exception):
    """A hook could not be run, failed or took too long: one sentence, with what to look at."""


@dataclass(frozen=True, slots=True)
class HookRun:
    """One run of a hook. ``exit_code`` is None when it had to be stopped."""

    hook: str
    command: tuple[str, ...]
    started: str
    seconds: float
    exit_code: int | None
    output: str
    errors: str

    def as_json(self) -> dict[str, Any]:
        """What the evidence holds of it."""
        return {
            "hook": self.hook,
            "command": list(self.command),
            "started": self.started,
            "seconds": round(self.seconds, 3),
            "exit_code": self.exit_code,
            "output": self.output[-_MOST_IN_EVIDENCE:],
            "errors": self.errors[-_MOST_IN_EVIDENCE:],
        }


class Hooks:
    """The hooks of one target. ``runs`` holds what was run since it was last taken."""

    def __init__(self, commands: Mapping[str, HookCommand], directory: Path) -> None:
        self._commands, self._directory = commands, directory
        self.runs: list[HookRun] = []
        # How often the product was started, or configured anew, which may start it too.
        self.starts = 0

    def __contains__(self, name: str) -> bool:
        return name in self._commands

    def placeholders(self, name: str) -> frozenset[str]:
        """What stands in braces in the command of a hook; nothing if there is no such hook."""
        return self._commands[name].placeholders if name in self._commands else frozenset()

    def take_runs(self) -> tuple[HookRun, ...]:
        """The runs since this was last asked for."""
        taken, self.runs = tuple(self.runs), []
        return taken

    async def run(self, name: str, values: Mapping[str, str] | None = None) -> HookRun:
        """Run a hook with values for what stands in braces. Raises HookError unless it succeeds."""
        self.starts += name in ("start", "reconfigure")
        run = await self._run(self._commands[name], values or {})
        if run.exit_code is None:
            raise HookError(
                f"the hook {name} ({run.command[0]}) did not end within "
                f"{self._commands[name].seconds:g} s and was stopped; give it more seconds in "
                f"[hooks.{name}], or see what it waits for"
            )
        if run.exit_code:
            raise HookError(
                f"the hook {name} ({run.command[0]}) failed with exit code {run.exit_code}"
                f"{_last_line(run)}"
            )
        return run

    async def is_alive(self) -> str | None:
        """None if the product runs, or nobody can tell; else a sentence that says it does not."""
        if "alive" not in self:
            return None
        try:
            await self.run("alive")
        except HookError as error:
            return str(error)
        return None

    async def restart(self, seconds: float) -> None:
        """Stop and start the product, and wait until it runs. Raises HookError."""
        if "start" not in self:
            raise HookError("there is no hook to start the product: give one under [hooks]")
        if "stop" in self:
            # What has crashed cannot always be stopped.
            with suppress(HookError):
                await self.run("stop")
        await self.run("start")
        await self.wait_until_alive(seconds)

    async def wait_until_alive(self, seconds: float) -> None:
        """Wait until the product runs. Raises HookError when it takes longer."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while (problem := await self.is_alive()) is not None:
            if loop.time() >= deadline:
                raise HookError(f"the product did not come back within {seconds:g} s: {problem}")
            await asyncio.sleep(_BETWEEN_LOOKS)

    async def _run(self, hook: HookCommand, values: Mapping[str, str]) -> HookRun:
        command = hook.filled(values)
        started, at = datetime.now(UTC).isoformat(timespec="milliseconds"), monotonic()
        # Files instead of pipes: a product that was started keeps them open, and nobody waits.
        with TemporaryFile() as output, TemporaryFile() as errors:
            try:
                process = await asyncio.create_subprocess_exec(
                    *command,
                    stdin=DEVNULL,
                    stdout=output,
                    stderr=errors,
                    cwd=self._directory,
                    start_new_session=True,
                )
            except (OSError, ValueError) as error:
                reason = error.strerror if isinstance(error, OSError) else str(error)
                raise HookError(
                    f"the hook {hook.name} cannot be run: {command[0]}: {reason}; it is run in "
                    f"{self._directory}"
                ) from None
            exit_code = await _ended(process, hook.seconds)
            run = HookRun(
                hook.name,
                command,
                started,
                monotonic() - at,
                exit_code,
                _read(output),
                _read(errors),
            )
        self.runs.append(run)
        return run


async def _ended(process: Process, seconds: float) -> int | None:
    """The exit code; None when the process was stopped for it took too long."""
    try:
        async with asyncio.timeout(seconds):
            return await process.wait()
    except TimeoutError:
        return None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


def _read(stream: IO[bytes]) -> str:
    end = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, end - _MOST_READ))
    return stream.read().decode("utf-8", "replace")


def _last_line(run: HookRun) -> str:
    lines = (run.errors.strip() or run.output.strip()).splitlines()
    return f": {lines[-1].strip()}" if lines else ""
