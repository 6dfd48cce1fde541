"""Sockets for the wire: SCTP over IP or UDP, HTTP/2 over TCP."""
