"""Judges: pure functions from a trace to verdicts. They send nothing, and read no clock."""
