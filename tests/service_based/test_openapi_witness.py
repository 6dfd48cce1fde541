"""What our functions say to each other is what the OpenAPI files of 3GPP describe.

The witness is jsonschema, over the files as they are. Excepted, and why:

- the BSF (TS 29.521) and the CHF (TS 32.291), whose files are not among those beside the checkout;
- requests that are answered with a 4xx: test cases send wrong ones on purpose; - what the tester
itself sends, for the same reason (its user agent tells it); - members that are readOnly are not
required of requests (OpenAPI 3.0.3, 4.7.24.2); - notifications go to URIs that consumers choose:
their bodies are checked by NOTIFICATIONS; - the parts of multipart bodies that are not JSON, which
the codecs of NAS and NGAP have witnesses for; - ``/makmal-transport``, ``/makmal-callback``: URIs
of test cases.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from makmal.bench import embedded
from makmal.bench.embedded_plan import embedded_plan, embedded_subscriptions
from makmal.network.gnb import Gnb
from makmal.network.plan import NetworkPlan
from makmal.network.recorder import PayloadRecorder
from makmal.network.reference_network import ReferenceNetwork
from makmal.network.simulated_world import SimulatedWorld, simulate
from makmal.network.ue import Ue
from makmal.testcases.reading import TESTER
from makmal.testcases.registry import test_cases
from makmal.trace.frame import HttpPayload
from tests.service_based.openapi_witness import Witness

WITHOUT_FILE = ("nbsf-management", "nchf-convergedcharging")
OURS = ("/makmal-",)
NETWORK = ("AMF", "SMF", "AUSF", "UDM", "UDR", "NRF", "NSSF", "PCF", "NSSAAF")
CASES = [
    (name, product)
    for name, kind in test_cases().items()
    for product in kind().product_classes
    if product in NETWORK
]


@pytest.fixture(scope="module")
def witness(openapi: Path) -> Witness:
    return Witness(openapi)


def check(witness: Witness, payloads: list[HttpPayload]) -> None:
    for each in payloads:
        answer = each.message
        request = answer.request
        if answer.is_request or request is None:
            continue
        if (request.header("user-agent") or "").endswith(TESTER):
            continue
        witness.check(request, answer)
    unforeseen = [
        each for each in witness.unknown if not any(name in each for name in (*WITHOUT_FILE, *OURS))
    ]
    assert not unforeseen
    assert not witness.problems


@pytest.mark.parametrize("product", NETWORK)
def test_a_full_run_of_every_class_validates(witness: Witness, product: str) -> None:
    before = witness.checked
    for name, of in CASES:
        if of != product:
            continue
        recorder = PayloadRecorder()
        simulate(embedded.record(test_cases()[name](), recorder, product=product))
        check(witness, [each for each in recorder.payloads if isinstance(each, HttpPayload)])
    assert witness.checked >= before


async def cold(world: SimulatedWorld, plan: NetworkPlan) -> None:
    """From nothing: every function registers, discovers and asks for its tokens; a UE lives."""
    subscriptions = embedded_subscriptions(plan, 2)
    network = ReferenceNetwork(world, plan, subscriptions)
    await network.start()
    gnb = Gnb(world, plan, "gNB")
    await gnb.set_up(plan.n2("AMF"))
    ue = Ue(world, plan, subscriptions[0])
    ue.camp(gnb)
    assert (await ue.register()).accepted
    session = await ue.establish_session()
    assert session.established
    await ue.release_session(session)
    await ue.deregister()
    gnb.close()
    await network.stop()
    await world.close()
    assert not world.failures


@pytest.mark.parametrize("through_scp", [False, True])
def test_a_network_from_its_first_registration_on_validates(
    witness: Witness, through_scp: bool
) -> None:
    recorder = PayloadRecorder()
    plan = replace(embedded_plan(), through_scp=through_scp)
    simulate(cold(SimulatedWorld(recorder), plan))
    found = [each for each in recorder.payloads if isinstance(each, HttpPayload)]
    before = witness.checked
    check(witness, found)
    assert witness.checked - before > 40
    paths = {(each.message.path or "").partition("?")[0] for each in found}
    assert {"/oauth2/token", "/nnrf-disc/v1/nf-instances"} <= paths
    through = [each for each in found if each.message.header("3gpp-sbi-target-apiroot")]
    assert bool(through) is through_scp


def test_the_witness_notices_what_is_wrong(witness: Witness) -> None:
    recorder = PayloadRecorder()
    simulate(cold(SimulatedWorld(recorder), embedded_plan()))
    other = Witness(witness.directory)
    for each in recorder.payloads:
        if not isinstance(each, HttpPayload) or each.message.request is None:
            continue
        request = each.message.request
        if b"servingNetworkName" in request.body:
            request.body = request.body.replace(b'"5G:', b'"4G:')
            request._document = None
            other.check(request, each.message)
    assert other.problems
