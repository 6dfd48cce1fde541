"""The bit flags of PFCP elements (TS 29.244, 8.2), by the names that the specification gives them.

Bit 1 of the first octet is the lowest bit of the number, bit 1 of the second octet is 256. Bits
without a name are kept.
"""

from __future__ import annotations

from enum import IntFlag


class ReportingTriggers(IntFlag):
    """What the UP function reports usage upon (8.2.19)."""

    PERIO = 1
    VOLTH = 1 << 1
    TIMTH = 1 << 2
    QUHTI = 1 << 3
    START = 1 << 4
    STOPT = 1 << 5
    DROTH = 1 << 6
    LIUSA = 1 << 7
    VOLQU = 1 << 8
    TIMQU = 1 << 9
    ENVCL = 1 << 10
    MACAR = 1 << 11
    EVETH = 1 << 12
    EVEQU = 1 << 13
    IPMJL = 1 << 14
    QUVTI = 1 << 15
    REEMR = 1 << 16
    UPINT = 1 << 17


class UsageReportTrigger(IntFlag):
    """Why usage is reported (8.2.41)."""

    PERIO = 1
    VOLTH = 1 << 1
    TIMTH = 1 << 2
    QUHTI = 1 << 3
    START = 1 << 4
    STOPT = 1 << 5
    DROTH = 1 << 6
    IMMER = 1 << 7
    VOLQU = 1 << 8
    TIMQU = 1 << 9
    LIUSA = 1 << 10
    TERMR = 1 << 11
    MONIT = 1 << 12
    ENVCL = 1 << 13
    MACAR = 1 << 14
    EVETH = 1 << 15
    EVEQU = 1 << 16
    TEBUR = 1 << 17
    IPMJL = 1 << 18
    QUVTI = 1 << 19
    EMRRE = 1 << 20
    UPINT = 1 << 21


class ReportType(IntFlag):
    """What a session report holds (8.2.21)."""

    DLDR = 1
    USAR = 1 << 1
    ERIR = 1 << 2
    UPIR = 1 << 3
    TMIR = 1 << 4
    SESR = 1 << 5
    UISR = 1 << 6


class UpFunctionFeatures(IntFlag):
    """What the UP function supports (8.2.25)."""

    BUCP = 1
    DDND = 1 << 1
    DLBD = 1 << 2
    TRST = 1 << 3
    FTUP = 1 << 4
    PFDM = 1 << 5
    HEEU = 1 << 6
    TREU = 1 << 7
    EMPU = 1 << 8
    PDIU = 1 << 9
    UDBC = 1 << 10
    QUOAC = 1 << 11
    TRACE = 1 << 12
    FRRT = 1 << 13
    PFDE = 1 << 14
    EPFAR = 1 << 15
    DPDRA = 1 << 16
    ADPDP = 1 << 17
    UEIP = 1 << 18
    SSET = 1 << 19
    MNOP = 1 << 20
    MTE = 1 << 21
    BUNDL = 1 << 22
    GCOM = 1 << 23
    MPAS = 1 << 24
    RTTL = 1 << 25
    VTIME = 1 << 26
    NORP = 1 << 27
    IPTV = 1 << 28
    IP6PL = 1 << 29
    TSCU = 1 << 30
    MPTCP = 1 << 31
    ATSSS_LL = 1 << 32
    QFQM = 1 << 33
    GPQM = 1 << 34
    MT_EDT = 1 << 35
    CIOT = 1 << 36
    ETHAR = 1 << 37
    DDDS = 1 << 38
    RDS = 1 << 39
    RTTWP = 1 << 40
    QUASF = 1 << 41
    NSPOC = 1 << 42
    L2TP = 1 << 43
    UPBER = 1 << 44
    RESPS = 1 << 45
    IPREP = 1 << 46
    DNSTS = 1 << 47
    DRQOS = 1 << 48
    MBSN4 = 1 << 49
    PSUPRM = 1 << 50
    EPPI = 1 << 51
    RATP = 1 << 52
    UPIDP = 1 << 53


class ApplyAction(IntFlag):
    """What is done with a packet (8.2.26)."""

    DROP = 1
    FORW = 1 << 1
    BUFF = 1 << 2
    NOCP = 1 << 3
    DUPL = 1 << 4
    IPMA = 1 << 5
    IPMD = 1 << 6
    DFRT = 1 << 7
    EDRT = 1 << 8
    BDPN = 1 << 9
    DDPN = 1 << 10
    FSSM = 1 << 11
    MBSU = 1 << 12


class PfcpSmReqFlags(IntFlag):
    """PFCPSMReq-Flags (8.2.31)."""

    DROBU = 1
    SNDEM = 1 << 1
    QAURR = 1 << 2
    SUMPC = 1 << 3
    RUMUC = 1 << 4


class PfcpSrRspFlags(IntFlag):
    """PFCPSRRsp-Flags (8.2.32)."""

    DROBU = 1


class MeasurementMethod(IntFlag):
    """How usage is measured (8.2.40)."""

    DURAT = 1
    VOLUM = 1 << 1
    EVENT = 1 << 2


class CpFunctionFeatures(IntFlag):
    """What the CP function supports (8.2.58)."""

    LOAD = 1
    OVRL = 1 << 1
    EPFAR = 1 << 2
    SSET = 1 << 3
    BUNDL = 1 << 4
    MPAS = 1 << 5
    ARDR = 1 << 6
    UIAUR = 1 << 7
    PSUCC = 1 << 8
    RPGUR = 1 << 9


class UsageInformation(IntFlag):
    """Which part of the usage is reported (8.2.59)."""

    BEF = 1
    AFT = 1 << 1
    UAE = 1 << 2
    UBE = 1 << 3


