"""Every member of every element, in captures and in what we build, is what pycrate reads."""

from __future__ import annotations

import pytest

from makmal.protocol import ngap
from makmal.protocol.ngap import ie

from .comparison import Comparison
from .conftest import MESSAGES, Pycrate
from .samples import samples

SAMPLES = samples()


@pytest.fixture(scope="module")
def comparison(pycrate: Pycrate) -> Comparison:
    return Comparison(pycrate.module)


def _compare(pdu: ngap.Pdu, pycrate: Pycrate, comparison: Comparison) -> None:
    _, value = pycrate.decode(pdu.encode())
    before = comparison.compared
    for element, (identifier, theirs) in zip(pdu.elements, pycrate.elements(value), strict=True):
        assert element.identifier == identifier
        comparison.element(identifier, theirs, pdu.get(ie.KEYS[identifier]))
    assert comparison.compared - before >= len(pdu.elements)


@pytest.mark.parametrize("octets", MESSAGES, ids=range(len(MESSAGES)))
def test_messages_of_captures(octets: bytes, pycrate: Pycrate, comparison: Comparison) -> None:
    pdu = ngap.decode(octets)
    _compare(pdu, pycrate, comparison)
    # And pycrate has the same name for it.
    name = pycrate.decode(octets)[1]["value"][0]
    assert name == pdu.name


@pytest.mark.parametrize("name", SAMPLES)
def test_messages_that_we_build(name: str, pycrate: Pycrate, comparison: Comparison) -> None:
    pdu = SAMPLES[name]
    _compare(pdu, pycrate, comparison)
    assert pycrate.decode(pdu.encode())[1]["value"][0] == pdu.name
