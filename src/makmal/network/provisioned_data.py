"""A subscription as the documents of TS 29.503, TS 29.505 and TS 29.519."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from makmal.network import slices
from makmal.network.slices import Slice
from makmal.network.subscription import Subscription

# The rates and the QoS of every reference subscription: 5QI 9 is the default of TS 23.501, 5.7.4.
_AMBR = {"uplink": "1 Gbps", "downlink": "2 Gbps"}
_DEFAULT_QOS = {
    "5qi": 9,
    "arp": {"priorityLevel": 8, "preemptCap": "NOT_PREEMPT", "preemptVuln": "PREEMPTABLE"},
}


def gpsi(supi: str) -> str:
    """The public identity of a reference subscriber."""
    return f"msisdn-{supi.partition('-')[2][-10:]}"


def slice_key(one: Slice) -> str:
    """An S-NSSAI as the key of a map (Snssai of TS 29.571, 5.4.4.2)."""
    sst, sd = one
    return str(sst) if sd is None else f"{sst}-{sd}"


def authentication_subscription(subscription: Subscription) -> dict[str, Any]:
    """AuthenticationSubscription (TS 29.505, 5.4.2.2). The separation bit is the UDM's to set."""
    name = "encTopcKey" if subscription.algorithm_set == "tuak" else "encOpcKey"
    return {
        "authenticationMethod": subscription.method,
        "encPermanentKey": subscription.key.hex(),
        "protectionParameterId": "none",
        "sequenceNumber": {"sqnScheme": "NON_TIME_BASED", "sqn": "000000000000", "indLength": 5},
        "authenticationManagementField": "8000",
        "algorithmId": subscription.algorithm_set,
        name: subscription.opc.hex(),
        "supi": subscription.supi,
    }


def nssai(subscription: Subscription) -> dict[str, Any]:
    """Nssai (TS 29.503, 6.1.6.2.2): the first slice that needs no authentication is default.

    TS 23.502, 4.2.9.1: a default S-NSSAI may not be subject to slice authentication.
    """
    default = tuple(
        each for each in subscription.slices if each not in subscription.authenticated_slices
    )[:1]
    others = tuple(
        each
        for each in dict.fromkeys((*subscription.slices, *subscription.authenticated_slices))
        if each not in default
    )
    document: dict[str, Any] = {
        # One at least is mandatory: without any other, an authenticated one stands there.
        "defaultSingleNssais": [slices.to_json(each) for each in default or others[:1]]
    }
    if default and others:
        document["singleNssais"] = [slices.to_json(each) for each in others]
    if subscription.authenticated_slices:
        document["additionalSnssaiData"] = {
            slice_key(each): {"requiredAuthnAuthz": True}
            for each in subscription.authenticated_slices
        }
    return document


def access_and_mobility(subscription: Subscription) -> dict[str, Any]:
    """AccessAndMobilitySubscriptionData (TS 29.503, 6.1.6.2.4)."""
    return {
        "gpsis": [gpsi(subscription.supi)],
        "subscribedUeAmbr": _AMBR,
        "nssai": nssai(subscription),
        "subsRegTimer": 3240,
    }


def _slices(subscription: Subscription) -> tuple[Slice, ...]:
    return tuple(dict.fromkeys((*subscription.slices, *subscription.authenticated_slices)))


def smf_selection(subscription: Subscription) -> dict[str, Any]:
    """SmfSelectionSubscriptionData (TS 29.503, 6.1.6.2.5)."""
    return {
        "subscribedSnssaiInfos": {
            slice_key(each): {
                "dnnInfos": [
                    {"dnn": dnn, "defaultDnnIndicator": dnn == subscription.dnns[0]}
                    for dnn in subscription.dnns
                ]
            }
            for each in _slices(subscription)
        }
    }


def session_management(subscription: Subscription) -> list[dict[str, Any]]:
    """SmSubsData: one entry for each slice (TS 29.503, 6.1.6.2.8 and 6.1.6.2.9)."""
    return [
        {
            "singleNssai": slices.to_json(each),
            "dnnConfigurations": {dnn: _dnn(subscription) for dnn in subscription.dnns},
        }
        for each in _slices(subscription)
    ]


def _dnn(subscription: Subscription) -> dict[str, Any]:
    return {
        "pduSessionTypes": {
            "defaultSessionType": "IPV4",
            "allowedSessionTypes": ["IPV4", "IPV6", "IPV4V6"],
        },
        "sscModes": {"defaultSscMode": "SSC_MODE_1", "allowedSscModes": ["SSC_MODE_2"]},
        "5gQosProfile": _DEFAULT_QOS,
        "sessionAmbr": _AMBR,
        "upSecurity": {
            "upIntegr": subscription.up_integrity,
            "upConfid": subscription.up_confidentiality,
        },
    }


def matching_session_data(
    subscription: Subscription, single_nssai: Any, dnn: str | None
) -> list[dict[str, Any]]:
    """The session data of one slice, one DNN, or one DNN of one slice."""
    wanted = None if single_nssai is None else slices.from_json(single_nssai)
    return [
        {**each, "dnnConfigurations": {dnn: each["dnnConfigurations"][dnn]}} if dnn else each
        for each in session_management(subscription)
        if (single_nssai is None or slices.from_json(each["singleNssai"]) == wanted)
        and (dnn is None or dnn in each["dnnConfigurations"])
    ]


def access_and_mobility_policy(subscription: Subscription) -> dict[str, Any]:
    """AmPolicyData (TS 29.519, 5.4.2.2)."""
    return {"subscCats": ["reference"]}


def session_policy(subscription: Subscription) -> dict[str, Any]:
    """SmPolicyData (TS 29.519, 5.4.2.4)."""
    return {
        "smPolicySnssaiData": {
            slice_key(each): {
                "snssai": slices.to_json(each),
                "smPolicyDnnData": {dnn: {"dnn": dnn} for dnn in subscription.dnns},
            }
            for each in _slices(subscription)
        }
    }


# By the last segment of the resource of TS 29.505.
DATA_SETS: dict[str, Callable[[Subscription], Any]] = {
    "am-data": access_and_mobility,
    "smf-selection-subscription-data": smf_selection,
    "sm-data": session_management,
}
# DataSetName of TS 29.503: the member of the answer, and the resource.
DATA_SET_NAMES = {
    "AM": ("amData", "am-data"),
    "SMF_SEL": ("smfSelData", "smf-selection-subscription-data"),
    "SM": ("smData", "sm-data"),
}
POLICY_SETS: dict[str, Callable[[Subscription], Any]] = {
    "am-data": access_and_mobility_policy,
    "sm-data": session_policy,
}
