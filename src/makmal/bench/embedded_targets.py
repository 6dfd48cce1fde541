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
from makmal.trace.trace import Trace

# From a test case, a policy and declared features to the trace of its procedure, simulated.
TraceOf = Callable[[TestCase, Any, frozenset[str]], Trace]


@dataclass(frozen=True, slots=True)
class EmbeddedTarget:
    """The embedded product of a class. ``sound`` is the policy that faults are changes of."""

    product_class: str
    sound: Any
    trace_of: TraceOf
    faults: tuple[Fault, ...]
    variations: tuple[Variation, ...]
    features: frozenset[str] = FEATURES

    def evaluate(self, test_case: TestCase, policy: Any, features: frozenset[str]) -> Verdict:
        """The verdict on the product with a policy, which declares some features."""
        not_applicable = test_case.not_applicable(features)
        if not_applicable is not None:
            return not_applicable
        return test_case.judge(self.trace_of(test_case, policy, features))

    def faults_of(self, test_case: str) -> tuple[Fault, ...]:
        """The faults that a test case must catch."""
        return tuple(each for each in self.faults if test_case in each.caught_by)


def _network_function(name: str) -> EmbeddedTarget:
    def trace_of(test_case: TestCase, policy: Any, features: frozenset[str]) -> Trace:
        return embedded.trace_of(test_case, policy, features, name)

    return EmbeddedTarget(
        name,
        SOUND,
        trace_of,
        tuple(each for each in FAULTS if each.function == name),
        tuple(each for each in VARIATIONS if each.function == name),
    )


def _upf() -> EmbeddedTarget:
    """The UPF alone: its neighbours are the bench's."""
    return replace(_network_function("UPF"), trace_of=embedded_upf.trace_of, features=UPF_FEATURES)


def _gnb() -> EmbeddedTarget:
    """The gNB, with UEs on its Uu."""
    return replace(_network_function("gNB"), trace_of=embedded_gnb.trace_of, features=GNB_FEATURES)


EMBEDDED_TARGETS: dict[str, EmbeddedTarget] = {
    name: _network_function(name) for name in FUNCTIONS if not name.endswith("-2")
} | {"UPF": _upf(), "gNB": _gnb()}
EMBEDDED_TARGETS[cloud.PRODUCT_CLASS] = EmbeddedTarget(
    cloud.PRODUCT_CLASS,
    application.SOUND,
    application.trace_of,
    cloud.FAULTS,
    cloud.VARIATIONS,
    application.FEATURES,
)
EMBEDDED_TARGETS[iot.PRODUCT_CLASS] = EmbeddedTarget(
    iot.PRODUCT_CLASS,
    device.SOUND,
    device.trace_of,
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
