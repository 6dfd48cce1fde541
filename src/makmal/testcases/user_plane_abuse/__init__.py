"""Abuse of the user plane and of N4 that no SCAS test case covers: ours, with their sources."""
