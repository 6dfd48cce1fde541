"""Makmal: an open 5G cyber security laboratory."""

__version__ = "0.1.0"
