"""What the captures' NAS messages say, is what pycrate reads: names, identities, algorithms, ..."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from ipaddress import IPv4Address
from typing import Any

from makmal.protocol import nas
from makmal.protocol.errors import DecodeError
from makmal.protocol.nas import ie
from makmal.protocol.nas.octets import decode_plmn

from .conftest import MESSAGES

Parse = Callable[[bytes], Any]

# pycrate puts who originates a message in front, and shortens some words.
SHORT_NAMES = {
    "moderegistrationrequest": "deregistrationrequest(ueoriginating)",
    "moderegistrationaccept": "deregistrationaccept(ueoriginating)",
}


def _name(theirs: str) -> str:
    plain = theirs.removeprefix("5GMM").removeprefix("5GSM").lower()
    plain = plain.replace("sessionestab", "sessionestablishment")
    return SHORT_NAMES.get(plain, plain)


def _key_set(ours: nas.KeySetIdentifier, theirs: Any) -> None:
    assert theirs == {"TSC": ours.mapped, "Value": ours.value}


def _algorithms(ours: nas.SecurityAlgorithms, theirs: Any) -> None:
    assert theirs == {"CiphAlgo": ours.ciphering, "IntegAlgo": ours.integrity}


def _same(ours: Any, theirs: Any) -> None:
    assert theirs == ours


def _slice(ours: nas.SNssai, theirs: Any) -> None:
    assert theirs["SST"] == ours.sst
    assert theirs.get("SD") == ours.sd


def _slices(ours: tuple[nas.SNssai, ...], theirs: Any) -> None:
    for one, other in zip(ours, theirs, strict=True):
        _slice(one, other["SNSSAI"])


def _identity(ours: nas.MobileIdentity, theirs: Any) -> None:
    if isinstance(ours, nas.FiveGGuti | nas.FiveGSTmsi):
        assert theirs["5GTMSI"] == ours.tmsi
        assert theirs["AMFSetID"] == ours.amf_set_id
        assert theirs["AMFPtr"] == ours.amf_pointer
    if isinstance(ours, nas.FiveGGuti):
        assert theirs["AMFRegionID"] == ours.amf_region_id
        assert decode_plmn(theirs["PLMN"]) == ours.mcc + ours.mnc
    if isinstance(ours, nas.Suci):
        value = theirs["Value"]
        assert decode_plmn(value["PLMN"]) == ours.mcc + ours.mnc
        assert value["ProtSchemeID"] == ours.protection_scheme
        assert value["HNPKID"] == ours.home_network_public_key_identifier


def _capability(ours: nas.UESecurityCapability, theirs: Any) -> None:
    for number in range(8):
        for letters, supports in (
            ("EA", ours.supports_encryption),
            ("IA", ours.supports_integrity),
        ):
            names = [name for name in theirs if name.startswith(f"5G-{letters}{number}")]
            assert [theirs[name] for name in names] == [supports(number)]


def _rates(ours: nas.SessionAmbr, theirs: Any) -> None:
    assert theirs == {
        "DLUnit": ours.downlink_unit,
        "DL": ours.downlink,
        "ULUnit": ours.uplink_unit,
        "UL": ours.uplink,
    }


def _address(ours: nas.PduAddress, theirs: Any) -> None:
    assert theirs["Type"] == ours.session_type
    if ours.session_type == 1:
        assert str(IPv4Address(theirs["Addr"])) == ours.ipv4


def _labels(ours: str, theirs: Any) -> None:
    assert b".".join(label["Value"] for label in theirs).decode() == ours


# Our key -> pycrate's name of the element, and how the values compare.
COMPARED: dict[Any, tuple[str, Callable[[Any, Any], None]]] = {
    ie.NAS_KEY_SET_IDENTIFIER: ("NAS_KSI", _key_set),
    ie.SELECTED_NAS_SECURITY_ALGORITHMS: ("NASSecAlgo", _algorithms),
    ie.FIVE_GMM_CAUSE: ("5GMMCause", _same),
    ie.FIVE_GSM_CAUSE: ("5GSMCause", _same),
    ie.FIVE_GS_MOBILE_IDENTITY: ("5GSID", _identity),
    ie.MOBILE_IDENTITY: ("5GSID", _identity),
    ie.FIVE_G_GUTI: ("GUTI", _identity),
    ie.UE_SECURITY_CAPABILITY: ("UESecCap", _capability),
    ie.REPLAYED_UE_SECURITY_CAPABILITIES: ("UESecCap", _capability),
    ie.AUTHENTICATION_PARAMETER_RAND: ("RAND", _same),
    ie.AUTHENTICATION_RESPONSE_PARAMETER: ("RES", _same),
    ie.AUTHENTICATION_FAILURE_PARAMETER: ("AUTS", _same),
    ie.NAS_MESSAGE_CONTAINER: ("NASContainer", _same),
    ie.PAYLOAD_CONTAINER: ("PayloadContainer", _same),
    ie.PDU_SESSION_ID: ("PDUSessID", _same),
    ie.S_NSSAI: ("SNSSAI", _slice),
    ie.ALLOWED_NSSAI: ("AllowedNSSAI", _slices),
    ie.SESSION_AMBR: ("SessAMBR", _rates),
    ie.PDU_ADDRESS: ("PDUAddress", _address),
    ie.DNN: ("DNN", _labels),
}


def test_messages_of_captures_say_the_same_in_pycrate(parse_with_pycrate: Parse) -> None:
    seen: Counter[str] = Counter()
    for octets in MESSAGES:
        message = nas.decode(octets)
        if isinstance(message, nas.SecurityProtected):
            continue
        theirs = parse_with_pycrate(octets)
        assert _name(theirs._name) == message.name.lower().replace(" ", "")
        elements = {each._name: each for each in theirs if not each.get_trans()}
        for key, (name, compare) in COMPARED.items():
            try:
                ours = message.get(key)
            except DecodeError:
                # Only the DNN of the OAI capture's UE.
                assert key is ie.DNN
                continue
            if ours is None:
                continue
            fields = elements[name].get_val_d()
            # Beside the identifier and the length, the value is the one member that is left.
            (value,) = (fields[each] for each in fields if each not in ("T", "L"))
            compare(ours, value)
            seen[name] += 1
    assert {"NASSecAlgo", "5GSID", "GUTI", "UESecCap", "RAND", "5GMMCause"} <= set(seen)
