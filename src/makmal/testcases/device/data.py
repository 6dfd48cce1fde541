"""EN 303 645, 5.11 and 5.13: deleting data, and validating input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makmal.judges.verdict import Findings, Verdict
from makmal.testcases.application.case import NOT_NOW, last_exchange, named
from makmal.testcases.device.case import USER, DeviceCase, return_code
from makmal.trace.trace import Trace

if TYPE_CHECKING:
    from makmal.bench.device.bench import DeviceBench

_NOT_IMPLEMENTED = 501
_MARK = "makmal-note-5190"


class DeletionOfData(DeviceCase):
    """5.11-1: after a reset, nothing of the user is there any more."""

    name = "MAKMAL_EN303645_5.11-1"
    STORED, RESET, OLD, AFTER = (
        "data of the user",
        "the reset",
        "the old password after the reset",
        "data after the reset",
    )

    async def examine(self, bench: DeviceBench) -> None:
        """Store, reset, set up anew, read."""
        device = bench.device
        bench.needs(device.reset, "how user data is erased ([device.reset])")
        bench.needs(device.data, "user data that can be written and read ([device.data])")
        if device.reset is None or device.data is None:
            return
        writing, reading = device.data
        user = bench.settings.users[USER]
        await bench.ready(USER)
        with bench.variant(self.STORED):
            await bench.operate_with(writing, USER, text=_MARK)
            await bench.operate(reading)
        with bench.variant(self.RESET):
            await bench.operate(device.reset)
        bench.forget(USER)
        with bench.variant(self.OLD):
            await bench.log_in_as(user.name, user.password)
        with bench.variant(self.AFTER):
            if device.setup is not None:
                await bench.operate_with(device.setup, None, name=user.name, password=user.password)
            await bench.operate(reading)

    def judge(self, trace: Trace) -> Verdict:
        """Fail when data or password survive."""
        findings = Findings()
        stored, reset, old, after = (
            last_exchange(trace.section(name))
            for name in (self.STORED, self.RESET, self.OLD, self.AFTER)
        )
        mark = _MARK.encode()
        if stored is None or stored.response is None or mark not in stored.response.http.body:
            findings.doubt("data of the user could not be stored and read")
        elif reset is None or (reset.status is not None and reset.status in NOT_NOW):
            findings.doubt("the reset was not seen")
        # A device may begin anew before it has answered: then what is there afterwards tells.
        elif reset.status is not None and not reset.succeeded:
            findings.violation(f"user data cannot be erased ({reset})", *reset.frames)
        elif old is None or old.status is None:
            findings.doubt("what becomes of the password at a reset was not seen", *reset.frames)
        elif old.succeeded:
            findings.violation("the password survives a reset", *reset.frames, *old.frames)
        elif after is None or after.response is None or not after.succeeded:
            findings.doubt("what is there after the reset could not be read", *reset.frames)
        elif mark in after.response.http.body:
            findings.violation("data survives a reset", *reset.frames, *after.frames)
        else:
            frames = (*stored.frames, *reset.frames, *after.frames)
            findings.conforming("data and password are gone after a reset", *frames)
        return self.conclude(findings, trace, "nothing was erased")


class InputValidation(DeviceCase):
    """5.13-1: input that is none is refused, and the device lives on."""

    name = "MAKMAL_EN303645_5.13-1"
    WEB, MQTT, ALIVE, MQTT_ALIVE = (
        "wrong input to ",
        "malformed MQTT, ",
        "a good request at last",
        "good MQTT at last",
    )
    _BODIES = (
        ("broken JSON", b'{"a": '),
        ("a list", b"[1, 2]"),
        ("a number", b"7"),
        ("nothing known", b'{"makmal": 1}'),
        ("deep nesting", b"[" * 2000 + b"]" * 2000),
    )
    _PACKETS = (
        ("a length without end", b"\x30\xff\xff\xff\xff\x7f"),
        ("a packet of type 0", b"\x00\x00"),
        ("a command that is no JSON", b"\x30\x10\x00\x0adevice/set{{{{"),
        ("a topic that is cut", b"\x30\x04\x00\x50ab"),
    )

    async def examine(self, bench: DeviceBench) -> None:
        """Wrong bodies and texts to every change, malformed packets; then good ones."""
        if bench.device.has_web:
            await bench.ready(USER)
        changes = list(bench.device.changes)
        if bench.device.data is not None:
            changes.append(bench.device.data[0])
        for change in changes:
            for what, body in self._BODIES:
                with bench.variant(f"{self.WEB}{change.operation}: {what}"):
                    await bench.request(change.method, change.path, USER, body=body)
            for what, value in (("a long text", "A" * 5000), ("controls", "\x00\x1b[2J")):
                document = dict.fromkeys(change.body, value)
                with bench.variant(f"{self.WEB}{change.operation}: {what}"):
                    await bench.request(change.method, change.path, USER, document=document)
        user = bench.settings.users[USER]
        if bench.device.mqtt is not None:
            for what, octets in self._PACKETS:
                with bench.variant(f"{self.MQTT}{what}"):
                    await bench.mqtt(user.name, user.password, octets=octets)
            with bench.variant(self.MQTT_ALIVE):
                await bench.mqtt(user.name, user.password)
        if not bench.device.has_web:
            return
        with bench.variant(self.ALIVE):
            await bench.operate(changes[0]) if changes else await bench.request("GET", "/", USER)

    def judge(self, trace: Trace) -> Verdict:
        """Fail when something is taken, or the device breaks."""
        findings = Findings()
        alive = last_exchange(trace.section(self.ALIVE))
        tried = any(True for _ in named(trace, self.WEB))
        if tried and (alive is None or not alive.succeeded):
            findings.doubt("the device did not answer a good request at last")
        for what, section in named(trace, self.WEB):
            exchange = last_exchange(section)
            if exchange is None or exchange.status is None:
                findings.doubt(f"{what}: no answer was seen")
            elif exchange.status in NOT_NOW:
                findings.doubt(f"{what}: {exchange.status} tells nothing", *exchange.frames)
            elif exchange.status >= 500 and exchange.status != _NOT_IMPLEMENTED:
                findings.violation(f"{what} broke the device ({exchange.status})", *exchange.frames)
            elif exchange.succeeded:
                findings.violation(f"{what} was taken", *exchange.frames)
            else:
                findings.conforming("wrong input to the web is refused", *exchange.frames)
        code, frame = return_code(trace.section(self.MQTT_ALIVE))
        for what, section in named(trace, self.MQTT):
            if code == 0 and section.messages:
                findings.conforming("malformed MQTT does no harm", frame)
            else:
                findings.doubt(f"after malformed MQTT ({what}), MQTT did not answer")
        return self.conclude(findings, trace, "no wrong input was sent")
