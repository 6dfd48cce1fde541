"""The key hierarchy of 5G (TS 33.501, 6.2 and annex A)."""

from __future__ import annotations

from hashlib import sha256

from makmal.security.primitives import hmac_sha256

# Algorithm type distinguishers, TS 33.501, A.8.
_NAS_ENC, _NAS_INT, _RRC_ENC, _RRC_INT, _UP_ENC, _UP_INT = 1, 2, 3, 4, 5, 6
_ACCESS_3GPP = 1


def kdf(key: bytes, fc: int, *parameters: bytes) -> bytes:
    """The key derivation function, 32 octets (TS 33.220, B.2.0): each parameter with its length."""
    text = bytes((fc,))
    for parameter in parameters:
        text += parameter + len(parameter).to_bytes(2, "big")
    return hmac_sha256(key, text)


def serving_network_name(mcc: str, mnc: str) -> str:
    """``5G:mnc070.mcc999.3gppnetwork.org`` (TS 24.501, 9.12.1)."""
    return f"5G:mnc{mnc:0>3}.mcc{mcc}.3gppnetwork.org"


def k_ausf(ck: bytes, ik: bytes, name: str, sqn_xor_ak: bytes) -> bytes:
    """KAUSF of 5G AKA; ``name`` is the serving network name (A.2)."""
    return kdf(ck + ik, 0x6A, name.encode(), sqn_xor_ak)


def ck_ik_prime(ck: bytes, ik: bytes, name: str, sqn_xor_ak: bytes) -> tuple[bytes, bytes]:
    """CK' and IK' of EAP-AKA' (A.3; TS 33.402, A.2)."""
    derived = kdf(ck + ik, 0x20, name.encode(), sqn_xor_ak)
    return derived[:16], derived[16:]


def k_ausf_from_emsk(emsk: bytes) -> bytes:
    """KAUSF of EAP-AKA': the first 256 bits of EMSK (6.1.3.1)."""
    return emsk[:32]


def res_star(ck: bytes, ik: bytes, name: str, rand: bytes, res: bytes) -> bytes:
    """RES* (or XRES*), 16 octets (A.4)."""
    return kdf(ck + ik, 0x6B, name.encode(), rand, res)[16:]


def hres_star(rand: bytes, res_star: bytes) -> bytes:
    """HRES* (or HXRES*), 16 octets (A.5)."""
    return sha256(rand + res_star).digest()[16:]


def k_seaf(k_ausf: bytes, name: str) -> bytes:
    """KSEAF (A.6)."""
    return kdf(k_ausf, 0x6C, name.encode())


def k_amf(k_seaf: bytes, supi: str, abba: bytes) -> bytes:
    """KAMF (A.7). ``supi`` with or without its type: an IMSI counts as digits, a NAI as text."""
    identity = supi.removeprefix("imsi-").removeprefix("nai-")
    return kdf(k_seaf, 0x6D, identity.encode(), abba)


def _algorithm_key(key: bytes, kind: int, algorithm: int) -> bytes:
    return kdf(key, 0x69, bytes((kind,)), bytes((algorithm,)))[16:]


def k_nas_enc(k_amf: bytes, algorithm: int) -> bytes:
    """KNASenc for 128-NEA ``algorithm``, 16 octets (A.8)."""
    return _algorithm_key(k_amf, _NAS_ENC, algorithm)


def k_nas_int(k_amf: bytes, algorithm: int) -> bytes:
    """KNASint for 128-NIA ``algorithm``, 16 octets (A.8)."""
    return _algorithm_key(k_amf, _NAS_INT, algorithm)


def k_rrc_enc(k_gnb: bytes, algorithm: int) -> bytes:
    """KRRCenc, 16 octets (A.8)."""
    return _algorithm_key(k_gnb, _RRC_ENC, algorithm)


def k_rrc_int(k_gnb: bytes, algorithm: int) -> bytes:
    """KRRCint, 16 octets (A.8)."""
    return _algorithm_key(k_gnb, _RRC_INT, algorithm)


def k_up_enc(k_gnb: bytes, algorithm: int) -> bytes:
    """KUPenc, 16 octets (A.8)."""
    return _algorithm_key(k_gnb, _UP_ENC, algorithm)


def k_up_int(k_gnb: bytes, algorithm: int) -> bytes:
    """KUPint, 16 octets (A.8)."""
    return _algorithm_key(k_gnb, _UP_INT, algorithm)


def k_gnb(k_amf: bytes, uplink_count: int, access_type: int = _ACCESS_3GPP) -> bytes:
    """KgNB, or KN3IWF with access type 2, from the uplink NAS COUNT (A.9)."""
    return kdf(k_amf, 0x6E, uplink_count.to_bytes(4, "big"), bytes((access_type,)))


def nh(k_amf: bytes, sync_input: bytes) -> bytes:
    """The next hop parameter; ``sync_input`` is KgNB, later the NH before (A.10)."""
    return kdf(k_amf, 0x6F, sync_input)


def k_ng_ran_star(key: bytes, pci: int, arfcn_dl: int) -> bytes:
    """KNG-RAN* for a target gNB, from KgNB or NH (A.11)."""
    return kdf(key, 0x70, pci.to_bytes(2, "big"), arfcn_dl.to_bytes(3, "big"))


def k_amf_prime(k_amf: bytes, direction: int, count: int) -> bytes:
    """KAMF' in mobility; direction 0 is uplink in registration, 1 downlink in handover (A.13)."""
    return kdf(k_amf, 0x72, bytes((direction,)), count.to_bytes(4, "big"))
