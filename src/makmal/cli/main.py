"""``makmal``: the command and its sub-commands."""

from __future__ import annotations

import sys

import typer

from makmal import __version__
from makmal.cli.commands import Commands
from makmal.collector import collect_rarely

EXIT_COULD_NOT_BE_DONE = 2

_EPILOG = (
    "Exit codes: 0 all passed, 1 something failed, 2 could not be done. "
    "Every command that gives results takes --json."
)

app = typer.Typer(
    name="makmal",
    cls=Commands,
    help="Makmal, an open 5G security laboratory: it evaluates products, reads what was "
    "on the wire, and says, clause by clause, what is insecure.",
    epilog=_EPILOG,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"makmal {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Show the version."
    ),
) -> None:
    del version


def main() -> None:
    """Run the command line."""
    collect_rarely()
    try:
        app()
    except KeyboardInterrupt:
        sys.stderr.write("makmal: interrupted; nothing was concluded\n")
        sys.exit(EXIT_COULD_NOT_BE_DONE)
    except BrokenPipeError:
        # Whoever read our output has seen enough.
        sys.stderr.close()
        sys.exit(0)


if __name__ == "__main__":
    main()
