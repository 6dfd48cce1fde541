"""``makmal list``: the catalogue of test cases."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from makmal.bench.embedded_targets import targets_of
from makmal.catalogue.elements import listed_operations
from makmal.testcases.registry import test_cases
from makmal.testcases.test_case import TestCase
from makmal.trace.toml_file import nearest

_NEEDS = {
    "neighbours": "its neighbours to be ours (surrounded)",
    "configuration": "a hook that configures it (reconfigure)",
}


def command(
    product_class: Annotated[
        str | None, typer.Option(help="Only the test cases of this product class, such as AMF.")
    ] = None,
    elements: Annotated[
        bool,
        typer.Option(
            "--elements",
            help="The elements of service operations that are tried with wrong values, instead "
            "(TS 33.117, 4.3.6.4).",
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object instead of a table.")
    ] = False,
) -> None:
    """List the test cases: what each is for, what it needs, and which faults prove it.

    A test case that needs a feature which the target does not declare is not applicable.
    """
    console, errors = Console(), Console(stderr=True)
    if elements:
        _list_elements(console, as_json)
        return
    cases = [kind() for kind in test_cases().values()]
    known = sorted({each for case in cases for each in case.product_classes})
    if product_class is not None and product_class not in known:
        instead = nearest(product_class, known, "there are some of")
        errors.print(
            f"makmal list: there is no test case of product class {product_class}; {instead}",
            style="red",
            markup=False,
            soft_wrap=True,
        )
        raise typer.Exit(2)
    entries = [
        _entry(case)
        for case in cases
        if product_class is None or product_class in case.product_classes
    ]
    if as_json:
        json.dump({"test_cases": entries}, sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        _print(entries, console)


def _list_elements(console: Console, as_json: bool) -> None:
    """The published list of elements."""
    if as_json:
        document = {name: asdict(each) for name, each in listed_operations().items()}
        json.dump({"operations": document}, sys.stdout, indent=2)
        sys.stdout.write("\n")
        return
    table = Table(expand=True)
    for title in ("Operation", "Element", "Its rule", "Values that must be refused"):
        table.add_column(title, overflow="fold")
    for operation in listed_operations().values():
        for index, each in enumerate(operation.elements):
            name = f"{operation.name}\n{operation.reference}" if index == 0 else ""
            wrong = ", ".join(json.dumps(value) for value in each.wrong)
            table.add_row(*map(Text, (name, each.path, each.rule, wrong)))
    console.print(table)


def _entry(case: TestCase) -> dict[str, Any]:
    requirement = case.requirement
    return {
        "test_case": case.name,
        "requirement": requirement.reference,
        "title": requirement.title,
        "product_classes": list(case.product_classes),
        "features": list(case.features),
        "needs": list(case.needs),
        "faults": [
            {"fault": each.name, "description": each.description}
            for target in targets_of(case)
            for each in target.faults_of(case.name)
        ],
    }


def _print(entries: list[dict[str, Any]], console: Console) -> None:
    table = Table(expand=True, show_lines=True)
    table.add_column("Test case", ratio=5, overflow="fold")
    table.add_column("Class", no_wrap=True)
    table.add_column("Needs of the product", ratio=3)
    table.add_column("Proven by the faults", ratio=4, min_width=33, overflow="fold")
    for entry in entries:
        name = Text(entry["test_case"], style="bold")
        name.append(f"\n{entry['requirement']}", style="not bold dim")
        name.append(f"\n{entry['title']}", style="not bold")
        needs = [f"the feature {each}" for each in entry["features"]]
        needs += [_NEEDS.get(each, each) for each in entry["needs"]]
        faults = "\n".join(each["fault"] for each in entry["faults"])
        table.add_row(
            name, "\n".join(entry["product_classes"]), "\n".join(needs), faults or "(none yet)"
        )
    console.print(table)
    console.print(f"{len(entries)} test cases. makmal evaluate runs them on a product.")
