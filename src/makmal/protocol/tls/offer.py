"""A ClientHello that offers what a test wants to know of, and nothing else (RFC 8446, 4.1.2)."""

from __future__ import annotations


def client_hello(
    version: int,
    suites: tuple[int, ...],
    random: bytes,
    server_name: str | None = None,
) -> bytes:
    """The record of a ClientHello that offers this version and no other, and these suites."""
    is_1_3 = version == 0x0304
    legacy = 0x0303 if is_1_3 else version
    extensions = b""
    if server_name is not None:
        name = server_name.encode("idna")
        entry = b"\0" + len(name).to_bytes(2, "big") + name
        extensions += _extension(0, len(entry).to_bytes(2, "big") + entry)
    groups = b"".join(each.to_bytes(2, "big") for each in (0x1D, 0x17, 0x18, 0x19))
    extensions += _extension(10, len(groups).to_bytes(2, "big") + groups)
    extensions += _extension(11, b"\x01\x00")
    signatures = b"".join(
        each.to_bytes(2, "big")
        for each in (
            *(0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0807, 0x0401, 0x0501, 0x0601),
            *(0x0203, 0x0201),
        )
    )
    extensions += _extension(13, len(signatures).to_bytes(2, "big") + signatures)
    if is_1_3:
        extensions += _extension(43, b"\x02\x03\x04")
        # A share of X25519: any 32 octets are one.
        share = b"\x00\x1d\x00\x20" + random
        extensions += _extension(51, len(share).to_bytes(2, "big") + share)
    listed = b"".join(each.to_bytes(2, "big") for each in suites)
    body = legacy.to_bytes(2, "big") + random + b"\0" + len(listed).to_bytes(2, "big") + listed
    body += b"\x01\x00" + len(extensions).to_bytes(2, "big") + extensions
    handshake = b"\x01" + len(body).to_bytes(3, "big") + body
    record_version = 0x0300 if version == 0x0300 else 0x0301
    return (
        b"\x16" + record_version.to_bytes(2, "big") + len(handshake).to_bytes(2, "big") + handshake
    )


def _extension(kind: int, content: bytes) -> bytes:
    return kind.to_bytes(2, "big") + len(content).to_bytes(2, "big") + content
