"""What AMFs tell each other: UE context transfer and creation (TS 29.518, 5.2.2.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from makmal.network import service, slices
from makmal.network.amf.context import SessionContext, UeContext
from makmal.network.nas_security import NasSecurity
from makmal.network.service import ServiceError, ServiceRequest
from makmal.network.world import UnreachableError
from makmal.protocol import nas
from makmal.protocol.errors import DecodeError
from makmal.protocol.sbi import HttpMessage
from makmal.security.nas_algorithms import Direction
from makmal.trace.frame import Endpoint

if TYPE_CHECKING:
    from makmal.network.amf.amf import Amf

_N1 = service.N1_CONTENT
_NAMES_INTEGRITY = {number: f"NIA{number}" for number in range(4)}
_NAMES_CIPHERING = {number: f"NEA{number}" for number in range(4)}


def serve(amf: Amf) -> None:
    """Offer the services."""

    async def transfer(request: ServiceRequest) -> HttpMessage:
        return _transfer(amf, request)

    async def transferred(request: ServiceRequest) -> HttpMessage:
        context = _context_of(amf, request.parameters["context"])
        if context is not None and request.object.get("transferStatus") == "TRANSFERRED":
            # TS 23.502, 4.2.2.2.2, 10: the UE is another AMF's now.
            amf.remove_context(context)
        return service.response(200, service.json_body({"regStatusTransferComplete": True}))

    amf.route("POST", "/namf-comm/v1/ue-contexts/{context}/transfer", transfer)
    amf.route("POST", "/namf-comm/v1/ue-contexts/{context}/transfer-update", transferred)


def _context_of(amf: Amf, identity: str) -> UeContext | None:
    if identity.startswith("5g-guti-"):
        try:
            return amf.with_tmsi(int(identity[-8:], 16))
        except ValueError:
            return None
    return amf.by_supi.get(identity)


def guti_text(guti: nas.FiveGGuti) -> str:
    """As ueContextId (TS 29.518, 6.1.3.2.2): ``5g-guti-<MCC><MNC><AMF id><5G-TMSI>``."""
    identifier = guti.amf_region_id << 16 | guti.amf_set_id << 6 | guti.amf_pointer
    return f"5g-guti-{guti.mcc}{guti.mnc}{identifier:06x}{guti.tmsi:08x}"


def _transfer(amf: Amf, request: ServiceRequest) -> HttpMessage:
    """Namf_Communication_UEContextTransfer: to who shows a message that the UE protected."""
    context = _context_of(amf, request.parameters["context"])
    if context is None or context.security is None:
        raise ServiceError(404, "CONTEXT_NOT_FOUND")
    document = request.object
    message = document.get("regRequest")
    content = None
    if isinstance(message, dict):
        reference = message.get("n1MessageContent")
        if isinstance(reference, dict):
            content = service.part_of(request.http, str(reference.get("contentId")))
    if not _is_of_ue(context.security, content):
        raise ServiceError(403, "INTEGRITY_CHECK_FAIL")
    return service.response(200, service.json_body({"ueContext": as_json(context)}))


def _is_of_ue(security: NasSecurity, content: bytes | None) -> bool:
    """TS 33.501, 6.9.3: the old AMF checks the integrity of the Registration Request."""
    if content is None:
        return False
    try:
        outer = nas.decode_recent(content)
    except DecodeError:
        return False
    if not isinstance(outer, nas.SecurityProtected):
        return False
    opened = security.unprotect(outer, Direction.UPLINK)
    return opened.mac_ok and not opened.replayed


def as_json(context: UeContext) -> dict[str, Any]:
    """A UeContext (TS 29.518, 6.1.6.2.25) with its MM context (6.1.6.2.34)."""
    security = context.protection
    capability = context.capability
    document: dict[str, Any] = {
        "supi": context.supi,
        "seafData": {
            "ngKsi": {"tsc": "NATIVE", "ksi": context.key_set_identifier},
            "keyAmf": {"keyType": "KAMF", "keyVal": security.k_amf.hex()},
            "nh": context.next_hop.hex(),
            "ncc": context.chaining_count,
        },
        "mmContextList": [
            {
                "accessType": "3GPP_ACCESS",
                "nasSecurityMode": {
                    "integrityAlgorithm": _NAMES_INTEGRITY[security.algorithms.integrity],
                    "cipheringAlgorithm": _NAMES_CIPHERING[security.algorithms.ciphering],
                },
                "nasDownlinkCount": security.counts[Direction.DOWNLINK],
                "nasUplinkCount": security.counts[Direction.UPLINK],
                "ueSecurityCapability": service.base64_text(
                    b"" if capability is None else capability.octets
                ),
                "allowedNssai": [slices.to_json(each) for each in context.allowed_slices],
            }
        ],
    }
    if context.sessions:
        document["sessionContextList"] = [
            {
                "pduSessionId": session.identity,
                "smContextRef": session.reference,
                "sNssai": slices.to_json(session.s_nssai),
                "dnn": session.dnn,
                "accessType": "3GPP_ACCESS",
            }
            for session in context.sessions.values()
        ]
    return document


def take(amf: Amf, context: UeContext, document: Any) -> bool:
    """Make a context of what another AMF handed over; whether it was complete."""
    try:
        seaf, mm = document["seafData"], document["mmContextList"][0]
        algorithms = nas.SecurityAlgorithms(
            ciphering=int(mm["nasSecurityMode"]["cipheringAlgorithm"][-1]),
            integrity=int(mm["nasSecurityMode"]["integrityAlgorithm"][-1]),
        )
        security = NasSecurity(bytes.fromhex(seaf["keyAmf"]["keyVal"]), algorithms)
        security.counts[Direction.UPLINK] = int(mm["nasUplinkCount"])
        security.counts[Direction.DOWNLINK] = int(mm["nasDownlinkCount"])
        context.security = security
        context.key_set_identifier = int(seaf["ngKsi"]["ksi"])
        context.next_hop = bytes.fromhex(seaf.get("nh") or "")
        context.chaining_count = int(seaf.get("ncc") or 0)
        octets = service.octets_of_base64(mm.get("ueSecurityCapability") or "")
        supi = str(document["supi"])
    except (KeyError, IndexError, TypeError, ValueError):
        return False
    if octets:
        context.capability = nas.UESecurityCapability(octets)
    context.allowed_slices = slices.list_from_json(mm.get("allowedNssai"))
    for item in document.get("sessionContextList") or ():
        s_nssai = slices.from_json(item.get("sNssai")) or amf.plan.slices[0]
        session = SessionContext(
            int(item["pduSessionId"]), str(item["smContextRef"]), s_nssai, str(item["dnn"])
        )
        context.sessions[session.identity] = session
    context.authenticated = True
    amf.identify(context, supi)
    return True


async def fetch_context(
    amf: Amf, context: UeContext, guti: nas.FiveGGuti, request: nas.Message
) -> bool:
    """Ask the AMF that gave a 5G-GUTI for the UE's context; whether it gave it."""
    octets = context.initial_octets
    producer = await find(amf, guti.amf_set_id, guti.amf_pointer)
    if producer is None or not octets:
        return False
    body = service.multipart_body(
        {
            "reason": "MOBI_REG",
            "accessType": "3GPP_ACCESS",
            "regRequest": {"n1MessageClass": "5GMM", "n1MessageContent": {"contentId": "n1"}},
        },
        {"n1": (_N1, octets)},
    )
    path = f"/namf-comm/v1/ue-contexts/{guti_text(guti)}"
    try:
        answer = await amf.call("POST", f"{path}/transfer", body, producer=producer)
        document = service.json_of(answer) if answer.status == 200 else None
        if not isinstance(document, dict) or not take(amf, context, document.get("ueContext")):
            return False
        await amf.call(
            "POST",
            f"{path}/transfer-update",
            service.json_body({"transferStatus": "TRANSFERRED"}),
            producer=producer,
        )
    except UnreachableError as error:
        amf.log.append(f"the old AMF could not be asked: {error}")
        return False
    del request
    return True


async def find(amf: Amf, amf_set: int, pointer: int | None) -> Endpoint | None:
    """Another AMF of the network by its set and pointer."""
    plan = amf.plan
    if amf_set != plan.amf_set:
        return None
    name = "AMF-2" if pointer == plan.amf_pointer + 1 else "AMF"
    if name == amf.name or name not in plan.addresses:
        return None
    return plan.service(name)
