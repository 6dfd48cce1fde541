"""TS 33.515, 4.2.2.1.1; TS 23.501, 5.10.3: the UDM's user plane security policy goes first."""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import Any, NamedTuple

from makmal.judges.judge import Judge
from makmal.judges.verdict import Verdict
from makmal.protocol import ngap
from makmal.protocol.errors import DecodeError
from makmal.trace.knowledge import Knowledge
from makmal.trace.message import NgapMessage, SbiMessage

_MOST_SUBSCRIPTIONS = 50_000
_MOST_CONTEXTS = 50_000
_SM_DATA = re.compile(r"/nudm-sdm/v\d+/(?P<supi>[^/]+)/sm-data")
_N1_N2_MESSAGES = re.compile(r"/namf-comm/v\d+/ue-contexts/(?P<supi>[^/]+)/n1-n2-messages")
_SM_CONTEXTS = re.compile(r"/nsmf-pdusession/v\d+/sm-contexts/?$")


class _Policy(NamedTuple):
    """A user plane security policy in the words of TS 29.571: integrity, confidentiality."""

    integrity: str
    confidentiality: str


# TS 38.413, 9.3.1.27, against TS 29.571, 5.4.3.4.
_INDICATIONS = {0: "REQUIRED", 1: "PREFERRED", 2: "NOT_NEEDED"}


