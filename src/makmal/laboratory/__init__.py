"""The showcase: the embedded laboratory evaluates itself, sound and with chosen weaknesses."""
