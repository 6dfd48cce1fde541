"""``makmal evaluate``: a campaign on a product, with progress and a table of verdicts."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from makmal.bench.campaign import CampaignError, CampaignResult, CaseResult, chosen
from makmal.bench.evidence import TRACE
from makmal.bench.manifest import EvidenceError
from makmal.bench.network_namespace import NamespaceError
from makmal.bench.not_done import NotDoneError
from makmal.bench.target import PRODUCT_CLASSES, Target, TargetError, load_target
from makmal.cli.verdict_styles import STYLES
from makmal.cli.verdict_table import add_verdict, print_tally, verdict_table
from makmal.testcases.registry import test_cases
from makmal.testcases.test_case import TestCase
from makmal.trace.toml_file import nearest


def command(
    target: Annotated[
        Path,
        typer.Argument(
            help="A TOML file that says what the product under test is, where it is, and what may "
            "be done to it (docs/target.md; examples/ has some)."
        ),
    ],
    names: Annotated[
        list[str] | None,
        typer.Option("--test-case", help="Only this test case; may be given more than once."),
    ] = None,
    product_class: Annotated[
        str | None,
        typer.Option(
            help="Only the test cases of this product class, such as AMF; that of the target "
            "unless given."
        ),
    ] = None,
    evidence: Annotated[
        Path | None,
        typer.Option(
            help="The directory that the traces, verdicts and their hashes are written to; "
            "evidence/NAME-OF-THE-TARGET unless given."
        ),
    ] = None,
    again: Annotated[
        bool,
        typer.Option(
            "--again", help="Run also the test cases that the evidence has results of already."
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object instead of a table.")
    ] = False,
) -> None:
    """Evaluate a product: run test cases of the standards on it, and judge what was on the wire.

    Each test case leaves its trace and verdict in the evidence. A campaign that was interrupted
    goes on where it was when the same command is given again. Nothing is ever sent to an address
    outside the scope of the target file.
    """
    console, errors = Console(), Console(stderr=True)
    try:
        what = load_target(target)
        cases = _cases(what, names, product_class)
        directory = evidence or Path("evidence") / target.stem
        result = _evaluate(what, cases, directory, again, errors)
    except (TargetError, EvidenceError, CampaignError, NamespaceError, NotDoneError) as error:
        raise _failed(errors, str(error)) from None
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        reason = f"the evidence cannot be written: {where}{error.strerror or error}"
        raise _failed(errors, reason) from None
    if as_json:
        document = {
            "target": what.name,
            "sha256": what.sha256,
            "product": what.product.name,
            "product_class": what.product.product_class,
            "attachment": what.product.attachment,
            "evidence": str(directory),
            **result.as_json(),
        }
        json.dump(document, sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        _print(result, what, directory, console)
    if result.ended_early:
        _say(
            errors,
            f"{len(cases) - len(result.results)} of {len(cases)} test cases were not run, for "
            f"{result.ended_early}; the same command goes on with them",
            "yellow",
        )
    raise typer.Exit(result.exit_code)


def _say(errors: Console, sentence: str, style: str) -> None:
    errors.print(f"makmal evaluate: {sentence}", style=style, markup=False, soft_wrap=True)


def _failed(errors: Console, sentence: str) -> typer.Exit:
    _say(errors, sentence, "red")
    return typer.Exit(2)


def _cases(target: Target, names: list[str] | None, product_class: str | None) -> list[TestCase]:
    """The test cases that are asked for. Raises CampaignError."""
    known = test_cases()
    for name in names or ():
        if name not in known:
            instead = nearest(name, known, "makmal list shows them all; they are")
            raise CampaignError(f"there is no test case {name}; {instead}")
    if product_class is not None and product_class not in PRODUCT_CLASSES:
        instead = nearest(product_class, PRODUCT_CLASSES, "the classes are")
        raise CampaignError(f"there is no product class {product_class}; {instead}")
    wanted = product_class or (None if names else target.product.product_class)
    cases = chosen(known, names, wanted)
    if not cases:
        raise CampaignError(
            f"there is no test case for a product of class {wanted} yet: makmal list shows what "
            "there is"
        )
    for case in cases:
        if target.product.product_class not in case.product_classes:
            raise CampaignError(
                f"{case.name} is for products of class {case.requirement.product_class}, and "
                f"{target.name} names one of class {target.product.product_class}"
            )
    return cases


def _evaluate(
    target: Target, cases: list[TestCase], directory: Path, again: bool, errors: Console
) -> CampaignResult:
    # What needs the whole network is loaded when a campaign begins, not for every command.
    from makmal.bench.evaluation import evaluate_target

    with _progress(errors) as shown, _termination_as_interruption():
        return evaluate_target(target, cases, directory, again=again, progress=shown)


@contextmanager
def _termination_as_interruption() -> Iterator[None]:
    """SIGTERM ends a campaign as Ctrl-C does: what is finished stays."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        del number, frame
        signal.raise_signal(signal.SIGINT)

    try:
        before = signal.signal(signal.SIGTERM, interrupt)
    except ValueError:
        # Signals are the main thread's; in another one there is nothing to set.
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _Shown:
    """The progress of a campaign on a terminal: a bar, and a line for each verdict."""

    def __init__(self, progress: Progress, errors: Console) -> None:
        self._progress, self._errors = progress, errors
        self._task = progress.add_task("opening the bench", total=None)

    def __call__(self, test_case: str, number: int, whole: int, result: CaseResult | None) -> None:
        if result is None:
            self._progress.update(
                self._task, description=test_case, total=whole, completed=number - 1
            )
            return
        self._progress.update(self._task, completed=number)
        if self._errors.is_terminal:
            outcome = result.verdict.outcome
            earlier = " (earlier)" if result.earlier else ""
            self._progress.console.print(
                f"{outcome.value:>14}  {test_case}{earlier}", style=STYLES[outcome]
            )


@contextmanager
def _progress(errors: Console) -> Iterator[_Shown]:
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=errors,
        transient=True,
        disable=not errors.is_terminal,
    ) as progress:
        yield _Shown(progress, errors)


def _print(result: CampaignResult, target: Target, directory: Path, console: Console) -> None:
    product = target.product
    console.print(
        f"{product.name} {product.version} ({product.vendor}), {product.product_class}, "
        f"{product.attachment}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    if result.results:
        table = verdict_table()
        for each in result.results:
            add_verdict(table, each.verdict, *each.product)
        console.print(table)
    print_tally((each.verdict.outcome for each in result.results), console)
    earlier = sum(each.earlier for each in result.results)
    if earlier:
        console.print(
            f"{earlier} of the results are from an earlier run; --again runs them anew.",
            style="dim",
        )
    console.print(
        f"Evidence: {directory} (each trace is {directory}/TEST-CASE/{TRACE}); "
        f"judge it again: makmal judge {directory}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
