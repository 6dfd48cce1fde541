"""A laboratory and a certification body for tests, with a clock that the test moves."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from makmal.assurance.certification.actions import Record
from makmal.assurance.certification.body import CertificationBody
from makmal.assurance.certification.evaluations import take_in
from makmal.assurance.evidence.bundle import load_bundle
from makmal.assurance.evidence.sealing import seal_evidence
from makmal.assurance.register.export import export
from makmal.assurance.register.log import Register
from makmal.assurance.signing.sealing import Seal
from makmal.assurance.signing.time_stamps import TimeStampAuthority, create_authority
from makmal.assurance.signing.trust_file import trust_authority, trust_key
from makmal.assurance.storage.database import Database, open_database
from makmal.assurance.verification.verifier import (
    BODY,
    LABORATORY,
    REGISTER,
    Trust,
    read_trust,
)
from makmal.bench.campaign import Campaign, chosen
from makmal.bench.evidence import Evidence
from makmal.bench.hooks import Hooks
from makmal.bench.opening import bench_opener
from makmal.bench.target import parse_target
from makmal.network.frame_recorder import FrameRecorder
from makmal.network.virtual_clock import VirtualClockLoop
from makmal.testcases.registry import test_cases

PASSPHRASE = "correct horse"  # noqa: S105 - of keys that live as long as a test
FAULT = "accepts-replayed-nas"
# Enough for every kind of verdict; the whole suite is for the benchmark.
CASES = ("TC_NAS_REPLAY_AMF", "TC_UE_SEC_CAP_HANDLING_AMF")


def target_text(version: str, fault: str = "") -> str:
    faults = f'faults = ["{fault}"]\n' if fault else ""
    return (
        '[product]\nclass = "AMF"\nattachment = "embedded"\nname = "Example AMF"\n'
        f'vendor = "Example Networks"\nversion = "{version}"\n{faults}'
    )


def evaluate(directory: Path, version: str, fault: str = "", cases: tuple[str, ...] = ()) -> None:
    """A campaign on the embedded network."""
    target = parse_target(target_text(version, fault))
    hooks = Hooks({}, directory)
    with Evidence(directory, target, {"sctp": "simulated"}) as stored:
        campaign = Campaign(target, stored, hooks, bench_opener(hooks), FrameRecorder)
        with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
            runner.run(campaign.run(chosen(test_cases(), cases or None, "AMF")))


@cache
def _evaluated(version: str, fault: str, cases: tuple[str, ...]) -> Path:
    directory = Path(mkdtemp(prefix="makmal-assurance-")) / "evidence"
    evaluate(directory, version, fault, cases)
    return directory


def evidence_of(
    place: Path, version: str = "1.0", fault: str = "", cases: tuple[str, ...] = CASES
) -> Path:
    """A copy of the evidence of a campaign that is run once."""
    shutil.copytree(_evaluated(version, fault, cases), place)
    place.chmod(0o700)
    return place


@dataclass
class Clock:
    """A clock that the test moves."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC) + timedelta(minutes=1))

    def __call__(self) -> datetime:
        # Two things never happen at the same moment.
        self.now += timedelta(seconds=1)
        return self.now

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)


PEOPLE = {
    "vic": ("Vic", "Example Networks", "client"),
    "otto": ("Otto", "Certification Body", "certification officer"),
    "aud": ("Aud", "Audit Company", "auditor"),
    "eve": ("Eve", "Laboratory", "evaluator"),
    "rev": ("Rev", "Certification Body", "reviewer"),
    "dec": ("Dec", "Certification Body", "decision maker"),
}


class Office:
    """Everything, in a directory."""

    def __init__(self, place: Path, url: str | None = None) -> None:
        self.place, self.clock = place, Clock()
        self.trust_path = place / "trust.toml"
        self.keys = {
            name: Ed25519PrivateKey.generate()
            for name in ("ada", "laboratory", "body", "register", *PEOPLE)
        }
        self.authority: TimeStampAuthority = create_authority(
            place / "time-stamps.pem", "Clock", PASSPHRASE, self.clock.now
        )
        trust_authority(self.trust_path, self.authority.certificate, "Clock")
        for role, name in ((LABORATORY, "laboratory"), (BODY, "body"), (REGISTER, "register")):
            trust_key(
                self.trust_path,
                self.keys[name].public_key(),
                role,
                f"the {role}",
                self.clock.now - timedelta(days=1),
            )
        self.database: Database = open_database(url or str(place / "assurance.db"))
        self.register = Register(self.database, self.keys["register"], self.clock)
        self.body = CertificationBody(
            "Certification Body",
            self.database,
            Record(self.database, self.clock),
            self.register,
            self.seal("body"),
        )
        ada = self.keys["ada"]
        self.body.appoint(ada, "Ada", "Certification Body", ["administrator"], ada.public_key())
        for key, (name, organisation, role) in PEOPLE.items():
            self.body.appoint(ada, name, organisation, [role], self.keys[key].public_key())

    def seal(self, name: str) -> Seal:
        return Seal(self.keys[name], self.authority, self.clock)

    @property
    def trust(self) -> Trust:
        return read_trust(self.trust_path)

    def sign(self, directory: Path) -> Path:
        seal_evidence(load_bundle(directory), self.seal("laboratory"), "Laboratory", "Eve")
        return directory

    def take_in(self, directory: Path, report: Path | None = None):  # type: ignore[no-untyped-def]
        return take_in(directory, report, self.trust, self.clock())

    def export(self, name: str = "public") -> Path:
        export(self.register, self.place / name, "Register")
        return self.place / name

    def close(self) -> None:
        self.database.close()
