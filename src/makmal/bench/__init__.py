"""Plugging a target into the reference network, driving procedures, recording, campaigns."""
