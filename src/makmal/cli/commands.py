"""The commands, each loaded when it is asked for: what one needs takes longer to load than others
take to run.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

_CAPTURES, _PRODUCTS = "Captures of a network", "Products under test"
_LABORATORY, _ASSURANCE = "The embedded laboratory", "Reports, certificates, disclosure"
_UNTIL_INTERRUPTED = "Exit codes: 0 it was interrupted, 2 it could not be done."
_AS_EXPECTED = (
    "Exit codes: 0 every verdict is what the faults call for, 1 one is not, 2 it could not be done."
)


@dataclass(frozen=True, slots=True)
class _Command:
    """``panel`` is where the help lists it, ``epilog`` what stands below its own help. A module
    with an ``app`` has commands below it.
    """

    panel: str
    epilog: str = ""


_COMMANDS = {
    "audit": _Command(
        _CAPTURES,
        "Exit codes: 0 something passed and nothing failed, 1 something failed, 2 it could not be "
        "done, or nothing could be concluded.",
    ),
    "show": _Command(
        _CAPTURES,
        "Exit codes: 0 messages were shown, 2 there are none, or it could not be done.",
    ),
    "rehearse": _Command(_CAPTURES, _AS_EXPECTED),
    "evaluate": _Command(
        _PRODUCTS,
        "Exit codes: 0 everything that applies passed, 1 something failed, 2 it could not be done, "
        "or something was not conclusive.",
    ),
    "judge": _Command(
        _PRODUCTS,
        "Exit codes: 0 every file is intact and every verdict the same, 1 a file or a verdict "
        "differs, 2 it could not be done.",
    ),
    "list": _Command(_PRODUCTS, "Exit codes: 0 the test cases were listed, 2 there are none."),
    "ue": _Command(
        _PRODUCTS,
        "Exit codes: 0 every UE registered, 2 one did not, or it could not be done.",
    ),
    "certificates": _Command(
        _PRODUCTS, "Exit codes: 0 the files were written, 2 it could not be done."
    ),
    "conformance": _Command(_PRODUCTS),
    "lab": _Command(_LABORATORY, _AS_EXPECTED),
    "prove": _Command(
        _LABORATORY,
        "Exit codes: 0 every test case is proven, 1 one fails on a sound network or misses its "
        "fault, 2 it could not be done.",
    ),
    "up": _Command(_LABORATORY, _UNTIL_INTERRUPTED),
    "serve": _Command(_LABORATORY, _UNTIL_INTERRUPTED),
    "report": _Command(
        _ASSURANCE, "Exit codes: 0 it was written, whatever the verdicts are, 2 it could not be."
    ),
    "sign": _Command(
        _ASSURANCE,
        "Exit codes: 0 it was signed, 2 it could not be, for example for an altered file.",
    ),
    "verify": _Command(
        _ASSURANCE,
        "Exit codes: 0 everything holds, 1 something does not and is named, 2 it could not be "
        "checked.",
    ),
    "key": _Command(_ASSURANCE),
    "certify": _Command(_ASSURANCE),
    "register": _Command(_ASSURANCE),
    "disclose": _Command(_ASSURANCE),
}


class Commands(TyperGroup):
    """All commands, in the order of the help."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names."""
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A command by its name; None for one that there is not."""
        entry = _COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module = import_module(f"makmal.cli.{cmd_name}")
        if hasattr(module, "app"):
            command: Any = typer.main.get_command(module.app)
        else:
            app = typer.Typer(add_completion=False, rich_markup_mode="rich")
            app.command(cmd_name, epilog=entry.epilog)(module.command)
            command = typer.main.get_command(app)
        command.name, command.rich_help_panel = cmd_name, entry.panel
        return command