class PolicyPrecedence(Judge):
    """The Security Indication on N2 is the policy that the UDM gave for the session."""

    test_case = "TC_UP_POLICY_PRECEDENCE_SMF"

    def __init__(self, knowledge: Knowledge) -> None:
        super().__init__(knowledge)
        self._policies: OrderedDict[str, tuple[int, dict[str, _Policy | None]]] = OrderedDict()
        self._dnn: OrderedDict[tuple[str, int], str] = OrderedDict()

    def on_sbi(self, message: SbiMessage) -> None:
        """Learn the UDM's policies and the sessions' DNNs; judge N2 parts on their way."""
        path = (message.http if message.request is None else message.request.http).path or ""
        match = _SM_DATA.search(path)
        if match is not None:
            if not message.http.is_request and message.document is not None:
                self._learn(match["supi"], message.frame, message.document.value)
            return
        if not message.http.is_request:
            return
        value: Any = None if message.document is None else message.document.value
        if _SM_CONTEXTS.search(path):
            self._note_dnn(value)
            return
        match = _N1_N2_MESSAGES.search(path)
        if match is not None:
            self._n2_part(message, match["supi"], value)

    def _learn(self, supi: str, frame: int, value: Any) -> None:
        # A list of one entry for each slice, or in later releases an object with a member
        # individualSmSubsData (TS 29.503, 6.1.6.2.8).
        if isinstance(value, dict):
            value = value.get("individualSmSubsData", [value])
        policies: dict[str, _Policy | None] = {}
        for entry in value if isinstance(value, list) else ():
            configurations = entry.get("dnnConfigurations") if isinstance(entry, dict) else None
            if isinstance(configurations, dict):
                for dnn, configuration in configurations.items():
                    policies[dnn] = _policy(configuration)
        if policies:
            self._policies[supi] = (frame, policies)
            if len(self._policies) > _MOST_SUBSCRIPTIONS:
                self._policies.popitem(last=False)

    def _note_dnn(self, value: Any) -> None:
        if not isinstance(value, dict):
            return
        supi, identity, dnn = (value.get(k) for k in ("supi", "pduSessionId", "dnn"))
        if isinstance(supi, str) and isinstance(identity, int) and isinstance(dnn, str):
            self._dnn[supi, identity] = dnn
            if len(self._dnn) > _MOST_CONTEXTS:
                self._dnn.popitem(last=False)

    def _n2_part(self, message: SbiMessage, supi: str, value: Any) -> None:
        container = value.get("n2InfoContainer") if isinstance(value, dict) else None
        information = container.get("smInfo") if isinstance(container, dict) else None
        if not isinstance(information, dict):
            return
        content = information.get("n2InfoContent")
        if not isinstance(content, dict) or content.get("ngapIeType") != "PDU_RES_SETUP_REQ":
            return
        identity = information.get("pduSessionId")
        for part in message.http.parts:
            if part.content_type.startswith("application/vnd.3gpp.ngap"):
                dnn = self._dnn.get((supi, identity)) if isinstance(identity, int) else None
                self._compare(supi, dnn, part.body, message.frame)

    def on_ngap(self, message: NgapMessage) -> None:
        """Judge the Security Indication that the gNB is given."""
        user_equipment = message.user_equipment
        if user_equipment is None or message.from_access_network:
            return
        for key in (
            ngap.ie.PDU_SESSION_RESOURCE_SETUP_LIST_SU_REQ,
            ngap.ie.PDU_SESSION_RESOURCE_SETUP_LIST_CXT_REQ,
        ):
            for item in message.pdu.get(key) or ():
                session = user_equipment.sessions.get(item.pdu_session_id)
                dnn = None if session is None else session.dnn
                supi = user_equipment.supi
                if supi is not None and dnn is None:
                    dnn = self._dnn.get((supi, item.pdu_session_id))
                self._compare(supi, dnn, item.transfer, message.frame)

    def _compare(self, supi: str | None, dnn: str | None, transfer: bytes, frame: int) -> None:
        try:
            indication = ngap.transfer.decode_setup_request(transfer).security_indication
        except DecodeError:
            self.findings.doubt("a PDU session resource setup that cannot be read", frame)
            return
        known = None if supi is None else self._policies.get(supi)
        if known is None:
            self.findings.doubt(
                "a session was set up, but the capture does not show which policy the UDM gave "
                "for it (Nudm_SDM on N10)",
                frame,
            )
            return
        subscription_frame, policies = known
        policy = _for_dnn(policies, dnn)
        if policy is None:
            self.findings.doubt(
                "the UDM gave no user plane security policy for the session's DNN, so there is "
                "none that could go first",
                subscription_frame,
                frame,
            )
        elif indication is None:
            self.findings.violation(
                "the UDM gave a user plane security policy, and N2 carries no Security Indication",
                subscription_frame,
                frame,
            )
        else:
            self._compare_policies(policy, indication, subscription_frame, frame)

    def _compare_policies(
        self, policy: _Policy, indication: ngap.SecurityIndication, since: int, frame: int
    ) -> None:
        seen = _Policy(
            _INDICATIONS.get(indication.integrity_protection_indication, "unknown"),
            _INDICATIONS.get(indication.confidentiality_protection_indication, "unknown"),
        )
        if seen == policy:
            self.findings.conforming("N2 carries the policy that the UDM gave", since, frame)
        else:
            self.findings.violation(
                f"the UDM gave integrity {policy.integrity} and confidentiality "
                f"{policy.confidentiality}, N2 carries {seen.integrity} and "
                f"{seen.confidentiality}",
                since,
                frame,
            )

    def verdict(self) -> Verdict:
        """Fail when N2 carries another policy than the UDM's."""
        return self.conclude("no PDU session resources were set up")


def _policy(configuration: Any) -> _Policy | None:
    security = configuration.get("upSecurity") if isinstance(configuration, dict) else None
    if not isinstance(security, dict):
        return None
    integrity, confidentiality = security.get("upIntegr"), security.get("upConfid")
    if isinstance(integrity, str) and isinstance(confidentiality, str):
        return _Policy(integrity, confidentiality)
    return None


def _for_dnn(policies: dict[str, _Policy | None], dnn: str | None) -> _Policy | None:
    if dnn is not None and dnn in policies:
        return policies[dnn]
    # The UE named none: the default DNN, which can be told when there is but one.
    return next(iter(policies.values())) if len(policies) == 1 else None
