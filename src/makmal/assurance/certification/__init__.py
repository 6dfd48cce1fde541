"""Certification after ISO/IEC 17065, with schemes as data files."""
