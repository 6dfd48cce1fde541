"""Times as the service-based interface writes them (DateTime of TS 29.571, 5.2.2; RFC 3339)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def date_time(now_ns: int) -> str:
    """A time, given in nanoseconds since 1970, to the millisecond."""
    moment = _BEGINNING + timedelta(microseconds=now_ns // 1000)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def nanoseconds(text: object) -> int | None:
    """The nanoseconds since 1970 of a DateTime; None for anything else."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return round((moment - _BEGINNING) / timedelta(microseconds=1)) * 1000
