"""Bundles: the evidence of a campaign, read, signed and packed."""