class MeasurementInformation(IntFlag):
    """What to measure, and when (8.2.68)."""

    MBQE = 1
    INAM = 1 << 1
    RADI = 1 << 2
    ISTM = 1 << 3
    MNOP = 1 << 4
    SSPOC = 1 << 5
    ASPOC = 1 << 6
    CIAM = 1 << 7


class NodeReportType(IntFlag):
    """What a node report holds (8.2.69)."""

    UPFR = 1
    UPRR = 1 << 1
    CKDR = 1 << 2
    GPQR = 1 << 3
    PURR = 1 << 4
    VSR = 1 << 5


class OciFlags(IntFlag):
    """OCI Flags (8.2.76)."""

    AOCI = 1


class AssociationReleaseRequest(IntFlag):
    """PFCP Association Release Request (8.2.77)."""

    SARR = 1
    URSS = 1 << 1


class ReflectiveQosIndication(IntFlag):
    """RQI (8.2.88)."""

    RQI = 1


class Proxying(IntFlag):
    """What the UP function answers for the UE (8.2.97)."""

    ARP = 1
    INS = 1 << 1


class EthernetFilterProperties(IntFlag):
    """Properties of an Ethernet filter (8.2.99)."""

    BIDE = 1


class EthernetPduSessionInformation(IntFlag):
    """Ethernet PDU Session Information (8.2.102)."""

    ETHI = 1


class PfcpSrReqFlags(IntFlag):
    """PFCPSRReq-Flags (8.2.119)."""

    PSDBU = 1


class PfcpAuReqFlags(IntFlag):
    """PFCPAUReq-Flags (8.2.120)."""

    PARPS = 1


class PacketReplicationAndDetectionCarryOn(IntFlag):
    """Packet Replication and Detection Carry-On Information (8.2.130)."""

    PRIUEAI = 1
    PRIN19I = 1 << 1
    PRIN6I = 1 << 2
    DCARONI = 1 << 3


class PfcpAsRspFlags(IntFlag):
    """PFCPASRsp-Flags (8.2.134)."""

    PSREI = 1
    UUPSI = 1 << 1


class PfcpSeReqFlags(IntFlag):
    """PFCPSEReq-Flags (8.2.136)."""

    RESTI = 1
    SUMPC = 1 << 1


class CreateBridgeInfoForTsc(IntFlag):
    """Create Bridge Info for TSC (8.2.140)."""

    BII = 1


class RequestedClockDrift(IntFlag):
    """Requested Clock Drift Information (8.2.145)."""

    RRTO = 1
    RRCR = 1 << 1


class RequestedAccessAvailability(IntFlag):
    """Requested Access Availability Information (8.2.152)."""

    RRCA = 1


class MptcpControl(IntFlag):
    """MPTCP Control Information (8.2.154)."""

    TCI = 1


class AtsssLlControl(IntFlag):
    """ATSSS-LL Control Information (8.2.155)."""

    LLI = 1


class AtsssLlInformation(IntFlag):
    """ATSSS-LL Information (8.2.160)."""

    LLI = 1


class QosReportTrigger(IntFlag):
    """When GTP-U path QoS is reported (8.2.165)."""

    PER = 1
    THR = 1 << 1
    IRE = 1 << 2


class GtpuPathInterfaceType(IntFlag):
    """Which interfaces' GTP-U paths are monitored (8.2.166)."""

    N9 = 1
    N3 = 1 << 1


class RequestedQosMonitoring(IntFlag):
    """Which delays are monitored (8.2.167)."""

    DL = 1
    UL = 1 << 1
    RP = 1 << 2
    GTPUPM = 1 << 3


class ReportingFrequency(IntFlag):
    """How often QoS monitoring reports (8.2.168)."""

    EVETT = 1
    PERIO = 1 << 1
    SESRL = 1 << 2


class MtEdtControl(IntFlag):
    """MT-EDT Control Information (8.2.172)."""

    RDSI = 1


class QerControlIndications(IntFlag):
    """QER Control Indications (8.2.174)."""

    RCSR = 1


class IpVersion(IntFlag):
    """IP version (8.2.177)."""

    V4 = 1
    V6 = 1 << 1


class PfcpAsReqFlags(IntFlag):
    """PFCPASReq-Flags (8.2.178)."""

    UUPSI = 1


class DataStatus(IntFlag):
    """What became of the first downlink packet (8.2.179)."""

    DROP = 1
    BUFF = 1 << 1


class RdsConfiguration(IntFlag):
    """RDS Configuration Information (8.2.180)."""

    RDS = 1


class MptcpApplicable(IntFlag):
    """MPTCP Applicable Indication (8.2.181)."""

    MAI = 1


class L2tpSessionIndications(IntFlag):
    """L2TP Session Indications (8.2.192)."""

    REUIA = 1
    REDSA = 1 << 1
    RENSA = 1 << 2


class SteeringModeIndicator(IntFlag):
    """Steering Mode Indicator (8.2.197)."""

    ALBI = 1
    UEAI = 1 << 1


class ReportingFlags(IntFlag):
    """Reporting Flags (8.2.204)."""

    DUPL = 1


class MbsN4mbReqFlags(IntFlag):
    """MBSN4mbReq-Flags (8.2.208)."""

    PLLSSM = 1
    JMBSSM = 1 << 1
    MBS_RESTI = 1 << 2


class MbsN4RespFlags(IntFlag):
    """MBSN4Resp-Flags (8.2.211)."""

    NN19DT = 1
    JMTI = 1 << 1
    N19DTR = 1 << 2


class PfcpSdRspFlags(IntFlag):
    """PFCPSDRsp-Flags (8.2.215)."""

    PURU = 1


class QerIndications(IntFlag):
    """QER Indications (8.2.216)."""

    IQFIS = 1
