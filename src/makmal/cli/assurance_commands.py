"""The commands of assurance, loaded when one of them is asked for: databases and renderers take
longer to load than the other commands take to run.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

_HOLDS = (
    "Exit codes: 0 everything holds, 1 something does not and is named, 2 it could not be checked."
)
# Name, module, and what stands below its help; modules with an ``app`` have commands below them.
_COMMANDS = {
    "report": (
        "makmal.cli.report",
        "Exit codes: 0 it was written, whatever the verdicts are, 2 it could not be.",
    ),
    "key": ("makmal.cli.key", ""),
    "sign": (
        "makmal.cli.sign",
        "Exit codes: 0 it was signed, 2 it could not be, for example for an altered file.",
    ),
    "certify": ("makmal.cli.certify", ""),
    "register": ("makmal.cli.register", ""),
    "disclose": ("makmal.cli.disclose", ""),
    "verify": ("makmal.cli.verify", _HOLDS),
}


class CommandsWithAssurance(TyperGroup):
    """The commands that are there, and those of assurance."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All names, in the order of the help."""
        return [*super().list_commands(ctx), *_COMMANDS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A command by its name, loaded if need be."""
        if cmd_name not in _COMMANDS:
            return super().get_command(ctx, cmd_name)
        place, epilog = _COMMANDS[cmd_name]
        module = import_module(place)
        if hasattr(module, "app"):
            command: Any = typer.main.get_command(module.app)
        else:
            app = typer.Typer(add_completion=False, rich_markup_mode="rich")
            app.command(cmd_name, epilog=epilog)(module.command)
            command = typer.main.get_command(app)
        command.name = cmd_name
        return command
