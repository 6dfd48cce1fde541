"""What the showcase evaluates, layer by layer, and with which weakness."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from makmal.bench.campaign import chosen
from makmal.bench.embedded_targets import EMBEDDED_TARGETS
from makmal.testcases.registry import test_cases
from makmal.testcases.test_case import TestCase

NETWORK = "network"
# Product classes that are of no 5G network function.
_LAYERS = {"application": "cloud application", "device": "end-user device"}
# One chosen weakness for each class that has one in the showcase.
WEAKNESSES = {
    "AMF": "accepts-replayed-nas",
    "gNB": "accepts-replayed-user-data",
    "UPF": "ues-not-kept-apart",
    "application": "role-not-checked",
    "device": "debug-port-open",
}


@dataclass(frozen=True, slots=True)
class Stage:
    """One campaign of the showcase. ``fault`` is brought in on purpose; None for the sound one."""

    layer: str
    product_class: str
    fault: str | None
    test_cases: tuple[TestCase, ...]

    @property
    def name(self) -> str:
        """What its evidence is called."""
        return f"{self.product_class}-{self.fault or 'sound'}"

    @property
    def target(self) -> str:
        """The target file."""
        lines = ["[product]", f'class = "{self.product_class}"', 'attachment = "embedded"']
        if self.fault is not None:
            lines.append(f'faults = ["{self.fault}"]')
        return "\n".join(lines) + "\n"

    def must_fail(self, test_case: str) -> bool:
        """Whether the fault is this test case's to catch."""
        faults = EMBEDDED_TARGETS[self.product_class].faults
        return any(each.name == self.fault and test_case in each.caught_by for each in faults)


def stages() -> Iterator[Stage]:
    """Each embedded product that has test cases: sound, and with its weakness if it has one."""
    for product_class in EMBEDDED_TARGETS:
        cases = tuple(chosen(test_cases(), None, product_class))
        if not cases:
            continue
        layer = _LAYERS.get(product_class, NETWORK)
        yield Stage(layer, product_class, None, cases)
        weakness = WEAKNESSES.get(product_class)
        if weakness is not None:
            yield Stage(layer, product_class, weakness, cases)
