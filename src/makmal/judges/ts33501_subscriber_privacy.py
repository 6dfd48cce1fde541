"""TS 33.501, 6.12: is the subscription permanent identifier concealed?"""

from __future__ import annotations

import re

from makmal.judges.judge import Judge
from makmal.judges.verdict import Verdict
from makmal.protocol import nas
from makmal.trace.identification import mobile_identity
from makmal.trace.message import NasMessage, SbiMessage

_SCHEMES = {1: "profile A", 2: "profile B"}
# TS 29.571, 5.3.2: suci-<type>-<home network>-<routing>-<scheme>-<key identifier>-<output>
_SUCI_TEXT = re.compile(r"suci-0-\d{3}-\d{2,3}-\d{1,4}-(?P<scheme>[0-9a-fA-F])-\d+-.+")


class SuciNullScheme(Judge):
    """A SUCI made with the null scheme carries the SUPI in clear (TS 33.501, 6.12.2, C.2)."""

    test_case = "MAKMAL_SUCI_NULL_SCHEME"

    def on_nas(self, message: NasMessage) -> None:
        """Read the SUCI wherever a UE sends one."""
        if not message.uplink or message.plain is None:
            return
        identity = mobile_identity(message.plain)
        if not isinstance(identity, nas.Suci):
            return
        scheme = identity.protection_scheme
        if scheme != 0:
            name = _SCHEMES.get(scheme, f"protection scheme {scheme} of the home network")
            self.findings.conforming(f"SUCI concealed with {name}", message.frame)
        elif message.user_equipment.emergency:
            self.findings.conforming(
                "null scheme in an emergency registration, which may use it", message.frame
            )
        else:
            self.findings.violation(
                f"SUCI with the null scheme in {message.name}: the SUPI can be read by anyone",
                message.frame,
            )

    def on_sbi(self, message: SbiMessage) -> None:
        """The same identity as the AMF hands it to the AUSF, for captures without N1."""
        document = message.document
        if not message.http.is_request or document is None or not isinstance(document.value, dict):
            return
        named = document.value.get("supiOrSuci")
        match = _SUCI_TEXT.fullmatch(named) if isinstance(named, str) else None
        if match is None:
            return
        if int(match["scheme"], 16) == 0:
            self.findings.violation(
                "SUCI with the null scheme handed to the AUSF: the UE sent its SUPI in clear",
                message.frame,
            )
        else:
            self.findings.conforming("concealed SUCI handed to the AUSF", message.frame)

    def verdict(self) -> Verdict:
        """Fail when a SUPI could be read outside an emergency registration."""
        return self.conclude("no SUCI was seen: no UE registered with one while capturing")
