"""What a procedure says when it cannot do what it should."""

from __future__ import annotations


class NotDoneError(Exception):
    """A variant cannot be run here: one sentence that says why. The verdict will say it."""
