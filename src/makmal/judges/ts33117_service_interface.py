"""TS 33.117, 4.2.2.2 and 4.3.6.3: transport, tokens and parsers of the service-based interface."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from makmal.judges.judge import Judge
from makmal.judges.verdict import Verdict
from makmal.protocol import sbi
from makmal.security.tokens import AccessToken, TokenError, parse
from makmal.trace.knowledge import Knowledge
from makmal.trace.message import SbiMessage, TlsHandshake

_MOST_PRODUCERS = 10_000

# Members of service bodies that hold keys: TS 29.503, 29.505 and 29.509.
_SECRETS = {
    "encPermanentKey": "the long-term key K",
    "encOpcKey": "OPc",
    "encTopcKey": "TOPc",
    "kausf": "KAUSF",
    "kseaf": "KSEAF",
    "ckPrime": "CK'",
    "ikPrime": "IK'",
    "ck": "CK",
    "ik": "IK",
}


class TransportProtection(Judge):
    """Services are offered over TLS only, in a version and with suites of TS 33.210, 6.2."""

    test_case = "TC_PROTECT_TRANSPORT_LAYER"

    def on_sbi(self, message: SbiMessage) -> None:
        """A message that can be read without secrets was not protected."""
        if message.over_tls:
            return
        self.findings.violation(f"HTTP/{message.http.version} in clear text", message.frame)
        value = None if message.document is None else message.document.value
        for name in secrets_in(value):
            self.findings.violation(f"{name} can be read by whoever listens", message.frame)

    def on_tls(self, message: TlsHandshake) -> None:
        """Read the version and suite that the two ends agreed on."""
        hello = message.server_hello
        if hello is None:
            self.findings.doubt("a TLS handshake that the server did not answer", message.frame)
        elif hello.negotiated_version < 0x0303:
            self.findings.violation(
                f"{hello.version_name} was negotiated, which TS 33.210 forbids", *message.frames
            )
        elif not hello.is_suite_allowed:
            self.findings.violation(
                f"the cipher suite {hello.cipher_suite_name} was negotiated, which TS 33.210 "
                "does not allow",
                *message.frames,
            )
        else:
            self.findings.conforming(
                f"{hello.version_name} with {hello.cipher_suite_name}", *message.frames
            )

    def verdict(self) -> Verdict:
        """Fail on any service message in clear text, or on a forbidden version or suite."""
        return self.conclude("no service-based interface was seen, neither in clear nor as TLS")


def secrets_in(value: Any, depth: int = 0) -> list[str]:
    """Names of the keys that a JSON body shows."""
    found: list[str] = []
    if depth > 8:
        return found
    if isinstance(value, dict):
        for key, member in value.items():
            name = _SECRETS.get(key)
            if name is not None and isinstance(member, str) and len(member) >= 16:
                found.append(name)
            elif isinstance(member, dict | list):
                found += secrets_in(member, depth + 1)
    elif isinstance(value, list):
        for member in value:
            if isinstance(member, dict | list):
                found += secrets_in(member, depth + 1)
    return found


def _token_is_due(operation: sbi.SbiOperation | None) -> bool:
    """TS 33.501, 13.4.1: to every service but the NRF's own, and not to notifications."""
    return (
        operation is not None
        and not operation.is_callback
        and operation.service not in ("oauth2", "bootstrapping")
        and not operation.service.startswith("nnrf-")
    )


class TokenDemanded(Judge):
    """A service producer grants nothing to a consumer that shows no access token."""

    test_case = "MAKMAL_SBI_TOKEN_DEMANDED"

    def on_sbi(self, message: SbiMessage) -> None:
        """See how each request without a token was answered."""
        request = message.request
        if message.http.is_request or request is None or not _token_is_due(request.operation):
            return
        status = message.http.status or 0
        frames = (request.frame, message.frame)
        service = "" if request.operation is None else request.operation.service
        authorization = request.http.authorization
        if authorization is not None and sbi.UNKNOWN in authorization:
            self.findings.doubt(
                "a request whose authorization header was compressed before the capture began",
                *frames,
            )
        elif authorization is not None:
            # That consumers show tokens does not tell what would come of a request without.
            return
        elif any(sbi.UNKNOWN in name for name, _ in request.http.headers):
            self.findings.doubt(
                "a request with headers that were compressed before the capture began", *frames
            )
        elif 200 <= status < 300:
            self.findings.violation(f"{service} served a request without an access token", *frames)
        elif status in (401, 403):
            self.findings.conforming("a request without an access token was refused", *frames)
        else:
            self.findings.doubt(
                f"a request without an access token was answered with status {status}, which "
                "tells nothing about authorisation",
                *frames,
            )

    def verdict(self) -> Verdict:
        """Fail when a request without a token was served."""
        return self.conclude(
            "no request without an access token was seen, with its response, to a service that "
            "asks for one"
        )


