"""From SUCI to SUPI: the SIDF (TS 33.501, 6.12.5; TS 23.003, 2.2B; TS 29.503, 5.4.2.2)."""

from __future__ import annotations

import re

from makmal.network.plan import NetworkPlan
from makmal.network.service import ServiceError
from makmal.network.udm.policy import UdmPolicy
from makmal.security import suci

_SUPI = re.compile(r"imsi-[0-9]{5,15}|(?:nai|gli|gci)-.+")
# TS 29.571, 5.3.2: SUPI type, home network, routing indicator, scheme, key, scheme output.
_SUCI = re.compile(
    r"suci-(?:0-(?P<mcc>[0-9]{3})-(?P<mnc>[0-9]{2,3})|[1-7]-(?P<realm>.+))"
    r"-[0-9]{1,4}-(?P<scheme>[0-9a-fA-F])-(?P<key>[0-9]{1,3})-(?P<output>.+)"
)


def deconcealed(plan: NetworkPlan, policy: UdmPolicy, identity: str) -> str:
    """The SUPI of a SUPI or SUCI. Raises ServiceError with the causes of TS 29.503, 6.3.7.3."""
    if _SUPI.fullmatch(identity) is not None:
        return identity
    match = _SUCI.fullmatch(identity)
    if match is None:
        raise ServiceError(400, "MANDATORY_IE_INCORRECT", "neither a SUPI nor a SUCI")
    is_imsi = match["mcc"] is not None
    if is_imsi and (match["mcc"], match["mnc"]) != (plan.mcc, plan.mnc):
        raise ServiceError(404, "USER_NOT_FOUND", "the SUCI is of another home network")
    scheme = int(match["scheme"], 16)
    if scheme not in policy.supported_schemes:
        raise ServiceError(501, "UNSUPPORTED_PROTECTION_SCHEME", f"protection scheme {scheme}")
    if scheme == suci.NULL_SCHEME:
        name = match["output"]
    else:
        name = _opened(plan, scheme, int(match["key"]), match["output"], is_imsi)
    if not is_imsi:
        return f"nai-{name}@{match['realm']}"
    if not (name.isascii() and name.isdigit()):
        raise ServiceError(403, "INVALID_SCHEME_OUTPUT", "the MSIN is not of digits")
    return f"imsi-{plan.plmn}{name}"


def _opened(plan: NetworkPlan, scheme: int, identifier: int, output: str, is_imsi: bool) -> str:
    """The MSIN or user name in a scheme output."""
    key = next(
        (
            each
            for each in plan.home_network_keys
            if (each.identifier, each.scheme) == (identifier, scheme)
        ),
        None,
    )
    if key is None:
        raise ServiceError(
            403, "INVALID_HN_PUBLIC_KEY_IDENTIFIER", f"no key {identifier} of scheme {scheme}"
        )
    try:
        plain = suci.deconceal(scheme, key.private_key, bytes.fromhex(output))
        if not is_imsi:
            return plain.decode()
    except (suci.SuciError, ValueError) as error:
        raise ServiceError(403, "INVALID_SCHEME_OUTPUT", str(error)) from None
    # TS 33.501, C.3.1: the MSIN in TBCD, two digits in an octet, the first in the lower half.
    digits = "".join(octet[::-1] for octet in (f"{each:02x}" for each in plain))
    return digits.removesuffix("f")
