"""The embedded product of each class: sound, with faults, and otherwise but as sound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from makmal.bench import embedded
from makmal.bench.application import embedded as application
from makmal.bench.device import embedded as device
from makmal.bench.embedded_plan import FEATURES, GNB_FEATURES, UPF_FEATURES
from makmal.bench.radio import embedded_gnb
from makmal.bench.user_plane import embedded_upf
from makmal.cloud import faults as cloud
from makmal.device import faults as iot
from makmal.judges.verdict import Verdict
from makmal.network.faults import FAULTS, SOUND, VARIATIONS, Fault, Variation
from makmal.network.plan import FUNCTIONS
from makmal.testcases.test_case import TestCase

# From a test case, a policy and declared features to the verdict, simulated.
Evaluate = Callable[[TestCase, Any, frozenset[str]], Verdict]


@dataclass(frozen=True, slots=True)
class EmbeddedTarget:
    """The embedded product of a class. ``sound`` is the policy that faults are changes of."""

    product_class: str
    sound: Any
    evaluate: Evaluate
    faults: tuple[Fault, ...]
    variations: tuple[Variation, ...]
    features: frozenset[str] = FEATURES

    def faults_of(self, test_case: str) -> tuple[Fault, ...]:
        """The faults that a test case must catch."""
        return tuple(each for each in self.faults if test_case in each.caught_by)


def _network_function(name: str) -> EmbeddedTarget:
    def evaluate(test_case: TestCase, policy: Any, features: frozenset[str]) -> Verdict:
        return embedded.evaluate(test_case, policy, features, name)

    return EmbeddedTarget(
        name,
        SOUND,
        evaluate,
        tuple(each for each in FAULTS if each.function == name),
        tuple(each for each in VARIATIONS if each.function == name),
    )


def _upf() -> EmbeddedTarget:
    """The UPF alone: its neighbours are the bench's."""
    return replace(_network_function("UPF"), evaluate=embedded_upf.evaluate, features=UPF_FEATURES)


def _gnb() -> EmbeddedTarget:
    """The gNB, with UEs on its Uu."""
    return replace(_network_function("gNB"), evaluate=embedded_gnb.evaluate, features=GNB_FEATURES)


EMBEDDED_TARGETS: dict[str, EmbeddedTarget] = {
    name: _network_function(name) for name in FUNCTIONS if not name.endswith("-2")
} | {"UPF": _upf(), "gNB": _gnb()}
EMBEDDED_TARGETS[cloud.PRODUCT_CLASS] = EmbeddedTarget(
    cloud.PRODUCT_CLASS,
    application.SOUND,
    application.evaluate,
    cloud.FAULTS,
    cloud.VARIATIONS,
    application.FEATURES,
)
EMBEDDED_TARGETS[iot.PRODUCT_CLASS] = EmbeddedTarget(
    iot.PRODUCT_CLASS,
    device.SOUND,
    device.evaluate,
    iot.FAULTS,
    iot.VARIATIONS,
    device.FEATURES,
)


def all_faults() -> dict[str, Fault]:
    """Every fault of every embedded product, by name."""
    return {each.name: each for target in EMBEDDED_TARGETS.values() for each in target.faults}


def targets_of(test_case: TestCase) -> tuple[EmbeddedTarget, ...]:
    """The embedded products that a test case is for."""
    return tuple(
        EMBEDDED_TARGETS[each] for each in test_case.product_classes if each in EMBEDDED_TARGETS
    )
