"""Where a report says what the standards ask it to say."""

from __future__ import annotations

# Clause, what it asks for (in our words), and the section of our reports.
CLAUSES = (
    ("ISO/IEC 17025, 7.8.2.1 a", "a title", "title page"),
    ("7.8.2.1 b", "name and address of the laboratory", "1"),
    ("7.8.2.1 c", "where the tests were done", "1"),
    ("7.8.2.1 d", "unique identification on every page, and a clear end", "page heads, last line"),
    ("7.8.2.1 e", "name and contact of the client", "1"),
    ("7.8.2.1 f", "the method", "4"),
    ("7.8.2.1 g", "the item: description, identification, condition", "1"),
    ("7.8.2.1 h", "date of receipt", "1"),
    ("7.8.2.1 i", "dates of the tests", "1, 5"),
    ("7.8.2.1 j", "date of issue", "title page"),
    ("7.8.2.1 k", "sampling, where it matters", "1"),
    ("7.8.2.1 l", "that the results relate to the items tested only", "6"),
    ("7.8.2.1 m", "the results", "2, 5"),
    ("7.8.2.1 n", "deviations from the method", "4"),
    ("7.8.2.1 o", "who authorises the report", "title page"),
    ("7.8.2.1 p", "results of external providers", "4"),
    ("7.8.3.1 a", "test conditions", "3"),
    ("7.8.3.1 b; 7.8.6", "statement of conformity, with the decision rule", "title page, 4"),
    ("7.8.3.1 c", "measurement uncertainty", "6"),
    ("7.8.3.1 d; 7.8.7", "opinions and interpretations, marked as such", "7"),
    ("7.8.8", "which report an amended one replaces", "title page"),
    ("NESAS FS.13 to FS.15; TR 33.916", "product and version, test bed, tools", "1, 3"),
    ("TR 33.916", "per requirement: verdict, reasoning, evidence", "5"),
    ("TR 33.916", "how the evaluation can be repeated", "8"),
)
