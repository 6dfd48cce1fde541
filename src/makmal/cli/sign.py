"""``makmal sign``: a laboratory signs the evidence of a campaign."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from makmal.assurance.evidence.bundle import load_bundle
from makmal.assurance.evidence.sealing import evidence_digest, pack, seal_evidence
from makmal.cli.assurance_office import JSON, print_json, said, seal_of


def command(
    evidence: Annotated[
        Path, typer.Argument(help="An evidence directory that makmal evaluate has written.")
    ],
    key: Annotated[Path, typer.Option(help="The laboratory's key (makmal key create).")],
    time_stamps: Annotated[
        Path, typer.Option(help="The time-stamp authority (makmal key time-stamps).")
    ],
    laboratory: Annotated[str, typer.Option(help="The laboratory, as it signs.")],
    operator: Annotated[str, typer.Option(help="Who ran the campaign.")],
    archive: Annotated[
        Path | None, typer.Option(help="Write a zip file of the signed evidence too.")
    ] = None,
    as_json: JSON = False,
) -> None:
    """Sign evidence: every file of it, by the laboratory's key, with a time stamp.

    attestation.json is written into the directory: an in-toto statement in a DSSE envelope, and an
    RFC 3161 time stamp. Evidence that was altered, or is not finished, is not signed.
    """
    with said("sign"):
        bundle = load_bundle(evidence)
        seal = seal_of(key, time_stamps)
        seal_evidence(bundle, seal, laboratory, operator)
        if archive is not None:
            pack(evidence, archive)
    if as_json:
        print_json(
            {
                "evidence": str(evidence),
                "attestation": str(evidence / "attestation.json"),
                "archive": None if archive is None else str(archive),
                "files": len(bundle.files),
                "digest": evidence_digest(bundle),
                "key": seal.identity,
            }
        )
        return
    where = f"; packed in {archive}" if archive else ""
    Console().print(
        f"{len(bundle.files)} files signed by {laboratory} with the key "
        f"{seal.identity[:16]}{where}",
        style="green",
        markup=False,
        soft_wrap=True,
    )
