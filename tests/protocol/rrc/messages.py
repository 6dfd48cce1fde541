"""One of each message that the laboratory builds."""

from __future__ import annotations

from makmal.protocol import rrc
from makmal.protocol.rrc import (
    Algorithms,
    Cell,
    Drb,
    DrbCount,
    KeyUpdate,
    Reconfiguration,
    ReestablishmentRequest,
    RegisteredAmf,
    ResumeRequest,
    SetupComplete,
    STmsi,
    SuspendConfig,
    Sync,
    establishment,
    mobility,
    reconfiguration,
    security,
)

S_TMSI = STmsi(1, 0, 0xDEADBEEF)
# A Registration Request with the SUCI of the null scheme, and a De-registration Accept.
UPLINK_NAS = bytes.fromhex("7e004179000d0199f9070000000000000000102e02f0f0")
DOWNLINK_NAS = bytes.fromhex("7e0046")
COMPLETE = SetupComplete(UPLINK_NAS, S_TMSI, RegisteredAmf("99970", 2, 1, 0))
HANDOVER = Reconfiguration(
    reestablished_srbs=(1, 2),
    drbs=(Drb(1, 5, (1, 9), integrity=False, uplink_header=True, reestablished=True),),
    algorithms=Algorithms(1, 2),
    # Of 8 octets for tshark 4.0, which reads it as the container of S1 mode to N1 mode.
    key_update=KeyUpdate(2, True, bytes(8)),
    sync=Sync(Cell(500, 632_000), 0x1234),
)
BEARERS = Reconfiguration(srbs=(2,), drbs=(Drb(1, 5, ciphering=False),), nas=(DOWNLINK_NAS,) * 2)


def messages() -> list[rrc.Message]:
    """By name, where the names differ."""
    return [
        establishment.setup_request("mo-Signalling", S_TMSI),
        establishment.setup_request("mo-Data", None, 77),
        establishment.setup(1),
        establishment.setup_complete(1, COMPLETE),
        establishment.reject(3),
        establishment.downlink_nas(0, DOWNLINK_NAS),
        establishment.uplink_nas(UPLINK_NAS),
        establishment.release(0),
        establishment.release(0, SuspendConfig(5, 6, 2)),
        establishment.paging([S_TMSI], [5]),
        security.security_mode_command(0, Algorithms(2, 1)),
        security.security_mode_complete(0),
        security.security_mode_failure(0),
        security.capability_enquiry(0),
        security.capability_information(0, security.nr_capability()),
        security.counter_check(0, [DrbCount(1, 1024, 2048)]),
        security.counter_check_response(0, [DrbCount(1, 1000, 2000)]),
        reconfiguration.reconfiguration(2, BEARERS),
        reconfiguration.reconfiguration(3, HANDOVER),
        reconfiguration.reconfiguration(3, Reconfiguration(released_drbs=(1, 30))),
        reconfiguration.reconfiguration_complete(1),
        reconfiguration.resume(1, Reconfiguration(reestablished_srbs=(2,))),
        mobility.resume_request(ResumeRequest(6, 77, "mo-Data")),
        mobility.resume_request(ResumeRequest(5, 77, "mo-Data", full=True)),
        mobility.resume_complete(1),
        mobility.reestablishment_request(ReestablishmentRequest(1, 2, 3)),
        mobility.reestablishment(1, 2),
        mobility.reestablishment_complete(1),
    ]
