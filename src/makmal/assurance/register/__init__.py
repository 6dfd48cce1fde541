"""The register: an append-only log of what became of certificates."""
