"""The commands by which a laboratory starts, stops, configures and questions a product."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from makmal.bench import target_fields
from makmal.trace import toml_file
from makmal.trace.toml_file import Table

# What each hook is for, what may stand in its command, and how long it may take, in seconds.
PLACEHOLDERS: Mapping[str, tuple[str, ...]] = {
    "start": (),
    "stop": (),
    "reconfigure": ("integrity", "ciphering", "redirection_to_epc"),
    "logs": ("since",),
    "alive": (),
}
_USUAL_SECONDS = {"start": 60.0, "stop": 60.0, "reconfigure": 60.0, "logs": 20.0, "alive": 10.0}
# {{name}} is the text {name}; braces around anything else are left as they are.
_PLACEHOLDER = re.compile(r"\{\{([a-z_]+)\}\}|\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class HookCommand:
    """One hook: the program with its arguments, and the seconds that it may take."""

    name: str
    arguments: tuple[str, ...]
    seconds: float

    @property
    def placeholders(self) -> frozenset[str]:
        """The names that stand in braces in the command."""
        found = (match[2] for each in self.arguments for match in _PLACEHOLDER.finditer(each))
        return frozenset(name for name in found if name)

    def filled(self, values: Mapping[str, str]) -> tuple[str, ...]:
        """The arguments with values in place of the names in braces."""

        def value(match: re.Match[str]) -> str:
            return f"{{{match[1]}}}" if match[1] else values[match[2]]

        return tuple(_PLACEHOLDER.sub(value, each) for each in self.arguments)


def read_hooks(root: Table) -> dict[str, HookCommand]:
    """The [hooks] of a target file: each a command, or a table of command and seconds."""
    hooks = root.table("hooks", *PLACEHOLDERS)
    return {name: _hook(hooks, name) for name in PLACEHOLDERS if name in hooks}


def _hook(hooks: Table, name: str) -> HookCommand:
    place, key, limit = hooks, name, _USUAL_SECONDS[name]
    if isinstance(hooks.values[name], dict):
        place, key = hooks.table(name, "command", "seconds"), "command"
        limit = place.take("seconds", target_fields.seconds, limit)
    hook = HookCommand(name, place.take(key, _command), limit)
    for each in sorted(hook.placeholders):
        if each not in PLACEHOLDERS[name]:
            raise place.fail(key, f"{{{each}}} stands for nothing here; {_known(name, each)}")
    return hook


def _command(value: Any) -> tuple[str, ...]:
    return target_fields.argument_list(value)


def _known(hook: str, given: str) -> str:
    known = PLACEHOLDERS[hook]
    instead = f"write {{{{{given}}}}} for the text itself"
    if not known:
        return instead
    return f"{toml_file.nearest(given, known, 'what does')}; {instead}"
