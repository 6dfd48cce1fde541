"""Coordinated disclosure of vulnerabilities."""
