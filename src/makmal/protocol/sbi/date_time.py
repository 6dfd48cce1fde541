"""DateTime of service bodies (TS 29.571, 5.2.2; RFC 3339): one instant can be written variously."""

from __future__ import annotations

from datetime import UTC, datetime


def instant(text: str) -> datetime | None:
    """The instant in UTC; None where the text is none."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if read.tzinfo is None else read.astimezone(UTC)
