"""What a report says beyond the evidence: laboratory, client, item, opinions, who signs.

It is a TOML file of the laboratory (``makmal report --template`` writes one). What is missing makes
the report a draft, and is named in it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from makmal.assurance.errors import AssuranceError
from makmal.trace.toml_file import Table, TomlError, TomlFile, read_text
from makmal.trace.toml_file import text as toml_text

DECISION_RULE = (
    "A requirement is reported as met (pass) only if the messages on the wire show that it was "
    "kept on every occasion that the test case brought about. One violation is a fail. What could "
    "not be observed is inconclusive, never a pass. No result is rounded, and no margin applies."
)
UNCERTAINTY = (
    "The verdicts are qualitative: they rest on the presence, order and content of messages, which "
    "are recorded octet by octet, and carry no measured quantity with a numerical uncertainty. "
    "Times are those of the recording machine's clock; where a verdict rests on a time (a reply "
    "within a period, silence for a period), the period is far longer than the resolution and the "
    "scheduling delay of the recording. The limits of the method are stated in the section on "
    "uncertainty and limits."
)
_PARTY = ("name", "address", "contact", "accreditation", "place")


class DetailsError(TomlError):
    """The file cannot be used: one sentence with the line, what is wrong, and what to write."""


@dataclass(frozen=True, slots=True)
class Party:
    """A laboratory, a client or a place."""

    name: str = ""
    address: str = ""
    contact: str = ""
    accreditation: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Remark:
    """Something said about one test case, or about all."""

    text: str
    author: str = ""
    test_case: str = ""


@dataclass(frozen=True, slots=True)
class ReportDetails:
    """The file as it was read; texts are empty where it says nothing."""

    number: str = ""
    issued: str = ""
    replaces: str = ""
    laboratory: Party = field(default_factory=Party)
    client: Party = field(default_factory=Party)
    received: str = ""
    condition: str = ""
    identification: str = ""
    sampling: str = ""
    conditions: str = ""
    external: str = ""
    signatory: str = ""
    signatory_function: str = ""
    decision_rule: str = DECISION_RULE
    uncertainty: str = UNCERTAINTY
    deviations: tuple[Remark, ...] = ()
    opinions: tuple[Remark, ...] = ()

    @property
    def missing(self) -> list[str]:
        """What ISO/IEC 17025, 7.8.2.1, asks for and the file does not say."""
        wanted = {
            "number of the report": self.number,
            "date of issue": self.issued,
            "name of the laboratory": self.laboratory.name,
            "address of the laboratory": self.laboratory.address,
            "place of the tests": self.laboratory.place,
            "name of the client": self.client.name,
            "contact of the client": self.client.contact,
            "date of receipt of the item": self.received,
            "condition of the item": self.condition,
            "unambiguous identification of the item": self.identification,
            "signatory": self.signatory,
        }
        return [name for name, value in wanted.items() if not value]


def load_details(path: Path) -> ReportDetails:
    """Read the file. Raises AssuranceError."""
    try:
        root = TomlFile(str(path), read_text(path, DetailsError), DetailsError).root
        root.only("report", "laboratory", "client", "item", "signatory", "deviation", "opinion")
        report = root.table(
            "report", "number", "issued", "replaces", "conditions", "external", "decision_rule",
            "uncertainty",
        )  # fmt: skip
        item = root.table("item", "received", "condition", "identification", "sampling")
        signatory = root.table("signatory", "name", "function")
        return ReportDetails(
            _text(report, "number"),
            _text(report, "issued"),
            _text(report, "replaces"),
            _party(
                root.table("laboratory", "name", "address", "contact", "accreditation", "place")
            ),
            _party(root.table("client", "name", "address", "contact")),
            _text(item, "received"),
            _text(item, "condition"),
            _text(item, "identification"),
            _text(item, "sampling"),
            _text(report, "conditions"),
            _text(report, "external"),
            _text(signatory, "name"),
            _text(signatory, "function"),
            _text(report, "decision_rule") or DECISION_RULE,
            _text(report, "uncertainty") or UNCERTAINTY,
            tuple(_remark(each) for each in root.tables("deviation")),
            tuple(_remark(each) for each in root.tables("opinion")),
        )
    except DetailsError as error:
        raise AssuranceError(str(error)) from None


def _party(table: Table) -> Party:
    return Party(*(_text(table, key) for key in _PARTY))


def _remark(table: Table) -> Remark:
    table.only("text", "author", "test_case")
    return Remark(table.take("text", toml_text), _text(table, "author"), _text(table, "test_case"))


def _text(table: Table, key: str) -> str:
    return table.take(key, _any_text, "")


def _any_text(value: Any) -> str:
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    if not isinstance(value, str):
        raise ValueError("must be a text in quotes")
    return value.strip()


TEMPLATE = """\
# What an evaluation report says beyond the evidence (ISO/IEC 17025, 7.8): makmal report EVIDENCE
# --details FILE. What stays empty makes the report a draft, and is named in it.

[report]
number = ""                     # of your own numbering, used once
issued = ""                     # such as "2026-11-26"
replaces = ""                   # the number of the report that this one amends (7.8.8)
conditions = ""                 # environment of the test, where it may matter
external = ""                   # results that others provided (7.8.2.1 p)
# decision_rule = ""            # yours, in place of Makmal's (7.8.6)
# uncertainty = ""              # yours, in place of Makmal's statement

[laboratory]
name = ""
address = ""
place = ""                      # where the tests were done, if elsewhere
contact = ""
accreditation = ""              # body and number, and what it covers

[client]
name = ""
address = ""
contact = ""

[item]
received = ""                   # when the product came in
condition = ""                  # sealed, factory settings, as delivered
identification = ""             # build, serial numbers, SHA-256 of the image that was installed
sampling = ""                   # where it was sampled: by whom, how

[signatory]
name = ""
function = ""

# [[deviation]]                 # from the method, or excluded from it
# test_case = "TC_NAS_REPLAY_AMF"
# text = ""

# [[opinion]]                   # marked as such in the report (7.8.7)
# author = ""
# text = ""
"""
