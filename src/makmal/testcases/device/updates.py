"""EN 303 645, 5.3: updates, as far as they can be seen over the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makmal.judges.verdict import Findings, Verdict
from makmal.testcases.application.case import NOT_NOW, Exchange, exchanges, last_exchange, named
from makmal.testcases.device.case import (
    DeviceCase,
    judge_all_offers,
    judge_clear_logins,
    offer_all,
    try_clear_logins,
)
from makmal.trace.trace import Section, Trace

if TYPE_CHECKING:
    from makmal.bench.device.bench import DeviceBench

_GOOD, _BAD = "a good image", "an image that must be refused: "
_NOT_THERE = frozenset({404, 405, 501})


def _upload(section: Section | None) -> Exchange | None:
    """The exchange that carried the image: the one with the largest body."""
    found = [] if section is None else exchanges(section)
    found = [each for each in found if each.request.http.body]
    return max(found, key=lambda each: len(each.request.http.body), default=None)


async def _send(bench: DeviceBench, name: str, image: bytes, user: str | None = "first") -> None:
    with bench.variant(name):
        await bench.send_image(image, user)
        await bench.read_version()


def _judge_refusals(findings: Findings, trace: Trace) -> None:
    good = _upload(trace.section(_GOOD))
    alive = good is not None and good.succeeded
    for what, section in named(trace, _BAD):
        exchange = _upload(section)
        if exchange is None or exchange.status is None:
            findings.doubt(f"{what}: no answer was seen")
        elif exchange.succeeded:
            findings.violation(f"{what} was installed", *exchange.frames)
        elif exchange.status in NOT_NOW:
            findings.doubt(f"{what}: {exchange.status} tells nothing", *exchange.frames)
        elif exchange.status >= 500 and exchange.status != 501:
            findings.violation(f"{what} broke the device ({exchange.status})", *exchange.frames)
        elif alive:
            findings.conforming(f"{what} was refused", *exchange.frames)
        else:
            findings.doubt(f"{what} was refused, but a good image was too", *exchange.frames)


class UpdateMechanism(DeviceCase):
    """5.3-2: there is a mechanism, and it installs."""

    name = "MAKMAL_EN303645_5.3-2"
    BEFORE = "the version before"

    async def examine(self, bench: DeviceBench) -> None:
        """Send a good image."""
        update = bench.device.update
        bench.needs(update, "how firmware is updated ([device.update])")
        await bench.ready("first")
        with bench.variant(self.BEFORE):
            await bench.read_version()
        if update is not None:
            await _send(bench, _GOOD, update.image)

    def judge(self, trace: Trace) -> Verdict:
        """Fail when it is not installed."""
        findings = Findings()
        before, after = last_exchange(trace.section(self.BEFORE)), trace.section(_GOOD)
        upload, version = _upload(after), last_exchange(after)
        if upload is None or upload.status is None or before is None or version is None:
            findings.doubt("what became of the image was not seen")
        elif upload.status in _NOT_THERE:
            findings.violation("there is no update mechanism", *upload.frames)
        elif upload.status in NOT_NOW:
            findings.doubt(f"the device was busy ({upload.status})", *upload.frames)
        elif not upload.succeeded:
            findings.violation(f"a good image was not installed ({upload.status})", *upload.frames)
        elif not (before.succeeded and version.succeeded) or version.document is None:
            findings.doubt("the version could not be read afterwards", *version.frames)
        else:
            frames = (*before.frames, *upload.frames, *version.frames)
            findings.conforming("a good image was installed", *frames)
        return self.conclude(findings, trace, "no image was sent")


class UpdateCryptography(DeviceCase):
    """5.3-7: the interface that takes updates is secured by best practice cryptography."""

    name = "MAKMAL_EN303645_5.3-7"

    async def examine(self, bench: DeviceBench) -> None:
        """The TLS of the web interface, and whether there is one without."""
        bench.needs(bench.device.update, "how firmware is updated ([device.update])")
        await offer_all(bench, [bench.settings.address.port])
        await try_clear_logins(bench)

    def judge(self, trace: Trace) -> Verdict:
        """Fail on a weak profile."""
        findings = Findings()
        judge_all_offers(findings, trace)
        judge_clear_logins(findings, trace)
        return self.conclude(findings, trace, "nothing was offered")


class UpdateIntegrity(DeviceCase):
    """5.3-9: an image that was altered or cut is refused."""

    name = "MAKMAL_EN303645_5.3-9"

    async def examine(self, bench: DeviceBench) -> None:
        """Altered, cut, and good at last."""
        update = bench.device.update
        bench.needs(update, "how firmware is updated ([device.update])")
        if update is None:
            return
        await bench.ready("first")
        image = update.image
        altered = image[:-9] + bytes((image[-9] ^ 0x55,)) + image[-8:]
        await _send(bench, f"{_BAD}one with an octet altered", altered)
        await _send(bench, f"{_BAD}one that was cut", image[: len(image) * 2 // 3])
        await _send(bench, _GOOD, image)

    def judge(self, trace: Trace) -> Verdict:
        """Fail when one is installed."""
        findings = Findings()
        _judge_refusals(findings, trace)
        return self.conclude(findings, trace, "no image was sent")


class UpdateTrust(DeviceCase):
    """5.3-10: an image of somebody else's, or from nobody, is refused."""

    name = "MAKMAL_EN303645_5.3-10"

    async def examine(self, bench: DeviceBench) -> None:
        """Signed by another, sent without authentication, and good at last."""
        update = bench.device.update
        bench.needs(update, "how firmware is updated ([device.update])")
        if update is None:
            return
        await bench.ready("first")
        if update.foreign_image:
            await _send(bench, f"{_BAD}one signed by somebody else", update.foreign_image)
        else:
            bench.not_done("the target has no image that another key has signed (foreign_image)")
        with bench.variant(f"{_BAD}one sent without authentication"):
            await bench.send_image(update.image, None)
        await _send(bench, _GOOD, update.image)

    def judge(self, trace: Trace) -> Verdict:
        """Fail when one is installed."""
        findings = Findings()
        _judge_refusals(findings, trace)
        return self.conclude(findings, trace, "no image was sent")
