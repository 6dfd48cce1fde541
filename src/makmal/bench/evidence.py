"""The evidence of a campaign: a directory from which anyone can judge again.

    campaign.json      what was evaluated, with what, on what machine
    target.toml        the target file as it was
    product/NNNN.json  what happened to the product between test cases: crashes, restarts
    <TEST CASE>/       trace.pcapng, knowledge.toml, run.json, verdict.json
    manifest.json      the SHA-256 of every file

A test case is worked on in ``<TEST CASE>.unfinished`` and renamed when it is whole.
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from makmal import __version__
from makmal.bench.manifest import (
    MANIFEST,
    UNFINISHED,
    EvidenceError,
    damages,
    hash_of,
    json_octets,
    present_files,
    read_manifest,
    sync_directory,
    write_manifest,
    write_whole,
)
from makmal.bench.target import Target
from makmal.catalogue.requirements import catalogue_texts
from makmal.judges.verdict import Outcome, Verdict
from makmal.trace.knowledge import Knowledge, knowledge_text

CAMPAIGN, TARGET, PRODUCT = "campaign.json", "target.toml", "product"
TRACE, KNOWLEDGE, RUN, VERDICT = "trace.pcapng", "knowledge.toml", "run.json", "verdict.json"
# How a run of a procedure can end.
COMPLETED, NOT_APPLICABLE, BROKE = "completed", "not applicable", "broke"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """How a procedure was run, whatever the verdict.

    ``ended`` is "completed", "not applicable" or "broke"; ``reason`` says why, unless completed;
    ``details`` are for whoever mends it. ``product`` tells what happened to the product, and
    ``hooks`` what was run on it.
    """

    test_case: str
    ended: str = COMPLETED
    reason: str = ""
    details: str = ""
    started: str = ""
    seconds: float = 0.0
    makmal: str = __version__
    environment: Mapping[str, str] | None = None
    product: tuple[str, ...] = ()
    hooks: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class StoredResult:
    """A finished test case: how it was run, and the verdict."""

    run: RunRecord
    verdict: Verdict


def now() -> str:
    """The time as evidence writes it (RFC 3339)."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def catalogue_version() -> str:
    """What tells versions of the catalogue apart."""
    whole = "".join(catalogue_texts()).encode()
    return f"{__version__}, SHA-256 {sha256(whole).hexdigest()}"


class Evidence:
    """An evidence directory that is being written. One process at a time has it open."""

    def __init__(self, directory: Path, target: Target, environment: Mapping[str, str]) -> None:
        """Begin, or go on with, the evidence of a target. Raises EvidenceError.

        ``environment`` is what beside this machine the results may rest on, such as the SCTP
        transport that was used.
        """
        self.directory, self._target = directory, target
        self._environment = dict(environment)
        self._lock = -1
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._files = self._begun()
        except BlockingIOError:
            self.close()
            raise EvidenceError(
                f"another makmal writes to {directory}: wait for it, or name another directory "
                "with --evidence"
            ) from None
        except OSError as error:
            self.close()
            raise EvidenceError(f"{directory}: {error.strerror or error}") from None
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let others write to it."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def __enter__(self) -> Evidence:
        return self

    def __exit__(self, *unused: object) -> None:
        self.close()

    def _begun(self) -> dict[str, str]:
        """The files of earlier runs on the same target, or of a new campaign."""
        directory = self.directory
        if not (directory / MANIFEST).exists():
            foreign = [each for each in present_files(directory) if each not in _FIRST_FILES]
            if foreign:
                raise EvidenceError(
                    f"{directory} is not empty and holds no evidence ({foreign[0]}): name another "
                    "directory with --evidence"
                )
            return self._begin()
        files = read_manifest(directory)
        for name in (CAMPAIGN, TARGET):
            path = directory / name
            if name not in files or not path.is_file() or hash_of(path) != files[name]:
                raise EvidenceError(
                    f"{path} was altered or lost since it was written: name another directory with "
                    "--evidence"
                )
        found = read_campaign(directory)["target"]
        if found["sha256"] != self._target.sha256:
            raise EvidenceError(
                f"{directory} holds the evidence of another target ({found['name']}, SHA-256 "
                f"{found['sha256'][:12]}; {self._target.name} has {self._target.sha256[:12]}): "
                "name another directory with --evidence"
            )
        self._clean(files)
        return files

    def _begin(self) -> dict[str, str]:
        target = self._target
        product = asdict(target.product)
        product["class"] = product.pop("product_class")
        campaign = {
            "begun": now(),
            "target": {"name": target.name, "sha256": target.sha256},
            "product": product,
            "world": target.laboratory.world,
            "features": sorted(target.features),
            "declarations": dict(target.declarations),
            "makmal": __version__,
            "catalogue": catalogue_version(),
            "python": platform.python_version(),
            "machine": platform.platform(),
            "environment": self._environment,
        }
        octets = {CAMPAIGN: json_octets(campaign), TARGET: target.text.encode()}
        for name, content in octets.items():
            write_whole(self.directory / name, content)
        files = {name: sha256(content).hexdigest() for name, content in octets.items()}
        write_manifest(self.directory, files)
        return files

    def _clean(self, files: Mapping[str, str]) -> None:
        """Remove what a killed run left: files of ours that it had no time to put on record."""
        for path in self.directory.glob(f"*{UNFINISHED}"):
            shutil.rmtree(path)
        for damage in damages(self.directory, files):
            place = Path(damage.file).parts
            is_ours = len(place) == 2 and (place[0] == PRODUCT or place[1] in _CASE_FILES)
            if damage.kind == "added" and is_ours:
                (self.directory / damage.file).unlink()

    def finished(self, test_case: str) -> StoredResult | None:
        """The result of an earlier run, if it is there and intact."""
        mine = {name: value for name, value in self._files.items() if _is_of(name, test_case)}
        intact = f"{test_case}/{VERDICT}" in mine and not [
            each for each in damages(self.directory, mine) if _is_of(each.file, test_case)
        ]
        if not intact:
            return None
        place = self.directory / test_case
        return StoredResult(read_run(place), read_verdict(place))

    def begin(self, test_case: str, knowledge: Knowledge | None) -> Path:
        """The directory to work on a test case in, with what is known beside the trace."""
        place = self.directory / f"{test_case}{UNFINISHED}"
        if place.exists():
            shutil.rmtree(place)
        place.mkdir()
        if knowledge is not None:
            (place / KNOWLEDGE).write_bytes(knowledge_text(knowledge).encode())
        return place

    def write_run(self, run: RunRecord) -> None:
        """Put down how the procedure was run."""
        place = self.directory / f"{run.test_case}{UNFINISHED}"
        document = asdict(run)
        document["environment"] = {**self._environment, **(run.environment or {})}
        (place / RUN).write_bytes(json_octets(document))

    def finish(self, verdict: Verdict) -> None:
        """A test case is done: from now on its result is on record."""
        name = verdict.test_case
        place, final = self.directory / f"{name}{UNFINISHED}", self.directory / name
        (place / VERDICT).write_bytes(json_octets(verdict_as_json(verdict)))
        # Nobody relies on what is in here before all of it is on the disk, so that is when it is
        # brought there.
        for path in place.iterdir():
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
        sync_directory(place)
        kept = {each: value for each, value in self._files.items() if not _is_of(each, name)}
        if kept != self._files:
            write_manifest(self.directory, kept)
        if final.exists():
            shutil.rmtree(final)
        place.rename(final)
        sync_directory(self.directory)
        new = {f"{name}/{path.name}": hash_of(path) for path in final.iterdir()}
        self._files = {**kept, **new}
        write_manifest(self.directory, self._files)

    def note_product(self, event: Mapping[str, Any]) -> None:
        """Put down what happened to the product between test cases."""
        place = self.directory / PRODUCT
        place.mkdir(exist_ok=True)
        number = sum(name.startswith(f"{PRODUCT}/") for name in self._files) + 1
        name = f"{PRODUCT}/{number:04d}.json"
        write_whole(self.directory / name, json_octets({"time": now(), **event}))
        self._files[name] = hash_of(self.directory / name)
        write_manifest(self.directory, self._files)


