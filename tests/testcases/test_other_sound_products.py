"""Products that conform, and say it otherwise than the embedded ones."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from makmal.bench.embedded_targets import EMBEDDED_TARGETS
from makmal.judges.verdict import Verdict
from makmal.protocol import rrc
from makmal.protocol.sbi import HttpMessage
from makmal.testcases.registry import test_cases
from makmal.trace.message import ApplicationMessage, Message, RrcMessage, SbiMessage, Step
from makmal.trace.trace import Trace

Change = Callable[[str, SbiMessage], HttpMessage | None]


def trace_of(name: str, product_class: str) -> Trace:
    target = EMBEDDED_TARGETS[product_class]
    return target.trace_of(test_cases()[name](), target.sound, target.features)


def judged(name: str, trace: Trace, messages: list[Message]) -> Verdict:
    return test_cases()[name]().judge(replace(trace, messages=tuple(messages)))


def with_services(trace: Trace, change: Change) -> list[Message]:
    """The messages, those of services with another HTTP where there is one for their step."""
    found: list[Message] = []
    step = ""
    changed: dict[int, SbiMessage] = {}
    for message in trace.messages:
        each = message
        if isinstance(each, Step):
            step = each.name
        elif isinstance(each, SbiMessage):
            other = change(step, each)
            before = changed.get(id(each.request))
            if other is not None or before is not None:
                each = copy.copy(each)
                each.http = other or each.http
                each.request = before or each.request
                changed[id(message)] = each
        found.append(each)
    return found


def test_a_time_stamp_may_be_written_otherwise() -> None:
    name = "TC_AUTH_STATUS_STORE_UDM"
    trace = trace_of(name, "UDM")

    def with_offset(step: str, message: SbiMessage) -> HttpMessage | None:
        if message.http.method != "PUT" or message.document is None:
            return None
        document = dict(message.document.value)
        there = datetime.fromisoformat(document["timeStamp"]).astimezone(
            timezone(timedelta(hours=2))
        )
        document["timeStamp"] = there.isoformat(timespec="milliseconds")
        return replace(message.http, body=json.dumps(document).encode())

    messages = with_services(trace, with_offset)
    assert messages != list(trace.messages)
    assert judged(name, trace, messages).outcome == "pass"


@pytest.mark.parametrize(("status", "outcome"), [(429, "inconclusive"), (404, "fail")])
def test_a_udm_that_is_busy_does_not_fail(status: int, outcome: str) -> None:
    name = "MAKMAL_UDM_SYNCHRONISATION_FAILURE"
    trace = trace_of(name, "UDM")

    def busy(step: str, message: SbiMessage) -> HttpMessage | None:
        asked = message.request
        if step != "a synchronisation failure of the USIM" or asked is None:
            return None
        is_vector = "generate-auth-data" in (asked.http.path or "")
        return replace(message.http, status=status, body=b"") if is_vector else None

    assert judged(name, trace, with_services(trace, busy)).outcome == outcome


def test_an_nrf_may_leave_out_what_it_does_not_show() -> None:
    name = "MAKMAL_NRF_DISCOVERY_AUTHORIZATION"
    trace = trace_of(name, "NRF")

    def empty(step: str, message: SbiMessage) -> HttpMessage | None:
        if message.http.status != 403:
            return None
        body = b'{"validityPeriod": 60, "nfInstances": []}'
        return replace(message.http, status=200, body=body)

    messages = with_services(trace, empty)
    assert messages != list(trace.messages)
    assert judged(name, trace, messages).outcome == "pass"


def test_an_nrf_may_refuse_the_subscription_of_who_is_not_allowed() -> None:
    name = "MAKMAL_NRF_NOTIFICATION_AUTHORIZATION"
    trace = trace_of(name, "NRF")

    def answered(status: int) -> Change:
        def change(step: str, message: SbiMessage) -> HttpMessage | None:
            asked = message.request
            if asked is None or b"status-of-other" not in asked.http.body:
                return None
            return replace(message.http, status=status, body=b"")

        return change

    for status, outcome in ((403, "pass"), (503, "inconclusive")):
        assert judged(name, trace, with_services(trace, answered(status))).outcome == outcome


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("MAKMAL_NRF_TOKEN_GRANT", "registration of consumer and producers"),
        ("MAKMAL_NRF_DISCOVERY_AUTHORIZATION", "preparation of discovery of a producer"),
    ],
)
def test_what_could_not_be_prepared_shows_nothing(name: str, step: str) -> None:
    trace = trace_of(name, "NRF")

    def refused(here: str, message: SbiMessage) -> HttpMessage | None:
        is_there = here.startswith(step) and message.request is not None
        return replace(message.http, status=500, body=b"") if is_there else None

    assert judged(name, trace, with_services(trace, refused)).outcome == "inconclusive"


def test_a_radio_bearer_that_is_there_may_be_changed() -> None:
    name = "TC_GNB_KEY_REFRESH_DRB_ID"
    trace = trace_of(name, "gNB")
    messages = list(trace.messages)
    at, setup = next(
        (at, each)
        for at, each in enumerate(messages)
        if isinstance(each, RrcMessage)
        and each.message.kind == "rrcReconfiguration"
        and rrc.reconfiguration.read(each.message).drbs
    )
    again = copy.copy(setup)
    again.pdu = setup.pdu[:-1] + bytes((setup.pdu[-1] ^ 0xFF,))
    assert judged(name, trace, [*messages[: at + 1], again, *messages[at + 1 :]]).outcome == "pass"


def with_answers(trace: Trace, step: str, change: Callable[[HttpMessage], HttpMessage]) -> Trace:
    """The trace with other answers of an application in a step."""
    found: list[Message] = []
    here = ""
    for each in trace.messages:
        message = each
        if isinstance(message, Step):
            here = message.name
        elif (
            isinstance(message, ApplicationMessage)
            and not message.http.is_request
            and here.startswith(step)
        ):
            message = copy.copy(message)
            message.http = change(message.http)
        found.append(message)
    return replace(trace, messages=tuple(found))


def test_answers_that_differ_in_the_number_of_the_request_tell_no_names() -> None:
    name = "MAKMAL_API2_AUTHENTICATION"
    trace = trace_of(name, "application")
    numbers = iter(range(1, 9))

    def numbered(http: HttpMessage) -> HttpMessage:
        number = f"urn:uuid:9555facb-f1df-5e7f-b995-{next(numbers):012}"
        return replace(http, body=json.dumps({"title": "no", "instance": number}).encode())

    for step in ("an unknown name", "a known name with a wrong password"):
        trace = with_answers(trace, step, numbered)
    assert judged(name, trace, list(trace.messages)).outcome == "pass"
    told = with_answers(trace, "an unknown name", lambda http: replace(http, body=b"who?"))
    assert judged(name, told, list(told.messages)).outcome == "fail"


def test_an_application_that_refuses_wrong_passwords_with_403_has_not_stopped_guessing() -> None:
    name = "MAKMAL_API2_AUTHENTICATION"
    trace = trace_of(name, "application")
    step = "many wrong passwords for one name"
    trace = with_answers(trace, step, lambda http: replace(http, status=403))
    assert judged(name, trace, list(trace.messages)).outcome != "pass"


def test_an_object_that_ages_was_not_changed_by_somebody() -> None:
    name = "MAKMAL_API1_OBJECT_AUTHORISATION"
    trace = trace_of(name, "application")

    def older(http: HttpMessage) -> HttpMessage:
        return replace(http, body=http.body.replace(b"{", b'{"age": 7, ', 1))

    trace = with_answers(trace, "GET /v1/sensors/{sensor}: as its owner again", older)
    assert judged(name, trace, list(trace.messages)).outcome == "inconclusive"


def test_a_device_may_begin_anew_before_it_has_answered() -> None:
    name = "MAKMAL_EN303645_5.11-1"
    trace = trace_of(name, "device")
    messages = [
        each
        for each in trace.messages
        if not isinstance(each, ApplicationMessage)
        or each.request is None
        or not (each.request.http.path or "").endswith("/reset")
    ]
    assert len(messages) < len(trace.messages)
    assert judged(name, trace, messages).outcome == "pass"


@pytest.mark.parametrize("name", ["MAKMAL_API8_MISCONFIGURATION", "MAKMAL_API9_INVENTORY"])
@pytest.mark.parametrize("status", [302, 400, 429, 503])
def test_an_application_that_serves_nothing_shows_nothing(name: str, status: int) -> None:
    trace = trace_of(name, "application")
    trace = with_answers(trace, "", lambda http: replace(http, status=status, headers=(), body=b""))
    assert judged(name, trace, list(trace.messages)).outcome == "inconclusive"