class TokenVerified(Judge):
    """A token that is unsigned, meant for another, too narrow or expired opens no service."""

    test_case = "TC_AUTHORIZATION_TOKEN_VERIFICATION_FAILURE_ONE_PLMN"

    def __init__(self, knowledge: Knowledge) -> None:
        super().__init__(knowledge)
        self._instances: OrderedDict[str, str] = OrderedDict()

    def on_sbi(self, message: SbiMessage) -> None:
        """Look at each token as its producer had to, and at what the producer did."""
        if message.http.is_request:
            self._note_registration(message)
            return
        request = message.request
        if request is None or request.http.bearer_token is None:
            return
        wrong = self._what_is_wrong(request, request.http.bearer_token)
        status = message.http.status or 0
        frames = (request.frame, message.frame)
        if wrong is None:
            return
        if 200 <= status < 300:
            self.findings.violation(f"a request was served with {wrong}", *frames)
        elif status in (400, 401, 403):
            self.findings.conforming(f"a request with {wrong} was refused", *frames)
        else:
            self.findings.doubt(f"a request with {wrong} was answered with {status}", *frames)

    def _note_registration(self, message: SbiMessage) -> None:
        operation, value = message.operation, message.document and message.document.value
        if operation is None or operation.service != "nnrf-nfm" or not isinstance(value, dict):
            return
        instance, kind = value.get("nfInstanceId"), value.get("nfType")
        if isinstance(instance, str) and isinstance(kind, str):
            self._instances[instance.lower()] = kind.upper()
            if len(self._instances) > _MOST_PRODUCERS:
                self._instances.popitem(last=False)

    def _what_is_wrong(self, request: SbiMessage, text: str) -> str | None:
        try:
            token = parse(text)
        except TokenError as error:
            return f"something that is no token ({error})"
        if token.algorithm is None or token.algorithm.lower() == "none" or not token.signature:
            return "an unsigned token (algorithm none)"
        expires = token.expires
        if expires is not None and expires * 1_000_000_000 < request.time_ns:
            return "an expired token"
        operation = request.operation
        if operation is None:
            return None
        if token.scope and operation.service not in token.scope:
            return "a token whose scope does not name the service"
        return self._wrong_audience(token, operation)

    def _wrong_audience(self, token: AccessToken, operation: sbi.SbiOperation) -> str | None:
        """TS 29.510, 6.3.5.2.4: the audience is an NF type, or a list of NF instance ids."""
        audience = token.audience
        wanted = operation.producer
        if audience is None:
            return "a token without an audience"
        if wanted is None:
            return None
        for entry in [audience] if isinstance(audience, str) else audience:
            kind = self._instances.get(entry.lower(), entry.upper())
            # An instance id of a function whose registration the trace does not show may be right.
            if kind == wanted or _is_instance_id(kind):
                return None
        return "a token for another audience"

    def verdict(self) -> Verdict:
        """Fail when a request with a wrong token was served."""
        return self.conclude("no request with a wrong access token was seen with its response")


def _is_instance_id(text: str) -> bool:
    return len(text) == 36 and text.count("-") == 4


class UniqueKeys(Judge):
    """A JSON object that names a key twice is an error, and is rejected (TS 29.501, 6.2)."""

    test_case = "MAKMAL_SBI_UNIQUE_KEYS"

    def on_sbi(self, message: SbiMessage) -> None:
        """See how requests with duplicate keys were answered."""
        if message.http.is_request:
            return
        request = message.request
        if request is None or request.document is None or not request.document.duplicate_keys:
            return
        status = message.http.status or 0
        key = request.document.duplicate_keys[0]
        frames = (request.frame, message.frame)
        if 200 <= status < 300:
            self.findings.violation(f"a request with the duplicate key {key} was accepted", *frames)
        elif 400 <= status < 500:
            self.findings.conforming("a request with duplicate keys was rejected", *frames)
        else:
            self.findings.doubt(
                f"a request with duplicate keys was answered with status {status}", *frames
            )

    def verdict(self) -> Verdict:
        """Fail when such a request was accepted."""
        return self.conclude("no request with a duplicate JSON key was seen")
