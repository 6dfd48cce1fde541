"""How a producer treats requests: whom it serves, and what bodies it takes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServicePolicy:
    """The default is the sound one; but for the last group, each choice is a demand."""

    # Access tokens (TS 33.501, 13.4.1.1.2).
    demands_token: bool = True
    verifies_signature: bool = True
    verifies_audience: bool = True
    verifies_scope: bool = True
    verifies_expiry: bool = True
    # RFC 8725, 3.1: the algorithm is what the key is for, whatever the header says.
    refuses_unsigned: bool = True
    keeps_key_to_its_algorithm: bool = True
    trusts_only_known_keys: bool = True
    # What a token may be narrowed down to (TS 29.510, 6.3.5.2.4).
    verifies_slices: bool = True
    verifies_slice_instances: bool = True
    verifies_nf_set: bool = True
    verifies_additional_scope: bool = True

    # Client credentials assertions (TS 33.501, 13.3.8.2).
    verifies_assertion_signature: bool = True
    verifies_assertion_audience: bool = True
    verifies_assertion_expiry: bool = True

    # Bodies (TS 33.501, 13.1; TS 33.117, 4.3.6; TS 29.501, 6.2).
    refuses_repeated_keys: bool = True
    verifies_types: bool = True
    verifies_ranges: bool = True
    recovers_from_bad_bodies: bool = True
    keeps_from_fetching: bool = True
    keeps_from_reading_files: bool = True
    keeps_from_running: bool = True

    # TS 33.117, 4.4.2.
    opens_only_declared_ports: bool = True

    # As sound either way: whether problems are told in detail, and with which status a body that
    # can be read and not be used is refused (RFC 9110, 15.5.21).
    explains_problems: bool = True
    unusable_body_status: int = 400
