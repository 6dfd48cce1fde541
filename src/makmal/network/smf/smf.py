"""The SMF: Nsmf_PDUSession towards the AMF, PFCP towards the UPF (TS 29.502, 5.2; TS 29.244)."""

from __future__ import annotations

import asyncio
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from makmal.network import n4_messages, service, slices
from makmal.network.identifiers import Allocation, Identifiers
from makmal.network.network_function import NetworkFunction, ServicePolicy
from makmal.network.pfcp_node import PfcpNode
from makmal.network.plan import NetworkPlan
from makmal.network.service import N1_CONTENT, N2_CONTENT, ServiceError, ServiceRequest
from makmal.network.smf import neighbours
from makmal.network.smf.policy import SmfPolicy
from makmal.network.smf.session import IPV4, NGAP_TYPES, SmSession, refusal
from makmal.network.world import UnreachableError, World
from makmal.protocol import nas, ngap, pfcp
from makmal.protocol.errors import DecodeError
from makmal.protocol.ngap import transfer
from makmal.protocol.pfcp import ie
from makmal.protocol.sbi import HttpMessage
from makmal.trace.frame import Endpoint

M = nas.MessageType
_CONTEXTS = "/nsmf-pdusession/v1/sm-contexts"
_FAILURES = "/nsmf-callback/v1/n1-n2-failures"
# 5GSM causes (TS 24.501, 9.11.4.2).
_INSUFFICIENT_RESOURCES, _UNKNOWN_DNN, _UNKNOWN_TYPE = 26, 27, 28
_REGULAR_DEACTIVATION = 36
_FLOW = n4_messages.FlowRule(1)
_RATES = pfcp.BitRates(500_000, 1_000_000)
_RELEASED = ngap.Cause(ngap.CauseGroup.NAS, 0)


