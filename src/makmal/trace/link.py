"""Link layers: where in a frame the IP packet begins."""

from __future__ import annotations

# LINKTYPE_ values of the pcap registry (and the DLT_ values that some systems write instead).
NULL, ETHERNET, RAW_BSD, RAW_OPENBSD = 0, 1, 12, 14
RAW, LOOP, LINUX_SLL, IPV4, IPV6, LINUX_SLL2 = 101, 108, 113, 228, 229, 276

_ETHERTYPE_IPV4 = 0x0800
_ETHERTYPE_IPV6 = 0x86DD
_VLAN_TAGS = frozenset({0x8100, 0x88A8, 0x9100})
# Address families of IPv6 differ between systems: Linux 10, BSDs 24, 28 and 30.
_FAMILY_IPV4 = 2
_FAMILIES_IPV6 = frozenset({10, 24, 28, 30})


def ip_offset(link_type: int, data: bytes) -> int:
    """The octet at which the IP packet begins, or -1 if the frame carries none.

    Ethernet with any number of VLAN tags, Linux cooked capture 1 and 2, BSD loopback in both byte
    orders, and raw IP.
    """
    if link_type == ETHERNET:
        return _after_ethertype(data, 12)
    if link_type == LINUX_SLL:
        return _after_ethertype(data, 14)
    if link_type == LINUX_SLL2:
        if data[:2] in (b"\x08\x00", b"\x86\xdd"):
            return 20
        return _after_tags(data, 20) if _is_tag(data[:2]) else -1
    if link_type in (RAW, RAW_BSD, RAW_OPENBSD, IPV4, IPV6):
        return 0
    if link_type in (NULL, LOOP):
        family = data[:4]
        values = (int.from_bytes(family, "little"), int.from_bytes(family, "big"))
        if _FAMILY_IPV4 in values or _FAMILIES_IPV6.intersection(values):
            return 4
    return -1


def _is_tag(octets: bytes) -> bool:
    return int.from_bytes(octets, "big") in _VLAN_TAGS


def _after_ethertype(data: bytes, position: int) -> int:
    ethertype = int.from_bytes(data[position : position + 2], "big")
    if ethertype in (_ETHERTYPE_IPV4, _ETHERTYPE_IPV6):
        return position + 2
    return _after_tags(data, position + 2) if ethertype in _VLAN_TAGS else -1


def _after_tags(data: bytes, position: int) -> int:
    """``position`` is that of a tag's control information; its inner ethertype follows."""
    while position + 4 <= len(data):
        ethertype = int.from_bytes(data[position + 2 : position + 4], "big")
        if ethertype in (_ETHERTYPE_IPV4, _ETHERTYPE_IPV6):
            return position + 4
        if ethertype not in _VLAN_TAGS:
            return -1
        position += 4
    return -1
