"""What was not observed is no pass, and a trace that ends early is no fail."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from functools import cache

import pytest

from makmal.bench.embedded_plan import embedded_plan
from makmal.bench.embedded_targets import EMBEDDED_TARGETS, EmbeddedTarget, targets_of
from makmal.judges.verdict import Outcome
from makmal.testcases.registry import test_cases
from makmal.testcases.test_case import TestCase
from makmal.trace.frame import PortOutcome
from makmal.trace.message import (
    ApplicationMessage,
    ConnectionAttempt,
    Message,
    PortProbe,
    SbiMessage,
    Step,
    TlsConnection,
)
from makmal.trace.trace import Trace

# Of these, whole traces only: what their single steps and services say is prepared for others.
WHOLE = ("ts33117", "ts33512", "ts33513")
ROOMS = (
    *("ts33511", "ts33514", "ts33515", "ts33518"),
    *("ausf", "user_plane_abuse", "core", "application", "device"),
)
# Where the embedded ends are.
ENDS = {"application": "198.51.100.10", "device": "192.0.2.10"}
# What the product says is also seen in what its neighbour passes on: the AMF, the source gNB.
PASSED_ON = {"TC_UP_POLICY_PRECEDENCE_SMF", "Alg_select_change_gNB"}
Messages = Iterable[Message]


def is_in(test_case: TestCase, rooms: tuple[str, ...]) -> bool:
    return type(test_case).__module__.split(".")[2:3] in [[room] for room in rooms]


def address_of(product_class: str) -> str:
    return ENDS.get(product_class) or embedded_plan().address(product_class)


def pairs(
    rooms: tuple[str, ...], but: Collection[str] = (), classes_but: Collection[str] = ()
) -> pytest.MarkDecorator:
    found = [
        (test_case, target)
        for test_case in (kind() for kind in test_cases().values())
        if is_in(test_case, rooms) and test_case.name not in but
        for target in targets_of(test_case)
        if target.product_class not in classes_but
    ]
    ids = [f"{test_case.name}-{target.product_class}" for test_case, target in found]
    return pytest.mark.parametrize(("test_case", "target"), found, ids=ids)


every_whole = pairs((*ROOMS, *WHOLE))


@cache
def sound_trace(name: str, product_class: str) -> Trace:
    target = EMBEDDED_TARGETS[product_class]
    return target.trace_of(test_cases()[name](), target.sound, target.features)


def judged(name: str, trace: Trace, messages: Messages) -> Outcome:
    return test_cases()[name]().judge(replace(trace, messages=tuple(messages))).outcome


def steps_of(trace: Trace) -> list[tuple[str, range]]:
    """The names of the steps, and which messages are in them."""
    marks = [at for at, each in enumerate(trace.messages) if isinstance(each, Step)]
    ends = [*marks[1:], len(trace.messages)]
    names = [each.name for each in trace.messages if isinstance(each, Step)]
    return [(name, range(at + 1, end)) for name, at, end in zip(names, marks, ends, strict=True)]


def is_from(message: Message, address: str) -> bool:
    return not isinstance(message, Step) and message.source.address == address


def answered_with(status: int, address: str) -> Callable[[Message], Message]:
    """Every answer of the product becomes one of this status, with nothing in it."""

    def changed(message: Message) -> Message:
        if (
            not isinstance(message, SbiMessage | ApplicationMessage)
            or message.http.is_request
            or not is_from(message, address)
        ):
            return message
        other = copy.copy(message)
        other.http = replace(message.http, status=status, headers=(), body=b"")
        return other

    return changed


def unanswered(message: Message) -> Message:
    """A message about both ends, without what the server did."""
    other = copy.copy(message)
    if isinstance(other, TlsConnection):
        other.server_hello, other.certificates, other.alert = None, (), None
    elif isinstance(other, ConnectionAttempt):
        other.outcome = "no answer"
    elif isinstance(other, PortProbe):
        other.outcome = PortOutcome.SILENT
    return other


@every_whole
def test_nothing_seen_is_inconclusive(test_case: TestCase, target: EmbeddedTarget) -> None:
    trace = sound_trace(test_case.name, target.product_class)
    marks = [each for each in trace.messages if isinstance(each, Step)]
    assert judged(test_case.name, trace, ()) is Outcome.INCONCLUSIVE
    assert judged(test_case.name, trace, marks) is Outcome.INCONCLUSIVE
    assert judged(test_case.name, trace, trace.messages) is Outcome.PASS


@pairs((*ROOMS, *WHOLE), but=PASSED_ON)
def test_a_product_that_says_nothing_does_not_pass(
    test_case: TestCase, target: EmbeddedTarget
) -> None:
    trace, address = (
        sound_trace(test_case.name, target.product_class),
        address_of(target.product_class),
    )
    silent = [unanswered(each) for each in trace.messages if not is_from(each, address)]
    assert judged(test_case.name, trace, silent) is not Outcome.PASS
    if target.product_class in ENDS or is_in(test_case, WHOLE):
        # To say nothing to what is malformed, or to who is not known, may be right.
        return
    for name, inside in steps_of(trace):
        if name.startswith(("preparation of ", "a challenge for ", "a challenge before ")):
            continue
        kept = [
            each
            for at, each in enumerate(trace.messages)
            if at not in inside or not is_from(each, address)
        ]
        assert judged(test_case.name, trace, kept) is not Outcome.PASS, name


@pairs(ROOMS, but=PASSED_ON, classes_but=("gNB", "UPF"))
def test_a_product_that_is_overloaded_neither_passes_nor_fails(
    test_case: TestCase, target: EmbeddedTarget
) -> None:
    trace = sound_trace(test_case.name, target.product_class)
    overloaded = answered_with(503, address_of(target.product_class))
    changed = [overloaded(each) for each in trace.messages]
    is_changed = any(one is not other for one, other in zip(changed, trace.messages, strict=True))
    # Where no service answers, as on the ports of a device, nothing is otherwise.
    expected = Outcome.INCONCLUSIVE if is_changed else Outcome.PASS
    assert judged(test_case.name, trace, changed) is expected


@every_whole
def test_a_trace_that_ends_early_neither_passes_nor_fails(
    test_case: TestCase, target: EmbeddedTarget
) -> None:
    trace = sound_trace(test_case.name, target.product_class)
    for at, message in enumerate(trace.messages):
        if isinstance(message, Step):
            cut = judged(test_case.name, trace, trace.messages[:at])
            is_described = (
                target.product_class in ENDS or test_case.name == "MAKMAL_SBI_FORMAT_AND_RANGE"
            )
            if is_described and cut is Outcome.PASS:
                # Which steps there are depends on what is described and declared; the trace does
                # not tell that there should be more.
                continue
            assert cut is Outcome.INCONCLUSIVE, message.name


# That such a device does not come back is told from silence at the end.
@pairs(ROOMS, but=("MAKMAL_EN303645_5.9-2",))
def test_a_trace_that_ends_anywhere_does_not_fail(
    test_case: TestCase, target: EmbeddedTarget
) -> None:
    trace = sound_trace(test_case.name, target.product_class)
    stride = max(1, len(trace.messages) // 60)
    for at in range(0, len(trace.messages), stride):
        assert judged(test_case.name, trace, trace.messages[:at]) is not Outcome.FAIL, at


@pytest.mark.parametrize(
    ("name", "product_class"),
    [("TC_CHARGING_ID_UNIQUENESS_SMF", "SMF"), ("TC_GNB_KEY_REFRESH_DRB_ID", "gNB")],
)
def test_retransmissions_do_not_fail(name: str, product_class: str) -> None:
    trace = sound_trace(name, product_class)
    twice = [
        each
        for message in trace.messages
        for each in ((message,) if isinstance(message, Step) else (message, copy.copy(message)))
    ]
    assert judged(name, trace, twice) is Outcome.PASS
