"""``makmal``: the command and its sub-commands."""

from __future__ import annotations

import sys

import typer

from makmal import __version__
from makmal.cli import (
    audit,
    certificates,
    conformance,
    evaluate,
    judge,
    lab,
    list,
    prove,
    rehearse,
    serve,
    show,
    ue,
    up,
)
from makmal.cli.assurance_commands import CommandsWithAssurance

EXIT_COULD_NOT_BE_DONE = 2

_EPILOG = (
    "Exit codes: 0 all passed, 1 something failed, 2 could not be done. "
    "Every command that gives results takes --json."
)

app = typer.Typer(
    name="makmal",
    cls=CommandsWithAssurance,
    help="Makmal, an open 5G security laboratory: it evaluates products, reads what was "
    "on the wire, and says, clause by clause, what is insecure.",
    epilog=_EPILOG,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)
app.command(
    "audit",
    epilog="Exit codes: 0 something passed and nothing failed, 1 something failed, 2 it could not "
    "be done, or nothing could be concluded.",
)(audit.command)
app.command(
    "show", epilog="Exit codes: 0 messages were shown, 2 there are none, or it could not be done."
)(show.command)
app.command(
    "evaluate",
    epilog="Exit codes: 0 everything that applies passed, 1 something failed, 2 it could not be "
    "done, or something was not conclusive.",
)(evaluate.command)
app.command(
    "judge",
    epilog="Exit codes: 0 every file is intact and every verdict the same, 1 a file or a verdict "
    "differs, 2 it could not be done.",
)(judge.command)
app.command(
    "prove",
    epilog="Exit codes: 0 every test case is proven, 1 one fails on a sound network or misses its "
    "fault, 2 it could not be done.",
)(prove.command)
app.add_typer(conformance.app, name="conformance")
app.command("serve", epilog="Exit codes: 0 it was interrupted, 2 it could not be done.")(
    serve.command
)
app.command("certificates", epilog="Exit codes: 0 the files were written, 2 it could not be done.")(
    certificates.command
)
app.command("up", epilog="Exit codes: 0 it was interrupted, 2 it could not be done.")(up.command)
app.command(
    "ue", epilog="Exit codes: 0 every UE registered, 2 one did not, or it could not be done."
)(ue.command)
app.command("list", epilog="Exit codes: 0 the test cases were listed, 2 there are none.")(
    list.command
)
app.command(
    "rehearse",
    epilog="Exit codes: 0 every verdict is what the faults call for, 1 one is not, 2 it could not "
    "be done.",
)(rehearse.command)
app.command(
    "lab",
    epilog="Exit codes: 0 every verdict is what the faults call for, 1 one is not, 2 it could not "
    "be done.",
)(lab.command)


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
