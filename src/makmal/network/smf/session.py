"""What the SMF holds of a session, and the messages that it makes of it (TS 24.501, 8.3; 9.3.4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from makmal.network.slices import Slice, to_nas
from makmal.protocol import nas, ngap
from makmal.protocol.nas import ie
from makmal.protocol.ngap import qos_flows, transfer
from makmal.protocol.ngap.enumerations import PduSessionType, ProtectionIndication

M = nas.MessageType
_SSC_MODE_1 = 1
# PDU session types (TS 24.501, 9.11.4.11), and the same in the terms of NGAP.
IPV4, IPV6, IPV4V6 = 1, 2, 3
NGAP_TYPES = {
    IPV4: PduSessionType.IPV4,
    IPV6: PduSessionType.IPV6,
    IPV4V6: PduSessionType.IPV4V6,
}
_QFI = 1
# The rule that lets every packet pass, and its one flow (TS 24.501, 9.11.4.13).
_MATCH_ALL_RULE = bytes.fromhex("01000631310101ff01")
_BIT_RATE = ngap.AggregateMaximumBitRate(1_000_000_000, 500_000_000)
_NAS_BIT_RATE = nas.SessionAmbr(6, 1000, 6, 500)
_INDICATIONS = {
    "REQUIRED": ProtectionIndication.REQUIRED,
    "PREFERRED": ProtectionIndication.PREFERRED,
    "NOT_NEEDED": ProtectionIndication.NOT_NEEDED,
}


@dataclass(eq=False, slots=True)
class SmSession:
    """``reference`` names the SM context; ``tunnel`` is the UPF's end on N3.

    ``policy`` is that of the user plane: integrity, confidentiality (TS 29.571, 5.4.3.4).
    """

    reference: str
    supi: str
    identity: int
    dnn: str
    s_nssai: Slice
    transaction: int
    address: str
    policy: tuple[str, str]
    # The NF instance id of the AMF that serves the UE.
    amf: str = ""
    status_uri: str = ""
    smf_seid: int = 0
    session_type: int = IPV4
    # The IPv6 prefix of 64 bits, as the address that begins it.
    prefix: str | None = None
    upf_seid: int = 0
    tunnel: ngap.GTPTunnel | None = None
    access: ngap.GTPTunnel | None = None
    arriving: ngap.GTPTunnel | None = None
    # The resources that neighbours keep of it: at the PCF and at the CHF.
    sm_policy: str = ""
    charging: str = ""
    charging_id: int = 0
    extensions: dict[str, Any] = field(default_factory=dict)

    @property
    def ipv4(self) -> str | None:
        """The IPv4 address, of a session that has one."""
        return None if self.session_type == IPV6 else self.address

    @property
    def pdu_address(self) -> nas.PduAddress:
        """What the UE gets of its addresses by NAS (9.11.4.10); the prefix comes by ICMPv6."""
        identifier = None
        if self.session_type != IPV4:
            # Any that is unique on the link, where the UE is alone with the UPF.
            identifier = bytes(7) + b"\x02"
        return nas.PduAddress(self.session_type, self.ipv4, identifier)

    def message(self, kind: M, elements: dict[Any, Any] | None = None) -> bytes:
        """A 5GSM message of this session."""
        return nas.build(
            kind,
            elements,
            pdu_session_id=self.identity,
            procedure_transaction_identity=self.transaction,
        ).encode()

    def establishment_accept(self) -> bytes:
        """PDU SESSION ESTABLISHMENT ACCEPT (8.3.2)."""
        return self.message(
            M.PDU_SESSION_ESTABLISHMENT_ACCEPT,
            {
                ie.SELECTED_PDU_SESSION_TYPE: self.session_type,
                ie.SELECTED_SSC_MODE: _SSC_MODE_1,
                ie.AUTHORIZED_QOS_RULES: _MATCH_ALL_RULE,
                ie.SESSION_AMBR: _NAS_BIT_RATE,
                ie.PDU_ADDRESS: self.pdu_address,
                ie.S_NSSAI: to_nas((self.s_nssai,))[0],
                ie.DNN: self.dnn,
            },
        )

    @property
    def security_indication(self) -> ngap.SecurityIndication:
        """The policy in the terms of TS 38.413, 9.3.1.27."""
        integrity, confidentiality = self.policy
        return ngap.SecurityIndication(
            _INDICATIONS[integrity],
            _INDICATIONS[confidentiality],
            # The rate is there whenever integrity protection may be.
            None if integrity == "NOT_NEEDED" else 1,
        )

    def setup_request(self) -> bytes:
        """PDU Session Resource Setup Request Transfer (TS 38.413, 9.3.4.1)."""
        security = self.security_indication
        flow = qos_flows.QosFlowSetup(
            _QFI,
            qos_flows.QosFlowLevelQosParameters(
                qos_flows.NonDynamic5qi(9), qos_flows.AllocationAndRetentionPriority(8)
            ),
        )
        return transfer.encode_setup_request(
            (transfer.AMBR, _BIT_RATE),
            (transfer.UL_TUNNEL, self.tunnel),
            (transfer.SESSION_TYPE, NGAP_TYPES[self.session_type]),
            (transfer.SECURITY, security),
            (transfer.SETUP_LIST, (flow,)),
        )


def refusal(identity: int, transaction: int, cause: int) -> bytes:
    """PDU SESSION ESTABLISHMENT REJECT (8.3.3)."""
    return nas.build(
        M.PDU_SESSION_ESTABLISHMENT_REJECT,
        {ie.FIVE_GSM_CAUSE: cause},
        pdu_session_id=identity,
        procedure_transaction_identity=transaction,
    ).encode()
