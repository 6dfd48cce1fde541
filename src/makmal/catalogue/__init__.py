"""Requirements of the standards, kept as data."""
