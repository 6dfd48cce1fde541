"""The subscriber file of ``makmal ue``."""

from __future__ import annotations

from pathlib import Path

import pytest

from makmal.bench.subscribers import SubscribersError, load_subscribers, parse_subscribers

ONE = """[[subscriber]]
supi = "imsi-001010000000001"
k = "465b5ce8b199b49faa5f0a2ee238a6bc"
opc = "e8ed289deba952e4283b54e88e6183ca"
"""
KEY = f'[[home_network_key]]\nidentifier = 7\nprofile = "B"\nprivate_key = "{"11" * 32}"\n'


def test_a_subscriber_and_what_is_usual() -> None:
    found = parse_subscribers(ONE).subscriptions
    assert len(found) == 1
    assert (found[0].scheme, found[0].method, found[0].slices) == (0, "5G_AKA", ((1, None),))


def test_many_with_a_home_network_key(tmp_path: Path) -> None:
    path = tmp_path / "subscribers.toml"
    path.write_text(ONE + 'count = 1000\nauthentication_method = "EAP-AKA\'"\n' + KEY)
    found = load_subscribers(path)
    assert len({each.supi for each in found.subscriptions}) == 1000
    assert found.subscriptions[-1].supi == "imsi-001010000001000"
    assert {(each.scheme, each.method) for each in found.subscriptions} == {(2, "EAP_AKA_PRIME")}
    assert found.home_network_keys[0].identifier == 7


def test_the_example_is_valid() -> None:
    path = Path(__file__).parents[2] / "examples" / "subscribers.toml"
    found = load_subscribers(path).subscriptions
    assert len(found) == 101
    assert {each.scheme for each in found} == {0, 1}


def test_tuak() -> None:
    text = ONE.replace("opc =", "# opc =") + f'op = "{"22" * 32}"\nalgorithm_set = "tuak"\n'
    assert len(parse_subscribers(text).subscriptions[0].opc) == 32


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "subscribers, line 1: subscriber: is missing: name at least one"),
        ("[network]\n", "subscribers, line 1: network: no such entry"),
        (ONE + 'slice = ["1"]', "subscribers, line 5: slice: no such entry; did you mean slices?"),
        (ONE + KEY + KEY, "subscribers, line 10: identifier: 7 is named twice"),
        (ONE + 'up_integrity = "YES"', 'line 5: up_integrity: must be "REQUIRED", "PREFERRED" or'),
    ],
)
def test_a_mistake_is_answered_with_its_line(text: str, expected: str) -> None:
    with pytest.raises(SubscribersError) as raised:
        parse_subscribers(text)
    assert expected in str(raised.value)