class Smf(NetworkFunction):
    """``sessions`` by the reference of their SM context."""

    nf_type = "SMF"
    services = ("nsmf-pdusession",)

    def __init__(
        self,
        world: World,
        plan: NetworkPlan,
        policy: SmfPolicy | None = None,
        name: str | None = None,
        service_policy: ServicePolicy | None = None,
    ) -> None:
        super().__init__(world, plan, name, service_policy)
        self.policy = policy or SmfPolicy()
        self.log: list[str] = []
        self.sessions: dict[str, SmSession] = {}
        self._hosts = IPv4Network(self.policy.pool).hosts()
        self._prefixes = IPv6Network(plan.ue_pool_ipv6).subnets(new_prefix=64)
        # The first of each are the data network's router.
        next(self._hosts)
        next(self._prefixes)
        self._seids = Identifiers(world.random_octets, 8, Allocation.RANDOM)
        self._next_reference = 1
        self.charging_ids = Identifiers(world.random_octets, 4, Allocation.RANDOM)
        self._n4 = PfcpNode(world, plan.n4(self.name), self._asked, self.policy.timers)
        self._associated = False
        self._associating = asyncio.Lock()
        self.route("POST", _CONTEXTS, self._create)
        self.route("POST", f"{_CONTEXTS}/{{reference}}/modify", self._modify)
        self.route("POST", f"{_CONTEXTS}/{{reference}}/release", self._release)
        for kind in ("sm-policy-notify", "charging-notify"):
            self.route("POST", f"/nsmf-callback/v1/{kind}/{{reference}}", self._told)
        self.route("POST", f"{_FAILURES}/{{reference}}", self._was_not_reached)

    async def stop(self) -> None:
        """Close N4, and stop serving."""
        self._n4.close()
        await super().stop()

    def _asked(self, message: pfcp.Message, source: Endpoint) -> pfcp.Message | None:
        """The UPF asks: heartbeats, and reports that data waits for a UE."""
        del source
        if message.message_type == pfcp.MessageType.HEARTBEAT_REQUEST:
            return n4_messages.heartbeat(self._n4.started, message.sequence_number, True)
        if message.message_type == pfcp.MessageType.SESSION_REPORT_REQUEST:
            session = next(
                (each for each in self.sessions.values() if each.smf_seid == message.seid), None
            )
            if session is not None:
                self.world.spawn(self._wake(session))
            return pfcp.build(
                pfcp.MessageType.SESSION_REPORT_RESPONSE,
                0 if session is None else session.upf_seid,
                message.sequence_number,
                [(ie.CAUSE, pfcp.Cause.REQUEST_ACCEPTED)],
            )
        return None

    async def _associate(self) -> None:
        """PFCP association, when the first session needs it (TS 29.244, 6.2.6)."""
        async with self._associating:
            if not self._associated:
                await self._associate_first()

    async def _associate_first(self) -> None:
        await self._n4.open()
        elements = n4_messages.association_elements(
            self.plan.n4(self.name).address, self._n4.started
        )
        await self._n4.request(
            pfcp.MessageType.ASSOCIATION_SETUP_REQUEST, self.plan.n4("UPF"), elements
        )
        self._associated = True

    # Nsmf_PDUSession.

    async def _create(self, request: ServiceRequest) -> HttpMessage:
        """CreateSMContext (5.2.2.2)."""
        document = request.object
        identity = request.required("pduSessionId", int)
        supi = request.required("supi", str)
        reference = request.required("n1SmMsg", dict)
        content = service.part_of(request.http, str(reference.get("contentId")))
        message = _session_message(content)
        if message is None or message.message_type != M.PDU_SESSION_ESTABLISHMENT_REQUEST:
            raise ServiceError(403, "N1_SM_ERROR", "no PDU SESSION ESTABLISHMENT REQUEST")
        transaction = message.procedure_transaction_identity or 0
        session_type = message.get(nas.ie.PDU_SESSION_TYPE) or IPV4
        if session_type not in NGAP_TYPES:
            return _refused(identity, transaction, _UNKNOWN_TYPE)
        dnn = str(document.get("dnn") or self.plan.dnns[0])
        s_nssai = slices.from_json(document.get("sNssai")) or self.plan.slices[0]
        try:
            policy = await self._up_policy(supi, dnn, s_nssai)
        except UnreachableError as error:
            self.log.append(f"session without UDM: {error}")
            return _refused(identity, transaction, _INSUFFICIENT_RESOURCES)
        if policy is None:
            return _refused(identity, transaction, _UNKNOWN_DNN)
        session = SmSession(
            str(self._next_reference),
            supi,
            identity,
            dnn,
            s_nssai,
            transaction,
            str(next(self._hosts)),
            policy,
            str(document.get("servingNfId") or ""),
            str(document.get("smContextStatusUri") or ""),
            self._seids.allocate(),
        )
        session.session_type = session_type
        if session_type != IPV4:
            session.prefix = str(next(self._prefixes).network_address)
        self._next_reference += 1
        self.sessions[session.reference] = session
        self.world.spawn(self._establish(session))
        location = self.uri(f"{_CONTEXTS}/{session.reference}")
        body = service.json_body({"pduSessionId": identity, "sNssai": slices.to_json(s_nssai)})
        return service.response(201, body, location=location)

    async def _up_policy(
        self, supi: str, dnn: str, s_nssai: slices.Slice
    ) -> tuple[str, str] | None:
        """The user plane security policy; None where the subscription has no such DNN."""
        local = self.policy.local_up_integrity, self.policy.local_up_confidentiality
        answer = await self.call("GET", f"/nudm-sdm/v2/{supi}/sm-data?dnn={dnn}")
        if answer.status != 200:
            return None
        document = service.json_of(answer)
        entries = document if isinstance(document, list) else [document]
        for entry in entries:
            if not isinstance(entry, dict) or slices.from_json(entry.get("singleNssai")) != s_nssai:
                continue
            configurations = entry.get("dnnConfigurations")
            found = configurations.get(dnn) if isinstance(configurations, dict) else None
            if not isinstance(found, dict):
                continue
            security = found.get("upSecurity")
            if isinstance(security, dict) and self.policy.udm_policy_first:
                return str(security.get("upIntegr")), str(security.get("upConfid"))
            return local
        return None

    async def _establish(self, session: SmSession) -> None:
        """N4, then N1 and N2 through the AMF (TS 23.502, 4.3.2.2.1, 10 and 11)."""
        try:
            await neighbours.begin(self, session)
            await self._associate()
            await self._open_tunnel(session)
            await self._transfer(
                session,
                session.establishment_accept(),
                "PDU_RES_SETUP_REQ",
                session.setup_request(),
            )
        except UnreachableError as error:
            self.log.append(f"session {session.reference} could not be established: {error}")
            reject = refusal(session.identity, session.transaction, _INSUFFICIENT_RESOURCES)
            self.sessions.pop(session.reference, None)
            await self._transfer(session, reject, "", None)

    async def _open_tunnel(self, session: SmSession) -> None:
        sst, sd = session.s_nssai
        rules = n4_messages.SessionRules(
            session.supi,
            session.dnn,
            sst,
            None if sd is None else int(sd, 16),
            pfcp.PdnType(session.session_type),
            session.ipv4,
            session.prefix,
            _RATES,
            (_FLOW,),
        )
        here = self.plan.n4(self.name).address
        answer = await self._n4.request(
            pfcp.MessageType.SESSION_ESTABLISHMENT_REQUEST,
            self.plan.n4("UPF"),
            n4_messages.establishment_elements(here, session.smf_seid, rules),
            0,
        )
        remote, created = answer.get(ie.F_SEID), answer.get(ie.CREATED_PDR)
        tunnel = None if created is None else created.get(ie.F_TEID)
        if remote is None or tunnel is None or tunnel.ipv4 is None:
            cause: Any = answer.get(ie.CAUSE)
            raise UnreachableError(f"the UPF refused the session: cause {cause}")
        session.upf_seid = remote.seid
        session.tunnel = ngap.GTPTunnel(tunnel.ipv4, tunnel.teid or 0)

    async def _transfer(
        self, session: SmSession, content: bytes | None, kind: str, octets: bytes | None
    ) -> None:
        """Namf_Communication_N1N2MessageTransfer (TS 29.518, 5.2.2.3.1)."""
        document: dict[str, Any] = {
            "pduSessionId": session.identity,
            # Without it an AMF need not page: nobody would hear that the UE does not answer.
            "n1n2FailureTxfNotifURI": self.uri(f"{_FAILURES}/{session.reference}"),
        }
        parts: dict[str, tuple[str, bytes]] = {}
        if content is not None:
            document["n1MessageContainer"] = {
                "n1MessageClass": "SM",
                "n1MessageContent": {"contentId": "n1"},
            }
            parts["n1"] = (N1_CONTENT, content)
        if octets is not None:
            document["n2InfoContainer"] = {
                "n2InformationClass": "SM",
                "smInfo": {
                    "pduSessionId": session.identity,
                    "n2InfoContent": {"ngapIeType": kind, "ngapData": {"contentId": "n2"}},
                    "sNssai": slices.to_json(session.s_nssai),
                },
            }
            parts["n2"] = (N2_CONTENT, octets)
        try:
            await self.call(
                "POST",
                f"/namf-comm/v1/ue-contexts/{session.supi}/n1-n2-messages",
                service.multipart_body(document, parts),
                producer=await self._amf(session),
            )
        except UnreachableError as error:
            self.log.append(f"the AMF did not take a message for {session.supi}: {error}")

    async def _amf(self, session: SmSession) -> Endpoint:
        """The AMF that serves the UE: one of ours, or the one that the NRF knows; where that one
        is gone, another (TS 23.501, 5.21.2.2).
        """
        for name in self.plan.addresses:
            if name.startswith("AMF") and self.plan.instance(name) == session.amf:
                return self.plan.service(name)
        try:
            return await self.discover("AMF", "namf-comm", session.amf or None)
        except UnreachableError:
            return await self.discover("AMF", "namf-comm")

    async def _modify(self, request: ServiceRequest) -> HttpMessage:
        """UpdateSMContext (5.2.2.3)."""
        session = self._session(request)
        document = request.object
        session.amf = str(document.get("servingNfId") or session.amf)
        kind = document.get("n2SmInfoType")
        information = document.get("n2SmInfo")
        octets = b""
        if isinstance(information, dict):
            octets = service.part_of(request.http, str(information.get("contentId"))) or b""
        try:
            return await self._update(session, request, document, kind, octets)
        except DecodeError as error:
            raise ServiceError(403, "N2_SM_ERROR", str(error)) from None

    async def _update(
        self,
        session: SmSession,
        request: ServiceRequest,
        document: dict[str, Any],
        kind: Any,
        octets: bytes,
    ) -> HttpMessage:
        if kind == "PDU_RES_SETUP_RSP":
            session.access = transfer.decode_setup_response(octets).dl_ngu_up_tnl_information
            await self._forward(session)
        elif kind == "PATH_SWITCH_REQ":
            request_transfer = transfer.decode_path_switch_request(octets)
            session.access = request_transfer.dl_ngu_up_tnl_information
            await self._forward(session)
            told = request_transfer.user_plane_security_information
            answer = transfer.PATH_SWITCH_REQUEST_ACKNOWLEDGE.encode(
                transfer.PathSwitchRequestAcknowledgeTransfer(
                    session.tunnel, self._corrected_policy(session, told)
                )
            )
            return _with_n2("PATH_SWITCH_REQ_ACK", answer)
        elif kind == "HANDOVER_REQUIRED":
            return _with_n2("PDU_RES_SETUP_REQ", session.setup_request(), hoState="PREPARING")
        elif kind == "HANDOVER_REQ_ACK":
            acknowledge = transfer.HANDOVER_REQUEST_ACKNOWLEDGE.decode(octets)
            session.arriving = acknowledge.dl_ngu_up_tnl_information
            command = transfer.HANDOVER_COMMAND.encode(transfer.HandoverCommandTransfer())
            return _with_n2("HANDOVER_CMD", command, hoState="PREPARED")
        elif document.get("hoState") == "COMPLETED" and session.arriving is not None:
            session.access, session.arriving = session.arriving, None
            await self._forward(session)
        elif document.get("upCnxState") == "ACTIVATING":
            return _with_n2("PDU_RES_SETUP_REQ", session.setup_request(), upCnxState="ACTIVATING")
        elif document.get("upCnxState") == "DEACTIVATED":
            session.access = None
            await self._hold(session)
        elif isinstance(document.get("n1SmMsg"), dict):
            content = service.part_of(request.http, str(document["n1SmMsg"].get("contentId")))
            return await self._from_ue(session, _session_message(content))
        return service.response(204)

    def _corrected_policy(
        self, session: SmSession, told: transfer.UserPlaneSecurityInformation | None
    ) -> ngap.SecurityIndication | None:
        """What the gNB is told of the user plane policy, if it has another (TS 33.501, 6.6.1)."""
        if told is None:
            return None
        theirs, ours = told.security_indication, session.security_indication
        if (
            theirs.integrity_protection_indication == ours.integrity_protection_indication
            and theirs.confidentiality_protection_indication
            == ours.confidentiality_protection_indication
        ):
            return None
        self.log.append(f"another user plane policy at path switch of {session.supi}")
        if self.policy.echoes_told_up_policy:
            return theirs
        return ours if self.policy.corrects_up_policy else None

    async def _from_ue(self, session: SmSession, message: nas.Message | None) -> HttpMessage:
        if message is None:
            return service.response(204)
        kind = message.message_type
        if kind == M.PDU_SESSION_RELEASE_REQUEST:
            session.transaction = message.procedure_transaction_identity or 0
            command = session.message(
                M.PDU_SESSION_RELEASE_COMMAND, {nas.ie.FIVE_GSM_CAUSE: _REGULAR_DEACTIVATION}
            )
            octets = transfer.CAUSE_ONLY.encode(transfer.CauseTransfer(_RELEASED))
            self.world.spawn(self._transfer(session, command, "PDU_RES_REL_CMD", octets))
        elif kind == M.PDU_SESSION_RELEASE_COMPLETE:
            self.world.spawn(self._ended(session))
        elif kind == M.PDU_SESSION_MODIFICATION_REQUEST:
            session.transaction = message.procedure_transaction_identity or 0
            command = session.message(M.PDU_SESSION_MODIFICATION_COMMAND)
            self.world.spawn(self._transfer(session, command, "", None))
        return service.response(204)

    async def _ended(self, session: SmSession) -> None:
        """The UE gave the session up: the AMF forgets it too (5.2.2.5)."""
        await self._remove(session)
        if session.status_uri:
            body = service.json_body({"statusInfo": {"resourceStatus": "RELEASED"}})
            try:
                await self.call("POST", session.status_uri, body)
            except UnreachableError as error:
                self.log.append(f"the AMF was not told of a released session: {error}")

    async def _release(self, request: ServiceRequest) -> HttpMessage:
        """ReleaseSMContext (5.2.2.4)."""
        await self._remove(self._session(request))
        return service.response(204)

    async def _remove(self, session: SmSession) -> None:
        if self.sessions.pop(session.reference, None) is None:
            return
        self._seids.release(session.smf_seid)
        if session.upf_seid:
            await self._tell_upf(session, pfcp.MessageType.SESSION_DELETION_REQUEST, [])
        await neighbours.end(self, session)

    async def _told(self, request: ServiceRequest) -> HttpMessage:
        """PCF or CHF tell of a change, none of which changes a session of ours."""
        self._session(request)
        return service.response(204)

    def _session(self, request: ServiceRequest) -> SmSession:
        session = self.sessions.get(request.parameters["reference"])
        if session is None:
            raise ServiceError(404, "CONTEXT_NOT_FOUND")
        return session

    # N4.

    async def _forward(self, session: SmSession) -> None:
        access = session.access
        if access is not None:
            element = n4_messages.forward_downlink(access.transport_layer_address, access.gtp_teid)
            await self._tell_upf(session, pfcp.MessageType.SESSION_MODIFICATION_REQUEST, [element])

    async def _hold(self, session: SmSession) -> None:
        await self._tell_upf(
            session,
            pfcp.MessageType.SESSION_MODIFICATION_REQUEST,
            [n4_messages.hold_downlink(notify=True)],
        )

    async def _tell_upf(
        self, session: SmSession, kind: pfcp.MessageType, elements: list[Any]
    ) -> None:
        try:
            await self._n4.request(kind, self.plan.n4("UPF"), elements, session.upf_seid)
        except UnreachableError as error:
            self.log.append(f"the UPF did not take {kind.name}: {error}")

    async def _wake(self, session: SmSession) -> None:
        """Data waits for a UE that is idle (TS 23.502, 4.2.3.3, 3a)."""
        await self._transfer(session, None, "PDU_RES_SETUP_REQ", session.setup_request())

    async def _was_not_reached(self, request: ServiceRequest) -> HttpMessage:
        """N1N2TransferFailureNotification (TS 29.518, 5.2.2.3.2): the data waits on at the UPF."""
        session, cause = self._session(request), request.required("cause", str)
        self.log.append(f"the AMF did not reach {session.supi}: {cause}")
        return service.response(204)

    async def notify_downlink_data(self, supi: str) -> bool:
        """Act as if the UPF had reported data for a UE; whether it has a session."""
        session = next((each for each in self.sessions.values() if each.supi == supi), None)
        if session is not None:
            await self._wake(session)
        return session is not None


def _session_message(content: bytes | None) -> nas.Message | None:
    if content is None:
        return None
    try:
        message = nas.decode_recent(content)
    except DecodeError:
        return None
    if isinstance(message, nas.Message) and message.is_session_management:
        return message
    return None


def _refused(identity: int, transaction: int, cause: int) -> HttpMessage:
    """SmContextCreateError with the reject for the UE (6.1.6.2.10)."""
    document = {
        "error": {"status": 403, "cause": "N1_SM_ERROR"},
        "n1SmMsg": {"contentId": "n1"},
    }
    parts = {"n1": (N1_CONTENT, refusal(identity, transaction, cause))}
    return service.response(403, service.multipart_body(document, parts))


def _with_n2(kind: str, octets: bytes, **members: str) -> HttpMessage:
    """SmContextUpdatedData with N2 information (6.1.6.2.4)."""
    document = {**members, "n2SmInfo": {"contentId": "n2"}, "n2SmInfoType": kind}
    return service.response(200, service.multipart_body(document, {"n2": (N2_CONTENT, octets)}))
