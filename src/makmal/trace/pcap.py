"""Classic pcap files (draft-ietf-opsawg-pcap), both byte orders, micro- and nanoseconds."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct

from makmal.trace.capture_source import LONGEST_FRAME, Source
from makmal.trace.frame import Frame

# magic -> byte order, nanoseconds per unit of the time stamp's fraction
MAGICS = {
    b"\xa1\xb2\xc3\xd4": (">", 1000),
    b"\xd4\xc3\xb2\xa1": ("<", 1000),
    b"\xa1\xb2\x3c\x4d": (">", 1),
    b"\x4d\x3c\xb2\xa1": ("<", 1),
}
_ZEROS = bytes(16)


class Reader:
    """The frames of one pcap file."""

    def __init__(self, source: Source) -> None:
        self._source = source
        header = source.take(24, "its header")
        order, self._fraction = MAGICS[header[:4]]
        self._record = Struct(order + "IIII")
        # The upper bits hold the FCS length and flags.
        self._link_type = Struct(order + "I").unpack_from(header, 20)[0] & 0xFFFF

    def __iter__(self) -> Iterator[Frame]:
        source, unpack, fraction = self._source, self._record.unpack, self._fraction
        link_type, number = self._link_type, 0
        while True:
            number += 1
            what = f"frame {number}"
            header = source.take_or_end(16, what)
            if header is None:
                return
            if header == _ZEROS:
                # A record at the epoch with no octets is what a file system leaves in a file
                # whose writing was cut off; gigabytes of it may follow.
                source.problems.append(
                    f"from octet {source.offset - 16} on the file holds zeros instead of frames: "
                    f"it was not written to its end, and the {number - 1} frames before were read"
                )
                return
            seconds, part, length, original_length = unpack(header)
            if length > LONGEST_FRAME:
                source.problems.append(
                    f"frame {number}, octet {source.offset - 16}, claims {length} octets: the file "
                    f"is damaged there, and only the {number - 1} frames before it were read"
                )
                return
            data = source.take(length, what)
            time_ns = seconds * 1_000_000_000 + part * fraction
            yield Frame(number, time_ns, link_type, data, max(original_length, length))
