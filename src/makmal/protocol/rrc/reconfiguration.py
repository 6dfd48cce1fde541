"""RRCReconfiguration and RRCResume: bearers, their security, keys, handover (TS 38.331, 5.3.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from makmal.protocol.errors import DecodeError
from makmal.protocol.rrc import asn1, cell_group
from makmal.protocol.rrc.cell_group import Sync
from makmal.protocol.rrc.message import Channel, Message, in_transaction
from makmal.protocol.rrc.security import Algorithms, algorithms_of

_SIZES = {12: "len12bits", 18: "len18bits"}


@dataclass(frozen=True, slots=True)
class Drb:
    """A DRB that is set up. ``integrity`` and ``ciphering`` tell whether user data is protected.

    ``uplink_header``: uplink packets begin with an SDAP header that names their QoS flow.
    """

    identity: int
    pdu_session_id: int
    flows: tuple[int, ...] = (1,)
    integrity: bool = True
    ciphering: bool = True
    sequence_bits: int = 18
    uplink_header: bool = False
    reestablished: bool = False


@dataclass(frozen=True, slots=True)
class KeyUpdate:
    """MasterKeyUpdate: which NH the next key comes from, whether KAMF is new, a NAS container."""

    chaining_count: int
    key_set_changed: bool = False
    nas_container: bytes | None = None


@dataclass(frozen=True, slots=True)
class Reconfiguration:
    """What a UE is told. ``reestablished_srbs`` begin anew with the new keys."""

    srbs: tuple[int, ...] = ()
    reestablished_srbs: tuple[int, ...] = ()
    drbs: tuple[Drb, ...] = ()
    released_drbs: tuple[int, ...] = ()
    algorithms: Algorithms | None = None
    nas: tuple[bytes, ...] = ()
    key_update: KeyUpdate | None = None
    sync: Sync | None = None


def reconfiguration(transaction: int, wanted: Reconfiguration) -> Message:
    """RRCReconfiguration."""
    content: dict[str, Any] = {}
    bearers = _bearer_config(wanted)
    if bearers:
        content["radioBearerConfig"] = bearers
    extension: dict[str, Any] = {}
    group = _cell_group(wanted)
    if group is not None:
        extension["masterCellGroup"] = ("CellGroupConfig", group)
    if wanted.nas:
        extension["dedicatedNAS-MessageList"] = list(wanted.nas)
    update = wanted.key_update
    if update is not None:
        extension["masterKeyUpdate"] = {
            "keySetChangeIndicator": update.key_set_changed,
            "nextHopChainingCount": update.chaining_count,
        }
        if update.nas_container is not None:
            extension["masterKeyUpdate"]["nas-Container"] = update.nas_container
    if extension:
        content["nonCriticalExtension"] = extension
    return in_transaction(Channel.DL_DCCH, "rrcReconfiguration", transaction, content)


def reconfiguration_complete(transaction: int) -> Message:
    """RRCReconfigurationComplete."""
    return in_transaction(Channel.UL_DCCH, "rrcReconfigurationComplete", transaction, {})


def resume(transaction: int, wanted: Reconfiguration) -> Message:
    """RRCResume: bearers as in a reconfiguration; it has no NAS messages and no key update."""
    content: dict[str, Any] = {}
    bearers = _bearer_config(wanted)
    if bearers:
        content["radioBearerConfig"] = bearers
    group = _cell_group(wanted)
    if group is not None:
        content["masterCellGroup"] = ("CellGroupConfig", group)
    return in_transaction(Channel.DL_DCCH, "rrcResume", transaction, content)


def read(message: Message) -> Reconfiguration:
    """What an RRCReconfiguration or RRCResume says. Raises DecodeError."""
    try:
        return _read(message)
    except (KeyError, TypeError, ValueError) as error:
        reason = f"{message.name} with a part that is not understood: {error}"
        raise DecodeError(asn1.PROTOCOL, 0, reason) from None


def _read(message: Message) -> Reconfiguration:
    content = message.content
    bearers = content.get("radioBearerConfig") or {}
    extension = content.get("nonCriticalExtension") or {}
    group = _contained(content.get("masterCellGroup") or extension.get("masterCellGroup"))
    srbs = bearers.get("srb-ToAddModList") or ()
    update = extension.get("masterKeyUpdate")
    return Reconfiguration(
        srbs=tuple(each["srb-Identity"] for each in srbs),
        reestablished_srbs=tuple(
            each["srb-Identity"] for each in srbs if each.get("reestablishPDCP")
        ),
        drbs=tuple(_drb(each) for each in bearers.get("drb-ToAddModList") or ()),
        released_drbs=tuple(bearers.get("drb-ToReleaseList") or ()),
        algorithms=algorithms_of(bearers.get("securityConfig")),
        nas=tuple(extension.get("dedicatedNAS-MessageList") or ()),
        key_update=None
        if update is None
        else KeyUpdate(
            update["nextHopChainingCount"],
            update["keySetChangeIndicator"],
            update.get("nas-Container"),
        ),
        sync=cell_group.sync_of(group),
    )


def _contained(value: Any) -> dict[str, Any]:
    """The value of an OCTET STRING that contains a type, whether or not it was read."""
    if isinstance(value, bytes):
        value = ("CellGroupConfig", asn1.decode("CellGroupConfig", value))
    if isinstance(value, tuple) and isinstance(value[1], dict):
        return value[1]
    return {}


def _bearer_config(wanted: Reconfiguration) -> dict[str, Any]:
    config: dict[str, Any] = {}
    srbs = [
        {"srb-Identity": each, "reestablishPDCP": "true"}
        if each in wanted.reestablished_srbs
        else {"srb-Identity": each}
        for each in dict.fromkeys((*wanted.srbs, *wanted.reestablished_srbs))
    ]
    if srbs:
        config["srb-ToAddModList"] = srbs
    if wanted.drbs:
        config["drb-ToAddModList"] = [_drb_value(each) for each in wanted.drbs]
    if wanted.released_drbs:
        config["drb-ToReleaseList"] = list(wanted.released_drbs)
    if wanted.algorithms is not None or wanted.drbs:
        security: dict[str, Any] = {"keyToUse": "master"}
        if wanted.algorithms is not None:
            security["securityAlgorithmConfig"] = wanted.algorithms.value
        config["securityConfig"] = security
    return config


def _drb_value(drb: Drb) -> dict[str, Any]:
    size = _SIZES[drb.sequence_bits]
    pdcp: dict[str, Any] = {
        "discardTimer": "infinity",
        "pdcp-SN-SizeUL": size,
        "pdcp-SN-SizeDL": size,
        "headerCompression": ("notUsed", 0),
    }
    if drb.integrity:
        pdcp["integrityProtection"] = "enabled"
    config: dict[str, Any] = {"drb": pdcp, "t-Reordering": "ms50"}
    if not drb.ciphering:
        config["cipheringDisabled"] = "true"
    value: dict[str, Any] = {
        "cnAssociation": (
            "sdap-Config",
            {
                "pdu-Session": drb.pdu_session_id,
                "sdap-HeaderDL": "absent",
                "sdap-HeaderUL": "present" if drb.uplink_header else "absent",
                "defaultDRB": True,
                "mappedQoS-FlowsToAdd": list(drb.flows),
            },
        ),
        "drb-Identity": drb.identity,
        "pdcp-Config": config,
    }
    if drb.reestablished:
        value["reestablishPDCP"] = "true"
    return value


def _drb(value: dict[str, Any]) -> Drb:
    association: tuple[str, dict[str, Any]] = value.get("cnAssociation") or ("", {})
    kind, sdap = association
    config = value.get("pdcp-Config") or {}
    pdcp = config.get("drb") or {}
    is_sdap = kind == "sdap-Config"
    return Drb(
        identity=value["drb-Identity"],
        pdu_session_id=sdap["pdu-Session"] if is_sdap else 0,
        flows=tuple(sdap.get("mappedQoS-FlowsToAdd") or ()) if is_sdap else (),
        integrity="integrityProtection" in pdcp,
        ciphering="cipheringDisabled" not in config,
        sequence_bits=12 if pdcp.get("pdcp-SN-SizeUL") == "len12bits" else 18,
        uplink_header=is_sdap and sdap["sdap-HeaderUL"] == "present",
        reestablished="reestablishPDCP" in value,
    )


def _cell_group(wanted: Reconfiguration) -> dict[str, Any] | None:
    new_srbs = [each for each in wanted.srbs if each not in wanted.reestablished_srbs]
    new_drbs = [each.identity for each in wanted.drbs if not each.reestablished]
    if not (new_srbs or new_drbs or wanted.released_drbs or wanted.sync):
        return None
    if wanted.sync is not None:
        # In the target cell every bearer is there anew.
        new_srbs = list(dict.fromkeys((*wanted.srbs, *wanted.reestablished_srbs)))
        new_drbs = [each.identity for each in wanted.drbs]
    return cell_group.with_bearers(
        srbs=new_srbs, drbs=new_drbs, released=wanted.released_drbs, sync=wanted.sync
    )
