"""OWASP API1, API3 and API5:2023: whose object, which property, which function."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from makmal.judges.verdict import Findings, Verdict
from makmal.protocol.errors import DecodeError
from makmal.protocol.sbi import HttpMessage
from makmal.testcases.application.case import (
    NOT_NOW,
    ApplicationCase,
    Exchange,
    document,
    groups,
    last_exchange,
    named,
    refused,
)
from makmal.trace.trace import Section, Trace

if TYPE_CHECKING:
    from makmal.bench.application.bench import ApplicationBench

_FIRST, _SECOND, _ADMINISTRATOR = "first", "second", "administrator"
_MOST_OPERATIONS = 30


class ObjectAuthorisation(ApplicationCase):
    """API1: an object is read and changed by its owner only."""

    name = "MAKMAL_API1_OBJECT_AUTHORISATION"
    OWNER, OTHER, NOBODY, AGAIN = (
        "as its owner",
        "as another user",
        "without credentials",
        "as its owner again",
    )

    async def drive(self, bench: ApplicationBench) -> None:
        """Each operation on an object of the first user: by the first, the second, nobody."""
        await bench.ready(_FIRST, _SECOND)
        chosen = [each for each in bench.operations if each.path_parameters]
        for operation in chosen[:_MOST_OPERATIONS]:
            if operation.is_public or bench.is_administrative(operation):
                continue
            bench.preparing(f"{operation.name}: an object of the first user")
            path = await bench.object_path(operation)
            if path is None:
                continue
            body = bench.example_of(operation)
            reads = operation.method in ("GET", "HEAD")
            method = operation.method
            parent = path if reads else bench.settings.objects.get(path, _object_of(path, bench))
            with bench.variant(f"{operation.name}: {self.OWNER}"):
                await bench.request("GET", parent, _FIRST)
            with bench.variant(f"{operation.name}: {self.OTHER}"):
                await bench.request(method, path, _SECOND, document=body)
            with bench.variant(f"{operation.name}: {self.NOBODY}"):
                await bench.request(method, path, document=body)
            with bench.variant(f"{operation.name}: {self.AGAIN}"):
                await bench.request("GET", parent, _FIRST)
            if method == "DELETE":
                bench.forget_object(operation)

    def judge(self, trace: Trace) -> Verdict:
        """Fail when somebody else is served, or the object was gone or changed afterwards."""
        findings = Findings()
        roles = (self.OWNER, self.OTHER, self.NOBODY, self.AGAIN)
        for subject, sections in groups(trace, roles).items():
            self._judge(findings, subject, sections)
        return self.conclude(
            findings, trace, "no operation on an object of a user's could be tried"
        )

    def _judge(self, findings: Findings, subject: str, sections: Mapping[str, Section]) -> None:
        before = last_exchange(sections.get(self.OWNER))
        after = last_exchange(sections.get(self.AGAIN))
        alive = before is not None and before.succeeded and after is not None and after.succeeded
        for role in (self.OTHER, self.NOBODY):
            exchange = last_exchange(sections.get(role))
            refused(findings, f"{subject} {role}", exchange, alive)
        if before is not None and before.succeeded and after is not None:
            frames = (*before.frames, *after.frames)
            if after.status in (404, 410):
                findings.violation(f"{subject}: the object was gone afterwards", *frames)
            elif after.succeeded and after.document != before.document:
                tried = [last_exchange(sections.get(each)) for each in (self.OTHER, self.NOBODY)]
                if _is_of(tried, before.document, after.document):
                    findings.violation(f"{subject}: the object was another afterwards", *frames)
                else:
                    findings.doubt(f"{subject}: the object changed meanwhile, by itself?", *frames)


def _is_of(tried: Sequence[Exchange | None], before: Any, after: Any) -> bool:
    """Whether an object became what was sent by those who may not change it. Some members change by
    themselves: when it was read last, how old it is.
    """
    was, became = _mapping(before), _mapping(after)
    sent = [_mapping(document(each.request)) for each in tried if each is not None]
    others = [name for name in became if became[name] != was.get(name)]
    return any(each.get(name) == became[name] for each in sent for name in others if name in each)


def _object_of(path: str, bench: ApplicationBench) -> str:
    """The longest beginning of a path that the description lets one read."""
    for operation in sorted(bench.operations, key=lambda each: -len(each.path)):
        parts = re.split(r"\{[^}]*\}", operation.path)
        pattern = "[^/]+".join(re.escape(part) for part in parts)
        match = re.match(f"{pattern}(?=/|$)", path)
        if operation.method == "GET" and operation.path_parameters and match is not None:
            return match[0]
    return path


class PropertyAuthorisation(ApplicationCase):
    """API3: nothing is shown that is secret, and nothing set that is not the user's to set."""

    name = "MAKMAL_API3_PROPERTY_AUTHORISATION"
    READ = "what is shown by "
    BEFORE, SET, AFTER, BACK = (
        "before",
        "with properties that are not the user's to set",
        "after",
        "as it was",
    )
    _SECRET = re.compile(r"pass(word|wd|phrase)|secret|salt|private|_hash$|^hash$|^pin$|api_?key")
    # What gives somebody more rights, in many applications.
    _USUAL = ("role", "is_admin", "admin", "isAdmin", "is_staff", "verified", "balance")

    async def drive(self, bench: ApplicationBench) -> None:
        """Read what can be read; then change it with more properties than are described."""
        await bench.ready(_FIRST)
        readable = [
            each
            for each in bench.operations
            if each.method == "GET"
            and not each.path_parameters
            and not each.is_public
            and not bench.is_administrative(each)
        ]
        for operation in readable[:_MOST_OPERATIONS]:
            with bench.variant(f"{self.READ}{operation.name}"):
                await bench.request("GET", operation.path, _FIRST)
        for operation in bench.operations:
            reading = bench.settings.description.find(f"GET {operation.path}")
            is_change = operation.method in ("PATCH", "PUT") and operation.body is not None
            if is_change and reading is not None and not bench.is_administrative(operation):
                await self._change(bench, operation.name)

    async def _change(self, bench: ApplicationBench, name: str) -> None:
        operation = bench.settings.description.find(name)
        if operation is None:
            return
        bench.preparing(f"{name}: what there is")
        path = await bench.object_path(operation) if operation.path_parameters else operation.path
        if path is None:
            return
        with bench.variant(f"{name}: {self.BEFORE}"):
            before = _mapping(_json(await bench.request("GET", path, _FIRST)))
            extra = await self._extra(bench, path, before, operation.body or {})
            wanted = {**_mapping(bench.example_of(operation)), **extra}
            with bench.variant(f"{name}: {self.SET}"):
                await bench.request(operation.method, path, _FIRST, document=wanted)
            with bench.variant(f"{name}: {self.AFTER}"):
                after = _mapping(_json(await bench.request("GET", path, _FIRST)))
            changed = {
                key: before[key] for key in extra if key in before and before[key] != after.get(key)
            }
            if changed:
                with bench.variant(f"{name}: {self.BACK}"):
                    back = {**_mapping(bench.example_of(operation)), **changed}
                    await bench.request(operation.method, path, _FIRST, document=back)

    async def _extra(
        self, bench: ApplicationBench, path: str, before: dict[str, Any], schema: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Properties that are shown and not described as the user's, with an administrator's
        values where one is known.
        """
        known = schema.get("properties", {})
        others: dict[str, Any] = {}
        if _ADMINISTRATOR in bench.settings.users and "/{" not in path:
            bench.preparing("what an administrator has there")
            others = _mapping(_json(await bench.request("GET", path, _ADMINISTRATOR)))
        extra: dict[str, Any] = {}
        for name in dict.fromkeys((*before, *self._USUAL)):
            if name in known or name in ("id", "name"):
                continue
            value = others.get(name, True)
            if value != before.get(name):
                extra[name] = value
        return {name: value for name, value in extra.items() if name in before} or extra

    def judge(self, trace: Trace) -> Verdict:
        """Fail on secrets in answers, and on values that were taken over."""
        findings = Findings()
        for subject, section in named(trace, self.READ):
            exchange = last_exchange(section)
            if exchange is None or not exchange.succeeded or exchange.document is None:
                findings.doubt(f"{subject} gave nothing to read")
                continue
            secret = next((key for key in _keys(exchange.document) if self._is_secret(key)), None)
            if secret is not None:
                findings.violation(f"{subject} shows the property {secret}", *exchange.frames)
            else:
                findings.conforming(f"{subject} shows no secret", *exchange.frames)
        for subject, sections in groups(trace, (self.BEFORE, self.SET, self.AFTER)).items():
            self._judge_change(findings, subject, sections)
        return self.conclude(findings, trace, "there was nothing to read or to change")

    def _is_secret(self, key: str) -> bool:
        return self._SECRET.search(key.lower()) is not None

    def _judge_change(
        self, findings: Findings, subject: str, sections: Mapping[str, Section]
    ) -> None:
        setting = last_exchange(sections.get(self.SET))
        before = last_exchange(sections.get(self.BEFORE))
        after = last_exchange(sections.get(self.AFTER))
        read = (each is not None and each.succeeded for each in (before, after))
        if setting is None or before is None or after is None or not all(read):
            findings.doubt(f"{subject}: what became of it could not be read")
            return
        sent = _mapping(document(setting.request))
        was, became = _mapping(before.document), _mapping(after.document)
        frames = (*setting.frames, *after.frames)
        for name in sent:
            is_described = name in _mapping(was) and was.get(name) == became.get(name)
            if is_described or name not in became or name not in was:
                continue
            if became[name] == sent[name] and was[name] != became[name] and self._rules(name):
                findings.violation(f"{subject}: the user could set {name}", *frames)
                return
        if not was or not became:
            findings.doubt(f"{subject}: what there is could not be read", *frames)
        elif setting.status is None or setting.status in NOT_NOW:
            findings.doubt(f"{subject}: no answer was seen", *frames)
        elif setting.status >= 500:
            findings.violation(f"{subject}: the application broke ({setting.status})", *frames)
        else:
            findings.conforming(f"{subject}: nothing but the user's own was set", *frames)

    def _rules(self, name: str) -> bool:
        """Whether a property is one that rules what somebody may do."""
        return (
            re.search(r"role|admin|staff|right|permission|verified|balance|owner", name) is not None
        )


def _json(answer: HttpMessage) -> Any:
    try:
        return answer.json().value if answer.body else None
    except DecodeError:
        return None


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _keys(value: Any, depth: int = 0) -> Iterator[str]:
    if depth > 16:
        return
    if isinstance(value, dict):
        for key, content in value.items():
            yield str(key)
            yield from _keys(content, depth + 1)
    elif isinstance(value, list):
        for each in value[:100]:
            yield from _keys(each, depth + 1)


class FunctionAuthorisation(ApplicationCase):
    """API5: administrative functions are served to administrators only."""

    name = "MAKMAL_API5_FUNCTION_AUTHORISATION"
    ALLOWED, USER, NOBODY = "as an administrator", "as a user", "without credentials"

    async def drive(self, bench: ApplicationBench) -> None:
        """Each administrative operation; those that change something, on an account for that."""
        await bench.ready(_FIRST, _ADMINISTRATOR)
        for operation in bench.operations:
            if not bench.is_administrative(operation):
                continue
            path: str | None = operation.path
            if operation.path_parameters:
                bench.preparing(f"{operation.name}: somebody to do it to")
                path = await bench.expendable(operation)
            if path is None:
                bench.mark(f"not applicable: {operation.name}: the target names no object for it")
                continue
            body = bench.example_of(operation)
            with bench.variant(f"{operation.name}: {self.USER}"):
                await bench.request(operation.method, path, _FIRST, document=body)
            with bench.variant(f"{operation.name}: {self.NOBODY}"):
                await bench.request(operation.method, path, document=body)
            with bench.variant(f"{operation.name}: {self.ALLOWED}"):
                await bench.request(operation.method, path, _ADMINISTRATOR, document=body)

    def judge(self, trace: Trace) -> Verdict:
        """Fail when a user or nobody is served."""
        findings = Findings()
        for subject, sections in groups(trace, (self.ALLOWED, self.USER, self.NOBODY)).items():
            allowed = last_exchange(sections.get(self.ALLOWED))
            alive = allowed is not None and allowed.succeeded
            for role in (self.USER, self.NOBODY):
                refused(findings, f"{subject} {role}", last_exchange(sections.get(role)), alive)
        return self.conclude(findings, trace, "the description has no administrative operation")
