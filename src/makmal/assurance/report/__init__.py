"""Evaluation reports and their machine-readable twins."""
