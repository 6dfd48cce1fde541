"""Registration of all kinds (TS 23.502, 4.2.2.2; TS 24.501, 5.5.1; TS 33.501, 6.1 and 6.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from makmal.network import service, slices
from makmal.network.amf import (
    authentication,
    configuration_update,
    connections,
    downlink,
    identity,
    n2,
    peer_amf,
    security_mode,
    slice_authentication,
)
from makmal.network.amf.authentication import Outcome
from makmal.network.amf.context import UeConnection, UeContext
from makmal.network.nas_security import NasSecurity
from makmal.network.subscription import suci_text
from makmal.network.world import UnreachableError
from makmal.protocol import nas
from makmal.protocol.nas import ie
from makmal.security import keys
from makmal.security.nas_algorithms import Direction

if TYPE_CHECKING:
    from makmal.network.amf.amf import Amf

M = nas.MessageType
INITIAL, MOBILITY, PERIODIC, EMERGENCY = 1, 2, 3, 4
# 5GMM causes (TS 24.501, 9.11.3.2).
_ILLEGAL_UE, _PEI_NOT_ACCEPTED, _NO_IDENTITY = 3, 5, 9
_CONGESTION, _CAPABILITIES_MISMATCH, _REDIRECTION = 22, 23, 31
_NO_SLICES = 62
_MANDATORY = (0, 1, 2)
# One hour (TS 24.008, 10.5.7.4a).
_T3512 = nas.GprsTimer3(0x21)


class _Refused(Exception):  # noqa: N818 - it ends a procedure as the specification has it
    """The registration ends here, with a Registration Reject of this cause."""

    def __init__(self, cause: int) -> None:
        super().__init__(f"5GMM cause {cause}")
        self.cause = cause


class _Ended(Exception):  # noqa: N818 - an end, no error
    """The registration ends here; what had to be sent has been."""


async def register(
    amf: Amf, connection: UeConnection, context: UeContext, request: nas.Message
) -> None:
    """One registration from request to complete, whatever becomes of it."""
    try:
        await _register(amf, connection, context, request)
    except _Refused as refused:
        _reject(amf, context, refused.cause)
    except _Ended:
        _give_up(amf, context)
    except downlink.ConnectionLostError:
        if not context.registered:
            amf.remove_context(context)
    except UnreachableError as error:
        amf.log.append(f"registration without a core function: {error}")
        _reject(amf, context, _CONGESTION)


def _reject(amf: Amf, context: UeContext, cause: int) -> None:
    if context.connection is not None:
        elements: dict[Any, Any] = {ie.FIVE_GMM_CAUSE: cause}
        downlink.send(amf, context, nas.build(M.REGISTRATION_REJECT, elements))
    _give_up(amf, context)


def _give_up(amf: Amf, context: UeContext) -> None:
    if context.connection is not None:
        connections.release(amf, context.connection)
    context.procedure = None
    amf.remove_context(context)


async def _register(
    amf: Amf, connection: UeConnection, context: UeContext, request: nas.Message
) -> None:
    registration_type = request.get(ie.FIVE_GS_REGISTRATION_TYPE)
    kind = INITIAL if registration_type is None else registration_type.value
    verified = connection.secured
    context.emergency = kind == EMERGENCY
    if context.emergency and not amf.policy.emergency_enabled:
        raise _Refused(_ILLEGAL_UE)
    capability = request.get(ie.UE_SECURITY_CAPABILITY)
    if capability is not None:
        context.capability = capability
    _check_capabilities(amf, context.capability)
    if amf.policy.redirects_to_eps and amf.policy.redirects_before_security:
        raise _Refused(_REDIRECTION)
    context.mm_capability = request.get(ie.FIVE_GMM_CAPABILITY) or context.mm_capability
    presented = request.get(ie.FIVE_GS_MOBILE_IDENTITY)
    if not verified:
        verified = await _from_other_amf(amf, connection, context, request, presented)
    if verified and (
        kind in (MOBILITY, PERIODIC) or not amf.policy.authenticates_every_registration
    ):
        whole = await _renew_algorithms(amf, context) or request
    else:
        whole = await _secure(amf, context, presented) or request
    if amf.policy.redirects_to_eps:
        if not amf.policy.protects_redirection:
            connection.secured = False
        raise _Refused(_REDIRECTION)
    supported = whole.get(ie.FIVE_GMM_CAPABILITY)
    if supported is not None:
        context.mm_capability = supported
    requested = slices.from_nas(whole.get(ie.REQUESTED_NSSAI))
    if requested or kind == INITIAL:
        context.requested_slices = requested
    if kind == PERIODIC:
        await _accept(amf, context, kind, whole)
        return
    await _subscribe(amf, context)
    _choose_slices(amf, context)
    await _accept(amf, context, kind, whole)
    if amf.policy.updates_names_after_registration:
        configuration_update.send_names(amf, context)
    if context.pending_slices:
        await slice_authentication.authenticate_slices(amf, context)


def _check_capabilities(amf: Amf, capability: nas.UESecurityCapability | None) -> None:
    """TS 24.501, 5.5.1.2.8: invalid or unacceptable UE security capabilities."""
    policy = amf.policy
    if capability is None:
        raise _Refused(_CAPABILITIES_MISMATCH)
    if capability.encryption == 0:
        if policy.rejects_no_encryption:
            raise _Refused(_CAPABILITIES_MISMATCH)
        return
    if capability.integrity == 0:
        if policy.rejects_no_integrity:
            raise _Refused(_CAPABILITIES_MISMATCH)
        return
    has_encryption = all(capability.supports_encryption(each) for each in _MANDATORY)
    if not has_encryption and policy.rejects_missing_encryption:
        raise _Refused(_CAPABILITIES_MISMATCH)
    # TS 33.501, 5.5.2: NIA0 is for emergencies only, so that nobody has to offer it.
    has_integrity = all(capability.supports_integrity(each) for each in _MANDATORY[1:])
    if not has_integrity and policy.rejects_missing_integrity:
        raise _Refused(_CAPABILITIES_MISMATCH)


async def _from_other_amf(
    amf: Amf,
    connection: UeConnection,
    context: UeContext,
    request: nas.Message,
    presented: nas.MobileIdentity | None,
) -> bool:
    """Fetch the context of a UE whose 5G-GUTI another AMF gave; whether it proved to be it."""
    if not isinstance(presented, nas.FiveGGuti):
        return False
    if presented.amf_set_id == amf.guami.amf_set_id and presented.amf_pointer == amf.pointer:
        return False
    if not await peer_amf.fetch_context(amf, context, presented, request):
        return False
    connection.secured = True
    return True


async def _renew_algorithms(amf: Amf, context: UeContext) -> nas.Message | None:
    """A UE that comes from another AMF: the algorithms are chosen anew (TS 33.501, 6.7.1.2.2)."""
    security, capability = context.security, context.capability
    if security is None or capability is None or not context.authenticated:
        return None
    chosen = security_mode.select(amf.policy, capability, null_integrity=False)
    if (
        chosen is None
        or chosen == security.algorithms
        or not amf.policy.selects_algorithms_at_registration
    ):
        return None
    renewed = security.with_algorithms(chosen)
    taken = await security_mode.command(amf, context, renewed)
    if taken is None:
        raise _Ended
    return taken.initial_message


async def _secure(
    amf: Amf, context: UeContext, presented: nas.MobileIdentity | None
) -> nas.Message | None:
    """Authenticate and take a new security context into use; the whole request, if it came."""
    policy = amf.policy
    if context.emergency and (
        not policy.emergency_authenticated or not isinstance(presented, nas.Suci | nas.FiveGGuti)
    ):
        return await _unauthenticated(amf, context, presented)
    known: UeContext | None = None
    if isinstance(presented, nas.FiveGGuti) and context.suci is None:
        known = amf.with_tmsi(presented.tmsi)
    name = None if known is None else known.supi
    if name is None:
        name = await _suci(amf, context, presented)
    result = await authentication.authenticate(amf, context, name)
    if (
        result.outcome in (Outcome.FAILED, Outcome.NO_AUSF)
        and known is not None
        and policy.asks_for_suci_after_failure
    ):
        # TS 33.501, 6.1.3.2.0: after a 5G-GUTI, the SUCI decides.
        name = await _suci(amf, context, None)
        result = await authentication.authenticate(amf, context, name)
    if result.outcome is Outcome.UNKNOWN_SUBSCRIBER:
        raise _Refused(_ILLEGAL_UE)
    if result.outcome is Outcome.NO_ANSWER:
        raise _Ended
    if result.outcome is not Outcome.AUTHENTICATED:
        if context.emergency and policy.emergency_enabled:
            return await _unauthenticated(amf, context, presented)
        authentication.reject(amf, context, result.eap_message)
        raise _Ended
    amf.identify(context, result.supi)
    context.authenticated = True
    capability = context.capability
    if capability is None:
        raise _Refused(_CAPABILITIES_MISMATCH)
    chosen = security_mode.select(
        policy, capability, context.emergency and policy.null_integrity_for_emergency
    )
    if chosen is None:
        raise _Refused(_CAPABILITIES_MISMATCH)
    security = NasSecurity(result.k_amf, chosen)
    if context.connection is not None:
        context.connection.secured = False
    taken = await security_mode.command(amf, context, security, eap_message=result.eap_message)
    if taken is None:
        raise _Ended
    return taken.initial_message


async def _suci(amf: Amf, context: UeContext, presented: nas.MobileIdentity | None) -> str:
    found = presented if isinstance(presented, nas.Suci) else None
    if found is None:
        found = await identity.ask_for_suci(amf, context)
    if found is None:
        raise _Refused(_NO_IDENTITY)
    context.suci = found
    return suci_text(found)


async def _unauthenticated(
    amf: Amf, context: UeContext, presented: nas.MobileIdentity | None
) -> nas.Message | None:
    """An emergency without authentication: null algorithms (TS 33.501, 10.2.2.2)."""
    if isinstance(presented, nas.Imei):
        context.pei = f"imei-{presented.digits}"
    elif isinstance(presented, nas.Imeisv):
        context.pei = f"imeisv-{presented.digits}"
    security = NasSecurity(
        amf.world.random_octets(32), nas.SecurityAlgorithms(ciphering=0, integrity=0)
    )
    taken = await security_mode.command(amf, context, security)
    if taken is None:
        raise _Ended
    context.authenticated = False
    return taken.initial_message


async def _subscribe(amf: Amf, context: UeContext) -> None:
    """The UDM learns who serves the UE, and says what it may (TS 23.502, 4.2.2.2.2, 14)."""
    supi = context.supi
    if supi is None:
        context.subscribed_slices = amf.plan.slices[:1]
        return
    first = not context.registered
    plan = amf.plan
    if first:
        guami = {
            "plmnId": {"mcc": plan.mcc, "mnc": plan.mnc},
            "amfId": f"{plan.amf_region:02x}{plan.amf_set << 6 | amf.pointer:04x}",
        }
        answer = await amf.call(
            "PUT",
            f"/nudm-uecm/v1/{supi}/registrations/amf-3gpp-access",
            service.json_body(
                {
                    "amfInstanceId": amf.instance,
                    "deregCallbackUri": amf.uri(f"/namf-callback/v1/{supi}/dereg-notify"),
                    "guami": guami,
                    "ratType": "NR",
                    "initialRegistrationInd": True,
                }
            ),
        )
        if answer.status is None or answer.status >= 400:
            raise _Refused(_ILLEGAL_UE)
    answer = await amf.call("GET", f"/nudm-sdm/v2/{supi}/am-data")
    document = service.json_of(answer) if answer.status == 200 else None
    nssai = document.get("nssai") if isinstance(document, dict) else None
    nssai = nssai if isinstance(nssai, dict) else {}
    default = slices.list_from_json(nssai.get("defaultSingleNssais"))
    further = slices.list_from_json(nssai.get("singleNssais"))
    context.subscribed_slices = tuple(dict.fromkeys((*default, *further))) or plan.slices[:1]
    context.default_slices = default
    context.slices_to_authenticate = _to_authenticate(nssai.get("additionalSnssaiData"))
    if first:
        await amf.call(
            "POST",
            f"/nudm-sdm/v2/{supi}/sdm-subscriptions",
            service.json_body(
                {
                    "nfInstanceId": amf.instance,
                    "callbackReference": amf.uri(f"/namf-callback/v1/{supi}/sdm-notify"),
                    "monitoredResourceUris": [f"/nudm-sdm/v2/{supi}/am-data"],
                }
            ),
        )
        policy = await amf.call(
            "POST",
            "/npcf-am-policy-control/v1/policies",
            service.json_body(
                {
                    "supi": supi,
                    "notificationUri": amf.uri(f"/namf-callback/v1/{supi}/am-policy-notify"),
                    "accessType": "3GPP_ACCESS",
                    "ratType": "NR",
                    "suppFeat": "1",
                }
            ),
        )
        context.amf_policy = policy.header("location") or ""


def _to_authenticate(data: Any) -> tuple[slices.Slice, ...]:
    """Slices subject to NSSAA (TS 29.503, 6.1.6.2.2: keys are the S-NSSAI as text)."""
    found: list[slices.Slice] = []
    for key, value in (data if isinstance(data, dict) else {}).items():
        sst, _, sd = str(key).partition("-")
        if sst.isdigit() and isinstance(value, dict) and value.get("requiredAuthnAuthz"):
            found.append((int(sst), sd.lower() or None))
    return tuple(found)


def _choose_slices(amf: Amf, context: UeContext) -> None:
    """Allowed, pending and rejected NSSAI (TS 23.501, 5.15.5.2.1; TS 24.501, 4.6.2)."""
    wanted = context.requested_slices or context.default_slices or context.subscribed_slices
    possible = tuple(
        each for each in wanted if each in context.subscribed_slices and each in amf.plan.slices
    )
    subject = context.slices_to_authenticate if amf.policy.authenticates_slices else ()
    done = context.slices_authenticated
    context.pending_slices = tuple(
        each
        for each in possible
        if each in subject and each not in done and each not in context.failed_slices
    )
    context.allowed_slices = tuple(
        each
        for each in possible
        if each not in context.pending_slices and each not in context.failed_slices
    )
    if not possible:
        raise _Refused(_NO_SLICES)


async def _accept(amf: Amf, context: UeContext, kind: int, request: nas.Message) -> None:
    """REGISTRATION ACCEPT until it is complete (TS 24.501, 5.5.1.2.4 and 5.5.1.3.4)."""
    policy, plan = amf.policy, amf.plan
    elements: dict[Any, Any] = {
        ie.FIVE_GS_REGISTRATION_RESULT: 1 | (0x20 if context.emergency else 0),
        ie.TAI_LIST: (nas.TrackingArea(plan.plmn, plan.tac),),
    }
    before = context.guti or context.old_guti
    if before is None or (
        policy.new_guti_at_registration
        if kind in (INITIAL, EMERGENCY)
        else policy.new_guti_at_mobility
    ):
        elements[ie.FIVE_G_GUTI] = amf.assign_guti(context)
    else:
        context.guti = before
        amf.by_tmsi[before.tmsi] = context
        elements[ie.FIVE_G_GUTI] = before
    if context.allowed_slices:
        elements[ie.ALLOWED_NSSAI] = slices.to_nas(context.allowed_slices)
    if context.pending_slices:
        elements[ie.PENDING_NSSAI] = slices.to_nas(context.pending_slices)
        # TS 24.501, 9.11.3.6: NSSAA is to be performed.
        elements[ie.FIVE_GS_REGISTRATION_RESULT] |= 0x10
    elements[ie.T3512_VALUE] = _T3512
    status = request.get(ie.PDU_SESSION_STATUS)
    if status is not None:
        elements[ie.PDU_SESSION_STATUS] = tuple(sorted(set(status) & set(context.sessions)))
    message = nas.build(M.REGISTRATION_ACCEPT, elements)
    context.registered = True

    def send_once() -> None:
        _send_accept(amf, context, message)

    answer = await downlink.ask(
        amf, context, send_once, (M.REGISTRATION_COMPLETE,), policy.timers.t3550
    )
    context.paged = False
    if answer is not None:
        old = context.old_guti
        if old is not None and old != context.guti and amf.by_tmsi.get(old.tmsi) is context:
            del amf.by_tmsi[old.tmsi]
        context.old_guti = None


def _send_accept(amf: Amf, context: UeContext, message: nas.Message) -> None:
    security, connection = context.protection, context.connection
    if connection is None:
        raise downlink.ConnectionLostError("the connection ended before the accept")
    if amf.policy.guti_is_protected:
        octets = security.protect(message, Direction.DOWNLINK)
    else:
        # The fault: integrity protected, and legible to everybody.
        octets = security.protect(
            message, Direction.DOWNLINK, nas.SecurityHeaderType.INTEGRITY_PROTECTED
        )
    if connection.context_at_gnb:
        downlink.send_octets(amf, context, octets)
        return
    set_up_context(amf, context, octets)


def set_up_context(
    amf: Amf,
    context: UeContext,
    octets: bytes | None,
    sessions: tuple[Any, ...] = (),
) -> None:
    """Give the gNB the UE's context (TS 33.501, 6.8.1.2.2: KgNB from the uplink NAS COUNT)."""
    connection = context.connection
    security = context.protection
    if connection is None:
        raise downlink.ConnectionLostError("the connection ended before its context was set up")
    count = max(security.counts[Direction.UPLINK] - 1, 0)
    context.k_gnb = keys.k_gnb(security.k_amf, count)
    # TS 33.501, A.10: the initial NH belongs to chaining count 1, KgNB itself to 0.
    context.next_hop = keys.nh(security.k_amf, context.k_gnb)
    context.chaining_count = 1
    capability = context.capability or nas.UESecurityCapability.of((0,), (0,))
    if not amf.policy.gives_gnb_true_capabilities:
        capability = nas.UESecurityCapability.of((0, 1), (0, 1))
    elif amf.policy.confuses_capabilities_to_gnb:
        eps = bytes((capability.eps_encryption or 0, capability.eps_integrity or 0))
        capability = nas.UESecurityCapability(eps * 2)
    ids = connection.amf_ue_ngap_id, connection.ran_ue_ngap_id
    amf.send_n2(
        connection,
        n2.initial_context_setup_request(
            ids,
            amf.guami,
            context.allowed_slices or amf.plan.slices[:1],
            capability,
            context.k_gnb,
            octets,
            sessions,
        ),
    )
