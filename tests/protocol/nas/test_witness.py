"""NAS elements that no shared capture holds: tshark reads of ours what we wrote."""

from __future__ import annotations

import shutil
import struct
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from makmal.protocol import nas
from makmal.protocol.nas import ie

from .test_container_values import (
    BEARERS,
    CAPABILITY,
    CHALLENGE,
    EXTENDED,
    GROUPS,
    NETWORKS,
    NUMBERS,
)

_DLT_USER_0 = 147
_AS_NAS = 'uat:user_dlts:"User 0 (DLT=147)","nas-5gs","0","","0",""'
T = nas.MessageType

_REGISTRATION = {
    ie.FIVE_GS_REGISTRATION_TYPE: nas.RegistrationType(1),
    ie.NAS_KEY_SET_IDENTIFIER: nas.KeySetIdentifier(7),
    ie.FIVE_GS_MOBILE_IDENTITY: nas.NoIdentity(),
}
# Without what no specification has: a parameter of an unknown type, octets behind the last.
_KNOWN_BEARER = replace(BEARERS[0], parameters=BEARERS[0].parameters[:2], trailing=b"")
_ACCEPT = {ie.FIVE_GS_REGISTRATION_RESULT: 1}

WITNESSED: dict[str, tuple[nas.Message, list[str]]] = {
    "LADN information": (
        nas.build(T.REGISTRATION_ACCEPT, {**_ACCEPT, ie.LADN_INFORMATION: NETWORKS}),
        ["LADN 1", "DNN: factory.local", "TAC: 1", "TAC: 5", "LADN 2", "DNN: yard", "TAC: 9"],
    ),
    "LADN indication": (
        nas.build(
            T.REGISTRATION_REQUEST, {**_REGISTRATION, ie.LADN_INDICATION: ("factory.local", "yard")}
        ),
        ["LADN DNN value 1", "DNN: factory.local", "LADN DNN value 2", "DNN: yard"],
    ),
    "emergency numbers": (
        nas.build(T.REGISTRATION_ACCEPT, {**_ACCEPT, ie.EMERGENCY_NUMBER_LIST: NUMBERS}),
        ["Emergency BCD Number: 112", "Emergency BCD Number: 9110"],
    ),
    "extended emergency numbers": (
        nas.build(T.REGISTRATION_ACCEPT, {**_ACCEPT, ie.EXTENDED_EMERGENCY_NUMBER_LIST: EXTENDED}),
        [
            "Emergency number: 999",
            "Sub-services field: police.municipal",
            "Emergency number: 18",
            "Sub-services field: fire.ab",
            "Emergency number: 17",
            "Sub-services field: mountain",
            "Emergency number: 15",
        ],
    ),
    "closed access groups": (
        nas.build(T.REGISTRATION_ACCEPT, {**_ACCEPT, ie.CAG_INFORMATION_LIST: GROUPS[:1]}),
        ["CAG only: the UE is not allowed", "CAG-ID: 0x00000001", "CAG-ID: 0xdeadbeef"],
    ),
    "EAP": (
        nas.build(
            T.AUTHENTICATION_REQUEST,
            {
                ie.NAS_KEY_SET_IDENTIFIER: nas.KeySetIdentifier(0),
                ie.ABBA: b"\0\0",
                ie.EAP_MESSAGE: CHALLENGE,
            },
        ),
        [
            "Code: Request (1)",
            "Id: 7",
            "(EAP-AKA') (50)",
            "EAP-AKA Subtype: AKA-Challenge (1)",
            "EAP-AKA Type: AT_RAND (1)",
            "EAP-AKA Value: 0000000102030405060708090a0b0c0d0e0f",
            "EAP-AKA Type: AT_KDF (24)",
            "EAP-AKA Type: AT_KDF_INPUT (23)",
            "EAP-AKA Type: AT_MAC (11)",
        ],
    ),
    "mapped EPS bearers": (
        nas.build(
            T.PDU_SESSION_MODIFICATION_REQUEST,
            {ie.MAPPED_EPS_BEARER_CONTEXTS: (_KNOWN_BEARER,)},
            pdu_session_id=1,
            procedure_transaction_identity=1,
        ),
        [
            "EPS bearer identity: 5",
            "Create new EPS bearer (1)",
            "parameters list is included (1)",
            "Number of EPS parameters: 2",
            "QCI 9 (9)",
            "APN-AMBR for downlink: 16 kbps",
        ],
    ),
    "S1 UE network capability": (
        nas.build(
            T.REGISTRATION_REQUEST, {**_REGISTRATION, ie.S1_UE_NETWORK_CAPABILITY: CAPABILITY}
        ),
        ["= EEA0: Supported", "= 128-EEA3: Supported", "= EIA0: Not supported", "128-EIA1: Supp"],
    ),
}


def _dissected(tshark: str, path: Path, message: nas.Message) -> str:
    octets = message.encode()
    header = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, _DLT_USER_0)
    path.write_bytes(header + struct.pack("<IIII", 0, 0, len(octets), len(octets)) + octets)
    command: list[Any] = [tshark, "-n", "-o", _AS_NAS, "-V", "-r", path]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return result.stdout


@pytest.mark.parametrize("name", WITNESSED)
def test_tshark_reads_what_we_wrote(name: str, tmp_path: Path) -> None:
    tshark = shutil.which("tshark")
    if tshark is None:
        pytest.skip("tshark, the independent witness, is not installed")
    message, expected = WITNESSED[name]
    text = _dissected(tshark, tmp_path / "nas.pcap", message)
    position = 0
    for line in expected:
        position = text.find(line, position)
        assert position >= 0, f"{line!r} is not, or not in its place, in:\n{text}"
    assert "Malformed" not in text
    assert "Expert Info (Error" not in text
