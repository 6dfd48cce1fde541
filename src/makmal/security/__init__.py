"""The security algorithms and key derivations of 5G."""
