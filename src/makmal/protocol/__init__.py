"""Bytes to messages and back. Nothing in here opens a socket or reads a clock."""
