"""What each service of our functions demands of a request's body and query, by its resource.

The types are those of TS 29.502 to TS 29.531 and TS 32.291, in so far as a function of ours reads
them; members that are not named here are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from makmal.network import data_types as t
from makmal.network.data_types import Check

_VARIABLE = re.compile(r"\{[^}]*\}")


@dataclass(frozen=True, slots=True)
class Demands:
    """``body`` is None where any will do. ``query`` are parameters whose value is JSON, ``words``
    those whose value is text.
    """

    body: Check | None = None
    query: Mapping[str, Check] = field(default_factory=dict)
    words: Mapping[str, Check] = field(default_factory=dict)


@lru_cache(maxsize=1024)
def demands_of(method: str, template: str) -> Demands:
    """What a resource demands, by the template of its path."""
    return _DEMANDS.get(f"{method} {_VARIABLE.sub('{}', template)}", _NOTHING)


_NOTHING = Demands()
_NF_SERVICE = t.structure(
    {
        "serviceInstanceId": t.STRING,
        "serviceName": t.STRING,
        "scheme": t.STRING,
        "nfServiceStatus": t.STRING,
        "versions": t.array(
            t.structure({"apiVersionInUri": t.text(r"v\d+"), "apiFullVersion": t.STRING}), least=1
        ),
    },
    {
        "ipEndPoints": t.array(
            t.structure(
                {}, {"ipv4Address": t.IPV4, "ipv6Address": t.IPV6, "port": t.whole(0, 65535)}
            )
        ),
        "allowedNssais": t.array(t.SNSSAI),
        "allowedPlmns": t.array(t.PLMN_ID),
        "priority": t.whole(0, 65535),
        "capacity": t.whole(0, 65535),
        "load": t.whole(0, 100),
    },
)
_NF_PROFILE = t.structure(
    {"nfInstanceId": t.UUID, "nfType": t.text(r"[A-Z0-9_]+"), "nfStatus": t.STRING},
    {
        "heartBeatTimer": t.whole(1),
        "plmnList": t.array(t.PLMN_ID, least=1),
        "sNssais": t.array(t.SNSSAI, least=1),
        "fqdn": t.text(r"[A-Za-z0-9_.-]{4,253}"),
        "ipv4Addresses": t.array(t.IPV4, least=1),
        "ipv6Addresses": t.array(t.IPV6, least=1),
        "allowedNssais": t.array(t.SNSSAI, least=1),
        "allowedPlmns": t.array(t.PLMN_ID, least=1),
        "allowedNfTypes": t.array(t.STRING, least=1),
        "allowedNfDomains": t.array(t.STRING, least=1),
        "priority": t.whole(0, 65535),
        "capacity": t.whole(0, 65535),
        "load": t.whole(0, 100),
        "nfServices": t.array(_NF_SERVICE),
    },
)
_AUTH_EVENT = t.structure(
    {
        "nfInstanceId": t.UUID,
        "success": t.TRUTH,
        "timeStamp": t.DATE_TIME,
        "authType": t.STRING,
        "servingNetworkName": t.SERVING_NETWORK_NAME,
    },
    {"authRemovalInd": t.TRUTH},
)
_RESYNCHRONISATION = t.structure({"rand": t.HEX_16, "auts": t.text(r"[A-Fa-f0-9]{28}")})
_AM_POLICY = t.structure(
    {"notificationUri": t.URI, "supi": t.SUPI, "suppFeat": t.SUPPORTED_FEATURES},
    {
        "gpsi": t.GPSI,
        "servingPlmn": t.PLMN_ID,
        "guami": t.GUAMI,
        "pei": t.STRING,
        "accessType": t.STRING,
        "ratType": t.STRING,
    },
)
_SM_POLICY = t.structure(
    {
        "supi": t.SUPI,
        "pduSessionId": t.PDU_SESSION_ID,
        "pduSessionType": t.STRING,
        "dnn": t.DNN,
        "notificationUri": t.URI,
        "sliceInfo": t.SNSSAI,
    },
    {"ipv4Address": t.IPV4, "gpsi": t.GPSI, "accessType": t.STRING, "ratType": t.STRING},
)
_SM_CONTEXT = t.structure(
    {
        "servingNfId": t.UUID,
        "servingNetwork": t.PLMN_ID,
        "anType": t.STRING,
        "smContextStatusUri": t.URI,
    },
    {
        "supi": t.SUPI,
        "pduSessionId": t.PDU_SESSION_ID,
        "dnn": t.DNN,
        "sNssai": t.SNSSAI,
        "guami": t.GUAMI,
        "n1SmMsg": t.REFERENCE,
        "requestType": t.STRING,
        "ratType": t.STRING,
        "pei": t.STRING,
        "gpsi": t.GPSI,
    },
)
_AMF_REGISTRATION = t.structure(
    {"amfInstanceId": t.UUID, "deregCallbackUri": t.URI, "guami": t.GUAMI, "ratType": t.STRING},
    {"initialRegistrationInd": t.TRUTH, "purgeFlag": t.TRUTH, "pei": t.STRING},
)
_SMF_REGISTRATION = t.structure(
    {
        "smfInstanceId": t.UUID,
        "pduSessionId": t.PDU_SESSION_ID,
        "singleNssai": t.SNSSAI,
        "plmnId": t.PLMN_ID,
    },
    {"dnn": t.DNN},
)
_SDM_SUBSCRIPTION = t.structure(
    {
        "nfInstanceId": t.UUID,
        "callbackReference": t.URI,
        "monitoredResourceUris": t.array(t.STRING, least=1),
    },
    {"expires": t.DATE_TIME, "singleNssai": t.SNSSAI, "dnn": t.DNN, "plmnId": t.PLMN_ID},
)
_BINDING = t.structure(
    {"dnn": t.DNN, "snssai": t.SNSSAI},
    {
        "supi": t.SUPI,
        "gpsi": t.GPSI,
        "ipv4Addr": t.IPV4,
        "pcfFqdn": t.STRING,
        "pcfIpEndPoints": t.array(
            t.structure({}, {"ipv4Address": t.IPV4, "port": t.whole(0, 65535)}), least=1
        ),
        "pcfId": t.UUID,
    },
)
_CHARGING = t.structure(
    {
        "nfConsumerIdentification": t.structure({"nodeFunctionality": t.STRING}),
        "invocationTimeStamp": t.DATE_TIME,
        "invocationSequenceNumber": t.UINT32,
    },
    {
        "subscriberIdentifier": t.SUPI,
        "chargingId": t.UINT32,
        "notifyUri": t.URI,
        "pDUSessionChargingInformation": t.structure(
            {},
            {
                "chargingId": t.UINT32,
                "pduSessionInformation": t.structure(
                    {"pduSessionID": t.PDU_SESSION_ID, "dnnId": t.DNN},
                    {"networkSlicingInfo": t.structure({"sNSSAI": t.SNSSAI})},
                ),
            },
        ),
    },
)
_N1N2_TRANSFER = t.structure(
    {},
    {
        "pduSessionId": t.PDU_SESSION_ID,
        "skipInd": t.TRUTH,
        "n1MessageContainer": t.structure(
            {"n1MessageClass": t.STRING, "n1MessageContent": t.REFERENCE}
        ),
        "n2InfoContainer": t.structure({"n2InformationClass": t.STRING}),
        "n1n2FailureTxfNotifURI": t.URI,
    },
)
_AMF_STATUS_SUBSCRIPTION = t.structure(
    {"amfStatusUri": t.URI}, {"guamiList": t.array(t.GUAMI, least=1)}
)
_STATUS_SUBSCRIPTION = t.structure(
    {"nfStatusNotificationUri": t.URI},
    {
        "validityTime": t.DATE_TIME,
        "reqNfType": t.STRING,
        "reqNfInstanceId": t.UUID,
        "reqPlmnList": t.array(t.PLMN_ID),
        "reqSnssais": t.array(t.SNSSAI),
        "reqNotifEvents": t.array(t.STRING, least=1),
    },
)
_SLICE_AVAILABILITY = t.structure(
    {
        "supportedNssaiAvailabilityData": t.array(
            t.structure({"tai": t.TAI, "supportedSnssaiList": t.array(t.SNSSAI, least=1)}), least=1
        )
    },
    {"supportedFeatures": t.SUPPORTED_FEATURES, "amfSetId": t.STRING},
)
_SLICE_SUBSCRIPTION = t.structure(
    {
        "nfNssaiAvailabilityUri": t.URI,
        "taiList": t.array(t.TAI),
        "event": t.STRING,
    },
    {"expiry": t.DATE_TIME, "supportedFeatures": t.SUPPORTED_FEATURES},
)
_UDR_SUBSCRIPTION = t.structure(
    {"callbackReference": t.URI, "monitoredResourceUris": t.array(t.STRING, least=1)},
    {"ueId": t.STRING, "expiry": t.DATE_TIME, "supportedFeatures": t.SUPPORTED_FEATURES},
)
_SLICE_AUTHENTICATION = t.structure(
    {"gpsi": t.GPSI, "snssai": t.SNSSAI, "eapIdRsp": t.nullable(t.BYTES)},
    {"amfInstanceId": t.UUID, "reauthNotifUri": t.URI, "revocNotifUri": t.URI},
)
_SLICE_CONFIRMATION = t.structure(
    {"gpsi": t.GPSI, "snssai": t.SNSSAI, "eapMessage": t.nullable(t.BYTES)}
)
_REGISTRATION_SLICES = t.structure(
    {},
    {
        "requestedNssai": t.array(t.SNSSAI, least=1),
        "subscribedNssai": t.array(
            t.structure({"subscribedSnssai": t.SNSSAI}, {"defaultIndication": t.TRUTH}), least=1
        ),
    },
)
_SESSION_SLICES = t.structure({"sNssai": t.SNSSAI, "roamingIndication": t.STRING})

_DEMANDS: Mapping[str, Demands] = {
    # TS 29.510.
    "PUT /nnrf-nfm/v1/nf-instances/{}": Demands(_NF_PROFILE),
    "POST /nnrf-nfm/v1/subscriptions": Demands(_STATUS_SUBSCRIPTION),
    "GET /nnrf-disc/v1/nf-instances": Demands(
        query={
            "snssais": t.array(t.SNSSAI, least=1),
            "requester-snssais": t.array(t.SNSSAI, least=1),
            "target-plmn-list": t.array(t.PLMN_ID, least=1),
            "requester-plmn-list": t.array(t.PLMN_ID, least=1),
            "tai": t.TAI,
            "guami": t.GUAMI,
        },
        words={"requester-nf-instance-id": t.UUID, "target-nf-instance-id": t.UUID},
    ),
    # TS 29.503.
    "POST /nudm-ueau/v1/{}/security-information/generate-auth-data": Demands(
        t.structure(
            {"servingNetworkName": t.SERVING_NETWORK_NAME, "ausfInstanceId": t.UUID},
            {
                "resynchronizationInfo": _RESYNCHRONISATION,
                "supportedFeatures": t.SUPPORTED_FEATURES,
            },
        )
    ),
    "POST /nudm-ueau/v1/{}/auth-events": Demands(_AUTH_EVENT),
    "PUT /nudm-ueau/v1/{}/auth-events/{}": Demands(_AUTH_EVENT),
    "PUT /nudm-uecm/v1/{}/registrations/amf-3gpp-access": Demands(_AMF_REGISTRATION),
    "PUT /nudm-uecm/v1/{}/registrations/smf-registrations/{}": Demands(_SMF_REGISTRATION),
    "POST /nudm-sdm/v2/{}/sdm-subscriptions": Demands(_SDM_SUBSCRIPTION),
    "GET /nudm-sdm/v2/{}/{}": Demands(
        query={"single-nssai": t.SNSSAI, "plmn-id": t.PLMN_ID}, words={"dnn": t.DNN}
    ),
    # TS 29.504.
    "PUT /nudr-dr/{}/subscription-data/{}/context-data/amf-3gpp-access": Demands(_AMF_REGISTRATION),
    "PUT /nudr-dr/{}/subscription-data/{}/context-data/smf-registrations/{}": Demands(
        _SMF_REGISTRATION
    ),
    "PUT /nudr-dr/{}/subscription-data/{}/authentication-data/authentication-status/{}": Demands(
        _AUTH_EVENT
    ),
    "POST /nudr-dr/{}/subscription-data/subs-to-notify": Demands(_UDR_SUBSCRIPTION),
    "GET /nudr-dr/{}/subscription-data/{}/{}/provisioned-data/{}": Demands(
        query={"single-nssai": t.SNSSAI}, words={"dnn": t.DNN}
    ),
    # TS 29.509.
    "POST /nausf-auth/v1/ue-authentications": Demands(
        t.structure(
            {"supiOrSuci": t.SUPI_OR_SUCI, "servingNetworkName": t.SERVING_NETWORK_NAME},
            {
                "resynchronizationInfo": _RESYNCHRONISATION,
                "pei": t.STRING,
                "supportedFeatures": t.SUPPORTED_FEATURES,
                "traceData": t.nullable(t.structure({})),
            },
        )
    ),
    "PUT /nausf-auth/v1/ue-authentications/{}/5g-aka-confirmation": Demands(
        t.structure({"resStar": t.nullable(t.HEX_16)})
    ),
    "POST /nausf-auth/v1/ue-authentications/{}/eap-session": Demands(
        t.structure({"eapPayload": t.nullable(t.BYTES)})
    ),
    # TS 29.502, 29.507, 29.512, 29.518, 29.521, 29.526, 29.531; TS 32.291.
    "POST /nsmf-pdusession/v1/sm-contexts": Demands(_SM_CONTEXT),
    "POST /npcf-am-policy-control/v1/policies": Demands(_AM_POLICY),
    "POST /npcf-smpolicycontrol/v1/sm-policies": Demands(_SM_POLICY),
    "POST /namf-comm/v1/ue-contexts/{}/n1-n2-messages": Demands(_N1N2_TRANSFER),
    "POST /namf-comm/v1/subscriptions": Demands(_AMF_STATUS_SUBSCRIPTION),
    "POST /nbsf-management/v1/pcfBindings": Demands(_BINDING),
    "POST /nchf-convergedcharging/v3/chargingdata": Demands(_CHARGING),
    "POST /nchf-convergedcharging/v3/chargingdata/{}/update": Demands(_CHARGING),
    "POST /nchf-convergedcharging/v3/chargingdata/{}/release": Demands(_CHARGING),
    "POST /nnssaaf-nssaa/v1/slice-authentications": Demands(_SLICE_AUTHENTICATION),
    "PUT /nnssaaf-nssaa/v1/slice-authentications/{}": Demands(_SLICE_CONFIRMATION),
    "GET /nnssf-nsselection/v2/network-slice-information": Demands(
        query={
            "slice-info-request-for-registration": _REGISTRATION_SLICES,
            "slice-info-request-for-pdu-session": _SESSION_SLICES,
            "home-plmn-id": t.PLMN_ID,
            "tai": t.TAI,
        },
        words={"nf-type": t.text(r"[A-Z0-9_]+"), "nf-id": t.UUID},
    ),
    "PUT /nnssf-nssaiavailability/v1/nssai-availability/{}": Demands(_SLICE_AVAILABILITY),
    "POST /nnssf-nssaiavailability/v1/nssai-availability/subscriptions": Demands(
        _SLICE_SUBSCRIPTION
    ),
}
