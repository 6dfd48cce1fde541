"""Decoding NGAP and NAS against pycrate: the same messages, in one process.

    python benchmarks/decode.py [--messages 100000]

Of every NGAP message: procedure, RAN and AMF UE NGAP id, cause, security capabilities and NAS
PDUs; of every NAS message: its type, and the elements that the judges read. Exit code 1 below 10
times.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
import time
from collections.abc import Callable
from pathlib import Path

from makmal.played.policy import OBSERVED
from makmal.played.recording import record
from makmal.protocol import nas, ngap
from makmal.protocol.errors import DecodeError
from makmal.trace.capture import open_capture
from makmal.trace.dissect import nas_pdus_of
from makmal.trace.frame import SctpMessage
from makmal.trace.transport import Reassembler

CAPTURES = Path(__file__).parents[2] / "shared" / "captures"
PPID_NGAP = 60
WANTED_RATIO = 10
NGAP_KEYS = (
    ngap.ie.RAN_UE_NGAP_ID,
    ngap.ie.AMF_UE_NGAP_ID,
    ngap.ie.CAUSE,
    ngap.ie.UE_SECURITY_CAPABILITIES,
)
NAS_KEYS = (
    nas.ie.FIVE_GS_MOBILE_IDENTITY,
    nas.ie.MOBILE_IDENTITY,
    nas.ie.FIVE_G_GUTI,
    nas.ie.UE_SECURITY_CAPABILITY,
    nas.ie.REPLAYED_UE_SECURITY_CAPABILITIES,
    nas.ie.SELECTED_NAS_SECURITY_ALGORITHMS,
    nas.ie.AUTHENTICATION_PARAMETER_RAND,
    nas.ie.FIVE_GMM_CAUSE,
)


def ngap_octets() -> tuple[str, list[bytes]]:
    """Every NGAP message of the shared captures, or else of the laboratory's own network."""
    found, names = [], []
    for path in sorted(CAPTURES.glob("o*.pcap*")):
        names.append(path.name)
        with open_capture(path) as capture:
            found += _from_frames(capture)
    if found:
        return ", ".join(names), found
    return "the laboratory's own network", _from_frames(record(OBSERVED).frames)


def _from_frames(frames) -> list[bytes]:
    reassembler = Reassembler()
    return [
        payload.payload
        for frame in frames
        for payload in reassembler.feed(frame)
        if isinstance(payload, SctpMessage) and payload.payload_protocol_id == PPID_NGAP
    ]


def makmal(octets: bytes) -> int:
    """Decode one NGAP message and its NAS messages; how many messages that were."""
    pdu = ngap.decode(octets)
    for key in NGAP_KEYS:
        pdu.get(key)
    count = 1
    for nas_pdu in nas_pdus_of(pdu):
        count += 1
        message = nas.decode(nas_pdu)
        if isinstance(message, nas.SecurityProtected):
            try:
                message = message.plain()
            except DecodeError:
                continue
        for nas_key in NAS_KEYS:
            message.get(nas_key)
    return count


def pycrate() -> Callable[[bytes], int]:
    """The same with pycrate; importing it takes seconds, which are not counted."""
    # It says on standard output that it lacks a library for ciphering, which is not needed here.
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        from pycrate_asn1dir import NGAP
        from pycrate_mobile.NAS5G import parse_NAS5G

    pdu_type = NGAP.NGAP_PDU_Descriptions.NGAP_PDU

    def nas_pdus(value: object) -> list[bytes]:
        if isinstance(value, tuple) and len(value) == 2 and value[0] == "NAS-PDU":
            return [value[1]]
        if isinstance(value, dict):
            found = [octets for each in value.values() for octets in nas_pdus(each)]
            return found + ([value["nAS-PDU"]] if "nAS-PDU" in value else [])
        if isinstance(value, list | tuple):
            return [octets for each in value for octets in nas_pdus(each)]
        return []

    def decode(octets: bytes) -> int:
        pdu_type.from_aper(octets)
        count = 1
        for nas_pdu in nas_pdus(pdu_type.get_val()):
            count += 1
            parse_NAS5G(nas_pdu)
        return count

    return decode


def measure(
    decode: Callable[[bytes], int], messages: list[bytes], wanted: int
) -> tuple[int, float]:
    """Messages decoded and seconds taken."""
    count = 0
    start = time.perf_counter()
    while count < wanted:
        for octets in messages:
            count += decode(octets)
    return count, time.perf_counter() - start


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    wanted = parser.parse_args().messages
    name, messages = ngap_octets()
    print(f"NGAP and NAS messages of {name}, repeated")
    count, seconds = measure(makmal, messages, wanted)
    peer_count, peer_seconds = measure(pycrate(), messages, wanted)
    own, peer = seconds / count * 1e6, peer_seconds / peer_count * 1e6
    print(f"makmal  {count:7} messages {seconds:6.2f} s {own:7.1f} microseconds each")
    print(f"pycrate {peer_count:7} messages {peer_seconds:6.2f} s {peer:7.1f} microseconds each")
    print(f"makmal is {peer / own:.1f} times as fast ({WANTED_RATIO} is wanted)")
    return 0 if peer / own >= WANTED_RATIO else 1


if __name__ == "__main__":
    sys.exit(main())
