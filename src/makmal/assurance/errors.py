"""The one error of assurance."""

from __future__ import annotations


class AssuranceError(Exception):
    """It could not be done: one sentence, with what to do."""


class RefusedError(AssuranceError):
    """It may not be done: a rule of the scheme or of ISO/IEC 17065 forbids it, and is named."""
