"""The audit of the vendor's development and lifecycle processes: a checklist as a file.

``makmal certify checklist SCHEME`` writes an empty one, the auditor fills it in.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import file_digest
from pathlib import Path
from typing import Any

from makmal.assurance.certification.process import AUDIT_RESULTS, NOT_APPLICABLE
from makmal.assurance.certification.scheme import Scheme
from makmal.assurance.errors import AssuranceError
from makmal.trace.toml_file import Table, TomlError, TomlFile, choice, quoted, read_text
from makmal.trace.toml_file import text as toml_text


class ChecklistError(TomlError):
    """The checklist cannot be used: one sentence with the line, what is wrong, what to write."""


def empty_checklist(scheme: Scheme) -> str:
    """A checklist to fill in."""
    lines = [
        f"# Audit of development and lifecycle processes: {scheme.title}, {scheme.version}",
        f"# result: {', '.join(AUDIT_RESULTS)}.",
        "# evidence: what was seen, where; file: a document kept with this file, whose SHA-256 is",
        "# recorded.",
        "",
    ]
    for each in scheme.audit:
        lines += [
            f"# {each.title}. {each.question}",
            f"# Evidence that is expected: {each.evidence}.",
            "[[answer]]",
            f"id = {quoted(each.identity)}",
            'result = ""',
            'evidence = ""',
            '# file = "evidence.pdf"',
            "",
        ]
    return "\n".join(lines)


def read_checklist(scheme: Scheme, path: Path) -> Mapping[str, Any]:
    """The answers by question, as they are recorded. Raises AssuranceError."""
    try:
        text = read_text(path, ChecklistError)
        root = TomlFile(str(path), text, ChecklistError).root
        root.only("answer", "audited", "remarks")
        answers = {}
        known = {each.identity: each for each in scheme.audit}
        for table in root.tables("answer"):
            table.only("id", "result", "evidence", "file")
            identity = table.take("id", choice(*known))
            if identity in answers:
                raise table.fail("id", f"{identity} is answered twice")
            answers[identity] = _answer(table, path.parent)
        missing = [each for each in known if each not in answers]
        if missing:
            raise AssuranceError(f"{path}: {', '.join(missing)}: not answered")
    except ChecklistError as error:
        raise AssuranceError(str(error)) from None
    return {"answers": {each: answers[each] for each in known}}


def _answer(table: Table, directory: Path) -> dict[str, Any]:
    answer: dict[str, Any] = {"result": table.take("result", choice(*AUDIT_RESULTS))}
    if answer["result"] == NOT_APPLICABLE and "evidence" not in table:
        raise table.fail("evidence", "is missing: say why it does not apply")
    answer["evidence"] = table.take("evidence", toml_text)
    name = table.optional("file", toml_text)
    if name is not None:
        try:
            with (directory / name).open("rb") as stream:
                digest = file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise table.fail("file", f"{directory / name}: {error.strerror or error}") from None
        answer["file"] = {"name": name, "sha256": digest}
    return answer
