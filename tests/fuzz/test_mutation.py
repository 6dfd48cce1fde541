"""A short fuzz run; ``make fuzz`` does a million messages."""

from __future__ import annotations

import random

import pytest

from makmal.protocol.errors import DecodeError

from .mutation import Target, _frames, audit_mutated_frames, failures, targets

TARGETS = targets()


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_mutated_messages_decode_or_raise_the_documented_error(target: Target) -> None:
    found = list(failures(target, random.Random(target.name), 1000))
    assert [(octets.hex(), what) for octets, what in found if what] == []
    # Damage that is never noticed would mean that nothing was read.
    assert found or target.name in {"HTTP/2"}


def test_unmutated_messages_decode() -> None:
    refused = []
    for target in TARGETS:
        if target.name in {"HTTP/2", "JSON", "TLS"}:
            continue
        for octets in target.messages:
            try:
                target.decode(octets)
            except DecodeError as error:
                refused.append(error.reason)
    # The UE of the OAI capture counts the length octet of a DNN label into the label.
    assert set(refused) <= {"a label runs past the end of the DNN"}


def test_an_audit_of_mutated_frames_ends_with_verdicts() -> None:
    audit_mutated_frames(random.Random(7), _frames())
