"""Verification: one file that depends on nothing of Makmal."""