_FIRST_FILES = {name + end for name in (CAMPAIGN, TARGET) for end in ("", ".temporary")}
_CASE_FILES = frozenset({TRACE, KNOWLEDGE, RUN, VERDICT})


def _is_of(name: str, test_case: str) -> bool:
    return name.startswith(f"{test_case}/")


def verdict_as_json(verdict: Verdict) -> dict[str, Any]:
    """A verdict as evidence and ``--json`` write it."""
    return {
        "test_case": verdict.test_case,
        "requirement": verdict.requirement,
        "verdict": verdict.outcome.value,
        "reason": verdict.reason,
        "reading": verdict.reading,
        "frames": list(verdict.frames),
    }


def read_verdict(place: Path) -> Verdict:
    """The verdict in the directory of a test case. Raises EvidenceError."""
    document = _object(place / VERDICT)
    try:
        return Verdict(
            str(document["test_case"]),
            str(document["requirement"]),
            Outcome(document["verdict"]),
            str(document["reason"]),
            tuple(int(frame) for frame in document["frames"]),
            str(document["reading"]),
        )
    except (KeyError, ValueError, TypeError):
        raise EvidenceError(f"{place / VERDICT} is no verdict that Makmal wrote") from None


def read_run(place: Path) -> RunRecord:
    """How a test case was run. Raises EvidenceError."""
    document = _object(place / RUN)
    try:
        run = RunRecord(**document)
        texts = (run.test_case, run.ended, run.reason, run.started)
        if not all(isinstance(each, str) for each in texts):
            raise TypeError
        return RunRecord(
            **{**document, "product": tuple(run.product), "hooks": tuple(run.hooks)},
        )
    except TypeError:
        raise EvidenceError(f"{place / RUN} is no record of a run that Makmal wrote") from None


def read_campaign(directory: Path) -> dict[str, Any]:
    """What was evaluated, and on what. Raises EvidenceError."""
    document = _object(directory / CAMPAIGN)
    target, declarations = document.get("target"), document.get("declarations")
    if (
        not isinstance(target, dict)
        or not all(isinstance(target.get(key), str) for key in ("name", "sha256"))
        or not isinstance(declarations, dict)
    ):
        raise EvidenceError(f"{directory / CAMPAIGN} is no campaign that Makmal wrote")
    return document


def _object(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise EvidenceError(f"{path}: {error.strerror or error}") from None
    except (ValueError, RecursionError):
        raise EvidenceError(f"{path} is not valid JSON: it was altered or damaged") from None
    if not isinstance(document, dict):
        raise EvidenceError(f"{path} is not what Makmal wrote there: it was altered or damaged")
    return document
