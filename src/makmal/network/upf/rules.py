"""What a PFCP request does to a session's rules (TS 29.244, 7.5.2 and 7.5.4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address

from makmal.network.upf import flow_filter
from makmal.network.upf.session import (
    DetectionRule,
    EnforcementRule,
    ForwardingRule,
    UpSession,
    UsageRule,
)
from makmal.protocol import gtpu, pfcp
from makmal.protocol.element import InformationElement
from makmal.protocol.pfcp import ie
from makmal.protocol.pfcp.message import Elements, ElementSpec
from makmal.trace.frame import Endpoint


class RefusedError(Exception):
    """A request that cannot be carried out, with the cause that says so."""

    def __init__(self, cause: pfcp.Cause, reason: str) -> None:
        super().__init__(reason)
        self.cause = cause


@dataclass(slots=True)
class Applied:
    """What a request led to: PDRs with their chosen tunnels, and ends to be told of an end marker
    (the peer and the TEID before).
    """

    created: list[tuple[int, int]] = field(default_factory=list)
    end_markers: list[tuple[Endpoint, int]] = field(default_factory=list)
    resumed: bool = False


class RuleSetter:
    """Applies the rules of one request. ``take_teid`` allocates a TEID, or takes a given one into
    use (raising RefusedError).
    """

    def __init__(self, session: UpSession, take_teid: Callable[[int | None], int]) -> None:
        self._session, self._take_teid = session, take_teid
        self._chosen: dict[int, int] = {}
        self.applied = Applied()

    def apply(self, message: pfcp.Message) -> Applied:
        """All of it. Raises RefusedError, DecodeError."""
        session = self._session
        for removed in message.all(ie.REMOVE_PDR):
            session.detection.pop(_required(removed, ie.PDR_ID), None)
        for removed in message.all(ie.REMOVE_FAR):
            session.forwarding.pop(_required(removed, ie.FAR_ID), None)
        for removed in message.all(ie.REMOVE_QER):
            session.enforcement.pop(_required(removed, ie.QER_ID), None)
        for removed in message.all(ie.REMOVE_URR):
            session.usage.pop(_required(removed, ie.URR_ID), None)
        for each in (*message.all(ie.CREATE_FAR), *message.all(ie.UPDATE_FAR)):
            self._forwarding(each)
        for each in (*message.all(ie.CREATE_QER), *message.all(ie.UPDATE_QER)):
            self._enforcement(each)
        for each in (*message.all(ie.CREATE_URR), *message.all(ie.UPDATE_URR)):
            self._usage(each)
        for each in (*message.all(ie.CREATE_PDR), *message.all(ie.UPDATE_PDR)):
            self._detection(each)
        session.order()
        return self.applied

    def _detection(self, element: Elements) -> None:
        session = self._session
        identifier = _required(element, ie.PDR_ID)
        rule = session.detection.get(identifier)
        pdi = element.get(ie.PDI)
        if rule is None:
            if pdi is None:
                raise RefusedError(pfcp.Cause.MANDATORY_IE_MISSING, "a PDR without its PDI")
            rule = DetectionRule(identifier, 0xFFFFFFFF, from_access=True)
        precedence = element.get(ie.PRECEDENCE)
        if precedence is not None:
            rule.precedence = precedence
        far = element.get(ie.FAR_ID)
        if far is not None:
            if far not in session.forwarding:
                raise RefusedError(
                    pfcp.Cause.RULE_CREATION_MODIFICATION_FAILURE, f"there is no FAR {far}"
                )
            rule.far_id = far
        rule.qer_ids = element.all(ie.QER_ID) or rule.qer_ids
        rule.urr_ids = element.all(ie.URR_ID) or rule.urr_ids
        if pdi is not None:
            self._detected(rule, pdi)
        session.detection[identifier] = rule

    def _detected(self, rule: DetectionRule, pdi: Elements) -> None:
        interface = pdi.get(ie.SOURCE_INTERFACE)
        if interface is None:
            raise RefusedError(pfcp.Cause.MANDATORY_IE_MISSING, "a PDI without Source Interface")
        rule.from_access = interface == pfcp.SourceInterface.ACCESS
        rule.qfis = pdi.all(ie.QFI)
        try:
            rule.filters = tuple(
                flow_filter.parse(each.flow_description)
                for each in pdi.all(ie.SDF_FILTER)
                if each.flow_description is not None
            )
        except flow_filter.FilterError as error:
            raise RefusedError(pfcp.Cause.RULE_CREATION_MODIFICATION_FAILURE, str(error)) from None
        address = pdi.get(ie.UE_IP_ADDRESS)
        if address is not None:
            self._take_address(address)
        tunnel = pdi.get(ie.F_TEID)
        if tunnel is not None:
            self._tunnel(rule, tunnel)

    def _take_address(self, address: pfcp.UeIpAddress) -> None:
        session = self._session
        if address.choose_ipv4 or address.choose_ipv6:
            raise RefusedError(
                pfcp.Cause.SERVICE_NOT_SUPPORTED, "this UPF chooses no UE IP addresses"
            )
        if address.ipv4 is not None:
            session.ipv4 = ip_address(address.ipv4).packed
        if address.ipv6 is not None:
            session.ipv6_prefix = ip_address(address.ipv6).packed[:8]

    def _tunnel(self, rule: DetectionRule, tunnel: pfcp.FTeid) -> None:
        session = self._session
        if not tunnel.choose:
            teid = tunnel.teid or 0
            if teid not in session.teids:
                session.teids.add(self._take_teid(teid))
            rule.teid = teid
            return
        chosen = self._chosen.get(tunnel.choose_id) if tunnel.choose_id is not None else None
        if chosen is None:
            chosen = self._take_teid(None)
            session.teids.add(chosen)
            if tunnel.choose_id is not None:
                # 8.2.3: rules with the same CHOOSE ID share one F-TEID.
                self._chosen[tunnel.choose_id] = chosen
        rule.teid = chosen
        self.applied.created.append((rule.identifier, chosen))

    def _forwarding(self, element: Elements) -> None:
        session = self._session
        identifier = _required(element, ie.FAR_ID)
        action = element.get(ie.APPLY_ACTION)
        rule = session.forwarding.get(identifier)
        if rule is None:
            if action is None:
                raise RefusedError(pfcp.Cause.MANDATORY_IE_MISSING, "a FAR without Apply Action")
            rule = session.forwarding[identifier] = ForwardingRule(identifier)
        if action is not None:
            rule.act(action)
        parameters = element.get(ie.FORWARDING_PARAMETERS)
        if parameters is None:
            parameters = element.get(ie.UPDATE_FORWARDING_PARAMETERS)
        if parameters is not None:
            self._forwarded(rule, parameters)
        if rule.forwards:
            session.has_reported = False
            self.applied.resumed = True

    def _forwarded(self, rule: ForwardingRule, parameters: Elements) -> None:
        interface = parameters.get(ie.DESTINATION_INTERFACE)
        if interface is not None:
            rule.interface = interface
        flags = parameters.get(ie.PFCPSMREQ_FLAGS)
        if flags is not None and flags & pfcp.flags.PfcpSmReqFlags.SNDEM and rule.peer is not None:
            self.applied.end_markers.append((rule.peer, rule.teid or 0))
        header = parameters.get(ie.OUTER_HEADER_CREATION)
        if header is not None:
            address = header.ipv4 or header.ipv6
            if address is None or header.teid is None:
                raise RefusedError(
                    pfcp.Cause.MANDATORY_IE_INCORRECT, "Outer Header Creation without a tunnel"
                )
            rule.peer, rule.teid = Endpoint(address, gtpu.PORT), header.teid

    def _enforcement(self, element: Elements) -> None:
        session = self._session
        identifier = _required(element, ie.QER_ID)
        rule = session.enforcement.setdefault(identifier, EnforcementRule(identifier))
        gate = element.get(ie.GATE_STATUS)
        if gate is not None:
            rule.uplink_open = gate.uplink == pfcp.Gate.OPEN
            rule.downlink_open = gate.downlink == pfcp.Gate.OPEN
        rule.qfi = element.get(ie.QFI) or rule.qfi
        maximum = element.get(ie.MBR)
        if maximum is not None:
            rule.limit(maximum)
        rule.guaranteed = element.get(ie.GBR) or rule.guaranteed

    def _usage(self, element: Elements) -> None:
        identifier = _required(element, ie.URR_ID)
        rule = self._session.usage.setdefault(identifier, UsageRule(identifier))
        triggers = element.get(ie.REPORTING_TRIGGERS)
        if triggers is not None:
            rule.triggers = triggers
        threshold = element.get(ie.VOLUME_THRESHOLD)
        if threshold is not None:
            rule.threshold = threshold.total


def _required(element: Elements, key: InformationElement[int]) -> int:
    value = element.get(key)
    if value is None:
        raise RefusedError(pfcp.Cause.MANDATORY_IE_MISSING, f"{key.name} is missing")
    return value


def usage_report(rule: UsageRule, trigger: pfcp.UsageReportTrigger) -> list[ElementSpec]:
    """The content of a usage report (7.5.5.2, 7.5.7.2, 7.5.8.3); counting begins anew."""
    up, down = rule.uplink, rule.downlink
    measured = pfcp.VolumeMeasurement(
        up.octets + down.octets,
        up.octets,
        down.octets,
        up.packets + down.packets,
        up.packets,
        down.packets,
    )
    content: list[ElementSpec] = [
        (ie.URR_ID, rule.identifier),
        (ie.UR_SEQN, rule.reports),
        (ie.USAGE_REPORT_TRIGGER, trigger),
        (ie.VOLUME_MEASUREMENT, measured),
    ]
    rule.reports += 1
    up.packets = up.octets = down.packets = down.octets = 0
    return content
