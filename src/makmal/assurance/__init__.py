"""Assurance: from evidence to reports, certificates and a register that anyone can verify."""
