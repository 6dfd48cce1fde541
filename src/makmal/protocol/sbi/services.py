"""The services of the 5G core by their names in resource paths (TS 29.501, 4.4; TS 29.510)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

# Service name to the network function type that produces it: TS 29.510, 6.1.6.3.11 and 6.1.6.3.3.
PRODUCERS = {
    "n32c-handshake": "SEPP",
    "n32f-forward": "SEPP",
    "nsepp-telescopic": "SEPP",
    "n5g-ddnmf": "5G_DDNMF",
    "naanf-akma": "AANF",
    "namf-comm": "AMF",
    "namf-evts": "AMF",
    "namf-loc": "AMF",
    "namf-mbs-bc": "AMF",
    "namf-mbs-comm": "AMF",
    "namf-mt": "AMF",
    "nausf-auth": "AUSF",
    "nausf-sorprotection": "AUSF",
    "nausf-upuprotection": "AUSF",
    "nbsf-management": "BSF",
    "nchf-convergedcharging": "CHF",
    "nchf-offlineonlycharging": "CHF",
    "nchf-spendinglimitcontrol": "CHF",
    "ndccf-contextdocument": "DCCF",
    "ndccf-datamanagement": "DCCF",
    "neasdf-baselinednspattern": "EASDF",
    "neasdf-dnscontext": "EASDF",
    "ngmlc-loc": "GMLC",
    "nhss-ims-sdm": "HSS",
    "nhss-ims-ueau": "HSS",
    "nhss-ims-uecm": "HSS",
    "nhss-sdm": "HSS",
    "nhss-ueau": "HSS",
    "nhss-uecm": "HSS",
    "nlmf-broadcast": "LMF",
    "nlmf-loc": "LMF",
    "nmbsf-mbs-ud-ingest": "MBSF",
    "nmbsf-mbs-us": "MBSF",
    "nmbsmf-mbssession": "MB_SMF",
    "nmbsmf-tmgi": "MB_SMF",
    "nmfaf-3caDataManagement": "MFAF",
    "nmfaf-3dadatamanagement": "MFAF",
    "nnef-eas-deployment": "NEF",
    "nnef-eventexposure": "NEF",
    "nnef-pfdmanagement": "NEF",
    "nnef-smcontext": "NEF",
    "nnrf-disc": "NRF",
    "nnrf-nfm": "NRF",
    "nnsacf-nsac": "NSACF",
    "nnsacf-slice-ee": "NSACF",
    "nnssaaf-aiw": "NSSAAF",
    "nnssaaf-nssaa": "NSSAAF",
    "nnssf-nssaiavailability": "NSSF",
    "nnssf-nsselection": "NSSF",
    "nnwdaf-analyticsinfo": "NWDAF",
    "nnwdaf-datamanagement": "NWDAF",
    "nnwdaf-eventssubscription": "NWDAF",
    "nnwdaf-mlmodelprovision": "NWDAF",
    "npcf-am-policy-control": "PCF",
    "npcf-am-policyauthorization": "PCF",
    "npcf-bdtpolicycontrol": "PCF",
    "npcf-eventexposure": "PCF",
    "npcf-mbspolicyauth": "PCF",
    "npcf-mbspolicycontrol": "PCF",
    "npcf-policyauthorization": "PCF",
    "npcf-smpolicycontrol": "PCF",
    "npcf-ue-policy-control": "PCF",
    "npkmf-discovery": "PKMF",
    "nsmf-event-exposure": "SMF",
    "nsmf-nidd": "SMF",
    "nsmf-pdusession": "SMF",
    "nsmsf-sms": "SMSF",
    "nsoraf-sor": "SOR_AF",
    "nspaf-secured-packet": "SP_AF",
    "ntsctsf-asti": "TSCTSF",
    "ntsctsf-qos-tscai": "TSCTSF",
    "ntsctsf-time-sync": "TSCTSF",
    "nucmf-provisioning": "UCMF",
    "nucmf-uecapabilitymanagement": "UCMF",
    "nudm-ee": "UDM",
    "nudm-mt": "UDM",
    "nudm-niddau": "UDM",
    "nudm-pp": "UDM",
    "nudm-rsds": "UDM",
    "nudm-sdm": "UDM",
    "nudm-ssau": "UDM",
    "nudm-ueau": "UDM",
    "nudm-uecm": "UDM",
    "nudm-ueid": "UDM",
    "nudr-dr": "UDR",
    "nudr-group-id-map": "UDR",
    "nudsf-dr": "UDSF",
    "nudsf-timer": "UDSF",
}

# An optional prefix (the deployment-specific part of apiRoot), the service name, the version.
_PATH = re.compile(
    r"(?:https?://[^/]*)?(?:/[^/?]+)*?/(?P<service>n[a-z0-9]+(?:-[A-Za-z0-9]+)+)/(?P<version>v\d+)"
    r"(?:/(?P<resource>[^?]*))?(?:\?|$)"
)
_UNVERSIONED = re.compile(
    r"(?:https?://[^/]*)?/(?P<service>oauth2|bootstrapping)(?:/(?P<resource>[^?]*))?(?:\?|$)"
)
# Notifications go to URIs that the consumer chose. Cores name theirs after the service that sends
# them: Open5GS and free5GC with -callback, and nf-status-notify under the NRF's own service name.
_CALLBACK_SERVICE = "-callback"
# subs-to-notify of the UDR is a resource like any other (TS 29.504, 6.1.3).
_CALLBACK_RESOURCE = re.compile(r"(?:^|/)(?!subs-)[a-z-]*(?:-notify|notification)[a-z-]*(?:/|$)")
_LONGEST_PATH = 4096


@dataclass(frozen=True, slots=True)
class SbiOperation:
    """What a request path asks: the service, its major version, and the resource below it.

    ``producer`` is the type of the network function that offers the service (NFType of TS 29.510),
    None for a callback. ``is_callback`` marks a notification to the consumer.
    """

    service: str
    version: str
    resource: str
    producer: str | None
    is_callback: bool = False


@lru_cache(maxsize=4096)
def service_of(path: str) -> SbiOperation | None:
    """The service that a request path addresses; None when it is none of the 5G core's."""
    if len(path) > _LONGEST_PATH:
        return None
    match = _PATH.match(path)
    if match is None:
        match = _UNVERSIONED.match(path)
        if match is None:
            return None
        return SbiOperation(match["service"], "", match["resource"] or "", "NRF")
    service, resource = match["service"], match["resource"] or ""
    if service.endswith(_CALLBACK_SERVICE):
        return SbiOperation(service, match["version"], resource, None, is_callback=True)
    producer = PRODUCERS.get(service)
    if producer is None:
        return None
    if _CALLBACK_RESOURCE.search(resource) is not None:
        return SbiOperation(service, match["version"], resource, None, is_callback=True)
    return SbiOperation(service, match["version"], resource, producer)
